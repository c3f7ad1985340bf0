"""What a row of a sheet is: somebody new, somebody who signed online or on another sheet, or perhaps one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import Table, select, tuple_
from sqlalchemy.orm import Session

from petitions.paper.persons import find_online, find_online_since, person_key, steps
from petitions.signatures.models import Refusal, Signature
from petitions.signatures.paper import COUNTED, ONLINE, TWICE, WAITING, PaperSignature

_paper = cast("Table", PaperSignature.__table__).c
_signatures = cast("Table", Signature.__table__).c


@dataclass(frozen=True)
class Person:
    """What is compared of a row. `place`: its line in the file, or its number where it is stored."""

    place: int
    name: str = field(repr=False)
    key: str = field(repr=False)  # of name and city
    email_key: bytes | None = field(repr=False)
    sheet: int | None
    line: int | None


@dataclass(frozen=True)
class Found:
    """The state of a row, and of whom it is, or may be, a repetition."""

    state: str
    serial: int | None = None  # an online signature
    number: int | None = None  # a row on paper that is stored
    place: int | None = None  # a row of the same list
    is_same_line: bool = False  # it stands on the same line of the same sheet
    is_refused: bool = False  # its address wants nothing of the campaign, or is off its list for good


NEW = Found(COUNTED)


def person_of(
    place: int, name: str, city: str | None, email_key: bytes | None, sheet: int | None, line: int | None
) -> Person:
    """A row, as it is compared."""
    return Person(place, name, person_key(name, city), email_key, sheet, line)


@dataclass(frozen=True)
class Names:
    """Online signatures with the names and cities of a list, looked up before anybody has to wait for it."""

    serials: Mapping[str, int]  # by keys of persons
    through: int  # the last serial that was looked at
    looked: frozenset[str]  # keys of everybody who was looked for


NO_NAMES = Names({}, 0, frozenset())


def look_up_names(session: Session, campaign_id: int, persons: Sequence[Person], through: int) -> Names:
    """`through`: a serial that had been given before the look began."""
    wanted = {each.key: each.name for each in persons}
    return Names(find_online(session, campaign_id, wanted), through, frozenset(wanted))


def compare(
    session: Session, campaign_id: int, persons: Sequence[Person], names: Names, *, but: Sequence[int] = ()
) -> Mapping[int, Found]:
    """What each row is, by its place, in their order. `but`: numbers of stored rows that are not looked at."""
    known = _Known(session, campaign_id, persons, names, frozenset(but))
    found = {}
    for person in persons:
        found[person.place] = known.find(person)
        known.add(person)
    return found


class _Known:
    """Everybody of whom a row could be a repetition."""

    def __init__(
        self,
        session: Session,
        campaign_id: int,
        persons: Sequence[Person],
        names: Names,
        but: frozenset[int],
    ) -> None:
        keys = {each.email_key for each in persons if each.email_key is not None}
        self._online = _find_addresses(session, campaign_id, keys)
        self._refused = _find_refused(session, campaign_id, keys)
        self._names = dict(names.serials)
        wanted = {each.key for each in persons}
        for key, serial in find_online_since(session, campaign_id, names.through):
            if key in wanted:
                self._names.setdefault(key, serial)
        self._addresses: dict[bytes, Found] = {}
        self._persons: dict[str, Found] = {}
        self._lines: dict[tuple[int, int], Found] = {}
        self._find_paper(session, campaign_id, persons, keys, but)

    def find(self, person: Person) -> Found:
        """What a row is, beside those that came before it."""
        if person.email_key is not None:
            serial = self._online.get(person.email_key)
            if serial is not None:
                return Found(ONLINE, serial=serial)
            if (same := self._addresses.get(person.email_key)) is not None:
                return Found(TWICE, number=same.number, place=same.place)
            if person.email_key in self._refused:
                return Found(WAITING, is_refused=True)
        if person.sheet is not None and person.line is not None:
            same = self._lines.get((person.sheet, person.line))
            if same is not None:
                return Found(WAITING, number=same.number, place=same.place, is_same_line=True)
        if (serial := self._names.get(person.key)) is not None:
            return Found(WAITING, serial=serial)
        if (same := self._persons.get(person.key)) is not None:
            return Found(WAITING, number=same.number, place=same.place)
        return NEW

    def add(self, person: Person) -> None:
        """A row of the list comes before those that follow."""
        self._note(Found(COUNTED, place=person.place), person.key, person.email_key, person.sheet, person.line)

    def _note(self, one: Found, key: str, email_key: bytes | None, sheet: int | None, line: int | None) -> None:
        self._persons.setdefault(key, one)
        if email_key is not None:
            self._addresses.setdefault(email_key, one)
        if sheet is not None and line is not None:
            self._lines.setdefault((sheet, line), one)

    def _find_paper(
        self,
        session: Session,
        campaign_id: int,
        persons: Sequence[Person],
        email_keys: set[bytes],
        but: frozenset[int],
    ) -> None:
        columns = (_paper.number, _paper.person_key, _paper.email_key, _paper.sheet, _paper.line)
        of_campaign = select(*columns).where(_paper.campaign_id == campaign_id).order_by(_paper.number)
        sheets = {each.sheet for each in persons if each.sheet is not None and each.line is not None}
        queries = [
            *(of_campaign.where(_paper.person_key.in_(some)) for some in steps({each.key for each in persons})),
            *(of_campaign.where(_paper.email_key.in_(some)) for some in steps(email_keys)),
            *(of_campaign.where(_paper.sheet.in_(some), _paper.line.is_not(None)) for some in steps(sheets)),
        ]
        rows = {row.number: row for query in queries for row in session.connection().execute(query)}
        for number in sorted(rows.keys() - but):
            row = rows[number]
            self._note(Found(COUNTED, number=number), row.person_key, row.email_key, row.sheet, row.line)


def _find_addresses(session: Session, campaign_id: int, keys: set[bytes]) -> Mapping[bytes, int]:
    """Which of these signed online, removed or not, and under which serial."""
    found: dict[bytes, int] = {}
    for some in steps(keys):
        query = select(_signatures.email_key, _signatures.serial).where(
            _signatures.campaign_id + 0 == campaign_id, _signatures.email_key.in_(some)
        )
        found.update((key, serial) for key, serial in session.connection().execute(query))
    return found


def _find_refused(session: Session, campaign_id: int, keys: set[bytes]) -> set[bytes]:
    found: set[bytes] = set()
    for some in steps(keys):
        these = tuple_(Refusal.email_key, Refusal.campaign_id).in_([(key, campaign_id) for key in some])
        found.update(session.scalars(select(Refusal.email_key).where(these)))
    return found
