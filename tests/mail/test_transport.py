import asyncio
import ssl
import stat
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from petitions.clock import utc_now
from petitions.mail.composing import compose
from petitions.mail.transport import (
    DeliveryFailure,
    FolderTransport,
    PermanentFailure,
    ServerTrouble,
    SmtpTransport,
    TemporaryFailure,
)
from petitions.settings import SmtpServer
from tests.mail.support import NOON, Inbox, always, make_letter, make_settings, smtp_server

SENDER = "petitions@example.org"
MAIL = UUID("01990000-0000-7000-8000-00000000abcd")
pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("greeting")]


def message_to(recipient: str = "ana@example.org") -> EmailMessage:
    return compose(MAIL, make_letter(recipient=recipient), make_settings(), NOON)


async def try_to_send(server: SmtpServer, recipient: str = "ana@example.org", **options: Any) -> Exception | None:
    """What sending one message raises."""
    transport = SmtpTransport(server, SENDER, **options)
    try:
        await transport.send(message_to(recipient), recipient)
    except DeliveryFailure as failure:
        return failure
    finally:
        await transport.close()
    return None


def answering(stage: str, said: str) -> Inbox:
    inbox = Inbox()
    setattr(inbox, stage, always(said))
    return inbox


def told(failure: Exception | None) -> tuple[type, str]:
    assert isinstance(failure, DeliveryFailure)
    return type(failure), failure.code


async def test_message_arrives_as_it_was_composed() -> None:
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        assert await try_to_send(server) is None
    [arrival] = inbox.arrivals
    assert arrival.recipient == "ana@example.org"
    assert arrival.message_id == f"<{MAIL.hex}@example.org>"
    assert arrival.message["Subject"] == "Hello from Statements"


async def test_connection_is_kept() -> None:
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        transport = SmtpTransport(server, SENDER)
        for _ in range(3):
            await transport.send(message_to(), "ana@example.org")
        await transport.close()
    assert (len(inbox.arrivals), len(inbox.sessions)) == (3, 1)


@pytest.mark.parametrize("stage", ["on_recipient", "on_text"])
@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("450 greylisted", TemporaryFailure),
        ("452 mailbox is full", TemporaryFailure),
        ("550 no such user", PermanentFailure),
        ("554 no", PermanentFailure),
        ("421 come back later", ServerTrouble),
        ("530 authentication required", ServerTrouble),
        ("535 authentication failed", ServerTrouble),
        ("554 5.7.1 <ana@example.org>: Relay access denied", ServerTrouble),
        ("550 relay not permitted", ServerTrouble),
    ],
)
async def test_refusal_of_a_message_is_sorted_by_its_code(
    stage: str, said: str, kind: type[DeliveryFailure]
) -> None:
    async with smtp_server(answering(stage, said)) as server:
        failure = await try_to_send(server)
    assert told(failure) == (kind, f"smtp_{said[:3]}")
    if isinstance(failure, ServerTrouble):
        assert failure.tried
    assert "ana" not in str(failure)


@pytest.mark.parametrize("said", ["421 busy", "450 busy", "530 authentication required", "550 not you"])
async def test_refusal_of_the_sender_is_trouble_with_the_server(said: str) -> None:
    async with smtp_server(Inbox(on_mail=always(said))) as server:
        failure = await try_to_send(server)
    assert told(failure) == (ServerTrouble, f"smtp_{said[:3]}")
    assert isinstance(failure, ServerTrouble)
    assert not failure.tried


@pytest.mark.parametrize(("stage", "tried"), [("on_mail", False), ("on_recipient", True), ("on_text", True)])
async def test_lost_connection_is_trouble_with_the_server(stage: str, tried: bool) -> None:
    async with smtp_server(answering(stage, "")) as server:
        failure = await try_to_send(server)
    assert told(failure) == (ServerTrouble, "disconnected")
    assert isinstance(failure, ServerTrouble)
    assert failure.tried is tried


async def test_refused_recipient_leaves_the_connection_usable() -> None:
    async def refuse_eve(address: str) -> str | None:
        return "550 no" if address.startswith("eve") else None

    inbox = Inbox(on_recipient=refuse_eve)
    async with smtp_server(inbox) as server:
        transport = SmtpTransport(server, SENDER)
        with pytest.raises(PermanentFailure):
            await transport.send(message_to("eve@example.org"), "eve@example.org")
        await transport.send(message_to(), "ana@example.org")
        await transport.close()
    assert (inbox.recipients(), len(inbox.sessions)) == (["ana@example.org"], 1)


@pytest.mark.parametrize("said", ["", "421 too many messages on this connection"])
async def test_kept_connection_that_the_server_closed_is_opened_again(said: str) -> None:
    mails = 0

    async def close_before_the_second(_address: str) -> str | None:
        nonlocal mails
        mails += 1
        return said if mails == 2 else None

    inbox = Inbox(on_mail=close_before_the_second)
    async with smtp_server(inbox) as server:
        transport = SmtpTransport(server, SENDER)
        await transport.send(message_to(), "ana@example.org")
        await transport.send(message_to(), "ana@example.org")
        await transport.close()
    assert (len(inbox.arrivals), len(inbox.sessions)) == (2, 2)


