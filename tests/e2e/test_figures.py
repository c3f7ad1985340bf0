"""Figures that renew themselves, and the source that goes along with a form."""

import re

import pytest
from playwright.sync_api import Page, Request, Route, expect

from petitions.accounts.roles import Role
from tests.e2e.browsing import PHONE, Visitor
from tests.e2e.conftest import NewVisitor
from tests.e2e.console_pages import log_in
from tests.e2e.program import PASSWORD, Demo
from tests.e2e.samples import WHOLE

PATH = f"/console/c/{WHOLE}/figures"
PART = re.compile(r"/figures/part\?")
TICK = 10_500  # a little more than the ten seconds of static/js/figures.js


@pytest.fixture
def asked(demo: Demo, new_lead: NewVisitor, word: str) -> tuple[Visitor, list[str]]:
    """Somebody who looks at the figures, with a clock of ours; and what was asked for since."""
    lead = new_lead()
    address = f"{word.lower()}@example.org"
    demo.make_lead(address, "Sampla Viewer")
    demo.give_role(WHOLE, address, Role.VIEWER)
    log_in(lead, address, PASSWORD)
    lead.page.clock.install()
    lead.open(PATH)
    found: list[str] = []

    def note(request: Request) -> None:
        if PART.search(request.url):
            found.append(request.headers.get("x-refresh", ""))

    lead.page.on("request", note)
    return lead, found


def wait(page: Page) -> None:
    """Ten seconds of the page, and the answer to what it asks then."""
    with page.expect_response(PART):
        page.clock.run_for(TICK)


def test_they_renew_themselves_and_keep_open_what_is_open(asked: tuple[Visitor, list[str]]) -> None:
    lead, found = asked
    page = lead.page
    page.locator(".chart__table summary").first.click()
    page.locator(".standing__number").evaluate("number => { number.textContent = 'old' }")
    wait(page)
    expect(page.locator(".standing__number")).not_to_have_text("old")
    expect(page.locator(".chart__table").first).to_have_attribute("open", "")
    expect(page.locator(".chart__table summary").first).to_be_focused()
    wait(page)
    assert found == ["1", "1"]


def test_they_can_be_paused_and_go_on(asked: tuple[Visitor, list[str]]) -> None:
    lead, found = asked
    button = lead.page.locator("[data-pause]")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    lead.page.clock.run_for(5 * TICK)
    assert found == []
    with lead.page.expect_response(PART):
        button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    wait(lead.page)
    assert found == ["1", "1"]


def test_they_stop_when_somebody_has_logged_out(asked: tuple[Visitor, list[str]]) -> None:
    lead, found = asked
    page = lead.page
    lead.context.clear_cookies()
    page.clock.run_for(TICK)
    expect(page.locator("[data-status]")).to_have_text("These figures are no longer renewed. Load the page again.")
    expect(page.locator("[data-pause]")).to_be_hidden()
    page.clock.run_for(5 * TICK)
    assert found == ["1"]


def test_while_the_server_is_away_they_ask_again(asked: tuple[Visitor, list[str]]) -> None:
    lead, _ = asked
    page = lead.page
    lead.expected = {503}

    def away(route: Route) -> None:
        route.fulfill(status=503, body="away")

    page.route(PART, away)
    wait(page)
    page.unroute(PART)
    page.locator(".standing__number").evaluate("number => { number.textContent = 'old' }")
    wait(page)
    expect(page.locator(".standing__number")).not_to_have_text("old")


def test_without_scripts_a_link_renews_them(demo: Demo, new_lead: NewVisitor, word: str) -> None:
    lead = new_lead(PHONE, java_script_enabled=False)
    address = f"{word.lower()}@example.org"
    demo.make_lead(address, "Sampla Viewer")
    demo.give_role(WHOLE, address, Role.VIEWER)
    log_in(lead, address, PASSWORD)
    lead.open(PATH)
    expect(lead.page.locator("[data-pause]")).to_be_hidden()
    lead.page.locator(".renewing__again").click()
    expect(lead.page.locator(".standing__number")).to_be_visible()


def test_the_name_in_a_link_goes_along_with_the_form_and_the_language(visitor: Visitor) -> None:
    visitor.open(f"/c/{WHOLE}?utm_source=newsletter&utm_campaign=spring")
    field = visitor.page.locator('#sign input[name="source"]')
    expect(field).to_have_value("newsletter/spring")
    link = visitor.page.locator('.languages a[hreflang="es"]').first
    assert "utm_source=newsletter&utm_campaign=spring" in (link.get_attribute("href") or "")


def test_the_site_before_is_told_by_its_name_alone(visitor: Visitor) -> None:
    visitor.page.goto(f"/c/{WHOLE}?lang=en", referer="https://mastodon.example/@somebody/114?q=boris")
    expect(visitor.page.locator('#sign input[name="source"]')).to_have_value("mastodon.example")


def test_a_page_of_this_site_is_no_source(visitor: Visitor) -> None:
    visitor.open("/")
    visitor.page.locator(f'a[href*="/c/{WHOLE}"]').first.click()
    expect(visitor.page.locator('#sign input[name="source"]')).to_have_value("")
