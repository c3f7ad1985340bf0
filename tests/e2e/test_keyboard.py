"""Without a mouse: one always sees where one is, and can do everything."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import DESK, PHONE
from tests.e2e.conftest import NewVisitor
from tests.e2e.pages import Confirm, Own, Statement, Withdraw
from tests.e2e.program import Demo
from tests.e2e.samples import WHOLE
from tests.e2e.test_whole_way import SLUG
from tests.e2e.tour import arrive

_MOST_STEPS = 90
#: The fields of the form of an organisation, in the order of the keyboard.
ASKED_OF_ORGANISATIONS = (
    "name kind country city members website logo logo_drop comment "
    "contact_name contact_role email phone authorised"
).split()

#: Where the focus is: what has it, whether it is marked, whether it is in the window and on top.
_FOCUS = """() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getClientRects()[0];
  const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2;
  const at = (y) => document.elementFromPoint(x, y);
  const own = (hit) => hit && (element.contains(hit) || hit.contains(element)
    || hit.closest("label")?.control === element);
  return {
    what: element.id || element.className || element.textContent.trim().slice(0, 30) || element.tagName,
    name: element.getAttribute("name"),
    end: element === document.body,
    marked: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    inside: box.top >= -1 && box.bottom <= innerHeight + 1 && box.left >= -1 && box.right <= innerWidth + 1,
    uncovered: own(at(box.top + 2)) && own(at(box.bottom - 2)),
  };
}"""


def focus(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(_FOCUS)
    return found


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize(
    ("size", "javascript"),
    [(PHONE, True), (DESK, True), (DESK, False), ((1280, 600), True), ((640, 400), True)],
    ids=["phone", "desk", "desk-no-scripts", "low-desk", "zoomed"],
)
def test_the_focus_is_always_seen(
    new_window: NewVisitor, size: tuple[int, int], javascript: bool, language: str, backwards: bool
) -> None:
    visitor = new_window(size, java_script_enabled=javascript)
    visitor.open(f"/c/{SLUG}", language)
    page = visitor.page
    stops: list[dict[str, Any]] = []
    for _ in range(_MOST_STEPS):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        here = focus(page)
        if here["end"]:
            break
        stops.append(here)
    assert stops[-1 if backwards else 0]["what"] == "skip"
    assert [stop for stop in stops if not (stop["marked"] and stop["inside"] and stop["uncovered"])] == []
    names = [stop["name"] for stop in stops if stop["name"]]
    wanted = ["name", "email", "country", "city", "visibility", "updates"]
    assert names == (wanted[::-1] if backwards else wanted)
    assert "website" not in names


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_somebody_signs_with_the_keyboard_alone(
    new_window: NewVisitor, demo: Demo, word: str, address: str, size: tuple[int, int]
) -> None:
    visitor = new_window(size)
    visitor.open(f"/c/{SLUG}")
    page, statement = visitor.page, Statement(visitor.page)
    press = page.keyboard.press
    press("Tab")
    press("Enter")  # skips to the content
    while statement.focused != "f-name":
        press("Tab")
    page.keyboard.type(f"Áine {word}")
    press("Tab")
    page.keyboard.type(address)
    press("Tab")
    page.keyboard.type("Irel")
    expect(statement.field("country")).to_have_value("IE")
    press("Tab")
    page.keyboard.type("Exampletown")
    press("Tab")
    press("ArrowDown")
    press("Tab")
    press("Enter")  # opens "say more"
    press("Tab")
    assert statement.focused == "f-comment"
    page.keyboard.type("A few words")
    press("Tab")
    press("Space")
    assert statement.values() == {
        "name": f"Áine {word}",
        "email": address,
        "country": "IE",
        "city": "Exampletown",
        "visibility": "initials",
        "comment": "A few words",
        "updates": "y",
    }
    while statement.focused != "f-city":
        press("Shift+Tab")
    press("Enter")
    page.wait_for_url("**/signed?**")

    page.goto(demo.confirm_path(address) + "?lang=en")
    confirm = Confirm(page)
    while not confirm.button.evaluate("button => button === document.activeElement"):
        press("Tab")
    press("Enter")
    page.wait_for_url("**/thanks?**")


@pytest.mark.parametrize(
    ("size", "javascript", "language"),
    [(PHONE, True, "en"), (DESK, False, "ar"), ((640, 400), True, "en")],
    ids=["phone", "desk-no-scripts", "zoomed"],
)
def test_somebody_changes_and_withdraws_with_the_keyboard_alone(
    new_window: NewVisitor,
    demo: Demo,
    word: str,
    address: str,
    size: tuple[int, int],
    javascript: bool,
    language: str,
) -> None:
    path = demo.signed(WHOLE, address, name=f"Áine {word}", q_role="Baker", visibility="initials")
    count = demo.count(WHOLE)
    visitor = new_window(size, java_script_enabled=javascript)
    visitor.open(path, language)
    page, own = visitor.page, Own(visitor.page)
    press = page.keyboard.press
    unseen: list[dict[str, Any]] = []

    def go_to(target: Locator) -> None:
        """Press Tab until it has the focus, which is always seen on the way."""
        for _ in range(_MOST_STEPS):
            press("Tab")
            here = focus(page)
            if not (here["end"] or (here["marked"] and here["inside"] and here["uncovered"])):
                unseen.append(here)
            if target.evaluate("element => element === document.activeElement"):
                return
        raise AssertionError("pressed Tab in vain")

    go_to(page.locator(".skip"))
    press("Enter")
    go_to(own.field("name"))
    page.keyboard.type(f"Qadira {word}")  # instead of what was there: a field that is tabbed to is selected
    go_to(own.field("city"))
    page.keyboard.type("Exampletown")
    go_to(own.form.locator('[value="initials"]'))
    press("ArrowUp")
    go_to(own.form.locator("summary"))
    press("Enter")
    go_to(own.field("comment"))
    page.keyboard.type("A few words")
    go_to(own.field("updates"))
    press("Space")
    go_to(own.button)
    press("Enter")
    expect(own.saved).to_be_focused()
    assert own.values() == {
        "name": f"Qadira {word}",
        "country": "IE",
        "city": "Exampletown",
        "q_role": "Baker",
        "visibility": "public",
        "comment": "A few words",
        "updates": "y",
    }

    go_to(page.locator('section[aria-labelledby="signed"] summary'))
    press("Space")
    expect(own.wording).to_be_visible()
    go_to(page.locator("a[download]"))
    go_to(page.locator('form[action*="/new-link"] button'))
    go_to(page.locator('main a[href*="/withdraw?"]'))
    press("Enter")
    page.wait_for_url("**/withdraw?**")
    withdraw = Withdraw(page)
    go_to(withdraw.button)
    press("Enter")
    page.wait_for_url("**/withdrawn?**")
    go_to(page.locator('main a[href$="#sign"]'))
    assert unseen == []
    assert demo.count(WHOLE) == count - 1


def test_the_link_past_the_masthead_is_the_first_and_works(new_window: NewVisitor) -> None:
    visitor = new_window(PHONE)
    visitor.open("/")
    page = visitor.page
    skip = page.locator(".skip")
    expect(skip).not_to_be_in_viewport()
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


@pytest.mark.parametrize(
    ("stop", "size", "language", "fields"),
    [
        ("asking, with errors", PHONE, "ar", ASKED_OF_ORGANISATIONS),
        ("organisation, wants to change", DESK, "en", []),
        ("organisations", PHONE, "en", ["q", "kind", "country"]),
    ],
    ids=["asking", "own-page", "list"],
)
def test_the_focus_is_seen_on_the_pages_of_organisations(
    new_window: NewVisitor, demo: Demo, stop: str, size: tuple[int, int], language: str, fields: list[str]
) -> None:
    visitor = new_window(size)
    arrive(stop, visitor, demo, language)
    page = visitor.page
    names, unseen = [], []
    page.locator("body").evaluate("body => { body.tabIndex = -1; body.focus(); }")
    for _ in range(_MOST_STEPS):
        page.keyboard.press("Tab")
        here = focus(page)
        if here["end"]:
            break
        names += [here["name"]] if here["name"] else []
        if not (here["marked"] and here["inside"] and here["uncovered"]):
            unseen.append(here)
    assert (names, unseen) == (fields, [])
