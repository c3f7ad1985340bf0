"""Every feature's tables in one place, for Alembic and the tests."""

from petitions.abuse.models import NetworkCount, NetworkKey
from petitions.campaigns.models import Background, Campaign, Statement
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
    "Background",
    "Campaign",
    "ConsentWording",
    "Draft",
    "Export",
    "Fact",
    "NetworkCount",
    "NetworkKey",
    "Outbox",
    "Refusal",
    "Signature",
    "SignatureWord",
    "Statement",
    "Tally",
    "TallyPart",
    "Withdrawal",
    "metadata",
]
