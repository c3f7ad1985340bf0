"""How the sender works."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Pace:
    """Seconds where no unit is given. Raises ValueError for a lease that would end while a mail is sent."""

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
