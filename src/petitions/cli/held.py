"""petitions held …: drafts that wait for somebody's look."""

from collections.abc import Callable
from typing import Annotated, TypeVar
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from petitions.campaigns.queries import get_snapshot
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.clock import utc_now
from petitions.signatures import holding
from petitions.signatures.holding import HeldDraft

T = TypeVar("T")

app = typer.Typer(help="Drafts that are held back: no mail was sent for them yet.", no_args_is_help=True)

Slug = Annotated[str, typer.Argument(help="The campaign.")]
Ids = Annotated[list[UUID] | None, typer.Argument(help="Drafts, as `held list` shows them.")]
All = Annotated[bool, typer.Option("--all", help="Every held draft that matches.")]
Network = Annotated[str | None, typer.Option(help="With --all: only this network, as `held list` shows it.")]
Reason = Annotated[str | None, typer.Option(help="With --all: only this reason, honeypot or rate.")]


@app.command("list")
def list_held(slug: Slug) -> None:
    """Show held drafts: id, reason, network, time, country, domain of the address, name; tab-separated.

    Example: petitions held list free-ana-sanchez
    """
    with opened_store(read_settings()) as database, database.reading() as session:
        get_snapshot(session, slug)
        after: UUID | None = None
        while drafts := holding.list_held(session, slug, after):
            after = drafts[-1].id
            for draft in drafts:
                shown = (draft.reason, draft.network or "-", f"{draft.created_at:%Y-%m-%dT%H:%M:%SZ}")
                typer.echo(
                    "\t".join((str(draft.id), *shown, draft.country, draft.email_domain, draft.name or "-"))
                )


@app.command()
def release(
    slug: Slug, ids: Ids = None, all_: All = False, network: Network = None, reason: Reason = None
) -> None:
    """Let held drafts go on: their confirm mails go out. Those stay whose addresses got too many mails today.

    Example: petitions held release free-ana-sanchez --all --network 1f6e9a02
    """
    now = utc_now()
    steps = _each_step(
        slug, ids, all_, network, reason, lambda session, some: holding.release(session, slug, some, now)
    )
    released, kept_back = sum(step.released for step in steps), sum(step.kept_back for step in steps)
    kept = f", {kept_back} kept back: their addresses got too many mails today" if kept_back else ""
    typer.echo(f"{released} released{kept}")


@app.command()
def drop(slug: Slug, ids: Ids = None, all_: All = False, network: Network = None, reason: Reason = None) -> None:
    """Delete held drafts for good.

    Example: petitions held drop free-ana-sanchez --all --reason honeypot
    """
    steps = _each_step(slug, ids, all_, network, reason, lambda session, some: holding.drop(session, slug, some))
    typer.echo(f"{sum(steps)} dropped")


def _each_step(
    slug: str,
    ids: list[UUID] | None,
    all_: bool,
    network: str | None,
    reason: str | None,
    act: Callable[[Session, list[UUID]], T],
) -> list[T]:
    """Act on the drafts that were meant, in short transactions. What each did."""
    if bool(ids) == all_:
        raise fail("Name the drafts, or give --all.", Exit.USAGE)
    if not all_ and (network is not None or reason is not None):
        raise fail("--network and --reason choose among --all; drafts that are named are meant.", Exit.USAGE)
    done = []
    with opened_store(read_settings()) as database:
        with database.reading() as session:
            get_snapshot(session, slug)
            chosen = list(ids or [])
            after: UUID | None = None
            while all_ and (drafts := holding.list_held(session, slug, after)):
                after = drafts[-1].id
                chosen += [draft.id for draft in drafts if _matches(draft, network, reason)]
        for start in range(0, len(chosen), holding.STEP):
            with database.writing() as session:
                done.append(act(session, chosen[start : start + holding.STEP]))
    return done


def _matches(draft: HeldDraft, network: str | None, reason: str | None) -> bool:
    return network in (None, draft.network) and reason in (None, draft.reason)
