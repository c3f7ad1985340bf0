"""Which organisations of a campaign look like the same one: offered for a decision, never dropped."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, or_

from petitions.organisations.models import APPROVED, ASKED, DECLINED, UNCONFIRMED, WAITING, Organisation
from petitions.organisations.naming import is_other_branch

#: Of these a lead may think that they are the same.
COMPARED = (UNCONFIRMED, WAITING, ASKED, APPROVED)


def are_alike(organisations: Sequence[Organisation]) -> ColumnElement[bool]:
    """Rows that may be the same as one of these, and some that are not: `is_same` tells."""
    domains = sorted({each.domain for each in organisations if each.domain is not None})
    keys = sorted({each.email_key for each in organisations if each.email_key is not None})
    same = or_(has_name_of(organisations), Organisation.domain.in_(domains), Organisation.email_key.in_(keys))
    return and_(Organisation.state.in_((*COMPARED, DECLINED)), same)


def has_name_of(organisations: Sequence[Organisation]) -> ColumnElement[bool]:
    """Rows whose name looks like that of one of these."""
    return Organisation.name_skeleton.in_(sorted({each.name_skeleton for each in organisations}))


def is_same(one: Organisation, other: Organisation) -> bool:
    """Whether two organisations may be one: by a name that looks the same, by the domain, or by the contact of one
    that was declined. Not those that a lead called two, nor local branches of a domain that tell themselves apart
    by a number or a place."""
    if other.number in (one.distinct_from or ()) or one.number in (other.distinct_from or ()):
        return False
    if one.name_skeleton == other.name_skeleton:
        return True
    if DECLINED in (one.state, other.state) and one.email_key is not None and one.email_key == other.email_key:
        return True
    same_domain = one.domain is not None and one.domain == other.domain
    return same_domain and not is_other_branch(one.name, other.name)
