"""Addresses that are made to be thrown away, by the list of the package disposable-email-domains.

Who uses one may be a person who is careful, so their drafts are held, not refused.
"""

from functools import cache

from petitions.abuse.providers import is_large


def find_disposable(domain: str) -> str | None:
    """The domain of the list that covers this one: itself or one above it; None for every other."""
    known, labels = _known(), domain.split(".")
    for start in range(len(labels) - 1):
        parent = ".".join(labels[start:])
        if parent in known:
            return None if is_large(parent) else parent
    return None


@cache
def _known() -> frozenset[str]:
    from disposable_email_domains import blocklist  # here, for only those who take forms need ten thousand names

    return frozenset(blocklist)
