"""The page of an organisation by its private link: how far it is, answering, renewing, a new link, withdrawing."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from petitions.audit.recording import Actor
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations.deciding import Decision, Seen, decide
from petitions.organisations.logos import read_logo
from petitions.organisations.merging import merge
from petitions.organisations.models import (
    APPROVED,
    ASKED,
    DECLINED,
    MERGED,
    UNCONFIRMED,
    WAITING,
    OrganisationLogo,
)
from petitions.organisations.own import Change, change
from petitions.organisations.requesting import Request
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.web.site import Site
from tests import factories
from tests.organisations.acting import (
    LEAD,
    ask,
    assert_true,
    find,
    judge,
    link,
    logged,
    mails,
    press,
    row,
    set_columns,
    shown,
    waiting,
)
from tests.public.organisation_support import BOTH, own, picture
from tests.public.support import dump, writes_failing
from tests.web.support import Page, count_rows, page_of

DEAD = "This link does not work"
LOGO = read_logo(picture(), "logo.png", "image/png")


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, **BOTH)


@pytest.fixture
def asked(database: Database, settings: Settings, campaign: CampaignSnapshot) -> Request:
    return waiting(database, settings, campaign)


def lede(page: Page) -> str:
    return page.one("p", **{"class": "lede"}).text


def steps(page: Page) -> list[str]:
    """For whom each step of the proof waits, in words."""
    return [e.text for e in page.all("p", **{"class": "proof__state"})]


async def see(client: httpx.AsyncClient, settings: Settings, asked: Request, epoch: int = 0) -> Page:
    return page_of(await client.get(f"{own(settings, asked, epoch=epoch)}?lang=en"))


# Seeing


@pytest.mark.anyio
async def test_the_page_says_how_far_it_is_and_what_is_kept(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    answer = await client.get(own(settings, asked))
    page = page_of(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert lede(page).startswith("The campaign looks at your request.")
    assert steps(page) == ["Done", "Done", "Waits for the campaign"]
    assert [fact.text for fact in page.all("dd")] == [
        "Clara Contact",
        "Secretary",
        asked.contact.email,
        "+353 21 000",
    ]
    assert page.by_id("appearance").text == "What everybody would see"
    for anchor in page.all("a"):
        outside = anchor["href"].startswith("http") and not anchor["href"].startswith("http://testserver")
        assert not outside or {"noopener", "noreferrer"} <= set((anchor.get("rel") or "").split())


@pytest.mark.parametrize(
    ("columns", "states", "words"),
    [
        ({"domain_proven": False}, ["Done", "Waits for the campaign"], "does not belong to union.example.org"),
        (
            {"domain_proven": False, "website": None, "domain": None},
            ["Done", "Waits for the campaign"],
            "no website",
        ),
        ({"domain_proven": False, "domain": None}, ["Done", "Waits for the campaign"], "Many share"),
        ({"domain_proven": True}, ["Done", "Done"], "the same domain as union.example.org"),
        ({"confirmed_at": None, "vouched_by": "Lea"}, ["Done", "Done"], "answers for it"),
    ],
)
@pytest.mark.anyio
async def test_each_step_of_the_proof_says_for_whom_it_waits(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    asked: Request,
    columns: dict[str, Any],
    states: list[str],
    words: str,
) -> None:
    set_columns(database, asked, **columns)
    page = await see(client, settings, asked)
    assert steps(page)[:2] == states
    assert words in page.one("ol", **{"class": "proof"}).text


def _shown(database: Database, asked: Request) -> None:
    judge(database, asked, Decision.APPROVE)


def _proposed(database: Database, asked: Request) -> None:
    judge(database, asked, Decision.APPROVE)
    with database.writing() as session:
        entry = factories.organisation_entry(name="Federation of Examples")
        assert change(session, link(asked), Change(entry), utc_now())


def _asked(database: Database, asked: Request) -> None:
    judge(database, asked, Decision.ASK, message="Who decided?")


def _declined(database: Database, asked: Request) -> None:
    judge(database, asked, Decision.DECLINE, message="We do not know you.")


@pytest.mark.parametrize(
    ("act", "words", "states", "links"),
    [
        (_shown, "is in the list that everybody sees", ["Done"], {"edit", "contact", "withdraw"}),
        (_proposed, "waits for the campaign", ["Done", "Waits for the campaign"], {"edit", "contact", "withdraw"}),
        (_asked, "has a question", ["Waits for you"], {"edit", "contact", "withdraw"}),
        (_declined, "did not take your organisation", ["Not approved"], {"withdraw"}),
    ],
)
@pytest.mark.anyio
async def test_every_state_has_its_words_and_ways(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    asked: Request,
    act: Callable[[Database, Request], None],
    words: str,
    states: list[str],
    links: set[str],
) -> None:
    act(database, asked)
    page = await see(client, settings, asked)
    assert words in lede(page)
    assert steps(page)[2:] == states
    below = own(settings, asked) + "/"
    ways = [a["href"].partition("?")[0] for a in page.all("a")]
    assert {way.removeprefix(below) for way in ways if way.startswith(below)} == links


@pytest.mark.anyio
async def test_one_that_was_merged_says_so(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, asked: Request
) -> None:
    kept = shown(database, settings, campaign)
    stays, goes = (Seen(one.id, row(database, one).revision) for one in (kept, asked))
    with database.writing() as session:
        assert merge(session, campaign.id, stays, goes, LEAD, utc_now())
    page = await see(client, settings, asked)
    assert "The other request stands for both" in lede(page)
    assert steps(page)[2] == "Not approved"


@pytest.mark.anyio
async def test_what_is_proposed_stands_beside_what_is_shown(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    logos = [read_logo(picture(colour), "logo.png", "image/png") for colour in ("red", "blue")]
    asked = shown(database, settings, campaign, logo=logos[0])
    wish = Change(factories.organisation_entry(name="Federation", website="https://new.example.org"), logos[1])
    with database.writing() as session:
        assert change(session, link(asked), wish, utc_now())
    page = await see(client, settings, asked)
    boxes = [e for e in page.all("div") if "appearance__preview" in (e.get("class") or "")]
    assert [box.text for box in boxes] == ["Union of Examples Union Cork Ireland", "Federation Union Cork Ireland"]
    pictures = [e["src"] for e in page.all("img", **{"class": "organisation__logo"})]
    base = own(settings, asked, "/logo/")
    assert pictures == [f"{base}{logo.digest}.webp" for logo in logos]
    for logo, address in zip(logos, pictures, strict=True):
        image = await client.get(address)
        assert (image.status_code, image.content) == (200, logo.image)
        assert image.headers["content-type"] == "image/webp"
        assert image.headers["cache-control"] == "no-store"
        assert image.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert image.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "same-origin", "sec-fetch-dest": "image"}, 200),
        ({"sec-fetch-site": "cross-site", "sec-fetch-dest": "image"}, 404),
        ({"sec-fetch-site": "same-site", "sec-fetch-dest": "image"}, 404),
        ({"sec-fetch-site": "none", "sec-fetch-dest": "document"}, 404),
        ({"sec-fetch-site": "same-origin", "sec-fetch-dest": "document"}, 404),
    ],
)
@pytest.mark.anyio
async def test_the_own_page_alone_shows_a_logo_that_nobody_approved(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    headers: dict[str, str],
    status: int,
) -> None:
    asked = waiting(database, settings, campaign, logo=LOGO)
    path = own(settings, asked, f"/logo/{LOGO.digest}.webp")
    assert (await client.get(path, headers=headers)).status_code == status


@pytest.mark.parametrize("state", [UNCONFIRMED, WAITING, ASKED, APPROVED, DECLINED, MERGED])
@pytest.mark.anyio
async def test_what_is_not_wanted_here_has_no_logo_here(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, state: str
) -> None:
    asked = waiting(database, settings, campaign, logo=LOGO)
    set_columns(database, asked, state=state)
    served = state in (WAITING, ASKED, APPROVED)
    path = own(settings, asked, f"/logo/{LOGO.digest}.webp")
    assert (await client.get(path)).status_code == (200 if served else 404)
    if state != UNCONFIRMED:
        page = await see(client, settings, asked)
        assert [e["src"] for e in page.all("img", **{"class": "organisation__logo"})] == [path] * served


@pytest.mark.anyio
async def test_one_without_a_logo_is_offered_to_add_it(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, asked: Request
) -> None:
    """Among many requests that nobody confirmed, those that come last leave theirs behind."""
    page = await see(client, settings, asked)
    assert page.one("a", href=own(settings, asked, "/edit?lang=en#f-logo")).text == "Add a logo"
    other = waiting(database, settings, campaign, logo=LOGO)
    page = await see(client, settings, other)
    assert page.all("a", href=own(settings, other, "/edit?lang=en#f-logo")) == []


@pytest.mark.anyio
async def test_the_private_link_shows_no_logo_of_anybody_else(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, asked: Request
) -> None:
    logo = read_logo(picture(), "logo.png", "image/png")
    other = waiting(database, settings, campaign, logo=logo)
    assert count_rows(database, OrganisationLogo) == 1
    for path in (own(settings, asked), own(settings, other, epoch=1), "/organisation/nonsense"):
        assert (await client.get(f"{path}/logo/{logo.digest}.webp")).status_code == 404
    assert (await client.get(own(settings, other, f"/logo/{'0' * 32}.webp"))).status_code == 404


@pytest.mark.anyio
async def test_arabic_reads_from_right_to_left(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign, language="ar", comment="نحن معكم")
    page = page_of(await client.get(own(settings, asked)))
    assert (page.one("html")["lang"], page.one("html")["dir"]) == ("ar", "rtl")
    english = await see(client, settings, asked)
    quote = english.one("blockquote", **{"class": "organisation__comment"})
    assert (quote["lang"], quote["dir"]) == ("ar", "auto")


# Answering


@pytest.mark.anyio
async def test_a_question_is_answered(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    judge(database, asked, Decision.ASK, message="Who decided?\nAnd when?")
    page = await see(client, settings, asked)
    assert page.one("blockquote", **{"class": "quote"}).text == "Who decided? And when?"
    assert row(database, asked).state == ASKED
    path = own(settings, asked, "/answer?lang=en")
    wrong = page_of(await client.post(path, data={"answer": " "}), 422)
    assert wrong.wrong_fields == ["answer"]
    long = page_of(await client.post(path, data={"answer": "a" * 801}), 422)
    assert dict(long.fields(path))["answer"] == "a" * 801
    answer = await client.post(path, data={"answer": "Our board,\r\non Monday."})
    page = page_of(await client.get(answer.headers["location"]))
    assert page.by_id("done").text == "Your answer is with the campaign."
    assert [e.text for e in page.all("blockquote", **{"class": "quote"})][1] == "Our board, on Monday."
    assert (row(database, asked).state, row(database, asked).answer) == (WAITING, "Our board,\non Monday.")


@pytest.mark.anyio
async def test_nothing_is_answered_that_nobody_asked(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    before = dump(database)
    answer = await client.post(own(settings, asked, "/answer?lang=en"), data={"answer": "Me"})
    assert (answer.status_code, answer.headers["location"]) == (303, own(settings, asked) + "?lang=en")
    assert dump(database) == before


# The wording


def reword(database: Database, site: Site, body: str) -> CampaignSnapshot:
    """Words that were signed change."""
    wordings = {"en": replace(factories.WORDING, title="Free them all", body=body)}
    campaign = factories.make_campaign(database, wordings=wordings, **BOTH)
    site.campaigns.forget(campaign.slug)
    return campaign


@pytest.mark.anyio
async def test_it_signs_the_new_wording_by_a_button(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    page = await see(client, settings, asked)
    assert page.all("form", action=own(settings, asked, "/renew?lang=en")) == []
    new = reword(database, site, "Other words.")
    page = await see(client, settings, asked)
    assert "Signed an earlier wording of the statement" in page.one("main").text
    assert ["Free Boris" in fact.text or "Free them all" in fact.text for fact in page.all("dd")][:2] == [
        True,
        True,
    ]
    path = own(settings, asked, "/renew?lang=en")
    fields = dict(page.fields(path))
    assert fields == {"statement": str(new.statements["en"].id)}
    answer = await client.post(path, data=fields)
    page = page_of(await client.get(answer.headers["location"]))
    assert page.by_id("done").text == "Your organisation signs the new wording."
    assert row(database, asked).statement_id == new.statements["en"].id
    assert page.all("form", action=path) == []


@pytest.mark.anyio
async def test_a_wording_that_changed_once_more_is_not_signed_unread(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    second = reword(database, site, "Other words.").statements["en"].id
    set_columns(
        database, shown(database, settings, reword(database, site, "Other words.")), name="Keeps the second"
    )
    reword(database, site, "Words of the third time.")
    answer = await client.post(own(settings, asked, "/renew?lang=en"), data={"statement": str(second)})
    page = page_of(await client.get(answer.headers["location"]))
    assert page.by_id("done").text == "The wording was changed once more. Please read it again."
    assert row(database, asked).statement_id == asked.statement_id
    assert (await client.post(own(settings, asked, "/renew"), data={"statement": "nonsense"})).status_code == 303
    assert row(database, asked).statement_id == asked.statement_id


# A new link


@pytest.mark.anyio
async def test_a_new_link_ends_the_earlier_one(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    before = len(mails(database))
    answer = await client.post(own(settings, asked, "/new-link?lang=en"))
    assert page_of(await client.get(answer.headers["location"])).heading == "Look in your inbox"
    assert len(mails(database)) == before + 1
    assert page_of(await client.get(own(settings, asked)), 404).heading == DEAD
    assert (await see(client, settings, asked, epoch=1)).heading == "Your organisation"


# Withdrawing


@pytest.mark.anyio
async def test_withdrawing_asks_once_more_and_erases_everything(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign, logo=read_logo(picture(), "logo.png", "image/png"), members=50)
    path = own(settings, asked, "/withdraw?lang=en")
    before = dump(database)
    page = page_of(await client.get(path))
    assert "Union of Examples will be erased" in lede(page)
    assert dump(database) == before
    answers = await asyncio.gather(client.post(path), client.post(path))
    again = await client.post(path)
    for answer in (*answers, again):
        assert answer.status_code in (303, 404)  # of two at once, one may have looked before the other was done
    assert again.status_code == 303
    assert page_of(await client.get(again.headers["location"])).heading == "It is erased"
    assert find(database, asked) is None
    assert count_rows(database, OrganisationLogo) == 0
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members, standing.withdrawn) == (0, 0, 1)
    assert [action for _actor, action, _details in logged(database)].count("organisation.withdrawn") == 1
    assert page_of(await client.get(own(settings, asked)), 404).heading == DEAD


@pytest.mark.anyio
async def test_a_link_that_was_replaced_withdraws_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    set_columns(database, asked, link_epoch=1)
    assert page_of(await client.post(own(settings, asked, "/withdraw")), 404).heading == DEAD
    assert find(database, asked) is not None


# Whenever


@pytest.mark.anyio
async def test_after_the_closing_all_of_it_works(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    factories.make_campaign(database, closes_at=utc_now() - timedelta(days=1), **BOTH)
    site.campaigns.forget(campaign.slug)
    page = await see(client, settings, asked)
    assert lede(page).startswith("Your organisation is in the list")
    for below in ("/edit", "/contact", "/withdraw"):
        assert (await client.get(own(settings, asked, below))).status_code == 200
    assert (await client.post(own(settings, asked, "/withdraw"))).status_code == 303
    assert find(database, asked) is None


@pytest.mark.anyio
async def test_nobody_speaks_for_it_once_the_contacts_are_erased(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    purge(database, campaign.id, utc_now())
    assert row(database, asked).state == APPROVED
    for below in ("", "/edit", "/contact", "/withdraw"):
        for epoch in (0, 1):
            assert page_of(await client.get(own(settings, asked, below, epoch)), 404).heading == DEAD
    for below in ("/answer", "/edit", "/contact", "/renew", "/new-link", "/withdraw"):
        answer = await client.post(own(settings, asked, below), data={"name": "x"})
        assert page_of(answer, 404).heading == DEAD


@pytest.mark.anyio
async def test_nobody_speaks_for_it_while_the_contacts_are_being_erased(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).purge_began_at = utc_now()
    assert page_of(await client.get(own(settings, asked)), 404).heading == DEAD
    assert page_of(await client.post(own(settings, asked, "/withdraw")), 404).heading == DEAD
    assert find(database, asked) is not None


@pytest.mark.anyio
async def test_every_dead_link_gets_the_same_page(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, asked: Request
) -> None:
    gone = ask(database, settings, campaign)
    press(database, gone)
    await client.post(own(settings, gone, "/withdraw"))
    set_columns(database, asked, link_epoch=3)
    paths = ["/organisation/nonsense", own(settings, asked), own(settings, gone), own(settings, asked) + "x"]
    answers = [await client.get(f"{path}?lang=en") for path in paths]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


@pytest.mark.parametrize("below", ["/answer", "/edit", "/contact", "/renew", "/new-link", "/withdraw"])
@pytest.mark.anyio
async def test_a_store_that_takes_nothing_changes_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, asked: Request, below: str
) -> None:
    judge(database, asked, Decision.ASK, message="Who?")
    typed = {
        "answer": "We",
        "name": "Other",
        "kind": "union",
        "country": "IE",
        "contact_name": "Dora",
        "contact_role": "Chair",
        "email": "next@union.example.org",
        "statement": "7",
    }
    path, before = own(settings, asked, f"{below}?lang=en"), dump(database)
    with writes_failing(site.database):
        page = page_of(await client.post(path, data=typed), 503)
    if below in ("/answer", "/edit", "/contact"):
        assert dict(page.fields(path)) == typed
    assert dump(database) == before


@pytest.mark.anyio
async def test_a_lead_who_decides_meanwhile_is_not_undone(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, asked: Request
) -> None:
    """The organisation withdraws while a lead approves: whatever came first, the count is true."""
    seen = Seen(asked.id, row(database, asked).revision)

    def approve() -> None:
        with database.writing() as session:
            decide(session, campaign.id, Decision.APPROVE, [seen], Actor(None, "Lea"), utc_now())

    withdrawn, _ = await asyncio.gather(client.post(own(settings, asked, "/withdraw")), asyncio.to_thread(approve))
    assert withdrawn.status_code == 303
    assert find(database, asked) is None
    assert assert_true(database, campaign).counted == 0


@pytest.mark.anyio
async def test_what_was_declined_is_asked_for_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, asked: Request
) -> None:
    judge(database, asked, Decision.DECLINE, message="We do not know you.")
    reword(database, site, "Other words.")
    page = await see(client, settings, asked)
    assert page.all("form", action=own(settings, asked, "/renew?lang=en")) == []
    assert page.all("textarea") == []
    assert page.all("a", href="/c/free-boris/versions?lang=en")
