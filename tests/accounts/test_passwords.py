"""Passwords: which are taken, how they are kept."""

import asyncio
import threading
import unicodedata

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from petitions.accounts import passwords
from petitions.accounts.passwords import find_fault, hash_password, is_outdated, verify_password
from petitions.errors import IntakeFull

GOOD = "seven lilac tram stops"
OWN = ("lea.lead@example.org", "Lea Leadsworth-Smith")


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "correcthorsebatterystaple",  # no digit, no sign, no capital: length is what counts
        "пароль из пяти слов",
        "كلمات كثيرة متتالية",
        "x7" * 3 + "k!9?ab",
        "a" * 100 + "b" * 100,
        "Leadsworth owes me a tram",
    ],
)
def test_a_long_password_will_do(password: str) -> None:
    assert find_fault(password, OWN) is None


@pytest.mark.parametrize(
    "password",
    [
        "",
        "elevenchars",
        "ﬁ" * 5 + "x",  # eleven after normalising
        "x" * 201,
        "passwordpassword",
        "Password12345",
        "  dragon!!!!1987",
        "1234567890123",
        "987654321098",
        "aaaaaaaaaaaaaa",
        "abcabcabcabc",
        "abcdefghijklmn",
        "qwertyuiopas",
        "QWERTYUIOPASDFGH",
        "leavemealone",
        "1qaz2wsx3edc4rfv",
        "lea.lead@example.org",
        "LEA.LEAD@EXAMPLE.ORG",
        "Lea Leadsworth-Smith",
        "leadsworth2026!",
        "smith-1234567890",
        "example.org2026",
    ],
)
def test_a_password_that_is_tried_first_will_not(password: str) -> None:
    assert find_fault(password, OWN) is not None


@given(st.text(max_size=230), st.text(max_size=40), st.text(max_size=40))
def test_any_text_is_judged_and_any_that_is_good_can_be_hashed(password: str, name: str, email: str) -> None:
    fault = find_fault(password, (email, name))
    length = len(unicodedata.normalize("NFKC", password))
    assert fault is not None or 12 <= length <= 200
    assert fault is None or str(fault)


@given(st.text(min_size=12, max_size=50))
def test_another_spelling_of_the_same_characters_is_the_same(password: str) -> None:
    composed, split = (unicodedata.normalize(form, password) for form in ("NFC", "NFD"))
    assert find_fault(composed) == find_fault(split)


def test_only_the_password_opens_and_the_hash_is_argon2id() -> None:
    kept = hash_password("Éleven lilac tram stops")
    assert verify_password(kept, "E\N{COMBINING ACUTE ACCENT}leven lilac tram stops")
    for wrong in ("éleven lilac tram stops", "Éleven lilac tram stop", "Éleven lilac tram stops ", ""):
        assert not verify_password(kept, wrong)
    costs = extract_parameters(kept)
    assert (costs.type.name, costs.memory_cost, costs.time_cost, costs.parallelism) == ("ID", 19_456, 2, 1)
    assert hash_password("Éleven lilac tram stops") != kept


def test_no_password_opens_an_account_that_has_none() -> None:
    for password in ("", "nobody", GOOD):
        assert not verify_password(None, password)
    assert not verify_password("damaged", GOOD)


def test_nobody_costs_as_much_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dummy hash is one that argon2 really works through, at the same costs."""
    verified = []
    real = PasswordHasher.verify

    def verify(self: PasswordHasher, kept: str, password: str) -> bool:
        verified.append(extract_parameters(kept))
        return real(self, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", verify)
    kept = hash_password(GOOD)
    assert verify_password(kept, GOOD)
    assert not verify_password(None, GOOD)
    assert verified[0] == verified[1]


def test_a_hash_of_weaker_costs_is_outdated() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(GOOD)
    assert verify_password(weak, GOOD)
    assert is_outdated(weak)
    assert not is_outdated(hash_password(GOOD))


@pytest.mark.anyio
async def test_two_are_hashed_at_once_and_not_on_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most, lock = 0, 0, threading.Lock()
    both, threads = threading.Barrier(2, timeout=10), set()

    def verify(_kept: str | None, _password: str) -> bool:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            threads.add(threading.get_ident())
        both.wait()  # passes only while another one works too
        with lock:
            inside -= 1
        return True

    monkeypatch.setattr(passwords, "verify_password", verify)
    assert await asyncio.gather(*(passwords.verify_aside(None, GOOD) for _ in range(8))) == [True] * 8
    assert most == 2
    assert threading.get_ident() not in threads


@pytest.mark.anyio
async def test_a_flood_is_sent_away_rather_than_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    monkeypatch.setattr(passwords, "verify_password", lambda *_: go.wait(10))
    waiting = [asyncio.ensure_future(passwords.verify_aside(None, GOOD)) for _ in range(60)]
    await asyncio.sleep(0)
    with pytest.raises(IntakeFull):
        await passwords.verify_aside(None, GOOD)
    go.set()
    assert await asyncio.gather(*waiting) == [True] * 60
    assert await passwords.verify_aside(None, GOOD)
