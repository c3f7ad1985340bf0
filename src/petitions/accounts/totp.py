"""The second factor: codes of an app (RFC 6238), and recovery codes for whoever loses it."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import pyotp
from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from petitions.accounts.models import RecoveryCode, User

_STEP = 30  # seconds
#: Clocks of phones are wrong by a little.
_TOLERANCE = 1
RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another


def new_secret() -> str:
    return pyotp.random_base32()


def is_secret(text: str) -> bool:
    """Whether it is one that `new_secret` could have made."""
    return re.fullmatch(r"[A-Z2-7]{32}", text) is not None


def secret_url(secret: str, email: str, site_name: str) -> str:
    """What an app reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site_name)


def find_step(secret: str, code: str, now: datetime) -> int | None:
    """The step of time to which a code belongs; None for a wrong one."""
    digits = "".join(code.split())
    present = int(now.timestamp()) // _STEP
    app, found = pyotp.TOTP(secret), None
    for step in range(present - _TOLERANCE, present + _TOLERANCE + 1):
        # generate_otp takes the step itself. All are compared, whichever is right.
        if hmac.compare_digest(app.generate_otp(step).encode(), digits.encode("utf-8", "replace")):
            found = step
    return found


def turn_on(session: Session, user_id: UUID, secret: str, step: int) -> Sequence[str] | None:
    """From now on a code is asked for at the log-in; the recovery codes, which are shown once. None when it is on
    already, also when another tab turns it on at the same moment: an app has that secret."""
    these = (User.id == user_id, User.totp_secret.is_(None))
    values = {"totp_secret": secret, "totp_last_step": step}
    turned = session.execute(
        update(User).where(*these).values(values).returning(User.id),
        execution_options={"synchronize_session": False},
    )
    if turned.one_or_none() is None:
        return None
    return renew_recovery_codes(session, user_id)


def turn_off(session: Session, user_id: UUID) -> None:
    session.execute(update(User).where(User.id == user_id).values(totp_secret=None, totp_last_step=None))
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))


def renew_recovery_codes(session: Session, user_id: UUID) -> Sequence[str]:
    """Codes that each work once; those before are worthless."""
    session.get_one(User, user_id, with_for_update=True)  # two at once would leave twice as many
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [_new_code() for _ in range(RECOVERY_CODES)]
    rows = [{"user_id": user_id, "code_hash": _hash(user_id, code)} for code in codes]
    session.execute(insert(RecoveryCode), rows)
    return codes


def count_recovery_codes(session: Session, user_id: UUID) -> int:
    return session.scalar(select(func.count()).where(RecoveryCode.user_id == user_id)) or 0


def use_code(session: Session, user_id: UUID, code: str, now: datetime) -> bool:
    """Whether a code of the app or a recovery code is right; it is worthless afterwards, also for whoever sends it
    at the same moment."""
    secret = session.scalar(select(User.totp_secret).where(User.id == user_id))
    if secret is None:
        return False
    step = find_step(secret, code, now)
    if step is not None:
        is_new = or_(User.totp_last_step.is_(None), User.totp_last_step < step)
        # The secret too: it may have been changed since we looked.
        these = (User.id == user_id, User.totp_secret == secret, is_new)
        used = session.execute(update(User).where(*these).values(totp_last_step=step).returning(User.id))
        return used.one_or_none() is not None
    these_codes = (RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(user_id, code))
    gone = session.execute(delete(RecoveryCode).where(*these_codes).returning(RecoveryCode.user_id))
    return gone.one_or_none() is not None


def _new_code() -> str:
    """79 bits, in groups: nobody guesses it, and nobody finds it from its hash."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def _hash(user_id: UUID, code: str) -> bytes:
    """However it is written: capitals and the signs between the groups do not count."""
    plain = re.sub(r"[\W_]+", "", code.casefold())
    return hashlib.sha256(user_id.bytes + plain.encode("utf-8", "replace")).digest()
