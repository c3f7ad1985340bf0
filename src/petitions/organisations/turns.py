"""How often one organisation may do something by its link: each time leaves a line in the log that stays."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from petitions.abuse.allowances import take_places
from petitions.errors import TooOften
from petitions.organisations.models import Organisation

#: In a day, about.
MOST_TURNS = 30
_DAY = timedelta(days=1)


def take_turn(session: Session, organisation: Organisation, now: datetime) -> None:
    """Count something that it does by its link. Raises TooOften."""
    named = f"organisation {organisation.campaign_id} {organisation.id}"
    key = hashlib.blake2b(named.encode(), digest_size=16).digest()
    if not take_places(session, {key: [(key, MOST_TURNS)]}, _DAY, now):
        raise TooOften
