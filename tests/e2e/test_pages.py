"""The pages beside the form: what each offers works."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.browsing import DESK, PHONE, Visitor, follow
from tests.e2e.conftest import NewVisitor
from tests.e2e.pages import AnyPage, Statement
from tests.e2e.program import Demo, read_mail, until
from tests.e2e.samples import CLOSED
from tests.e2e.test_whole_way import SLUG

PRISONER = "free-boris-kagarlitsky"


def test_the_background_is_read_and_leads_to_the_form(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open(f"/c/{PRISONER}")
    follow(page.locator(f'a[href^="/c/{PRISONER}/background"]'))
    assert AnyPage(page).path == f"/c/{PRISONER}/background"
    headings = page.locator("main :is(h1, h2)")
    assert headings.count() > 3
    follow(page.locator('main a[href$="#sign"]'))
    expect(page.locator("#sign form")).to_be_in_viewport()
    assert AnyPage(page).path == f"/c/{PRISONER}"


def test_the_background_in_a_language_it_lacks_says_so(visitor: Visitor) -> None:
    visitor.open(f"/c/{PRISONER}/background", "ar")
    expect(visitor.page.locator(".prose")).to_have_attribute("lang", "en")
    expect(visitor.page.locator(".prose")).to_have_attribute("dir", "ltr")
    expect(visitor.page.locator(".remark")).to_be_visible()


def test_what_is_kept_is_told_where_one_agrees(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open(f"/c/{SLUG}")
    follow(page.locator(".consent a"))
    assert AnyPage(page).path == f"/c/{SLUG}/privacy"
    expect(page.locator('main a[href="mailto:privacy@example.org"]').first).to_be_visible()


@pytest.mark.parametrize("kind", ["svg", "png"])
def test_the_code_for_leaflets_can_be_taken_away(visitor: Visitor, kind: str) -> None:
    visitor.open(f"/c/{SLUG}")
    with visitor.page.expect_download() as download:
        visitor.page.locator(f'a[download][href$="/qr.{kind}"]').click()
    content = download.value.path().read_bytes()
    assert content.startswith(b"\x89PNG" if kind == "png" else b"<?xml")
    shown = visitor.page.locator(".share__qr img")
    shown.scroll_into_view_if_needed()
    until(lambda: shown.evaluate("image => image.complete && image.naturalWidth > 0"), "the code on the page")


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
@pytest.mark.parametrize(
    "path", ["/?q=climate", f"/c/{SLUG}", f"/c/{SLUG}/signatures?q=a", f"/c/{SLUG}/privacy", "/mailbox"]
)
def test_another_language_is_the_same_page(new_window: NewVisitor, path: str, size: tuple[int, int]) -> None:
    visitor = new_window(size, java_script_enabled=False)
    page = visitor.page
    visitor.open(path)
    if size == PHONE:
        page.locator(".languages__menu summary").click()
    follow(page.locator('.languages a[hreflang="de"]:visible'))
    expect(page.locator("html")).to_have_attribute("lang", "de")
    place, _, query = path.partition("?")
    assert AnyPage(page).path == place
    assert query in page.url


def test_a_campaign_of_organisations_has_no_form_but_leads_to_theirs(new_window: NewVisitor) -> None:
    visitor = new_window(PHONE)
    visitor.open("/c/solidarity-mugimendu-sozialista", "eu")
    page = visitor.page
    expect(page.locator("#sign form")).to_have_count(0)
    expect(page.locator("#sign a.button")).to_have_count(1)
    page.locator(".sign-bar").click()
    page.wait_for_url("**/organisations/new?lang=eu")
    expect(page.locator("#f-contact_name")).to_be_visible()


def test_a_closed_campaign_is_read_but_not_signed(visitor: Visitor, demo: Demo) -> None:
    visitor.expected.add(409)
    visitor.open(f"/c/{CLOSED}")
    page = visitor.page
    expect(page.locator("#sign form")).to_have_count(0)
    expect(page.locator("#sign h2")).to_be_visible()
    expect(page.locator(".prose")).to_contain_text("It was open once.")
    visitor.post(f"/c/{CLOSED}/signatures", name="Late", email="late@example.org", country="IE")
    follow(page.locator(f'main .onwards a[href*="/c/{CLOSED}"]'))
    expect(page.locator("#sign")).to_be_visible()
    assert demo.mails_to("late@example.org") == []


def test_the_address_is_copied_with_a_press(new_window: NewVisitor, demo: Demo) -> None:
    visitor = new_window(permissions=["clipboard-read", "clipboard-write"])
    visitor.open(f"/c/{SLUG}/thanks")
    button, status = visitor.page.locator("[data-copy]"), visitor.page.locator("[data-copy-status]")
    words = button.inner_text()
    button.click()
    expect(button).to_have_text(str(button.get_attribute("data-done")))
    expect(status).to_have_text(str(button.get_attribute("data-done")))
    assert visitor.page.evaluate("navigator.clipboard.readText()") == f"{demo.url}/c/{SLUG}"
    expect(button).to_have_text(words)
    expect(status).to_be_empty()


def test_without_scripts_no_button_stands_there_that_does_nothing(new_window: NewVisitor) -> None:
    visitor = new_window(java_script_enabled=False)
    visitor.open(f"/c/{SLUG}/thanks")
    expect(visitor.page.locator(".share__links a")).to_have_count(6)
    expect(visitor.page.locator(".share button:visible")).to_have_count(0)


def test_links_to_pass_the_page_on_carry_the_title_and_lead_away_safely(visitor: Visitor, demo: Demo) -> None:
    visitor.open(f"/c/{SLUG}")
    links = visitor.page.locator(".share__links a")
    for link in links.all():
        assert "noreferrer" in str(link.get_attribute("rel"))
        assert re.search(re.escape(SLUG), str(link.get_attribute("href")))


def test_a_new_mail_can_be_asked_for_when_the_link_is_broken(visitor: Visitor, demo: Demo, address: str) -> None:
    visitor.expected |= {404, 422}
    demo.submit(SLUG, email=address)
    broken = demo.confirm_path(address)[:-3]
    page = visitor.page
    visitor.open(broken)
    follow(page.locator("form button"))
    expect(page.locator("#errors")).to_be_focused()
    page.locator("#f-email").fill(address)
    follow(page.locator("form button"))
    assert AnyPage(page).path == "/confirm"
    expect(page.locator("#f-email")).to_have_count(0)


def test_a_mail_reads_well_as_html_and_asks_for_nothing_from_elsewhere(
    visitor: Visitor, demo: Demo, address: str
) -> None:
    demo.submit(SLUG, "ar", email=address, name="سلمى")
    path = demo.confirm_path(address)
    html = read_mail(demo.mails_to(address)[0]).html
    visitor.page.set_content(html)
    expect(visitor.page.locator("html")).to_have_attribute("dir", "rtl")
    expect(visitor.page.locator(f'a.button-label[href*="{path}"]')).to_be_visible()
    assert visitor.page.locator("img, link, script").count() == 0


def test_the_list_of_latest_names_leads_to_nothing_where_there_is_no_full_list(visitor: Visitor) -> None:
    visitor.open("/c/hands-off-our-campuses")
    expect(visitor.page.locator('a[href*="/signatures"]')).to_have_count(0)
    assert Statement(visitor.page).count() >= 0
