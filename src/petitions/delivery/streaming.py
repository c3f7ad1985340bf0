"""Downloading a list: it goes out as it is made, and what became of it is written down.

Before the first byte stands that a download began, so that a server which is killed in the middle leaves a trace;
after the last one how many rows went out, and the digest by which the file is known again.
"""

import hashlib
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from io import TextIOBase
from typing import Any

from sqlalchemy.orm import Session

from petitions import log
from petitions.audit.recording import Actor, record
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.csv_export import write_csv
from petitions.delivery.pipes import PATIENCE, Pipe, ReaderGone
from petitions.errors import CampaignPurged
from petitions.ids import new_id

#: Each holds a thread and, on SQLite, the interpreter for a part of the time.
MOST_AT_ONCE = 2
_places = threading.BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True)
class Download:
    """A download that was allowed and written down."""

    campaign: CampaignSnapshot
    actor: Actor
    key: str  # ties its entries in the audit log together
    bom: bool


def begin_download(session: Session, campaign: CampaignSnapshot, actor: Actor, *, bom: bool) -> Download:
    """Write down that a list is about to leave. Raises CampaignPurged where the names are erased."""
    if _is_erased(session, campaign):
        raise CampaignPurged(campaign.slug)
    download = Download(campaign, actor, new_id().hex, bom)
    record(session, actor, "list.download_began", utc_now(), campaign.id, download=download.key)
    return download


def take_place() -> Callable[[], None] | None:
    """A place among the downloads that this process serves at once, as the function that gives it back; None
    while all are taken."""
    if not _places.acquire(blocking=False):
        return None
    once = threading.Lock()

    def give_back() -> None:
        if once.acquire(blocking=False):
            _places.release()

    return give_back


def start_download(
    database: Database, download: Download, done: Callable[[], None], patience: float = PATIENCE
) -> AsyncIterator[bytes]:
    """The list, byte by byte as `petitions export` writes it. `done` is called when it ended, whole or not, and
    that is written down; also where nobody ever reads."""
    pipe = Pipe(patience)
    # A daemon: a server that ends does not wait for somebody's slow connection. What it leaves is that it began.
    threading.Thread(
        target=_write, args=(database, download, pipe, done), name="petitions-download", daemon=True
    ).start()
    return pipe.read()


def _write(database: Database, download: Download, pipe: Pipe, done: Callable[[], None]) -> None:
    out = _Out(pipe)
    error: Exception | None = None
    try:
        write_csv(database, download.campaign, out, bom=download.bom, progress=out.flush_rows)  # type: ignore[arg-type]
        out.flush_rows(0)
        is_whole = pipe.drain()
    except Exception as raised:
        error, is_whole = raised, False
        if not isinstance(raised, ReaderGone):
            log.error("download_failed", raised)
    try:
        with database.writing() as session:
            is_erased = _is_erased(session, download.campaign)
            digest = out.digest.hexdigest() if is_whole and not is_erased else None
            _end(session, download, pipe.rows, digest)
        if is_erased:
            error = CampaignPurged(download.campaign.slug)
    except Exception as raised:
        error = error or raised
        log.error("download_not_recorded", raised)
    finally:
        # The reader's last step waits for this: nobody holds a whole list of which the log does not say so.
        pipe.close(error)
        done()


def _end(session: Session, download: Download, rows: int, digest: str | None) -> None:
    """Write down what became of it; `digest` only of a list that is whole."""
    details: dict[str, Any] = {"download": download.key, "rows": rows, "complete": digest is not None}
    if digest is not None:
        details["sha256"] = digest
    record(session, download.actor, "list.downloaded", utc_now(), download.campaign.id, **details)


def _is_erased(session: Session, campaign: CampaignSnapshot) -> bool:
    """Whether the names go, or went: a list of what is left of them is none."""
    return session.get_one(Campaign, campaign.id).purge_began_at is not None


class _Out(TextIOBase):
    """Where the list is written to: a page of rows stays here until it is known how many they are."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe, self._page = pipe, bytearray()
        self.digest = hashlib.sha256()

    def write(self, text: str, /) -> int:
        self._page += text.encode("utf-8")
        return len(text)

    def flush_rows(self, rows: int) -> None:
        """What was written since the last time are so many rows."""
        if self._page:
            page = bytes(self._page)
            self._page.clear()
            self.digest.update(page)
            self._pipe.put(page, rows)
