"""Who may be the same person: the folded name and city of a signature."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session

from petitions.folding import fold, words_of
from petitions.names import folded_words
from petitions.signatures.models import Signature, SignatureWord, UnlistedWord

MAX_KEY = 260
#: Values of one question to the store.
_STEP = 500
#: Rows that are read at once, and a number above every serial.
_READ, _LAST = 5_000, 2**62
#: Where names share their words with so large a part of all signatures, reading all one after the other is faster.
_PART = 4

_signatures = cast("Table", Signature.__table__)
_WORDS = [cast("Table", table.__table__) for table in (SignatureWord, UnlistedWord)]


def person_key(name: str, city: str | None) -> str:
    """The same for "Ana SÁNCHEZ, Madrid" and "Sánchez Ana, madrid"; at most 260 characters."""
    words = sorted(word for part in name.split() for word in _words_of(part)) or [fold(name)]
    key = f"{' '.join(words)}|{' '.join(_words_of(city or ''))}"
    if len(key) <= MAX_KEY:
        return key
    digest = hashlib.blake2s(key.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return f"{key[: MAX_KEY - 33]}|{digest}"


@lru_cache(maxsize=50_000)
def _words_of(text: str) -> tuple[str, ...]:
    """Parts of names, and cities: of a million people they are few."""
    return tuple(words_of(text))


def find_online(session: Session, campaign_id: int, names: Mapping[str, str]) -> Mapping[str, int]:
    """By keys of persons: the first online signature that counts and has the same name and city. `names`: of these
    persons, by their keys. Looks at those whose names have the rarest word of one of these; at all of them, where
    that is faster."""
    words = {key: folded_words(name) for key, name in names.items()}
    counts = _count_words(session, campaign_id, {word for each in words.values() for word in each})
    rarest = {min(each, key=lambda word: counts.get(word, 0)) for each in words.values() if each}
    to_read = sum(counts.get(word, 0) for word in rarest)
    last = session.scalar(select(func.max(_signatures.c.serial)).where(_signatures.c.campaign_id == campaign_id))
    if to_read > _READ and to_read * _PART > (last or 0):
        found: dict[str, int] = {}
        for key, serial in find_online_since(session, campaign_id, 0):
            if key in names:
                found.setdefault(key, serial)
        return found
    return _find_by_words(session, campaign_id, names, {word: counts.get(word, 0) for word in rarest})


def _find_by_words(
    session: Session, campaign_id: int, names: Mapping[str, str], counts: Mapping[str, int]
) -> Mapping[str, int]:
    found: dict[str, int] = {}
    some: list[str] = []
    to_read = 0
    for word in sorted(word for word, count in counts.items() if count):
        some.append(word)
        to_read += counts[word]
        if to_read >= _READ or len(some) >= _STEP:
            _note_named(session, campaign_id, some, names, found)
            some, to_read = [], 0
    _note_named(session, campaign_id, some, names, found)
    return found


def _note_named(
    session: Session, campaign_id: int, words: Sequence[str], names: Mapping[str, str], found: dict[str, int]
) -> None:
    if not words:
        return
    c = _signatures.c
    for table in _WORDS:
        query = (
            select(c.serial, c.name, c.city, c.removed_at)
            .join_from(table, _signatures, (c.campaign_id == table.c.campaign_id) & (c.serial == table.c.serial))
            .where(table.c.campaign_id == campaign_id, table.c.word.in_(words))
        )
        for key, serial in _keys_of(session.connection().execute(query).all()):
            if key in names:
                found[key] = min(serial, found.get(key, serial))


def _keys_of(rows: Sequence[Any]) -> Iterator[tuple[str, int]]:
    for serial, name, city, removed_at in rows:
        if name is not None and removed_at is None:
            yield person_key(name, city), serial


def find_online_since(
    session: Session, campaign_id: int, after: int, through: int | None = None
) -> Iterator[tuple[str, int]]:
    """Keys of persons and serials of those that count, above a serial and up to another, in their order."""
    c = _signatures.c
    query = (
        select(c.serial, c.name, c.city, c.removed_at)
        .where(c.campaign_id == campaign_id, c.serial <= (_LAST if through is None else through))
        .order_by(c.serial)
        .limit(_READ)
    )
    while rows := session.connection().execute(query.where(c.serial > after)).all():
        yield from _keys_of(rows)
        after = rows[-1][0]


def steps(values: Collection[Any]) -> Iterator[Sequence[Any]]:
    """Values for one question to the store after the other, in their order."""
    ordered = sorted(values)
    for start in range(0, len(ordered), _STEP):
        yield ordered[start : start + _STEP]


def _count_words(session: Session, campaign_id: int, words: Collection[str]) -> Mapping[str, int]:
    """In how many names each of these words stands; nothing of those that are in none."""
    counts: dict[str, int] = {}
    for table in _WORDS:
        for some in steps(words):
            query = (
                select(table.c.word, func.count())
                .where(table.c.campaign_id == campaign_id, table.c.word.in_(some))
                .group_by(table.c.word)
            )
            for word, count in session.connection().execute(query):
                counts[word] = counts.get(word, 0) + count
    return counts
