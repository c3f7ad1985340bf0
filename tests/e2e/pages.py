"""The pages as a visitor knows them: by roles, names of fields and addresses, not by words of a language."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import follow, number_in
from tests.e2e.program import until


@dataclass(frozen=True)
class AnyPage:
    page: Page

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def focused(self) -> str:
        """The id of the element that has the focus."""
        return str(self.page.evaluate("document.activeElement.id"))

    def search(self, text: str) -> None:
        """Use the search of the page."""
        self.page.locator("#q").fill(text)
        with self.page.expect_navigation():
            self.page.locator("#q").press("Enter")
        expect(self.page.locator("#q")).to_have_value(text)


class Home(AnyPage):
    def follow(self, slug: str) -> "Statement":
        """Open a campaign of the list."""
        follow(self.page.locator(f'.entry a[href*="/c/{slug}?"]'))
        expect(self.page.locator("#sign")).to_be_attached()
        return Statement(self.page)


class FormPage(AnyPage):
    """A page with a form to fill in."""

    @property
    def form(self) -> Locator:
        return self.page.locator("form[novalidate]")

    @property
    def button(self) -> Locator:
        return self.form.locator("button")

    @property
    def summary(self) -> Locator:
        """What says that something is wrong."""
        return self.page.locator("#errors")

    def field(self, name: str) -> Locator:
        return self.page.locator(f"#f-{name}")

    def error(self, name: str) -> Locator:
        return self.page.locator(f"#f-{name}-error")

    def fill(self, *, visibility: str = "", updates: bool | None = None, **fields: str) -> None:
        """Type into the fields of the form."""
        country = fields.pop("country", "")
        if country:
            self.field("country").select_option(country)
        for name, value in fields.items():
            if not self.field(name).is_visible():
                self.form.locator("summary").click()
            self.field(name).fill(value)
        if visibility:
            self.form.locator(f'[name="visibility"][value="{visibility}"]').check()
        if updates is not None:
            self.field("updates").set_checked(updates)

    def values(self) -> dict[str, str]:
        """What the form holds."""
        found = self.form.evaluate("form => Object.fromEntries(new FormData(form))")
        return {
            name: value.replace("\r\n", "\n")
            for name, value in found.items()
            if value and name not in ("statement", "email_checked", "updates_words")
        }

    def press(self) -> None:
        """Send the form."""
        follow(self.button)


class Statement(FormPage):
    """A campaign's page, with its form."""

    @property
    def form(self) -> Locator:
        return self.page.locator("#sign form")

    @property
    def bar(self) -> Locator:
        return self.page.locator(".sign-bar")

    @property
    def title(self) -> str:
        return self.page.locator("h1").inner_text()

    @property
    def demands(self) -> list[str]:
        return self.page.locator(".demands li").all_inner_texts()

    def count(self) -> int:
        """The number that is shown; 0 where the page says "be the first" instead."""
        shown = self.page.locator("#sign .tally strong")
        return number_in(shown.inner_text()) if shown.count() else 0

    def go_to_form(self) -> None:
        """By the bar at the bottom, where there is one."""
        if self.bar.is_visible():
            self.bar.click()
        expect(self.page.locator("#f-name")).to_be_in_viewport()

    def sign(self, *, visibility: str = "", updates: bool | None = None, **fields: str) -> "Signed":
        """Fill in the form and send it; it is right."""
        self.fill(visibility=visibility, updates=updates, **fields)
        self.press()
        self.page.wait_for_url("**/signed?**")
        return Signed(self.page)

    def find_mine(self) -> "Find":
        """Follow "signed already?"."""
        follow(self.page.locator(".signed-already a"))
        return Find(self.page)


class Signed(AnyPage):
    def open_mailbox(self) -> "Mailbox":
        follow(self.page.locator('main a[href^="/mailbox"]'))
        return Mailbox(self.page)


class Mailbox(AnyPage):
    def mails_to(self, address: str) -> Locator:
        return self.page.locator(".mails li").filter(has_text=address)

    def open_mail_to(self, address: str, mails: int = 1) -> "Mail":
        """The newest; look again and again until there are so many."""

        def look() -> bool:
            self.page.reload()
            return self.mails_to(address).count() == mails

        until(look, f"{mails} mails to {address}")
        follow(self.mails_to(address).first.get_by_role("link"))
        return Mail(self.page)


class Mail(AnyPage):
    def follow(self) -> "Confirm":
        follow(self.page.locator('.letter a[href*="/confirm/"]:not([href*="/not-me"])'))
        return Confirm(self.page)

    def follow_own(self) -> "Own":
        follow(self.page.locator('.letter a[href*="/signature/"]'))
        return Own(self.page)

    def follow_not_me(self) -> "NotMe":
        follow(self.page.locator('.letter a[href*="/not-me"]'))
        return NotMe(self.page)


class Confirm(AnyPage):
    @property
    def preview(self) -> Locator:
        return self.page.locator(".appearance__preview")

    @property
    def entries(self) -> Locator:
        return self.page.locator("dl")

    @property
    def button(self) -> Locator:
        return self.page.locator('form[action^="/confirm/"] button')

    def press(self) -> "Thanks":
        follow(self.button)
        self.page.wait_for_url("**/thanks?**")
        return Thanks(self.page)


