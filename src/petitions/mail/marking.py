"""Writing what became of mails to the store, in groups, soon after it happened."""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from petitions import log
from petitions.db import Database
from petitions.errors import StoreUnavailable
from petitions.mail.outbox import Outcome, mark
from petitions.mail.waiting import backoff, wait_for_event

#: Seconds for which outcomes are gathered, and after which sending waits for the store.
_GATHERED, _LATE = 0.05, 0.1
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0


class Marker:
    """Writes outcomes every 50 ms. While one has been waiting for more than 100 ms, `room` holds up sending:
    so after a kill no more than these 100 ms of mails are sent twice, however slow the store was."""

    def __init__(self, database: Database, clock: Callable[[], datetime], patience: float) -> None:
        """`patience`: seconds to wait at the end for a store that is away."""
        self._database, self._clock, self._patience = database, clock, patience
        self._waiting: list[tuple[float, Outcome]] = []
        self._noted = asyncio.Event()
        self._written = asyncio.Condition()
        self._hurried = asyncio.Event()
        self._closing = False

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        self._hurried.set()
        self._noted.set()
        try:
            await asyncio.wait_for(self._task, self._patience)
        except TimeoutError:
            # Their claims lapse with the lease, and those that were sent are sent once more.
            log.error("mail_outcomes_lost", count=len(self._waiting))

    def note(self, outcome: Outcome) -> None:
        self._waiting.append((time.monotonic(), outcome))
        self._noted.set()

    async def room(self) -> None:
        """Return when the next mail may be sent."""
        if self._is_late():
            async with self._written:
                await self._written.wait_for(lambda: not self._is_late())

    async def hurry(self) -> None:
        """Sending stops: hold up nobody any more, and write without gathering."""
        self._hurried.set()
        async with self._written:
            self._written.notify_all()

    def _is_late(self) -> bool:
        if not self._waiting or self._hurried.is_set():
            return False
        return time.monotonic() - self._waiting[0][0] > _LATE

    async def _run(self) -> None:
        failures = 0
        while not self._closing or self._waiting:
            await self._noted.wait()
            await wait_for_event(self._hurried, _GATHERED)
            self._noted.clear()
            if await self._write():
                failures = 0
            else:
                failures += 1
                await asyncio.sleep(backoff(failures, _FIRST_WAIT, _LONGEST_WAIT))
                self._noted.set()

    async def _write(self) -> bool:
        group = [outcome for _, outcome in self._waiting]
        try:
            await self._database.write(mark, group, self._clock())
        except StoreUnavailable:
            log.warning("mail_outcomes_wait", count=len(group))
            return False
        except Exception as error:
            log.error("mail_outcomes_not_marked", error, count=len(group))
            return False
        del self._waiting[: len(group)]
        async with self._written:
            self._written.notify_all()
        return True
