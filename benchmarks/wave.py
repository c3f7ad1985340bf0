# ruff: noqa: A005 - nobody reads sound files here
"""wave: 50,000 forms of programs from 200 networks and 40 mail domains, while 500 people sign from 20 networks
that they share. How many programs are mailed, how many people wait, is anybody lost?

Everything goes over HTTP to a server with a worker beside it, and the mails to people who press their buttons. The
figures stand and fall with where the addresses are, so:

- People: 74 of 100 at large providers; 12 at the organisation of whose network they sign (each of the 20 has one);
  14 at 200 small domains, some of which have far more people than others. 17 of 20 press the button, after 20
  seconds on average, at most a minute.
- Programs: 15 of 100 forms with addresses at 4 large providers, the others at 36 small domains, evenly; of these
  34 are their own, and 2 are among the 200 of people, whose addresses are forged. Nobody presses a button. All
  the networks send from the first second to the last.

Both come evenly over three minutes. `delayed`: people whose mail did not come within 60 seconds.
"""

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from random import Random
from statistics import median
from typing import Any
from urllib.parse import quote

from sqlalchemy import func, select

from benchmarks.options import BenchmarkError, Options
from benchmarks.requests import form_headers, make_forms
from benchmarks.results import print_line
from benchmarks.seeding import prepare
from benchmarks.servers import Server, petitions_server, petitions_worker
from benchmarks.sink import Conversation
from benchmarks.stores import Store, conditions, shelf
from petitions.campaigns.queries import CampaignSnapshot
from petitions.settings import Settings
from petitions.signatures.models import Draft, Signature

SECONDS = 180.0  # of the whole wave; a smaller one is shorter
WHOLE, PER_PERSON = 50_000, 100  # forms of programs, and how many of them to one person
NETWORKS, SHARED_NETWORKS = 200, 20
LARGE = ("gmail.com", "outlook.com", "yahoo.com", "gmx.net", "hotmail.com", "icloud.com", "web.de", "riseup.net")
_LARGE_WEIGHTS = (45, 14, 10, 8, 8, 6, 6, 3)
SMALL, OWN, FORGED, FORGED_LARGE = 200, 34, 2, 4
DELAYED = 60.0
WANTED_MAILED, WANTED_DELAYED = 0.01, 0.01
#: Connections that send at once, and seconds that somebody waits for an answer.
_CONNECTIONS, _PATIENCE = 48, 30.0
_LINK = re.compile(r"/confirm/([^\s?\"<]+)")


@dataclass(slots=True)
class Sender:
    """A form that somebody, or a program, sends."""

    at: float  # seconds after the beginning
    email: str
    network: str
    is_person: bool
    presses_after: float | None  # seconds; None: never
    status: int = 0
    sent_at: float = 0.0
    mailed_at: float | None = None
    took: float = 0.0
    confirmed: bool = False


@dataclass
class Post:
    """The mail server: whose mail came when, and with which link."""

    senders: dict[str, Sender]
    pressing: "asyncio.Queue[tuple[float, Sender, str]]" = field(default_factory=asyncio.Queue)
    unknown: int = 0

    def add(self, message: bytes) -> None:
        """Called by the conversation with each mail."""
        now = time.monotonic()
        mail = message_from_bytes(message, policy=policy.default)
        sender = self.senders.get(str(mail["To"]).strip("<>"))
        body = mail.get_body(("plain",))
        link = _LINK.search(body.get_content()) if body is not None else None
        if sender is None or link is None:
            self.unknown += 1
        elif sender.mailed_at is None:
            sender.mailed_at = now
            if sender.presses_after is not None:
                self.pressing.put_nowait((now + sender.presses_after, sender, link[1]))


