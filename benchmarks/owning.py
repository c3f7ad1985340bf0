"""Signers' own pages as loads, looked at and changed; own.py measures with them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks.load import Load, run_wrk
from benchmarks.options import BenchmarkError, Options
from benchmarks.people import make_person, rename
from benchmarks.requests import browser_headers, form_headers, write_head, write_headers
from benchmarks.seeding import UPDATES_WORDING
from benchmarks.servers import Server
from benchmarks.stores import Store
from petitions.campaigns.queries import CampaignSnapshot
from petitions.campaigns.terms import VISIBILITIES
from petitions.names import folded_words
from petitions.signatures.consents import wording_key
from petitions.signatures.models import Signature, SignatureWord
from petitions.signatures.own import OWN_PURPOSE
from petitions.tokens import Tokens

#: Everything of a signature that its own page changes, and what it must leave alone.
_SAID = ("name", "country", "city", "comment", "answers", "visibility", "updates", "updates_key")
_KEPT = ("serial", "email_key", "email", "language", "statement_id", "link_epoch", "removed_at")
_AT_ONCE = 5_000  # rows that one question asks for
_LOOKED_AT = 20  # pages
#: The least share of its usual size that a page may have; a redirect is shorter by far.
_ALIKE = 0.8

Row = dict[str, Any]


@dataclass
class Looking:
    """Gets pages that all differ and that nobody keeps, each path of a list in its turn."""

    name: str
    store: Store
    options: Options
    paths: Sequence[str]
    bytes: int = 0  # of one page, on average

    def check(self, server: Server) -> None:
        """Some pages by hand: each has a form that is sent to the page itself."""
        sizes = []
        for path in self.paths[:_LOOKED_AT]:
            reply = server.ask("GET", path, headers=browser_headers(server))
            if reply.status != 200 or f'action="{path}?' not in reply.body.decode():
                raise BenchmarkError(f"{self.name}: unexpected answer {reply.status}")
            sizes.append(len(reply.body))
        self.bytes = sum(sizes) // len(sizes)

    def load(self, server: Server, seconds: int | None = None) -> Load:
        folder = self.store.data_dir
        file = folder / f"{self.name}-paths"
        file.write_text("".join(f"{path}\n" for path in self.paths), encoding="ascii")
        head = write_headers(folder / f"get-headers-{server.port}", server)
        arguments = [str(head), str(file)]
        load = run_wrk(server, "links", arguments, self.options.connections, seconds or self.options.seconds)
        if load.bytes < load.requests * self.bytes * _ALIKE:
            raise BenchmarkError(f"{self.name}: some answers were not the page")
        return load


@dataclass
class Changing:
    """Posts the form of own pages, each page once."""

    store: Store
    campaign: CampaignSnapshot
    options: Options
    _waiting: list[Row] = field(default_factory=list)
    _share: int = 0  # of one round
    _before: dict[int, Row] = field(default_factory=dict)  # by serial

    def stock(self, serials: Sequence[int], rounds: int) -> None:
        """Make the forms of these signatures, enough for so many rounds."""
        self._waiting = list(find_rows(self.store, self.campaign, serials))
        self._before = {row["serial"]: row for row in self._waiting}
        self._share = len(self._waiting) // rounds

    def check(self, server: Server) -> None:
        """One form by hand; its page says so, and the row is changed."""
        row = self._waiting.pop()
        path, form = f"/signature/{_token(self.store, self.campaign, row)}?lang=en", _form(row, _change(row))
        reply = server.ask("POST", path, form.encode(), form_headers(server))
        if (reply.status, reply.headers.get("location")) != (303, f"{path}&saved=1#saved"):
            raise BenchmarkError(f"own: unexpected answer {reply.status}")
        if self.count_changed() != 1:
            raise BenchmarkError("own: what was posted is not stored")
        del self._before[row["serial"]]

    def load(self, server: Server, seconds: int | None = None) -> Load:
        folder = self.store.data_dir
        rows, self._waiting = self._waiting[: self._share], self._waiting[self._share :]
        file = folder / "own-forms"
        forms = (f"{_token(self.store, self.campaign, row)} {_form(row, _change(row))}\n" for row in rows)
        file.write_text("".join(forms), encoding="ascii")
        head = write_head(folder / f"headers-{server.port}", server)
        arguments = [str(head), str(file)]
        return run_wrk(server, "own", arguments, self.options.connections, seconds or self.options.seconds)

    def count_changed(self) -> int:
        """How many of the signatures are as their form said; every other one is as it was. Raises BenchmarkError
        where something else is stored, or where the search finds another name than the row has."""
        changed = 0
        now_there: dict[int, Row] = {
            row["serial"]: row for row in find_rows(self.store, self.campaign, list(self._before))
        }
        for serial, before in self._before.items():
            after = now_there.get(serial)
            if after == before:
                continue
            if after != {**before, **_change(before)}:
                raise BenchmarkError(f"own: what is stored of number {serial} is not what was posted")
            changed += 1
        words = self._words()
        for serial, row in now_there.items():
            if words[serial] != _shown_words(row):
                raise BenchmarkError(f"own: the search does not know number {serial} as it is")
        return changed

    def _words(self) -> dict[int, set[str]]:
        """The words under which the search finds these signatures."""
        found: dict[int, set[str]] = defaultdict(set)
        query = select(SignatureWord.serial, SignatureWord.word).where(
            SignatureWord.campaign_id == self.campaign.id
        )
        with self.store.opened() as database, database.reading() as session:
            for serial, word in session.execute(query.execution_options(yield_per=_AT_ONCE)):
                if serial in self._before:
                    found[serial].add(word)
        return found


def own_paths(store: Store, campaign: CampaignSnapshot, rows: Sequence[Row]) -> list[str]:
    """The addresses of the own pages of these signatures."""
    return [f"/signature/{_token(store, campaign, row)}" for row in rows]


def find_rows(store: Store, campaign: CampaignSnapshot, serials: Sequence[int]) -> Iterator[Row]:
    """Signatures by their numbers, and in that order."""
    columns = [getattr(Signature, name) for name in ("id", *_SAID, *_KEPT)]
    query = select(*columns).where(Signature.campaign_id == campaign.id)
    with store.opened() as database, database.reading() as session:
        for first in range(0, len(serials), _AT_ONCE):
            some = serials[first : first + _AT_ONCE]
            rows = session.execute(query.where(Signature.serial.in_(some))).mappings()
            by_serial = {row["serial"]: dict(row) for row in rows}
            yield from (by_serial[serial] for serial in some if serial in by_serial)


def _token(store: Store, campaign: CampaignSnapshot, row: Row) -> str:
    return Tokens(store.settings.secret_keys).make(OWN_PURPOSE, campaign.id, row["id"], row["link_epoch"])


def _change(row: Row) -> Row:
    """What will be stored of the signature, by its number always the same: another city, and of some another name,
    visibility, country or consent. Never what is stored now."""
    random = Random(row["serial"])
    person = rename(make_person(random), random)
    visibility: str = row["visibility"]
    if visibility == "anonymous" or random.random() < 0.5:
        visibility = random.choice([other for other in VISIBILITIES if other != visibility])
    anonymous = visibility == "anonymous"
    name = row["name"] if row["name"] and random.random() < 0.5 else person.name or "Ana Sánchez"
    updates = row["updates"] if random.random() < 0.8 else not row["updates"]
    key = row["updates_key"] if row["updates"] else wording_key(UPDATES_WORDING)
    return {
        "name": None if anonymous else name,
        "country": row["country"] if random.random() < 0.8 else person.country,
        "city": None if anonymous else f"Newtown {row['serial']}",
        "comment": None if anonymous else row["comment"],
        "answers": None if anonymous else row["answers"],  # to a question whose answers are shown
        "visibility": visibility,
        "updates": updates,
        "updates_key": key if updates else None,
    }


def _form(row: Row, change: Row) -> str:
    """The form as a browser encodes it."""
    fields = {
        "visibility": change["visibility"],
        "name": change["name"] or "",
        "country": change["country"],
        "city": change["city"] or "",
        "q_union_local": (row["answers"] or {}).get("union_local", ""),
        "comment": row["comment"] or "",
    }
    return urlencode(fields | ({"updates": "y"} if change["updates"] else {}))


def _shown_words(row: Row) -> set[str]:
    return set(folded_words(row["name"])) if row["visibility"] == "public" and row["name"] else set()
