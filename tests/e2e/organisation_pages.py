"""The pages of organisations that co-sign: for readers, for those who speak for one, and for leads."""

import re

from playwright.sync_api import FilePayload, Locator, expect

from tests.e2e.browsing import follow, number_in
from tests.e2e.console_pages import Desk
from tests.e2e.cosigned import draw_logo
from tests.e2e.pages import AnyPage, FormPage, Mailbox, Withdraw

#: A form that is right, by the names of its fields.
SAID = {
    "name": "Sample Dockers",
    "kind": "union",
    "country": "IE",
    "city": "Exampletown",
    "website": "https://dockers.example",
    "members": "4,800",
    "comment": "With you.\nAlways.",
    "contact_name": "Clara Contact",
    "contact_role": "Secretary",
    "email": "office@dockers.example",
    "phone": "+353 21 000",
    "authorised": "y",
}


class Cosigners(AnyPage):
    """What everybody sees."""

    @property
    def names(self) -> list[str]:
        return self.page.locator(".organisation__name bdi").all_inner_texts()

    @property
    def logos(self) -> Locator:
        return self.page.locator(".organisation__logo")

    def count(self) -> tuple[int, ...]:
        """How many they are, and whom they represent; empty where nobody has signed."""
        words = self.page.locator(".lede").all_inner_texts()
        return tuple(number_in(number) for text in words for number in re.findall(r"\d[\d,.٬]*", text))


class Ask(FormPage):
    """The form of an organisation: what everybody will see, and who speaks for it."""

    @property
    def kept_logo(self) -> Locator:
        """The picture that was sent before."""
        return self.page.locator(".logo-kept img")

    def choose_logo(self, colour: str = "#b3261e") -> None:
        file = FilePayload(name="logo.png", mimeType="image/png", buffer=draw_logo(colour))
        self.field("logo").set_input_files(file)

    def look(self, **said: str) -> "Preview":
        """Fill it in, and see how it will appear; it is right."""
        self.field("kind").select_option(said.pop("kind"))
        self.field("authorised").set_checked(bool(said.pop("authorised")))
        self.fill(updates=None, **said)
        return self.look_again()

    def look_again(self) -> "Preview":
        self.press()
        expect(self.page.locator('button[value="send"]')).to_be_visible()
        return Preview(self.page)

    def save(self) -> "OwnOrganisation":
        """Where it is the form of one that is here already."""
        self.press()
        own = OwnOrganisation(self.page)
        expect(own.done).to_be_visible()
        return own


class Preview(AnyPage):
    """How it will appear, before anything is sent."""

    @property
    def entry(self) -> Locator:
        return self.page.locator(".appearance__preview")

    @property
    def never_shown(self) -> Locator:
        return self.page.locator('section[aria-labelledby="kept"]')

    def change(self) -> Ask:
        self._press("edit")
        return Ask(self.page)

    def send(self) -> Mailbox:
        """And open the mailbox that the next page leads to."""
        self._press("send")
        assert self.path.endswith("/organisations/sent")
        follow(self.page.locator('main a[href^="/mailbox"]'))
        return Mailbox(self.page)

    def _press(self, step: str) -> None:
        follow(self.page.locator(f'button[name="step"][value="{step}"]'))


class OwnOrganisation(FormPage):
    """The page by the private link."""

    @property
    def done(self) -> Locator:
        """The notice after something was done."""
        return self.page.locator("#done")

    @property
    def steps(self) -> list[str]:
        """How each step of the proof stands: "done", "campaign", "you", "no"."""
        classes = self.page.locator(".proof__step").evaluate_all("steps => steps.map((step) => step.className)")
        return [str(name).rpartition("--")[2] for name in classes]

    @property
    def entries(self) -> Locator:
        """What is shown, and beside it what it wants to be shown."""
        return self.page.locator(".appearance__preview")

    def answer(self, text: str) -> None:
        self.field("answer").fill(text)
        self.press()
        expect(self.done).to_be_visible()

    def edit(self) -> Ask:
        follow(self.page.locator('main a[href*="/edit?"]'))
        return Ask(self.page)

    def withdraw(self) -> None:
        """Read what it means, and press the button."""
        follow(self.page.locator('main a[href*="/withdraw?"]'))
        follow(Withdraw(self.page).button)
        self.page.wait_for_url("**/organisations/withdrawn?**")


