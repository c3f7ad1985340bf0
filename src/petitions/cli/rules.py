"""petitions rules …: whose drafts are held, and whose never are."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.orm import Session

from petitions.abuse.rule_lists import SITE, find_list, save_list
from petitions.abuse.rules import RulesWrong, WrongLine, parse_rules
from petitions.audit.recording import COMMAND_LINE, record
from petitions.campaigns.queries import get_snapshot
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.clock import utc_now
from petitions.i18n import translator

app = typer.Typer(help="Rules against false signatures, of the whole site or of a campaign.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(help="One rule a line; - for standard input.")]
Campaign = Annotated[str | None, typer.Option(help="The rules of this campaign; without it, those of the site.")]


@app.command()
def check(file: File) -> None:
    """Say what is wrong with a list of rules. Needs no store.

    Example: petitions rules check rules.txt
    """
    try:
        rules = parse_rules(_read(file))
    except RulesWrong as error:
        raise _explain(error) from None
    typer.echo(f"{len(rules)} rules: right")


@app.command()
def show(campaign: Campaign = None) -> None:
    """Print the rules as they were written.

    Example: petitions rules show --campaign free-ana-sanchez
    """
    with opened_store(read_settings()) as database, database.reading() as session:
        text = find_list(session, _scope(session, campaign)).text
    typer.echo(text, nl=bool(text))


@app.command("set")
def set_rules(file: File, campaign: Campaign = None) -> None:
    """Put a list in the place of the rules. A list with a wrong line is not taken.

    Example: petitions rules set rules.txt
    """
    text = _read(file)
    with opened_store(read_settings()) as database:
        try:
            with database.writing() as session:
                count = _save(session, text, campaign)
        except RulesWrong as error:
            raise _explain(error) from None
    if count is None:
        raise fail("Somebody else saved them at the same moment. Look at theirs, and try again.", Exit.INPUT)
    typer.echo(f"{count} rules saved")


def _save(session: Session, text: str, campaign: str | None) -> int | None:
    """How many rules there are now; None when somebody else was faster."""
    scope, now = _scope(session, campaign), utc_now()
    if not save_list(session, scope, text, find_list(session, scope).number, COMMAND_LINE.name, now):
        return None
    count = len(parse_rules(text))
    record(session, COMMAND_LINE, "rules.saved", now, scope or None, rules=count)
    return count


def _scope(session: Session, campaign: str | None) -> int:
    return get_snapshot(session, campaign).id if campaign is not None else SITE


def _read(file: Path) -> str:
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise fail(f"{file}: cannot be read ({type(error).__name__})", Exit.INPUT) from None


def _explain(error: RulesWrong) -> typer.Exit:
    return fail("\n".join(_words(wrong) for wrong in error.wrong), Exit.INPUT)


def _words(wrong: WrongLine) -> str:
    reason = translator("en").translate(wrong.reason)
    return f"line {wrong.number}: {reason}" if wrong.number else reason
