"""Figures that renew themselves, and the source that goes along with a form."""

import re

from playwright.sync_api import Page, Request, Route, expect

from petitions.accounts.roles import Role
from tests.e2e.browsing import Visitor, follow
from tests.e2e.conftest import NewVisitor
from tests.e2e.console_pages import log_in
from tests.e2e.program import PASSWORD, Demo
from tests.e2e.samples import WHOLE

PATH = f"/console/c/{WHOLE}/figures"
PART = re.compile(r"/figures/part\?")
TICK = 10_500  # a little more than the ten seconds of static/js/figures.js


def wait(page: Page) -> None:
    """Ten seconds of the page's clock, and the answer to what it asks then."""
    with page.expect_response(PART):
        page.clock.run_for(TICK)


def test_figures_renew_themselves_until_somebody_pauses_them_or_logs_out(
    demo: Demo, new_lead: NewVisitor, address: str
) -> None:
    lead = new_lead()
    page = lead.page
    demo.make_lead(address, "Sampla Viewer")
    demo.give_role(WHOLE, address, Role.VIEWER)
    log_in(lead, address, PASSWORD)
    page.clock.install()
    lead.open(PATH)
    asked: list[str] = []

    def note(request: Request) -> None:
        if PART.search(request.url):
            asked.append(request.headers.get("x-refresh", ""))

    page.on("request", note)
    number, button = page.locator(".standing__number"), page.locator("[data-pause]")

    # What is open stays open.
    page.locator(".chart__table summary").first.click()
    number.evaluate("number => { number.textContent = 'old' }")
    wait(page)
    expect(number).not_to_have_text("old")
    expect(page.locator(".chart__table").first).to_have_attribute("open", "")
    expect(page.locator(".chart__table summary").first).to_be_focused()

    # While the server is away it asks again.
    def away(route: Route) -> None:
        route.fulfill(status=503, body="away")

    lead.expected = {503}
    page.route(PART, away)
    wait(page)
    page.unroute(PART)
    number.evaluate("number => { number.textContent = 'old' }")
    wait(page)
    expect(number).not_to_have_text("old")
    assert asked == ["1"] * 3

    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    page.clock.run_for(5 * TICK)
    assert len(asked) == 3
    with page.expect_response(PART):
        button.click()
    expect(button).to_have_attribute("aria-pressed", "false")

    lead.context.clear_cookies()
    page.clock.run_for(TICK)
    expect(page.locator("[data-status]")).to_have_text("These figures are no longer renewed. Load the page again.")
    expect(button).to_be_hidden()
    page.clock.run_for(5 * TICK)
    assert asked == ["1"] * 5


def test_the_source_goes_along_with_the_form_and_the_language(visitor: Visitor) -> None:
    field = visitor.page.locator('#sign input[name="source"]')
    visitor.open(f"/c/{WHOLE}?utm_source=newsletter&utm_campaign=spring")
    expect(field).to_have_value("newsletter/spring")
    link = visitor.page.locator('.languages a[hreflang="es"]').first
    assert "utm_source=newsletter&utm_campaign=spring" in (link.get_attribute("href") or "")
    # Of another site its name alone; of our own nothing.
    visitor.page.goto(f"/c/{WHOLE}?lang=en", referer="https://mastodon.example/@somebody/114?q=boris")
    expect(field).to_have_value("mastodon.example")
    visitor.open("/")
    follow(visitor.page.locator(f'a[href*="/c/{WHOLE}"]').first)
    expect(field).to_have_value("")
