"""Programs that do the least that the same work can cost; servers.py starts them.

`validate`: our application with all its middleware, whose signing stops after the form was found right.
`bytes`: bare Starlette with one route that returns a file's bytes.
`smtp`: no server, but the client that the worker uses too, sending one message again and again.
"""

import argparse
import asyncio
import os
import socket
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import uvicorn
from aiosmtplib import SMTP
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from petitions.app import create_app
from petitions.clock import utc_now
from petitions.errors import InvalidRequest, PageNotFound
from petitions.mail.pace import Pace
from petitions.public.campaigns import visit
from petitions.public.forms import sign_form_for
from petitions.public.signing import sign
from petitions.settings import load_settings
from petitions.web.bodies import read_form
from petitions.web.caching import no_store


async def validate_only(request: Request) -> Response:
    """What `petitions.public.signing.sign` does, up to the form being right; the same answer."""
    arrived_at = utc_now()
    here = await visit(request)
    if not here.campaign.terms.open_to_individuals or here.campaign.status(arrived_at) != "open":
        raise PageNotFound
    form = sign_form_for(here.campaign.terms)(await read_form(request))
    if not form.validate():
        raise InvalidRequest
    response = RedirectResponse(here.url("/signed"), 303)
    no_store(response)
    return response


def validating_app() -> Starlette:
    """Our application with `validate_only` in the place of `sign`."""
    app = create_app(load_settings(os.environ))
    routes: list[BaseRoute] = app.router.routes
    (place,) = [n for n, route in enumerate(routes) if isinstance(route, Route) and route.endpoint is sign]
    replaced = routes[place]
    assert isinstance(replaced, Route)
    routes[place] = Route(replaced.path, validate_only, methods=["POST"])
    return app


def bytes_app(file: Path, headers: dict[str, str]) -> Starlette:
    """Bare Starlette with one route."""
    body = file.read_bytes()

    async def page(_request: Request) -> Response:
        return Response(body, media_type="text/html", headers=headers)

    return Starlette(routes=[Route("/page", page)])


def _serve(app: Starlette, listener: socket.socket, lifeline: int) -> None:
    """As cli/serving.py serves."""
    config = uvicorn.Config(
        app, access_log=False, log_config=None, server_header=False, proxy_headers=False, lifespan="on", ws="none"
    )
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_run(server, listener, lifeline, stop))


async def _run(server: uvicorn.Server, listener: socket.socket, lifeline: int, stop: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()

    def ended() -> None:
        loop.remove_reader(lifeline)
        stop()

    loop.add_reader(lifeline, ended)
    await server.serve(sockets=[listener])


async def send_mails(port: int, mails: int) -> None:
    """Over as many connections as the worker has."""
    message = EmailMessage()
    message["Subject"] = "A message of the usual size"
    message["Message-ID"] = "<floor@example.org>"
    message.set_content("Please confirm your signature.\n" * 40)
    message.add_alternative("<p>Please confirm your signature.</p>\n" * 60, subtype="html")
    text = message.as_bytes()
    left = iter(range(mails))

    async def send() -> None:
        async with SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="localhost") as smtp:
            for number in left:
                await smtp.sendmail("petitions@localhost", f"floor{number}@example.org", text)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(Pace().connections):
            tasks.create_task(send())


def main() -> None:
    parser = argparse.ArgumentParser()
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name in ("validate", "bytes"):
        kind = kinds.add_parser(name)
        kind.add_argument("--fd", type=int, required=True)
        kind.add_argument("--lifeline", type=int, required=True)
        if name == "bytes":
            kind.add_argument("--file", type=Path, required=True)
            kind.add_argument("--header", action="append", default=[])
    smtp = kinds.add_parser("smtp")
    smtp.add_argument("--port", type=int, required=True)
    smtp.add_argument("--mails", type=int, required=True)
    options = parser.parse_args()
    if options.kind == "smtp":
        asyncio.run(send_mails(options.port, options.mails))
        return
    if options.kind == "validate":
        app = validating_app()
    else:
        app = bytes_app(options.file, dict(header.split(": ", 1) for header in options.header))
    _serve(app, socket.socket(fileno=options.fd), options.lifeline)


if __name__ == "__main__":
    main()
