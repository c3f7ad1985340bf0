"""axe on every page: phone and desk, light and dark, both directions of reading."""

from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.e2e.browsing import DESK, PHONE
from tests.e2e.conftest import NewVisitor
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


def violations(page: Page, options: dict[str, Any]) -> list[str]:
    """What axe finds wrong, with the place."""
    found = page.evaluate("options => axe.run(options).then((results) => results.violations)", options)
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("stop", STOPS)
def test_a_page_has_no_violation(new_window: NewVisitor, demo: Demo, stop: str, language: str) -> None:
    visitor = new_window(PHONE)
    page = visitor.page
    arrive(stop, visitor, demo, language)
    page.evaluate("document.querySelectorAll('.more').forEach((more) => { more.open = true; })")
    page.evaluate(AXE_SCRIPT)
    found = {}
    for (width, height), scheme, options in _WINDOWS:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        found[width, scheme] = violations(page, options)
    assert found == {(width, scheme): [] for (width, _), scheme, _ in _WINDOWS}


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_open_menu_of_languages_has_no_violation(new_window: NewVisitor, language: str) -> None:
    visitor = new_window(PHONE)
    visitor.open("/", language)
    visitor.page.locator(".languages__menu summary").click()
    visitor.page.evaluate(AXE_SCRIPT)
    assert violations(visitor.page, ALL_RULES) == []
