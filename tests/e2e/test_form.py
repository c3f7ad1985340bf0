"""The signing form: what is wrong is said and kept, what is sent twice counts once."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import DESK, PHONE
from tests.e2e.conftest import NewVisitor
from tests.e2e.pages import Confirm, Signers, Statement
from tests.e2e.program import Demo, until
from tests.e2e.test_whole_way import SLUG

UNPROCESSABLE, UNAVAILABLE = 422, 503


def open_form(
    new_window: NewVisitor, size: tuple[int, int] = DESK, slug: str = SLUG, language: str = "en"
) -> Statement:
    visitor = new_window(size)
    visitor.expected.add(UNPROCESSABLE)
    visitor.open(f"/c/{slug}", language)
    return Statement(visitor.page)


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_an_empty_form_says_what_is_missing_and_leads_to_it(
    new_window: NewVisitor, size: tuple[int, int], language: str
) -> None:
    statement = open_form(new_window, size, language=language)
    statement.go_to_form()
    statement.press()
    expect(statement.summary).to_be_focused()
    expect(statement.summary).to_be_in_viewport()
    links = statement.summary.get_by_role("link")
    targets = [str(link.get_attribute("href")) for link in links.all()]
    assert targets == ["#f-name", "#f-email", "#f-country"]
    for link, target in zip(links.all(), targets, strict=True):
        link.click()
        field = statement.page.locator(target)
        expect(field).to_be_focused()
        expect(field).to_be_in_viewport(ratio=1)
        described = str(field.get_attribute("aria-describedby")).split()
        assert f"{target[1:]}-error" in described
        expect(statement.page.locator(f"{target}-error")).not_to_be_empty()
        expect(field).to_have_attribute("aria-invalid", "true")


def test_what_was_typed_is_kept_beside_the_errors(new_window: NewVisitor) -> None:
    statement = open_form(new_window, slug="ontario-mass-work-refusals")
    typed = {
        "name": "=Sample",
        "email": "sample@",
        "city": "Exampletown",
        "comment": "First line\nSecond line",
        "q_workplace": "Example works",
        "q_union": "Local 0",
    }
    statement.fill(**typed, country="CA", visibility="initials", updates=True)
    statement.press()
    expect(statement.summary).to_be_focused()
    kept = statement.values()
    kept["comment"] = kept["comment"].replace("\r\n", "\n")
    assert kept == typed | {"country": "CA", "visibility": "initials", "updates": "y"}
    expect(statement.error("name")).to_be_visible()
    expect(statement.error("email")).to_be_visible()
    expect(statement.error("country")).to_have_count(0)
    # The page of the errors loaded again is the form sent again: the same answer.
    statement.page.reload()
    expect(statement.error("name")).to_be_visible()
    assert statement.values()["q_union"] == "Local 0"


def test_a_slip_in_the_address_is_asked_about_once_and_not_forced(
    new_window: NewVisitor, demo: Demo, word: str
) -> None:
    slip = f"{word.lower()}@gmal.com"
    statement = open_form(new_window, PHONE)
    statement.fill(name=f"Áine {word}", email=slip, country="IE")
    statement.press()
    expect(statement.error("email")).to_contain_text(f"{word.lower()}@gmail.com")
    expect(statement.field("email")).to_have_value(slip)
    statement.press()
    statement.page.wait_for_url("**/signed?**")
    until(lambda: demo.mails_to(slip), "the mail")


def test_a_slip_that_is_mended_goes_through(new_window: NewVisitor, demo: Demo, word: str) -> None:
    statement = open_form(new_window)
    statement.fill(name=f"Áine {word}", email=f"{word.lower()}@hotmial.com", country="IE")
    statement.press()
    expect(statement.error("email")).to_contain_text("@hotmail.com")
    statement.sign(email=f"{word.lower()}@example.org")
    until(lambda: demo.mails_to(f"{word.lower()}@example.org"), "the mail")


@pytest.mark.parametrize("visibility", ["public", "initials", "addressee", "anonymous"])
def test_a_signer_is_shown_as_they_chose_and_nowhere_else(
    new_window: NewVisitor, demo: Demo, word: str, address: str, visibility: str
) -> None:
    slug, name = "wabtec-strike", f"Qadira {word}"
    shown = {"public": name, "initials": "Q. S."}.get(visibility)
    statement = open_form(new_window, slug=slug)
    page = statement.page
    before = demo.count(slug)
    statement.sign(name=name, email=address, country="US", city=f"{word}ville", visibility=visibility)
    page.goto(demo.confirm_path(address) + "?lang=en")
    confirm = Confirm(page)
    if shown:
        expect(confirm.preview.locator("bdi").first).to_have_text(shown)
    else:
        expect(confirm.preview).to_have_count(0)
    assert (name in page.content()) == (visibility != "anonymous")
    confirm.press()
    assert demo.count(slug) == before + 1

    # Somebody after them is on the list: had they come onto it, they would be there too.
    later = f"Zofia {word[::-1].capitalize()}"
    demo.submit(slug, name=later, email=f"later.{address}")
    demo.confirm(f"later.{address}")
    demo.wait_for_list(slug, "en", later)
    page.goto(f"/c/{slug}/signatures?lang=en")
    signers = Signers(page)
    assert signers.names[0] == later
    assert (signers.names[1] == shown) if shown else (word not in page.content())
    if visibility != "public":
        assert word not in page.content()
    signers.search(word)
    assert signers.names == ([name] if visibility == "public" else [])
    page.goto(f"/c/{slug}?lang=en")
    assert (word in page.content()) == (visibility == "public")


def test_a_form_that_is_sent_twice_is_one_draft(
    new_window: NewVisitor, demo: Demo, word: str, address: str
) -> None:
    visitor = new_window(PHONE)
    visitor.open(f"/c/{SLUG}")
    page, statement = visitor.page, Statement(visitor.page)
    statement.fill(name=f"Áine {word}", email=address, country="IE")
    statement.button.dblclick()
    page.wait_for_url("**/signed?**")
    page.go_back()
    expect(statement.field("name")).to_be_attached()
    statement.fill(name=f"Áine {word}", email=address, country="IE")
    statement.press()
    page.wait_for_url("**/signed?**")
    page.reload()
    assert statement.path == f"/c/{SLUG}/signed"

    before = demo.count(SLUG)
    demo.confirm(address)
    assert demo.count(SLUG) == before + 1
    assert len(demo.mails_to(address)) == 1


def test_an_address_that_has_signed_gets_the_same_page_and_counts_once(
    new_window: NewVisitor, demo: Demo, word: str, address: str
) -> None:
    demo.submit(SLUG, name=f"Áine {word}", email=address)
    demo.confirm(address)
    before = demo.count(SLUG)
    statement = open_form(new_window)
    fresh: list[str] = []
    used: list[str] = []
    for seen, email in ((fresh, f"other.{address}"), (used, address)):
        statement.page.goto(f"/c/{SLUG}?lang=en")
        statement.sign(name="Somebody Else", email=email, country="IE")
        seen.append(re.sub(r"\s+", " ", statement.page.locator("main").inner_text()))
    assert fresh == used
    assert demo.count(SLUG) == before


def test_a_store_that_is_away_loses_nothing_that_was_typed(
    new_window: NewVisitor, demo: Demo, word: str, address: str
) -> None:
    visitor = new_window(PHONE)
    visitor.expected.add(UNAVAILABLE)
    visitor.open(f"/c/{SLUG}")
    page, statement = visitor.page, Statement(visitor.page)
    with demo.locked_store():
        statement.fill(name=f"Áine {word}", email=address, country="IE", comment="Two\nlines")
        page.context.set_default_timeout(30_000)
        with page.expect_response(lambda response: response.request.method == "POST") as answered:
            statement.press()
        assert answered.value.status == UNAVAILABLE
        assert int(answered.value.headers["retry-after"]) > 0
    page.get_by_role("main").get_by_role("button").click()
    page.wait_for_url("**/signed?**")
    page.goto(demo.confirm_path(address) + "?lang=en")
    expect(Confirm(page).preview).to_contain_text("Two\nlines")
    assert len(demo.mails_to(address)) == 1
