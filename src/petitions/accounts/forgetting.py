"""What log-ins leave behind goes."""

from datetime import datetime

from petitions.accounts.sessions import forget_sessions
from petitions.accounts.throttling import forget_failures
from petitions.db import Database


def forget_logins(database: Database, now: datetime) -> None:
    """Delete sessions that are over, and failures that nobody has to wait for."""
    with database.writing() as session:
        forget_sessions(session, now)
        forget_failures(session, now)
