"""What a server writes down: events and ids. Never a name, an address, a token or an IP."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.models import Draft
from petitions.tokens import Tokens
from tests import factories
from tests.web.support import count_rows

#: A server as the command starts it, in which a page, a list and the store break with what they were given.
BROKEN_SERVER = """
import sys
from petitions.cli import main
from petitions.public import confirming, signing, statement
from petitions.signatures import drafting

render, row = statement.render_statement, drafting._row

def render_statement(here, statement, form, *arguments, **context):
    if form.comment.data == "break the page":
        raise ValueError(f"{form.name.data} {form.email.data}")
    return render(here, statement, form, *arguments, **context)

def break_row(draft, content, judged):
    values = row(draft, content, judged)
    return values | ({"statement_id": 999_999} if draft.comment == "break the row" else {})

signing.render_statement = render_statement
drafting._row = break_row
main()
"""
SECRETS = ("Planted", "planted", "plánted", "198.51.100", "2001:db8", "127.0.0.1")


class Written:
    """A server whose standard error is a file."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        environ = {key: value for key, value in os.environ.items() if not key.startswith("PETITIONS_")}
        environ |= {
            "PETITIONS_BASE_URL": self.url,
            "PETITIONS_DATA_DIR": str(folder),
            "PETITIONS_DATABASE_URL": settings.database_url,
            "PETITIONS_SECRET_KEY": settings.secret_keys[0],
            "PETITIONS_EMAIL_KEY": settings.email_key,
            "PETITIONS_SIGNING_KEY": settings.signing_key,
            "PETITIONS_LOG_LEVEL": "debug",
        }
        self._file = folder / "log"
        with self._file.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", BROKEN_SERVER, "server-process", "--fd", str(listener.fileno())],
                env=environ,
                pass_fds=[listener.fileno()],
                stdout=log,
                stderr=log,
            )
        listener.close()

    def stop(self) -> str:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(30)
        return self._file.read_text(encoding="utf-8")


@pytest.fixture
def server(settings: Settings, campaign: CampaignSnapshot, tmp_path: Path) -> Iterator[Written]:
    server = Written(settings, tmp_path)
    yield server
    server.stop()


def test_the_log_of_a_whole_visit_names_nobody(server: Written, settings: Settings, database: Database) -> None:
    sign = "/c/free-boris/signatures"
    planted = {"name": "Planted Plánted", "email": "planted@planted.example", "city": "Plantedville"}
    other = planted | {"email": "planted-too@planted.example"}
    headers = {"X-Forwarded-For": "198.51.100.7, 2001:db8::7", "User-Agent": "Planted/1.0", "Referer": "/planted"}
    with httpx.Client(base_url=server.url, timeout=30, headers=headers, trust_env=False) as client:
        statuses = [client.post(sign, data=factories.form(**planted)).status_code]
        with database.reading() as session:
            draft = session.scalars(select(Draft)).one()
        token = Tokens(settings.secret_keys).make("confirm", draft.campaign_id, draft.id)
        statuses += [
            client.get(f"/confirm/{token}").status_code,
            client.post(f"/confirm/{token}").status_code,
            client.post("/confirm", data={"email": planted["email"]}).status_code,
            client.get("/confirm/planted-token").status_code,
            client.get(f"{sign}?q=planted").status_code,
            client.get("/planted?planted=planted").status_code,
            client.post(sign, data=factories.form(**planted, country="", comment="break the page")).status_code,
            client.post(sign, data=factories.form(**other, comment="break the row")).status_code,
            client.post(sign, json=planted).status_code,
            client.post(sign, data=planted, headers={"Origin": "https://planted.example"}).status_code,
        ]
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as raw:
            raw.sendall(b"GET /planted\xff HTTP/9.9\r\nPlanted\r\n\r\n")
            raw.recv(100)
    assert statuses == [303, 200, 303, 200, 404, 200, 404, 500, 422, 400, 403]
    assert count_rows(database, Draft) == 0
    text = server.stop()
    lines = [json.loads(line) for line in text.splitlines()]
    events = [line["event"] for line in lines]
    for event in ("serving", "forwarded_header_ignored", "request_failed", "intake_item_rejected", "stopped"):
        assert events.count(event) == 1, event
    assert {line["error"] for line in lines if "error" in line} == {"ValueError", "IntegrityError"}
    (failed,) = [line for line in lines if line["event"] == "request_failed"]
    assert re.fullmatch("[0-9a-f]{16}", failed["request"])
    for secret in (*SECRETS, token, str(draft.id), draft.id.hex, settings.email_key, settings.secret_keys[0]):
        assert secret not in text.replace(server.url, ""), secret


def test_nothing_that_was_typed_is_left_beside_the_rows(
    server: Written, settings: Settings, database: Database, tmp_path: Path
) -> None:
    """The address of the visitor is in no file of the store."""
    with httpx.Client(base_url=server.url, timeout=30, trust_env=False) as client:
        assert client.post("/c/free-boris/signatures", data=factories.form(name="Planted")).status_code == 303
    server.stop()
    if database.file is None:
        return
    stored = b"".join(file.read_bytes() for file in tmp_path.glob("petitions.db*"))
    assert b"Planted" in stored
    assert b"127.0.0.1" not in stored
