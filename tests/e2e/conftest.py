"""Fixtures: the demo as a process of its own, one Chromium, and visitors."""

import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browsing import DESK, PHONE, Visitor, new_visitor
from tests.e2e.program import Demo, running_demo

#: No name is looked up: whatever a page asked of another host would fail.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]

NewVisitor = Callable[..., Visitor]

#: Both directions of reading, each with and without scripts, on a phone and at a desk.
every_visitor = pytest.mark.parametrize(
    ("language", "javascript", "size"),
    [("en", True, PHONE), ("en", False, DESK), ("ar", True, DESK), ("ar", False, PHONE)],
    ids=["en-scripts", "en-no-scripts", "ar-scripts", "ar-no-scripts"],
)


#: The same for walks that take long, each choice once.
two_visitors = pytest.mark.parametrize(
    ("language", "javascript", "size"),
    [("en", True, PHONE), ("ar", False, DESK)],
    ids=["en-scripts", "ar-no-scripts"],
)


def find_chromium() -> str | None:
    """The system's Chromium; that without windows of its own before the others, for it needs a third less."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


# The browser and the demo live as long as the tests of this folder: playwright keeps an event loop running in this
# thread, and elsewhere tests bring loops of their own.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    executable = find_chromium()
    if executable is None:
        assert not os.environ.get("CI"), "there is no Chromium, and in CI nothing may be skipped"
        pytest.skip("there is no Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo


@pytest.fixture
def new_window(browser: Browser, demo: Demo) -> Iterator[NewVisitor]:
    """Makes visitors; when the test is over they leave, and whatever was out of order fails it."""
    visitors: list[Visitor] = []

    def make(size: tuple[int, int] = DESK, **options: Any) -> Visitor:
        visitors.append(new_visitor(browser, demo.url, size, **options))
        return visitors[-1]

    yield make
    for visitor in visitors:
        visitor.leave()


@pytest.fixture
def new_lead(new_window: NewVisitor) -> NewVisitor:
    """Makes visitors who may log in."""

    def make(size: tuple[int, int] = DESK, **options: Any) -> Visitor:
        visitor = new_window(size, **options)
        visitor.logs_in = True
        return visitor

    return make


@pytest.fixture
def visitor(new_window: NewVisitor) -> Visitor:
    """A visitor at a desk."""
    return new_window()


_numbers = count(1)


@pytest.fixture
def word() -> str:
    """A word that no other test uses, for names that can be found again."""
    number = next(_numbers)
    return "Sampla" + "".join("abcdefghij"[int(digit)] for digit in str(number))


@pytest.fixture
def address(word: str) -> str:
    """A mail address that no other test uses."""
    return f"{word.lower()}@example.org"
