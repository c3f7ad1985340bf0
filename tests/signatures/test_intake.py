"""Group commit: few transactions for many drafts, and nobody is told before the commit."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from threading import Event
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.errors import IntakeFull, IntakeRejected, IntakeStopped, StoreUnavailable
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures import intake as intake_module
from petitions.signatures.confirming import store_confirmations
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.intake import Intake
from petitions.signatures.models import Draft, Signature
from petitions.tokens import Tokens
from petitions.web.site import Site
from tests import factories
from tests.conftest import serving
from tests.web.support import count_rows, page_of, within

SIGN = "/c/free-boris/signatures"
Store = Callable[[Session, Sequence[Any]], list[Any]]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries follow at once."""
    monkeypatch.setattr("petitions.signatures.intake.random.uniform", lambda *_: 0.0)


@pytest.fixture
def commits(database: Database) -> Iterator[list[int]]:
    """One entry for each transaction that wrote and was committed."""
    seen: list[int] = []

    def note(connection: Any) -> None:
        if connection.get_execution_options().get("petitions_writes"):
            seen.append(1)

    event.listen(database.engine, "commit", note)
    yield seen
    event.remove(database.engine, "commit", note)


@asynccontextmanager
async def running(
    database: Database, store: Store, capacity: int = 1_000, deaths: list[str] | None = None
) -> AsyncIterator[Intake[Any, Any]]:
    told = [] if deaths is None else deaths
    intake: Intake[Any, Any] = Intake("test", database, store, capacity, lambda: told.append("died"))
    intake.start()
    async with within(20):
        yield intake
    await intake.stop()
    assert deaths is not None or told == []


drafts_store: Store = partial(store_drafts, sign_rate=None)


def stored(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(Draft.email)))


class Gate:
    """A store that waits inside its transaction until it is let go."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.entered, self._open = Event(), Event()
        self.batches: list[int] = []

    def __call__(self, session: Session, items: Sequence[Any]) -> list[Any]:
        self.batches.append(len(items))
        self.entered.set()
        assert self._open.wait(10)
        return self._store(session, items)

    async def wait_entered(self) -> None:
        assert await asyncio.to_thread(self.entered.wait, 10)

    def let_go(self) -> None:
        self._open.set()


async def submit_all(intake: Intake[Any, Any], items: Sequence[Any]) -> list["asyncio.Task[Any]"]:
    """Tasks that have all put their item into the queue."""
    tasks = [asyncio.create_task(intake.submit(item)) for item in items]
    await asyncio.sleep(0)
    return tasks


@pytest.mark.anyio
async def test_what_arrives_during_a_transaction_is_written_by_the_next(
    database: Database, settings: Settings, campaign: CampaignSnapshot, commits: list[int]
) -> None:
    drafts = [factories.make_draft(campaign, settings) for _ in range(451)]
    gate = Gate(drafts_store)
    async with running(database, gate) as intake:
        first = await submit_all(intake, drafts[:1])
        await gate.wait_entered()
        others = await submit_all(intake, drafts[1:])
        assert intake.depth == 450
        gate.let_go()
        assert await asyncio.gather(*first, *others) == [None] * 451
    assert gate.batches == [1, 200, 200, 50]
    assert len(commits) == 4
    assert stored(database) == {draft.email for draft in drafts}
    assert count_rows(database, Outbox) == 451


@pytest.mark.anyio
async def test_nobody_is_told_before_the_commit(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The rows are written, and the commit fails: three times it is tried again, then it is told."""
    failing: list[int] = []

    def fail(_session: Session) -> None:
        failing.append(1)
        raise StoreUnavailable("the commit failed")

    def store(session: Session, items: Sequence[NewDraft]) -> list[None]:
        result = store_drafts(session, items, None)
        if len(failing) < refusals:
            event.listen(session, "before_commit", fail, once=True)
        return result

    for refusals, told in ((4, StoreUnavailable), (7, None)):
        draft = factories.make_draft(campaign, settings)
        async with running(database, store) as intake:
            if told is None:
                await intake.submit(draft)
            else:
                with pytest.raises(told):
                    await intake.submit(draft)
        assert len(failing) == refusals
        assert stored(database) == (set() if told else {draft.email})


