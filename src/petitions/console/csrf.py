"""The field by which a form shows from which session it is."""

import hashlib
import hmac
from uuid import UUID

from starlette.datastructures import FormData

from petitions.web.site import Site

CSRF_FIELD = "csrf"
_LENGTH = 32  # of each of its two halves


def csrf_field(site: Site, id_hash: bytes, user_id: UUID) -> str:
    """What the forms of a session carry: a half of its own, which alone decides, and the mark of the account, by
    which a form of an earlier session of the same person is known."""
    key = site.settings.secret_keys[0].encode()
    return csrf_of(id_hash) + hmac.digest(key, b"petitions.csrf" + user_id.bytes, "sha256").hex()[:_LENGTH]


def csrf_of(id_hash: bytes) -> str:
    """The half of the session: it can be made from the cookie alone."""
    return hashlib.sha256(b"petitions.csrf" + id_hash).hexdigest()[:_LENGTH]


def holds_csrf(data: FormData, csrf: str) -> bool:
    """Whether a form is from the session to which this belongs."""
    return _is_same(_sent(data)[:_LENGTH], csrf[:_LENGTH])


def is_of_same_account(data: FormData, csrf: str) -> bool:
    """Whether a form is from any session, also one that is over, of the account to which this belongs."""
    return len(csrf) > _LENGTH and _is_same(_sent(data)[_LENGTH:], csrf[_LENGTH:])


def _sent(data: FormData) -> str:
    sent = data.get(CSRF_FIELD)
    return sent if isinstance(sent, str) else ""


def _is_same(sent: str, known: str) -> bool:
    return hmac.compare_digest(sent.encode("utf-8", "replace"), known.encode())
