"""Leads write campaigns in a real browser: with the preview that follows the typing, and without any script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from petitions.accounts.sessions import open_session
from petitions.clock import utc_now
from tests.console.support import make_user
from tests.e2e.browsing import DESK, PHONE, Visitor, overflowing
from tests.e2e.conftest import NewVisitor
from tests.e2e.program import Demo


def log_in(visitor: Visitor, demo: Demo, word: str) -> None:
    """As somebody who has an account, without the page for it."""
    with demo.store() as database:
        user = make_user(database, word)
        with database.writing() as session:
            identifier = open_session(session, user.id, "Chromium", utc_now())
    cookie = {"name": "petitions", "value": identifier, "domain": "127.0.0.1", "path": "/console"}
    visitor.context.add_cookies([cookie])  # type: ignore[list-item]


@pytest.fixture(params=[(DESK, True), (PHONE, False)], ids=["scripts", "no-scripts"])
def lead(request: pytest.FixtureRequest, new_window: NewVisitor, demo: Demo, word: str) -> Iterator[Visitor]:
    size, javascript = request.param
    lead = new_window(size, java_script_enabled=javascript)
    log_in(lead, demo, word)
    yield lead
    lead.context.clear_cookies()


def start(lead: Visitor, word: str) -> str:
    """Start a campaign; the path of its pages."""
    lead.open("/console/campaigns/new")
    lead.page.get_by_label("Title").fill(f"Free {word}")
    lead.page.get_by_role("button", name="Start").click()
    expect(lead.page.get_by_role("heading", level=1)).to_have_text("Texts: English")
    return lead.page.url.partition("/texts")[0].removeprefix(lead.base_url)


def test_a_campaign_is_written_from_nothing(lead: Visitor, word: str) -> None:
    desk = start(lead, word)
    page = lead.page
    expect(page.get_by_label("Title")).to_have_value(f"Free {word}")
    page.get_by_label("Summary").fill("One sentence.")
    page.get_by_role("textbox", name="Text", exact=True).fill("He spoke **freely**.\n\n<script>alert(1)</script>")
    page.get_by_label("Demands").fill("1. First.\n2. Second.")
    page.get_by_role("button", name="Show how it looks").click()
    shown = page.locator(".live:visible")
    expect(shown.locator("strong")).to_have_text("freely")
    expect(page.locator(".demands li")).to_have_text(["First.", "Second."])
    expect(page.get_by_label("Summary")).to_have_value("One sentence.")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    assert overflowing(page) == []
    lead.open(f"{desk}/details/basics")
    page.get_by_role("group", name="Addressee 1").get_by_label("Addressee").fill("The court")
    page.get_by_role("group", name="Link 1").get_by_label("Address").fill("nowhere")
    lead.expected = {422}
    page.get_by_role("button", name="Save").click()
    link = page.locator("#errors a")
    expect(link).to_have_text("Link 1: Address")
    link.click()
    expect(page.get_by_role("group", name="Link 1").get_by_label("Address")).to_be_focused()
    page.get_by_role("group", name="Link 1").get_by_label("Address").fill("https://example.org")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.get_by_role("group", name="Addressee 1").get_by_label("Addressee")).to_have_value("The court")
    assert overflowing(page) == []
    lead.open(f"{desk}/preview")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Free {word}")
    expect(page.get_by_text("The court")).to_be_visible()
    expect(page.get_by_role("button", name="Sign", exact=True)).to_be_disabled()
    assert overflowing(page) == []


def test_the_preview_follows_the_typing(new_window: NewVisitor, demo: Demo, word: str) -> None:
    lead = new_window()
    log_in(lead, demo, word)
    start(lead, word)
    field = lead.page.get_by_role("textbox", name="Text", exact=True)
    shown = lead.page.locator(".live:visible")
    expect(shown).to_have_count(0)
    field.press_sequentially("A **bold** word")
    expect(shown.locator("strong")).to_have_text("bold")
    field.press_sequentially(" <img src=x onerror=alert(1)>")
    expect(shown).to_contain_text("<img src=x onerror=alert(1)>")
    field.fill("")
    expect(shown).to_have_count(0)
    lead.context.clear_cookies()


def test_two_windows_tell_each_other_and_words_that_are_not_saved_are_asked_for(
    new_window: NewVisitor, demo: Demo, word: str
) -> None:
    lead = new_window()
    lead.expected = {409}
    log_in(lead, demo, word)
    desk = start(lead, word)
    first = lead.page
    second = lead.context.new_page()
    second.goto(f"{desk}/texts/en?lang=en")
    for page, words in ((first, "From the first window."), (second, "From the second window.")):
        page.get_by_label("Summary").fill(words)
        page.get_by_role("button", name="Save", exact=True).click()
    expect(first.get_by_role("status")).to_have_text("Saved.")
    told = second.get_by_role("alert")
    expect(told).to_contain_text("Not saved: somebody else was faster")
    expect(told).to_contain_text("From the first window.")
    expect(second.get_by_label("Summary")).to_have_value("From the second window.")
    asked: list[str] = []

    def stay(dialog) -> None:  # type: ignore[no-untyped-def]
        asked.append(dialog.type)
        dialog.dismiss()

    second.on("dialog", stay)
    second.get_by_label("Demands").press_sequentially("x")
    second.close(run_before_unload=True)
    expect(second.get_by_label("Summary")).to_have_value("From the second window.")
    assert asked == ["beforeunload"]
    second.get_by_role("button", name="Save mine anyway").click()
    expect(second.get_by_role("status")).to_have_text("Saved.")
    first.reload()
    expect(first.get_by_label("Summary")).to_have_value("From the second window.")
    lead.context.clear_cookies()
