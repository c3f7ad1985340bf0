"""Somebody who looks after the sample campaigns of the demo."""

import hmac
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.accounts import passwords
from petitions.accounts.members import find_role, set_role
from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.accounts.users import NewUser, create_user, find_user
from petitions.campaigns.models import Campaign
from petitions.db import Database
from petitions.i18n import SOURCE_LANGUAGE
from petitions.settings import Settings

LEAD = "lead@example.org"
_NAME = "Lea Lead"


def make_lead(database: Database, settings: Settings, now: datetime) -> str | None:
    """The account, made once, an owner of every sample campaign. Its password, made from the demo's own key so
    that it is the same at the next start; None when it was changed."""
    digest = hmac.digest(settings.secret_keys[0].encode(), b"petitions demo lead", "sha256").hex()
    password = "-".join(digest[start : start + 4] for start in range(0, 16, 4))
    password_hash = passwords.hash_password(password)
    with database.writing() as session:
        new = NewUser(LEAD, _NAME, SOURCE_LANGUAGE, is_admin=True)
        user = create_user(session, new, now, password_hash) or find_user(session, LEAD)
        assert user is not None
        _give_campaigns(session, user, now)
    return password if passwords.verify_password(user.password_hash, password) else None


def _give_campaigns(session: Session, user: User, now: datetime) -> None:
    """Those in which they have no role; one that they gave up on purpose comes back, as the samples do."""
    for campaign_id in session.scalars(select(Campaign.id).order_by(Campaign.id)):
        if find_role(session, campaign_id, user.id) is None:
            set_role(session, campaign_id, user.id, Role.OWNER, now)
