"""A worker in a process of its own, for a test to kill: `python -m tests.mail.worker_process URL PORT LEASE`."""

import asyncio
import signal
import sys
from dataclasses import replace
from datetime import timedelta

from jinja2 import DictLoader

from petitions.db import Database
from petitions.mail.sending import Sender
from petitions.mail.transport import SmtpTransport
from petitions.settings import SmtpServer
from petitions.templating import loader
from tests.mail.support import BRISK, MESSAGE, build_greetings, make_settings


async def main(url: str, port: str, lease: str) -> None:
    loader.loaders = [DictLoader(MESSAGE), *loader.loaders]
    server = SmtpServer("127.0.0.1", int(port), "none")
    database = Database(url)
    pace = replace(BRISK, lease=timedelta(seconds=float(lease)), mail_limit=float(lease) / 2)
    sender = Sender(
        database,
        lambda: SmtpTransport(server, "petitions@example.org"),
        {"confirm": build_greetings},
        make_settings(),
        pace,
    )
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await sender.run(stop)
    database.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
