"""The loop that sends: claims small batches, hands them over on a few connections, and notes the outcomes."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from enum import Enum
from uuid import UUID

from petitions import log
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import StoreUnavailable
from petitions.mail.brake import Brake
from petitions.mail.composing import compose, envelope_address
from petitions.mail.letters import Letter, LetterBuilder, build_letters
from petitions.mail.marking import Marker
from petitions.mail.outbox import ClaimedMail, Outcome, Verdict, claim, has_due
from petitions.mail.transport import (
    DeliveryFailure,
    PermanentFailure,
    ServerTrouble,
    Transport,
)
from petitions.mail.waiting import backoff, wait_for_event
from petitions.settings import Settings

_LONGEST_REST = 60.0
_LONGEST_STORE_WAIT = 10.0


@dataclass(frozen=True)
class Pace:
    """How the sender works; seconds where no unit is given."""

    connections: int = 6
    batch: int = 100  # mails claimed at once: what a killed worker holds until its lease is over
    lease: timedelta = timedelta(minutes=10)
    mail_limit: float = 240.0  # for one mail, all time-outs of the server together
    idle: float = 0.5  # between two looks into an empty outbox
    rest: float = 1.0  # of a connection after trouble with the server; doubled each time, up to a minute
    grace: float = 20.0  # for what is being sent when the worker is told to stop
    marking_grace: float = 10.0  # for a store that is away then
    kept_open: float = 30.0  # a connection without work

    def __post_init__(self) -> None:
        if self.lease.total_seconds() <= self.mail_limit:
            raise ValueError("the lease must be longer than the sending of a mail may take")


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


@dataclass(frozen=True)
class _Ready:
    mail: ClaimedMail
    letter: Letter = field(repr=False)
    send_before: float  # on the monotonic clock: later, the lease might end before the sending


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
        self._database, self._builders, self._settings, self._clock = database, builders, settings, clock
        self._pace = pace or Pace()
        self._brake = Brake(settings.confirm_rate)
        self._marker = Marker(database, clock, self._pace.marking_grace)
        self._lanes = [_Lane(make_transport()) for _ in range(self._pace.connections)]
        self._queue: asyncio.Queue[_Ready | None] = asyncio.Queue()
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
            # After trouble a single mail shows whether the server is back.
            limit = self._pace.batch if self._is_healthy() else 1
            try:
                taken = await self._fill(limit)
            except Exception as error:
                if isinstance(error, StoreUnavailable):
                    log.warning("mail_store_unavailable", cause=str(error))
                else:
                    log.error("mail_round_failed", error)
                failures += 1
                await wait_for_event(stop, backoff(failures, self._pace.idle, _LONGEST_STORE_WAIT))
            else:
                failures = 0
                if taken < limit:
                    await wait_for_event(stop, self._pace.idle)
        self._release_queue()
        for _ in self._lanes:
            self._queue.put_nowait(None)

    async def _fill(self, limit: int) -> int:
        """Claim at most `limit` mails and queue them; how many were claimed."""
        if self._stopping:
            return 0
        now = self._clock()
        braked = await self._brake.look(self._database, now)
        if not await self._database.read(has_due, now, braked):
            return 0
        lease = self._pace.lease
        send_before = time.monotonic() + lease.total_seconds() - self._pace.mail_limit
        mails = await self._database.write(claim, self._clock(), limit, lease, braked)
        admitted = [mail for mail in mails if self._admits(mail)]
        letters = await self._build_letters(admitted)
        for mail in admitted:
            if mail.id in letters:
                self._queue.put_nowait(_Ready(mail, letters[mail.id], send_before))
        self._look_at_queue()
        return len(mails)

    def _admits(self, mail: ClaimedMail) -> bool:
        if not self._brake.admits(mail):
            self._marker.note(Outcome(mail, Verdict.RELEASED))
            return False
        if mail.kind not in self._builders:
            # Queued by a newer version, which may soon run here as well.
            log.error("mail_kind_unknown", mail=str(mail.id), kind=mail.kind)
            self._marker.note(Outcome(mail, Verdict.RETRY, "kind_unknown"))
            return False
        return True

    async def _build_letters(self, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
        """The letters of claimed mails; for a mail that gets none its outcome is noted."""
        if not mails:
            return {}
        try:
            letters = await self._database.read(build_letters, self._builders, mails)
        except StoreUnavailable:
            for mail in mails:
                self._marker.note(Outcome(mail, Verdict.RELEASED))
            raise
        except Exception as error:
            if len(mails) > 1:  # one that cannot be built does not hold up the others
                return {key: letter for mail in mails for key, letter in await self._build_one(mail)}
            log.error("mail_not_built", error, mail=str(mails[0].id))
            self._marker.note(Outcome(mails[0], Verdict.RETRY, "letter_error"))
            return {}
        for mail in mails:
            if mail.id not in letters:
                log.info("mail_subject_gone", mail=str(mail.id))
                self._marker.note(Outcome(mail, Verdict.FAILED, "subject_gone"))
        return letters

    async def _build_one(self, mail: ClaimedMail) -> list[tuple[UUID, Letter]]:
        try:
            return list((await self._build_letters([mail])).items())
        except StoreUnavailable:
            return []  # released already

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

    async def _next(self, lane: _Lane) -> _Ready | None:
        try:
            async with asyncio.timeout(self._pace.kept_open):
                return await self._queue.get()
        except TimeoutError:
            await lane.transport.close()
            return await self._queue.get()

    async def _attend(self, lane: _Lane, ready: _Ready) -> Outcome:
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


def _refused(mail: ClaimedMail, failure: DeliveryFailure) -> Outcome:
    if isinstance(failure, PermanentFailure):
        log.warning("mail_failed", mail=str(mail.id), campaign=mail.campaign_id, code=failure.code)
        return Outcome(mail, Verdict.FAILED, failure.code)
    log.info("mail_deferred", mail=str(mail.id), code=failure.code, attempts=mail.attempts)
    return Outcome(mail, Verdict.RETRY, failure.code)
