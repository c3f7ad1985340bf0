"""The loop that sends: small batches over a few connections, until it is told to stop."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from enum import Enum

from petitions import log
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import StoreUnavailable
from petitions.mail.brake import Brake
from petitions.mail.claiming import Claimer, ReadyMail
from petitions.mail.composing import compose, envelope_address
from petitions.mail.letters import LetterBuilder
from petitions.mail.marking import Marker
from petitions.mail.outbox import ClaimedMail, Outcome, Verdict
from petitions.mail.pace import Pace
from petitions.mail.transport import DeliveryFailure, PermanentFailure, ServerTrouble, Transport
from petitions.mail.waiting import backoff, wait_for_event
from petitions.settings import Settings

_LONGEST_REST = 60.0
_LONGEST_STORE_WAIT = 10.0


class _State(Enum):
    WAITING = 1
    WORKING = 2
    RESTING = 3  # after trouble with the server


@dataclass
class _Lane:
    """One connection, with its own patience: a server that takes only four at a time leaves two resting."""

    transport: Transport
    state: _State = _State.WAITING
    strikes: int = 0  # troubles in a row
    limit: asyncio.Timeout | None = None  # of the mail that is being sent


class Sender:
    """Sends what is due until it is told to stop. Several may work on one store."""

    def __init__(
        self,
        database: Database,
        make_transport: Callable[[], Transport],
        builders: Mapping[str, LetterBuilder],
        settings: Settings,
        pace: Pace | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._settings, self._clock, self._pace = settings, clock, pace or Pace()
        self._marker = Marker(database, clock, self._pace.marking_grace)
        brake = Brake(settings.confirm_rate)
        self._claimer = Claimer(database, builders, brake, self._marker, clock, self._pace)
        self._lanes = [_Lane(make_transport()) for _ in range(self._pace.connections)]
        self._queue: asyncio.Queue[ReadyMail | None] = asyncio.Queue()
        self._hungry = asyncio.Event()  # the queue is short, and a lane could take more
        self._wake = asyncio.Event()  # resting lanes may go on
        self._stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` is set; then finish what is under way, give back the rest, and return."""
        try:
            async with self._marker, asyncio.TaskGroup() as tasks:
                tasks.create_task(self._feed(stop))
                tasks.create_task(self._heed(stop))
                for lane in self._lanes:
                    tasks.create_task(self._work(lane))
        finally:
            await asyncio.gather(*(lane.transport.close() for lane in self._lanes))

    async def _heed(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._stopping = True
        self._hungry.set()
        self._wake.set()
        until = asyncio.get_running_loop().time() + self._pace.grace
        for lane in self._lanes:
            if lane.limit is not None and not lane.limit.expired():
                lane.limit.reschedule(min(lane.limit.when() or until, until))
        await self._marker.hurry()

    # Claiming: one task keeps the queue filled.

    async def _feed(self, stop: asyncio.Event) -> None:
        failures = 0
        self._look_at_queue()
        while not self._stopping:
            await self._hungry.wait()
            if stop.is_set():
                break
            # After trouble a single mail shows whether the server is back.
            limit = self._pace.batch if self._is_healthy() else 1
            try:
                claimed, ready_mails = await self._claimer.take(limit)
            except Exception as error:
                if isinstance(error, StoreUnavailable):
                    log.warning("mail_store_unavailable", cause=str(error))
                else:
                    log.error("mail_round_failed", error)
                failures += 1
                await wait_for_event(stop, backoff(failures, self._pace.idle, _LONGEST_STORE_WAIT))
            else:
                failures = 0
                for ready in ready_mails:
                    self._queue.put_nowait(ready)
                self._look_at_queue()
                if claimed < limit:
                    await wait_for_event(stop, self._pace.idle)
        self._release_queue()
        for _ in self._lanes:
            self._queue.put_nowait(None)

    # Sending: every lane takes from the queue.

    async def _work(self, lane: _Lane) -> None:
        while (ready := await self._next(lane)) is not None:
            lane.state = _State.WORKING
            self._look_at_queue()
            self._marker.note(await self._attend(lane, ready))
            if lane.strikes:
                await self._rest(lane)
            lane.state = _State.WAITING
            self._look_at_queue()

    async def _next(self, lane: _Lane) -> ReadyMail | None:
        try:
            async with asyncio.timeout(self._pace.kept_open):
                return await self._queue.get()
        except TimeoutError:
            await lane.transport.close()
            return await self._queue.get()

    async def _attend(self, lane: _Lane, ready: ReadyMail) -> Outcome:
        mail = ready.mail
        await self._marker.room()
        if self._stopping or time.monotonic() > ready.send_before:
            return Outcome(mail, Verdict.RELEASED)
        try:
            recipient = envelope_address(ready.letter.recipient)
            message = compose(mail.id, ready.letter, self._settings, self._clock())
        except PermanentFailure as failure:
            return _refused(mail, failure)
        except Exception as error:
            log.error("mail_not_composed", error, mail=str(mail.id))
            return Outcome(mail, Verdict.RETRY, "letter_error")
        return await self._send(lane, mail, message, recipient)

    async def _send(self, lane: _Lane, mail: ClaimedMail, message: EmailMessage, recipient: str) -> Outcome:
        try:
            await self._hand_over(lane, message, recipient)
        except ServerTrouble as trouble:
            lane.strikes += 1
            log.warning("mail_server_trouble", mail=str(mail.id), code=trouble.code, strikes=lane.strikes)
            return Outcome(mail, Verdict.RETRY if trouble.tried else Verdict.RELEASED, trouble.code)
        except DeliveryFailure as failure:
            self._recover(lane)
            return _refused(mail, failure)
        except Exception as error:
            log.error("mail_not_sent", error, mail=str(mail.id))
            return Outcome(mail, Verdict.RETRY, "error")
        self._recover(lane)
        log.debug("mail_sent", mail=str(mail.id), kind=mail.kind)
        return Outcome(mail, Verdict.SENT)

    async def _hand_over(self, lane: _Lane, message: EmailMessage, recipient: str) -> None:
        try:
            async with asyncio.timeout(self._pace.mail_limit) as lane.limit:
                await lane.transport.send(message, recipient)
        except TimeoutError:
            raise ServerTrouble("timeout", tried=True) from None
        finally:
            lane.limit = None

    async def _rest(self, lane: _Lane) -> None:
        """Leave the server alone for a while; if every lane does, give back what is queued."""
        lane.state = _State.RESTING
        if not self._is_healthy():
            self._release_queue()
        self._look_at_queue()
        await wait_for_event(self._wake, backoff(lane.strikes, self._pace.rest, _LONGEST_REST))

    def _recover(self, lane: _Lane) -> None:
        was_away = not self._is_healthy()
        lane.strikes = 0
        if was_away:
            log.info("mail_server_back")
            self._wake.set()
            if not self._stopping:
                self._wake.clear()

    # What both sides look at.

    def _is_healthy(self) -> bool:
        return any(lane.strikes == 0 for lane in self._lanes)

    def _look_at_queue(self) -> None:
        if self._is_healthy():
            is_short = self._queue.qsize() <= self._pace.batch // 2
            is_hungry = is_short and any(lane.state is not _State.RESTING for lane in self._lanes)
        else:
            is_hungry = self._queue.empty() and any(lane.state is _State.WAITING for lane in self._lanes)
        if is_hungry or self._stopping:
            self._hungry.set()
        else:
            self._hungry.clear()

    def _release_queue(self) -> None:
        with contextlib.suppress(asyncio.QueueEmpty):
            while (ready := self._queue.get_nowait()) is not None:
                self._marker.note(Outcome(ready.mail, Verdict.RELEASED))
            self._queue.put_nowait(None)  # it ends a lane, and each waits for one of its own


def _refused(mail: ClaimedMail, failure: DeliveryFailure) -> Outcome:
    if isinstance(failure, PermanentFailure):
        log.warning("mail_failed", mail=str(mail.id), campaign=mail.campaign_id, code=failure.code)
        return Outcome(mail, Verdict.FAILED, failure.code)
    log.info("mail_deferred", mail=str(mail.id), code=failure.code, attempts=mail.attempts)
    return Outcome(mail, Verdict.RETRY, failure.code)