def run(options: Options) -> None:
    with shelf(options) as stores:
        # A proxy on this machine says from which network somebody comes.
        ours = {
            "SIGN_RATE": "60/hour",
            "DOMAIN_CREDIT": str(Settings.domain_credit),
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        store = replace(stores.store("wave"), more=ours)
        campaign = prepare(store)
        stated = conditions(store, options)
        senders = make_wave(options.forms)
        with petitions_server(store) as server:
            seconds = asyncio.run(_drive(store, campaign, server, senders))
        _report(store, senders, {**stated, "forms": options.forms, "lasted": round(seconds, 1)})


def make_wave(forms: int) -> list[Sender]:
    """Everybody who sends a form, in their order."""
    random = Random(1871)
    lasts = max(20.0, SECONDS * min(1.0, forms / WHOLE))
    people = max(20, forms // PER_PERSON)
    senders = [_person(random, number, lasts) for number in range(people)]
    senders += [_program(random, number, lasts) for number in range(forms)]
    return sorted(senders, key=lambda sender: sender.at)


def _person(random: Random, number: int, lasts: float) -> Sender:
    network = random.randrange(SHARED_NETWORKS)
    where = random.random()
    if where < 0.74:
        (domain,) = random.choices(LARGE, _LARGE_WEIGHTS)
    elif where < 0.86:
        domain = f"organisation{network}.example"
    else:
        domain = _small(random.choices(range(SMALL), [1 / (rank + 1) for rank in range(SMALL)])[0])
    presses = min(60.0, 2 + random.expovariate(1 / 18)) if random.random() < 0.85 else None
    email = f"person{number}@{domain}"
    return Sender(random.uniform(0, lasts), email, f"198.51.100.{network + 1}", True, presses)


def _program(random: Random, number: int, lasts: float) -> Sender:
    if random.random() < 0.15:
        domain = LARGE[random.randrange(FORGED_LARGE)]
    else:
        which = random.randrange(OWN + FORGED)
        domain = f"own{which}.example" if which < OWN else _small((which - OWN + 1) * SMALL // (FORGED + 1))
    network = random.randrange(NETWORKS)
    return Sender(random.uniform(0, lasts), f"x{number}@{domain}", f"198.18.{network}.7", False, None)


def _small(rank: int) -> str:
    return f"town{rank}.example"


async def _drive(store: Store, campaign: CampaignSnapshot, server: Server, senders: Sequence[Sender]) -> float:
    """Send everything at its time, press buttons, and wait until nobody can be in time any more. How many seconds
    the sending took."""
    loop = asyncio.get_running_loop()
    post = Post({sender.email: sender for sender in senders})
    smtp = await loop.create_server(lambda: Conversation(post), "127.0.0.1", 0)
    url = f"smtp://127.0.0.1:{smtp.sockets[0].getsockname()[1]}?security=none"
    with _working(store, server, url):
        pressing = asyncio.create_task(_press(server, post))
        began = time.monotonic()
        forms = make_forms(campaign.statements["en"].id)
        queue = iter(enumerate(senders))

        async def send() -> None:
            async with _Client(server) as client:
                for number, sender in queue:
                    await asyncio.sleep(max(0.0, began + sender.at - time.monotonic()))
                    body = f"{forms[number % len(forms)]}&email={quote(sender.email)}".encode()
                    sender.sent_at = time.monotonic()
                    sender.status = await client.post(f"/c/{campaign.slug}/signatures", body, sender.network)
                    sender.took = time.monotonic() - sender.sent_at

        async with asyncio.TaskGroup() as tasks:
            for _ in range(_CONNECTIONS):
                tasks.create_task(send())
        lasted = time.monotonic() - began
        await asyncio.sleep(DELAYED + 5)
        pressing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await pressing
    smtp.close()
    if post.unknown:
        raise BenchmarkError(f"wave: {post.unknown} mails to nobody we know")
    return lasted


@contextlib.contextmanager
def _working(store: Store, server: Server, url: str) -> Iterator[None]:
    with petitions_worker(store, SMTP_URL=url, BASE_URL=server.origin):
        yield


async def _press(server: Server, post: Post) -> None:
    """People press the buttons in their mails, each at their time."""

    async def press(at: float, sender: Sender, token: str) -> None:
        await asyncio.sleep(max(0.0, at - time.monotonic()))
        async with _Client(server) as client:
            sender.confirmed = await client.post(f"/confirm/{token}?lang=en", b"", sender.network) == 303

    async with asyncio.TaskGroup() as tasks:
        while True:
            tasks.create_task(press(*await post.pressing.get()))


class _Client:
    """A connection that is kept: what a browser sends, at a tenth of the cost of a client for everything."""

    def __init__(self, server: Server) -> None:
        self._port = server.port
        self._head = "".join(f"{name}: {value}\r\n" for name, value in form_headers(server).items())

    async def __aenter__(self) -> "_Client":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._writer.close()

    async def post(self, path: str, body: bytes, network: str) -> int:
        """The status of the answer; 0 for none."""
        try:
            async with asyncio.timeout(_PATIENCE):
                return await self._post(path, body, network)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            self._writer.close()
            await self.__aenter__()
            return 0

    async def _post(self, path: str, body: bytes, network: str) -> int:
        more = f"X-Forwarded-For: {network}\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(f"POST {path} HTTP/1.1\r\n{self._head}{more}".encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"\r\ncontent-length: (\d+)", head)
        if length is not None:
            await self._reader.readexactly(int(length[1]))
        return int(head.split(b" ", 2)[1])


def _report(store: Store, senders: Sequence[Sender], stated: dict[str, Any]) -> None:
    people = [sender for sender in senders if sender.is_person]
    programs = [sender for sender in senders if not sender.is_person]
    with store.opened() as database, database.reading() as session:
        held = dict(session.execute(select(Draft.email, Draft.held_reason)).tuples().all())
        counted = session.scalar(select(func.count()).select_from(Signature))
        signed = set(session.scalars(select(Signature.email)))
    mailed = [sender for sender in programs if sender.mailed_at is not None]
    delays = [sender.mailed_at - sender.sent_at for sender in people if sender.mailed_at is not None]
    late = [s for s in people if s.mailed_at is None or s.mailed_at - s.sent_at > DELAYED]
    lost = [s for s in people if s.status != 303 or (s.email not in held and s.email not in signed)]
    share_mailed, share_late = len(mailed) / len(programs), len(late) / len(people)
    met = {
        f"programs mailed < {WANTED_MAILED:.0%}": share_mailed < WANTED_MAILED,
        f"people delayed < {WANTED_DELAYED:.0%}": share_late < WANTED_DELAYED,
        "nobody lost": not lost,
    }
    took = sorted(sender.took for sender in people)
    print_line(
        "wave",
        met,
        programs={
            "forms": len(programs),
            "refused": sum(sender.status != 303 for sender in programs),
            "mailed": len(mailed),
            "share": round(share_mailed, 4),
            "held": dict(Counter(reason for s in programs if (reason := held.get(s.email)) is not None)),
            "mailed_at_large": sum(sender.email.rpartition("@")[2] in LARGE for sender in mailed),
        },
        people={
            "forms": len(people),
            "delayed": len(late),
            "share": round(share_late, 4),
            "delayed_for": dict(Counter(held.get(sender.email) or "slow" for sender in late)),
            "lost": len(lost),
            "pressed": sum(sender.confirmed for sender in people),
            "mail_s": {"median": round(median(delays), 2), "longest": round(max(delays), 2)} if delays else None,
            "form_ms": {
                "median": round(median(took) * 1000, 1),
                "p99": round(took[int(len(took) * 0.99)] * 1000, 1),
            },
        },
        counted=counted,
        conditions=stated,
    )
