"""petitions user …"""

import re

import pytest
from sqlalchemy import select

from petitions.accounts.first import check_first_token
from petitions.accounts.invitations import INVITATION, LIFETIMES, RESET
from petitions.accounts.models import Membership, User
from petitions.accounts.passwords import verify_password
from petitions.accounts.totp import use_code
from petitions.audit.models import AuditEntry
from petitions.cli.context import Exit
from petitions.cli.demo_lead import LEAD, make_lead
from petitions.cli.serving import tell_first_link
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.tokens import Named, Tokens
from tests.cli.conftest import Petitions
from tests.console.entering import SECRET, give_totp
from tests.console.support import PASSWORD, make_user
from tests.factories import make_campaign

LEA = ("--email", "Lea@example.org", "--name", "Lea  Lead")
BASE = "http://127.0.0.1:8000"


def users(database: Database) -> list[User]:
    with database.reading() as session:
        return list(session.scalars(select(User)))


def named(settings: Settings, kind: str, url: str) -> Named:
    token = url.strip().rpartition("/console/link/")[2]
    return Tokens(settings.secret_keys).read(kind, token, utc_now(), LIFETIMES[kind])


def test_the_first_administrator_is_made_with_a_password_from_standard_input(
    database: Database, petitions: Petitions
) -> None:
    result = petitions("user", "create", *LEA, "--admin", "--language", "es", typed=f"{PASSWORD}\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"The account is made. Log in: {BASE}/console/login\n"
    (lea,) = users(database)
    assert (lea.email, lea.name, lea.language, lea.is_admin) == ("lea@example.org", "Lea Lead", "es", True)
    assert verify_password(lea.password_hash, PASSWORD)
    with database.reading() as session:
        (entry,) = session.scalars(select(AuditEntry))
    assert (entry.action, entry.actor, entry.user_id) == ("account.created", "petitions", None)
    assert entry.details == {"user": str(lea.id), "is_admin": True}


def test_without_admin_nobody_becomes_one(database: Database, petitions: Petitions) -> None:
    assert petitions("user", "create", *LEA, typed=f"{PASSWORD}\n").exit_code == 0
    assert not users(database)[0].is_admin


def test_a_link_is_printed_instead(database: Database, petitions: Petitions, settings: Settings) -> None:
    result = petitions("user", "create", *LEA, "--link", typed="")
    assert result.exit_code == 0
    (lea,) = users(database)
    assert lea.password_hash is None
    assert named(settings, INVITATION, result.stdout) == Named(0, lea.id, 0)


@pytest.mark.parametrize(
    ("arguments", "typed", "message"),
    [
        (("--email", "lea@", "--name", "Lea"), PASSWORD, "That is no mail address.\n"),
        (
            ("--email", "lea@example.org", "--name", " "),
            PASSWORD,
            "A name is 1 to 120 characters that can be shown.\n",
        ),
        ((*LEA, "--language", "xx"), PASSWORD, "There is no such language; choose one of "),
        (LEA, "short", "Please take at least 12 characters. Several words in a row are good.\n"),
        (LEA, "", "Please take at least 12 characters. Several words in a row are good.\n"),
        (LEA, "Lea Lead 12345", "Your name and your mail address are tried first. Please take something else.\n"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    database: Database, petitions: Petitions, arguments: tuple[str, ...], typed: str, message: str
) -> None:
    result = petitions("user", "create", *arguments, typed=f"{typed}\n")
    assert result.exit_code == Exit.INPUT
    assert result.stderr.startswith(message)
    assert result.stderr.count("\n") == 1
    assert users(database) == []


def test_an_address_gets_one_account(database: Database, petitions: Petitions) -> None:
    assert petitions("user", "create", *LEA, typed=f"{PASSWORD}\n").exit_code == 0
    result = petitions("user", "create", *LEA, "--admin", typed="another long password\n")
    assert result.exit_code == Exit.INPUT
    assert result.stderr == "This address has an account. `petitions user link` gives it a new password.\n"
    (lea,) = users(database)
    assert not lea.is_admin
    assert verify_password(lea.password_hash, PASSWORD)


def test_a_link_helps_whoever_cannot_get_mail(
    database: Database, petitions: Petitions, settings: Settings
) -> None:
    petitions("user", "create", *LEA, typed=f"{PASSWORD}\n")
    first = petitions("user", "link", "--email", "lea@example.org")
    second = petitions("user", "link", "--email", "LEA@example.org")
    assert (first.exit_code, second.exit_code) == (0, 0)
    (lea,) = users(database)
    assert named(settings, RESET, first.stdout) == Named(0, lea.id, 1)
    assert named(settings, RESET, second.stdout) == Named(0, lea.id, 2) == Named(0, lea.id, lea.link_epoch)
    with database.reading() as session:
        assert list(session.scalars(select(AuditEntry.action)))[1:] == ["account.reset_sent"] * 2


def test_the_second_factor_goes_only_when_that_is_said(database: Database, petitions: Petitions) -> None:
    petitions("user", "create", *LEA, typed=f"{PASSWORD}\n")
    codes = give_totp(database, users(database)[0])
    assert petitions("user", "link", "--email", "lea@example.org").exit_code == 0
    assert users(database)[0].totp_secret == SECRET
    assert petitions("user", "link", "--email", "lea@example.org", "--second-factor-off").exit_code == 0
    (lea,) = users(database)
    assert lea.totp_secret is None
    with database.writing() as session:
        assert not use_code(session, lea.id, codes[0], utc_now())
        assert list(session.scalars(select(AuditEntry.action)))[-1] == "account.totp_off"


def test_there_is_no_link_to_an_account_that_is_closed_or_not_there(
    database: Database, petitions: Petitions
) -> None:
    petitions("user", "create", *LEA, typed=f"{PASSWORD}\n")
    with database.writing() as session:
        session.scalars(select(User)).one().disabled_at = utc_now()
    for email in ("lea@example.org", "nobody@example.org"):
        result = petitions("user", "link", "--email", email)
        assert (result.exit_code, result.stdout) == (Exit.INPUT, "")
        assert result.stderr == "There is no open account with this address.\n"


def test_the_demo_has_a_lead_who_owns_every_campaign(database: Database, settings: Settings) -> None:
    make_campaign(database)
    password = make_lead(database, settings, utc_now())
    assert password is not None
    make_campaign(database, slug="another")
    assert make_lead(database, settings, utc_now()) == password
    (lead,) = users(database)
    assert (lead.email, lead.is_admin) == (LEAD, True)
    assert verify_password(lead.password_hash, password)
    with database.reading() as session:
        assert session.scalars(select(Membership.role)).all() == ["owner", "owner"]
    with database.writing() as session:
        session.get_one(User, lead.id).password_hash = "$argon2id$changed"
    assert make_lead(database, settings, utc_now()) is None


def test_serve_tells_the_first_link_while_nobody_has_an_account(
    database: Database, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_first_link(settings, database)
    (url,) = re.findall(r"http://testserver/console/first/(\S+)", capsys.readouterr().out)
    check_first_token(Tokens(settings.secret_keys), url, utc_now())
    make_user(database)
    tell_first_link(settings, database)
    assert capsys.readouterr().out == ""
