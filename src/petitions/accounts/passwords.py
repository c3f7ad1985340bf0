"""Passwords: hashed with argon2id, long rather than odd, and none of those that everybody tries first."""

import asyncio
import base64
import re
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from petitions.errors import IntakeFull
from petitions.i18n import N_, Message

T = TypeVar("T")

SHORTEST, LONGEST = 12, 200
#: Of OWASP's recommendation: 19 MiB, two passes.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)
#: Each holds its memory and a core while it works, and pages must not wait for them.
_AT_ONCE, _MOST_WAITING = 2, 60
_threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="petitions-password")
_waiting = 0
#: What people type along the keyboard, the alphabet and the digits.
_ROWS = ("abcdefghijklmnopqrstuvwxyz" * 2, "0123456789" * 20, "9876543210" * 20, "qwertyuiopasdfghjklzxcvbnm" * 2)


def find_fault(password: str, own_words: Sequence[str] = ()) -> Message | None:
    """What is wrong with a new password; None when it will do. `own_words`: the person's name and address."""
    password = _normal(password)
    if len(password) < SHORTEST:
        return N_("Please take at least %(least)s characters. Several words in a row are good.", least=SHORTEST)
    if len(password) > LONGEST:
        return N_("Please keep it to %(most)s characters.", most=LONGEST)
    folded = password.casefold()
    if _is_common(folded):
        return N_("This is among the passwords that are tried first. Please take another.")
    if _letters(folded) in {piece for word in own_words for piece in _pieces(_normal(word).casefold())}:
        return N_("Your name and your mail address are tried first. Please take something else.")
    return None


def hash_password(password: str) -> str:
    """With a salt of its own; takes tens of milliseconds on purpose."""
    return _HASHER.hash(_normal(password))


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether it is right. Without a hash (nobody has this address) it takes as long, and it is wrong."""
    try:
        is_right = _HASHER.verify(password_hash or _no_password(), _normal(password)[: LONGEST + 1])
    except (Argon2Error, InvalidHashError):
        return False
    return is_right and password_hash is not None


def is_outdated(password_hash: str) -> bool:
    """Whether it was made with weaker parameters than are used today."""
    return _HASHER.check_needs_rehash(password_hash)


async def hash_aside(password: str) -> str:
    """`hash_password` in a thread; few at a time. Raises IntakeFull when too many wait."""
    return await _aside(lambda: hash_password(password))


async def verify_aside(password_hash: str | None, password: str) -> bool:
    """`verify_password` in a thread; few at a time. Raises IntakeFull when too many wait."""
    return await _aside(lambda: verify_password(password_hash, password))


async def _aside(work: Callable[[], T]) -> T:
    global _waiting
    if _waiting >= _MOST_WAITING:
        raise IntakeFull(5)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _waiting -= 1


@cache
def _no_password() -> str:
    """A hash that no password has, but that takes as long to find out."""
    text = {n: base64.b64encode(bytes(n)).decode().rstrip("=") for n in (_HASHER.salt_len, _HASHER.hash_len)}
    costs = f"m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}"
    return f"$argon2id$v=19${costs}${text[_HASHER.salt_len]}${text[_HASHER.hash_len]}"


@cache
def _common() -> frozenset[str]:
    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_common(folded: str) -> bool:
    """One of the list, also with digits and signs around it or repeated; a run along the keyboard."""
    core = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", folded)
    for text in (folded, core):
        repeated = re.fullmatch(r"(.+?)\1+", text)
        unit = repeated[1] if repeated else text
        if text in _common() or (repeated and (len(unit) < 5 or unit in _common())):
            return True
    return any(folded in row for row in _ROWS)


def _pieces(text: str) -> set[str]:
    """The letters of a name or an address, whole, by words, and of what stands between signs."""
    parts = {_letters(part) for part in (text, *re.split(r"[\s@]+", text), *re.split(r"[\W\d_]+", text))}
    return {part for part in parts if len(part) >= 3}


def _letters(text: str) -> str:
    return re.sub(r"[\W\d_]+", "", text)


def _normal(password: str) -> str:
    """The same for every way of typing the same characters."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()
