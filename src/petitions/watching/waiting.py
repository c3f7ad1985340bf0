"""The honest count: what became of everything, and how many drafts wait for their button or are held, as of the
hour, for a live figure would tell who just signed or withdrew; and whether the tally is what the rows say."""

from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from petitions import log
from petitions.db import Database
from petitions.organisations import counting as organisations
from petitions.organisations.models import OrganisationTally
from petitions.paper import counting as paper
from petitions.paper.later import compare_later
from petitions.signatures.counting import recount
from petitions.signatures.models import Draft, Tally
from petitions.signatures.reckoning import find_reckoning
from petitions.watching.alerts import DRIFT, Trend, store_alerts
from petitions.watching.flows import hour_of

#: Below it nothing is told but that there are fewer.
LEAST = 10
#: A tally that was held against its rows so long ago is due again.
_RECOUNTED_EVERY = timedelta(hours=20)


def count_waiting(database: Database, now: datetime) -> None:
    """Once in each hour, note for every campaign what is told of its count, how many drafts wait and how many are
    held, after a look at who of those on paper may have signed online since. A new campaign has its first look at
    once."""
    before = Tally.looked_at.is_(None) | (Tally.looked_at < hour_of(now))
    with database.reading() as session:
        due = session.scalars(select(Tally.campaign_id).where(before).order_by(Tally.campaign_id)).all()
    if due:
        compare_later(database)
    for campaign_id in due:
        of_campaign = select(func.count()).select_from(Draft).where(Draft.campaign_id == campaign_id)
        with database.reading() as session:
            waiting = session.scalar(of_campaign.where(Draft.held_reason.is_(None))) or 0
            held = session.scalar(of_campaign.where(Draft.held_reason.is_not(None))) or 0
            reckoned = find_reckoning(session, campaign_id).to_json()
        values = {"waiting": rounded(waiting), "held": rounded(held), "reckoned": reckoned, "looked_at": now}
        with database.writing() as session:  # a second worker may have looked meanwhile: once an hour is enough
            session.execute(update(Tally).where(Tally.campaign_id == campaign_id, before).values(values))


def rounded(count: int) -> int:
    """To tens; 0 for fewer than LEAST."""
    return (count + 5) // 10 * 10 if count >= LEAST else 0


def check_counts(database: Database, now: datetime) -> None:
    """Once a day, hold every tally against its rows, and note what came of it. Nothing is repaired: a count that
    is wrong is logged, and the owners are told."""
    with database.reading() as session:
        before = (Tally.recounted_at.is_(None)) | (Tally.recounted_at < now - _RECOUNTED_EVERY)
        due = session.scalars(select(Tally.campaign_id).where(before).order_by(Tally.campaign_id)).all()
    for campaign_id in due:
        with database.reading() as session:
            drift = recount(session, campaign_id, now, repair=False).drift
            of_organisations = organisations.recount(session, campaign_id, repair=False)
            on_paper = paper.recount(session, campaign_id, repair=False)
        with database.writing() as session:
            values = {"recounted_at": now, "drift": drift}
            session.execute(update(Tally).where(Tally.campaign_id == campaign_id).values(values))
            of_campaign = OrganisationTally.campaign_id == campaign_id
            session.execute(update(OrganisationTally).where(of_campaign).values(drift=of_organisations))
            found = {"count_drifts": drift, "organisations_drift": of_organisations, "paper_drifts": on_paper}
            for event, wrong in found.items():
                if wrong:
                    log.error(event, campaign=campaign_id, drift=wrong)
            worst = max(map(abs, found.values()))
            if worst:
                store_alerts(session, campaign_id, [Trend(DRIFT, bytes(16), None, worst)], now)
