"""One organisation in the console: what leads see, decide, note, merge; and who was faster."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations.deciding import Decision, Seen, decide
from petitions.organisations.logos import Logo, keep_logo
from petitions.organisations.models import Organisation
from petitions.organisations.own import withdraw
from petitions.settings import Settings
from petitions.tokens import Named
from petitions.web.site import Site
from tests.console.cosigning import LEA, ask, get, look_at, mails, recorded, settle, standing, value, wait, words
from tests.console.support import Browser, Queries
from tests.factories import make_campaign

pytestmark = pytest.mark.anyio

PAGE = "/console/c/free-boris/organisations"
ONE_LOGO, OTHER_LOGO = Logo(b"one picture", 30, 20), Logo(b"another picture", 40, 20)


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    """A campaign that people and organisations can sign."""
    return make_campaign(database, signers=["individuals", "organisations"])


def propose(
    database: Database, campaign: CampaignSnapshot, one: Organisation, **proposed: str | None
) -> Organisation:
    """Let it want to be shown otherwise."""
    with database.writing() as session:
        keep_logo(session, campaign.id, OTHER_LOGO, utc_now())
        changes = {"proposed": proposed, "revision": one.revision + 1}
        session.execute(update(Organisation).where(Organisation.id == one.id).values(**changes))
    return get(database, one.name)


async def test_it_says_everything_and_what_became_of_it(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = settle(database, settings, campaign, logo=ONE_LOGO, members=7)
    page = (await browser.get(f"{PAGE}/{one.id}")).text
    said = words(page)
    assert "What everybody sees" in said
    assert "Union Cork Ireland 7 members" in said
    assert "Clara Contact Secretary" in said
    assert re.search(
        r"Lea Lead: approved an organisation .* The organisation itself: confirmed the mail of an organisation .* "
        r"It asked to co-sign",
        said,
    )
    assert f'src="{PAGE}/{one.id}/logo/{ONE_LOGO.digest}.webp?lang=en"' in page


async def test_it_asks_as_often_for_three_like_it_as_for_one(
    browser: Browser, site: Site, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    counts = []
    for number in (1, 2):
        for _ in range(number):
            wait(database, settings, campaign)
        with Queries(site.database) as queries:
            await browser.get(f"{PAGE}/{one.id}")
        counts.append(queries.count)
    assert counts == [9, 9]


async def test_one_that_is_gone_has_a_page_that_says_so(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    with database.writing() as session:
        withdraw(session, Named(campaign.id, one.id), utc_now())
    for answer in (
        await browser.get(f"{PAGE}/{one.id}"),
        await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "approve"}),
    ):
        assert answer.status_code == 404
        assert "It has withdrawn, or it never confirmed its mail." in words(answer.text)
    assert standing(database, campaign).counted == 0


@pytest.mark.parametrize(
    ("before", "act", "after", "counted"),
    [
        (None, "approve", "approved", 1),
        (None, "decline", "declined", 0),
        (Decision.ASK, "approve", "approved", 1),
        (Decision.APPROVE, "decline", "declined", 0),
        (Decision.DECLINE, "approve", "approved", 1),
        (Decision.DECLINE, "reopen", "waiting", 0),
    ],
)
async def test_every_decision_has_its_button_and_does_what_it_says(
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    before: Decision | None,
    act: str,
    after: str,
    counted: int,
) -> None:
    one = wait(database, settings, campaign) if before is None else settle(database, settings, campaign, before)
    url = f"{PAGE}/{one.id}"
    assert re.search(rf'name="act"\s+value="{act}"', (await browser.get(url)).text)
    answer = await browser.post(f"{url}?lang=en", {"row": value(one), "act": act})
    assert answer.headers["location"] == f"{url}?saved={act}&lang=en"
    assert (get(database, one.name).state, standing(database, campaign).counted) == (after, counted)
    assert get(database, one.name).decided_by == "Olga Owner"


async def test_a_change_is_shown_beside_what_is_shown_and_taken_or_left(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = settle(database, settings, campaign, logo=ONE_LOGO)
    one = propose(database, campaign, one, name="Union of More", logo=OTHER_LOGO.digest)
    page = (await browser.get(f"{PAGE}/{one.id}")).text
    assert "What it wants to be shown" in page
    assert re.findall(r'organisation__name"><a[^>]*><bdi>([^<]+)', page) == ["Union of Examples", "Union of More"]
    assert re.findall(r"logo/(\w+)\.webp", page) == [ONE_LOGO.digest, OTHER_LOGO.digest]
    answer = await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "keep"})
    assert answer.status_code == 303
    assert get(database, "Union of Examples").proposed is None
    assert (await browser.get(f"{PAGE}/{one.id}/logo/{OTHER_LOGO.digest}.webp")).status_code == 404
    one = propose(database, campaign, get(database, one.name), name="Union of More", logo=OTHER_LOGO.digest)
    answer = await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "approve"})
    assert answer.status_code == 303
    assert (get(database, "Union of More").logo, standing(database, campaign).counted) == (OTHER_LOGO.digest, 1)


async def test_another_website_that_nothing_proves_needs_a_note_too(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = propose(database, campaign, settle(database, settings, campaign), website="https://other.example")
    fields = {"row": value(one), "act": "approve"}
    answer = await browser.post(f"{PAGE}/{one.id}", fields)
    assert (answer.status_code, "Please note how you know" in answer.text) == (422, True)
    answer = await browser.post(f"{PAGE}/{one.id}", fields | {"note": "They told me."})
    assert answer.status_code == 303
    found = get(database, one.name)
    assert (found.website, found.domain_proven) == ("https://other.example", False)


async def test_a_note_stays_with_the_leads_and_needs_words(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    answer = await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "note"})
    assert (answer.status_code, "Please write the note." in answer.text) == (422, True)
    for text in ("First.", "Second."):
        assert (
            await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "note", "note": text})
        ).is_redirect
    day = f"{utc_now():%Y-%m-%d}"
    assert get(database, one.name).note == f"{day} Olga Owner: First.\n{day} Olga Owner: Second."
    assert "Second." in (await browser.get(f"{PAGE}/{one.id}")).text
    assert recorded(database)[-1] == ("Olga Owner", "organisation.noted", {"organisation": 1})


async def test_an_answer_of_one_that_is_shown_waits_until_somebody_notes_something(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = settle(database, settings, campaign)
    with database.writing() as session:
        changes = {"question": "Still you?", "answer": "Still us."}
        session.execute(update(Organisation).where(Organisation.id == one.id).values(**changes))
    assert "They answered Still us." in words((await browser.get(PAGE)).text)
    await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "note", "note": "Good."})
    found = get(database, one.name)
    assert (found.question, found.answer, found.state) == (None, None, "approved")
    assert found.note == f"Still you? – Still us.\n{utc_now():%Y-%m-%d} Olga Owner: Good."
    assert one.name not in (await browser.get(PAGE)).text


async def test_who_was_slower_sees_what_changed_and_keeps_what_they_wrote(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    with database.writing() as session:
        decide(session, campaign.id, Decision.DECLINE, [Seen(one.id, one.revision)], LEA, utc_now())
    answer = await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "approve", "message": "Welcome."})
    said = words(answer.text)
    assert answer.status_code == 409
    assert "Nothing was changed. Somebody was faster." in said
    assert "Lea Lead: declined an organisation" in said
    assert ">Welcome.</textarea>" in answer.text
    assert get(database, one.name).state == "declined"


async def test_approving_and_withdrawing_at_once_leave_a_true_count(
    browser: Browser, site: Site, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    answer, _ = await asyncio.gather(
        browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "approve"}),
        site.database.write(withdraw, Named(campaign.id, one.id), utc_now()),
    )
    assert answer.status_code in (303, 404, 409)
    assert standing(database, campaign).counted == 0


async def test_two_that_are_one_become_one(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    shown, again = settle(database, settings, campaign), wait(database, settings, campaign)
    page = (await browser.get(f"{PAGE}/{again.id}")).text
    assert "One and the same: keep number 1" in page
    assert "keep number 2" not in page  # what everybody sees would vanish
    fields = {"kept": value(shown), "other": value(again)}
    answer = await browser.post(f"{PAGE}/{again.id}/merge?lang=en", fields)
    assert answer.headers["location"] == f"{PAGE}/{shown.id}?saved=merged&lang=en"
    assert get(database, again.name).merged_into == 1
    assert mails(database, "organisation_merged") == 1
    said = words((await browser.get(answer.headers["location"])).text)
    assert "They are one now." in said
    assert "Olga Owner: made one of two organisations" in said
    answer = await browser.post(f"{PAGE}/{again.id}/merge", fields)
    assert (answer.status_code, "Somebody was faster." in answer.text) == (409, True)


async def test_no_button_promises_what_is_refused(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A request that nobody confirmed stands for none, and neither does one that was declined."""
    waits = wait(database, settings, campaign)
    ask(database, settings, campaign)
    settle(database, settings, campaign, Decision.DECLINE)
    page = (await browser.get(f"{PAGE}/{waits.id}")).text
    offered = re.findall(r"keep number (\d)", page)
    assert offered == ["1", "1"]
    kept, other = re.findall(r'name="(kept|other)"\s+value="([^"]+)"', page)[:2]
    answer = await browser.post(f"{PAGE}/{waits.id}/merge", dict([kept, other]))
    assert answer.status_code == 303


