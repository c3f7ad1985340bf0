"""A bare SMTP server in a process of its own, which takes every mail and keeps none; servers.py starts it.

It prints a JSON line when the first mail arrived, one when `--expect` mails did, and one at its end.
"""

import argparse
import asyncio
import json
import re
import socket
import time
from typing import Protocol

_MESSAGE_ID = re.compile(rb"^Message-ID: (\S+)", re.MULTILINE | re.IGNORECASE)
_READY = b"220 sink\r\n"
_EHLO = b"250-sink\r\n250-8BITMIME\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n"
_ANSWERS = {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
_OK = b"250 ok\r\n"
_END = b"\r\n.\r\n"


class Arrivals:
    """What came so far."""

    def __init__(self, expected: int) -> None:
        self._expected = expected
        self._seen: set[bytes] = set()
        self._count = 0
        self._first = self._last = 0.0

    def add(self, message: bytes) -> None:
        found = _MESSAGE_ID.search(message)
        self._seen.add(found[1] if found else b"")
        self._count += 1
        self._last = time.monotonic()
        if self._count == 1:
            self._first = self._last
        if self._count in (1, self._expected):
            self.tell()

    def tell(self) -> None:
        figures = {"count": self._count, "different": len(self._seen), "seconds": self._last - self._first}
        print(json.dumps(figures), flush=True)


class Taker(Protocol):
    """Takes mails."""

    def add(self, message: bytes) -> None: ...


class Conversation(asyncio.Protocol):
    """One client."""

    def __init__(self, arrivals: Taker) -> None:
        self._arrivals = arrivals
        self._received = bytearray()
        self._in_message = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(_READY)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._step():
            pass

    def _step(self) -> bool:
        """Take one command or one message; whether there may be more."""
        end = _END if self._in_message else b"\r\n"
        text, found, rest = self._received.partition(end)
        if not found:
            return False
        self._received = rest
        if self._in_message:
            self._in_message = False
            self._arrivals.add(bytes(text))
            self._transport.write(_OK)
            return True
        command = bytes(text[:4]).upper()
        self._transport.write(_EHLO if command == b"EHLO" else _ANSWERS.get(command, _OK))
        self._in_message = command == b"DATA"
        if command == b"QUIT":
            self._transport.close()
        return True


async def serve(listener: socket.socket, lifeline: int, arrivals: Arrivals) -> None:
    """Take mail until the other end of the lifeline closes."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    server = await loop.create_server(lambda: Conversation(arrivals), sock=listener)
    loop.add_reader(lifeline, ended.set)
    await ended.wait()
    loop.remove_reader(lifeline)
    server.close()
    arrivals.tell()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--lifeline", type=int, required=True)
    parser.add_argument("--expect", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(serve(socket.socket(fileno=options.fd), options.lifeline, Arrivals(options.expect)))


if __name__ == "__main__":
    main()
