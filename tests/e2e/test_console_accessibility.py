"""axe, narrow windows and the keyboard on every page of the console."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import DESK, PHONE, new_visitor, overflowing
from tests.e2e.console_tour import STOPS, Windows, arrive, open_windows
from tests.e2e.program import Demo
from tests.e2e.test_accessibility import ALL_RULES, LOOKS, Scheme, violations
from tests.e2e.test_keyboard import focus

_NARROW = (320, 640)
#: Everything once, and what depends on colours, sizes and direction in every combination of these.
_WINDOWS: dict[str, list[tuple[tuple[int, int], Scheme, dict[str, Any]]]] = {
    "en": [(PHONE, "light", ALL_RULES), (DESK, "dark", LOOKS)],
    "ar": [(DESK, "light", LOOKS), (PHONE, "dark", LOOKS)],
}
_MOST_STEPS = 120
#: The bar with the button lies over a part of the form until one scrolls.
LET_THE_BAR_LIE = (
    "document.querySelectorAll('.writing > .act').forEach((bar) => { bar.style.position = 'static'; })"
)


@pytest.fixture(scope="module")
def windows(browser: Browser, demo: Demo) -> Iterator[Windows]:
    """The same for all pages: a new window for each would take longer than looking."""
    lead, stranger = (new_visitor(browser, demo.url, PHONE) for _ in range(2))
    yield open_windows(demo, lead, stranger)
    lead.leave()
    stranger.leave()


@pytest.mark.parametrize("language", _WINDOWS)
@pytest.mark.parametrize("stop", STOPS)
def test_a_page_of_the_console_has_no_violation_and_fits(windows: Windows, stop: str, language: str) -> None:
    visitor = arrive(stop, windows, language)
    page = visitor.page
    page.evaluate("document.querySelectorAll('.more').forEach((more) => { more.open = true; })")
    page.evaluate(LET_THE_BAR_LIE)
    page.evaluate(AXE_SCRIPT)
    found = {}
    for (width, height), scheme, options in _WINDOWS[language]:
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)
        found[width, scheme] = violations(page, options)
    page.set_viewport_size({"width": _NARROW[0], "height": _NARROW[1]})
    assert (found, list(overflowing(page))) == ({place: [] for place in found}, [])
    problems, visitor.problems[:] = [*visitor.problems], []
    assert problems == []


@pytest.mark.parametrize("language", _WINDOWS)
def test_the_open_navigation_has_no_violation_on_a_phone_and_fits(windows: Windows, language: str) -> None:
    page = arrive("figures", windows, language).page
    page.set_viewport_size({"width": _NARROW[0], "height": _NARROW[1]})
    page.evaluate(AXE_SCRIPT)
    for part, links in ((".console-head__ways", 5), (".desk-ways", 21)):
        folded = page.locator(f"{part} summary")
        folded.click()
        expect(page.locator(f"{part} a").locator("visible=true")).to_have_count(links)
        assert violations(page, ALL_RULES) == []
        assert list(overflowing(page)) == []
        folded.click()


#: Pages with forms that are filled in, and the form.
FORMS = {
    "log-in": "form[novalidate]",
    "link": "form[novalidate]",
    "account": "main",
    "new": "form[novalidate]",
    "texts": "#mine",
    "texts, translation": "#mine",
    "details, basics": "#mine",
    "details, form": "#mine",
    "publish": 'main form[action*="/publish?"]',
    "state, closed": "main",
    "members": "main",
    "signatures": "main",
    "many, counted": "main",
    "held, alike": "main",
    "rules": "main",
    "organisations": "main",
    "organisation, alike": "main",
    "organisations, list looked at": "main",
}

#: Fields and buttons that the keyboard comes to, by their place and name; of radio buttons the chosen one,
#: or else the first.
_ALL = """const all = [...form.querySelectorAll("input, select, textarea, button")];
  const name = (field) => `${all.indexOf(field)} ${field.name || field.textContent.trim().slice(0, 20)}`;"""
_FIELDS = f"""form => {{ {_ALL}
  return all.filter((field) => !field.disabled && field.checkVisibility())
    .filter((field) => field.type !== "radio"
      || field === (field.form.querySelector(`[name="${{field.name}}"]:checked`)
        ?? field.form.querySelector(`[name="${{field.name}}"]`)))
    .map(name);
}}"""
_FOCUSED = f"""form => {{ {_ALL}
  return all.includes(document.activeElement) ? name(document.activeElement) : null;
}}"""
#: A text longer than the window is seen where it begins.
_BEGINS_IN_SIGHT = """() => {
  const field = document.activeElement, box = field.getBoundingClientRect();
  return field.tagName === "TEXTAREA" && box.top >= 0
    && document.elementFromPoint(box.left + box.width / 2, box.top + 20) === field;
}"""


def go_through(page: Page, form: Locator) -> tuple[list[str], list[str], list[dict[str, Any]]]:
    """Press Tab to the end of the page: the fields that the keyboard comes to, all that there are, and the places
    where one does not see where one is."""
    wanted: list[str] = form.evaluate(_FIELDS)
    met: list[str] = []
    unseen: list[dict[str, Any]] = []
    for step in range(_MOST_STEPS):
        page.keyboard.press("Tab")
        here, field = focus(page), form.evaluate(_FOCUSED)
        if here["end"] or (step and here["what"] == "skip"):
            break
        if field and field in met[-1:]:  # a day has several places for the keyboard, which the browser marks
            continue
        whole = here["inside"] and here["uncovered"]
        if not (here["marked"] and (whole or page.evaluate(_BEGINS_IN_SIGHT))):
            unseen.append(here)
        met += [field] if field else []
    return met, wanted, unseen


@pytest.mark.parametrize("stop", FORMS)
def test_the_keyboard_goes_through_a_form_in_its_order_and_is_always_seen(windows: Windows, stop: str) -> None:
    language, size = ("ar", PHONE) if list(FORMS).index(stop) % 2 else ("en", DESK)
    page = arrive(stop, windows, language).page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    met, wanted, unseen = go_through(page, page.locator(FORMS[stop]))
    assert met == wanted
    assert unseen == []