async def test_what_no_lead_has_seen_waits_until_one_says_so(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = look_at(database, settle(database, settings, campaign), "rule")
    page = (await browser.get(f"{PAGE}/{one.id}")).text
    assert "The rule of the campaign approved it. None of you has looked at it yet." in words(page)
    assert "Show the changes" not in page  # there are none
    answer = await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "looked"})
    assert answer.status_code == 303
    assert get(database, one.name).look is None
    page = (await browser.get(f"{PAGE}/{one.id}")).text
    assert "Olga Owner: looked at an organisation that is shown" in words(page)
    assert "I have looked at it" not in page
    answer = await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "looked"})
    assert (answer.status_code, "Somebody was faster." in answer.text) == (409, True)


async def test_two_that_are_two_are_not_offered_again(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one, other = wait(database, settings, campaign), wait(database, settings, campaign)
    fields = {"row": value(one), "other": value(other)}
    answer = await browser.post(f"{PAGE}/{one.id}/apart", fields)
    assert answer.status_code == 303
    for each in (one, other):
        assert "It may be one of these" not in (await browser.get(f"{PAGE}/{each.id}")).text
    assert (await browser.post(f"{PAGE}/{one.id}/apart", fields)).status_code == 409


async def test_a_reminder_has_a_button_when_a_week_is_over(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    new = ask(database, settings, campaign, name="New")
    old = ask(database, settings, campaign, name="Old", arrived_at=utc_now() - timedelta(days=8))
    assert "Remind by mail" not in (await browser.get(f"{PAGE}/{new.id}")).text
    assert "Remind by mail" in (await browser.get(f"{PAGE}/{old.id}")).text
    for one, saved in ((old, "reminded"), (old, "not_reminded"), (new, "not_reminded")):
        answer = await browser.post(f"{PAGE}/{one.id}/remind?lang=en")
        assert answer.headers["location"] == f"{PAGE}/{one.id}?saved={saved}&lang=en"
    assert mails(database, "organisation_reminder") == 1


async def test_its_logos_alone_are_served_to_leads_and_kept_by_nobody(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign, logo=ONE_LOGO)
    other = wait(database, settings, campaign, name="Other", logo=OTHER_LOGO)
    answer = await browser.get(f"{PAGE}/{one.id}/logo/{ONE_LOGO.digest}.webp")
    assert (answer.content, answer.headers["content-type"]) == (ONE_LOGO.image, "image/webp")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await browser.get(f"{PAGE}/{one.id}/logo/{OTHER_LOGO.digest}.webp")).status_code == 404
    assert (await browser.get(f"{PAGE}/{other.id}/logo/{'0' * 32}.webp")).status_code == 404


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("", {"act": "approve"}),
        ("", {"act": "remind", "row": "{one}"}),
        ("", {"act": "approve", "row": "{other}"}),
        ("/merge", {"kept": "{other}", "other": "{other}"}),
        ("/merge", {"kept": "{one}"}),
        ("/apart", {"row": "{other}", "other": "{one}"}),
    ],
)
async def test_what_no_form_of_ours_sends_is_refused(
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    path: str,
    fields: dict[str, str],
) -> None:
    one, other = wait(database, settings, campaign), wait(database, settings, campaign, name="Other")
    filled = {key: text.format(one=value(one), other=value(other)) for key, text in fields.items()}
    assert (await browser.post(f"{PAGE}/{one.id}{path}", filled)).status_code == 400


async def test_while_the_data_are_erased_nothing_is_done(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one, other = wait(database, settings, campaign), wait(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=utc_now()))
    sent: list[tuple[str, dict[str, Any]]] = [
        ("", {"row": value(one), "act": "approve"}),
        ("/merge", {"kept": value(one), "other": value(other)}),
        ("/apart", {"row": value(one), "other": value(other)}),
        ("/remind", {}),
    ]
    for path, fields in sent:
        answer = await browser.post(f"{PAGE}/{one.id}{path}", fields)
        assert (answer.status_code, "being erased" in answer.text) == (409, True)
    assert get(database, one.name).state == "waiting"


async def test_an_organisation_of_another_campaign_is_not_here(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    elsewhere = make_campaign(database, slug="free-ana", signers=["organisations"])
    one = wait(database, settings, elsewhere, logo=ONE_LOGO)
    assert (await browser.get(f"{PAGE}/{one.id}")).status_code == 404
    assert (await browser.get(f"{PAGE}/{one.id}/logo/{ONE_LOGO.digest}.webp")).status_code == 404
    await browser.post(f"{PAGE}/{one.id}", {"row": value(one), "act": "approve"})
    assert get(database, one.name).state == "waiting"
