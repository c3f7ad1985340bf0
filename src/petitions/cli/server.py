"""One server process: the application in uvicorn."""

import asyncio
import socket
from collections.abc import Callable, Sequence

import uvicorn
from starlette.routing import BaseRoute

from petitions.app import create_app
from petitions.demo import mailbox
from petitions.settings import Settings

#: Seconds a server has to answer what it has taken when it is told to stop.
_GRACE = 20


def run_server(settings: Settings, listener: socket.socket, watch: Callable[[Callable[[], None]], None]) -> bool:
    """Serve until told to stop; whether it ever began. `watch` is given a function that stops the server, and is
    called when the loop runs."""
    routes: Sequence[BaseRoute] = ()
    mailbox_url = None
    if settings.mailbox_dir is not None:
        routes, mailbox_url = mailbox.routes(settings.mailbox_dir), mailbox.URL
    config = uvicorn.Config(
        create_app(settings, extra_routes=routes, mailbox_url=mailbox_url),
        access_log=False,  # it would print tokens and searches
        log_config=None,
        server_header=False,
        proxy_headers=False,  # see web/clients.py
        timeout_graceful_shutdown=_GRACE,
        lifespan="on",
        ws="none",
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    async def serve() -> None:
        watch(stop)
        await server.serve(sockets=[listener])

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(serve())
    return server.started
