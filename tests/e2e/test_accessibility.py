"""axe on every page: phone and desk, light and dark, both directions of reading."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from tests.e2e.browsing import DESK, PHONE, Visitor, new_visitor, overflowing
from tests.e2e.conftest import NewVisitor
from tests.e2e.organisation_tour import ORGANISATION_STOPS
from tests.e2e.program import Demo
from tests.e2e.tour import STOPS, arrive

ALL_RULES = {"resultTypes": ["violations"], "preload": False, "rules": {"target-size": {"enabled": True}}}
#: What depends on colours and sizes; all else is the same in every window.
LOOKS = {
    "resultTypes": ["violations"],
    "preload": False,
    "runOnly": {"type": "rule", "values": ["color-contrast", "target-size"]},
}

Scheme = Literal["light", "dark"]
_WINDOWS: list[tuple[tuple[int, int], Scheme, dict[str, Any]]] = [
    (PHONE, "light", ALL_RULES),
    (PHONE, "dark", LOOKS),
    (DESK, "dark", ALL_RULES),
    (DESK, "light", LOOKS),
]
_FEW_WINDOWS: list[tuple[tuple[int, int], Scheme, dict[str, Any]]] = [
    (PHONE, "light", ALL_RULES),
    (DESK, "dark", LOOKS),
]
_NARROW = (320, 640)


@pytest.fixture(scope="module")
def reader(browser: Browser, demo: Demo) -> Iterator[Visitor]:
    """One visitor for all pages: a new window for each would take longer than looking."""
    visitor = new_visitor(browser, demo.url, PHONE)
    yield visitor
    visitor.leave()


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe finds wrong, with the place. It need not look at each of the 250 countries in a list."""
    found = page.evaluate(
        "options => axe.run({ exclude: [['option']] }, options).then((results) => results.violations)", options
    )
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("stop", [stop for stop in STOPS if stop not in ORGANISATION_STOPS])
def test_a_page_has_no_violation(reader: Visitor, demo: Demo, stop: str, language: str) -> None:
    page = reader.page
    arrive(stop, reader, demo, language)
    page.evaluate("document.querySelectorAll('.more').forEach((more) => { more.open = true; })")
    page.evaluate(AXE_SCRIPT)
    found = {}
    for (width, height), scheme, options in _WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        found[width, scheme] = violations(page, options)
    assert found == {(width, scheme): [] for (width, _), scheme, _ in _WINDOWS}
    assert reader.problems == []


@pytest.mark.parametrize("stop", ORGANISATION_STOPS)
def test_a_page_of_organisations_has_no_violation_and_fits(reader: Visitor, demo: Demo, stop: str) -> None:
    """Every other one in Arabic: they are many, and made of the same parts."""
    language = "ar" if list(ORGANISATION_STOPS).index(stop) % 2 else "en"
    page = reader.page
    arrive(stop, reader, demo, language)
    page.evaluate(AXE_SCRIPT)
    found = {}
    for (width, height), scheme, options in _FEW_WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        found[width, scheme] = violations(page, options)
    page.set_viewport_size({"width": _NARROW[0], "height": _NARROW[1]})
    sideways: list[str] = []
    for direction in ("ltr", "rtl"):
        page.evaluate("direction => { document.documentElement.dir = direction; }", direction)
        sideways += overflowing(page)
    assert (found, sideways) == ({place: [] for place in found}, [])
    assert reader.problems == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_open_menu_of_languages_has_no_violation(new_window: NewVisitor, language: str) -> None:
    visitor = new_window(PHONE)
    visitor.open("/", language)
    visitor.page.locator(".languages__menu summary").click()
    visitor.page.evaluate(AXE_SCRIPT)
    assert violations(visitor.page, ALL_RULES) == []