@pytest.mark.anyio
async def test_a_commit_whose_answer_was_lost_is_not_written_twice(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection breaks after the commit: nobody knows whether it arrived, so it is done again."""
    write, lost = database.write, list[int]()

    async def lose_the_answer(*arguments: Any) -> Any:
        result = await write(*arguments)
        if not lost:
            lost.append(1)
            raise StoreUnavailable("the connection was lost")
        return result

    monkeypatch.setattr(database, "write", lose_the_answer)
    drafts = [factories.make_draft(campaign, settings) for _ in range(5)]
    async with running(database, drafts_store) as intake:
        await asyncio.gather(*(intake.submit(draft) for draft in drafts))
    assert lost == [1]
    assert count_rows(database, Draft) == count_rows(database, Outbox) == 5


@pytest.mark.anyio
async def test_a_draft_that_the_store_refuses_sinks_alone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Two of forty point at a wording that is not there."""
    drafts = [factories.make_draft(campaign, settings) for _ in range(40)]
    for wrong in (7, 31):
        drafts[wrong] = factories.make_draft(campaign, settings, statement_id=999_999)
    async with running(database, drafts_store) as intake:
        results = await asyncio.gather(*(intake.submit(draft) for draft in drafts), return_exceptions=True)
    assert [type(r) for n, r in enumerate(results) if n in (7, 31)] == [IntakeRejected] * 2
    assert [r for n, r in enumerate(results) if n not in (7, 31)] == [None] * 38
    assert stored(database) == {d.email for n, d in enumerate(drafts) if n not in (7, 31)}


@pytest.mark.anyio
async def test_text_that_the_store_cannot_hold_sinks_alone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The form refuses these; should one get past it, its neighbours are safe all the same."""
    drafts = [factories.make_draft(campaign, settings, name=n) for n in ("Ana", "half \ud800", "Boris", "Charlie")]
    async with running(database, drafts_store) as intake:
        results = await asyncio.gather(*(intake.submit(draft) for draft in drafts), return_exceptions=True)
    assert [type(result) for result in results] == [type(None), IntakeRejected, type(None), type(None)]
    assert count_rows(database, Draft) == 3


@pytest.mark.anyio
async def test_a_store_that_comes_back_gets_the_whole_batch(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    tries: list[int] = []

    def store(session: Session, items: Sequence[NewDraft]) -> list[None]:
        tries.append(len(items))
        result = store_drafts(session, items, None)
        if len(tries) < 4:
            raise StoreUnavailable("busy")
        return result

    drafts = [factories.make_draft(campaign, settings) for _ in range(10)]
    async with running(database, store) as intake:
        await asyncio.gather(*(intake.submit(draft) for draft in drafts))
    assert tries == [10] * 4
    assert stored(database) == {draft.email for draft in drafts}


@pytest.mark.anyio
async def test_a_store_that_stays_away_is_told_to_each(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    tries: list[int] = []

    def store(_session: Session, items: Sequence[NewDraft]) -> list[None]:
        tries.append(len(items))
        raise StoreUnavailable("away")

    drafts = [factories.make_draft(campaign, settings) for _ in range(10)]
    async with running(database, store) as intake:
        results = await asyncio.gather(*(intake.submit(draft) for draft in drafts), return_exceptions=True)
    assert [type(result) for result in results] == [StoreUnavailable] * 10
    assert tries == [10] * 4
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
async def test_a_full_queue_says_when_to_come_back(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [factories.make_draft(campaign, settings) for _ in range(5)]
    gate = Gate(drafts_store)
    async with running(database, gate, capacity=3) as intake:
        tasks = await submit_all(intake, drafts[:1])
        await gate.wait_entered()
        tasks += await submit_all(intake, drafts[1:4])
        with pytest.raises(IntakeFull) as refused:
            await intake.submit(drafts[4])
        assert refused.value.retry_after == 5
        gate.let_go()
        await asyncio.gather(*tasks)
        await intake.submit(drafts[4])
    assert stored(database) == {draft.email for draft in drafts}


@pytest.mark.anyio
async def test_who_has_gone_away_is_skipped(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [factories.make_draft(campaign, settings) for _ in range(4)]
    gate = Gate(drafts_store)
    async with running(database, gate) as intake:
        tasks = await submit_all(intake, drafts[:1])
        await gate.wait_entered()
        tasks += await submit_all(intake, drafts[1:])
        tasks[2].cancel()
        await asyncio.gather(tasks[2], return_exceptions=True)
        gate.let_go()
        await asyncio.gather(tasks[0], tasks[1], tasks[3])
    assert gate.batches == [1, 2]
    assert stored(database) == {drafts[0].email, drafts[1].email, drafts[3].email}


@pytest.mark.anyio
async def test_who_goes_away_while_being_written_harms_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [factories.make_draft(campaign, settings) for _ in range(3)]
    gate = Gate(drafts_store)
    async with running(database, gate) as intake:
        tasks = await submit_all(intake, drafts)
        await gate.wait_entered()
        tasks[1].cancel()
        gate.let_go()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), asyncio.CancelledError, type(None)]


@pytest.mark.anyio
async def test_who_waits_too_long_is_told_and_not_stored_later(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "MAX_WAIT", 0.1)
    drafts = [factories.make_draft(campaign, settings) for _ in range(2)]
    gate = Gate(drafts_store)
    async with running(database, gate) as intake:
        tasks = await submit_all(intake, drafts[:1])
        await gate.wait_entered()
        tasks += await submit_all(intake, drafts[1:])
        results = await asyncio.gather(*tasks, return_exceptions=True)
        gate.let_go()
    assert [type(result) for result in results] == [StoreUnavailable] * 2
    assert drafts[1].email not in stored(database)


@pytest.mark.anyio
async def test_stopping_stores_what_waits_and_takes_nothing_more(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [factories.make_draft(campaign, settings) for _ in range(251)]
    gate = Gate(drafts_store)
    async with running(database, gate) as intake:
        tasks = await submit_all(intake, drafts[:1])
        await gate.wait_entered()
        tasks += await submit_all(intake, drafts[1:250])
        stopping = asyncio.create_task(intake.stop())
        await asyncio.sleep(0)
        with pytest.raises(IntakeFull):
            await intake.submit(drafts[250])
        gate.let_go()
        await stopping
        assert [task.done() for task in tasks] == [True] * 250
        await asyncio.gather(*tasks)
    assert stored(database) == {draft.email for draft in drafts[:250]}


@pytest.mark.anyio
async def test_stopping_without_work_ends_at_once(database: Database) -> None:
    async with running(database, drafts_store) as intake:
        await intake.stop()


@pytest.mark.anyio
async def test_a_mistake_of_ours_fails_its_items_and_nobody_else(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """One poisoned form must not end the process for everybody."""
    poisoned = factories.make_draft(campaign, settings, name="Poison")

    def store(session: Session, items: Sequence[NewDraft]) -> list[None]:
        if poisoned in items:
            raise RuntimeError("a bug")
        return store_drafts(session, items, None)

    async with running(database, store) as intake:
        drafts = [factories.make_draft(campaign, settings) for _ in range(3)]
        tasks = await submit_all(intake, [*drafts[:2], poisoned, drafts[2]])
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), type(None), IntakeRejected, type(None)]
    assert count_rows(database, Draft) == 3


@pytest.mark.anyio
async def test_a_dying_task_says_so_and_fails_everybody_at_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Those in the batch and those behind it are told without delay."""
    deaths: list[str] = []

    def store(_session: Session, _items: Sequence[NewDraft]) -> list[None]:
        raise asyncio.CancelledError

    gate = Gate(store)
    drafts = [factories.make_draft(campaign, settings) for _ in range(3)]
    async with running(database, gate, deaths=deaths) as intake:
        tasks = await submit_all(intake, drafts[:1])
        await gate.wait_entered()
        tasks += await submit_all(intake, drafts[1:])
        gate.let_go()
        async with asyncio.timeout(2):
            results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [IntakeStopped] * 3
    assert deaths == ["died"]
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
async def test_a_store_that_forgets_an_item_kills_rather_than_pretends(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    deaths: list[str] = []
    async with running(database, lambda _session, items: [None] * (len(items) - 1), deaths=deaths) as intake:
        with pytest.raises(IntakeStopped):
            await intake.submit(factories.make_draft(campaign, settings))
    assert deaths == ["died"]


@pytest.mark.anyio
async def test_an_error_of_the_store_itself_never_reaches_whoever_waits(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The driver's message could repeat what somebody typed."""

    async with running(database, drafts_store) as intake:
        with pytest.raises(IntakeRejected) as told:
            await intake.submit(
                factories.make_draft(campaign, settings, statement_id=999_999, name="Planted Name")
            )
    assert str(told.value) == "IntegrityError"
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
async def test_a_full_queue_is_a_page_that_can_be_sent_again(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    async with serving(settings, intake_queue=2) as (app, client):
        site: Site = app.state.site
        gate = Gate(drafts_store)
        site.signing._store = gate
        sent = [asyncio.create_task(client.post(SIGN, data=factories.form()))]
        await gate.wait_entered()
        sent += [asyncio.create_task(client.post(SIGN, data=factories.form())) for _ in range(2)]
        async with within():
            while site.signing.depth < 2:
                await asyncio.sleep(0)
        form = factories.form(comment='<"&>\r\nkept')
        response = await client.post(f"{SIGN}?lang=en", data=form)
        page = page_of(response, 503)
        assert response.headers["retry-after"] == "5"
        assert response.headers["cache-control"] == "no-store"
        assert page.one("form", method="post")["action"] == f"{SIGN}?lang=en"
        assert dict(page.fields()) == form
        gate.let_go()
        assert {answer.status_code for answer in await asyncio.gather(*sent)} == {303}
        assert count_rows(database, Draft) == 3
        again = await client.post(f"{SIGN}?lang=en", data=dict(page.fields()))
        assert again.status_code == 303
    assert form["email"] in stored(database)


@pytest.mark.anyio
async def test_a_wave_of_presses_is_counted_in_few_transactions(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    drafts = [factories.sign(database, settings, campaign) for _ in range(60)]
    tokens = Tokens(settings.secret_keys)
    async with serving(settings) as (app, client):
        site: Site = app.state.site
        gate = Gate(store_confirmations)
        site.confirming._store = gate
        links = [f"/confirm/{tokens.make('confirm', campaign.id, draft.id)}" for draft in drafts]
        first = asyncio.create_task(client.post(links[0]))
        await gate.wait_entered()
        others = [asyncio.create_task(client.post(link)) for link in links[1:]]
        async with within():
            while site.confirming.depth < 59:
                await asyncio.sleep(0)
        gate.let_go()
        assert {answer.status_code for answer in await asyncio.gather(first, *others)} == {303}
    assert gate.batches == [1, 59]
    assert (count_rows(database, Draft), count_rows(database, Signature)) == (0, 60)
