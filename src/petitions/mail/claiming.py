"""Claiming mails for this worker, with their letters."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from petitions import log
from petitions.db import Database
from petitions.errors import StoreUnavailable
from petitions.mail.brake import Brake
from petitions.mail.letters import Letter, LetterBuilder, build_letters
from petitions.mail.marking import Marker
from petitions.mail.outbox import ClaimedMail, Outcome, Verdict, claim, has_due
from petitions.mail.pace import Pace


@dataclass(frozen=True)
class ReadyMail:
    mail: ClaimedMail
    letter: Letter = field(repr=False)
    send_before: float  # on the monotonic clock: later, the lease might end before the sending


class Claimer:
    """Takes what is due; what cannot be sent gets its outcome noted at once."""

    def __init__(
        self,
        database: Database,
        builders: Mapping[str, LetterBuilder],
        brake: Brake,
        marker: Marker,
        clock: Callable[[], datetime],
        pace: Pace,
    ) -> None:
        self._database, self._builders, self._brake = database, builders, brake
        self._marker, self._clock, self._pace = marker, clock, pace

    async def take(self, limit: int) -> tuple[int, list[ReadyMail]]:
        """How many mails were claimed, at most `limit`, and those of them that can be sent.
        Raises StoreUnavailable."""
        now = self._clock()
        braked = await self._brake.look(self._database, now)
        if not await self._database.read(has_due, now, braked):
            return 0, []
        lease = self._pace.lease
        send_before = time.monotonic() + lease.total_seconds() - self._pace.mail_limit
        mails = await self._database.write(claim, self._clock(), limit, lease, braked)
        admitted = [mail for mail in mails if self._admits(mail)]
        letters = await self._build(admitted)
        return len(mails), [
            ReadyMail(mail, letters[mail.id], send_before) for mail in admitted if mail.id in letters
        ]

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

    async def _build(self, mails: Sequence[ClaimedMail]) -> Mapping[UUID, Letter]:
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
                return {key: letter for mail in mails for key, letter in await self._build_alone(mail)}
            log.error("mail_not_built", error, mail=str(mails[0].id))
            self._marker.note(Outcome(mails[0], Verdict.RETRY, "letter_error"))
            return {}
        for mail in mails:
            if mail.id not in letters:
                log.info("mail_subject_gone", mail=str(mail.id))
                self._marker.note(Outcome(mail, Verdict.FAILED, "subject_gone"))
        return letters

    async def _build_alone(self, mail: ClaimedMail) -> list[tuple[UUID, Letter]]:
        try:
            return list((await self._build([mail])).items())
        except StoreUnavailable:
            return []  # released already
