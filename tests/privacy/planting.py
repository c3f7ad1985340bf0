"""People whose every word can be told from anybody else's, and a whole site for them: a server, a worker and a
mail server, each a real one."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, quote_plus

import idna
from sqlalchemy import create_engine, make_url, text

from petitions.addresses import make_email_key
from petitions.folding import fold
from petitions.names import folded_words
from petitions.settings import Settings

SECONDS = 60
_ARABIC = dict(zip("abcdefghijklmnopqrstuvwxyz", "ابتثجحخدذرزسشصضطظعغفقكلمنه", strict=True))
_FIELDS = ("city", "affiliation", "comment", "union", "work")


def _word(stem: str, key: str, script: str) -> str:
    """A word that stands nowhere else."""
    if script == "arabic":
        return "".join(_ARABIC[letter] for letter in f"zarq{stem}{key}")
    return f"Zärq{stem}é{key}" if script == "accented" else f"Zarq{stem}{key}"


@dataclass(frozen=True)
class Person:
    """Somebody with a word of their own in each field. `key`: small letters that no other key begins with."""

    key: str
    script: str  # "ascii", "accented" or "arabic"
    visibility: str = "public"
    country: str = "ES"

    def said(self, what: str) -> str:
        return _word(what, self.key, self.script)

    @property
    def name(self) -> str:
        return f"{self.said('first')} {self.said('last')}"

    @property
    def email(self) -> str:
        domain = self.said("mail").lower() if self.script != "ascii" else f"zarqmail{self.key}"
        return f"zarq.{self.key}@{domain}.example"

    @property
    def recipient(self) -> str:
        """The address as mail servers write it."""
        local, _, domain = self.email.partition("@")
        return f"{local}@{domain if domain.isascii() else idna.encode(domain, uts46=True).decode()}"

    @property
    def form(self) -> dict[str, str]:
        """What this person types."""
        return {
            "name": self.name,
            "email": self.email,
            "country": self.country,
            "visibility": self.visibility,
            "updates": "y",
            **{what: self.said(what) for what in ("city", "affiliation", "comment")},
            **{f"q_{what}": self.said(what) for what in ("union", "work")},
        }

    @property
    def fields(self) -> dict[str, str]:
        """Everything that tells this person from others, by its field."""
        return {"name": self.name, "email": self.email} | {what: self.said(what) for what in _FIELDS}

    @property
    def stored(self) -> dict[str, str]:
        """What of it is stored once it is confirmed."""
        if self.visibility != "anonymous":
            return self.fields
        return {what: self.fields[what] for what in ("email", "work")}

    @property
    def shown(self) -> dict[str, str]:
        """What of it everybody may see."""
        if self.visibility != "public":
            return {}
        return {what: self.fields[what] for what in ("name", "city", "affiliation", "comment")}

    @property
    def marks(self) -> set[bytes]:
        """Every way in which something of this person may be written."""
        return {mark for word in self.fields.values() for mark in spellings(word)}

    def email_key(self, settings: Settings) -> bytes:
        return make_email_key(self.email, settings.email_key)


def spellings(words: str) -> set[bytes]:
    """A text in the ways in which files, logs, links and indexes may hold it, in UTF-8."""
    if "@" in words:
        domain = words.partition("@")[2]
        texts = {*words.split("@"), idna.encode(domain, uts46=True).decode()}
    else:
        texts = {words, words.casefold(), fold(words), *folded_words(words), *words.split()}
    texts |= {json.dumps(each)[1:-1] for each in texts} | {quote(each) for each in texts}
    return {each.encode() for each in texts | {quote_plus(each) for each in texts}}


def found_in(content: bytes, marks: set[bytes]) -> set[bytes]:
    """Which of these marks stand in it."""
    return {mark for mark in marks if mark in content}


class Process:
    """A `petitions` process; what it writes is read as it comes."""

    def __init__(self, environ: Mapping[str, str], *arguments: str, descriptors: Sequence[int] = ()) -> None:
        self._lines: list[bytes] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "petitions", *arguments],
            env={name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")}
            | dict(environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=descriptors,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self._lines.extend(self.process.stdout)
        self.process.stdout.close()

    def stop(self) -> bytes:
        """Everything that it wrote."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(SECONDS)
        self._reader.join(SECONDS)
        return b"".join(self._lines)


