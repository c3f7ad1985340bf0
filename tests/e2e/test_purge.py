"""`petitions purge`, and what is left of a campaign's pages after it."""

from playwright.sync_api import Page, expect

from tests.e2e.browsing import number_in
from tests.e2e.conftest import NewVisitor, every_visitor
from tests.e2e.pages import Confirm, Find, Privacy, Signers, Statement
from tests.e2e.program import Demo, until
from tests.e2e.samples import PURGED, WHOLE
from tests.e2e.tour import purge

GONE = 404


def reloaded(page: Page) -> str:
    """The page anew: it is kept for a second."""
    page.reload()
    return page.content()


@every_visitor
def test_a_purged_campaign_keeps_its_count_and_nobody(
    new_window: NewVisitor, demo: Demo, address: str, size: tuple[int, int], javascript: bool, language: str
) -> None:
    before = purge(demo)
    assert f"{PURGED}: {before.count} signatures erased" in before.said
    visitor = new_window(size, java_script_enabled=javascript)
    visitor.expected.add(GONE)
    page = visitor.page

    visitor.open(f"/c/{PURGED}", language)
    statement = Statement(page)
    until(lambda: before.name not in reloaded(page), "a statement without names")
    assert statement.count() == demo.count(PURGED) == before.count
    expect(statement.form).to_have_count(0)
    expect(page.locator(f'main a[href*="/c/{PURGED}/find"]')).to_have_count(0)

    visitor.open(f"/c/{PURGED}/signatures", language)
    until(lambda: before.name not in reloaded(page), "a list without names")
    signers = Signers(page)
    assert signers.names == []
    assert [number_in(total) for total in signers.totals] == [before.count]
    visitor.open(f"/c/{PURGED}/signatures?q=sampla", language)
    assert signers.names == []

    visitor.open(f"/c/{PURGED}/privacy", language)
    privacy = Privacy(page)
    expect(privacy.sections).to_have_count(2)  # who was responsible, and that nobody is followed
    expect(page.locator(f'main a[href*="/c/{PURGED}/find"]')).to_have_count(0)

    visitor.open(f"/c/{PURGED}/find", language)
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator("main form")).to_have_count(0)

    # No link in any mail leads to anything, and no mail comes any more.
    visitor.open(before.own_path, language)
    expect(Find(page).field("email")).to_be_visible()
    assert before.name not in page.content()
    visitor.open(before.confirm_path, language)
    expect(Confirm(page).button).to_have_count(0)
    assert before.name not in page.content()
    demo.signed(WHOLE, address, q_role="Baker")
    visitor.open("/", language)
    for path, email in ((f"/c/{PURGED}/find", before.address), ("/find", before.address), ("/find", address)):
        visitor.post(f"{path}?lang={language}", email=email)
    demo.own_path(address, mails=2)  # what was asked for last has come
    assert len(demo.mails_to(before.address)) == 1
