"""The letters about accounts: who invites to what, and with which link."""

from datetime import timedelta
from typing import Any

import pytest

from petitions.accounts.invitations import INVITATION, LIFETIMES, RESET, invite, send_reset
from petitions.accounts.letters import AccountLetters
from petitions.accounts.members import set_role
from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.campaigns.editing import campaign_titles
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import LANGUAGES
from petitions.ids import new_id
from petitions.mail.brake import Brake
from petitions.mail.composing import compose
from petitions.mail.letters import Letter, build_letters
from petitions.mail.outbox import ClaimedMail, claim
from petitions.settings import Rate, Settings
from petitions.tokens import Named, Tokens

NOW = utc_now()


def letter_of(
    database: Database, settings: Settings, kind: str, user: User, language: str = "en"
) -> Letter | None:
    letters = AccountLetters(settings.base_url, Tokens(settings.secret_keys), campaign_titles)
    mail = ClaimedMail(new_id(), kind, None, user.id, language, 1)
    with database.reading() as session:
        return letters.builders()[kind](session, [mail]).get(mail.id)


def text_of(letter: Letter | None, settings: Settings) -> str:
    assert letter is not None
    message = compose(new_id(), letter, settings, NOW)
    parts = [part.get_content() for part in message.walk() if not part.is_multipart()]
    assert len(parts) == 2
    for part in parts:
        assert letter.context["url"] in part
    return f"{message['Subject']}\n{parts[0]}"


def opened(letter: Letter | None, settings: Settings, kind: str) -> Named:
    assert letter is not None
    url: str = letter.context["url"]
    token = url.removeprefix(f"{settings.base_url}/console/link/").partition("?")[0]
    return Tokens(settings.secret_keys).read(kind, token, utc_now(), LIFETIMES[kind])


def nina(database: Database, **options: Any) -> User:
    with database.writing() as session:
        return invite(session, "nina@example.org", "Nina <New>", "en", b"k" * 16, NOW, **options)


def test_an_invitation_says_who_invites_to_what(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    user = nina(database, invited_by="Olga Owner")
    with database.writing() as session:
        set_role(session, campaign.id, user.id, Role.EDITOR, NOW)
    letter = letter_of(database, settings, INVITATION, user)
    text = text_of(letter, settings)
    assert letter is not None
    assert letter.recipient == "nina@example.org"
    assert "Olga Owner invites you" in text
    assert "- Free Boris\n" in text
    assert "administrator" not in text
    assert "If you did not expect this mail" in text
    assert "Nina <New>" in text
    assert opened(letter, settings, INVITATION) == Named(0, user.id, user.link_epoch)


def test_the_worker_claims_mails_about_accounts_also_while_campaigns_are_braked(
    database: Database, settings: Settings
) -> None:
    user = nina(database)
    letters = AccountLetters(settings.base_url, Tokens(settings.secret_keys), campaign_titles)
    with database.writing() as session:
        (mail,) = claim(session, NOW, 10, timedelta(minutes=1), braked=[1])
        assert (mail.kind, mail.campaign_id, mail.subject_id) == (INVITATION, None, user.id)
        assert Brake(Rate(1, timedelta(hours=1))).admits(mail)
        (letter,) = build_letters(session, letters.builders(), [mail]).values()
    assert letter.recipient == user.email


def test_an_administrator_is_told_so(database: Database, settings: Settings) -> None:
    text = text_of(letter_of(database, settings, INVITATION, nina(database, is_admin=True)), settings)
    assert "as an administrator" in text
    assert "It is about" not in text


def test_somebody_with_a_password_gets_the_way_to_the_console_and_no_link(
    database: Database, settings: Settings, campaign: CampaignSnapshot, user: User
) -> None:
    with database.writing() as session:
        set_role(session, campaign.id, user.id, Role.VIEWER, NOW - timedelta(days=1))
        invite(session, user.email, "?", "en", b"k" * 16, NOW, invited_by="Olga Owner")
    letter = letter_of(database, settings, INVITATION, user)
    assert letter is not None
    assert letter.context["url"] == f"{settings.base_url}/console?lang=en"
    text = text_of(letter, settings)
    assert "Olga Owner invites you" in text
    assert "/console/link/" not in text


def test_a_reset_has_a_link_for_a_day(database: Database, settings: Settings, user: User) -> None:
    with database.writing() as session:
        send_reset(session, user.email, b"k" * 16, NOW)
    letter = letter_of(database, settings, RESET, user)
    assert "24 hours" in text_of(letter, settings)
    assert opened(letter, settings, RESET) == Named(0, user.id, 1)
    assert {
        INVITATION: timedelta(days=7),
        RESET: timedelta(hours=24),
    } == LIFETIMES


@pytest.mark.parametrize("kind", [INVITATION, RESET])
def test_a_closed_account_gets_no_letter(database: Database, settings: Settings, user: User, kind: str) -> None:
    assert letter_of(database, settings, kind, user) is not None
    with database.writing() as session:
        session.get_one(User, user.id).disabled_at = NOW
    assert letter_of(database, settings, kind, user) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", [INVITATION, RESET])
def test_a_letter_can_be_written_in_every_language(
    database: Database, settings: Settings, kind: str, language: str
) -> None:
    text_of(letter_of(database, settings, kind, nina(database, invited_by="Olga"), language), settings)
