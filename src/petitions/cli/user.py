"""petitions user …"""

import sys
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from petitions.accounts import passwords
from petitions.accounts.invitations import INVITATION, RESET, renew_link
from petitions.accounts.models import User
from petitions.accounts.totp import turn_off
from petitions.accounts.users import NewUser, create_user, find_user
from petitions.addresses import InvalidAddress, check_address
from petitions.audit.recording import COMMAND_LINE, record
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.clock import utc_now
from petitions.i18n import LANGUAGES, SOURCE_LANGUAGE
from petitions.names import has_forbidden_characters, is_blank, tidy
from petitions.settings import Settings
from petitions.tokens import Tokens

app = typer.Typer(help="People who look after campaigns.", no_args_is_help=True)

Email = Annotated[str, typer.Option(help="Their mail address.")]
_LONGEST_NAME = 120


@app.command("create")
def create(
    email: Email,
    name: Annotated[str, typer.Option(help="Their name, as the others see it.")],
    admin: Annotated[bool, typer.Option("--admin", help="May look after the whole site.")] = False,
    language: Annotated[str, typer.Option(help="Their language: " + ", ".join(LANGUAGES) + ".")] = SOURCE_LANGUAGE,
    link: Annotated[
        bool, typer.Option("--link", help="Ask for no password; print a link by which they choose it.")
    ] = False,
) -> None:
    """Make an account. The password is asked for twice at a terminal, or else read from standard input (one
    line), so that it stands in no list of processes and in no history.

    Example: petitions user create --email lea@example.org --name Lea --admin
    """
    new = NewUser(_checked(email), tidy(name), language, is_admin=admin)
    if is_blank(new.name) or len(new.name) > _LONGEST_NAME or has_forbidden_characters(new.name):
        raise fail("A name is 1 to 120 characters that can be shown.", Exit.INPUT)
    if language not in LANGUAGES:
        raise fail(f"There is no such language; choose one of {', '.join(LANGUAGES)}.", Exit.INPUT)
    settings = read_settings()
    password_hash = None if link else passwords.hash_password(_read_password(new))
    with opened_store(settings) as database, database.writing() as session:
        user = create_user(session, new, utc_now(), password_hash)
        if user is None:
            raise fail("This address has an account. `petitions user link` gives it a new password.", Exit.INPUT)
        record(session, COMMAND_LINE, "account.created", utc_now(), user=str(user.id), is_admin=admin)
        url = _url(settings, INVITATION, user) if link else f"{settings.base_url}/console/login"
    typer.echo(f"The account is made. {'The link, for seven days' if link else 'Log in'}: {url}")


@app.command("link")
def make_link(
    email: Email,
    second_factor_off: Annotated[
        bool, typer.Option("--second-factor-off", help="For whoever lost their telephone and the recovery codes.")
    ] = False,
) -> None:
    """Print a link by which somebody chooses a new password, once, within 24 hours: for whoever cannot get mail.
    Links that were sent before are worthless. Make sure that it is them who ask.

    Example: petitions user link --email lea@example.org
    """
    settings = read_settings()
    with opened_store(settings) as database, database.writing() as session:
        user = _renewed(session, _checked(email))
        record(session, COMMAND_LINE, "account.reset_sent", utc_now(), user=str(user.id))
        if second_factor_off:
            turn_off(session, user.id)
            record(session, COMMAND_LINE, "account.totp_off", utc_now(), user=str(user.id))
        url = _url(settings, RESET, user)
    typer.echo(url)


def _renewed(session: Session, email: str) -> User:
    user = find_user(session, email)
    if user is None or user.disabled_at is not None:
        raise fail("There is no open account with this address.", Exit.INPUT)
    renew_link(session, user.id)
    return session.get_one(User, user.id, populate_existing=True)


def _url(settings: Settings, kind: str, user: User) -> str:
    token = Tokens(settings.secret_keys).make(kind, 0, user.id, user.link_epoch)
    return f"{settings.base_url}/console/link/{token}"


def _checked(email: str) -> str:
    try:
        return check_address(email.strip())
    except InvalidAddress:
        raise fail("That is no mail address.", Exit.INPUT) from None


def _read_password(new: NewUser) -> str:
    if sys.stdin.isatty():
        password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    fault = passwords.find_fault(password, (new.email, new.name))
    if fault is not None:
        raise fail(str(fault) % fault.values, Exit.INPUT)
    return password
