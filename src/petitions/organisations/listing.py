"""The organisations that everybody sees, as a server keeps them in memory: read anew only when one has changed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.organisations.counting import Standing, find_standing
from petitions.organisations.models import APPROVED, Organisation, OrganisationLogo

#: So many are named where there is no room for all.
_LEADING = 150


@dataclass(frozen=True, slots=True)
class ShownOrganisation:
    """One of the public page."""

    number: int
    name: str
    kind: str
    country: str
    city: str | None
    website: str | None
    logo: str | None
    logo_width: int | None
    logo_height: int | None
    members: int | None
    comment: str | None
    language: str
    pin: int | None
    name_key: str
    statement_id: int


@dataclass(frozen=True)
class Shown:
    """All of a campaign, in no order."""

    standing: Standing
    organisations: Sequence[ShownOrganisation]
    #: By which an affiliation of a signer is known to be of an organisation that signed itself.
    name_keys: frozenset[str] = field(repr=False)

    @cached_property
    def leading(self) -> Sequence[ShownOrganisation]:
        """Those that are named where there is no room for all: the pinned ones, then whoever represents most."""

        def rank(one: ShownOrganisation) -> tuple[bool, int, int, int]:
            return (one.pin is None, one.pin or 0, -(one.members or 0), one.number)

        return sorted(self.organisations, key=rank)[:_LEADING]


#: Of a campaign that no organisation has signed.
NOBODY = Shown(Standing(), (), frozenset())


def find_shown(session: Session, campaign_id: int, before: Shown | None = None) -> Shown:
    """Those that are approved. `before`, what was read last, is given back when nothing has changed since."""
    standing = find_standing(session, campaign_id)
    if standing.revision == 0:
        return NOBODY
    if before is not None and before.standing.revision == standing.revision:
        return before
    names = [field.name for field in fields(ShownOrganisation) if not field.name.startswith("logo_")]
    query = (
        select(
            *(getattr(Organisation, name) for name in names),
            OrganisationLogo.width.label("logo_width"),
            OrganisationLogo.height.label("logo_height"),
        )
        .outerjoin(
            OrganisationLogo,
            (OrganisationLogo.campaign_id == Organisation.campaign_id)
            & (OrganisationLogo.digest == Organisation.logo),
        )
        .where(Organisation.campaign_id == campaign_id, Organisation.state == APPROVED)
    )
    rows = [ShownOrganisation(**row) for row in session.execute(query).mappings()]
    return Shown(standing, rows, frozenset(row.name_key for row in rows))
