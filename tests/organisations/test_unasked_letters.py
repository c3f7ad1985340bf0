"""Letters to people who may never have asked for any: what they do not say, and who gets none."""

from collections.abc import Mapping
from uuid import UUID

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.letters import Letter
from petitions.mail.outbox import ClaimedMail
from petitions.organisations.deciding import Decision
from petitions.organisations.letters import OrganisationLetters
from petitions.organisations.requesting import Request
from petitions.settings import Settings
from petitions.signatures.refusing import find_refusals, refuse_address
from petitions.tokens import Tokens
from tests.organisations.acting import ask, judge, key_of, shown, waiting
from tests.organisations.test_letters import SITE, propose, read


@pytest.mark.parametrize("kind", ["confirm", "reminder"])
def test_a_stranger_s_words_and_links_are_in_no_mail_before_the_button(
    database: Database, settings: Settings, campaign: CampaignSnapshot, kind: str
) -> None:
    words = {"comment": "Planted words https://evil.example/login", "website": "https://planted.example.org"}
    asked = ask(database, settings, campaign, name="Union of Examples", city="Cork", members=50, **words)
    _subject, text = read(database, settings, asked, kind)
    for said in ("Union of Examples", "Cork", "50", "Clara Contact", "+353 21 000"):
        assert said in text
    for planted in ("Planted", "evil.example", "planted.example"):
        assert planted not in text
    _subject, text = read(database, settings, shown(database, settings, campaign, **words), "approved")
    assert "Planted words" in text


def build(database: Database, settings: Settings, asked: Request, kind: str) -> Mapping[UUID, Letter]:
    letters = OrganisationLetters(SITE, Tokens(settings.secret_keys), find_refusals)
    key = key_of(database, asked, kind)
    mail = ClaimedMail(new_id(), f"organisation_{kind}", asked.campaign_id, asked.id, "en", 1, key)
    with database.reading() as session:
        return letters.builders()[mail.kind](session, [mail])


@pytest.mark.parametrize("kind", ["confirm", "reminder", "contact"])
def test_an_address_that_wants_no_more_mails_gets_no_button(
    database: Database, settings: Settings, campaign: CampaignSnapshot, kind: str
) -> None:
    """Also where it was asked for by the form for lost links, by a lead, or before the address said so."""
    if kind == "contact":
        asked = shown(database, settings, campaign)
        propose(database, settings, asked)
    else:
        asked = ask(database, settings, campaign)
    assert len(build(database, settings, asked, kind)) == 1
    with database.writing() as session:
        refuse_address(session, campaign.id, key_of(database, asked, kind), utc_now())
    assert build(database, settings, asked, kind) == {}


def test_whoever_speaks_for_an_organisation_is_still_told_what_becomes_of_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign)
    with database.writing() as session:
        refuse_address(session, campaign.id, asked.contact.email_key, utc_now())
    judge(database, asked, Decision.ASK, message="Who decided?")
    for kind in ("link", "asked", "reminder"):
        assert len(build(database, settings, asked, kind)) == 1


def test_whoever_is_named_as_a_contact_can_say_no(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    propose(database, settings, asked)
    _subject, text = read(database, settings, asked, "contact")
    assert text.count("#not-me") == 1
