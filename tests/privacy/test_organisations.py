"""Whoever speaks for an organisation is planted everywhere, and found nowhere but where it belongs."""

from collections.abc import Mapping

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.addresses import make_email_key
from petitions.audit.models import AuditEntry
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.organisations import own
from petitions.organisations.confirming import CONFIRM_PURPOSE, OWN_PURPOSE
from petitions.organisations.deciding import Decision
from petitions.organisations.models import Organisation
from petitions.organisations.reminding import remind
from petitions.organisations.requesting import Contact, LinkWish, Request, send_links
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.tokens import Tokens
from tests import factories
from tests.organisations.acting import LEAD, ask, judge, link, set_columns, shown, waiting
from tests.privacy.planting import found_in, image, key_marks, spellings
from tests.privacy.support import Logged

#: One word for each thing that somebody typed for the campaign alone.
PLANTED: Mapping[str, str] = {
    what: f"Zarq{what}"
    for what in ("contact", "role", "mail", "phone", "nextname", "nextmail", "question", "answer", "note")
}
MARKS = {mark for word in PLANTED.values() for mark in spellings(word)}
DOMAIN = "union.example.org"


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, signers=["individuals", "organisations"])


def contact(settings: Settings, name: str, mail: str) -> Contact:
    email = f"{PLANTED[mail].lower()}@{DOMAIN}"
    key = make_email_key(email, settings.email_key)
    return Contact(PLANTED[name], PLANTED["role"], email, key, PLANTED["phone"])


@pytest.fixture
def planted(database: Database, settings: Settings, campaign: CampaignSnapshot) -> list[Request]:
    """One that everybody sees, with everything that can stand beside it; one that waits; one that nobody
    confirmed."""
    who = contact(settings, "contact", "mail")
    public = shown(database, settings, campaign, name="Union of Shown", members=30, contact=who)
    judge(database, public, Decision.ASK, message=PLANTED["question"], note=PLANTED["note"])
    with database.writing() as session:
        own.answer(session, link(public), PLANTED["answer"], utc_now())
        own.hand_over(session, link(public), contact(settings, "nextname", "nextmail"), utc_now())
    others = [
        waiting(database, settings, campaign, name="Union of Waiting", contact=who, website=None),
        ask(database, settings, campaign, name="Union of Silence", contact=who, website=None),
    ]
    set_columns(database, others[0], note=PLANTED["note"])
    return [public, *others]


def token(settings: Settings, purpose: str, asked: Request) -> str:
    return Tokens(settings.secret_keys).make(purpose, asked.campaign_id, asked.id)


def keys(settings: Settings) -> set[bytes]:
    """The hashes of the planted addresses, as a store holds them."""
    both = (contact(settings, "contact", "mail"), contact(settings, "nextname", "nextmail"))
    return {mark for one in both for mark in key_marks(one.email_key)}


def test_the_search_finds_everything_that_is_planted(settings: Settings, planted: list[Request]) -> None:
    """Otherwise what follows would prove nothing."""
    content = b"\0".join(image(settings).values())
    for what, word in PLANTED.items():
        assert found_in(content, spellings(word)), what
    assert found_in(content, keys(settings))


@pytest.mark.anyio
async def test_no_public_page_says_who_speaks_for_an_organisation(
    client: httpx.AsyncClient, planted: list[Request]
) -> None:
    place = "/c/free-boris"
    pages = ["/", place, "/embed/free-boris", "/api/v1/campaigns", "/api/v1/campaigns/free-boris"]
    pages += [f"{place}/{page}" for page in ("signatures", "count", "privacy", "versions", "thanks")]
    pages += [f"{place}/organisations{more}" for more in ("", "/new", "/sent", "/link")]
    pages += [f"/api/v1/campaigns/free-boris/organisations{more}" for more in ("", "?q=Zarqcontact")]
    pages += [f"{place}/organisations?q={word}" for word in PLANTED.values()]
    for path in pages:
        answer = await client.get(path)
        assert answer.status_code == 200, path
        hidden = MARKS if "q=" not in path else MARKS - spellings(path.rpartition("q=")[2])
        assert found_in(answer.content, hidden) == set(), path
        for unseen in (b"Waiting", b"Silence"):
            assert unseen not in answer.content, path
    for path in (place, f"{place}/organisations", "/api/v1/campaigns/free-boris/organisations"):
        assert b"Union of Shown" in (await client.get(path)).content, path


@pytest.mark.anyio
async def test_the_log_of_an_organisation_names_nobody_and_holds_no_link(
    app_and_client: tuple[Starlette, httpx.AsyncClient],
    database: Database,
    settings: Settings,
    planted: list[Request],
    logged: Logged,
) -> None:
    """Whatever is done by links, and in whatever goes wrong with them."""
    _, client = app_and_client
    public, waits, silent = planted
    links = [token(settings, OWN_PURPOSE, public), token(settings, CONFIRM_PURPOSE, silent)]
    for path in (
        f"/organisation/{links[0]}",
        f"/organisation/{links[0]}/edit",
        f"/organisation/{links[0]}x",
        f"/organisation/confirm/{links[1]}",
        f"/organisation/contact/{links[0]}",
    ):
        await client.get(path)
    form = {"email": silent.contact.email, "name": PLANTED["contact"]}
    for path in (
        f"/organisation/{links[0]}/answer",
        "/c/free-boris/organisations/link",
        f"/organisation/{links[0]}/no",
    ):
        await client.post(path, data=form)
    await client.post(f"/organisation/confirm/{links[1]}")
    with database.writing() as session:
        remind(session, public.campaign_id, [one.id for one in planted], LEAD, utc_now())
        send_links(session, LinkWish(public.campaign_id, waits.contact.email_key, utc_now()))
    purge(database, public.campaign_id, utc_now())
    assert logged.named("purged")
    told = repr(logged.lines).encode()
    assert found_in(told, MARKS | {one.encode() for one in links}) == set()


def test_the_audit_log_and_the_outbox_know_an_organisation_by_its_number(
    database: Database, settings: Settings, planted: list[Request]
) -> None:
    with database.reading() as session:
        entries = session.execute(select(AuditEntry.actor, AuditEntry.action, AuditEntry.details)).all()
        mails = session.execute(select(Outbox.kind, Outbox.subject_id, Outbox.language, Outbox.failure)).all()
    assert len(entries) > 5
    assert len(mails) > 5
    assert {tuple(details) for _, action, details in entries if action.startswith("organisation")} == {
        ("organisation",)
    }
    said = repr([entries, mails]).encode()
    assert found_in(said, MARKS | {b"Union"}) == set()


def test_withdrawing_takes_the_contact_out_of_the_store(
    database: Database, settings: Settings, planted: list[Request]
) -> None:
    """For 48 hours the hash of the address stays, beside the note that a mail was sent."""
    with database.writing() as session:
        for asked in planted:
            own.withdraw(session, link(asked), utc_now())
    assert database.scrub(compact=True)
    content = b"\0".join(image(settings).values())
    assert found_in(content, MARKS | {b"Union of"}) == set()


def test_after_the_purge_nobody_is_left_who_spoke_for_an_organisation(
    database: Database, settings: Settings, campaign: CampaignSnapshot, planted: list[Request]
) -> None:
    purge(database, campaign.id, utc_now())
    content = b"\0".join(image(settings).values())
    assert found_in(content, MARKS | keys(settings)) == set()
    assert found_in(content, {b"Waiting", b"Silence"}) == set()
    with database.reading() as session:
        assert session.scalars(select(Organisation.name)).all() == ["Union of Shown"]
