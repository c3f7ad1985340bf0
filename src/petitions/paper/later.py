"""Who signs online after a sheet was typed, and has the name and city of somebody on it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions import log
from petitions.db import Database
from petitions.paper.locking import set_state
from petitions.paper.persons import find_online_since, steps
from petitions.signatures.models import Tally
from petitions.signatures.paper import COUNTED, WAITING, PaperSignature

#: Names that are held in memory at once.
_AT_ONCE = 10_000


def compare_later(database: Database) -> None:
    """Look at the signatures that came since the last look, in every campaign with paper: rows that count and have
    the name and city of one of them wait for somebody's decision. One about which somebody decided stays as it is.
    The names are read without a lock; the tally is held for a few rows."""
    with database.reading() as session:
        query = select(Tally.campaign_id, Tally.compared_serial, Tally.last_serial).where(
            Tally.paper > 0, Tally.purging.is_(False), Tally.last_serial > Tally.compared_serial
        )
        due = session.execute(query.order_by(Tally.campaign_id)).all()
    for campaign_id, compared, last in due:
        with database.reading() as session:
            found = _find(session, campaign_id, compared, last)
        with database.writing() as session:
            marked = _mark(session, campaign_id, compared, last, found)
        if marked:
            log.info("paper_waits", campaign=campaign_id, rows=marked)


def _find(session: Session, campaign_id: int, compared: int, last: int) -> dict[int, int]:
    """Numbers of rows that count and are undecided, with the first of these serials that is like each."""
    serials: dict[str, int] = {}
    found: dict[int, int] = {}

    def look() -> None:
        for some in steps(serials.keys()):
            query = select(PaperSignature.number, PaperSignature.person_key).where(
                PaperSignature.campaign_id == campaign_id,
                PaperSignature.person_key.in_(some),
                PaperSignature.state == COUNTED,
                PaperSignature.decided_by.is_(None),
            )
            for number, key in session.execute(query):
                found.setdefault(number, serials[key])
        serials.clear()

    for key, serial in find_online_since(session, campaign_id, compared, last):
        serials.setdefault(key, serial)
        if len(serials) >= _AT_ONCE:
            look()
    look()
    return found


def _mark(session: Session, campaign_id: int, compared: int, last: int, found: dict[int, int]) -> int:
    query = select(Tally).where(Tally.campaign_id == campaign_id).with_for_update()
    tally = session.scalar(query.execution_options(populate_existing=True))
    if tally is None or tally.purging or tally.compared_serial != compared:
        return 0  # another worker was faster
    tally.compared_serial = last
    rows = session.scalars(
        select(PaperSignature)
        .where(
            PaperSignature.campaign_id == campaign_id,
            PaperSignature.number.in_(sorted(found)),
            PaperSignature.state == COUNTED,
            PaperSignature.decided_by.is_(None),
        )
        .order_by(PaperSignature.number)
    ).all()
    for row in rows:
        set_state(tally, row, WAITING, serial=found[row.number])
    session.flush()
    return len(rows)