def run(environ: Mapping[str, str], *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[bytes]":
    """A command that ends well."""
    result = subprocess.run(
        [sys.executable, "-m", "petitions", *arguments],
        env={name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")}
        | dict(environ),
        input=typed.encode(),
        capture_output=True,
        timeout=SECONDS,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result


def image(settings: Settings) -> dict[str, bytes]:
    """Every byte of the folder of the data; of a PostgreSQL each row of each table as text."""
    # Read by another process: closing a file of SQLite's takes away the locks of everybody in ours.
    found = {
        file.name: subprocess.run(["cat", file], capture_output=True, check=True).stdout
        for file in sorted(settings.data_dir.rglob("*"))
        if file.is_file()
    }
    return found if settings.is_sqlite else found | _tables(settings.database_url)


def _tables(url: str) -> dict[str, bytes]:
    engine = create_engine(url)
    found = {}
    with engine.connect() as connection:
        names = connection.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        ).scalars()
        for name in names.all():
            driver = connection.connection.driver_connection
            assert driver is not None
            with driver.cursor() as cursor, cursor.copy(f'COPY "{name}" TO STDOUT') as rows:
                # A backslash stands twice in this format, also before what JSON escapes.
                found[name] = b"".join(bytes(row) for row in rows).replace(b"\\\\", b"\\")
    engine.dispose()
    return found


def key_marks(email_key: bytes) -> set[bytes]:
    """The key of an address as a file of SQLite holds it, and as a dump writes it."""
    return {email_key, email_key.hex().encode()}


@contextmanager
def closed_doors(url: str) -> Iterator[None]:
    """PostgreSQL throws everybody out and lets nobody in."""
    parsed = make_url(url)
    engine = create_engine(parsed.set(database="template1"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{parsed.database}" WITH ALLOW_CONNECTIONS false'))
        others = text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name")
        connection.execute(others, {"name": parsed.database})
        try:
            yield
        finally:
            connection.execute(text(f'ALTER DATABASE "{parsed.database}" WITH ALLOW_CONNECTIONS true'))
    engine.dispose()


@dataclass(frozen=True)
class Answer:
    """What the server answered. `person`: who asked, with a link of theirs or typing what is theirs; None:
    anybody."""

    person: Person | None
    asked: str
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True)
class Mail:
    """What the mail server got."""

    recipient: str
    message: EmailMessage
    raw: bytes

    @cached_property
    def text(self) -> str:
        body = self.message.get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    @cached_property
    def everything(self) -> bytes:
        """The mail as it came, and its parts as they are read."""
        parts = [part.get_content() for part in self.message.walk() if not part.is_multipart()]
        return self.raw + "".join(map(str, parts)).encode() + str(self.message["Subject"]).encode()


@dataclass
class Evidence:
    """Everything that somebody could have kept of a visit of all these people."""

    people: dict[str, Person]
    settings: Settings
    answers: list[Answer] = field(default_factory=list)
    mails: list[Mail] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    pages: dict[str, Answer] = field(default_factory=dict)  # of everybody, before the purge
    pages_after: dict[str, Answer] = field(default_factory=dict)
    searches: dict[str, list[str]] = field(default_factory=dict)  # the names that a search found
    before: dict[str, bytes] = field(default_factory=dict)  # the store
    after_withdrawing: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    outbox: bytes = b""
    log: bytes = b""
    told: list[bytes] = field(default_factory=list)  # by commands
    folder: Path = Path()

    def marks(self, *but: str) -> set[bytes]:
        """Of everybody but these."""
        return {mark for key, person in self.people.items() if key not in but for mark in person.marks}
