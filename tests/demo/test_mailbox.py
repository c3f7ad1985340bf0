"""The demo's mailbox: mails that were caught, shown to whoever tries the demo."""

import email.policy
import os
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.app import create_app
from petitions.demo import mailbox
from petitions.demo.mailbox import CaughtMail, find_mail, list_mails
from petitions.settings import Settings
from tests.conftest import BASE_URL

pytestmark = pytest.mark.anyio


def catch(folder: Path, name: str, subject: str, text: str, moment: int = 1_800_000_000) -> None:
    """A mail in the folder, as the worker writes it."""
    message = EmailMessage(email.policy.SMTP)
    message["From"] = "Statements <petitions@example.org>"
    message["To"] = "ana@example.org"
    message["Subject"] = subject
    message["Date"] = "Sun, 22 Nov 2026 12:00:00 +0000"
    message.set_content(text)
    message.add_alternative(f"<p>{text}</p>", subtype="html")
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.eml").write_bytes(message.as_bytes())
    os.utime(folder / f"{name}.eml", (moment, moment))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "mailbox"


@pytest.fixture
async def reader(settings: Settings, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who looks into the mailbox."""
    app = create_app(settings, extra_routes=mailbox.routes(folder), mailbox_url=mailbox.URL, on_death=lambda: None)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            yield client


async def test_a_mailbox_that_is_not_there_yet_is_empty(reader: httpx.AsyncClient, folder: Path) -> None:
    assert list_mails(folder) == []
    page = await reader.get("/mailbox")
    assert page.status_code == 200
    assert ".eml" not in page.text
    assert page.headers["cache-control"] == "no-store"


async def test_mails_are_listed_the_newest_first_and_shown(reader: httpx.AsyncClient, folder: Path) -> None:
    catch(folder, "a1", "First <b>", "Hello")
    catch(folder, "b2", "Bestätigung", "Hallo,\n\nhttps://example.org/confirm/t?lang=de\n", 1_800_000_100)
    assert [mail.subject for mail in list_mails(folder)] == ["Bestätigung", "First <b>"]
    listed = await reader.get("/mailbox")
    assert listed.text.index("/mailbox/b2") < listed.text.index("/mailbox/a1")
    assert "First &lt;b&gt;" in listed.text
    shown = await reader.get("/mailbox/b2")
    assert shown.status_code == 200
    assert "Bestätigung" in shown.text
    assert 'href="https://example.org/confirm/t?lang=de"' in shown.text
    assert "ana@example.org" in shown.text


@pytest.mark.parametrize(
    "identifier",
    ["c3", "B2", "b2.eml", "%2e%2e%2fsecret", "b2%00", "%00", "%ff", "a" * 65, "a" * 300, "é", "*"],
)
async def test_an_odd_id_is_not_found(reader: httpx.AsyncClient, folder: Path, identifier: str) -> None:
    catch(folder, "b2", "Here", "Hello")
    (folder.parent / "secret.eml").write_text("Subject: secret\n\nx")
    page = await reader.get(f"/mailbox/{identifier}")
    assert page.status_code == 404
    assert "secret" not in page.text.replace(identifier, "")


@given(st.text(max_size=30))
def test_any_id_is_found_or_not(tmp_path: Path, identifier: str) -> None:
    assert find_mail(tmp_path, identifier) is None


async def test_without_the_demo_there_is_no_mailbox(client: httpx.AsyncClient) -> None:
    assert (await client.get("/mailbox")).status_code == 404


def test_links_are_told_apart_from_words() -> None:
    mail = CaughtMail("a", "s", "f", "t", None, "One\n\nTwo https://example.org/x?y=1 three\nfour\n\n\n")  # type: ignore[arg-type]
    assert mail.paragraphs == [
        [("text", "One")],
        [("text", "Two "), ("link", "https://example.org/x?y=1"), ("text", " three\nfour")],
    ]
