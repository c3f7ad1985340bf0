"""The real program, started as a user starts it."""

import email
import email.policy
import fcntl
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import httpx
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.accounts.members import set_role
from petitions.accounts.models import UserSession
from petitions.accounts.passwords import hash_password
from petitions.accounts.roles import Role
from petitions.accounts.users import NewUser, create_user, find_user
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.cli.demo_lead import LEAD
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import load_settings
from petitions.signatures.counting import find_count
from petitions.signatures.own import OWN_PURPOSE, UNSUBSCRIBE_PURPOSE
from petitions.tokens import Named, Tokens
from tests.e2e.samples import SAMPLES, write_sample

T = TypeVar("T")

#: Of everybody whom `make_lead` makes.
PASSWORD = "seven lilac tram stops"

#: Seconds for what takes parts of one.
PATIENCE = 30.0

#: Where those come from who sign without a browser: the drafts of one network are held after 60 in an hour.
_ELSEWHERE = "127.0.0.2"

_OWN_LINK = r"https?://[^/\s]+/(?:signature|entry)/([^\s?]+)"


def until(ask: Callable[[], T | None], what: str) -> T:
    """What `ask` answers once it answers something. Fails after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE:.0f} seconds in vain for {what}")


@cache
def _password_hash() -> str:
    return hash_password(PASSWORD)


@dataclass(eq=False)
class Demo:
    """`petitions demo`, running."""

    url: str
    data: Path
    password: str  # of LEAD, as the demo prints it
    _client: httpx.Client = field(repr=False)
    _own_paths: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)

    def run(self, *arguments: str) -> str:
        """What a command of the program prints, run on the demo's store beside it."""
        return run_program(self.data, *arguments)

    @contextmanager
    def store(self) -> Iterator[Database]:
        """The demo's store, for what no page and no command does or tells."""
        database = Database(f"sqlite:///{self.data / 'petitions.db'}")
        try:
            yield database
        finally:
            database.close()

    def campaign(self, slug: str) -> CampaignSnapshot:
        """A campaign as the store has it."""
        with self.store() as database, database.reading() as session:
            return get_snapshot(session, slug)

    def count(self, slug: str) -> int:
        """How many have signed, as the store says: pages are up to a second old."""
        with self.store() as database, database.reading() as session:
            return find_count(session, get_snapshot(session, slug).id)

    def wait_for_page(self, slug: str, count: int) -> None:
        """Until the pages, which are made once a second, say this too."""
        shown = f"/api/v1/campaigns/{slug}"
        until(lambda: self._client.get(shown).json()["count"] == count, f"{count} signatures of {slug}")

    def wait_for_list(self, slug: str, language: str, word: str, *, there: bool = True, search: str = "") -> None:
        """Until the public list, or a search of it, shows this word; or does so no more."""
        query = {"lang": language, "q": search}

        def look() -> bool:
            return (word in self._client.get(f"/c/{slug}/signatures", params=query).text) is there

        until(look, f"a list {'with' if there else 'without'} {word}")

    def is_open(self, slug: str) -> bool:
        """Whether the pages offer to sign, which are made once a second."""
        return bool(self._client.get(f"/api/v1/campaigns/{slug}").json()["status"] == "open")

    def submit(self, slug: str, language: str = "en", **fields: str) -> None:
        """Sign without a browser."""
        typed = {"name": "Sample Signer", "country": "IE", "visibility": "public"} | fields
        response = self._client.post(f"/c/{slug}/signatures", params={"lang": language}, data=typed)
        assert response.status_code == 303, response.text

    def press(self, path: str, **headers: str) -> int:
        """Press the button that posts to this path, without a browser; the status of the answer."""
        return self._client.post(path, headers=headers).status_code

    def mails_to(self, address: str) -> list[Path]:
        """The caught mails to this address, by their files, the newest first."""
        found = [file for file in self._mailbox.glob("*.eml") if read_mail(file).to == address]
        return sorted(found, key=lambda file: file.stat().st_mtime_ns, reverse=True)

    @property
    def _mailbox(self) -> Path:
        return self.data / "mailbox"

    def confirm_path(self, address: str) -> str:
        """The path of the link in the mail to this address, without a language."""
        file = until(lambda: self.mails_to(address), f"a mail to {address}")[0]
        found = re.search(r"https?://[^/\s]+(/confirm/[^\s?]+)", read_mail(file).text)
        assert found is not None
        return found[1]

    def confirm(self, address: str) -> None:
        """Press the button of the mail to this address, without a browser."""
        response = self._client.post(self.confirm_path(address))
        assert response.status_code == 303, response.text

    def own_path(self, address: str, mails: int = 1) -> str:
        """The path of the signer's own page, without a language, by the newest of so many mails."""
        files = until(
            lambda: found if len(found := self.mails_to(address)) >= mails else None,
            f"{mails} mails to {address}",
        )
        token = re.search(_OWN_LINK, read_mail(files[0]).text)
        assert token is not None
        return f"/signature/{token[1]}"

    def signed(self, slug: str, address: str, language: str = "en", **fields: str) -> str:
        """The path of the own page of somebody who has signed; the first time they do it here."""
        if (slug, address) not in self._own_paths:
            self.submit(slug, language, email=address, **fields)
            self.confirm(address)
            self._own_paths[slug, address] = self.own_path(address)
        return self._own_paths[slug, address]

    def named_by(self, own_path: str) -> Named:
        """What the link to an own page names."""
        return self.tokens.read(OWN_PURPOSE, own_path.removeprefix("/signature/"), utc_now())

    def unsubscribe_path(self, own_path: str) -> str:
        """The path of the link that stops mails, made as for a mail with news: none is sent yet."""
        campaign_id, row_id, _ = self.named_by(own_path)
        return f"/unsubscribe/{self.tokens.make(UNSUBSCRIBE_PURPOSE, campaign_id, row_id)}"

    def make_lead(self, address: str, name: str, *, is_admin: bool = False) -> None:
        """Somebody with an account and PASSWORD; made once."""
        new = NewUser(address, name, "en", is_admin=is_admin)
        with self.store() as database, database.writing() as session:
            create_user(session, new, utc_now(), _password_hash())

    def give_role(self, slug: str, address: str, role: Role) -> None:
        """Let somebody with an account work on a campaign."""
        with self.store() as database, database.writing() as session:
            campaign_id = session.scalars(select(Campaign.id).where(Campaign.slug == slug)).one()
            set_role(session, campaign_id, self._user_id(session, address), role, utc_now())

    def age_password(self, address: str, age: timedelta = timedelta(hours=1)) -> None:
        """As if somebody had entered their password so long ago."""
        with self.store() as database, database.writing() as session:
            theirs = UserSession.user_id == self._user_id(session, address)
            session.execute(update(UserSession).where(theirs).values(password_at=utc_now() - age))

    @staticmethod
    def _user_id(session: Session, address: str) -> UUID:
        user = find_user(session, address)
        assert user is not None
        return user.id

    @property
    def tokens(self) -> Tokens:
        """Makes links with the demo's own key."""
        return Tokens(load_settings({"PETITIONS_DATA_DIR": str(self.data)}).secret_keys)

    @contextmanager
    def locked_store(self) -> Iterator[None]:
        """Nobody can write meanwhile: as if the store were away."""
        with (self.data / "petitions.db.lock").open("r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@dataclass(frozen=True)
class CaughtMail:
    to: str
    text: str
    html: str


@cache
def read_mail(file: Path) -> CaughtMail:
    """A mail of the demo's mailbox; it never changes."""
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, email.message.EmailMessage)
    parts = [message.get_body((kind,)) for kind in ("plain", "html")]
    assert parts[0] is not None
    assert parts[1] is not None
    return CaughtMail(str(message["To"]), parts[0].get_content(), parts[1].get_content())


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Start `petitions demo` with its data in `folder`, and end it again."""
    data, log = folder / "data", folder / "demo.log"
    samples = [str(write_sample(folder / slug, files)) for slug, files in SAMPLES.items()]
    run_program(data, "campaign", "import", *samples)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "petitions", "demo", "--port", "8640", "--data", str(data)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            url = until(lambda: _address(process, log), "the address that the demo prints")
            elsewhere = httpx.HTTPTransport(local_address=_ELSEWHERE)
            with httpx.Client(base_url=url, transport=elsewhere) as client:
                until(lambda: _answers(client), "the demo's first answer")
                yield Demo(url, data, _password(log), client)
        finally:
            process.terminate()
            code = process.wait(PATIENCE)
    assert (code, _complaints(log)) == (0, [])


def run_program(data: Path, *arguments: str) -> str:
    """What `petitions …` prints, with its data in `data`; it succeeds."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")}
    done = subprocess.run(
        [sys.executable, "-m", "petitions", *arguments],
        env=environ | {"PETITIONS_DATA_DIR": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str | None:
    assert process.poll() is None, log.read_text()
    found = re.search(r"http://[\d.]+:\d+", log.read_text())
    return found and found[0]


def _password(log: Path) -> str:
    found = re.search(rf"{re.escape(LEAD)} with the password (\S+)", log.read_text())
    assert found is not None
    return found[1]


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _complaints(log: Path) -> list[str]:
    """Lines of the log that speak of trouble."""
    return [line for line in log.read_text().splitlines() if '"error"' in line or "Traceback" in line]