class Thanks(AnyPage):
    def count(self) -> int:
        return number_in(self.page.locator(".sheet__tally strong").inner_text())


class Signers(AnyPage):
    """The public list."""

    @property
    def names(self) -> list[str]:
        return self.page.locator(".signers .signer__name").all_inner_texts()

    @property
    def totals(self) -> list[str]:
        """The counts by country."""
        return self.page.locator("table.figures td").all_inner_texts()


class Own(FormPage):
    """A signer's own page."""

    @property
    def form(self) -> Locator:
        return self.page.locator('section[aria-labelledby="change"] form')

    @property
    def preview(self) -> Locator:
        return self.page.locator(".appearance__preview")

    @property
    def facts(self) -> Locator:
        return self.page.locator(".facts")

    @property
    def consent(self) -> Locator:
        """The words of the consent to mails that was given."""
        return self.facts.locator("q")

    @property
    def saved(self) -> Locator:
        """The notice after a change."""
        return self.page.locator("#saved")

    @property
    def wording(self) -> Locator:
        return self.page.locator(".wording")

    def open_wording(self) -> Locator:
        """What was signed; opened with the keyboard."""
        expect(self.wording).to_be_hidden()
        self.page.locator('section[aria-labelledby="signed"] summary').press("Enter")
        expect(self.wording).to_be_visible()
        return self.wording

    def change(self, *, visibility: str = "", updates: bool | None = None, **fields: str) -> None:
        """Fill in the form and save it; it is right."""
        self.fill(visibility=visibility, updates=updates, **fields)
        self.press()
        expect(self.saved).to_be_focused()
        expect(self.saved).to_be_in_viewport()

    def download(self) -> dict[str, Any]:
        """The file with one's own data."""
        with self.page.expect_download() as download:
            self.page.locator("a[download]").click()
        data: dict[str, Any] = json.loads(download.value.path().read_text(encoding="utf-8"))
        return data

    def ask_for_new_link(self) -> "LinkSent":
        follow(self.page.locator('form[action*="/new-link"] button'))
        self.page.wait_for_url("**/link-sent?**")
        return LinkSent(self.page)

    def go_to_withdraw(self) -> "Withdraw":
        follow(self.page.locator('main a[href*="/withdraw?"]'))
        return Withdraw(self.page)


class Withdraw(AnyPage):
    """Asks once more."""

    @property
    def button(self) -> Locator:
        return self.page.locator('form[action*="/withdraw?"] button')

    def keep(self) -> Own:
        follow(self.page.locator('main .onward a[href^="/signature/"]'))
        return Own(self.page)

    def press(self) -> "Withdrawn":
        follow(self.button)
        self.page.wait_for_url("**/withdrawn?**")
        return Withdrawn(self.page)


class Withdrawn(AnyPage):
    def sign_again(self) -> Statement:
        follow(self.page.locator('main a[href$="#sign"]'))
        return Statement(self.page)


class Find(FormPage):
    """Asks for a mail address: of one campaign, or on the page of a link that leads to nothing."""

    def ask(self, address: str) -> "LinkSent":
        self.field("email").fill(address)
        self.press()
        expect(self.form).to_have_count(0)
        return LinkSent(self.page)


class LinkSent(AnyPage):
    """Look in your inbox."""

    @property
    def words(self) -> str:
        return self.page.locator("main").inner_text()

    def open_mailbox(self) -> Mailbox:
        follow(self.page.locator('main a[href^="/mailbox"]'))
        return Mailbox(self.page)


class NotMe(AnyPage):
    """It wasn't me."""

    @property
    def button(self) -> Locator:
        return self.page.locator('form[action*="/not-me?"]:not([action*="undo"]) button')

    @property
    def undo_button(self) -> Locator:
        return self.page.locator('form[action*="undo"] button')

    def press(self) -> None:
        follow(self.button)
        expect(self.undo_button).to_be_visible()

    def undo(self) -> Statement:
        follow(self.undo_button)
        self.page.wait_for_url("**/c/**")
        return Statement(self.page)


class Unsubscribe(AnyPage):
    """No more mails about a campaign."""

    def press(self) -> None:
        button = self.page.locator('form[action^="/unsubscribe/"] button')
        follow(button)
        expect(button).to_have_count(0)


class Privacy(AnyPage):
    """What is kept, and for how long."""

    @property
    def retention(self) -> str:
        return self.page.locator('section[aria-labelledby="long"] p').first.inner_text()

    @property
    def sections(self) -> Locator:
        return self.page.locator("main section")

    @property
    def visibilities(self) -> Locator:
        return self.page.locator('section[aria-labelledby="seen"] dt')

    @property
    def consent(self) -> Locator:
        """The words of the box for mails."""
        return self.page.locator('section[aria-labelledby="mails"] blockquote')

    def find_mine(self) -> Find:
        follow(self.page.locator('main a[href*="/find?"]'))
        return Find(self.page)
