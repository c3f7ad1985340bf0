"""A walk through everything that a visitor, a signer and an operator can do, with people whose words are planted.
What is left of it, anywhere, is kept as evidence."""

import asyncio
import re
import resource
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Table, select, update

from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures.models import Signature, Tally
from petitions.signatures.own import UNSUBSCRIBE_PURPOSE
from petitions.tokens import Tokens
from tests.factories import make_campaign
from tests.mail.support import Inbox, smtp_server
from tests.privacy.planting import (
    SECONDS,
    Answer,
    Evidence,
    Mail,
    Person,
    Process,
    closed_doors,
    image,
    run,
)
from tests.web.support import Page

PLACE = "/c/free-boris"
SIGN = f"{PLACE}/signatures"
#: Who asks, as a proxy tells it; both kinds of address.
NETWORKS = ("198.51.100.77", "2001:db8:77::7")
METRICS_TOKEN = "a token for the metrics"
_LINK = re.compile(r"http://127\.0\.0\.1:\d+(/(confirm|signature)/([^/\s?]+)\?lang=\w+)(?=\s)")
_PAGES = ("find", "privacy", "signed", "thanks", "withdrawn", "link-sent")
_SCRIPTS = ("ascii", "accented", "arabic")
_VISIBILITIES = ("public", "initials", "addressee", "anonymous")
_CAMPAIGN: dict[str, Any] = {
    "languages": ("en", "es", "ar"),
    "affiliation": {"label": "Campus"},
    "questions": [
        {"key": "union", "label": "Union", "public": True},
        {"key": "work", "label": "Workplace", "public": False},
    ],
    "updates": {"label": "Write to me about Boris"},
}


def the_cast() -> dict[str, Person]:
    """Three scripts by four choices; then those with a fate of their own, each in a script."""
    people = {}
    for first, script in zip("abc", _SCRIPTS, strict=True):
        for second, visibility in zip("pqrs", _VISIBILITIES, strict=True):
            people[f"{script} {visibility}"] = Person(first + second, script, visibility)
    fates = (
        "withdrawn",
        "before",
        "removed",
        "waiting",
        "refused",
        "trapped",
        "wrong",
        "typo",
        "lost",
        "elsewhere",
    )
    for place, fate in enumerate(fates):
        people[fate] = Person(f"{'defghijklm'[place]}x", _SCRIPTS[place % 3])
    # "before" changes everything and is "after" then; only the address stays.
    people["after"] = Person("nx", "accented", "initials")
    return people


#: Who is not on the site any more, or never was.
GONE = ("withdrawn", "before", "removed", "waiting", "refused", "trapped", "wrong", "typo", "lost")


def links_in(mail: Mail) -> dict[str, str]:
    """The paths of the links to confirm and to one's own page."""
    return {str(kind): str(path) for path, kind, _ in _LINK.findall(mail.text)}


