"""What an organisation changes by its private link: what it says of itself, and who speaks for it."""

from collections import Counter
from typing import Any

import httpx
import pytest

from petitions.abuse.rule_lists import save_list
from petitions.addresses import make_email_key
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.limits import MAILS_PER_CAMPAIGN
from petitions.organisations.deciding import Decision
from petitions.organisations.logos import read_logo
from petitions.organisations.models import ASKED, WAITING, OrganisationLogo
from petitions.organisations.requesting import Request
from petitions.settings import Settings
from petitions.signatures.refusing import refuse_address
from petitions.web.site import Site
from tests import factories
from tests.organisations.acting import ask, assert_true, judge, logged, mails, row, shown, waiting
from tests.public.organisation_support import BOTH, own, picture, post, sending
from tests.public.support import dump, failing
from tests.web.support import Page, count_rows, page_of

LOGO = read_logo(picture(), "logo.png", "image/png")
DONE = "Your changes are saved."


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, **BOTH)


@pytest.fixture
def asked(database: Database, settings: Settings, campaign: CampaignSnapshot) -> Request:
    """One that everybody sees, with a logo."""
    return shown(database, settings, campaign, logo=LOGO, members=50, comment="With you.")


async def open_form(client: httpx.AsyncClient, path: str) -> dict[str, str]:
    return dict(page_of(await client.get(path)).fields(path))


async def saved(client: httpx.AsyncClient, answer: httpx.Response) -> Page:
    assert answer.status_code == 303, answer.text[:300]
    page = page_of(await client.get(answer.headers["location"]))
    assert page.by_id("done").text
    return page


# What is shown


@pytest.mark.anyio
async def test_the_form_holds_what_is_shown(client: httpx.AsyncClient, settings: Settings, asked: Request) -> None:
    path = own(settings, asked, "/edit?lang=en")
    fields = await open_form(client, path)
    assert fields.pop("website").removesuffix("/") == "https://union.example.org"
    assert fields == {
        "name": "Union of Examples",
        "kind": "union",
        "country": "IE",
        "city": "Cork",
        "members": "50",
        "comment": "With you.",
        "logo": "",
    }


