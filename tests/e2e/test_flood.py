"""The switches against a flood, as somebody meets them who signs."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Route, expect
from sqlalchemy import func, select, update

from petitions.abuse.models import SpentChallenge
from petitions.campaigns.models import Campaign
from petitions.clock import utc_now
from tests.e2e.browsing import DESK, PHONE
from tests.e2e.conftest import NewVisitor
from tests.e2e.pages import Statement
from tests.e2e.program import Demo, until

#: Nothing else that the tests do needs its form.
SLUG = "hands-off-the-pcv"


def turn(demo: Demo, to: str | None) -> None:
    """Turn a switch, and wait until the page knows."""
    with demo.store() as database, database.writing() as session:
        this = update(Campaign).where(Campaign.slug == SLUG)
        session.execute(this.values(defence=to, defence_since=utc_now() if to else None))

    def look() -> bool:
        text = httpx.get(f"{demo.url}/c/{SLUG}?lang=en").text
        return ("data-challenge" in text, "Signing is paused" in text) == (to == "work", to == "paused")

    until(look, f"a page with {to}")


@pytest.fixture(scope="module")
def at_work(demo: Demo) -> Iterator[None]:
    turn(demo, "work")
    yield
    turn(demo, None)


def spent(demo: Demo) -> int:
    """How many proofs were used."""
    with demo.store() as database, database.reading() as session:
        return session.scalar(select(func.count()).select_from(SpentChallenge)) or 0


def test_what_was_typed_before_a_pause_is_sent_when_it_is_over(
    new_window: NewVisitor, demo: Demo, word: str, address: str
) -> None:
    visitor = new_window(PHONE)
    visitor.expected.add(409)
    visitor.open(f"/c/{SLUG}")
    statement = Statement(visitor.page)
    statement.fill(name=f"Ana {word}", email=address, country="IE")
    turn(demo, "paused")
    statement.press()
    expect(visitor.page.locator("h1")).to_have_text("Signing is paused for a while")
    turn(demo, None)
    visitor.page.locator("main form button").click()
    visitor.page.wait_for_url("**/signed?**")


@pytest.mark.usefixtures("at_work")
def test_a_browser_works_while_its_reader_writes(
    new_window: NewVisitor, demo: Demo, word: str, address: str
) -> None:
    before = spent(demo)
    visitor = new_window(DESK)
    visitor.open(f"/c/{SLUG}")
    proof = visitor.page.locator("[name=proof]")
    expect(proof).to_have_value("")
    statement = Statement(visitor.page)
    statement.fill(name=f"Ana {word}", email=address, country="IE")
    expect(proof).not_to_have_value("")
    statement.press()
    visitor.page.wait_for_url("**/signed?**")
    assert spent(demo) == before + 1


@pytest.mark.usefixtures("at_work")
def test_who_presses_at_once_is_told_to_wait_and_goes_on_by_itself(
    new_window: NewVisitor, demo: Demo, word: str, address: str
) -> None:
    before = spent(demo)
    visitor = new_window(PHONE)
    held: list[Route] = []
    visitor.page.route("**/challenge?**", lambda route, _request: held.append(route))
    visitor.open(f"/c/{SLUG}")
    statement = Statement(visitor.page)
    statement.fill(name=f"Ana {word}", email=address, country="IE")
    statement.button.click()
    button = statement.form.locator("button[type=submit]")
    expect(visitor.page.locator("[role=status].work__status")).to_contain_text("One moment")
    expect(button).to_have_attribute("aria-disabled", "true")
    statement.button.click(force=True)  # once more: nothing is sent twice
    (route,) = held
    route.continue_()
    visitor.page.wait_for_url("**/signed?**")
    assert spent(demo) == before + 1


@pytest.mark.usefixtures("at_work")
@pytest.mark.parametrize("javascript", [True, False], ids=["no-challenge", "no-scripts"])
def test_without_a_proof_one_can_sign_all_the_same(
    new_window: NewVisitor, demo: Demo, word: str, address: str, javascript: bool
) -> None:
    before = spent(demo)
    visitor = new_window(DESK, java_script_enabled=javascript)
    if javascript:
        visitor.expected.add(503)
        visitor.page.route("**/challenge?**", lambda route: route.fulfill(status=503))
    visitor.open(f"/c/{SLUG}")
    Statement(visitor.page).sign(name=f"Ana {word}", email=address, country="IE")
    assert spent(demo) == before
