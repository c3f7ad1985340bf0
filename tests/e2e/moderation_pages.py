"""The pages of those who watch a campaign and keep it clean."""

from playwright.sync_api import Locator, expect

from tests.e2e.browsing import number_in
from tests.e2e.console_pages import Desk
from tests.e2e.program import until


class Looked(Desk):
    """A page with rows of signatures or forms."""

    @property
    def names(self) -> list[str]:
        return self.page.locator(".looked__name bdi").all_inner_texts()

    def row(self, name: str) -> Locator:
        return self.page.locator(".looked").filter(has_text=name)

    def tick(self, *names: str) -> None:
        for name in names:
            self.row(name).locator("[type=checkbox]").check()


class Signatures(Looked):
    """The newest, or those that were searched for."""

    def look_for(self, **fields: str) -> None:
        """By name, mail address, domain; what stood there is forgotten."""
        if not self.field("name").is_visible():
            self.page.locator("form[role=search]").locator("xpath=ancestor::details/summary").click()
        for name in ("name", "email", "domain"):
            self.field(name).fill(fields.get(name, ""))
        self._follow(self.page.locator("form[role=search] button"))

    def open(self, name: str) -> "Signature":
        self._follow(self.row(name).locator(".looked__name a"))
        return Signature(self.page)

    def remove(self, reason: str) -> None:
        """Those that are ticked."""
        self.page.locator("select[name=reason]").select_option(reason)
        self._follow(self.page.locator('button[name="act"][value="removed"]'))


class Signature(Desk):
    """One of them."""

    @property
    def acts(self) -> Locator:
        """What was done to it."""
        return self.page.locator('section[aria-labelledby="history"] li')

    @property
    def meanwhile(self) -> Locator:
        """What says that somebody else was faster."""
        return self.page.locator("#meanwhile")

    def act(self, name: str) -> None:
        """ "name_hidden", "comment_approved", "restored"."""
        self._follow(self.page.locator(f'form:has([name="act"][value="{name}"]) button'))

    def remove(self, reason: str) -> None:
        self.page.locator("select[name=reason]").select_option(reason)
        self.act("removed")


class Comments(Looked):
    """Those that nobody has read."""

    @property
    def words(self) -> list[str]:
        return self.page.locator(".looked__comment .lines").all_inner_texts()

    def decide(self, name: str, verdict: str) -> None:
        """ "approve" or "hide"."""
        self._follow(self.row(name).locator(f'button[name="{verdict}"]'))


class Bulk(Desk):
    """Many at once."""

    @property
    def found(self) -> Locator:
        return self.page.locator("#found")

    @property
    def sample(self) -> list[str]:
        return self.page.locator(".revisions__name bdi").all_inner_texts()

    def count(self, **fields: str) -> int:
        """How many are like this."""
        for name, value in fields.items():
            self.field(name).fill(value)
        self._follow(self.page.locator('form[action*="/bulk/preview?"] button'))
        return number_in(self.found.inner_text())

    def start(self, reason: str = "") -> "Job":
        if reason:
            self.page.locator("select[name=reason]").select_option(reason)
        self._follow(self.page.locator('form[action*="/bulk?"] button'))
        return Job(self.page)


class Job(Desk):
    """How far something is that is done to many."""

    @property
    def bar(self) -> Locator:
        return self.page.locator(".standing progress")

    def wait(self, *, javascript: bool) -> None:
        """Until it has ended: by itself, or by looking again."""
        if javascript:
            expect(self.bar).to_have_count(0)
            return

        def has_ended() -> bool:
            self.page.reload()
            return self.bar.count() == 0

        until(has_ended, "the end of the job")

    def undo(self) -> None:
        self._follow(self.page.locator('form[action*="/undo?"] button'))


class Held(Desk):
    """Groups of forms that are held."""

    @property
    def groups(self) -> Locator:
        return self.page.locator(".people > li")

    def open(self, group: int = 0) -> "HeldGroup":
        self._follow(self.groups.nth(group).locator(".person__name a"))
        return HeldGroup(self.page)

    def act_on_all(self, kind: str) -> None:
        """ "release" or "drop" the first group."""
        self._follow(self.groups.first.locator(f'form[action*="/{kind}?"] button'))


class HeldGroup(Looked):
    """The forms of one."""

    def release(self) -> None:
        """Those that are ticked."""
        self._follow(self.page.locator("form:has([name=id]) button:not([formaction])"))

    def drop(self) -> None:
        self._follow(self.page.locator("form:has([name=id]) button[formaction]"))


class Rules(Desk):
    """What is held and what never."""

    def save(self, text: str) -> None:
        self.field("rules").fill(text)
        self._follow(self.page.locator("#mine button"))


class Switches(Desk):
    """Against a flood."""

    @property
    def bar(self) -> Locator:
        """What every page says while one is on."""
        return self.page.locator(".defence-bar")

    def switch(self, to: str) -> None:
        """ "work", "paused", or "" for none."""
        self._follow(self.page.locator(f'form:has([name="after"][value="{to}"]) button'))
        expect(self.done).to_be_visible()


class Alerts(Desk):
    """What trends, and the mails about it."""

    def choose_mails(self, *, wanted: bool) -> None:
        """Press the button, which says the other thing afterwards."""
        field = self.page.locator("[name=wanted]")
        expect(field).to_have_value(str(int(wanted)))
        self._follow(self.page.locator('form[action*="/alerts?"] button'))
        expect(self.done).to_be_visible()
        expect(field).to_have_value(str(int(not wanted)))
