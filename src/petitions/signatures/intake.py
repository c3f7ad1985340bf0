"""Group commit: what arrives while one transaction runs is written by the next, together.

A commit costs the same for one row and for two hundred, so a wave is served at the speed of the disk's
largest gulp. Whoever waits is told only after the commit.
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from petitions import log
from petitions.db import Database
from petitions.errors import IntakeFull, IntakeRejected, IntakeStopped, StoreUnavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

#: More would hold the store's write lock for longer than a reader of a form should wait.
MAX_BATCH = 200
#: Seconds a request waits for its commit before it is told to come back.
MAX_WAIT = 10.0
#: Seconds a batch may wait for company.
_MAX_GATHER = 0.025
_MAX_TRIES = 4
_RETRY_AFTER = 5


class Intake(Generic[Item, Result]):
    """One queue, and one task that empties it in batches, each in one transaction.

    `store(session, items)` writes a batch and returns a result for each item. It must be safe to run again
    with the same items, for after a lost connection nobody knows whether the commit arrived: it looks before
    it writes. It must raise for a batch rather than skip an item.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        store: Callable[[Session, Sequence[Item]], list[Result]],
        capacity: int,
        on_death: Callable[[], None],
    ) -> None:
        self.name = name
        self._database = database
        self._store = store
        self._capacity = capacity
        self._on_death = on_death
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    @property
    def depth(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"intake-{self.name}")
        self._task.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Take nothing more, store what waits, end."""
        self._stopping = True
        self._arrived.set()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def submit(self, item: Item) -> Result:
        """Wait until the item is stored. Raises IntakeFull, StoreUnavailable, IntakeRejected."""
        if self._stopping or len(self._waiting) >= self._capacity:
            raise IntakeFull(_RETRY_AFTER)
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._arrived.set()
        try:
            async with asyncio.timeout(MAX_WAIT):
                return await future
        except TimeoutError:
            raise StoreUnavailable("the store did not answer in time") from None

    async def _run(self) -> None:
        while not (self._stopping and not self._waiting):
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._gather()
                batch: list[tuple[Item, asyncio.Future[Result]]] = []
                try:
                    await self._write(batch)
                except BaseException:
                    _fail(batch, IntakeStopped("the process is ending"))
                    raise

    async def _gather(self) -> None:
        """Let requests that are already being read join the batch: until the loop brings no more, and never
        for long. Larger batches cost less each, and the loop and the writing thread get less into each
        other's way."""
        loop = asyncio.get_running_loop()
        deadline, before, quiet_turns = loop.time() + _MAX_GATHER, -1, 0
        while quiet_turns < 2 and len(self._waiting) < MAX_BATCH and loop.time() < deadline and not self._stopping:
            quiet_turns = quiet_turns + 1 if len(self._waiting) == before else 0
            before = len(self._waiting)
            await asyncio.sleep(0)

    def _take(self) -> list[tuple[Item, asyncio.Future[Result]]]:
        batch: list[tuple[Item, asyncio.Future[Result]]] = []
        while self._waiting and len(batch) < MAX_BATCH:
            entry = self._waiting.popleft()
            if not entry[1].done():  # cancelled, or told to come back
                batch.append(entry)
        return batch

    async def _write(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        """Store a batch; an empty one is filled with who waits, inside the transaction: while another process
        holds the store, the batch grows."""

        def store(session: Session) -> list[Result]:
            batch.extend(self._take() if not batch else ())
            return self._store(session, [item for item, _ in batch]) if batch else []

        for attempt in range(1, _MAX_TRIES + 1):
            try:
                results = await self._database.write(store)
            except StoreUnavailable as error:
                if attempt == _MAX_TRIES:
                    batch.extend(self._take() if not batch else ())
                    log.error("intake_store_unavailable", intake=self.name, items=len(batch), cause=str(error))
                    _fail(batch, error)
                    return
                await asyncio.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - no secret
            except Exception as error:
                await self._bisect(batch, error)
                return
            else:
                for (_, future), result in zip(batch, results, strict=True):
                    if not future.done():
                        future.set_result(result)
                return

    async def _bisect(self, batch: list[tuple[Item, asyncio.Future[Result]]], error: Exception) -> None:
        """Find the item that the store refuses, and store its neighbours."""
        if len(batch) == 1:
            log.error("intake_item_rejected", error, intake=self.name)
            refused = IntakeRejected(type(error).__name__, constraint=isinstance(error, IntegrityError))
            _fail(batch, refused)
            return
        half = len(batch) // 2
        await self._write(batch[:half])
        await self._write(batch[half:])

    def _ended(self, task: "asyncio.Task[None]") -> None:
        error: BaseException = IntakeStopped("the process is ending")
        if not task.cancelled() and (exception := task.exception()) is not None:
            error = exception
            log.error("intake_died", error, intake=self.name)
        _fail(list(self._waiting), IntakeStopped("the process is ending"))
        self._waiting.clear()
        if not self._stopping or not isinstance(error, IntakeStopped):
            self._on_death()


def _fail(batch: Sequence[tuple[Any, "asyncio.Future[Any]"]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
