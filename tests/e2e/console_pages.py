"""The pages of the console as a lead knows them: by fields, parts and addresses, not by words of a language."""

from urllib.parse import quote

from playwright.sync_api import Locator, expect

from tests.e2e.browsing import Visitor, follow
from tests.e2e.pages import AnyPage, FormPage, Mailbox
from tests.e2e.program import until

#: The fields of a campaign's texts.
TEXTS = ("title", "summary", "body", "demands", "background")


class LogIn(FormPage):
    """Address and password."""

    def enter(self, address: str, password: str) -> None:
        self.field("email").fill(address)
        self.field("password").fill(password)
        self.press()


class SetPassword(FormPage):
    """Where the link of an invitation leads."""

    def choose(self, name: str, password: str) -> "Campaigns":
        self.field("name").fill(name)
        self.field("password").fill(password)
        self.field("again").fill(password)
        self.press()
        return Campaigns(self.page)


class Again(FormPage):
    """The password once more."""

    def enter(self, password: str) -> None:
        self.field("password").fill(password)
        self.press()


class ConsolePage(FormPage):
    """Any page of somebody who is logged in."""

    @property
    def done(self) -> Locator:
        """What says that something was done."""
        return self.page.locator(".done")

    def log_out(self) -> LogIn:
        self._follow(self.page.locator('form[action^="/console/logout"] button'))
        return LogIn(self.page)

    def _follow(self, link: Locator) -> None:
        """Press it; on a telephone the navigation is folded."""
        if not link.is_visible():
            link.locator("xpath=ancestor::details[1]/summary").click()
        follow(link)


class Campaigns(ConsolePage):
    """The first page of the console."""

    @property
    def rows(self) -> Locator:
        return self.page.locator(".campaign-rows li")

    def start(self) -> "New":
        self._follow(self.page.locator('main a[href^="/console/campaigns/new"]'))
        return New(self.page)

    def open(self, slug: str) -> "Desk":
        self._follow(self.page.locator(f'main a[href^="/console/c/{slug}?"]'))
        return Desk(self.page)


class New(ConsolePage):
    """A campaign begins."""

    def create(self, title: str, slug: str) -> "Texts":
        """In the language of the page."""
        self.field("title").fill(title)
        self.field("slug").fill(slug)
        self.press()
        return Texts(self.page)


class Desk(ConsolePage):
    """A page about a campaign."""

    @property
    def ways(self) -> list[str]:
        """The parts that its navigation leads to."""
        paths: list[str] = self.page.locator(".desk-ways a").evaluate_all("links => links.map((a) => a.pathname)")
        return [path.split("/", 4)[4] if path.count("/") > 3 else "" for path in paths]

    def go(self, part: str) -> None:
        """Follow the navigation: "texts", "details", "publish"."""
        self._follow(self.page.locator(f'.desk-ways a[href*="/{part}?"]'))

    def texts(self) -> "Texts":
        self.go("texts")
        return Texts(self.page)

    def details(self, section: str) -> "Details":
        self.go("details")
        self._follow(self.page.locator(f'main a[href*="/details/{section}?"]'))
        return Details(self.page)

    def preview(self) -> "Preview":
        self.go("preview")
        return Preview(self.page)

    def publishing(self) -> "Publish":
        self.go("publish")
        return Publish(self.page)

    def members(self) -> "Members":
        self.go("members")
        return Members(self.page)

    def state(self) -> "State":
        self.go("state")
        return State(self.page)

    def log(self) -> "Log":
        self.go("audit")
        return Log(self.page)

    def history(self) -> "History":
        self.go("history")
        return History(self.page)


class Texts(Desk):
    """The texts in one language."""

    @property
    def form(self) -> Locator:
        return self.page.locator("form#mine")

    @property
    def shown(self) -> Locator:
        """The text as it will look."""
        return self.page.locator('.live[data-preview-of="f-body"] .prose')

    @property
    def original(self) -> Locator:
        """What stands beside a translation."""
        return self.page.locator(".pair__original .lines")

    @property
    def conflict(self) -> Locator:
        return self.page.locator(".conflict")

    @property
    def lagging(self) -> list[str]:
        """Languages that lag behind."""
        marked = self.page.locator(".languages-bar li:has(.mark--lags) a span")
        return [str(name.get_attribute("lang")) for name in marked.all()]

    def write(self, **texts: str) -> None:
        for name, text in texts.items():
            self.field(name).fill(text)

    def say_up_to_date(self) -> None:
        self.field("checked").check()

    def look(self) -> None:
        """Press the button that shows how it looks."""
        self._press("preview")

    def save(self) -> None:
        self._press("save")

    def _press(self, action: str) -> None:
        self._follow(self.form.locator(f'button[value="{action}"]'))

    def open(self, language: str) -> "Texts":
        self._follow(self.page.locator(f'.languages-bar a[href*="/texts/{language}?"]'))
        return self

    def add_language(self, language: str) -> "Texts":
        self._follow(self.page.locator('.languages-bar a[href*="/texts/languages?"]'))
        self.field("language").fill(language)
        self._follow(self.page.locator('form[action*="/texts/languages?"] button'))
        return self


