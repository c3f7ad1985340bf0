"""A visitor with a real browser, who notices everything that is not in order."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response

PHONE = (360, 740)
DESK = (1280, 800)


@dataclass
class Visitor:
    """One browser context with one page. `leave` fails when anything went wrong on the way."""

    base_url: str
    context: BrowserContext
    page: Page
    expected: set[int] = field(default_factory=set)  # statuses of 400 and more that are meant
    problems: list[str] = field(default_factory=list)
    logs_in: bool = False  # then the console, and it alone, may leave cookies

    def __post_init__(self) -> None:
        self.context.on("console", self._on_console)
        self.context.on("weberror", lambda error: self.problems.append(f"script: {error.error}"))
        self.context.on("request", self._on_request)
        self.context.on("requestfailed", self._on_failure)
        self.context.on("response", self._on_response)

    def open(self, path: str, language: str = "en") -> None:
        """Go to a path of the site."""
        joint = "&" if "?" in path else "?"
        target, hash_, fragment = path.partition("#")
        self.page.goto(f"{target}{joint}lang={language}{hash_}{fragment}")

    def post(self, path: str, **fields: str) -> None:
        """Send a form that is not on the page, from the page's own site."""
        self._send(path, fields)

    def post_from_elsewhere(self, path: str, **fields: str) -> None:
        """Send a form from a page that is not of this site."""
        self.page.goto("about:blank")
        self._send(self.base_url + path, fields)

    def _send(self, path: str, fields: dict[str, str]) -> None:
        with self.page.expect_navigation():
            self.page.evaluate(
                """([action, fields]) => {
                     const form = Object.assign(document.createElement("form"), { action, method: "post" });
                     for (const [name, value] of Object.entries(fields))
                       form.append(Object.assign(document.createElement("input"), { name, value }));
                     document.body.append(form);
                     form.submit();
                   }""",
                [path, fields],
            )

    def _on_console(self, message: ConsoleMessage) -> None:
        # What the browser says of a status is judged by the response itself.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.base_url + "/", "about:", "data:", "blob:")):
            self.problems.append(f"request to another host: {request.url}")

    def _on_failure(self, request: Request) -> None:
        # The browser itself gives up what it no longer needs when a page is left.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"failed: {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"{response.status}: {response.request.method} {response.url}")

    def leave(self) -> None:
        """Close the browser's window; nothing may have been out of order, and nothing may stay behind."""
        cookies = [cookie for cookie in self.context.cookies() if not (self.logs_in and _is_of_console(cookie))]
        self.context.close()
        assert (self.problems, cookies) == ([], []), "\n".join([*self.problems, *map(str, cookies)])


def _is_of_console(cookie: Mapping[str, Any]) -> bool:
    """Whether public pages neither get nor read it."""
    return str(cookie["path"]).startswith("/console") and cookie["httpOnly"] and cookie["sameSite"] == "Lax"


def new_visitor(browser: Browser, base_url: str, size: tuple[int, int] = DESK, **options: Any) -> Visitor:
    """A window of this size; `options` are playwright's for a context."""
    width, height = size
    context = browser.new_context(
        base_url=base_url, viewport={"width": width, "height": height}, locale="en-GB", **options
    )
    context.set_default_timeout(15_000)
    return Visitor(base_url, context, context.new_page())


def follow(link: Locator) -> None:
    """Press what leads to another page, and wait until that page is there: a click alone waits for nothing."""
    with link.page.expect_navigation():
        link.click()


def number_in(text: str) -> int:
    """The number in a text, in whatever digits and separators."""
    return int("".join(re.findall(r"\d", text)))


def numbers_in(text: str) -> set[int]:
    """The numbers in a text, in whatever digits."""
    return {int(number) for number in re.findall(r"\d+", text)}


def overflowing(page: Page) -> Iterable[str]:
    """What sticks out of the window sideways; empty when nothing scrolls to the side."""
    found: list[str] = page.evaluate(
        """() => {
             const root = document.documentElement;
             if (root.scrollWidth <= root.clientWidth) return [];
             const out = [...document.querySelectorAll("body *")].filter((element) => {
               const box = element.getBoundingClientRect();
               return box.width && (box.right > root.clientWidth + 1 || box.left < -1);
             });
             return [`${root.scrollWidth} > ${root.clientWidth}`,
                     ...out.slice(0, 5).map((e) => e.outerHTML.slice(0, 120))];
           }"""
    )
    return found
