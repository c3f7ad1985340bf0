"""Searches of a moderator as loads, and previews of removals; moderation.py measures with them."""

import time
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import func, select

from benchmarks.load import Load, run_wrk
from benchmarks.options import BenchmarkError, Options
from benchmarks.people import make_address
from benchmarks.requests import browser_headers, form_headers
from benchmarks.seeding import SLUG
from benchmarks.servers import Server
from benchmarks.stores import Store
from petitions.accounts.sessions import hash_identifier
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.console.csrf import csrf_of
from petitions.signatures.models import Signature, SignatureWord

#: Of a tenth of the signatures; see people.py.
LARGE_DOMAIN = "gmail.com"
_WARM_UP = 1


@dataclass(frozen=True)
class Moderator:
    """Somebody who is logged in."""

    actor: Actor
    identifier: str

    def request(self, server: Server, path: str, fields: dict[str, str] | None = None) -> bytes:
        """A whole request: a page, or a form with these fields."""
        cookie = {"Cookie": f"petitions={self.identifier}", "Accept-Encoding": "identity"}
        if fields is None:
            lines = [f"GET {path} HTTP/1.1", *_lines(browser_headers(server) | cookie)]
            return ("\r\n".join(lines) + "\r\n\r\n").encode()
        body = urlencode({"csrf": csrf_of(hash_identifier(self.identifier)), **fields})
        headers = form_headers(server) | cookie | {"Content-Length": str(len(body))}
        lines = [f"POST {path} HTTP/1.1", *_lines(headers)]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    def ask(self, server: Server, path: str, fields: dict[str, str]) -> bytes:
        """The page that answers a form. Raises BenchmarkError."""
        cookie = {"Cookie": f"petitions={self.identifier}", "Accept-Encoding": "identity"}
        body = urlencode({"csrf": csrf_of(hash_identifier(self.identifier)), **fields}).encode()
        reply = server.ask("POST", path, body, form_headers(server) | cookie)
        if reply.status != 200:
            raise BenchmarkError(f"moderation: {path} answers {reply.status}")
        return reply.body


def _searches(store: Store, campaign: CampaignSnapshot, signatures: int) -> dict[str, dict[str, str]]:
    """What is looked for, by a name for it."""
    with store.opened() as database, database.reading() as session:
        of_campaign = SignatureWord.campaign_id == campaign.id
        by_word = select(SignatureWord.word, func.count().label("n")).where(of_campaign)
        rarest = session.execute(by_word.group_by(SignatureWord.word).order_by("n").limit(1)).one()
        times = select(Signature.confirmed_at).where(Signature.campaign_id == campaign.id)
        noon = session.scalars(times.where(Signature.serial == signatures // 2)).one()
    small = next(n for n in range(1, signatures) if "gmail" not in make_address("", n) and n % 10 == 9)
    moments = {"since": noon, "until": noon + timedelta(minutes=5)}
    return {
        "rare name": {"name": rarest.word},
        "common name": {"name": "a"},
        "two words": {"name": f"ana {rarest.word[:4]}"},
        "nobody of that name": {"name": "zzyzx"},
        "address": {"email": make_address("full", signatures // 3)},
        "large domain": {"domain": LARGE_DOMAIN},
        "small domain": {"domain": make_address("", small).partition("@")[2]},
        "country": {"country": "GR"},
        "country and domain": {"country": "JP", "domain": LARGE_DOMAIN},
        "language of nobody": {"language": "eu"},
        "common name, language of nobody": {"name": "a", "language": "eu"},
        "removed": {"state": "removed"},
        "hidden": {"state": "hidden"},
        "unread": {"state": "unread"},
        "five minutes": {key: f"{moment:%Y-%m-%d %H:%M}" for key, moment in moments.items()},
        "late page": {"country": "ES", "before": str(signatures // 10)},
    }


def search(
    server: Server, store: Store, campaign: CampaignSnapshot, moderator: Moderator, options: Options
) -> dict[str, list[Load]]:
    """Each search alone, by its name."""
    path = f"/console/c/{SLUG}/signatures"
    asked = {"newest": None, **_searches(store, campaign, options.signatures)}
    loads: dict[str, list[Load]] = {}
    for name, fields in asked.items():
        if fields is not None:
            moderator.ask(server, f"{path}/search?lang=en", fields)
        file = store.data_dir / "search"
        where = f"{path}?lang=en" if fields is None else f"{path}/search?lang=en"
        file.write_bytes(moderator.request(server, where, fields))
        run_wrk(server, "get", [str(file)], options.connections, _WARM_UP)
        rounds = range(min(options.rounds, 3))
        loads[name] = [run_wrk(server, "get", [str(file)], options.connections, options.seconds) for _ in rounds]
    return loads


def preview(server: Server, moderator: Moderator) -> dict[str, float]:
    """Seconds until a preview of a removal stands on the page."""
    asked = {
        "large domain": {"domain": LARGE_DOMAIN},
        "common name": {"name": "a"},
        "language of all": {"language": "en"},
    }
    seconds = {}
    for name, fields in asked.items():
        began = time.perf_counter()
        moderator.ask(server, f"/console/c/{SLUG}/bulk/preview?lang=en", fields)
        seconds[name] = round(time.perf_counter() - began, 2)
    return seconds


def _lines(headers: dict[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]
