"""petitions paper …"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from petitions.audit.recording import COMMAND_LINE
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.cli.context import Exit, explained, fail, opened_store, read_settings
from petitions.clock import utc_now
from petitions.csv_lists import UnreadableList, WrongCell, decode_list, read_country
from petitions.i18n import SOURCE_LANGUAGE, translator
from petitions.ids import new_id
from petitions.paper.csv_rows import Row, read_rows
from petitions.paper.importing import Imported, Plan, bring_in, look_at
from petitions.signatures.paper import COUNTED, ONLINE, TWICE, WAITING

app = typer.Typer(no_args_is_help=True, help="Signatures on paper.")

_MAX_FILE = 10_000_000
_SHOWN = 50


@app.callback()
def paper() -> None:
    """Signatures on paper."""


@app.command("import")
def import_paper(
    slug: Annotated[str, typer.Argument(help="The campaign.")],
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8; its first row names the columns.")],
    language: Annotated[str | None, typer.Option(help="Of the wording on the sheets.")] = None,
    country: Annotated[str, typer.Option(help="Of rows that name none, like IE.")] = "",
    leave_wrong: Annotated[bool, typer.Option("--leave-wrong", help="Leave out rows with mistakes.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Though the same rows came in before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only look; store nothing.")] = False,
) -> None:
    """Bring in rows of paper sheets that somebody typed: all of them, or none.

    Columns: name, city, country, mail, affiliation, date, sheet, line; name and country are needed.

    Example: petitions paper import free-boris sheets.csv --language es --country ES
    """
    settings = read_settings()
    now = utc_now()
    try:
        rows = read_rows(decode_list(_read(file)), read_country(country) if country else "", now.date())
    except (UnreadableList, WrongCell) as error:
        raise fail(translator(SOURCE_LANGUAGE).translate(error.problem), Exit.INPUT) from None
    _say_mistakes(rows)
    with opened_store(settings) as database:
        with explained(), database.reading() as session:
            campaign = get_snapshot(session, slug)
            statement_id = _statement_of(campaign, language)
            look = look_at(session, campaign.id, rows, statement_id, settings.email_key)
        if look.wrong and not leave_wrong:
            raise fail("Nothing was stored. Correct these rows, or leave them out with --leave-wrong.", Exit.INPUT)
        if dry_run:
            _say(Imported(look.states, look.wrong))
            return
        plan = Plan(new_id(), look, statement_id, leave_wrong, again, settings.email_key)
        with explained(), database.writing() as session:
            imported = bring_in(session, campaign.id, plan, COMMAND_LINE, now)
    if imported.is_known:
        raise fail(
            "Nothing was stored: the same rows came in before. If they are others, say --again.", Exit.INPUT
        )
    _say(imported)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            data = opened.read(_MAX_FILE + 1)
    except OSError as error:
        raise fail(f"{file}: {error.strerror}", Exit.INPUT) from None
    if len(data) > _MAX_FILE:
        raise fail(f"{file}: the file is larger than {_MAX_FILE:,} bytes. Please cut it.", Exit.INPUT)
    return data


def _statement_of(campaign: CampaignSnapshot, language: str | None) -> int:
    statement = campaign.statements.get(language or campaign.default_language)
    if statement is None:
        known = ", ".join(campaign.languages)
        raise fail(f"The campaign has no wording in “{language}”; it has {known}.", Exit.INPUT)
    return statement.id


def _say_mistakes(rows: Sequence[Row]) -> None:
    words = translator(SOURCE_LANGUAGE)
    wrong = [row for row in rows if row.entry is None]
    for row in wrong[:_SHOWN]:
        for column, problem in row.wrong:
            typer.echo(f"line {row.line}: {f'{column}: ' if column else ''}{words.translate(problem)}", err=True)
    if len(wrong) > _SHOWN:
        typer.echo(f"and {len(wrong) - _SHOWN:,} more rows with mistakes", err=True)


def _say(imported: Imported) -> None:
    states = imported.states
    typer.echo(f"{states.get(COUNTED, 0)} count")
    typer.echo(f"{states.get(WAITING, 0)} wait for a decision")
    typer.echo(f"{states.get(ONLINE, 0)} signed online")
    typer.echo(f"{states.get(TWICE, 0)} stand on paper twice")
    if imported.wrong:
        typer.echo(f"{imported.wrong} with mistakes, left out")
