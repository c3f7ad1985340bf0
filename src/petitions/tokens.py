"""Tokens for links in mails: signed, made from ids alone, nothing of them is stored."""

import struct
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from itsdangerous import BadData, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode

from petitions.errors import LinkExpired, LinkInvalid

#: How long a link in a confirm mail works.
CONFIRM_LIFETIME = timedelta(days=30)

#: Campaign, row; and the epoch of the row's links, where it is not the first.
_LAYOUT = struct.Struct(">q16s")
_LAYOUT_WITH_EPOCH = struct.Struct(">q16sI")


class Named(NamedTuple):
    """What a token names."""

    campaign_id: int
    row_id: UUID
    epoch: int = 0


class Tokens:
    """Makes and reads tokens that name one row of one campaign, with one salt for each purpose."""

    def __init__(self, secret_keys: tuple[str, ...]) -> None:
        """`secret_keys`: the first signs, all are accepted (old ones after a rotation)."""
        self._keys = [*reversed(secret_keys)]  # itsdangerous signs with the last
        self._signers: dict[str, TimestampSigner] = {}

    def make(self, purpose: str, campaign_id: int, row_id: UUID, epoch: int = 0) -> str:
        """A token of URL-safe characters. Raising a row's `epoch` makes its earlier links worthless, wherever
        the epoch is compared."""
        if epoch:
            payload = _LAYOUT_WITH_EPOCH.pack(campaign_id, row_id.bytes, epoch)
        else:
            payload = _LAYOUT.pack(campaign_id, row_id.bytes)
        return self._signer(purpose).sign(base64_encode(payload)).decode("ascii")

    def read(self, purpose: str, token: str, now: datetime, lifetime: timedelta | None = None) -> Named:
        """What the token names. Raises LinkInvalid, or LinkExpired after `lifetime`."""
        try:
            payload, made_at = self._signer(purpose).unsign(token, return_timestamp=True)
            named = _unpack(base64_decode(payload))
        except (BadData, struct.error, ValueError, UnicodeError, OverflowError):
            raise LinkInvalid("token is damaged") from None
        if lifetime is not None and now - made_at.astimezone(UTC) > lifetime:
            raise LinkExpired(named.campaign_id)
        return named

    def _signer(self, purpose: str) -> TimestampSigner:
        signer = self._signers.get(purpose)
        if signer is None:
            signer = self._signers[purpose] = TimestampSigner(self._keys, salt=f"petitions.{purpose}")
        return signer


def _unpack(payload: bytes) -> Named:
    """Raises struct.error."""
    if len(payload) == _LAYOUT.size:
        campaign_id, row_id = _LAYOUT.unpack(payload)
        return Named(campaign_id, UUID(bytes=row_id))
    campaign_id, row_id, epoch = _LAYOUT_WITH_EPOCH.unpack(payload)
    return Named(campaign_id, UUID(bytes=row_id), epoch)
