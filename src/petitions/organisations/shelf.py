"""The organisations of each campaign, read from the store only when one of them has changed."""

from sqlalchemy.orm import Session

from petitions.db import Database
from petitions.organisations.listing import Shown, find_shown


class Shelf:
    """What was read last of each campaign."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._read: dict[int, Shown] = {}

    async def load(self, campaign_id: int) -> Shown:
        """Everybody of a campaign that is shown now. Raises StoreUnavailable."""
        return await self._database.read(self._find, campaign_id)

    def _find(self, session: Session, campaign_id: int) -> Shown:
        shown = find_shown(session, campaign_id, self._read.get(campaign_id))
        if shown.organisations:
            self._read[campaign_id] = shown
        else:
            self._read.pop(campaign_id, None)
        return shown
