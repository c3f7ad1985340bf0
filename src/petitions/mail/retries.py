"""When a mail that could not be handed over is tried again."""

from datetime import timedelta

#: Tries in about two days; then the mail has failed with the code "exhausted".
MAX_ATTEMPTS = 16
_FIRST = timedelta(minutes=1)
_LONGEST = timedelta(hours=6)


def retry_delay(attempts: int, chance: float) -> timedelta:
    """How long to wait after this many tries: a minute, doubled each time up to six hours, and a fifth more
    or less by `chance` (from 0 to 1), so that mails which failed together do not come back together."""
    doubled: timedelta = _FIRST * 2 ** min(attempts - 1, 20)
    return min(doubled, _LONGEST) * (0.8 + 0.4 * chance)
