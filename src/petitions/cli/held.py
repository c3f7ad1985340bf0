"""petitions held …: drafts that wait for somebody's look."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from petitions.campaigns.queries import get_snapshot
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.clock import utc_now
from petitions.signatures import holding
from petitions.signatures.holds import REASONS
from petitions.signatures.queue import HeldDraft, list_held

T = TypeVar("T")

app = typer.Typer(help="Drafts that are held back: no mail was sent for them yet.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(help="The campaign.")]
Ids = Annotated[list[UUID] | None, typer.Argument(help="Drafts, as `held list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="Every held draft that matches.")]
Network = Annotated[str | None, typer.Option(help="With --all: only this network, as `held list` shows it.")]
Reason = Annotated[str | None, typer.Option(help=f"With --all: only this reason, one of {', '.join(REASONS)}.")]
For = Annotated[
    str | None,
    typer.Option("--for", help="With --all: only what is held for this, as `held list` shows it at the end."),
]


@app.command("list")
def list_drafts(slug: Slug) -> None:
    """Show held drafts: id, reason, network, time, country, domain of the address, name, and what they are held
    for; tab-separated.

    Example: petitions held list free-ana-sanchez
    """
    with opened_store(read_settings()) as database, database.reading() as session:
        campaign_id = get_snapshot(session, slug).id
        after: UUID | None = None
        while drafts := list_held(session, campaign_id, after=after, limit=holding.STEP):
            after = drafts[-1].id
            for draft in drafts:
                shown = (draft.reason, draft.network or "-", f"{draft.created_at:%Y-%m-%dT%H:%M:%SZ}")
                said = (draft.country, draft.email_domain, draft.name or "-", draft.by or "-")
                typer.echo("\t".join((str(draft.id), *shown, *said)))


@app.command()
def release(
    slug: Slug,
    ids: Ids = None,
    all_: All = False,
    network: Network = None,
    reason: Reason = None,
    by: For = None,
) -> None:
    """Let held drafts go on: their confirm mails go out. Those stay whose addresses got too many mails today.

    Example: petitions held release free-ana-sanchez --all --network 1f6e9a02
    """
    now, wanted = utc_now(), _Wanted(ids or [], all_, network, reason, by)
    steps = _each_step(slug, wanted, lambda session, campaign, some: holding.release(session, campaign, some, now))
    released, kept_back = sum(step.released for step in steps), sum(step.kept_back for step in steps)
    kept = f", {kept_back} kept back: their addresses got too many mails today" if kept_back else ""
    typer.echo(f"{released} released{kept}")


@app.command()
def drop(
    slug: Slug,
    ids: Ids = None,
    all_: All = False,
    network: Network = None,
    reason: Reason = None,
    by: For = None,
) -> None:
    """Delete held drafts for good.

    Example: petitions held drop free-ana-sanchez --all --reason domain --for spam.example
    """
    steps = _each_step(slug, _Wanted(ids or [], all_, network, reason, by), holding.drop)
    typer.echo(f"{sum(steps)} dropped")


@dataclass(frozen=True)
class _Wanted:
    """Which drafts are meant: those named, or all that match."""

    ids: list[UUID]
    all_: bool
    network: str | None
    reason: str | None
    by: str | None

    def check(self) -> None:
        if bool(self.ids) == self.all_:
            raise fail("Name the drafts, or give --all.", Exit.USAGE)
        if not self.all_ and (self.network, self.reason, self.by) != (None, None, None):
            raise fail(
                "--network, --reason and --for choose among --all; drafts that are named are meant.", Exit.USAGE
            )
        if self.reason is not None and self.reason not in REASONS:
            raise fail(f"Reasons are {', '.join(REASONS)}.", Exit.USAGE)

    def matches(self, draft: HeldDraft) -> bool:
        return (
            self.network in (None, draft.network)
            and self.reason in (None, draft.reason)
            and self.by in (None, draft.by)
        )


def _each_step(slug: str, wanted: _Wanted, act: Callable[[Session, int, list[UUID]], T]) -> list[T]:
    """Act on the drafts that were meant, in short transactions. What each did."""
    wanted.check()
    done = []
    with opened_store(read_settings()) as database:
        with database.reading() as session:
            campaign_id = get_snapshot(session, slug).id
            chosen, after = wanted.ids, None
            while wanted.all_ and (drafts := list_held(session, campaign_id, after=after, limit=holding.STEP)):
                after = drafts[-1].id
                chosen += [draft.id for draft in drafts if wanted.matches(draft)]
        for start in range(0, len(chosen), holding.STEP):
            with database.writing() as session:
                done.append(act(session, campaign_id, chosen[start : start + holding.STEP]))
    return done
