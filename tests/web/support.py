"""Reading a page as a browser does, and sending an application bytes that no client library would send."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, TypeVar

import httpx
from sqlalchemy import func, select
from starlette.applications import Starlette

from petitions.db import Base, Database

_VOID = frozenset(["input", "meta", "link", "br", "img", "hr"])


@dataclass
class Element:
    """A tag with its attributes and the text inside it."""

    tag: str
    attributes: dict[str, str]
    parts: list[str] = field(default_factory=list)
    inside: tuple["Element", ...] = ()

    def __getitem__(self, name: str) -> str:
        return self.attributes[name]

    def get(self, name: str) -> str | None:
        return self.attributes.get(name)

    @property
    def text(self) -> str:
        return " ".join("".join(self.parts).split())


class Page(HTMLParser):
    """A page taken apart."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, inside=tuple(self._open))
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop().tag != tag:
            pass

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.parts.append(data)

    def all(self, tag: str, **attributes: str) -> list[Element]:
        wanted = {name.replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self.elements if e.tag == tag and wanted.items() <= e.attributes.items()]

    def one(self, tag: str, **attributes: str) -> Element:
        (element,) = self.all(tag, **attributes)
        return element

    def by_id(self, identifier: str) -> Element:
        (element,) = [e for e in self.elements if e.get("id") == identifier]
        return element

    @property
    def ids(self) -> list[str]:
        return [e["id"] for e in self.elements if "id" in e.attributes]

    @property
    def heading(self) -> str:
        return self.one("h1").text

    def fields(self, action: str | None = None) -> list[tuple[str, str]]:
        """What a browser would send if the button of the POST form were pressed now."""
        forms = [f for f in self.all("form") if f.get("method") == "post" and action in (None, f.get("action"))]
        (form,) = forms
        sent = []
        for element in self.elements:
            name = element.get("name")
            if not name or form not in element.inside:
                continue
            if element.tag == "textarea":
                sent.append((name, "".join(element.parts)))
            elif element.tag == "select":
                options = [e for e in self.elements if e.tag == "option" and element in e.inside]
                chosen = [o["value"] for o in options if "selected" in o.attributes]
                sent.append((name, chosen[0] if chosen else options[0]["value"]))
            elif element.tag == "input":
                if element.get("type") in ("checkbox", "radio") and "checked" not in element.attributes:
                    continue
                sent.append((name, element.get("value") or ""))
        return sent

    def error_of(self, name: str) -> str:
        """The error beside a field, which must be tied to it and be linked to from the summary."""
        message = self.by_id(f"f-{name}-error").text
        target = self.by_id(f"f-{name}")
        assert f"f-{name}-error" in (target.get("aria-describedby") or "").split()
        summary = self.by_id("errors")
        links = [e for e in self.elements if e.tag == "a" and summary in e.inside]
        assert f"#f-{name}" in [link["href"] for link in links]
        return message

    @property
    def wrong_fields(self) -> list[str]:
        """The fields that the summary links to, each of which must exist once and carry its error."""
        summary = self.by_id("errors")
        names = [e["href"].removeprefix("#f-") for e in self.elements if e.tag == "a" and summary in e.inside]
        for name in names:
            assert self.error_of(name)
        return names


def page_of(response: httpx.Response, status: int = 200) -> Page:
    """The page of an answer that has this status."""
    assert response.status_code == status, response.text[:300]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(response.text)
    assert len(page.ids) == len(set(page.ids)), "an id stands twice in the page"
    return page


@dataclass
class RawAnswer:
    """What an application sent to a hand-made request."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


async def send_raw(
    app: Starlette,
    method: str,
    path: str,
    *,
    query: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
    chunks: Sequence[bytes] = (b"",),
) -> RawAnswer:
    """Speak ASGI to the application, past every check of a client library. `path` is as servers decode it."""
    messages = [
        {"type": "http.request", "body": chunk, "more_body": n + 1 < len(chunks)} for n, chunk in enumerate(chunks)
    ]
    answered = asyncio.Event()
    sent: list[Any] = []

    async def receive() -> Any:
        if messages:
            return messages.pop(0)
        await answered.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            answered.set()

    named = {name for name, _ in headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogateescape"),
        "root_path": "",
        "query_string": query,
        "headers": [*([] if b"host" in named else [(b"host", b"testserver")]), *headers],
        "client": ("192.0.2.7", 50_000),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    async with asyncio.timeout(20):
        await app(scope, receive, send)
    start, bodies = sent[0], sent[1:]
    assert start["type"] == "http.response.start"
    assert bodies
    return RawAnswer(start["status"], list(start["headers"]), b"".join(b.get("body", b"") for b in bodies))


T = TypeVar("T")


class Visitor:
    """Sends requests to a started application, one after the other, from tests that are not asynchronous."""

    def __init__(self, app: Starlette, run: Callable[[Coroutine[Any, Any, T]], T]) -> None:
        self._app, self._run = app, run

    def send(self, method: str, path: str, **request: Any) -> RawAnswer:
        answer: RawAnswer = self._run(send_raw(self._app, method, path, **request))  # type: ignore[arg-type, assignment]
        assert 200 <= answer.status < 500, (method, path, request)
        names = [name for name, _ in answer.headers]
        assert b"set-cookie" not in names
        assert names.count(b"content-security-policy") == 1
        return answer


def count_rows(database: Database, table: type[Base]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@asynccontextmanager
async def within(seconds: float = 10) -> AsyncIterator[None]:
    """Fail rather than hang."""
    async with asyncio.timeout(seconds):
        yield
