"""Looking anew at stored rows, when what they repeated is gone, or when they say something else."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.paper.comparing import NO_NAMES, Found, Names, Person, compare, look_up_names, person_of
from petitions.paper.locking import set_state
from petitions.signatures.models import Tally
from petitions.signatures.paper import TWICE, WAITING, PaperSignature


def judge(session: Session, tally: Tally, rows: Sequence[PaperSignature], names: Names = NO_NAMES) -> None:
    """Let these rows, in the order of their numbers, be what they are beside all others that are stored. What
    somebody decided about them is decided no more. The tally is locked, and what goes is deleted already. `names`
    were looked up before the lock, where there may be many."""
    if not rows:
        return
    persons = [_person_of(row) for row in rows]
    if not names.looked.issuperset(person.key for person in persons):
        names = look_up_names(session, tally.campaign_id, persons, tally.last_serial)
    found = compare(session, tally.campaign_id, persons, names, but=[row.number for row in rows])
    for row in rows:
        _note(tally, row, found)
    session.flush()


def look_before(session: Session, campaign_id: int, rows: Sequence[PaperSignature]) -> Names:
    """The names of rows that will be judged anew; nothing is locked."""
    last_serial = session.scalar(select(Tally.last_serial).where(Tally.campaign_id == campaign_id)) or 0
    return look_up_names(session, campaign_id, [_person_of(row) for row in rows], last_serial)


def find_likes(session: Session, campaign_id: int, numbers: Sequence[int]) -> Sequence[PaperSignature]:
    """The rows that repeat one of these, or wait because they may; without these themselves."""
    query = (
        select(PaperSignature)
        .where(
            PaperSignature.campaign_id == campaign_id,
            PaperSignature.like_number.in_(numbers),
            PaperSignature.state.in_((WAITING, TWICE)),
            PaperSignature.number.not_in(numbers),
        )
        .order_by(PaperSignature.number)
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def _person_of(row: PaperSignature) -> Person:
    return person_of(row.number, row.name, row.city, row.email_key, row.sheet, row.line)


def _note(tally: Tally, row: PaperSignature, found: Mapping[int, Found]) -> None:
    one = found[row.number]
    number = one.number if one.place is None else one.place
    set_state(tally, row, one.state, serial=one.serial, number=number)
    row.decided_by = None
