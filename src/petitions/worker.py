"""The worker: sends mail and does chores. Several may run on one store, also on several hosts."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from petitions import log
from petitions.abuse.forgetting import forget_networks
from petitions.abuse.proof import forget_spent
from petitions.accounts.forgetting import forget_logins
from petitions.accounts.letters import AccountLetters
from petitions.audit.sealing import seal
from petitions.backups import forget_old_backups
from petitions.campaigns.editing import campaign_titles
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.workshop import clear_up, make_lists
from petitions.mail import outbox
from petitions.mail.letters import LetterBuilder
from petitions.mail.pace import Pace
from petitions.mail.sending import Sender
from petitions.mail.transport import FolderTransport, SmtpTransport, Transport
from petitions.mail.waiting import wait_for_event
from petitions.moderation.running import run_jobs
from petitions.organisations.expiring import drop_expired_requests
from petitions.organisations.letters import OrganisationLetters
from petitions.organisations.renewing import ask_for_renewals
from petitions.privacy.purging import purge_due
from petitions.settings import Settings
from petitions.signatures.crediting import release_earned
from petitions.signatures.expiring import drop_expired_drafts, forget_draft_networks
from petitions.signatures.letters import SignerLetters
from petitions.signatures.refusing import find_refusals
from petitions.signatures.reminding import remind
from petitions.signatures.rollups import roll_up
from petitions.signatures.withdrawing import forget_withdrawals
from petitions.tokens import Tokens
from petitions.watching.alerts import forget_alerts
from petitions.watching.flows import show_sources
from petitions.watching.letters import AlertLetters
from petitions.watching.mails import watch_mails
from petitions.watching.trends import watch_trends
from petitions.watching.waiting import check_counts, count_waiting


@dataclass(frozen=True)
class Chore:
    """Something done again and again, in a thread. Several workers may do it at the same time."""

    name: str
    every: timedelta
    run: Callable[[Database, datetime], object]


PURGE_OUTBOX = Chore("purge_outbox", timedelta(hours=1), outbox.purge)


CHORES = (
    Chore("roll_up", timedelta(seconds=2), roll_up),
    Chore("seal", timedelta(seconds=2), seal),
    Chore("remind", timedelta(minutes=5), remind),
    Chore("drop_expired_drafts", timedelta(hours=1), drop_expired_drafts),
    Chore("drop_expired_requests", timedelta(hours=1), drop_expired_requests),
    Chore("ask_for_renewals", timedelta(minutes=1), ask_for_renewals),
    Chore("forget_draft_networks", timedelta(hours=1), forget_draft_networks),
    Chore("forget_old_backups", timedelta(hours=6), forget_old_backups),
    Chore("scrub", timedelta(hours=1), lambda database, _now: database.scrub()),
    Chore("compact", timedelta(days=1), lambda database, _now: database.scrub(compact=True)),
    Chore("forget_withdrawals", timedelta(hours=1), forget_withdrawals),
    Chore("forget_spent", timedelta(minutes=10), forget_spent),
    Chore("forget_networks", timedelta(hours=1), forget_networks),
    Chore("forget_logins", timedelta(hours=1), forget_logins),
    Chore("watch_mails", timedelta(seconds=10), watch_mails),
    Chore("show_sources", timedelta(minutes=1), show_sources),
    Chore("count_waiting", timedelta(minutes=1), count_waiting),
    Chore("check_counts", timedelta(hours=1), check_counts),
    Chore("forget_alerts", timedelta(days=1), forget_alerts),
)


async def work(settings: Settings, database: Database, stop: asyncio.Event) -> None:
    """Everything that a worker of this installation does, until `stop` is set."""
    tokens = Tokens(settings.secret_keys)
    letters = SignerLetters(settings.base_url, tokens)
    accounts = AccountLetters(settings.base_url, tokens, campaign_titles)
    organisations = OrganisationLetters(settings.base_url, tokens, find_refusals)
    builders = {
        **letters.builders(),
        **organisations.builders(),
        **accounts.builders(),
        **AlertLetters(settings.base_url).builders(),
    }
    trends = Chore("watch_trends", timedelta(minutes=1), partial(watch_trends, email_key=settings.email_key))
    earned = Chore(
        "release_earned", timedelta(seconds=20), partial(release_earned, domain_credit=settings.domain_credit)
    )
    # Every hour rather than every day, so that nobody's data outlive the day that the privacy page names.
    purge = Chore("purge", timedelta(hours=1), partial(purge_due, stop=stop.is_set))
    jobs = Chore("run_jobs", timedelta(seconds=2), partial(run_jobs, stop=stop.is_set))
    lists = Chore("clear_up_lists", timedelta(minutes=10), partial(clear_up, settings=settings))
    chores = (*CHORES, purge, jobs, earned, trends, lists)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(make_lists(settings, database, stop))
        tasks.create_task(run_worker(settings, database, builders, chores, stop))


async def run_worker(
    settings: Settings,
    database: Database,
    builders: Mapping[str, LetterBuilder],
    chores: Sequence[Chore],
    stop: asyncio.Event,
    pace: Pace | None = None,
) -> None:
    """Send mail and do the chores (and the outbox's own) until `stop` is set."""
    make_transport = choose_transport(settings)
    async with asyncio.TaskGroup() as tasks:
        for chore in (*chores, PURGE_OUTBOX):
            tasks.create_task(_repeat(chore, database, stop))
        if make_transport is None:
            log.warning("mail_not_configured")
        else:
            sender = Sender(database, make_transport, builders, settings, pace)
            tasks.create_task(sender.run(stop))


def choose_transport(settings: Settings) -> Callable[[], Transport] | None:
    """Makes one way out of those the settings name; None without any, and then mails wait."""
    folder, server = settings.mailbox_dir, settings.smtp
    if folder is not None:
        return lambda: FolderTransport(folder)
    if server is not None:
        return lambda: SmtpTransport(server, settings.mail_from)
    return None


async def _repeat(chore: Chore, database: Database, stop: asyncio.Event) -> None:
    """Do the chore at the start and then every so often. An error is logged, and the next turn comes."""
    while not stop.is_set():
        try:
            await asyncio.to_thread(chore.run, database, utc_now())
        except Exception as error:
            log.error("chore_failed", error, chore=chore.name)
        await wait_for_event(stop, chore.every.total_seconds())
