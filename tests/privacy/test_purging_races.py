"""A purge against everybody else: what is told to a signer is true, and the count is what was told."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from petitions import batches
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.privacy.purging import Report, purge, purge_due
from petitions.settings import Settings
from petitions.signatures.confirming import Outcome
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Signature, Tally
from petitions.signatures.own import Done
from petitions.signatures.rollups import roll_up
from tests.factories import make_draft
from tests.privacy.support import (
    check_count,
    confirm_many,
    counted_among,
    draft_many,
    find_campaign,
    left,
    populate,
    sign_many,
    totals,
    totals_of,
    withdraw_many,
)

SECONDS = 60


class Crowd:
    """Threads that begin together; an error of any is an error of the test."""

    def __init__(self) -> None:
        self._errors: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def add(self, act: Callable[[], object]) -> None:
        def run() -> None:
            try:
                act()
            except BaseException as error:
                self._errors.append(error)

        self._threads.append(threading.Thread(target=run))

    @contextmanager
    def running(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            for thread in self._threads:
                thread.join(SECONDS)
        assert self._errors == []
        assert not any(thread.is_alive() for thread in self._threads)


@pytest.fixture
def another(settings: Settings) -> Iterator[Callable[[], Database]]:
    """Opens the store once more, as another process would."""
    opened: list[Database] = []

    def open_store() -> Database:
        opened.append(Database(settings.database_url))
        return opened[-1]

    yield open_store
    for database in opened:
        database.close()


@pytest.fixture(autouse=True)
def _many_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that others come in between."""
    monkeypatch.setattr(batches, "_FIRST", 20)
    monkeypatch.setattr(batches, "_LARGEST", 40)


class Presser:
    """Presses the buttons of drafts, some at a time, until told that the purge is over."""

    def __init__(self, database: Database, drafts: Sequence[NewDraft], begun: threading.Event) -> None:
        self._database, self._drafts, self._begun = database, list(drafts), begun
        self.counted: list[NewDraft] = []
        self.late: list[NewDraft] = []
        self.counted_too_late = 0
        self.first_counted = threading.Event()

    def __call__(self) -> None:
        while self._drafts:
            some, self._drafts = self._drafts[:3], self._drafts[3:]
            had_begun = self._begun.is_set()
            for draft, outcome in zip(some, confirm_many(self._database, some), strict=True):
                if outcome is Outcome.COUNTED:
                    self.counted.append(draft)
                    self.counted_too_late += had_begun
                    self.first_counted.set()
                else:
                    assert outcome in (Outcome.TOO_LATE, Outcome.GONE)
                    self.late.append(draft)


@pytest.mark.parametrize("turn", range(3))
def test_nothing_is_counted_after_a_purge_began_and_everything_before(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    another: Callable[[], Database],
    turn: int,
) -> None:
    signed = sign_many(database, settings, campaign, 100)
    waiting = draft_many(database, settings, campaign, 300)
    random.Random(turn).shuffle(waiting)
    begun = threading.Event()
    pressers = [Presser(another(), waiting[number::3], begun) for number in range(3)]
    crowd = Crowd()
    for presser in pressers:
        crowd.add(presser)

    def stop() -> bool:
        """Asked before the first batch, when the beginning is committed."""
        begun.set()
        return False

    with crowd.running():
        assert pressers[turn].first_counted.wait(SECONDS)
        report = purge(database, campaign.id, utc_now(), stop)
    told = [draft for presser in pressers for draft in presser.counted]
    assert sum(presser.counted_too_late for presser in pressers) == 0
    assert sum(len(presser.late) for presser in pressers) == 300 - len(told) > 0
    assert report.erased == 100 + len(told)
    assert totals(database, campaign) == totals_of(signed + told)
    check_count(database, campaign)
    assert left(database, campaign) == {}


def test_who_signs_while_a_purge_runs_is_neither_counted_nor_kept(
    database: Database, settings: Settings, campaign: CampaignSnapshot, another: Callable[[], Database]
) -> None:
    """Servers that have not seen the purge yet go on taking drafts until it is over."""
    signed = sign_many(database, settings, campaign, 100)
    over, sent = threading.Event(), []

    def send(store: Database) -> None:
        while not over.is_set():
            draft = make_draft(campaign, settings)
            with store.writing() as session:
                store_drafts(session, [draft], None)
            sent.append(draft)

    crowd = Crowd()
    for _ in range(2):
        store = another()
        crowd.add(lambda store=store: send(store))  # type: ignore[misc]
    with crowd.running():
        try:
            assert purge(database, campaign.id, utc_now()).done
        finally:
            over.set()
    late = make_draft(campaign, settings)
    with database.writing() as session:
        store_drafts(session, [late], None)
    assert left(database, campaign)["drafts"] >= 1
    assert {Outcome.TOO_LATE} >= set(confirm_many(database, [late]))
    purge_due(database, utc_now())
    assert left(database, campaign) == {}
    assert sent
    assert totals(database, campaign) == totals_of(signed)
    check_count(database, campaign)


@pytest.mark.parametrize("turn", range(3))
def test_who_withdraws_while_a_purge_runs_is_not_counted_and_nobody_else_goes(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    another: Callable[[], Database],
    turn: int,
) -> None:
    signed = sign_many(database, settings, campaign, 300)
    if turn:
        roll_up(database, utc_now())
    leaving = random.Random(turn).sample(signed, 90)
    begun = threading.Event()
    gone: list[NewDraft] = []

    def leave(store: Database, some: Sequence[NewDraft]) -> None:
        assert begun.wait(SECONDS)
        gone.extend(draft for draft in some if withdraw_many(store, [draft]) == [Done.DONE])

    crowd = Crowd()
    for number in range(3):
        store, some = another(), leaving[number::3]
        crowd.add(lambda store=store, some=some: leave(store, some))  # type: ignore[misc]

    def stop() -> bool:
        begun.set()
        return False

    with crowd.running():
        report = purge(database, campaign.id, utc_now(), stop)
    assert report.erased + len(gone) == 300
    assert totals(database, campaign) == totals_of([draft for draft in signed if draft not in gone])
    check_count(database, campaign)
    with database.reading() as session:
        tally = session.get_one(Tally, campaign.id)
        assert (tally.withdrawn, tally.purged) == (len(gone), 300 - len(gone))
        assert session.scalars(select(Signature.id)).all() == []
    purge_due(database, utc_now())
    assert left(database, campaign) == {}


@pytest.mark.parametrize("turn", range(3))
def test_two_purgers_at_once_are_one_purge(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    another: Callable[[], Database],
    tmp_path: Path,
    turn: int,
) -> None:
    signed = counted_among(populate(database, settings, campaign, 200))
    reports: list[Report] = []
    start = threading.Barrier(3)
    copy = tmp_path / "petitions.db.before-20261101T120000"
    copy.touch()

    def purge_there(store: Database) -> None:
        start.wait(SECONDS)
        reports.append(purge(store, campaign.id, utc_now()))

    crowd = Crowd()
    for _ in range(3):
        store = another()
        crowd.add(lambda store=store: purge_there(store))  # type: ignore[misc]
    with crowd.running():
        pass
    assert [report.done for report in reports] == [True] * 3
    assert sum(report.erased for report in reports) == 200
    assert copy.exists() is (not database.is_sqlite)
    assert left(database, campaign) == {}
    assert totals(database, campaign) == totals_of(signed)
    check_count(database, campaign)
    assert find_campaign(database, campaign).purged_at is not None
