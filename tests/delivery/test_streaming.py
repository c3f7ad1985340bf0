"""Downloading a list: the bytes of the export, in little memory, and what became of it written down."""

import asyncio
import contextlib
import hashlib
import io
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import csv_export, pipes, streaming
from petitions.delivery.csv_export import write_csv
from petitions.delivery.pipes import ReaderGone
from petitions.delivery.streaming import Download, begin_download, start_download, take_place
from petitions.errors import CampaignPurged, StoreUnavailable
from petitions.ids import new_id
from petitions.settings import Settings
from tests import factories

pytestmark = pytest.mark.anyio

DORA = Actor(new_id(), "Dora Delivery")


class Ended(asyncio.Event):
    """Set when a download has ended and that is written down."""

    def __init__(self) -> None:
        super().__init__()
        self._of = asyncio.get_running_loop()

    def tell(self) -> None:
        """From the thread of the download."""
        self._of.call_soon_threadsafe(self.set)


def begin(database: Database, campaign: CampaignSnapshot, *, bom: bool = False) -> Download:
    with database.writing() as session:
        return begin_download(session, campaign, DORA, bom=bom)


def fill(database: Database, settings: Settings, campaign: CampaignSnapshot, count: int) -> None:
    for number in range(count):
        factories.sign_and_confirm(database, settings, campaign, name=f"Ána {number}, =1+1")


def entries(database: Database) -> list[AuditEntry]:
    with database.reading() as session:
        return list(session.query(AuditEntry).order_by(AuditEntry.id))


def exported(database: Database, campaign: CampaignSnapshot, *, bom: bool = False) -> bytes:
    out = io.StringIO(newline="")
    write_csv(database, campaign, out, bom=bom)
    return out.getvalue().encode()


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_export, "_PAGE", 2)


@pytest.mark.parametrize("bom", [False, True])
async def test_it_streams_the_bytes_of_the_export_and_writes_down_what_they_were(
    database: Database, settings: Settings, campaign: CampaignSnapshot, bom: bool
) -> None:
    fill(database, settings, campaign, 15)
    download = begin(database, campaign, bom=bom)
    (began,) = entries(database)
    assert (began.action, began.actor, began.user_id) == ("list.download_began", DORA.name, DORA.user_id)
    assert began.campaign_id == campaign.id
    ended = Ended()
    chunks = [chunk async for chunk in start_download(database, download, ended.tell)]
    assert len(chunks) > 5  # not in one piece
    assert b"".join(chunks) == exported(database, campaign, bom=bom)
    _, done = entries(database)
    assert (done.action, done.campaign_id, done.user_id) == ("list.downloaded", campaign.id, DORA.user_id)
    assert done.details == {
        "download": began.details["download"],
        "rows": 15,
        "complete": True,
        "sha256": hashlib.sha256(b"".join(chunks)).hexdigest(),
    }
    await ended.wait()


async def test_a_list_of_nobody_is_whole_too(database: Database, campaign: CampaignSnapshot) -> None:
    stream = start_download(database, begin(database, campaign), Ended().tell)
    assert b"".join([chunk async for chunk in stream]) == exported(database, campaign)
    assert entries(database)[-1].details["rows"] == 0
    assert entries(database)[-1].details["complete"] is True


