"""From the first page to one's name on the list, as every kind of visitor goes it."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browsing import DESK, PHONE, follow
from tests.e2e.conftest import NewVisitor
from tests.e2e.pages import Home, Mailbox, Signers, Statement
from tests.e2e.program import Demo, until

SLUG = "irish-climate-trial"


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_somebody_signs_confirms_and_is_found_on_the_list(
    new_window: NewVisitor,
    demo: Demo,
    word: str,
    address: str,
    size: tuple[int, int],
    javascript: bool,
    language: str,
) -> None:
    visitor = new_window(size, java_script_enabled=javascript)
    page, name = visitor.page, f"Áine {word}"
    before = demo.count(SLUG)
    demo.wait_for_page(SLUG, before)

    visitor.open("/", language)
    home = Home(page)
    home.search("climate")
    statement = home.follow(SLUG)
    assert statement.count() == before
    statement.go_to_form()
    signed = statement.sign(name=name, email=address, country="IE", city="Exampletown", visibility="public")
    assert signed.path == f"/c/{SLUG}/signed"

    mail = signed.open_mailbox().open_mail_to(address)
    confirm = mail.follow()
    expect(confirm.preview).to_contain_text(name)
    expect(confirm.entries).to_contain_text(address)
    assert demo.count(SLUG) == before

    thanks = confirm.press()
    assert thanks.count() == before + 1
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")

    follow(page.locator(f'main a[href*="/c/{SLUG}?"]').first)
    until(lambda: _again(page).count() == before + 1, "the count on the page")
    expect(page.locator(".names")).to_contain_text(name)
    follow(page.locator(f'main a[href^="/c/{SLUG}/signatures?"]'))
    signers = Signers(page)
    assert signers.names[0] == name
    signers.search(word[:-1].upper() + word[-1])
    assert signers.names == [name]
    expect(page.locator(f'a[href="mailto:{address}"]')).to_have_count(0)
    assert address not in page.content()


def _again(page: Page) -> Statement:
    """The page anew: it is kept for a second."""
    page.reload()
    return Statement(page)


def test_an_arabic_statement_is_signed_in_arabic(
    new_window: NewVisitor, demo: Demo, word: str, address: str
) -> None:
    slug, name = "hands-off-our-campuses", f"سلمى {word}"
    visitor = new_window(PHONE)
    before = demo.count(slug)
    visitor.open(f"/c/{slug}", "ar")
    statement = Statement(visitor.page)
    expect(visitor.page.locator("h1")).to_have_css("direction", "rtl")
    statement.go_to_form()
    statement.fill(affiliation="جامعة", comment="تضامن", updates=True)
    statement.sign(name=name, email=address, country="LB", visibility="public")
    visitor.open("/mailbox", "ar")
    confirm = Mailbox(visitor.page).open_mail_to(address).follow()
    expect(confirm.preview).to_contain_text(name)
    expect(confirm.preview).to_contain_text("تضامن")
    assert confirm.press().count() == before + 1


def test_a_link_that_was_used_says_thanks_again_and_counts_once(
    new_window: NewVisitor, demo: Demo, address: str
) -> None:
    demo.submit(SLUG, email=address)
    path, before = demo.confirm_path(address), demo.count(SLUG)
    visitor = new_window(PHONE)
    page = visitor.page
    visitor.open(path)
    page.locator('form[action^="/confirm/"] button').dblclick()
    page.wait_for_url("**/thanks?**")
    page.go_back()
    button = page.locator('form[action^="/confirm/"] button')
    if button.count():
        button.click()
    page.wait_for_url("**/thanks?**")
    page.reload()
    visitor.open(path)
    page.wait_for_url("**/thanks?**")
    assert demo.count(SLUG) == before + 1


def test_a_stranger_sees_nothing_of_a_signer_on_the_pages_after_signing(
    new_window: NewVisitor, demo: Demo, word: str, address: str
) -> None:
    demo.submit(SLUG, name=f"Áine {word}", email=address, visibility="addressee")
    demo.confirm(address)
    visitor = new_window()
    for below in ("", "/signed", "/thanks", "/signatures"):
        visitor.open(f"/c/{SLUG}{below}")
        assert word not in visitor.page.content()
        assert address not in visitor.page.content()
