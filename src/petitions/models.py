"""Every feature's tables in one place, for Alembic and the tests."""

from petitions.abuse.models import DomainCount, NetworkCount, NetworkKey, RuleList, SpentChallenge
from petitions.accounts.models import Failures, Membership, RecoveryCode, User, UserSession
from petitions.audit.models import AuditEntry
from petitions.campaigns.models import Background, Campaign, Revision, Statement, WorkingCopy
from petitions.db import Base, Fact
from petitions.delivery.models import Delivery, Evidence, Export, ExportJob
from petitions.mail.models import Outbox
from petitions.moderation.models import Job, Moderation
from petitions.organisations.models import Organisation, OrganisationLogo, OrganisationTally
from petitions.signatures.models import (
    ConsentWording,
    Draft,
    Refusal,
    Signature,
    SignatureWord,
    Tally,
    TallyPart,
    UnlistedWord,
    Withdrawal,
)
from petitions.signatures.paper import PaperBatch, PaperSignature
from petitions.watching.models import Alert, HourlyFlow, SourceCount

metadata = Base.metadata

__all__ = [
    "Alert",
    "AuditEntry",
    "Background",
    "Campaign",
    "ConsentWording",
    "Delivery",
    "DomainCount",
    "Draft",
    "Evidence",
    "Export",
    "ExportJob",
    "Fact",
    "Failures",
    "HourlyFlow",
    "Job",
    "Membership",
    "Moderation",
    "NetworkCount",
    "NetworkKey",
    "Organisation",
    "OrganisationLogo",
    "OrganisationTally",
    "Outbox",
    "PaperBatch",
    "PaperSignature",
    "RecoveryCode",
    "Refusal",
    "Revision",
    "RuleList",
    "Signature",
    "SignatureWord",
    "SourceCount",
    "SpentChallenge",
    "Statement",
    "Tally",
    "TallyPart",
    "UnlistedWord",
    "User",
    "UserSession",
    "Withdrawal",
    "WorkingCopy",
    "metadata",
]