async def test_server_that_is_not_there_is_trouble(free_tcp_port: int) -> None:
    failure = await try_to_send(SmtpServer("127.0.0.1", free_tcp_port, "none"))
    assert told(failure) == (ServerTrouble, "connect")


async def test_server_that_greets_with_a_refusal_is_trouble() -> None:
    parted = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"554 go away\r\n")
        await reader.read()
        writer.close()
        await writer.wait_closed()
        parted.set()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        failure = await try_to_send(SmtpServer("127.0.0.1", server.sockets[0].getsockname()[1], "none"))
        await parted.wait()
    assert told(failure) == (ServerTrouble, "smtp_554")


async def test_sending_that_is_cut_short_drops_the_connection() -> None:
    """Else the late answer to one message would be taken for the answer to the next."""
    silent = asyncio.Event()

    async def say_nothing_at_first(_address: str) -> str | None:
        if not silent.is_set():
            silent.set()
            await asyncio.Event().wait()
        return None

    inbox = Inbox(on_text=say_nothing_at_first)
    async with smtp_server(inbox) as server:
        transport = SmtpTransport(server, SENDER)
        sending = asyncio.create_task(transport.send(message_to(), "ana@example.org"))
        await silent.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await transport.send(message_to(), "ben@example.org")
        await transport.close()
    assert (inbox.recipients(), len(inbox.sessions)) == (["ben@example.org"], 2)


async def test_foreign_local_part_goes_to_a_server_that_takes_it() -> None:
    inbox = Inbox()
    async with smtp_server(inbox, enable_SMTPUTF8=True) as server:
        assert await try_to_send(server, "анна@example.org") is None
    [arrival] = inbox.arrivals
    assert arrival.recipient == "анна@example.org"
    assert "To: анна@example.org" in arrival.raw.decode("utf-8")


async def test_foreign_local_part_fails_where_the_server_does_not_take_it() -> None:
    async with smtp_server(Inbox()) as server:
        assert told(await try_to_send(server, "анна@example.org")) == (PermanentFailure, "smtputf8_unsupported")


# Log-in and TLS.


def check_password(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object) -> AuthResult:
    return AuthResult(success=data == LoginPassword(b"user", b"right"), handled=False)


LOG_IN: dict[str, Any] = {"authenticator": check_password, "auth_required": True, "auth_require_tls": False}


@pytest.mark.parametrize(("password", "expected"), [("right", None), ("wrong", (ServerTrouble, "smtp_535"))])
async def test_log_in(password: str, expected: tuple[type, str] | None) -> None:
    async with smtp_server(Inbox(), **LOG_IN) as server:
        failure = await try_to_send(SmtpServer(server.host, server.port, "none", "user", password))
    assert (failure and told(failure)) == expected


async def test_server_that_wants_a_log_in_we_do_not_have_is_trouble() -> None:
    async with smtp_server(Inbox(), **LOG_IN) as server:
        assert told(await try_to_send(server)) == (ServerTrouble, "smtp_530")


async def test_server_without_starttls_gets_no_mail() -> None:
    inbox = Inbox()
    async with smtp_server(inbox) as server:
        failure = await try_to_send(SmtpServer(server.host, server.port, "starttls"))
    assert told(failure) == (ServerTrouble, "unsupported")
    assert inbox.arrivals == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sink")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.mark.parametrize("security", ["tls", "starttls"])
@pytest.mark.parametrize("trusted", [True, False])
async def test_mail_goes_only_to_a_server_whose_certificate_is_trusted(
    certificate: Path, security: str, trusted: bool
) -> None:
    offered = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    offered.load_cert_chain(certificate)
    inbox = Inbox()
    async with smtp_server(
        inbox, starttls=offered if security == "starttls" else None, tls=offered if security == "tls" else None
    ) as server:
        context = ssl.create_default_context(cafile=certificate) if trusted else None
        failure = await try_to_send(SmtpServer(server.host, server.port, security), tls_context=context)
    assert (failure and told(failure)) == (None if trusted else (ServerTrouble, "tls"))
    assert len(inbox.arrivals) == (1 if trusted else 0)


# The folder.


async def test_folder_gets_one_private_file_for_each_message(tmp_path: Path) -> None:
    transport = FolderTransport(tmp_path / "mailbox")
    for _ in range(2):  # sent again, it is the same file
        await transport.send(message_to(), "ana@example.org")
    await transport.close()
    [file] = (tmp_path / "mailbox").iterdir()
    assert file.name == f"{MAIL.hex}.eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert message_from_bytes(file.read_bytes())["To"] == "ana@example.org"


async def test_folder_takes_a_foreign_local_part(tmp_path: Path) -> None:
    await FolderTransport(tmp_path).send(message_to("анна@example.org"), "анна@example.org")
    [file] = tmp_path.iterdir()
    assert "To: анна@example.org" in file.read_text(encoding="utf-8")


async def test_folder_that_cannot_be_written_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "mailbox").write_text("a file is in the way")
    with pytest.raises(ServerTrouble, match=r"^folder$") as trouble:
        await FolderTransport(tmp_path / "mailbox").send(message_to(), "ana@example.org")
    assert not trouble.value.tried
