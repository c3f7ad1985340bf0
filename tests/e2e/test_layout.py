"""Small windows, zoom, print, and what a system asks for: contrast, stillness."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import PHONE, Visitor, overflowing
from tests.e2e.conftest import NewVisitor
from tests.e2e.organisation_tour import ORGANISATION_STOPS
from tests.e2e.pages import Statement
from tests.e2e.program import Demo
from tests.e2e.tour import PRISONER, SLUG, STOPS, arrive

PAPER = {
    "statement": f"/c/{PRISONER}",
    "statement, closed": "/c/closed-sample",
    "signers": f"/c/{SLUG}/signatures",
    "background": f"/c/{PRISONER}/background",
    "privacy": f"/c/{SLUG}/privacy",
}


@pytest.mark.parametrize("language", ["de", "ru", "ar"])
def test_no_page_scrolls_to_the_side_at_320_pixels_or_at_twice_the_size(
    new_window: NewVisitor, demo: Demo, language: str
) -> None:
    visitor = new_window((320, 640))
    found = {}
    for stop in STOPS:
        if stop in ORGANISATION_STOPS and language != "de":
            continue  # both directions are looked at beside what axe finds
        arrive(stop, visitor, demo, language)
        for width, height in ((320, 640), (640, 400)):
            visitor.page.set_viewport_size({"width": width, "height": height})
            found[stop, width] = list(overflowing(visitor.page))
    assert {place: what for place, what in found.items() if what} == {}


@pytest.mark.parametrize("size", [(1280, 720), (1280, 800), (1440, 900), (1920, 1080), (2560, 1440)])
def test_the_card_covers_nothing_and_its_button_is_reached(new_window: NewVisitor, size: tuple[int, int]) -> None:
    visitor = new_window(size)
    visitor.open(f"/c/{PRISONER}")
    page, statement = visitor.page, Statement(visitor.page)
    expect(page.locator("#f-name")).to_be_in_viewport()
    statement.form.locator("summary").click()
    seen = False
    for share in (0, 0.2, 0.4, 0.6, 0.8, 1):
        page.evaluate("share => scrollTo(0, share * document.documentElement.scrollHeight)", share)
        assert _covered(page) == []
        seen = seen or bool(statement.button.evaluate(_IN_WINDOW))
    assert seen


_IN_WINDOW = "e => { const b = e.getBoundingClientRect(); return b.top >= 0 && b.bottom <= innerHeight; }"


def test_without_scripts_the_card_stands_still_beside_the_title(new_window: NewVisitor) -> None:
    visitor = new_window(java_script_enabled=False)
    visitor.open(f"/c/{PRISONER}")
    card, title = (visitor.page.locator(name).bounding_box() for name in ("#sign", ".poster__text"))
    assert card is not None
    assert title is not None
    assert card["y"] == title["y"]
    expect(visitor.page.locator("#sign")).to_have_css("position", "static")


def _covered(page: Page) -> list[str]:
    """What lies under the card."""
    found: list[str] = page.evaluate(
        """() => {
             const card = document.querySelector("#sign").getBoundingClientRect();
             const others = ".masthead, .colophon, .poster__text > *, .poster__rest > *";
             return [...document.querySelectorAll(others)].filter((element) => {
               const box = element.getBoundingClientRect();
               return box.width && box.height && box.left < card.right && box.right > card.left
                 && box.top < card.bottom && box.bottom > card.top;
             }).map((element) => element.className || element.tagName);
           }"""
    )
    return found


def test_the_bar_on_a_phone_goes_when_the_form_is_there(new_window: NewVisitor) -> None:
    visitor = new_window(PHONE)
    visitor.open(f"/c/{PRISONER}")
    statement = Statement(visitor.page)
    expect(statement.bar).to_be_in_viewport(ratio=1)
    statement.bar.click()
    expect(statement.field("name")).to_be_in_viewport(ratio=1)
    visitor.page.locator("#latest, #share").first.scroll_into_view_if_needed()
    statement.button.scroll_into_view_if_needed()
    expect(statement.bar).not_to_be_in_viewport()


@pytest.mark.parametrize("stop", PAPER)
def test_on_paper_there_is_no_interface(visitor: Visitor, stop: str) -> None:
    visitor.open(PAPER[stop])
    visitor.page.emulate_media(media="print")
    interface = "button, input, select, textarea, nav, form, .sign-bar, .skip, .masthead, .colophon, .sample"
    expect(visitor.page.locator(interface).locator("visible=true")).to_have_count(0)
    expect(visitor.page.locator("h1")).to_be_visible()
    if stop == "statement":
        expect(visitor.page.locator(".share__qr img")).to_be_visible()
        expect(visitor.page.locator(".print-address")).to_contain_text(f"/c/{PRISONER}")


@pytest.mark.parametrize(
    ("slug", "language"),
    [(PRISONER, "en"), (PRISONER, "ru"), ("hands-off-our-campuses", "ar")],
)
def test_a_statement_is_a_leaflet_of_one_page_with_its_code(visitor: Visitor, slug: str, language: str) -> None:
    visitor.open(f"/c/{slug}", language)
    code = visitor.page.locator(".share__qr img")
    assert code.evaluate("image => image.complete && image.naturalWidth > 0")
    paper = visitor.page.pdf(format="A4", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b(?!s)", paper)) == 1


def test_nothing_moves_for_those_who_ask_for_stillness(new_window: NewVisitor, demo: Demo) -> None:
    visitor = new_window(reduced_motion="reduce")
    for stop in ("home", "statement", "thanks", "own page, saved", "withdraw", "find", "not me"):
        arrive(stop, visitor, demo, "en")
        moving = visitor.page.evaluate(
            """() => [...document.querySelectorAll("*")].filter((element) => {
                 const style = getComputedStyle(element);
                 return parseFloat(style.transitionDuration) || style.animationName !== "none"
                   || style.scrollBehavior === "smooth";
               }).map((element) => element.tagName)"""
        )
        assert moving == []


def test_forced_colours_keep_edges_marks_and_progress(new_window: NewVisitor, demo: Demo) -> None:
    visitor = new_window(PHONE, forced_colors="active")
    page = visitor.page
    arrive("form with errors", visitor, demo, "en")
    for edged in (".card", "#sign .button", "#f-name", "#f-country", ".error", ".summary"):
        assert page.locator(edged).first.evaluate(_HAS_EDGE), edged
    page.locator("#f-city").focus()
    assert page.locator("#f-city").evaluate("e => parseFloat(getComputedStyle(e).outlineWidth)") >= 2
    arrive("own page, saved", visitor, demo, "en")
    for edged in ("form .button", ".button--quiet", ".appearance__preview", "#f-name"):
        assert page.locator(edged).first.evaluate(_HAS_EDGE), edged
    visitor.open(f"/c/{PRISONER}")
    assert Statement(page).bar.evaluate(_HAS_EDGE)


#: A border of its own or of its mark that a system's palette does not take away.
_HAS_EDGE = """element => [null, "::before"].some((pseudo) => {
  const style = getComputedStyle(element, pseudo);
  return style.borderTopStyle !== "none" && parseFloat(style.borderTopWidth) > 0;
})"""
