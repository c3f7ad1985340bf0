"""Looking anew at stored rows, when what they repeated is gone, or when they say something else."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from petitions.paper.comparing import NO_NAMES, Found, Names, Person, compare, look_up_names, person_of
from petitions.paper.locking import set_state
from petitions.signatures.models import Tally
from petitions.signatures.paper import TWICE, WAITING, PaperSignature


def judge(session: Session, tally: Tally, rows: Sequence[PaperSignature], names: Names = NO_NAMES) -> None:
    """Let these rows be what they are beside all others that are stored, one after the other. What somebody
    decided about them is decided no more. What repeats them over others comes after them, and keeps what was
    decided: no row is compared with one that repeats it, so two are never each the repetition of the other. The
    tally is locked, and what goes is deleted already. `names` were looked up before the lock, where there may be
    many."""
    if not rows:
        return
    numbers = {row.number for row in rows}
    order = [*rows, *_find_over(session, tally.campaign_id, numbers)]
    persons = [_person_of(row) for row in order]
    if not names.looked.issuperset(person.key for person in persons):
        names = look_up_names(session, tally.campaign_id, persons, tally.last_serial)
    found = compare(session, tally.campaign_id, persons, names, but=[row.number for row in order])
    for row in order:
        if row.number in numbers or row.decided_by is None:
            _note(tally, row, found)
    session.flush()


def _find_over(session: Session, campaign_id: int, numbers: Collection[int]) -> Sequence[PaperSignature]:
    """Everything that repeats one of these, also over others; each row after the one that it repeats."""
    found: dict[int, PaperSignature] = {}
    new: Sequence[int] = sorted(numbers)
    while new:
        likes = find_likes(session, campaign_id, new)
        new = [row.number for row in likes if row.number not in found and row.number not in numbers]
        found |= {row.number: row for row in likes if row.number in new}
    return list(found.values())


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


def find_left(session: Session, campaign_id: int) -> Sequence[PaperSignature]:
    """Rows that wait because of one that is there no more: its signer withdrew."""
    other = aliased(PaperSignature)
    is_there = exists().where(
        other.campaign_id == PaperSignature.campaign_id, other.number == PaperSignature.like_number
    )
    query = (
        select(PaperSignature)
        .where(
            PaperSignature.campaign_id == campaign_id,
            PaperSignature.state == WAITING,
            PaperSignature.like_number.is_not(None),
            ~is_there,
        )
        .order_by(PaperSignature.number)
    )
    return session.scalars(query.execution_options(populate_existing=True)).all()


def may_wait_for(session: Session, row: PaperSignature) -> bool:
    """Whether the row that this one is like is there, and does not repeat this one, directly or over others."""
    seen, number = {row.number}, row.like_number
    while number is not None:
        like = session.get(PaperSignature, (row.campaign_id, number), populate_existing=True)
        if number in seen or (like is None and number == row.like_number):
            return False
        seen.add(number)
        number = like.like_number if like is not None and like.state in (WAITING, TWICE) else None
    return True


def _person_of(row: PaperSignature) -> Person:
    return person_of(row.number, row.name, row.city, row.email_key, row.sheet, row.line)


def _note(tally: Tally, row: PaperSignature, found: Mapping[int, Found]) -> None:
    one = found[row.number]
    if row.is_asked and one.state == WAITING and one.serial == row.like_serial:
        return  # nobody has said anything yet, so it goes on counting
    number = one.number if one.place is None else one.place
    set_state(tally, row, one.state, serial=one.serial, number=number)
    row.decided_by = None
