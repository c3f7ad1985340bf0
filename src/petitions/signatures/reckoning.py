"""What became of everything that was ever confirmed, in numbers that add up.

Nobody is told them live: of a number that moves in the second in which somebody confirms or withdraws, whoever
watches that person learns that they did. So the worker keeps them once in each hour, all as of one moment
(watching/waiting.py), and that is what the page and its JSON say.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.signatures.models import Tally, TallyPart
from petitions.signatures.paper import ONLINE, TWICE, WAITING, count_states
from petitions.signatures.rollups import REMOVED_PART


@dataclass(frozen=True)
class Reckoning:
    """`confirmed` = `counted` + all of `removed` + `withdrawn` + `erased_removed`, while nothing is wrong."""

    confirmed: int  # ever: each took the next number, and none is given twice
    counted: int
    removed: Mapping[str, int]  # by reason, see moderation/removing.py; the largest first
    withdrawn: int  # by their signers while they counted
    erased: int  # of those counted, whose names are erased for good
    #: On paper, and no part of the sum: those that count, those that wait for somebody to say whether they are
    #: somebody else, those that repeat somebody. The last two are None where the rows are erased.
    paper: int = 0
    paper_waiting: int | None = 0
    paper_repeated: int | None = 0

    @property
    def removed_in_all(self) -> int:
        return sum(self.removed.values())

    @property
    def erased_removed(self) -> int:
        """Those that their signers withdrew after the campaign had removed them."""
        return max(0, self._rest)

    @property
    def adds_up(self) -> bool:
        return self._rest >= 0

    @property
    def _rest(self) -> int:
        return self.confirmed - self.counted - self.removed_in_all - self.withdrawn

    def to_json(self) -> dict[str, Any]:
        """As it is kept. JSON objects have no order in every store, so the reasons are pairs."""
        return asdict(self) | {"removed": [list(pair) for pair in self.removed.items()]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Reckoning":
        return cls(**{**kept, "removed": dict(kept["removed"])})


@dataclass(frozen=True)
class Told:
    """What everybody is told, until the next hour."""

    reckoning: Reckoning | None  # None while the worker has not looked
    waiting: int | None  # drafts, rounded to tens; 0 for fewer than ten
    held: int | None
    looked_at: datetime | None
    recounted_at: datetime | None
    drift: int  # what the recount of that time found: above 0, the page said more than there was


_PARTS = (TallyPart.campaign_id == Tally.campaign_id) & (TallyPart.dimension == REMOVED_PART)
_RECKONING = (
    select(
        *(Tally.last_serial, Tally.counted, Tally.withdrawn, Tally.purged, Tally.paper, Tally.purging),
        TallyPart.value,
        TallyPart.counted.label("removed"),
    )
    .outerjoin(TallyPart, _PARTS)
    .order_by(TallyPart.counted.desc(), TallyPart.value)
)


def find_reckoning(session: Session, campaign_id: int) -> Reckoning:
    """The numbers of this moment, not to be told: with two statements, what is removed between them would not add
    up."""
    rows = session.execute(_RECKONING.where(Tally.campaign_id == campaign_id)).all()
    tally = rows[0]
    states = {} if tally.purging else count_states(session, campaign_id)
    return Reckoning(
        confirmed=tally.last_serial,
        counted=tally.counted,
        removed={row.value: row.removed for row in rows if row.removed},
        withdrawn=tally.withdrawn,
        erased=tally.purged,
        paper=tally.paper,
        paper_waiting=None if tally.purging else states[WAITING],
        paper_repeated=None if tally.purging else states[ONLINE] + states[TWICE],
    )


def find_told(session: Session, campaign_id: int) -> Told:
    """The numbers as of the last look of the worker."""
    told = (Tally.reckoned, Tally.waiting, Tally.held, Tally.looked_at, Tally.recounted_at, Tally.drift)
    kept, *rest = session.execute(select(*told).where(Tally.campaign_id == campaign_id)).one()
    return Told(Reckoning.from_json(kept) if kept is not None else None, *rest)
