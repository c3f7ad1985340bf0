"""The queue of organisations: proof side by side, decisions about several, and two leads at once."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from petitions.accounts.roles import Role
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console.organisation_words import LOOK_WORDS
from petitions.db import Database
from petitions.i18n import Message
from petitions.organisations import queue
from petitions.organisations.deciding import Decision
from petitions.organisations.models import Organisation
from petitions.settings import Settings
from petitions.web.site import Site
from tests.console.cosigning import LEA, ask, get, look_at, mails, recorded, settle, standing, value, wait, words
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import make_campaign

pytestmark = pytest.mark.anyio

PAGE = "/console/c/free-boris/organisations"


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    """A campaign that people and organisations can sign."""
    return make_campaign(database, signers=["individuals", "organisations"])


async def test_it_shows_what_it_says_beside_what_proves_it_and_who_asks(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    wait(database, settings, campaign, comment="We stand with Boris.", members=48_000)
    said = words((await browser.get(PAGE)).text)
    assert "Union of Examples" in said
    assert "Union Cork Ireland 48,000 members" in said
    assert "We stand with Boris." in said
    assert "Mail confirmed on" in said
    assert "Mail and website belong to one domain: union.example.org = union.example.org" in said
    assert "Clara Contact Secretary" in said
    assert re.search(r"office\d+@union\.example\.org \+353 21 000", said)
    assert "Looks like" not in said


async def test_a_mail_of_another_domain_and_one_without_a_website_are_told(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    wait(
        database, settings, campaign, name="Other", email="clara@mail.example", website="https://bücher.example/a"
    )
    wait(database, settings, campaign, name="None", email="clara@mail2.example", website="")
    said = words((await browser.get(PAGE)).text)
    assert (
        "Mail and website do not belong to one domain: mail.example · xn--bcher-kva.example (bücher.example)"
        in said
    )
    assert "No website, so its mail proves nothing: mail2.example" in said


async def test_those_alike_are_named_and_lead_to_each_other(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = settle(database, settings, campaign, name="Union of Examples Ltd")
    wait(database, settings, campaign, name="union of EXAMPLES")
    page = (await browser.get(PAGE)).text
    assert "Looks like Union of Examples Ltd (number 1, shown)" in words(page)
    assert f'href="{PAGE}/{one.id}?lang=en"' in page


async def test_the_website_is_a_link_that_tells_nothing_and_nothing_is_loaded_from_it(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    wait(database, settings, campaign)
    page = (await browser.get(PAGE)).text
    (link,) = re.findall(r'<a href="https://union\.example\.org/?"([^>]*)>', page)
    assert link.strip() == 'rel="nofollow noopener noreferrer ugc"'
    assert re.findall(r'(?:src|srcset|data)="https?:', page) == []


async def test_each_state_has_its_part(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    ask(database, settings, campaign, name="Unconfirmed one")
    wait(database, settings, campaign, name="Waiting one")
    settle(database, settings, campaign, Decision.ASK, name="Asked one")
    settle(database, settings, campaign, name="Shown one")
    settle(database, settings, campaign, Decision.DECLINE, name="Declined one")
    found = {}
    for state in ("waiting", "asked", "unconfirmed", "approved", "declined", "merged"):
        page = (await browser.get(f"{PAGE}?state={state}")).text
        found[state] = re.findall(r'class="organisation__name"><a[^>]*><bdi>([^<]+)', page)
    assert found == {
        "waiting": ["Waiting one"],
        "asked": ["Asked one"],
        "unconfirmed": ["Unconfirmed one"],
        "approved": ["Shown one"],
        "declined": ["Declined one"],
        "merged": [],
    }


async def test_one_that_is_shown_and_wants_a_change_waits_too(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    settle(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Organisation).values(proposed={"name": "Union of More Examples", "website": None}))
    said = words((await browser.get(PAGE)).text)
    assert "It wants to change: Name of the organisation, Website" in said
    assert "To decide 1" in said


async def test_an_empty_queue_says_what_comes_here(browser: Browser) -> None:
    for state in ("waiting", "asked", "unconfirmed", "approved", "declined", "merged"):
        answer = await browser.get(f"{PAGE}?state={state}")
        assert (answer.status_code, 'class="blank"' in answer.text) == (200, True)


async def test_the_page_asks_as_often_for_three_as_for_one(
    browser: Browser, site: Site, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    counts = []
    for names in (("A",), ("B", "C")):
        for name in names:
            wait(database, settings, campaign, name=name, website="https://union.example.org")
        with Queries(site.database) as queries:
            await browser.get(PAGE)
        counts.append(queries.count)
    assert counts == [7, 7]


async def test_it_goes_on_from_page_to_page(
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queue, "PAGE_SIZE", 2)
    for n in range(5):
        wait(database, settings, campaign, name=f"Union {n}")
    url: str | None = PAGE
    found: list[str] = []
    while url is not None and len(found) < 10:
        page = (await browser.get(url)).text
        found += re.findall(r'class="organisation__name"><a[^>]*><bdi>([^<]+)', page)
        following = re.findall(r'<a href="([^"]+)"\s+rel="next"', page)
        url = following[0].replace("&amp;", "&") if following else None
    assert found == [f"Union {n}" for n in range(5)]


async def test_several_are_approved_at_once_and_hear_of_it(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    both = [wait(database, settings, campaign, name=f"Union {n}", members=n) for n in (1, 2)]
    fields = {"row": [value(each) for each in both], "act": "approve", "note": "", "message": "Welcome."}
    answer = await browser.post(f"{PAGE}/act?lang=en", fields)
    assert answer.headers["location"] == f"{PAGE}?state=waiting&saved=approve&done=2&lang=en"
    assert (standing(database, campaign).counted, standing(database, campaign).members) == (2, 3)
    assert mails(database, "organisation_approved") == 2
    said = words((await browser.get(answer.headers["location"])).text)
    assert "2 organisations are approved. Those whose mail is confirmed hear of it." in said
    assert [entry for entry in recorded(database) if entry[0] == "Olga Owner"] == [
        ("Olga Owner", "organisation.approved", {"organisation": 1}),
        ("Olga Owner", "organisation.approved", {"organisation": 2}),
    ]


@pytest.mark.parametrize(("why", "said"), LOOK_WORDS.items())
async def test_what_no_lead_has_seen_is_among_those_to_decide(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, why: str, said: Message
) -> None:
    shown, other = (settle(database, settings, campaign, name=f"Union {n}") for n in (1, 2))
    shown = look_at(database, shown, why)
    waits = wait(database, settings, campaign, name="Union 3")
    page = words((await browser.get(PAGE)).text)
    assert str(said) in page
    assert "To decide 2" in page
    fields = {"row": [value(each) for each in (shown, waits)], "act": "looked"}
    answer = await browser.post(f"{PAGE}/act?lang=en", fields)
    assert answer.headers["location"] == f"{PAGE}?state=waiting&saved=looked&done=1&lang=en"
    page = words((await browser.get(answer.headers["location"])).text)
    assert "You have looked at one organisation. It stays as it is." in page
    assert "To decide 1" in page
    answer = await browser.post(f"{PAGE}/act", {"row": [value(other), value(waits)], "act": "looked"})
    assert (answer.status_code, "None of these waits for you to look at it." in answer.text) == (409, True)


async def test_approving_what_is_shown_already_is_a_look_and_no_mail(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    shown = look_at(database, settle(database, settings, campaign, members=5), "rule")
    sent, before = mails(database, "organisation_approved"), standing(database, campaign)
    answer = await browser.post(f"{PAGE}/act", {"row": value(shown), "act": "approve"})
    assert answer.status_code == 303
    now = get(database, shown.name)
    assert (now.look, now.decided_by) == (None, "Olga Owner")
    assert (mails(database, "organisation_approved"), standing(database, campaign)) == (sent, before)


async def test_an_address_below_the_domain_is_told(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    wait(database, settings, campaign, email="ana@students.union.example.org")
    said = words((await browser.get(PAGE)).text)
    assert "behind another name below it, where many may have one: students.union.example.org" in said
    assert "students.union.example.org = " not in said


async def test_whoever_is_not_proven_needs_a_note_and_then_the_note_says_who_wrote_it(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign, email="clara@mail.example")
    fields = {"row": value(one), "act": "approve"}
    answer = await browser.post(f"{PAGE}/act", fields)
    assert answer.status_code == 422
    assert "Please note how you know that it is the organisation." in answer.text
    assert re.search(rf'value="{value(one)}"\s+checked', answer.text)
    assert standing(database, campaign).counted == 0
    answer = await browser.post(f"{PAGE}/act", fields | {"note": "I called them."})
    assert answer.status_code == 303
    assert get(database, one.name).note == f"{utc_now():%Y-%m-%d} Olga Owner: I called them."


async def test_a_question_needs_words_and_goes_out_once(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    answer = await browser.post(f"{PAGE}/act", {"row": value(one), "act": "ask", "note": "Odd."})
    assert answer.status_code == 422
    assert "Please write what you want to know" in answer.text
    assert ">Odd.</textarea>" in answer.text
    answer = await browser.post(f"{PAGE}/act", {"row": value(one), "act": "ask", "message": "Who are you?"})
    assert answer.status_code == 303
    assert (get(database, one.name).state, get(database, one.name).question) == ("asked", "Who are you?")
    assert mails(database, "organisation_asked") == 1


async def test_nobody_is_asked_who_has_no_address(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = settle(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Organisation).values(email=None, email_key=None))
    fields = {"row": value(one), "act": "ask", "message": "Who are you?"}
    answer = await browser.post(f"{PAGE}/act", fields)
    assert (answer.status_code, "has no mail address" in answer.text) == (422, True)
    assert not re.search(r'name="act"\s+value="ask"', (await browser.get(f"{PAGE}/{one.id}")).text)


@pytest.mark.parametrize("field", ["note", "message"])
async def test_words_that_are_too_long_or_cannot_be_shown_are_refused(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, field: str
) -> None:
    one = wait(database, settings, campaign)
    for text, expected in (("x" * 501, "500 characters"), ("a\u202eb", "cannot be shown")):
        answer = await browser.post(f"{PAGE}/act", {"row": value(one), "act": "decline", field: text})
        assert (answer.status_code, expected in answer.text) == (422, True)
    assert get(database, one.name).state == "waiting"


async def test_nothing_ticked_is_said(browser: Browser, campaign: CampaignSnapshot) -> None:
    answer = await browser.post(f"{PAGE}/act", {"act": "approve"})
    assert answer.status_code == 422
    assert "Please tick the organisations that you mean." not in (await browser.get(PAGE)).text


async def test_who_was_slower_hears_by_whom_and_nothing_is_done_twice(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, app: Any
) -> None:
    one, two = (wait(database, settings, campaign, name=f"Union {n}") for n in (1, 2))
    mo = make_user(database, "Mo Moderator")
    give_role(database, campaign.id, mo, Role.MODERATOR)
    async with browser_of(app, database, mo) as other:
        assert (await other.post(f"{PAGE}/act", {"row": value(one), "act": "decline"})).status_code == 303
    answer = await browser.post(f"{PAGE}/act", {"row": [value(one), value(two)], "act": "approve"})
    assert answer.status_code == 409
    said = words(answer.text)
    assert "One organisation is approved. If its mail is confirmed, it hears of it." in said
    assert "One organisation stays as it is: it has changed since this page was shown to you." in said
    assert "Union 1 – Mo Moderator: declined an organisation" in said
    assert (get(database, "Union 1").state, get(database, "Union 2").state) == ("declined", "approved")


async def test_two_leads_who_press_at_once_approve_once(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    fields = {"row": value(one), "act": "approve"}
    answers = await asyncio.gather(*(browser.post(f"{PAGE}/act", fields) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [303, 409, 409]
    assert standing(database, campaign).counted == 1
    assert mails(database, "organisation_approved") == 1


async def test_one_that_withdrew_meanwhile_is_said_to_be_gone(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    with database.writing() as session:
        session.delete(session.get_one(Organisation, (campaign.id, one.id)))
    answer = await browser.post(f"{PAGE}/act", {"row": value(one), "act": "approve"})
    assert answer.status_code == 409
    assert "One is gone: it has withdrawn." in words(answer.text)


async def test_a_reminder_goes_once_a_week_and_says_who_gets_none(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    week = utc_now() - timedelta(days=8)
    old = ask(database, settings, campaign, name="Old one", arrived_at=week)
    new = ask(database, settings, campaign, name="New one")
    fields = {"state": "unconfirmed", "row": [value(old), value(new)], "act": "remind"}
    answer = await browser.post(f"{PAGE}/act", fields)
    said = words(answer.text)
    assert answer.status_code == 409
    assert "One organisation gets another mail." in said
    assert "One had a mail within the last seven days, and gets none now." in said
    assert mails(database, "organisation_reminder") == 1
    assert ("Olga Owner", "organisation.reminded", {"organisation": 1}) in recorded(database)


async def test_while_the_data_are_erased_nothing_is_decided(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=utc_now()))
    answer = await browser.post(f"{PAGE}/act", {"row": value(one), "act": "approve"})
    assert answer.status_code == 409
    assert "being erased" in answer.text
    assert get(database, one.name).state == "waiting"


@pytest.mark.parametrize(
    "fields",
    [
        {"act": "approve", "row": "everybody"},
        {"act": "approve", "row": "0192f3a0-0000-7000-8000-000000000000:x"},
        {"act": "merge", "row": "0192f3a0-0000-7000-8000-000000000000:1"},
        {"row": "0192f3a0-0000-7000-8000-000000000000:1"},
        {"act": "approve", "state": "all"},
    ],
)
async def test_what_no_form_of_ours_sends_is_refused(browser: Browser, fields: dict[str, str]) -> None:
    assert (await browser.post(f"{PAGE}/act", fields)).status_code == 400


async def test_the_console_says_where_somebody_waits(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    before = words((await browser.get("/console/c/free-boris")).text)
    wait(database, settings, campaign, name="One")
    wait(database, settings, campaign, name="Two")
    after = words((await browser.get("/console/c/free-boris")).text)
    assert "Organisations" in before
    assert "some wait" not in before
    assert "wait for your decision" not in before
    assert "Organisations, some wait" in after
    assert "2 organisations wait for your decision." in after


async def test_a_campaign_of_people_alone_has_no_such_page_in_its_parts(
    database: Database, settings: Settings, app: Any
) -> None:
    people = make_campaign(database, slug="free-ana")
    user = make_user(database, "Pia People")
    give_role(database, people.id, user, Role.OWNER)
    async with browser_of(app, database, user) as browser:
        assert "/organisations" not in (await browser.get("/console/c/free-ana")).text
        answer = await browser.get("/console/c/free-ana/organisations")
    assert "At present only people can sign this campaign." in words(answer.text)


async def test_the_log_of_the_campaign_says_it_in_words(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    settle(database, settings, campaign)
    said = words((await browser.get("/console/c/free-boris/audit")).text)
    assert f"{LEA.name} approved an organisation Organisation: 1" in said
    assert "The organisation itself confirmed the mail of an organisation Organisation: 1" in said
