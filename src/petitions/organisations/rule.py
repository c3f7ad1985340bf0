"""What the rule of a campaign approves without a lead: what is proven, and like nothing that it knows.

Its answer tells whoever asks something about the others. So it knows by name only those that everybody sees, and
the rest only by a domain or an address of which one has to have a mailbox."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from petitions.campaigns.lifecycle import may_confirm
from petitions.campaigns.models import Campaign
from petitions.mailboxes import domain_of
from petitions.organisations.models import APPROVED, UNCONFIRMED, Organisation
from petitions.organisations.naming import is_other_branch, is_tame

#: Whoever says that it represents more is looked at.
MOST_MEMBERS = 10_000
#: Of these two may be branches of one organisation that ask by one address; of others leads had their reasons.
_UNSUSPECTED = (APPROVED, UNCONFIRMED)


def speaks_for_itself(session: Session, organisation: Organisation, now: datetime) -> bool:
    """Whether nobody has to look: the domain is proven, no lead noted or decided anything, its name and its size
    are nothing to wonder about, none looks like it, and it came in time."""
    if not organisation.domain_proven or organisation.note is not None or organisation.decided_at is not None:
        return False
    if not _is_plain(organisation) or not speaks_for_domain(organisation):
        return False
    closes_at = session.scalar(select(Campaign.closes_at).where(Campaign.id == organisation.campaign_id))
    return may_confirm(closes_at, organisation.created_at, now) and not _is_known(session, organisation)


def _is_plain(organisation: Organisation) -> bool:
    return is_tame(organisation.name) and (organisation.members or 0) <= MOST_MEMBERS


def speaks_for_domain(organisation: Organisation) -> bool:
    """Whether a mail address that proves the domain stands right behind it, or behind the name of the site: below
    them, students, members and customers have theirs."""
    if not organisation.domain_proven or organisation.email is None:
        return False
    host = urlsplit(organisation.website or "").hostname or ""
    return domain_of(organisation.email) in (organisation.domain, host.removeprefix("www."))


def _is_known(session: Session, organisation: Organisation) -> bool:
    """Whether it may be one that is here."""
    campaign_id, key = organisation.campaign_id, organisation.email_key
    same = (Organisation.domain == organisation.domain, Organisation.email_key == key)
    others = select(Organisation).where(
        Organisation.campaign_id == campaign_id, Organisation.id != organisation.id, or_(*same)
    )
    for other in session.scalars(others):
        if other.state not in _UNSUSPECTED or not is_other_branch(organisation.name, other.name):
            return True
    shown = select(Organisation.name_skeleton).where(
        Organisation.campaign_id == campaign_id, Organisation.state == APPROVED
    )
    return _is_part_of_any(organisation.name_skeleton, session.scalars(shown))


def _is_part_of_any(skeleton: str, others: Iterable[str]) -> bool:
    """Whether it looks like one of these, or has all its words, or the other way round."""
    mine = f" {skeleton} "
    return any(mine in (theirs := f" {other} ") or theirs in mine for other in others)
