"""Proof of work: what is taken, what is not, and that it is taken once."""

import base64
import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from petitions.abuse import proof
from petitions.abuse.models import SpentChallenge
from petitions.abuse.proof import LIFETIME, MAX_NUMBER, Proofs, forget_spent, spend
from petitions.db import Database

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PROOFS = Proofs(("secret" * 8,))


@pytest.fixture
def easy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Challenges that take no time."""
    monkeypatch.setattr(proof, "MAX_NUMBER", 50)


def solve(challenge: dict[str, Any], /, **changes: Any) -> str:
    """What a browser answers; `changes` of the payload."""
    number = next(
        n
        for n in range(challenge["maxnumber"] + 1)
        if hashlib.sha256(f"{challenge['salt']}{n}".encode()).hexdigest() == challenge["challenge"]
    )
    said = {name: challenge[name] for name in ("algorithm", "challenge", "salt", "signature")}
    return encode({**said, "number": number, **changes})


def encode(said: object) -> str:
    return base64.b64encode(json.dumps(said).encode()).decode()


@pytest.mark.usefixtures("easy")
def test_a_right_answer_is_taken_while_it_is_good_for_its_campaign() -> None:
    answer = solve(PROOFS.make(7, NOON))
    digest = PROOFS.check(answer, 7, NOON)
    assert digest is not None
    assert len(digest) == 16
    assert PROOFS.check(answer, 7, NOON + LIFETIME - SECOND) == digest
    assert PROOFS.check(answer, 7, NOON + LIFETIME) is None
    assert PROOFS.check(answer, 8, NOON) is None
    assert PROOFS.check(solve(PROOFS.make(7, NOON)), 7, NOON) not in (digest, None)


@pytest.mark.usefixtures("easy")
def test_answers_are_taken_after_the_keys_were_rotated() -> None:
    answer = solve(PROOFS.make(7, NOON))
    assert Proofs(("another" * 8, "secret" * 8)).check(answer, 7, NOON) == PROOFS.check(answer, 7, NOON)
    assert Proofs(("another" * 8,)).check(answer, 7, NOON) is None


@pytest.mark.usefixtures("easy")
@pytest.mark.parametrize(
    "changes",
    [
        {"number": 51},
        {"number": -1},
        {"number": "1"},
        {"number": True},
        {"number": 1.0},
        {"number": None},
        {"algorithm": "SHA-1"},
        {"challenge": "0" * 64},
        {"challenge": "ü"},
        {"challenge": 1},
        {"signature": "0" * 64},
        {"signature": "\ud800"},
        {"signature": None},
        {"salt": "ab" * 12},
        {"salt": ["ab"]},
    ],
)
def test_a_wrong_answer_is_none(changes: dict[str, Any]) -> None:
    assert PROOFS.check(solve(PROOFS.make(7, NOON), **changes), 7, NOON) is None


@pytest.mark.usefixtures("easy")
def test_nobody_makes_a_challenge_of_their_own_or_a_longer_one() -> None:
    challenge = PROOFS.make(7, NOON)
    salt = str(challenge["salt"])
    later = salt.replace(f"expires={int((NOON + LIFETIME).timestamp())}", "expires=999999999999")
    number = json.loads(base64.b64decode(solve(challenge)))["number"]
    digest = hashlib.sha256(f"{later}{number}".encode()).hexdigest()
    forged = {**challenge, "salt": later, "challenge": digest, "number": number}
    assert later != salt
    assert PROOFS.check(encode(forged), 7, NOON) is None
    # The end of the salt cannot be moved into the number.
    spliced = solve(challenge, salt=salt[:-1], number=number)
    assert PROOFS.check(spliced, 7, NOON) is None


@given(st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda b: base64.b64encode(b).decode())))
def test_no_nonsense_is_taken_or_breaks_anything(text: str) -> None:
    assert PROOFS.check(text, 7, NOON) is None


@pytest.mark.parametrize("said", [[], {}, None, 1, "x", {"salt": {}}, [[[[]]]]])
def test_json_of_another_shape_is_not_taken(said: object) -> None:
    assert PROOFS.check(encode(said), 7, NOON) is None
    assert PROOFS.check(base64.b64encode(b"[" * 700).decode(), 7, NOON) is None


def test_it_is_the_format_of_altcha() -> None:
    """Made with altcha 2.3.0 from PyPI, create_challenge_v1, under the same key."""
    made = {
        "algorithm": "SHA-256",
        "challenge": "f6dbc130f5de1ef2afcf115fd2c30c403fffc265a6c2e4acd8cbbbc315f19e5d",
        "salt": "0123456789abcdef01234567?expires=1795436400&campaign=7&",
        "signature": "96d570523e27b9e20286f17b8e202d3be0cf56c46daa5f7fa0ed402f3a2fac57",
        "number": 1234,
    }
    assert PROOFS.check(encode(made), 7, NOON) is not None
    ours = PROOFS.make(7, NOON)
    assert set(ours) == {"algorithm", "challenge", "maxnumber", "salt", "signature"}
    assert ours["maxnumber"] == MAX_NUMBER


def spent(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(SpentChallenge)) or 0


def test_what_is_used_is_used_once(database: Database) -> None:
    a, b, c = (letter * 16 for letter in (b"a", b"b", b"c"))
    for digests, fresh in (({a, b}, {a, b}), ({b, c}, {c}), (set(), set()), ({a, b, c}, set())):
        with database.writing() as session:
            assert spend(session, digests, NOON) == fresh
    assert spent(database) == 3


def test_of_many_who_use_the_same_at_once_one_has_it(database: Database) -> None:
    digests = [bytes([n]) * 16 for n in range(20)]
    begin = threading.Barrier(4)
    got: list[set[bytes]] = []

    def use() -> None:
        begin.wait()
        with database.writing() as session:
            got.append(spend(session, digests, NOON))

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(one) for one in got) == [0, 0, 0, 20]


def test_what_would_have_run_out_is_forgotten(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "_STEP", 3)
    with database.writing() as session:
        spend(session, [bytes([n]) * 16 for n in range(7)], NOON)
        spend(session, [bytes([n]) * 16 for n in range(4, 12)], NOON + SECOND)
    forget_spent(database, NOON + LIFETIME)
    assert spent(database) == 12
    forget_spent(database, NOON + LIFETIME + SECOND)
    assert spent(database) == 5
    forget_spent(database, NOON + 2 * LIFETIME)
    assert spent(database) == 0
