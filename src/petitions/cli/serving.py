"""petitions serve, petitions worker"""

import asyncio
import os
import resource
import signal
import socket
import tempfile
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from petitions import log
from petitions.accounts.first import first_link
from petitions.accounts.users import has_users
from petitions.cli.context import Exit, fail, opened_store, read_settings
from petitions.cli.supervisor import Supervisor
from petitions.db import Database
from petitions.settings import Settings
from petitions.tokens import Tokens
from petitions.worker import work

_BACKLOG = 2048
#: Beside servers on one machine the worker stands back: in a wave people wait for pages, and mail for seconds.
_WORKER_NICENESS = 10

Lifeline = Annotated[int | None, typer.Option(hidden=True, help="End when this pipe closes.")]


def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Server processes.")] = 1,
    mail: Annotated[bool, typer.Option("--mail/--no-mail", help="Also run the worker that sends mail.")] = True,
) -> None:
    """Serve the site, and send its mail.

    Example: petitions serve --host 0.0.0.0 --port 8000 --workers 2
    """
    settings = read_settings()
    _raise_descriptor_limit()
    with opened_store(settings) as database:  # whatever is wrong with it is told once, here
        tell_first_link(settings, database)
    if settings.smtp is None and settings.mailbox_dir is None and mail:
        log.warning("mail_not_configured", setting="PETITIONS_SMTP_URL")
    raise typer.Exit(run_processes(listen_for_each(host, port, workers), mail=mail))


def tell_first_link(settings: Settings, database: Database) -> None:
    """Print the link that makes the first account, while there is none."""
    with database.reading() as session:
        if not has_users(session):
            url = first_link(settings.base_url, Tokens(settings.secret_keys))
            typer.echo(f"Nobody has an account yet. Whoever opens this link makes the first one:\n\n  {url}\n")


def _raise_descriptor_limit() -> None:
    """A wave is one descriptor for each visitor; many systems grant 1,024 until they are asked for more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def listen_for_each(host: str, port: int, servers: int) -> list[socket.socket]:
    """A socket for each server process, all on one port: the kernel deals visitors out evenly. From a socket that
    they share, whoever wakes first takes everybody."""
    if servers == 1:
        return [listen(host, port)]
    with listen(host, port) as probe:  # nobody else may have the port; sharing it would hide that
        port = probe.getsockname()[1]
    return [listen(host, port, shared=True) for _ in range(servers)]


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A socket that a child process can inherit."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise fail(f"Cannot listen on {host}:{port}: {error.strerror}.", Exit.FAILED) from None
    listener.listen(_BACKLOG)
    listener.set_inheritable(True)
    return listener


def run_processes(listeners: Sequence[socket.socket], *, mail: bool, environ: dict[str, str] | None = None) -> int:
    """Run a server process on each of these sockets, and the worker. The exit code."""
    environ = dict(os.environ if environ is None else environ)
    descriptors = [listener.fileno() for listener in listeners]
    commands = {
        f"server-{number}": ["server-process", "--fd", str(descriptor)]
        for number, descriptor in enumerate(descriptors, 1)
    }
    if mail:
        commands["worker"] = ["worker"]
    with tempfile.TemporaryDirectory(prefix="petitions-metrics-") as metrics:
        if len(listeners) > 1:
            environ["PROMETHEUS_MULTIPROC_DIR"] = metrics
        return Supervisor(environ, descriptors).run(commands)


def server_process(
    fd: Annotated[int, typer.Option(help="A listening socket.")], lifeline: Lifeline = None
) -> None:
    """One server process; `serve` starts it."""
    from petitions.cli.server import run_server  # here, for every other command would wait for it

    settings = read_settings()
    if not run_server(settings, socket.socket(fileno=fd), lambda stop: _watch(lifeline, stop)):
        raise typer.Exit(Exit.FAILED)


def worker(lifeline: Lifeline = None) -> None:
    """Send mail and do the chores; on as many hosts as you like. `serve` starts one by itself.

    Example: petitions worker
    """
    settings = read_settings()
    if lifeline is not None:
        os.nice(_WORKER_NICENESS)
    with opened_store(settings) as database:
        asyncio.run(_work(settings, database, lifeline))


async def _work(settings: Settings, database: Database, lifeline: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    _watch(lifeline, stop.set)
    await work(settings, database, stop)


def _watch(lifeline: int | None, stop: Callable[[], None]) -> None:
    """Stop when the process that started us is gone."""
    if lifeline is not None:
        loop = asyncio.get_running_loop()

        def ended() -> None:
            loop.remove_reader(lifeline)
            stop()

        loop.add_reader(lifeline, ended)