class Walk:
    """One site, and all who come to it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.evidence = Evidence(the_cast(), settings, folder=settings.data_dir)
        self.settings, self.database = settings, database
        self.campaign = make_campaign(database, **_CAMPAIGN)
        self.other = make_campaign(database, slug="other")
        self._inbox: Inbox
        self._client: httpx.AsyncClient
        self._read: dict[str, int]  # mails of each recipient that were read already

    def person(self, name: str) -> Person:
        return self.evidence.people[name]

    # The processes

    @asynccontextmanager
    async def site(self) -> AsyncIterator[None]:
        """A server, a worker, a mail server and a browser."""
        async with AsyncExitStack() as stack:
            self._inbox, self._read = Inbox(), {}
            smtp = await stack.enter_async_context(smtp_server(self._inbox, enable_SMTPUTF8=True))
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=64))
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            self._environ = {
                "PETITIONS_BASE_URL": self.url,
                "PETITIONS_DATA_DIR": str(self.settings.data_dir),
                "PETITIONS_DATABASE_URL": self.settings.database_url,
                "PETITIONS_SECRET_KEY": self.settings.secret_keys[0],
                "PETITIONS_EMAIL_KEY": self.settings.email_key,
                "PETITIONS_SIGNING_KEY": self.settings.signing_key,
                "PETITIONS_SMTP_URL": f"smtp://127.0.0.1:{smtp.port}?security=none",
                "PETITIONS_TRUSTED_PROXIES": "127.0.0.1",
                "PETITIONS_METRICS_TOKEN": METRICS_TOKEN,
                "PETITIONS_LOG_LEVEL": "debug",
            }
            descriptor = listener.fileno()
            self._server = Process(
                self._environ, "server-process", "--fd", str(descriptor), descriptors=[descriptor]
            )
            self._worker = Process(self._environ, "worker")
            self._client = await stack.enter_async_context(
                httpx.AsyncClient(base_url=self.url, timeout=40, trust_env=False)
            )
            try:
                yield
            finally:
                for process in (self._server, self._worker):
                    self.evidence.log += await asyncio.to_thread(process.stop)

    def command(self, *arguments: str, typed: str = "") -> None:
        """What an operator does."""
        result = run(self._environ, *arguments, typed=typed)
        self.evidence.log += result.stderr
        self.evidence.told.append(result.stdout)

    # Asking and answering

    async def ask(
        self,
        person: Person | None,
        method: str,
        path: str,
        data: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """What a browser without JavaScript sends; the answer is kept."""
        network = NETWORKS[len(self.evidence.answers) % 2]
        sent = {"X-Forwarded-For": network, "User-Agent": "Zarqbrowser/7", "Referer": f"{self.url}/zarqreferer"}
        response = await self._client.request(method, path, data=data, headers=sent | dict(headers or {}))
        self.evidence.answers.append(
            Answer(
                person,
                f"{method} {path}",
                response.status_code,
                response.headers.multi_items(),
                response.content,
            )
        )
        return response

    async def get(self, person: Person | None, path: str, status: int = 200) -> Page:
        response = await self.ask(person, "GET", path)
        assert response.status_code == status, (path, response.status_code, response.text[:200])
        return Page(response.text)

    async def post(
        self, person: Person | None, path: str, data: Mapping[str, str] | None = None, status: int = 303
    ) -> httpx.Response:
        response = await self.ask(person, "POST", path, data or {})
        assert response.status_code == status, (path, response.status_code, response.text[:200])
        return response

    async def mail(self, person: Person) -> Mail:
        """The next mail of this person."""
        place = self._read.get(person.recipient, 0)

        def arrived(inbox: Inbox) -> bool:
            return len([a for a in inbox.arrivals if a.recipient == person.recipient]) > place

        await self._inbox.wait_for(arrived, SECONDS)
        arrival = [a for a in self._inbox.arrivals if a.recipient == person.recipient][place]
        self._read[person.recipient] = place + 1
        mail = Mail(arrival.recipient, arrival.message, arrival.raw)
        self.evidence.mails.append(mail)
        self.evidence.tokens |= {token for _, _, token in _LINK.findall(mail.text)}
        return mail

    async def link(self, person: Person, kind: str) -> str:
        """The link of this kind in the next mail."""
        mail = await self.mail(person)
        return links_in(mail)[kind]

    # Flows

    async def sign(self, person: Person, lang: str = "en", status: int = 303, **changes: str) -> httpx.Response:
        page = await self.get(None, f"{PLACE}?lang={lang}")
        action = next(form["action"] for form in page.all("form", method="post"))
        fields = dict(page.fields(action)) | person.form | changes
        return await self.post(person, action, fields, status)

    async def confirm(self, person: Person) -> str:
        """Follow the link, look, press; press again. The link of the own page."""
        mail = await self.mail(person)
        links = links_in(mail)
        confirm = links["confirm"]
        await self.get(person, confirm)
        await self.get(person, confirm.replace("?", "/not-me?"))
        for _ in range(2):
            response = await self.post(person, confirm)
            await self.get(None, response.headers["location"])
        await self.ask(person, "GET", confirm)
        return links["signature"]

    async def everybody_signs(self) -> dict[str, str]:
        """Those who sign and confirm. The links of their own pages."""
        names = [name for name in self.evidence.people if " " in name]
        names += ["withdrawn", "before", "removed"]
        for place, name in enumerate(names):
            await self.sign(self.person(name), ("en", "es", "ar")[place % 3])
        return {name: await self.confirm(self.person(name)) for name in names}

    async def others_come(self) -> None:
        """Those who do not come as far as a signature."""
        await self.sign(self.person("waiting"))
        await self.mail(self.person("waiting"))
        await self.sign(self.person("trapped"), website="https://zarq.example")
        await self.sign(self.person("wrong"), status=422, country="")
        await self.sign(self.person("wrong"), status=422, email="zarqnoaddress")
        await self.sign(self.person("wrong"), status=422, statement="9999")
        await self.sign(self.person("typo"), status=422, email=f"zarq.{self.person('typo').key}@gmial.com")
        elsewhere = self.person("elsewhere")
        form = {name: elsewhere.form[name] for name in ("name", "email", "country", "city", "visibility")}
        await self.post(elsewhere, "/c/other/signatures", form)
        await self.confirm(elsewhere)

    async def not_me(self) -> None:
        """Refuse, take it back, sign again, refuse for good."""
        person = self.person("refused")
        for last in (False, True):
            await self.sign(person)
            path = (await self.link(person, "confirm")).replace("?", "/not-me?")
            await self.get(person, path)
            for _ in range(2):
                await self.post(person, path, status=200)
            await self.get(person, path)
            if not last:
                await self.post(person, f"{path}&undo=1")
        await self.sign(person)

    async def come_back(self, own: Mapping[str, str]) -> None:
        """The signed-already mail, finding, looking, downloading, changing, new links, one click."""
        person = self.person("accented initials")
        await self.sign(person, comment="another word")
        await self.link(person, "signature")
        for path in (f"{PLACE}/find", "/find", "/confirm"):
            await self.post(person, path, {"email": person.email}, 200)
            await self.link(person, "signature")
            await self.post(None, path, {"email": "zarqnobody@nowhere.example"}, 200)
            await self.post(person, path, {"email": "zarqnoaddress"}, 422)
        for name, path in own.items():
            await self.get(self.person(name), path)
            await self.ask(self.person(name), "GET", path.replace("?", "/data?"))
        await self.change(own["before"])
        unsubscribe = self.unsubscribe_path(self.person("arabic public"))
        await self.get(None, unsubscribe)
        await self.post(None, unsubscribe, {"List-Unsubscribe": "One-Click"}, 200)
        renewed = self.person("ascii public")
        await self.get(renewed, own["ascii public"].replace("/signature/", "/entry/"), 303)
        sent = await self.post(renewed, own["ascii public"].replace("?", "/new-link?"))
        await self.get(None, sent.headers["location"])
        await self.get(renewed, own["ascii public"], 404)
        await self.get(renewed, await self.link(renewed, "signature"))

    async def change(self, own: str) -> None:
        """Everything is changed, and shown less."""
        before, after = self.person("before"), self.person("after")
        page = await self.get(before, own)
        action = next(f["action"] for f in page.all("form", method="post") if "/new-link" not in f["action"])
        form = {name: value for name, value in after.form.items() if name != "email"}
        await self.post(before, action, form | {"country": ""}, 422)
        saved = await self.post(before, action, dict(page.fields(action)) | form)
        await self.get(before, saved.headers["location"])

    def unsubscribe_path(self, person: Person) -> str:
        with self.database.reading() as session:
            key = person.email_key(self.settings)
            signature = session.scalars(select(Signature).where(Signature.email_key == key)).one()
        token = Tokens(self.settings.secret_keys).make(UNSUBSCRIBE_PURPOSE, signature.campaign_id, signature.id)
        self.evidence.tokens.add(token)
        return f"/unsubscribe/{token}"

    async def withdraw(self, own: str) -> None:
        person = self.person("withdrawn")
        path = own.replace("?", "/withdraw?")
        await self.get(person, path)
        for _ in range(2):
            response = await self.post(person, path)
            await self.get(None, response.headers["location"])
        await self.ask(person, "GET", own)

    def remove(self) -> None:
        """The lead takes somebody off the list."""
        with self.database.writing() as session:
            key = self.person("removed").email_key(self.settings)
            session.execute(
                update(Signature)
                .where(Signature.email_key == key)
                .values(removed_at=utc_now(), removed_reason="spam")
            )
            this = Tally.campaign_id == self.campaign.id
            session.execute(update(Tally).where(this).values(counted=Tally.counted - 1))

    async def make_mistakes(self) -> None:
        """What is asked for and is not there, or not so."""
        wrong = self.person("wrong")
        word = wrong.said("city")
        for path in (f"/{word}", f"/c/{word}", f"/confirm/{word}", f"/signature/{word}", f"/unsubscribe/{word}"):
            await self.get(wrong, f"{path}?{word}={word}", 404)
        await self.get(None, f"{PLACE}/background", 404)
        for token in sorted(self.evidence.tokens)[:3]:
            await self.ask(None, "GET", f"/signature/{token[:-3]}")
            await self.ask(None, "GET", f"/unsubscribe/{token}")
            await self.ask(None, "GET", f"/confirm/{token}x/not-me")
        await self.ask(wrong, "PUT", f"{SIGN}?q={word}")
        await self.ask(wrong, "POST", SIGN, wrong.form, {"Origin": "https://zarq.example"})
        await self.ask(wrong, "POST", SIGN, wrong.form, {"Content-Type": "application/json"})
        await self.ask(wrong, "POST", SIGN, {"name": word * 20_000})
        await self.ask(wrong, "GET", PLACE, headers={"Host": f"zarqhost{wrong.key}.example"})
        with socket.create_connection(("127.0.0.1", urlsplit(self.url).port or 0)) as raw:
            raw.sendall(f"GET /{word}\xff HTTP/9.9\r\n{word}\r\n\r\n".encode())
            await asyncio.to_thread(raw.recv, 100)

    async def lose_the_store(self, own: str) -> None:
        """The disk is full, or the store is gone: forms come back."""
        lost = self.person("lost")
        with self.away():
            response = await self.ask(lost, "POST", SIGN, lost.form)
            assert response.status_code == 503
            await self.ask(lost, "POST", own, {"name": lost.name, "country": "ES"})
            await self.ask(lost, "POST", f"{PLACE}/find", {"email": lost.email})
            await self.ask(None, "GET", PLACE)

    @contextmanager
    def away(self) -> Iterator[None]:
        if not self.settings.is_sqlite:
            self.database.engine.dispose()
            with closed_doors(self.settings.database_url):
                yield
            return
        pid = self._server.process.pid
        _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, hard))
        yield
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))

    # Looking around

    async def look_around(self) -> dict[str, Answer]:
        """Every page that links lead to, from the first page on, in three languages, and the API."""
        seen: dict[str, Answer] = {}
        waiting = [f"{path}?lang={lang}" for lang in ("en", "es", "ar") for path in ("/", PLACE, SIGN)]
        for slug in ("free-boris", "other"):
            waiting += [f"/c/{slug}/{page}" for page in _PAGES]
            waiting += [f"/api/v1/campaigns/{slug}", f"/c/{slug}/signatures", f"/c/{slug}/qr.svg"]
        waiting += ["/api/v1/campaigns", "/api/openapi.json", "/healthz", "/?q=boris", "/metrics"]
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            token = {"Authorization": f"Bearer {METRICS_TOKEN}"} if path == "/metrics" else {}
            response = await self.ask(None, "GET", path, headers=token)
            assert response.status_code == 200, path
            seen[path] = self.evidence.answers[-1]
            if response.headers["content-type"].startswith("text/html"):
                links = [e["href"] for e in Page(response.text).all("a") if e.get("href")]
                waiting += [link for link in links if link.startswith("/")]
        return seen

    async def search(self) -> None:
        """For everybody's name."""
        for name, person in self.evidence.people.items():
            response = await self._client.get(SIGN, params={"q": person.said("last")})
            shown = Page(response.text).all("bdi", **{"class": "signer__name"})
            self.evidence.searches[name] = [element.text for element in shown]

    # The whole

    async def walk(self) -> Evidence:
        """From the first form to the purge and after it."""
        evidence, settings = self.evidence, self.settings
        async with self.site():
            own = await self.everybody_signs()
            await self.others_come()
            await self.not_me()
            await self.come_back(own)
            self.remove()
            await self.make_mistakes()
            await self.lose_the_store(own["ascii addressee"])
            self.command("export", "free-boris", "--output", str(settings.data_dir / "list.csv"))
            if settings.is_sqlite:
                copy = settings.data_dir / "petitions.db.before-20261101T120000"
                self.command("db", "backup", str(copy))
            evidence.before, evidence.outbox = image(settings), self.outbox()
            await self.withdraw(own["withdrawn"])
            self.database.scrub(compact=True)
            evidence.after_withdrawing = image(settings)
            await self.search()
        async with self.site():  # started anew: no page is in memory any more
            evidence.pages = await self.look_around()
            self.command("purge", "free-boris", "--yes")
            evidence.after = image(settings)
            for name in ("ascii public", "after"):
                path = own["before" if name == "after" else name]
                await self.get(self.person(name), path, 404)
            await self.post(None, f"{PLACE}/find", {"email": self.person("ascii public").email}, 200)
        async with self.site():
            evidence.pages_after = await self.look_around()
        evidence.after |= {f"{name} at the end": content for name, content in image(settings).items()}
        return evidence

    def outbox(self) -> bytes:
        """Every row that says that a mail is to be sent, or was."""
        with self.database.reading() as session:
            rows = session.execute(select(*cast("Table", Outbox.__table__).columns)).all()
        texts = [[cell.hex() if isinstance(cell, bytes) else str(cell) for cell in row] for row in rows]
        return "\n".join("\t".join(row) for row in texts).encode()
