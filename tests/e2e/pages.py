"""The pages as a visitor knows them: by roles, names of fields and addresses, not by words of a language."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import number_in
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
        self.page.locator("#q").press("Enter")
        expect(self.page.locator("#q")).to_have_value(text)


class Home(AnyPage):
    def follow(self, slug: str) -> "Statement":
        """Open a campaign of the list."""
        self.page.locator(f'.entry a[href*="/c/{slug}?"]').click()
        expect(self.page.locator("#sign")).to_be_attached()
        return Statement(self.page)


class Statement(AnyPage):
    """A campaign's page, with its form."""

    @property
    def form(self) -> Locator:
        return self.page.locator("#sign form")

    @property
    def button(self) -> Locator:
        return self.form.locator("button")

    @property
    def bar(self) -> Locator:
        return self.page.locator(".sign-bar")

    @property
    def summary(self) -> Locator:
        return self.page.locator("#errors")

    def count(self) -> int:
        """The number that is shown; 0 where the page says "be the first" instead."""
        shown = self.page.locator("#sign .tally strong")
        return number_in(shown.inner_text()) if shown.count() else 0

    def go_to_form(self) -> None:
        """By the bar at the bottom, where there is one."""
        if self.bar.is_visible():
            self.bar.click()
        expect(self.page.locator("#f-name")).to_be_in_viewport()

    def field(self, name: str) -> Locator:
        return self.page.locator(f"#f-{name}")

    def error(self, name: str) -> Locator:
        return self.page.locator(f"#f-{name}-error")

    def fill(self, *, visibility: str = "", updates: bool = False, **fields: str) -> None:
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
        if updates:
            self.field("updates").check()

    def values(self) -> dict[str, str]:
        """What the form holds."""
        found = self.form.evaluate("form => Object.fromEntries(new FormData(form))")
        return {
            name: value for name, value in found.items() if value and name not in ("statement", "email_checked")
        }

    def press(self) -> None:
        self.button.click()

    def sign(self, *, visibility: str = "", **fields: str) -> "Signed":
        """Fill in the form and send it; it is right."""
        self.fill(visibility=visibility, updates=False, **fields)
        self.press()
        self.page.wait_for_url("**/signed?**")
        return Signed(self.page)


class Signed(AnyPage):
    def open_mailbox(self) -> "Mailbox":
        self.page.locator('main a[href^="/mailbox"]').click()
        return Mailbox(self.page)


class Mailbox(AnyPage):
    def mails_to(self, address: str) -> Locator:
        return self.page.locator(".mails li").filter(has_text=address)

    def open_mail_to(self, address: str) -> "Mail":
        """Look again and again until it is there."""

        def look() -> bool:
            self.page.reload()
            return self.mails_to(address).count() > 0

        until(look, f"a mail to {address}")
        self.mails_to(address).first.get_by_role("link").click()
        return Mail(self.page)


class Mail(AnyPage):
    def follow(self) -> "Confirm":
        self.page.locator('.letter a[href*="/confirm/"]').click()
        return Confirm(self.page)


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
        self.button.click()
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
