"""Every feature's tables in one place, for Alembic and the tests."""

from petitions.abuse.models import NetworkCount, NetworkKey
from petitions.campaigns.models import Background, Campaign, Statement
from petitions.db import Base, Fact
from petitions.mail.models import Outbox
from petitions.signatures.models import Draft, Signature, SignatureWord, Tally, TallyPart

metadata = Base.metadata

__all__ = [
    "Background",
    "Campaign",
    "Draft",
    "Fact",
    "NetworkCount",
    "NetworkKey",
    "Outbox",
    "Signature",
    "SignatureWord",
    "Statement",
    "Tally",
    "TallyPart",
    "metadata",
]
