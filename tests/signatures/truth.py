"""What is true of a campaign at every moment, whatever its signers do: counted anew from the rows."""

from collections import Counter

from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.names import folded_words
from petitions.signatures.models import Signature, SignatureWord, Tally, TallyPart, UnlistedWord
from petitions.signatures.rollups import REMOVED_PART


def shares_of(row: Signature) -> dict[str, str]:
    """The share of each dimension that a signature belongs to."""
    return {
        "country": row.country,
        "visibility": row.visibility,
        "language": row.language,
        "day": f"{row.confirmed_at:%Y-%m-%d}",
        "hour": f"{row.confirmed_at:%Y-%m-%dT%H}",
        "drafted": f"{row.drafted_at:%Y-%m-%d}",
    }


def assert_true(database: Database, *campaigns: CampaignSnapshot) -> None:
    """The count is that of the rows, the shares are those of the rows that were rolled up, the removed are told by
    their reasons, the search knows the public names and no other, that of moderators the others; of a consent that
    is not given nothing is kept."""
    for campaign in campaigns:
        with database.reading() as session:
            tally = session.get_one(Tally, campaign.id)
            rows = session.scalars(select(Signature).where(Signature.campaign_id == campaign.id)).all()
            parts = session.scalars(select(TallyPart).where(TallyPart.campaign_id == campaign.id)).all()
            words = session.scalars(select(SignatureWord).where(SignatureWord.campaign_id == campaign.id)).all()
            others = session.scalars(select(UnlistedWord).where(UnlistedWord.campaign_id == campaign.id)).all()
        counted = [row for row in rows if row.removed_at is None]
        assert tally.counted == len(counted)
        assert tally.rolled_up_serial <= tally.last_serial
        assert max((row.serial for row in rows), default=0) <= tally.last_serial
        shares = Counter(
            share for row in counted if row.serial <= tally.rolled_up_serial for share in shares_of(row).items()
        )
        shares.update((REMOVED_PART, row.removed_reason or "") for row in rows if row.removed_at is not None)
        assert {(part.dimension, part.value): part.counted for part in parts if part.counted} == dict(shares)
        assert {(word.serial, word.word) for word in words} == {
            (row.serial, word)
            for row in rows
            if row.visibility == "public" and not row.name_hidden
            for word in folded_words(row.name or "")
        }
        assert {(word.serial, word.word) for word in others} == {
            (row.serial, word)
            for row in rows
            if row.visibility != "public" or row.name_hidden
            for word in folded_words(row.name or "")
        }
        for row in rows:
            assert row.updates or (row.updates_key, row.updates_at) == (None, None)
