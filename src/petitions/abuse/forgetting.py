"""What abuse control no longer needs goes."""

from datetime import datetime

from petitions.abuse.credit import forget_old_accounts
from petitions.abuse.networks import forget_old_keys
from petitions.abuse.rates import forget_old_counts
from petitions.db import Database


def forget_networks(database: Database, now: datetime) -> None:
    """Delete keys and counts of networks that are older than 48 hours, and counts of domains before yesterday."""
    with database.writing() as session:
        forget_old_keys(session, now)
        forget_old_counts(session, now)
        forget_old_accounts(session, now)