def open_mail(mailbox: Mailbox, address: str, mails: int = 1) -> OwnOrganisation:
    """The newest of so many, and the page that it leads to: that with the button of the first, or the own one."""
    page = mailbox.open_mail_to(address, mails).page
    follow(page.locator('.letter a[href*="/organisation/"]:not([href*="#"])').first)
    return OwnOrganisation(page)


def confirm(own: OwnOrganisation) -> None:
    """Press the button that the first mail leads to."""
    follow(own.page.locator('form:has([value="confirm"]) button'))
    expect(own.done).to_be_visible()


class Queue(Desk):
    """Organisations about which leads decide."""

    @property
    def names(self) -> list[str]:
        return self.page.locator(".looked .organisation__name bdi").all_inner_texts()

    @property
    def waiting(self) -> int:
        """How many, by the first tab."""
        return number_in(self.page.locator(".parts-bar__count").first.inner_text())

    def row(self, name: str) -> Locator:
        return self.page.locator(".looked").filter(
            has=self.page.locator(".organisation__name").get_by_text(name, exact=True)
        )

    def proof(self, name: str) -> list[str]:
        """How each step stands: "yes", "no", "open"."""
        classes = self.row(name).locator(".evidence__step").evaluate_all("all => all.map((one) => one.className)")
        return [str(each).rpartition("--")[2] for each in classes]

    def ask_back(self, name: str, question: str) -> None:
        self.row(name).locator("[type=checkbox]").check()
        self.field("message").fill(question)
        self._follow(self.page.locator('button[name="act"][value="ask"]'))
        expect(self.done).to_be_visible()

    def open(self, name: str) -> "OneOrganisation":
        self._follow(self.row(name).locator(".cosigner__says > .looked__more a"))
        return OneOrganisation(self.page)

    def bring_in(self) -> "Import":
        self._follow(self.page.locator('main a[href*="/organisations/import?"]'))
        return Import(self.page)


class OneOrganisation(Desk):
    """One of them, with everything that leads know."""

    @property
    def talk(self) -> Locator:
        """What was asked and answered."""
        return self.page.locator('section[aria-labelledby="proof"] .looked__comment')

    @property
    def similar(self) -> Locator:
        return self.page.locator('section[aria-labelledby="similar"] .looked')

    def decide(self, decision: str, **said: str) -> None:
        """ "approve", "keep", "decline"; with `message` or `note`."""
        for name, text in said.items():
            self.field(name).fill(text)
        self._follow(self.page.locator(f'button[name="act"][value="{decision}"]'))
        expect(self.done).to_be_visible()

    def merge(self) -> None:
        """Let the first of those that look like it stand for both."""
        self._follow(self.similar.first.locator('form[action*="/merge?"] button').first)
        expect(self.done).to_be_visible()


class Import(Desk):
    """A list is brought in."""

    @property
    def rows(self) -> Locator:
        return self.page.locator("tbody tr")

    @property
    def errors(self) -> Locator:
        return self.page.locator(".found__error")

    @property
    def problem(self) -> Locator:
        return self.page.locator("#problem")

    def check(self, text: str) -> None:
        """Choose a file with these rows, and look at every one."""
        file = FilePayload(name="list.csv", mimeType="text/csv", buffer=text.encode())
        self.field("file").set_input_files(file)
        self._press("check")

    def vouch(self, note: str, *, leave_wrong: bool) -> None:
        """They have signed already."""
        self.page.locator('[name="how"][value="vouch"]').check()
        self.field("note").fill(note)
        self.page.locator('[name="leaves_wrong"]').set_checked(leave_wrong)
        self._press("store")

    def _press(self, act: str) -> None:
        self._follow(self.page.locator(f'button[name="act"][value="{act}"]'))
