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
from pathlib import Path
from typing import TypeVar

import httpx

from petitions.campaigns.queries import get_snapshot
from petitions.db import Database
from petitions.signatures.counting import find_count

T = TypeVar("T")

#: Seconds for what takes parts of one.
PATIENCE = 30.0
CLOSED = "closed-sample"

_CLOSED_FILES = {
    "campaign.toml": f"""
slug = "{CLOSED}"
default_language = "en"
signers = ["individuals"]
goal = 100
opens = "-30 days"
closes = "-2 days"
public_list = "full"
reply_to = "closed@example.org"

[responsible]
name = "Example Association"
email = "privacy@example.org"

[visibility]
choices = ["public", "anonymous"]
default = "public"

[[addressees]]
name.en = "The addressee of a sample"
name.ar = "المُرسَل إليه"
""",
    "en.md": "# A sample that is closed\n\n> Nobody can sign this any more.\n\nIt was open once.\n",
    "ar.md": "# عيّنة مغلقة\n\n> لم يعد التوقيع ممكنًا.\n\nكانت مفتوحة.\n",
}


def until(ask: Callable[[], T | None], what: str) -> T:
    """What `ask` answers once it answers something. Fails after PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {PATIENCE:.0f} seconds in vain for {what}")


@dataclass
class Demo:
    """`petitions demo`, running."""

    url: str
    data: Path
    _client: httpx.Client = field(repr=False)

    def count(self, slug: str) -> int:
        """How many have signed, as the store says: pages are up to a second old."""
        database = Database(f"sqlite:///{self.data / 'petitions.db'}")
        try:
            with database.reading() as session:
                return find_count(session, get_snapshot(session, slug).id)
        finally:
            database.close()

    def wait_for_page(self, slug: str, count: int) -> None:
        """Until the pages, which are made once a second, say this too."""
        shown = f"/api/v1/campaigns/{slug}"
        until(lambda: self._client.get(shown).json()["count"] == count, f"{count} signatures of {slug}")

    def submit(self, slug: str, language: str = "en", **fields: str) -> None:
        """Sign without a browser."""
        typed = {"name": "Sample Signer", "country": "IE", "visibility": "public"} | fields
        response = self._client.post(f"/c/{slug}/signatures", params={"lang": language}, data=typed)
        assert response.status_code == 303, response.text

    def mails_to(self, address: str) -> list[Path]:
        """The caught mails to this address, by their files."""
        return [file for file in self._mailbox.glob("*.eml") if read_mail(file).to == address]

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


def read_mail(file: Path) -> CaughtMail:
    """A mail of the demo's mailbox."""
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
    _import_closed(folder / CLOSED, data)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "petitions", "demo", "--port", "8640", "--data", str(data)],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        try:
            url = until(lambda: _address(process, log), "the address that the demo prints")
            with httpx.Client(base_url=url) as client:
                until(lambda: _answers(client), "the demo's first answer")
                yield Demo(url, data, client)
        finally:
            process.terminate()
            code = process.wait(PATIENCE)
    assert (code, _complaints(log)) == (0, [])


def _import_closed(folder: Path, data: Path) -> None:
    """A campaign that nobody can sign any more; the samples have none."""
    folder.mkdir()
    for name, text in _CLOSED_FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")}
    subprocess.run(
        [sys.executable, "-m", "petitions", "campaign", "import", str(folder)],
        env=environ | {"PETITIONS_DATA_DIR": str(data)},
        check=True,
        capture_output=True,
    )


def _address(process: "subprocess.Popen[bytes]", log: Path) -> str | None:
    assert process.poll() is None, log.read_text()
    found = re.search(r"http://[\d.]+:\d+", log.read_text())
    return found and found[0]


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def _complaints(log: Path) -> list[str]:
    """Lines of the log that speak of trouble."""
    return [line for line in log.read_text().splitlines() if '"error"' in line or "Traceback" in line]
