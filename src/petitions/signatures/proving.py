"""Forms without a proof of work, where a campaign asks for one: a few are taken, the others wait for a look.

Whoever has no script, or an old browser, is nobody's flood: up to a small number their mails go out as ever.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy.orm import Session

from petitions.abuse.allowances import take_places
from petitions.abuse.proof import spend

if TYPE_CHECKING:
    from petitions.signatures.drafting import NewDraft

HELD_WORK = "work"
#: Forms without a proof that are let through in PERIOD.
OF_NETWORK = 3
OF_CAMPAIGN = 60
PERIOD = timedelta(hours=1)


def past_allowance(
    session: Session, drafts: Sequence["NewDraft"], networks: Mapping[UUID, bytes | None], now: datetime
) -> set[UUID]:
    """Of these drafts those that are to be held: their form needed a proof of work, came without one that was
    right and unused, and too many like it came within the hour. `networks`: the hash of each one's network."""
    asked = sorted((draft for draft in drafts if draft.proven is not None), key=lambda draft: draft.arrived_at)
    if not asked:
        return set()
    unused = spend(session, {draft.proof for draft in asked if draft.proven and draft.proof is not None}, now)
    without = []
    for draft in asked:
        if draft.proven and draft.proof in unused:
            unused.discard(draft.proof)  # of two forms with the same proof the first has it
        else:
            without.append(draft)
    places = {draft.id: _allowances(draft.campaign_id, networks.get(draft.id)) for draft in without}
    let_through = take_places(session, places, PERIOD, now)
    return set(places) - let_through


def _allowances(campaign_id: int, network: bytes | None) -> Sequence[tuple[bytes, int]]:
    of_campaign = (_key("campaign", campaign_id, b""), OF_CAMPAIGN)
    if network is None:
        return (of_campaign,)
    return ((_key("network", campaign_id, network), OF_NETWORK), of_campaign)


def _key(kind: str, campaign_id: int, network: bytes) -> bytes:
    return hashlib.sha256(f"unproven {kind} {campaign_id} ".encode() + network).digest()[:16]
