"""petitions serve and petitions demo as processes: they start, answer, drain, and leave nobody behind."""

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlencode

import pytest
from sqlalchemy import select as sql_select

from petitions.campaigns.queries import list_snapshots
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.models import Draft
from tests.factories import form, make_campaign

SECONDS = 30
only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@contextmanager
def running(environ: dict[str, str], *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """A `petitions` process; whatever is left of it at the end is killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "petitions", *arguments],
        env=os.environ | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        left = [process.pid, *children_of(process.pid)] if process.poll() is None else []
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=SECONDS)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def name_of(pid: int) -> str:
    """The `petitions` command that a process runs."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")[3]


def child(pid: int, name: str) -> int:
    return next(child for child in children_of(pid) if name_of(child) == name)


class Ends:
    """Waits for the ends of processes that are not our children."""

    def __init__(self, pids: Sequence[int]) -> None:
        self._open = {os.pidfd_open(pid): pid for pid in pids}

    def wait(self) -> None:
        poll = select.poll()
        for file in self._open:
            poll.register(file, select.POLLIN)
        while self._open:
            ended = poll.poll(SECONDS * 1000)
            assert ended, f"still there: {list(self._open.values())}"
            for file, _ in ended:
                poll.unregister(file)
                os.close(file)
                del self._open[file]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def line_with(stream: IO[str] | None, words: str) -> str:
    """Read on until a line that holds these words."""
    assert stream is not None
    seen = []
    for line in stream:
        if words in line:
            return line
        seen.append(line)
    raise AssertionError("".join(seen))


def get(port: int, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request("GET", path)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response.status, body


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def environ(settings: Settings, port: int, tmp_path: Path) -> dict[str, str]:
    return {
        "TMPDIR": str(tmp_path),  # a process that is killed leaves its temporary folder behind
        "PETITIONS_DATA_DIR": str(settings.data_dir),
        "PETITIONS_DATABASE_URL": settings.database_url,
        "PETITIONS_EMAIL_KEY": settings.email_key,
        "PETITIONS_SIGNING_KEY": settings.signing_key,
        "PETITIONS_SECRET_KEY": settings.secret_keys[0],
        "PETITIONS_BASE_URL": f"http://127.0.0.1:{port}",
    }


def test_serve_answers_drains_and_ends_with_zero(
    database: Database, settings: Settings, environ: dict[str, str], port: int
) -> None:
    """A form that is half sent when the server is told to stop is answered and stored."""
    campaign = make_campaign(database)
    with running(environ, "serve", "--port", str(port)) as process:
        line_with(process.stderr, '"event": "serving"')
        assert get(port, "/healthz") == (200, '{"status":"ok"}')
        assert get(port, f"/c/{campaign.slug}")[0] == 200
        body = urlencode(form(name="Slow Sánchez")).encode()
        server, worker = child(process.pid, "server-process"), child(process.pid, "worker")
        everybody, the_worker = Ends([server, worker]), Ends([worker])
        with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as slow:
            slow.sendall(
                f"POST /c/{campaign.slug}/signatures HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                "Content-Type: application/x-www-form-urlencoded\r\nExpect: 100-continue\r\n"
                f"Content-Length: {len(body)}\r\n\r\n".encode()
            )
            assert slow.recv(1000).startswith(b"HTTP/1.1 100 ")
            process.terminate()
            the_worker.wait()  # it is told after the server
            slow.sendall(body)
            answer = slow.recv(10_000)
        assert answer.startswith(b"HTTP/1.1 303 ")
        assert process.wait(SECONDS) == 0
        everybody.wait()
    with database.reading() as session:
        assert session.scalars(sql_select(Draft.name)).all() == ["Slow Sánchez"]


@only_sqlite
def test_children_end_with_their_parent_and_are_started_again_without_it(
    database: Database, environ: dict[str, str], port: int
) -> None:
    with running(environ, "serve", "--port", str(port), "--workers", "2") as process:
        for _ in range(2):
            line_with(process.stderr, '"event": "serving"')
        first = children_of(process.pid)
        assert sorted(map(name_of, first)) == ["server-process", "server-process", "worker"]
        killed = [pid for pid in first if name_of(pid) == "server-process"]
        ends = Ends(killed)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        ends.wait()
        assert get(port, "/healthz") == (200, '{"status":"ok"}')  # the socket waits for the new ones
        line = json.loads(line_with(process.stderr, '"event": "process_died"'))
        assert (line["process"][:7], line["code"]) == ("server-", -9)
        for _ in range(2):
            line_with(process.stderr, '"event": "serving"')
        now = children_of(process.pid)
        assert sorted(map(name_of, now)) == ["server-process", "server-process", "worker"]
        assert not set(killed) & set(now)
        ends = Ends(now)
        process.kill()
        ends.wait()


@only_sqlite
def test_a_server_that_cannot_start_ends_the_whole(
    database: Database, environ: dict[str, str], port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port that is taken is told at once, before any process is started."""
    with socket.create_server(("127.0.0.1", port)), running(environ, "serve", "--port", str(port)) as process:
        assert process.wait(SECONDS) == 1
        assert process.stderr is not None
        errors = process.stderr.read().splitlines()
    assert errors[-1] == f"Cannot listen on 127.0.0.1:{port}: Address already in use."


@only_sqlite
def test_the_worker_alone_ends_when_told(database: Database, environ: dict[str, str], tmp_path: Path) -> None:
    with running(environ | {"PETITIONS_LOG_LEVEL": "info"}, "worker") as process:
        line_with(process.stderr, "mail_not_configured")
        process.terminate()
        assert process.wait(SECONDS) == 0


def test_demo_shows_the_samples_and_moves_on_from_a_taken_port(tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        running({"PETITIONS_DATABASE_URL": "sqlite:////nowhere/x.db"}, *demo(taken, tmp_path)) as process,
    ):
        address = line_with(process.stdout, "The sample campaigns:").split()[-1]
        mailbox = line_with(process.stdout, "Mail that was caught:").split()[-1]
        chosen = int(address.rstrip("/").rpartition(":")[2])
        assert chosen > taken.getsockname()[1]
        assert mailbox == f"http://127.0.0.1:{chosen}/mailbox"
        assert get(chosen, "/healthz")[0] == 200
        assert get(chosen, "/mailbox")[0] == 200
        status, page = get(chosen, "/c/free-boris-kagarlitsky?lang=ru")
        assert status == 200
        assert "Кагарлицк" in page
        ends = Ends(children_of(process.pid))
        process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 0
        ends.wait()
    database = Database(f"sqlite:///{tmp_path}/demo/petitions.db")
    with database.reading() as session:
        assert len(list_snapshots(session)) == 9
    database.close()


def demo(taken: socket.socket, folder: Path) -> list[str]:
    return ["demo", "--port", str(taken.getsockname()[1]), "--data", str(folder / "demo")]