@pytest.mark.anyio
async def test_the_same_form_again_changes_nothing_that_is_shown(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path = own(settings, asked, "/edit?lang=en")
    before = row(database, asked)
    await post(client, path, await open_form(client, path))
    after = row(database, asked)
    names = ("name", "kind", "country", "city", "website", "logo", "members", "comment", "proposed", "state")
    assert [getattr(after, name) for name in names] == [getattr(before, name) for name in names]


@pytest.mark.anyio
async def test_some_of_it_changes_at_once_and_some_waits_for_the_campaign(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, asked: Request
) -> None:
    path = own(settings, asked, "/edit?lang=en")
    fields = await open_form(client, path) | {"members": "60", "city": "", "name": "Federation of Examples"}
    answer = await post(client, path, fields, **sending(picture("blue")))
    page = await saved(client, answer)
    assert "wait for the campaign" in page.by_id("done").text
    now = row(database, asked)
    blue = read_logo(picture("blue"), "logo.png", "image/png").digest
    assert (now.name, now.city, now.members, now.logo) == ("Union of Examples", None, 60, LOGO.digest)
    assert now.proposed == {"name": "Federation of Examples", "logo": blue}
    assert assert_true(database, campaign).members == 60
    assert (await open_form(client, path))["name"] == "Federation of Examples"
    judge(database, asked, Decision.APPROVE)
    now = row(database, asked)
    assert (now.name, now.logo, now.proposed) == ("Federation of Examples", blue, None)
    assert count_rows(database, OrganisationLogo) == 1


@pytest.mark.anyio
async def test_a_logo_is_taken_away_and_a_proposed_one_taken_back(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)  # without a logo
    path = own(settings, asked, "/edit?lang=en")
    await post(client, path, await open_form(client, path), **sending(picture()))
    assert row(database, asked).proposed == {"logo": LOGO.digest}
    await post(client, path, await open_form(client, path))
    assert row(database, asked).proposed == {"logo": LOGO.digest}
    await post(client, path, await open_form(client, path) | {"logo_drop": "y"})
    assert row(database, asked).proposed is None
    assert count_rows(database, OrganisationLogo) == 0


@pytest.mark.anyio
async def test_a_logo_that_is_shown_goes_once_the_campaign_agrees(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path = own(settings, asked, "/edit?lang=en")
    answer = await post(client, path, await open_form(client, path) | {"logo_drop": "y"})
    page = await saved(client, answer)
    assert "Without a logo" in page.one("main").text
    assert (row(database, asked).logo, row(database, asked).proposed) == (LOGO.digest, {"logo": None})


@pytest.mark.anyio
async def test_what_is_wrong_is_said_and_nothing_is_stored(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path = own(settings, asked, "/edit?lang=en")
    fields = await open_form(client, path) | {"name": "", "website": "ftp://example.org"}
    before = dump(database)
    page = page_of(await post(client, path, fields, **sending(picture("blue"))), 422)
    assert page.wrong_fields == ["name", "website"]
    assert dump(database) == before
    again = dict(page.fields(path)) | {"name": "Union of Examples", "website": "union.example.org"}
    await saved(client, await post(client, path, again))
    blue = read_logo(picture("blue"), "logo.png", "image/png").digest
    assert (row(database, asked).proposed or {})["logo"] == blue


@pytest.mark.anyio
async def test_a_file_that_is_no_picture_is_refused_in_words(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path = own(settings, asked, "/edit?lang=en")
    fields, before = await open_form(client, path), dump(database)
    page = page_of(await post(client, path, fields, **sending(b"<svg/>", "a.svg", "image/svg+xml")), 422)
    assert page.wrong_fields == ["logo"]
    assert dump(database) == before


@pytest.mark.anyio
async def test_a_change_answers_the_question_of_a_lead(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign)
    judge(database, asked, Decision.ASK, message="Is this your full name?")
    assert row(database, asked).state == ASKED
    path = own(settings, asked, "/edit?lang=en")
    page = await saved(client, await post(client, path, await open_form(client, path) | {"name": "Federation"}))
    assert page.by_id("done").text == DONE
    assert (row(database, asked).name, row(database, asked).state) == ("Federation", WAITING)


@pytest.mark.anyio
async def test_what_was_declined_is_not_changed_unseen(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    judge(database, asked, Decision.DECLINE)
    before = dump(database)
    path = own(settings, asked, "/edit?lang=en")
    for answer in (await client.get(path), await post(client, path, {"name": "Other"})):
        assert answer.headers["location"] == own(settings, asked) + "?lang=en"
    assert dump(database) == before


# Who speaks


def contact(**changes: str) -> dict[str, str]:
    fields = {
        "contact_name": "Dora Next",
        "contact_role": "Chair",
        "email": "next@union.example.org",
        "phone": "",
    }
    return fields | changes


@pytest.mark.anyio
async def test_somebody_else_speaks_once_they_have_pressed_their_button(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path = own(settings, asked, "/contact?lang=en")
    fields = await open_form(client, path)
    assert {fields[name] for name in ("contact_name", "email")} == {"Clara Contact", asked.contact.email}
    before = mails(database)
    page = await saved(client, await client.post(path, data=contact()))
    assert page.by_id("done").text == "A mail is on its way. Until its button is pressed, nothing changes."
    assert "next@union.example.org" in page.one("main").text
    assert row(database, asked).email == asked.contact.email
    queued = sorted(kind for kind, subject in mails(database) if (kind, subject) not in before)
    assert queued == ["organisation_contact", "organisation_handover"]


@pytest.mark.anyio
async def test_the_same_address_needs_no_new_proof(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path, before = own(settings, asked, "/contact?lang=en"), mails(database)
    answer = await client.post(path, data=contact(email=asked.contact.email.upper(), phone="+353 1"))
    assert (await saved(client, answer)).by_id("done").text == DONE
    now = row(database, asked)
    assert (now.contact_name, now.contact_role, now.phone) == ("Dora Next", "Chair", "+353 1")
    assert (now.email, now.link_epoch, now.next_contact) == (asked.contact.email, 0, None)
    assert mails(database) == before
    assert logged(database)[-1] == ("organisation", "organisation.contact_corrected", {"organisation": 1})


@pytest.mark.anyio
async def test_what_is_wrong_with_a_contact_is_said(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path, before = own(settings, asked, "/contact?lang=en"), dump(database)
    page = page_of(await client.post(path, data=contact(contact_name="", email="next@gmial.com")), 422)
    assert page.wrong_fields == ["contact_name", "email"]
    assert dict(page.fields(path)) == contact(
        contact_name="", email="next@gmial.com", email_checked="next@gmial.com"
    )
    assert dump(database) == before


@pytest.mark.parametrize("known", ["nobody", "signer", "contact", "mailed out", "refused"])
@pytest.mark.anyio
async def test_handing_over_tells_nothing_of_the_address(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    asked: Request,
    known: str,
) -> None:
    """Whether it signed, speaks for another one, had enough mails, or wants none."""
    email = "next@example.net"
    key = make_email_key(email, settings.email_key)
    with database.writing() as session:
        if known == "refused":
            refuse_address(session, campaign.id, key, utc_now())
    if known == "signer":
        factories.sign_and_confirm(database, settings, campaign, email=email)
    elif known == "contact":
        shown(database, settings, campaign, email=email, name="Other")
    elif known == "mailed out":
        for number in range(MAILS_PER_CAMPAIGN):
            ask(database, settings, campaign, email=email, name=f"Other {number}")
    before = Counter(mails(database))
    answer = await client.post(own(settings, asked, "/contact?lang=en"), data=contact(email=email))
    assert answer.headers["location"] == own(settings, asked, "?lang=en&done=proposed_contact#done")
    page = await saved(client, answer)
    assert page.by_id("done").text == "A mail is on its way. Until its button is pressed, nothing changes."
    assert (row(database, asked).next_contact or {})["email"] == email
    queued = Counter(mails(database)) - before
    told, named = ("organisation_handover", asked.id), ("organisation_contact", asked.id)
    assert queued == Counter([told] if known in ("mailed out", "refused") else [told, named])


@pytest.mark.anyio
async def test_some_a_day_are_named_and_no_more(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    path = own(settings, asked, "/contact?lang=en")
    for number in range(3):
        answer = await client.post(path, data=contact(email=f"next{number}@example.net"))
        assert answer.status_code == 303
    before = dump(database)
    page_of(await client.post(path, data=contact(email="next3@example.net")), 429)
    assert dump(database) == before


@pytest.mark.anyio
async def test_what_was_declined_is_not_handed_over(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    judge(database, asked, Decision.DECLINE)
    before = dump(database)
    path = own(settings, asked, "/contact?lang=en")
    corrected = contact(email=asked.contact.email)
    for answer in (
        await client.get(path),
        *[await client.post(path, data=data) for data in (contact(), corrected)],
    ):
        assert answer.headers["location"] == own(settings, asked) + "?lang=en"
    assert dump(database) == before


@pytest.mark.parametrize(
    "changes",
    [{"comment": "Buy pills"}, {"city": "Pills"}, {"website": "https://union.example.org/pills"}],
    ids=["words", "city", "website"],
)
@pytest.mark.anyio
async def test_what_a_rule_is_about_waits_for_the_campaign(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    asked: Request,
    changes: dict[str, str],
) -> None:
    with database.writing() as session:
        save_list(session, campaign.id, "hold word pills", 0, "Lea", utc_now())
    path = own(settings, asked, "/edit?lang=en")
    fields = await open_form(client, path) | {"members": "51"} | changes
    page = await saved(client, await post(client, path, fields))
    assert "wait for the campaign" in page.by_id("done").text
    now = row(database, asked)
    assert (now.city, now.members, now.comment) == ("Cork", 50, "With you.")
    assert now.proposed == {"members": 51} | changes
    shown_words, proposed_words = (
        box.text for box in page.all("div") if "appearance__preview" in (box.get("class") or "").split()
    )
    assert "50 members" in shown_words
    for words in ("51 members", *(changes[name] for name in changes if name != "website")):
        assert words not in shown_words
        assert words in proposed_words
    again = await open_form(client, path)
    assert {name: again[name] for name in changes} == changes
    judge(database, asked, Decision.APPROVE)
    assert row(database, asked).members == assert_true(database, campaign).members == 51


@pytest.mark.anyio
async def test_a_change_while_the_rules_cannot_be_read_is_kept_in_the_page(
    client: httpx.AsyncClient, database: Database, site: Site, settings: Settings, asked: Request
) -> None:
    path = own(settings, asked, "/edit?lang=en")
    fields = await open_form(client, path) | {"city": "Galway"}
    before = dump(database)
    with failing(site.database, lambda statement, _context: "rule_lists" in statement):
        page = page_of(await post(client, path, fields), 503)
    assert dict(page.fields(path))["city"] == "Galway"
    assert dump(database) == before


@pytest.mark.anyio
async def test_no_audit_entry_says_who_speaks(
    client: httpx.AsyncClient, database: Database, settings: Settings, asked: Request
) -> None:
    await client.post(own(settings, asked, "/contact"), data=contact())
    await client.post(own(settings, asked, "/contact"), data=contact(email=asked.contact.email))
    await post(client, own(settings, asked, "/edit"), {"name": "Other", "kind": "union", "country": "IE"})
    told: list[Any] = logged(database)
    assert len(told) >= 3
    for planted in ("Dora", "Chair", "next@", "Clara", "Cork", "Other"):
        assert planted not in str(told)
