"""The pages about signatures on paper, lists and deliveries, for those who deliver and for everybody."""

from pathlib import Path

from playwright.sync_api import FilePayload, Locator, expect

from tests.e2e.browsing import follow
from tests.e2e.console_pages import Again, Desk, Lists
from tests.e2e.delivered import draw_photograph
from tests.e2e.pages import AnyPage
from tests.e2e.program import until


class PaperRows(Desk):
    """Rows that were typed from sheets: brought in, looked through, decided about."""

    @property
    def found(self) -> Locator:
        """What was found in each row that was looked at."""
        return self.page.locator("tbody tr")

    @property
    def problem(self) -> Locator:
        return self.page.locator("#problem")

    @property
    def rows(self) -> Locator:
        return self.page.locator(".looked")

    def check(self, rows: str) -> None:
        """Choose a file with these rows, and look at every one."""
        self._follow(self.page.locator('main a[href*="/paper/import?"]'))
        file = FilePayload(name="rows.csv", mimeType="text/csv", buffer=rows.encode())
        self.field("file").set_input_files(file)
        self._press("check")

    def bring_in(self, *, leave_wrong: bool) -> None:
        self.page.locator('[name="leaves_wrong"]').set_checked(leave_wrong)
        self._press("store")

    def go_to_decisions(self) -> None:
        self._follow(self.page.locator('main a[href*="/paper/decisions?"]').first)

    def decide(self, row: int, verdict: str) -> None:
        """Tick a row, from 0, and say whether it is the "same" person or an "other"."""
        self.rows.nth(row).locator("[type=checkbox]").check()
        self._press(verdict)

    def _press(self, act: str) -> None:
        self._follow(self.page.locator(f'button[name="act"][value="{act}"]'))

    def print_sheets(self, language: str, count: int) -> tuple[str, bytes]:
        """The name of the file with so many, and its content."""
        self._follow(self.page.locator('main a[href*="/paper/sheets?"]'))
        self.field("language").select_option(language)
        self.field("count").fill(str(count))
        with self.page.expect_download() as download:
            self.page.locator('form[action*="/paper/sheets?"] button').click()
        return download.value.suggested_filename, download.value.path().read_bytes()


class AskForList(Desk):
    """What is to be made."""

    @property
    def form(self) -> Locator:
        return self.page.locator(".export-form")

    @property
    def first_rows(self) -> Locator:
        return self.page.locator(".first-rows tbody tr")

    def box(self, name: str, value: str = "y") -> Locator:
        """A tick box, by its name and value."""
        return self.form.locator(f'[name="{name}"][value="{value}"]')

    def place(self, column: str) -> Locator:
        """The number of a column of the list for the addressee."""
        return self.field(f"column-delivery-{column}")

    def look(self) -> None:
        self._follow(self.form.locator("button[formaction]"))

    def make(self) -> "OneList":
        self._follow(self.form.locator("button:not([formaction])"))
        return OneList(self.page)


class OneList(Lists):
    """A list that was asked for: how far it is, and its file."""

    @property
    def progress(self) -> Locator:
        return self.page.locator("progress")

    def wait(self, *, javascript: bool) -> None:
        """Until it is ready: the page says so by itself, or when one looks again."""
        again = self.page.locator('[data-until-ended] a[href*="/exports/"]')
        while not javascript and again.count():
            self.page.wait_for_timeout(300)
            follow(again)
        expect(self.file).to_be_visible(timeout=30_000)
        expect(self.progress).to_have_count(0)
        expect(again).to_have_count(0)

    def download_after_password(self, password: str) -> bytes:
        """The password is asked for, and then the button is there again."""
        self._follow(self.file)
        Again(self.page).enter(password)
        return self.download()

    def record(self) -> "RecordDelivery":
        self._follow(self.page.locator('main a[href*="/deliveries/new?"]'))
        return RecordDelivery(self.page)


class RecordDelivery(Desk):
    """When, to whom, how, and which list."""

    def save(self, recipient: str, note: str) -> "OneDelivery":
        self.field("recipient").fill(recipient)
        self.field("note").fill(note)
        self._follow(self.page.locator(".delivery-form button"))
        expect(self.done).to_be_visible()
        return OneDelivery(self.page)


class OneDelivery(Desk):
    """One that was recorded, with its evidence."""

    @property
    def problem(self) -> Locator:
        return self.page.locator("#problem")

    @property
    def pictures(self) -> Locator:
        return self.page.locator(".evidence__picture img")

    def add_photograph(self) -> None:
        file = FilePayload(name="IMG 2041.jpg", mimeType="image/jpeg", buffer=draw_photograph())
        self.field("file").set_input_files(file)
        self._follow(self.page.locator('form[action*="/evidence?"] button'))
        expect(self.done).to_be_visible()

    def show_photograph(self, words: str) -> None:
        """To everybody, with what it shows."""
        form = self.page.locator(".evidence__one form:has([name=description])")
        form.locator("[name=description]").fill(words)
        form.locator("[name=shown]").check()
        self._follow(form.locator("button"))


class Timeline(AnyPage):
    """What everybody is told of deliveries: on the statement, or on a page of their own."""

    @property
    def deliveries(self) -> Locator:
        return self.page.locator(".timeline__one")

    @property
    def picture(self) -> Locator:
        return self.page.locator(".timeline__pictures img")

    def open_all(self) -> None:
        """From the statement to all of them."""
        follow(self.page.locator('main a[href*="/deliveries?"]'))
        self.page.wait_for_url("**/deliveries?**")

    def width_of_picture(self) -> int:
        """In pixels; 0 where none came."""
        self.picture.scroll_into_view_if_needed()
        width: int = self.picture.evaluate("one => one.decode().then(() => one.naturalWidth, () => 0)")
        return width


def wait_for_deliveries(timeline: Timeline, many: int) -> None:
    """Until the page, which is made once a second, shows so many."""

    def look() -> bool:
        timeline.page.reload()
        return timeline.deliveries.count() == many

    until(look, f"{many} deliveries")


def keep(content: bytes, folder: Path) -> str:
    """A file with this content."""
    file = folder / "pack.zip"
    file.write_bytes(content)
    return str(file)
