"""What abuse control no longer needs goes."""

from datetime import datetime

from petitions.abuse.networks import forget_old_keys
from petitions.abuse.rates import forget_old_counts
from petitions.db import Database


def forget_networks(database: Database, now: datetime) -> None:
    """Delete the keys and counts of networks that are older than 48 hours."""
    with database.writing() as session:
        forget_old_keys(session, now)
        forget_old_counts(session, now)
