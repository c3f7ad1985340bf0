"""The letters to organisations as people and programs open them: every link leads somewhere, and does nothing."""

import re
from collections.abc import Sequence
from dataclasses import replace

import httpx
import pytest

from petitions.addresses import make_email_key
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.letters import Letter, build_letters
from petitions.mail.outbox import ClaimedMail
from petitions.organisations import own
from petitions.organisations.deciding import Decision
from petitions.organisations.letters import OrganisationLetters
from petitions.organisations.models import MERGED
from petitions.organisations.requesting import Contact, Request
from petitions.settings import Settings
from petitions.tokens import Tokens
from tests import factories
from tests.mail.test_letters import bodies, received, urls_in
from tests.organisations.acting import ask, judge, key_of, link, set_columns, shown, waiting
from tests.privacy.support import dump
from tests.web.support import page_of

SITE = "http://testserver"


def everything_due(database: Database, settings: Settings) -> list[tuple[Request, str]]:
    """Organisations with the kinds of the mails that are due about each."""
    campaign = factories.make_campaign(database, signers=["individuals", "organisations"])

    def shown_one() -> Request:
        return shown(database, settings, campaign)

    unconfirmed, asked = ask(database, settings, campaign), waiting(database, settings, campaign)
    judge(database, asked, Decision.ASK, message="Who?")
    declined, kept, merged, leaving = (shown_one() for _ in range(4))
    judge(database, declined, Decision.DECLINE)
    set_columns(database, merged, state=MERGED, merged_into=4)
    email = "dora@union.example.org"
    dora = Contact("Dora", "Chair", email, make_email_key(email, settings.email_key), None)
    with database.writing() as session:
        own.hand_over(session, link(leaving), dora, utc_now())
    reworded(database, campaign)
    return [
        *((unconfirmed, kind) for kind in ("confirm", "reminder")),
        *((asked, kind) for kind in ("link", "asked", "reminder")),
        *((declined, kind) for kind in ("link", "declined")),
        *((kept, kind) for kind in ("link", "approved", "kept", "renewal")),
        *((merged, kind) for kind in ("link", "merged")),
        *((leaving, kind) for kind in ("contact", "handover")),
    ]


def reworded(database: Database, campaign: CampaignSnapshot) -> None:
    wordings = {"en": replace(factories.WORDING, title="Free him")}
    factories.make_campaign(
        database, slug=campaign.slug, signers=["individuals", "organisations"], wordings=wordings
    )


def letters(database: Database, settings: Settings, due: Sequence[tuple[Request, str]]) -> list[Letter]:
    mails = [
        ClaimedMail(
            *(new_id(), f"organisation_{kind}", asked.campaign_id, asked.id, "en"),
            1,
            key_of(database, asked, kind),
        )
        for asked, kind in due
    ]
    builders = OrganisationLetters(SITE, Tokens(settings.secret_keys)).builders()
    with database.reading() as session:
        built = build_letters(session, builders, mails)
    assert len(built) == len(mails)
    return list(built.values())


@pytest.mark.anyio
async def test_every_link_of_every_mail_to_an_organisation_opens_and_changes_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    """As scanners of mail do, and then every link of the pages behind them."""
    built = letters(database, settings, everything_due(database, settings))
    linked = {url for letter in built for url in urls_in(received(letter, settings))}
    state, opened, to_open = dump(database), set[str](), set(linked)
    while to_open:
        url = to_open.pop().removeprefix(SITE).partition("#")[0] or "/"
        if url in opened or not url.startswith("/"):
            continue
        opened.add(url)
        response = await client.get(url)
        assert response.status_code in (200, 303), url
        if response.status_code == 303:
            to_open.add(response.headers["location"])
        elif response.headers["content-type"].startswith("text/html"):
            page = page_of(response)
            to_open |= {e["href"] for e in page.all("a") if e.get("hreflang") in (None, "en")}
    assert dump(database) == state
    for part in ("/organisation/confirm/", "/organisation/contact/", "/edit?", "/withdraw?"):
        assert [url for url in opened if part in url], part


def test_a_mail_to_an_organisation_names_no_other(database: Database, settings: Settings) -> None:
    """Nor anybody of the campaign but the office that answers."""
    for letter in letters(database, settings, everything_due(database, settings)):
        message = received(letter, settings)
        people = {letter.recipient, "privacy@example.org"}
        if letter.message == "organisation_handover":
            people.add("dora@union.example.org")
        said = " ".join(bodies(message))
        assert set(re.findall(r"[\w.+-]+@[\w.-]+\w", said)) <= people
        assert "Lena" not in said