class Details(Desk):
    """A section of the details."""

    @property
    def form(self) -> Locator:
        return self.page.locator("form#mine")

    def save(self, **fields: str) -> None:
        """Fill in fields by their names, and save; it is right."""
        for name, value in fields.items():
            self.form.locator(f'[name="{name}"]').fill(value)
        self.press()
        expect(self.done).to_be_visible()


class Preview(AnyPage):
    """The statement as it would look."""

    @property
    def bar(self) -> Locator:
        return self.page.locator(".preview-bar")

    def back(self) -> Texts:
        follow(self.bar.locator('a[href*="/texts/"]'))
        return Texts(self.page)


class Publish(Desk):
    """What is missing, what changes, and the button."""

    @property
    def missing(self) -> list[str]:
        """Where something is to be done before it can be published, as paths below the campaign's."""
        links = self.page.locator(".checklist:not(.checklist--hints) a").all()
        return ["/".join(str(link.get_attribute("href")).partition("?")[0].split("/")[4:]) for link in links]

    @property
    def form(self) -> Locator:
        return self.page.locator('main form[action*="/publish?"]')

    def publish(self, **notes: str) -> None:
        """Press the button; it goes well. `notes` by language."""
        for language, note in notes.items():
            self.field(f"note_{language}").fill(note)
        self.press()
        expect(self.done).to_be_visible()


class Members(Desk):
    """Who works on a campaign."""

    @property
    def people(self) -> list[str]:
        return self.page.locator(".people .person__name bdi").all_inner_texts()

    def invite(self, address: str, name: str, role: str) -> None:
        self.field("email").fill(address)
        self.field("name").fill(name)
        self.page.locator(f'#f-role [value="{role}"]').check()
        self.press()
        expect(self.done).to_be_visible()


class Lists(Desk):
    """Lists that are made of the signatures."""

    def make(self) -> None:
        """The one that the form proposes; until it is ready."""
        self._follow(self.page.locator('main a[href*="/exports/new?"]'))
        self._follow(self.page.locator(".export-form button:not([formaction])"))
        until(self._is_ready, "the list")

    def _is_ready(self) -> bool:
        self.page.reload()  # also without scripts
        return self.file.is_visible()

    @property
    def file(self) -> Locator:
        return self.page.locator('form[action*="/file?"] button')

    def download(self) -> bytes:
        with self.page.expect_download() as download:
            self.file.click()
        return download.value.path().read_bytes()


class State(Desk):
    """Closing, and what came of it."""

    def close(self) -> None:
        self._act(self.page.locator('form:has([name="action"][value="close"])'))

    def say_outcome(self, outcome: str) -> None:
        self.field("outcome").select_option(outcome)
        self._act(self.page.locator('form:has([name="action"][value="outcome"])'))

    def _act(self, form: Locator) -> None:
        self._follow(form.locator("button"))
        expect(self.done).to_be_visible()


class History(Desk):
    """What was published."""

    @property
    def notes(self) -> list[str]:
        return self.page.locator(".revisions__note").all_inner_texts()

    def open(self, number: int) -> None:
        self._follow(self.page.locator(f'.revisions a[href*="/history/{number}?"]'))


class Log(Desk):
    """Who did what."""

    @property
    def actors(self) -> list[str]:
        """Of each line, the newest first."""
        return self.page.locator(".log tbody td:nth-child(2) > bdi").all_inner_texts()

    @property
    def seals(self) -> Locator:
        return self.page.locator(".log__seal")

    @property
    def head(self) -> str:
        """The head of the chain."""
        return self.page.locator(".head-of-chain").inner_text()

    def download(self) -> str:
        with self.page.expect_download() as download:
            self.page.locator('form[action*="/log.csv?"] button').click()
        return download.value.path().read_text(encoding="utf-8")


def log_in(visitor: Visitor, address: str, password: str, then: str = "/console", language: str = "en") -> None:
    """Ask for a page of the console, be sent to the log-in, and arrive."""
    then = f"{then}?lang={language}"
    visitor.open(f"/console/login?next={quote(then, safe='')}", language)
    LogIn(visitor.page).enter(address, password)
    assert visitor.page.url == visitor.base_url + then


def follow_invitation(visitor: Visitor, address: str, language: str = "en") -> SetPassword:
    """From the mailbox to the page that asks for a password."""
    visitor.open("/mailbox", language)
    mail = Mailbox(visitor.page).open_mail_to(address)
    follow(mail.page.locator('.letter a[href*="/console/link/"]'))
    return SetPassword(visitor.page)
