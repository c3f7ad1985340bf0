"""petitions signature …"""

import sys
from typing import Annotated

import typer

from petitions.addresses import InvalidAddress, check_address, make_email_key
from petitions.campaigns.queries import get_snapshot
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.clock import utc_now
from petitions.signatures.withdrawing import withdraw

app = typer.Typer(help="Single signatures.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keeps `withdraw` a command of its own while it is the only one."""


@app.command("withdraw")
def withdraw_signature(slug: Annotated[str, typer.Argument(help="The campaign.")]) -> None:
    """Erase the signature of a mail address, online and on paper, and lower the count. The address is read from
    standard input, so that it stands in no list of processes and in no history.

    Make sure that the wish comes from that address. Lists that were handed over cannot be recalled.

    Example: petitions signature withdraw free-ana-sanchez
    """
    if sys.stdin.isatty():
        typer.echo("Mail address: ", nl=False, err=True)
    try:
        address = check_address(sys.stdin.readline().strip())
    except InvalidAddress:
        raise fail("That is no mail address.", Exit.INPUT) from None
    settings = read_settings()
    with opened_store(settings) as database:
        with database.writing() as session:
            campaign = get_snapshot(session, slug)
            found = withdraw(session, campaign.id, make_email_key(address, settings.email_key), utc_now())
        database.scrub(compact=True)
    if not found:
        raise fail(
            "There is no signature of this address, on paper neither; drafts of it are deleted.", Exit.INPUT
        )
    typer.echo("The signature is erased.")
