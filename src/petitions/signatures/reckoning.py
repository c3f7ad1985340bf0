"""What became of everything that was ever confirmed, in numbers that add up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.signatures.models import Tally, TallyPart
from petitions.signatures.rollups import REMOVED_PART


@dataclass(frozen=True)
class Reckoning:
    """`confirmed` = `counted` + all of `removed` + `withdrawn` + `erased_removed`, while nothing is wrong."""

    confirmed: int  # ever: each took the next number, and none is given twice
    counted: int
    removed: Mapping[str, int]  # by reason, see moderation/removing.py; the largest first
    withdrawn: int  # by their signers while they counted
    erased: int  # of those counted, whose names are erased for good
    waiting: int | None  # drafts, rounded down to tens as of `looked_at`; None while nobody has looked
    held: int | None
    looked_at: datetime | None
    recounted_at: datetime | None
    drift: int  # what the last recount found: above 0, the page said more than there is

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


_PARTS = (TallyPart.campaign_id == Tally.campaign_id) & (TallyPart.dimension == REMOVED_PART)
_RECKONING = (
    select(
        *(Tally.last_serial, Tally.counted, Tally.withdrawn, Tally.purged, Tally.waiting, Tally.held),
        *(Tally.looked_at, Tally.recounted_at, Tally.drift),
        TallyPart.value,
        TallyPart.counted.label("removed"),
    )
    .outerjoin(TallyPart, _PARTS)
    .order_by(TallyPart.counted.desc(), TallyPart.value)
)


def find_reckoning(session: Session, campaign_id: int) -> Reckoning:
    """The numbers of one moment: with two statements, what is removed between them would not add up."""
    rows = session.execute(_RECKONING.where(Tally.campaign_id == campaign_id)).all()
    tally = rows[0]
    return Reckoning(
        confirmed=tally.last_serial,
        counted=tally.counted,
        removed={row.value: row.removed for row in rows if row.removed},
        withdrawn=tally.withdrawn,
        erased=tally.purged,
        waiting=tally.waiting,
        held=tally.held,
        looked_at=tally.looked_at,
        recounted_at=tally.recounted_at,
        drift=tally.drift,
    )
