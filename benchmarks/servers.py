"""Server processes to measure, each on a free port of 127.0.0.1, ended when they were measured."""

import http.client
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.options import ROOT, BenchmarkError
from benchmarks.processors import process_seconds
from benchmarks.stores import Store
from petitions.cli.serving import listen, listen_for_each

_START = 30.0
_GRACE = 30.0


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Server:
    """One or more processes that share a socket."""

    port: int
    processes: "Sequence[subprocess.Popen[bytes]]"

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cpu_seconds(self) -> list[float]:
        """Processor time that each process has used so far."""
        return [process_seconds(process.pid) for process in self.processes]

    def ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One request, for a look at what will be asked thousands of times."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START)
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()


@contextmanager
def petitions_server(store: Store, processes: int = 1) -> Iterator[Server]:
    """The real thing: what `petitions serve` starts for every server process."""
    with _served(["petitions", "server-process"], store, processes) as server:
        yield server


@contextmanager
def validating_server(store: Store) -> Iterator[Server]:
    """The floor of signing; see benchmarks/floors.py."""
    with _served(["benchmarks.floors", "validate"], store) as server:
        yield server


@contextmanager
def bytes_server(store: Store, body: bytes, headers: Mapping[str, str]) -> Iterator[Server]:
    """The floor of a page; see benchmarks/floors.py."""
    file = store.data_dir / "page"
    file.write_bytes(body)
    arguments = ["--file", str(file)]
    for name, value in headers.items():
        arguments += ["--header", f"{name}: {value}"]
    with _served(["benchmarks.floors", "bytes", *arguments], store, ready="/page") as server:
        yield server


@contextmanager
def petitions_worker(store: Store, **settings: str) -> Iterator["subprocess.Popen[bytes]"]:
    """The worker that sends mail."""
    read_end, write_end = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "petitions", "worker", "--lifeline", str(read_end)],
        env=store.environ(**settings),
        cwd=ROOT,
        pass_fds=(read_end,),
    )
    os.close(read_end)
    try:
        yield process
    finally:
        os.close(write_end)
        end(process)


@dataclass
class Sink:
    """An SMTP server; see benchmarks/sink.py."""

    port: int
    process: "subprocess.Popen[str]"
    _lifeline: int

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?security=none"

    def report(self, seconds: float) -> dict[str, Any]:
        """The next line that it prints. Raises BenchmarkError after so many seconds."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            raise BenchmarkError(f"mail: the sink had nothing to tell for {seconds:.0f} s")
        return dict(json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """Let it end; then it tells what came in all."""
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1


@contextmanager
def smtp_sink(expected: int = 0) -> Iterator[Sink]:
    """Takes mail, and tells when the first and when so many have come."""
    read_end, write_end = os.pipe()
    listener = listen("127.0.0.1", 0)
    ends = ["--fd", str(listener.fileno()), "--lifeline", str(read_end)]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink", *ends, "--expect", str(expected)],
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        cwd=ROOT,
        pass_fds=(listener.fileno(), read_end),
    )
    sink = Sink(int(listener.getsockname()[1]), process, write_end)
    listener.close()
    os.close(read_end)
    try:
        yield sink
    finally:
        sink.close()
        end(process)


@contextmanager
def smtp_client(sink: Sink, mails: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The floor of sending; see benchmarks/floors.py."""
    command = [sys.executable, "-m", "benchmarks.floors", "smtp", "--port", str(sink.port), "--mails", str(mails)]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        yield process
    finally:
        end(process)


@contextmanager
def measured_command(store: Store, notes: Path, *command: str) -> Iterator["subprocess.Popen[str]"]:
    """A `petitions` command under way. When it has ended, what measured.py prints stands on its standard output,
    and what held.py noted in the file."""
    noted = [sys.executable, "-m", "benchmarks.held", store.kind, str(notes), *command]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.measured", os.devnull, *noted],
        env=store.environ(),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # so that both can be ended
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        end(process)


@contextmanager
def _served(module: Sequence[str], store: Store, processes: int = 1, ready: str = "/healthz") -> Iterator[Server]:
    read_end, write_end = os.pipe()  # the processes end when we do
    started: list[subprocess.Popen[bytes]] = []
    listeners = listen_for_each("127.0.0.1", 0, processes)
    try:
        port = int(listeners[0].getsockname()[1])
        environ = store.environ(BASE_URL=f"http://127.0.0.1:{port}")
        for listener in listeners:
            command = [sys.executable, "-m", *module, "--fd", str(listener.fileno()), "--lifeline", str(read_end)]
            started.append(
                subprocess.Popen(command, env=environ, cwd=ROOT, pass_fds=(listener.fileno(), read_end))
            )
        server = Server(port, started)
        _await_ready(server, ready)
        yield server
    finally:
        for listener in listeners:
            listener.close()
        os.close(write_end)
        os.close(read_end)
        for process in started:
            end(process)


def _await_ready(server: Server, path: str) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        if any(process.poll() is not None for process in server.processes):
            break
        try:
            if server.ask("GET", path).status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise BenchmarkError("a server process did not start")


def end(process: "subprocess.Popen[bytes] | subprocess.Popen[str]") -> None:
    """Tell a process that we started to stop, and wait for it."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
