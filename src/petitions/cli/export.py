"""petitions export"""

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from petitions.audit.recording import COMMAND_LINE, record
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.cli.output import digest_of, whole_file
from petitions.cli.progress import phase_bars
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.exports import forget_replaced, record_export
from petitions.delivery.jobs import check_plan, describe_plan, lock
from petitions.delivery.keeping import exports_folder, work_in
from petitions.delivery.known import list_delivered
from petitions.delivery.making import Made, make, make_organisations
from petitions.delivery.remembering import remember
from petitions.errors import CampaignPurged, InvalidRequest, NotPossible, ScriptsWithoutFont
from petitions.lists.cuts import Cut, cut_at, cut_now
from petitions.lists.documents import Watcher
from petitions.lists.plans import Format, Paper, Plan, Profile
from petitions.settings import Settings
from petitions.signatures.counting import find_count

_DAYS = ["%Y-%m-%d"]
_MOMENTS = ["%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d"]
#: Lists with mail addresses.
_WITH_ADDRESSES = (Profile.CONTACTS, Profile.FULL)
#: Told of what was made, its SHA-256, and the file in which it lies without its name; None where it lies in none.
_Note = Callable[[Made, str, Path | None], None]


def export_signatures(
    slug: Annotated[str, typer.Argument(help="The campaign.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write; - for standard output.")],
    profile: Annotated[
        Profile | None, typer.Option(help="For whom the list is: delivery, if none is named.")
    ] = None,
    formats: Annotated[
        list[Format] | None,
        typer.Option("--format", help="The kind of file: csv, if none is named. Several make an archive (ZIP)."),
    ] = None,
    pack: Annotated[
        bool, typer.Option("--pack", help="With statement, manifest and signature, to be handed over.")
    ] = False,
    organisations: Annotated[
        bool,
        typer.Option(
            "--organisations",
            help="With the organisations that co-sign. Without --profile and --pack: these alone.",
        ),
    ] = False,
    on_paper: Annotated[bool, typer.Option("--paper", help="With the signatures on paper.")] = False,
    country: Annotated[list[str] | None, typer.Option(help="Only who signed from there (ES).")] = None,
    languages: Annotated[
        list[str] | None, typer.Option("--language", help="Only who signed in this language (es).")
    ] = None,
    since: Annotated[datetime | None, typer.Option(formats=_DAYS, help="Confirmed on this day or later.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=_DAYS, help="Confirmed on this day or before.")] = None,
    not_delivered: Annotated[
        bool, typer.Option("--not-delivered", help="Only who was in no delivery that is recorded.")
    ] = False,
    columns: Annotated[str | None, typer.Option(help="Only these, in this order: number,name,country.")] = None,
    headings: Annotated[
        str | None,
        typer.Option(help="The language of headings and countries; the campaign's own, if none is named."),
    ] = None,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin CSV with a byte order mark; Excel reads UTF-8 only so.")
    ] = False,
    letter: Annotated[bool, typer.Option("--letter", help="PDF for Letter rather than A4.")] = False,
    spell_out: Annotated[
        bool, typer.Option("--spell-out", help="In PDF, letters that no font has as their codes.")
    ] = False,
    cut_off: Annotated[
        datetime | None, typer.Option(formats=_MOMENTS, help="As of an earlier moment, in UTC.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why addresses are needed; it stands in the log. For contacts and full.")
    ] = None,
) -> None:
    """Write the confirmed signatures as a list: for the delivery names as each signer allowed, no addresses.

    The file appears under its name only when it is whole. That it was made stands in the campaign's log.

    Example: petitions export free-ana-sanchez --pack --format csv --format pdf -o pack.zip
    """
    plan = Plan(
        profile=profile or Profile.DELIVERY,
        formats=tuple(one for one in Format if one in (formats or [Format.CSV])),
        pack=pack,
        columns=tuple(part.strip() for part in columns.split(",")) if columns else (),
        countries=tuple(code.upper() for code in country or ()),
        languages=tuple(languages or ()),
        since=since.date() if since else None,
        until=until.date() if until else None,
        organisations=organisations,
        on_paper=on_paper,
        language=headings,
        bom=bom,
        paper=Paper.LETTER if letter else Paper.A4,
        spell_out=spell_out,
    )
    if plan.profile in _WITH_ADDRESSES and not (reason or "").strip():
        raise fail(f"A list with addresses needs --reason; it stands in the log of {slug}.", Exit.USAGE)
    if Format.PDF not in plan.formats:
        gc.disable()  # a million rows make no cycles, and looking for them costs a tenth of the time
    settings = read_settings()
    with opened_store(settings) as database:
        export = _Export(database, settings, slug, output, reason)
        if organisations and profile is None and not pack and not on_paper:
            export.run_organisations(plan)
        else:
            export.run(plan, cut_off, not_delivered=not_delivered)


class _Export:
    """One call of the command."""

    def __init__(
        self, database: Database, settings: Settings, slug: str, output: Path, reason: str | None
    ) -> None:
        self._database, self._settings, self._output, self._reason = database, settings, output, reason
        with database.reading() as session:
            self._campaign = get_snapshot(session, slug)

    def run(self, plan: Plan, cut_off: datetime | None, *, not_delivered: bool) -> None:
        """Signatures, and what else the plan names."""
        campaign = self._campaign
        if campaign.purge_began_at is not None:
            with self._database.reading() as session:
                count = find_count(session, campaign.id)
            raise fail(f"The data of the signers of {campaign.slug} are erased. Its count is {count}.", Exit.INPUT)
        if not_delivered:
            plan = replace(plan, without=self._find_delivered())
        try:
            plan = Plan.from_json(plan.to_json())
            check_plan(campaign, plan, self._reason)
        except (NotPossible, InvalidRequest) as error:
            raise fail(f"This list cannot be made: {error}.", Exit.USAGE) from None
        cut = self._cut(cut_off)

        def act(folder: Path, watcher: Watcher) -> Made:
            return make(self._database, campaign, plan, cut, folder, self._settings, watcher)

        def note(made: Made, sha256: str, file: Path | None) -> None:
            self._record(plan, cut, made, sha256, file)

        before = self._output.lstat() if self._output.is_file() else None
        made = self._write(act, note)
        if str(self._output) != "-" and self._output.is_file():
            self._settle(before)
            typer.echo(_reminder(campaign), err=True)
        _tell(f"{len(made.serials)} signatures")
        if made.paper_numbers:
            _tell(f"{len(made.paper_numbers)} signatures on paper")
        if made.organisations:
            _tell(f"{made.organisations} organisations")

    def run_organisations(self, plan: Plan) -> None:
        """What everybody sees, without anybody who speaks for them: nothing of it goes when the names of people
        go."""

        def act(folder: Path, watcher: Watcher) -> Made:
            database, campaign = self._database, self._campaign
            return make_organisations(database, campaign, plan, utc_now(), folder, self._settings, watcher)

        made = self._write(act, lambda _made, _sha256, _file: None)
        _tell(f"{made.organisations} organisations")

    def _find_delivered(self) -> tuple[UUID, ...]:
        with self._database.reading() as session:
            known, unknown = list_delivered(session, self._campaign.id)
        if unknown:
            numbers = ", ".join(map(str, unknown))
            _tell(f"Nobody knows who was in the deliveries that were recorded without a list: {numbers}.")
        return known

    def _cut(self, moment: datetime | None) -> Cut:
        now = utc_now()
        if moment is not None and moment.replace(tzinfo=UTC) > now:
            raise fail("--cut-off lies in the future.", Exit.USAGE)
        with self._database.reading() as session:
            if moment is None:
                return cut_now(session, self._campaign.id, now)
            return cut_at(session, self._campaign.id, moment.replace(tzinfo=UTC))

    def _write(self, act: Callable[[Path, Watcher], Made], note: _Note) -> Made:
        """Make everything, and then the file of it. It is noted before anybody has it: before the first byte where
        bytes cannot be taken back, else before the file appears under its name."""
        try:
            place = exports_folder(self._settings)
        except OSError as error:
            raise fail(f"PETITIONS_EXPORTS_DIR cannot be used: {error.strerror}.", Exit.SETTINGS) from None
        with whole_file(self._output) as out, work_in(place) as folder:
            try:
                with phase_bars() as bars:
                    made = act(folder, bars)
            except ScriptsWithoutFont as error:
                scripts = ", ".join(error.scripts)
                raise fail(
                    f"No font here has the letters of: {scripts}. Install Debian's fonts-noto-core and "
                    "fonts-noto-cjk or name a folder with fonts (see docs/delivery.md), or write the letters as "
                    "their codes with --spell-out.",
                    Exit.INPUT,
                ) from None
            except OSError as error:  # not the file's own folder: what it is made of lies here
                raise fail(
                    f"{place} (PETITIONS_EXPORTS_DIR) cannot be written: {error.strerror}. No file was made.",
                    Exit.INPUT,
                ) from None
            if out.unfinished is None:
                note(made, digest_of(made.read()), None)
            made.write_to(out)
            if out.unfinished is not None:
                out.flush()
                note(made, out.digest, out.unfinished)
            return made

    def _record(self, plan: Plan, cut: Cut, made: Made, sha256: str, file: Path | None) -> None:
        """Let the log say it, and the file go with the data of the signers; ends the command if they went
        meanwhile. `file` has no name yet; None: it goes to standard output or a device, and is not ours."""
        campaign, now = self._campaign, utc_now()
        said = describe_plan(plan) | {"cut_off": made.cut_off.isoformat(), "rows": made.rows, "sha256": sha256}
        if self._reason:
            said["why"] = self._reason
        try:
            with self._database.writing() as session:
                lock(session, campaign.id)
                record(session, COMMAND_LINE, "export.made", now, campaign.id, **said)
                remember(session, campaign.id, plan, cut, made, sha256, now)
                if file is not None:
                    record_export(session, campaign.id, self._output, file.stat(), made.rows, now)
        except CampaignPurged:
            raise self._erased("No file was made" if file is not None else "Nothing was written") from None

    def _settle(self, before: os.stat_result | None) -> None:
        """The file has its name. A purge that began just before did not find it there, so it goes now. `before`:
        what lay there."""
        try:
            with self._database.writing() as session:
                lock(session, self._campaign.id)
                if before is not None:
                    forget_replaced(session, self._campaign.id, self._output, before)
        except CampaignPurged:
            self._output.unlink(missing_ok=True)
            raise self._erased("No file was made") from None

    def _erased(self, what: str) -> Exception:
        return fail(f"The data of the signers of {self._campaign.slug} were erased meanwhile. {what}.", Exit.INPUT)


def _reminder(campaign: CampaignSnapshot) -> str:
    due_at = campaign.purge_due_at
    when = f"on {due_at:%Y-%m-%d}" if due_at else "when the data of the signers are erased"
    return f"The file holds names. Where it lies unchanged, it is deleted {when}; copies are yours to delete."


def _tell(words: str) -> None:
    print(words, file=sys.stderr)  # noqa: T201 - a command speaks to its user
