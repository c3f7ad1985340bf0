"""Which organisations of a campaign look like the same one: offered for a decision, never dropped."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from petitions.organisations.models import APPROVED, ASKED, UNCONFIRMED, WAITING, Organisation
from petitions.organisations.naming import is_other_branch

#: Of these a lead may think that they are the same.
COMPARED = (UNCONFIRMED, WAITING, ASKED, APPROVED)
_MOST = 20


def find_similar(session: Session, organisation: Organisation) -> Sequence[Organisation]:
    """Others with the same name or the same domain, the oldest first; not those that a lead called others, nor
    local branches that tell themselves apart by a number or a place."""
    same = [Organisation.name_key == organisation.name_key]
    if organisation.domain is not None:
        same.append(Organisation.domain == organisation.domain)
    query = (
        select(Organisation)
        .where(
            Organisation.campaign_id == organisation.campaign_id,
            Organisation.id != organisation.id,
            Organisation.state.in_(COMPARED),
            or_(*same),
        )
        .order_by(Organisation.number)
    )
    return [other for other in session.scalars(query) if is_same(organisation, other)][:_MOST]


def is_same(one: Organisation, other: Organisation) -> bool:
    """Whether two organisations may be one."""
    if other.number in (one.distinct_from or ()) or one.number in (other.distinct_from or ()):
        return False
    if one.name_key == other.name_key:
        return True
    same_domain = one.domain is not None and one.domain == other.domain
    return same_domain and not is_other_branch(one.name, other.name)
