"""Who signs online after a sheet was typed, and has the name and city of somebody on it."""

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from petitions import log
from petitions.db import Database
from petitions.paper.judging import find_left, judge, look_before
from petitions.paper.locking import set_state
from petitions.paper.persons import find_online_since, steps
from petitions.signatures.models import Refusal, Signature, Tally
from petitions.signatures.paper import COUNTED, WAITING, PaperSignature

#: Names that are held in memory at once.
_AT_ONCE = 10_000


def compare_later(database: Database) -> None:
    """Look at the signatures that came since the last look, in every campaign with paper: of rows that count and
    have the name and city of one of them somebody is asked, and they go on counting until then: else whoever signs
    under a name would learn whether it stands on paper, and could push the number down. One about which somebody
    decided stays as it is. Rows that waited for one that was withdrawn are compared anew, and those wait whose
    address wants nothing of the campaign. The names are read without a lock; the tally is held for a few rows."""
    with database.reading() as session:
        query = select(Tally.campaign_id, Tally.compared_serial, Tally.last_serial).where(
            Tally.last_paper_number > 0, Tally.purging.is_(False)
        )
        due = session.execute(query.order_by(Tally.campaign_id)).all()
    for campaign_id, compared, last in due:
        if last > compared:
            with database.reading() as session:
                found = _find(session, campaign_id, compared, last)
            with database.writing() as session:
                asked = _ask(session, campaign_id, compared, last, found)
            if asked:
                log.info("paper_asked", campaign=campaign_id, rows=asked)
        _judge_left(database, campaign_id)
        _let_refused_wait(database, campaign_id)


def _find(session: Session, campaign_id: int, compared: int, last: int) -> dict[int, int]:
    """Numbers of rows that count and are undecided, with the first of these serials that is like each."""
    serials: dict[str, int] = {}
    found: dict[int, int] = {}

    def look() -> None:
        for some in steps(serials.keys()):
            query = select(PaperSignature.number, PaperSignature.person_key).where(
                PaperSignature.person_key.in_(some), *_unasked(campaign_id)
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


def _ask(session: Session, campaign_id: int, compared: int, last: int, found: dict[int, int]) -> int:
    tally = _lock(session, campaign_id)
    if tally is None or tally.compared_serial != compared:
        return 0  # another worker was faster
    tally.compared_serial = last
    rows = session.scalars(
        select(PaperSignature)
        .where(PaperSignature.number.in_(sorted(found)), *_unasked(campaign_id))
        .order_by(PaperSignature.number)
    ).all()
    for row in rows:
        row.like_serial = found[row.number]
    session.flush()
    return len(rows)


def _judge_left(database: Database, campaign_id: int) -> None:
    """The number on paper may rise here, once in the hour and not with the withdrawal."""
    with database.reading() as session:
        left = find_left(session, campaign_id)
        names = look_before(session, campaign_id, left)
    if left:
        with database.writing() as session:
            if (tally := _lock(session, campaign_id)) is not None:
                judge(session, tally, find_left(session, campaign_id), names)


def _let_refused_wait(database: Database, campaign_id: int) -> None:
    """Whoever reads the mail of an address says that they did not sign: somebody looks at the sheet."""
    is_refused = exists().where(
        Refusal.email_key == PaperSignature.email_key, Refusal.campaign_id == PaperSignature.campaign_id
    )
    query = (
        select(PaperSignature)
        .where(
            PaperSignature.campaign_id == campaign_id,
            PaperSignature.state == COUNTED,
            PaperSignature.decided_by.is_(None),
            PaperSignature.email_key.is_not(None),
            is_refused,
        )
        .order_by(PaperSignature.number)
    )
    with database.reading() as session:
        is_due = session.scalars(query.limit(1)).first() is not None
    if is_due:
        with database.writing() as session:
            if (tally := _lock(session, campaign_id)) is not None:
                for row in session.scalars(query).all():
                    set_state(tally, row, WAITING)


def _lock(session: Session, campaign_id: int) -> Tally | None:
    """None where the data are being erased."""
    query = select(Tally).where(Tally.campaign_id == campaign_id).with_for_update()
    tally = session.scalar(query.execution_options(populate_existing=True))
    return None if tally is None or tally.purging else tally


def _unasked(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    """Rows that count, and nobody is asked about them or has decided, or whoever was like them has withdrawn."""
    is_there = exists().where(
        Signature.campaign_id == PaperSignature.campaign_id, Signature.serial == PaperSignature.like_serial
    )
    return (
        PaperSignature.campaign_id == campaign_id,
        PaperSignature.state == COUNTED,
        PaperSignature.decided_by.is_(None),
        ~is_there,
    )
