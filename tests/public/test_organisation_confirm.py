"""The buttons in the mails to organisations: it is we, it was not us, I speak for it from now on."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update

from petitions.addresses import make_email_key
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.organisations.confirming import CONFIRM_PURPOSE
from petitions.organisations.logos import read_logo
from petitions.organisations.models import APPROVED, UNCONFIRMED, WAITING, Organisation
from petitions.organisations.own import hand_over
from petitions.organisations.requesting import Contact, Request
from petitions.public.organisation_views import data_url
from petitions.settings import Settings
from petitions.signatures.models import Refusal
from petitions.web.site import Site
from tests import factories
from tests.organisations.acting import ask, assert_true, find, link, logged, mails, press, row, shown
from tests.public.organisation_support import (
    ASK,
    BOTH,
    SENT,
    confirmation,
    form,
    own,
    picture,
    take_over,
    token,
)
from tests.public.support import dump, writes_failing
from tests.web.support import count_rows, page_of

DEAD = "This link does not work"
TAKE_OVER = {"answer": "take-over"}
LOGO = read_logo(picture(), "logo.png", "image/png")


def refused(database: Database) -> list[bytes]:
    """The keys of those who want no more mails."""
    with database.reading() as session:
        return list(session.scalars(select(Refusal.email_key)))


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, **BOTH)


@pytest.fixture
def asked(database: Database, settings: Settings, campaign: CampaignSnapshot) -> Request:
    return ask(database, settings, campaign, comment="With you.")


# Confirming


@pytest.mark.anyio
async def test_opening_the_link_shows_everything_and_changes_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    before = dump(database)
    answer = await client.get(confirmation(settings, asked))
    page = page_of(answer)
    assert page.heading == "Was it your organisation?"
    assert answer.headers["cache-control"] == "no-store"
    assert page.one("meta", name="robots")["content"] == "noindex"
    shown_words = page.one("div", **{"class": "appearance__preview"}).text
    assert shown_words == "Union of Examples Union Cork Ireland With you."
    assert [fact.text for fact in page.all("dd")] == [
        "Clara Contact",
        "Secretary",
        asked.contact.email,
        "+353 21 000",
    ]
    assert "not-us" in page.ids
    assert dump(database) == before


@pytest.mark.anyio
async def test_a_logo_is_in_the_page_and_has_no_address(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign, logo=LOGO)
    answer = await client.get(confirmation(settings, asked))
    logo = page_of(answer).one("img", **{"class": "organisation__logo"})
    assert logo["src"] == data_url(LOGO)
    assert (logo["width"], logo["height"]) == (str(LOGO.width), str(LOGO.height))
    assert "/organisation/" not in answer.text.replace("/organisation/confirm/", "")
    assert (await client.get(own(settings, asked, f"/logo/{LOGO.digest}.webp"))).status_code == 404


@pytest.mark.anyio
async def test_the_mail_speaks_the_language_of_the_form(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    arabic = ask(database, settings, campaign, language="ar")
    page = page_of(await client.get(confirmation(settings, arabic)))
    assert (page.one("html")["lang"], page.one("html")["dir"]) == ("ar", "rtl")


@pytest.mark.anyio
async def test_the_button_lets_it_wait_for_a_lead(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path = confirmation(settings, asked)
    answer = await client.post(f"{path}?lang=en", data={"answer": "confirm"})
    assert answer.status_code == 303
    assert row(database, asked).state == WAITING
    assert mails(database) == [("organisation_link", asked.id)]
    page = page_of(await client.get(answer.headers["location"]))
    assert page.by_id("done").text == "Thank you. Now the campaign looks at your request."
    again = await client.post(f"{path}?lang=en", data={"answer": "confirm"})
    assert page_of(await client.get(again.headers["location"])).heading == "Your organisation"
    assert page_of(await client.get(path, follow_redirects=True)).heading == "Your organisation"
    assert len(mails(database)) == 1


@pytest.mark.parametrize(
    ("terms", "website", "state"),
    [
        ({"organisations": {"approve_proven": True}}, "https://union.example.org", APPROVED),
        ({"organisations": {"approve_proven": True}}, "https://other.example.com", WAITING),
        ({"organisations": {"approve_proven": True}}, None, WAITING),
        ({}, "https://union.example.org", WAITING),
    ],
    ids=["proven", "another domain", "no website", "not wanted"],
)
@pytest.mark.anyio
async def test_what_is_proven_is_approved_at_once_where_the_campaign_wants_that(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    terms: dict[str, Any],
    website: str | None,
    state: str,
) -> None:
    campaign = factories.make_campaign(database, **BOTH, **terms)
    asked = ask(database, settings, campaign, website=website)
    answer = await client.post(f"{confirmation(settings, asked)}?lang=en", data={"answer": "confirm"})
    assert row(database, asked).state == state
    page = page_of(await client.get(answer.headers["location"]))
    assert ("is in the list" in page.by_id("done").text) == (state == APPROVED)
    assert assert_true(database, campaign).counted == int(state == APPROVED)


@pytest.mark.parametrize(
    ("columns", "terms", "state"),
    [
        ({}, {}, APPROVED),
        ({"defence": "work"}, {}, WAITING),
        ({"defence": "paused"}, {}, WAITING),
        ({"closes_at": True}, {}, WAITING),
        ({}, {"signers": ["individuals"]}, WAITING),
    ],
    ids=["calm", "work", "paused", "closed", "individuals"],
)
@pytest.mark.anyio
async def test_the_rule_rests_while_the_campaign_takes_no_organisations(
    client: httpx.AsyncClient,
    database: Database,
    site: Site,
    settings: Settings,
    columns: dict[str, Any],
    terms: dict[str, Any],
    state: str,
) -> None:
    before = factories.make_campaign(database, **BOTH, organisations={"approve_proven": True})
    asked = ask(database, settings, before)
    if terms:
        factories.make_campaign(database, **terms, organisations={"approve_proven": True})
    if "closes_at" in columns:
        columns = {"closes_at": asked.arrived_at + timedelta(microseconds=1)}
    if columns:
        with database.writing() as session:
            session.execute(update(Campaign).values(columns))
    site.campaigns.forget(before.slug)
    await client.post(confirmation(settings, asked), data={"answer": "confirm"})
    assert row(database, asked).state == state


@pytest.mark.anyio
async def test_what_was_noted_is_never_approved_without_a_look(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH, organisations={"approve_proven": True})
    asked = ask(database, settings, campaign, note="A rule")
    await client.post(confirmation(settings, asked), data={"answer": "confirm"})
    assert row(database, asked).state == WAITING


@pytest.mark.anyio
async def test_two_buttons_at_once_count_once(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH, organisations={"approve_proven": True})
    asked = ask(database, settings, campaign, members=100)
    path = confirmation(settings, asked)
    answers = await asyncio.gather(*(client.post(path, data={"answer": "confirm"}) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [303] * 3
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members) == (1, 100)
    assert len(mails(database)) == 1


@pytest.mark.anyio
async def test_it_was_not_us_deletes_the_request_and_mails_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path = confirmation(settings, asked)
    answer = await client.post(f"{path}?lang=en", data={"answer": "not-us"})
    assert page_of(await client.get(answer.headers["location"])).heading == "It is erased"
    assert find(database, asked) is None
    assert mails(database) == []
    assert [(actor, action) for actor, action, _details in logged(database)][-1] == (
        "organisation",
        "organisation.refused",
    )
    for again in (await client.get(path), await client.post(path, data={"answer": "confirm"})):
        assert page_of(again, 404).heading == DEAD


@pytest.mark.anyio
async def test_whoever_said_that_it_was_not_they_is_asked_no_more(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    await client.post(confirmation(settings, asked), data={"answer": "not-us"})
    assert refused(database) == [asked.contact.email_key]
    before = count_rows(database, Outbox)
    answer = await client.post(ASK, data=form("send", email=asked.contact.email, name="Once more"))
    assert (answer.status_code, answer.headers["location"]) == (303, SENT)
    assert (count_rows(database, Organisation), count_rows(database, Outbox)) == (0, before)


@pytest.mark.anyio
async def test_a_signer_who_refuses_for_an_organisation_keeps_the_mails_about_the_signature(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, asked: Request
) -> None:
    factories.sign_and_confirm(database, settings, campaign, email=asked.contact.email)
    await client.post(confirmation(settings, asked), data={"answer": "not-us"})
    assert find(database, asked) is None
    assert refused(database) == []


@pytest.mark.anyio
async def test_what_is_confirmed_is_not_refused_by_the_first_mail(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    """The mail may have been passed on; who wants it gone withdraws on the own page."""
    press(database, asked)
    answer = await client.post(confirmation(settings, asked), data={"answer": "not-us"})
    assert page_of(await client.get(answer.headers["location"] + "?lang=en")).heading == "Your organisation"
    assert row(database, asked).state == WAITING


@pytest.mark.anyio
async def test_a_link_of_the_first_mail_does_not_work_for_ever(
    client: httpx.AsyncClient, settings: Settings, asked: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = confirmation(settings, asked)
    monkeypatch.setattr("petitions.public.organisation_confirm.CONFIRM_LIFETIME", timedelta(seconds=-1))
    assert page_of(await client.get(path), 404).heading == DEAD
    assert page_of(await client.post(path, data={"answer": "confirm"}), 404).heading == DEAD


@pytest.mark.anyio
async def test_a_store_that_takes_nothing_offers_the_button_again(
    client: httpx.AsyncClient, database: Database, site: Site, settings: Settings, asked: Request
) -> None:
    path = f"{confirmation(settings, asked)}?lang=en"
    with writes_failing(site.database):
        page = page_of(await client.post(path, data={"answer": "confirm"}), 503)
    assert page.fields(path) == [("answer", "confirm")]
    assert row(database, asked).state == UNCONFIRMED


# Taking over


def propose(database: Database, settings: Settings, asked: Request, email: str = "next@union.example.org") -> int:
    """Somebody else is to speak for it. The key of their button."""
    contact = Contact("Dora Next", "Chair", email, make_email_key(email, settings.email_key), None)
    with database.writing() as session:
        hand_over(session, link(asked), contact, utc_now())
    key: int = (row(database, asked).next_contact or {})["key"]
    return key


@pytest.mark.anyio
async def test_the_new_contact_sees_what_they_take_over_and_no_private_link(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign, logo=LOGO)
    path = take_over(settings, asked, propose(database, settings, asked))
    before = dump(database)
    answer = await client.get(f"{path}?lang=en")
    page = page_of(answer)
    assert page.heading == "Do you speak for this organisation?"
    assert [e["value"] for e in page.all("input", name="answer")] == ["take-over", "not-me"]
    assert "Dora Next, Chair, is to be its contact from now on" in page.one("main").text
    assert asked.contact.email not in answer.text
    assert "/organisation/" not in answer.text.replace("/organisation/contact/", "")
    assert dump(database) == before


@pytest.mark.anyio
async def test_the_button_of_the_new_contact_ends_the_earlier_link(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    path = take_over(settings, asked, propose(database, settings, asked))
    answer = await client.post(f"{path}?lang=en", data=TAKE_OVER)
    page = page_of(await client.get(answer.headers["location"]))
    assert page.by_id("done").text == "From now on you speak for this organisation."
    assert "next@union.example.org" in [fact.text for fact in page.all("dd")]
    assert page_of(await client.get(own(settings, asked)), 404).heading == DEAD
    assert page_of(await client.post(path, data=TAKE_OVER), 404).heading == DEAD
    assert row(database, asked).email == "next@union.example.org"


@pytest.mark.anyio
async def test_who_was_proposed_before_somebody_else_takes_nothing_over(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    first = take_over(settings, asked, propose(database, settings, asked))
    propose(database, settings, asked, "third@union.example.org")
    for answer in (await client.get(first), await client.post(first, data=TAKE_OVER)):
        assert page_of(answer, 404).heading == DEAD
    assert row(database, asked).email == asked.contact.email


@pytest.mark.anyio
async def test_a_button_for_the_new_contact_does_not_work_for_ever(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    asked: Request,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = take_over(settings, asked, propose(database, settings, asked))
    monkeypatch.setattr("petitions.public.organisation_confirm.CONFIRM_LIFETIME", timedelta(seconds=-1))
    for answer in (await client.get(path), await client.post(path, data=TAKE_OVER)):
        assert page_of(answer, 404).heading == DEAD
    assert row(database, asked).email == asked.contact.email


@pytest.mark.anyio
async def test_who_was_named_and_speaks_for_none_is_forgotten_and_mailed_no_more(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    path = take_over(settings, asked, propose(database, settings, asked))
    answer = await client.post(f"{path}?lang=en", data={"answer": "not-me"})
    assert answer.status_code == 303
    page = page_of(await client.get(answer.headers["location"]))
    assert page.heading == "It is erased"
    assert "What was entered about you is not stored here any more" in page.one("main").text
    now = row(database, asked)
    assert (now.next_contact, now.email, now.state) == (None, asked.contact.email, APPROVED)
    assert refused(database) == [make_email_key("next@union.example.org", settings.email_key)]
    assert page_of(await client.get(path), 404).heading == DEAD
    before = Counter(mails(database))
    again = {"contact_name": "D", "contact_role": "Chair", "email": "next@union.example.org"}
    assert (await client.post(own(settings, asked, "/contact"), data=again)).status_code == 303
    assert Counter(mails(database)) - before == Counter([("organisation_handover", asked.id)])


@pytest.mark.anyio
async def test_links_of_one_purpose_do_not_serve_another(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    confirm_token = token(settings, CONFIRM_PURPOSE, asked)
    for path in (
        f"/organisation/{confirm_token}",
        f"/organisation/contact/{confirm_token}",
        f"/confirm/{confirm_token}",
    ):
        assert page_of(await client.get(path), 404).heading == DEAD
    assert (
        page_of(await client.get(own(settings, asked), follow_redirects=True)).heading
        == "Was it your organisation?"
    )
