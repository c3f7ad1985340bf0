"""Purging a campaign: its personal data are erased for good, and the count and the totals by country stay.

Rows go in small transactions, each short enough that signing elsewhere on the store does not notice, and each
whole: a purge that was killed is simply run again, and ends as if nothing had happened. From its first
transaction on the campaign is closed for good, for with the keys of the addresses goes what keeps anybody from
being counted twice.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, literal, select, tuple_, update
from sqlalchemy.orm import Session

from petitions import log
from petitions.abuse.models import DomainCount, RuleList
from petitions.backups import forget_backups
from petitions.batches import Batches
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import find_due_for_purge
from petitions.db import Database
from petitions.delivery import purging as delivery
from petitions.delivery.exports import delete_exports, has_exports
from petitions.mail.models import Outbox
from petitions.moderation.jobs import end_all
from petitions.moderation.models import Job, Moderation
from petitions.organisations import purging as organisations
from petitions.organisations.counting import hold
from petitions.paper import purging as paper
from petitions.signatures.models import (
    Draft,
    Refusal,
    Signature,
    SignatureWord,
    Tally,
    TallyPart,
    UnlistedWord,
    Withdrawal,
)
from petitions.signatures.rollups import roll_up_step
from petitions.watching.models import Alert, HourlyFlow, SourceCount

#: How often the store's log is tried to be emptied while others read it, and the seconds between.
_SCRUBS, _SCRUB_PAUSE = 40, 0.25


@dataclass
class Report:
    """What a purge of one campaign did."""

    slug: str
    done: bool = False  # False: it was told to stop, and has to be run again
    erased: int = 0  # signatures, in this run
    longest_hold: float = 0.0  # seconds for which a batch held the write lock
    files_left: list[str] = field(default_factory=list)  # with names in them, that may still lie somewhere
    backups_deleted: int = 0


Progress = Callable[[int], None]


def purge_due(
    database: Database,
    now: datetime,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda rows: None,
) -> list[Report]:
    """Purge every campaign whose time has come, and those whose purge was broken off. `stop` is asked between
    batches; `progress` is told the signatures of each batch."""
    with database.reading() as session:
        due = [campaign_id for campaign_id in find_due_for_purge(session, now) if _is_left(session, campaign_id)]
    reports = []
    failure: Exception | None = None
    for campaign_id in due:
        if stop():
            break
        try:
            with database.writing() as session:
                slug = _begin(session, campaign_id, now, only_if_due=True)
            if slug is not None:
                reports.append(_go_on(database, campaign_id, Report(slug), now, stop, progress))
        except Exception as error:  # one campaign must not keep the others from their purge
            failure = error
    if failure is not None:
        raise failure
    return reports


def purge(
    database: Database,
    campaign_id: int,
    now: datetime,
    stop: Callable[[], bool] = lambda: False,
    progress: Progress = lambda rows: None,
) -> Report:
    """Erase the personal data of one campaign, whether its time has come or not. Again: what is left of it."""
    with database.writing() as session:
        slug = _begin(session, campaign_id, now, only_if_due=False)
    assert slug is not None
    return _go_on(database, campaign_id, Report(slug), now, stop, progress)


def _go_on(
    database: Database,
    campaign_id: int,
    report: Report,
    now: datetime,
    stop: Callable[[], bool],
    progress: Progress,
) -> Report:
    """What comes after the beginning. That it is done is noted last: whoever is killed before does it again."""
    batches = Batches(database, stop)
    for rows in _erase(batches, campaign_id):
        report.erased += rows
        report.longest_hold = batches.longest_hold
        progress(rows)
    report.longest_hold = batches.longest_hold
    if batches.stopped:
        log.info("purge_stopped", campaign=report.slug, signatures=report.erased)
        return report
    report.files_left = delete_exports(database, campaign_id)
    with database.reading() as session:
        is_first = session.get_one(Campaign, campaign_id).purged_at is None
    if is_first:  # copies that are made later hold nobody
        report.backups_deleted, copies_left = forget_backups(database)
        report.files_left += copies_left
    for place in report.files_left:  # the worker has nobody else to tell
        log.warning("export_left", campaign=report.slug, place=place)
    _scrub(database)
    with database.writing() as session:
        campaign = session.get_one(Campaign, campaign_id)
        campaign.purged_at = campaign.purged_at or now
    report.done = True
    log.info("purged", campaign=report.slug, signatures=report.erased, files_left=len(report.files_left))
    return report


def _scrub(database: Database) -> None:
    """Take what was erased out of the store's files too, however many read meanwhile."""
    done = database.scrub(compact=True)
    for _ in range(_SCRUBS):
        if done:
            return
        time.sleep(_SCRUB_PAUSE)
        done = database.scrub()
    log.warning("scrub_waits")  # for somebody who reads for long; the worker does it within the hour


def _begin(session: Session, campaign_id: int, now: datetime, *, only_if_due: bool) -> str | None:
    """Close the campaign for good; its slug. Whoever confirms afterwards sees it in the tally, under its lock.
    None where it must be due and is not: its closing was put off while other campaigns were purged."""
    session.execute(select(Tally.counted).where(Tally.campaign_id == campaign_id).with_for_update())
    hold(session, campaign_id)  # and who asks for an organisation
    campaign = session.get_one(Campaign, campaign_id, with_for_update={"key_share": True})
    if only_if_due and campaign_id not in find_due_for_purge(session, now):
        return None
    session.execute(update(Tally).where(Tally.campaign_id == campaign_id).values(purging=True))
    end_all(session, campaign_id, now)
    delivery.end_all(session, campaign_id, now)
    if campaign.purge_began_at is None:
        campaign.purge_began_at = now
        campaign.closes_at = min(now, campaign.closes_at or now)
    return campaign.slug


