"""Every feature's tables in one place, for Alembic and the tests."""

from petitions.abuse.models import NetworkCount, NetworkKey
from petitions.accounts.models import Failures, Membership, RecoveryCode, User, UserSession
from petitions.audit.models import AuditEntry
from petitions.campaigns.models import Background, Campaign, Revision, Statement, WorkingCopy
from petitions.db import Base, Fact
from petitions.delivery.models import Export
from petitions.mail.models import Outbox
from petitions.signatures.models import (
    ConsentWording,
    Draft,
    Refusal,
    Signature,
    SignatureWord,
    Tally,
    TallyPart,
    Withdrawal,
)

metadata = Base.metadata

__all__ = [
    "AuditEntry",
    "Background",
    "Campaign",
    "ConsentWording",
    "Draft",
    "Export",
    "Fact",
    "Failures",
    "Membership",
    "NetworkCount",
    "NetworkKey",
    "Outbox",
    "RecoveryCode",
    "Refusal",
    "Revision",
    "Signature",
    "SignatureWord",
    "Statement",
    "Tally",
    "TallyPart",
    "User",
    "UserSession",
    "Withdrawal",
    "WorkingCopy",
    "metadata",
]
