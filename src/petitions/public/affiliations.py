"""Which affiliations beside the names of signers are of organisations that signed themselves."""

from collections.abc import Iterable

from petitions.organisations.listing import Shown
from petitions.organisations.naming import name_key
from petitions.signatures.listing import ShownSigner

_NONE: frozenset[str] = frozenset()


def find_cosigned(signers: Iterable[ShownSigner], organisations: Shown) -> frozenset[str]:
    """Of the affiliations of these signers those that co-signed, as they are written there."""
    keys = organisations.name_keys
    if not keys:
        return _NONE
    written = {signer.affiliation for signer in signers if signer.affiliation}
    return frozenset(affiliation for affiliation in written if name_key(affiliation) in keys)
