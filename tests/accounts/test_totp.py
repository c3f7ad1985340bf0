"""The second factor: codes that work once, and recovery codes."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from petitions.accounts import totp
from petitions.accounts.models import RecoveryCode, User
from petitions.db import Database
from tests.console.support import make_user

NOW = datetime(2026, 5, 17, 12, 0, 10, tzinfo=UTC)
STEP = timedelta(seconds=30)
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def code_at(moment: datetime) -> str:
    return pyotp.TOTP(SECRET).at(moment)


def turn_on(database: Database, user: User) -> list[str]:
    with database.writing() as session:
        codes = totp.turn_on(session, user.id, SECRET, 0)
        assert codes is not None
        return list(codes)


def use(database: Database, user: User, code: str, now: datetime = NOW) -> bool:
    with database.writing() as session:
        return totp.use_code(session, user.id, code, now)


def in_a_race(work: Callable[[], bool], runners: int = 4) -> list[bool]:
    start = threading.Barrier(runners)

    def run() -> bool:
        start.wait(10)
        return work()

    with ThreadPoolExecutor(runners) as threads:
        return [future.result() for future in [threads.submit(run) for _ in range(runners)]]


def test_the_codes_are_those_of_the_standard() -> None:
    """RFC 6238, appendix B, of which apps show the last six digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        now = datetime.fromtimestamp(seconds, UTC)
        assert totp.find_step(secret, code, now) == seconds // 30


def test_a_new_secret_is_one() -> None:
    assert totp.is_secret(totp.new_secret())
    assert totp.new_secret() != totp.new_secret()
    for text in ("", "A" * 31, "A" * 33, "a" * 32, "A" * 31 + "1", "A" * 32 + "\n"):
        assert not totp.is_secret(text)


def test_a_clock_may_be_half_a_minute_wrong(database: Database, user: User) -> None:
    turn_on(database, user)
    for wrong in (-3, -2, 2, 3):
        assert not use(database, user, code_at(NOW + wrong * STEP))
    for right in (-1, 0, 1):
        assert use(database, user, code_at(NOW + right * STEP))


def test_a_code_works_once_and_none_before_it(database: Database, user: User) -> None:
    turn_on(database, user)
    code = code_at(NOW)
    assert use(database, user, f" {code[:3]} {code[3:]} ")
    assert not use(database, user, code)
    assert not use(database, user, code_at(NOW - STEP))
    assert use(database, user, code_at(NOW + STEP))


def test_a_code_works_once_also_in_a_race(database: Database, user: User) -> None:
    codes = turn_on(database, user)
    assert sorted(in_a_race(lambda: use(database, user, code_at(NOW)))) == [False, False, False, True]
    assert sorted(in_a_race(lambda: use(database, user, codes[0]))) == [False, False, False, True]


def test_recovery_codes_work_once_however_they_are_typed(database: Database, user: User) -> None:
    codes = turn_on(database, user)
    assert len(set(codes)) == 10
    assert use(database, user, codes[0])
    assert not use(database, user, codes[0])
    assert use(database, user, f"  {codes[1].upper().replace('-', ' ')} ")
    with database.reading() as session:
        assert totp.count_recovery_codes(session, user.id) == 8


def test_the_store_holds_no_recovery_code(database: Database, user: User) -> None:
    codes = turn_on(database, user)
    with database.reading() as session:
        hashes = session.scalars(select(RecoveryCode.code_hash)).all()
    for code in codes:
        assert not any(code.encode() in kept or code.replace("-", "").encode() in kept for kept in hashes)
    assert {len(kept) for kept in hashes} == {32}


def test_codes_of_somebody_else_are_worthless(database: Database, user: User) -> None:
    other = make_user(database, "Otto Other")
    codes = turn_on(database, user)
    with database.writing() as session:
        totp.turn_on(session, other.id, totp.new_secret(), 0)
    assert not use(database, other, codes[0])
    assert not use(database, other, code_at(NOW))


def test_new_recovery_codes_replace_the_old(database: Database, user: User) -> None:
    old = turn_on(database, user)
    with database.writing() as session:
        new = totp.renew_recovery_codes(session, user.id)
    assert not any(use(database, user, code) for code in old)
    assert all(use(database, user, code) for code in new)


def test_renewing_twice_at_once_leaves_ten(database: Database, user: User) -> None:
    turn_on(database, user)

    def renew() -> bool:
        with database.writing() as session:
            return bool(totp.renew_recovery_codes(session, user.id))

    assert all(in_a_race(renew))
    with database.reading() as session:
        assert totp.count_recovery_codes(session, user.id) == 10


def test_turned_off_nothing_of_it_is_left(database: Database, user: User) -> None:
    codes = turn_on(database, user)
    with database.writing() as session:
        totp.turn_off(session, user.id)
    assert not use(database, user, code_at(NOW))
    assert not use(database, user, codes[0])
    with database.reading() as session:
        kept = session.get_one(User, user.id)
        assert (kept.totp_secret, kept.totp_last_step) == (None, None)
        assert totp.count_recovery_codes(session, user.id) == 0


@given(st.text(max_size=60))
def test_no_text_is_a_code_by_accident(text: str) -> None:
    digits = "".join(text.split())
    right = {code_at(NOW + step * STEP) for step in (-1, 0, 1)}
    assert (totp.find_step(SECRET, text, NOW) is not None) == (digits in right)


def test_the_picture_names_the_site_and_the_account() -> None:
    url = totp.secret_url(SECRET, "lea@example.org", "Solidarity: Statements")
    parsed = pyotp.parse_uri(url)
    assert (parsed.secret, parsed.name, parsed.issuer) == (SECRET, "lea@example.org", "Solidarity: Statements")


@pytest.mark.parametrize("code", ["", "000000 ", "१२३४५६", "\x00", "\ud800"])
def test_odd_codes_are_wrong_and_nothing_else(database: Database, user: User, code: str) -> None:
    turn_on(database, user)
    assert not use(database, user, code)