async def test_whoever_goes_away_got_so_many_rows(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    fill(database, settings, campaign, 30)
    ended = Ended()
    stream = cast("AsyncGenerator[bytes]", start_download(database, begin(database, campaign), ended.tell))
    got = [await anext(stream) for _ in range(3)]
    await stream.aclose()
    await ended.wait()
    rows = b"".join(got).count(b"\r\n") - 1
    assert 0 < rows < 30
    done = entries(database)[-1]
    assert done.action == "list.downloaded"
    assert {key: done.details[key] for key in done.details if key != "download"} == {
        "rows": rows,
        "complete": False,
    }


async def test_whoever_leaves_before_the_last_bytes_has_no_whole_list(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where all of it is made already and waits for them."""
    fill(database, settings, campaign, 3)
    ended, made = Ended(), Ended()
    drain = pipes.Pipe.drain

    def tell_and_drain(self: pipes.Pipe) -> bool:
        made.tell()
        return drain(self)

    monkeypatch.setattr(pipes.Pipe, "drain", tell_and_drain)
    stream = cast("AsyncGenerator[bytes]", start_download(database, begin(database, campaign), ended.tell))
    await anext(stream)
    await made.wait()
    await stream.aclose()
    await ended.wait()
    done = entries(database)[-1].details
    assert (done["rows"], done["complete"]) == (2, False)


async def test_a_request_that_is_cancelled_is_written_down(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    fill(database, settings, campaign, 30)
    ended, first = Ended(), asyncio.Event()

    async def take() -> None:
        async for _ in start_download(database, begin(database, campaign), ended.tell):
            first.set()
            await asyncio.Event().wait()  # a connection that takes nothing more

    task = asyncio.create_task(take())
    await first.wait()
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await ended.wait()
    assert entries(database)[-1].details["complete"] is False


async def test_somebody_who_reads_nothing_is_given_up(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    fill(database, settings, campaign, 30)
    ended = Ended()
    stream = start_download(database, begin(database, campaign), ended.tell, patience=0.05)
    await ended.wait()
    assert entries(database)[-1].details["rows"] == 0
    assert entries(database)[-1].details["complete"] is False
    with pytest.raises(ReaderGone):
        await anext(stream)


@pytest.mark.parametrize("rows", [30, 9])  # many pages; and so few that all of them wait already
async def test_somebody_who_takes_a_little_now_and_then_is_given_up(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Else whoever takes a chunk in time, again and again, has one of the few places for ever."""
    fill(database, settings, campaign, rows)
    now, ended = 0.0, Ended()
    monkeypatch.setattr(pipes, "monotonic", lambda: now)
    stream = start_download(database, begin(database, campaign), ended.tell)
    got = []

    async def take() -> None:
        nonlocal now
        async for chunk in stream:
            got.append(chunk)
            now += pipes.LONGEST / 3

    with pytest.raises(ReaderGone):
        await take()
    await ended.wait()
    assert len(got) == 3
    assert entries(database)[-1].details["complete"] is False


async def test_little_is_made_ahead_of_the_connection(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, settings, campaign, 40)
    made, full = 0, asyncio.Event()
    loop = asyncio.get_running_loop()
    put = pipes.Pipe.put

    def count(self: pipes.Pipe, chunk: bytes, rows: int) -> None:
        nonlocal made
        made += rows
        if len(self._chunks) == pipes._HELD:
            loop.call_soon_threadsafe(full.set)
        put(self, chunk, rows)

    monkeypatch.setattr(pipes.Pipe, "put", count)
    ended = Ended()
    stream = cast("AsyncGenerator[bytes]", start_download(database, begin(database, campaign), ended.tell))
    await anext(stream)
    await full.wait()
    # Four chunks of two rows wait, and the fifth is in the hand of the thread.
    assert made <= 2 * (pipes._HELD + 1)
    await stream.aclose()
    await ended.wait()


async def test_an_error_in_the_middle_ends_the_download_as_broken(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, settings, campaign, 8)
    pages = csv_export._pages

    def broken(*args: Any) -> Any:
        yield next(pages(*args))
        raise StoreUnavailable("away")

    monkeypatch.setattr(csv_export, "_pages", broken)
    with pytest.raises(StoreUnavailable):
        async for _ in start_download(database, begin(database, campaign), Ended().tell):
            pass
    assert entries(database)[-1].details["complete"] is False


async def test_nothing_ends_well_that_is_not_written_down(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database, settings, campaign, 2)

    def refuse(*_args: object) -> None:
        raise StoreUnavailable("full")

    download = begin(database, campaign)
    monkeypatch.setattr(streaming, "_end", refuse)
    with pytest.raises(StoreUnavailable):
        async for _ in start_download(database, download, Ended().tell):
            pass


def purge_begins(database: Database, campaign: CampaignSnapshot) -> None:
    with database.writing() as session:
        session.get_one(Campaign, campaign.id).purge_began_at = utc_now()


async def test_no_list_of_erased_people_begins(database: Database, campaign: CampaignSnapshot) -> None:
    purge_begins(database, campaign)
    with pytest.raises(CampaignPurged):
        begin(database, campaign)
    assert entries(database) == []


async def test_a_list_whose_people_are_erased_meanwhile_is_broken(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    fill(database, settings, campaign, 30)
    stream = start_download(database, begin(database, campaign), Ended().tell)
    await anext(stream)
    purge_begins(database, campaign)
    with pytest.raises(CampaignPurged):
        async for _ in stream:
            pass
    assert entries(database)[-1].details["complete"] is False


def test_only_so_many_go_on_at_once() -> None:
    places = [take_place() for _ in range(streaming.MOST_AT_ONCE)]
    assert all(places)
    assert take_place() is None
    for give_back in places:
        assert give_back is not None
        give_back()
        give_back()  # twice does no harm
    again = [take_place() for _ in range(streaming.MOST_AT_ONCE)]
    assert all(again)
    assert take_place() is None
    for give_back in again:
        assert give_back is not None
        give_back()