def _erase(batches: Batches, campaign_id: int) -> Iterator[int]:
    """Erase everything personal of a campaign; yields the signatures of each batch."""

    def roll_up(session: Session, _most: int) -> int | None:
        return 0 if roll_up_step(session, campaign_id) else None

    def words(session: Session, most: int) -> int | None:
        return _erase_words(session, SignatureWord, campaign_id, most)

    def unlisted(session: Session, most: int) -> int | None:
        return _erase_words(session, UnlistedWord, campaign_id, most)

    def signatures(session: Session, most: int) -> int | None:
        return _erase_signatures(session, campaign_id, most)

    def contacts(session: Session, most: int) -> int | None:
        return organisations.erase_contacts(session, campaign_id, most)

    def on_paper(session: Session, most: int) -> int | None:
        return paper.erase(session, campaign_id, most)

    def lists(session: Session, most: int) -> int | None:
        return delivery.erase(session, campaign_id, most)

    yield from batches.run(roll_up)  # the totals by country must know every row before it goes
    yield from batches.run(words)  # first the search and the list, which the public sees
    yield from batches.run(signatures)
    yield from batches.run(words)  # of names that were changed meanwhile
    yield from batches.run(unlisted)
    yield from batches.run(contacts)
    yield from batches.run(on_paper)
    yield from batches.run(lists)
    for table, key in _OTHERS:
        yield from batches.run(_eraser(table, key, campaign_id))
    with batches.database.writing() as session:  # a few rows
        session.execute(delete(RuleList).where(RuleList.scope == campaign_id))
        by_hour = (TallyPart.campaign_id == campaign_id, TallyPart.dimension == "hour")
        session.execute(delete(TallyPart).where(*by_hour))
    yield from batches.run(_mail_eraser(batches.database, campaign_id))


def _erase_words(
    session: Session, table: type[SignatureWord | UnlistedWord], campaign_id: int, most: int
) -> int | None:
    key = tuple_(table.word, table.serial)
    these = select(table.word, table.serial).where(table.campaign_id == campaign_id)
    last = session.execute(these.order_by(*key).limit(most)).all()
    if not last:
        return None
    upto = tuple_(literal(last[-1].word), literal(last[-1].serial))
    session.execute(delete(table).where(table.campaign_id == campaign_id, key <= upto))
    return 0


def _erase_signatures(session: Session, campaign_id: int, most: int) -> int | None:
    """The oldest signatures; the tally notes how many of them go on being counted."""
    session.execute(select(Tally.counted).where(Tally.campaign_id == campaign_id).with_for_update())
    of_campaign = Signature.campaign_id == campaign_id
    rows = session.execute(
        select(Signature.serial, Signature.removed_at).where(of_campaign).order_by(Signature.serial).limit(most)
    ).all()
    if not rows:
        return None
    session.execute(delete(Signature).where(of_campaign, Signature.serial <= rows[-1].serial))
    counted = sum(row.removed_at is None for row in rows)
    session.execute(update(Tally).where(Tally.campaign_id == campaign_id).values(purged=Tally.purged + counted))
    return len(rows)


#: What else is kept of people, and the column by which a row of a campaign is found.
_OTHERS: Sequence[tuple[Any, Any]] = (
    (Draft, Draft.id),
    (Refusal, Refusal.email_key),
    (Withdrawal, Withdrawal.id),
    (Moderation, Moderation.signature_id),
    (Job, Job.id),
    (DomainCount, DomainCount.domain),
    (Alert, Alert.id),
    (SourceCount, SourceCount.key),
    (HourlyFlow, HourlyFlow.hour),
)


def _eraser(table: Any, key: Any, campaign_id: int) -> Callable[[Session, int], int | None]:
    """Erases what there is, without waiting for those who go on sending: what they add is swept later."""
    was_last = False

    def erase(session: Session, most: int) -> int | None:
        nonlocal was_last
        of_campaign = table.campaign_id == campaign_id
        keys = session.scalars(select(key).where(of_campaign).limit(most)).all() if not was_last else ()
        if not keys:
            return None
        session.execute(delete(table).where(of_campaign, key.in_(keys)))
        was_last = len(keys) < most
        return 0

    return erase


def _mail_eraser(database: Database, campaign_id: int) -> Callable[[Session, int], int | None]:
    """Mails are found in one look without a lock, for no index serves it: other campaigns may have many."""
    with database.reading() as session:
        ids = list(session.scalars(select(Outbox.id).where(Outbox.campaign_id == campaign_id)))

    def erase(session: Session, most: int) -> int | None:
        some = [ids.pop() for _ in range(min(most, len(ids)))]
        if not some:
            return None
        session.execute(delete(Outbox).where(Outbox.id.in_(some)))
        return 0

    return erase


def _is_left(session: Session, campaign_id: int) -> bool:
    """Whether a purge of the campaign has anything to do."""
    if session.get_one(Campaign, campaign_id).purged_at is None:
        return True
    if has_exports(session, campaign_id):
        return True
    if session.get(RuleList, campaign_id) is not None or organisations.has_contacts(session, campaign_id):
        return True
    if paper.is_left(session, campaign_id) or delivery.is_left(session, campaign_id):
        return True
    tables: tuple[Any, ...] = (Signature, SignatureWord, UnlistedWord, Outbox, *(table for table, _key in _OTHERS))
    return any(session.scalar(select(literal(1)).where(t.campaign_id == campaign_id).limit(1)) for t in tables)
