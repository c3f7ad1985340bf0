"""What leads look through: organisations by state, each with how it would be shown and what it looks like."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import idna
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from petitions.mailboxes import domain_of
from petitions.organisations.deciding import Seen
from petitions.organisations.listing import ShownOrganisation
from petitions.organisations.models import APPROVED, WAITING, Organisation, OrganisationLogo
from petitions.organisations.rule import speaks_for_domain
from petitions.organisations.similar import are_alike, has_name_of, is_same
from petitions.organisations.websites import InvalidWebsite, check_website, is_proven

PAGE_SIZE = 50
#: Of others with the same name or the same domain: so many are looked at, and so many shown.
_MOST_COMPARED, _MOST_SIMILAR = 500, 5


@dataclass(frozen=True)
class Waiting:
    """How many there are of each state, and about how many a lead has to decide."""

    by_state: Mapping[str, int]
    to_decide: int


@dataclass(frozen=True)
class Row:
    """An organisation as leads see it."""

    organisation: Organisation
    shown: ShownOrganisation  # as everybody sees it, or would
    proposed: ShownOrganisation | None  # as it wants to be shown instead
    similar: Sequence[Organisation]  # some that may be the same

    @property
    def mail_domain(self) -> str | None:
        """Behind the @ of the contact's address."""
        return domain_of(self.organisation.email) if self.organisation.email is not None else None

    @property
    def is_below(self) -> bool:
        """Whether its address is of the website's domain, but behind a name of which many may have one."""
        return self.organisation.domain_proven and not speaks_for_domain(self.organisation)

    @property
    def website_host(self) -> str | None:
        """In ASCII, as it is asked for."""
        return urlsplit(self.organisation.website).hostname if self.organisation.website is not None else None

    @property
    def website_name(self) -> str | None:
        """The host as people read it, where that is something else."""
        host = self.website_host
        with suppress(idna.IDNAError):
            name = idna.decode(host) if host is not None else None
            return name if name != host else None
        return None


@dataclass(frozen=True)
class QueuePage:
    rows: Sequence[Row]
    next_key: int | None  # the number after which the next page begins


def to_decide() -> ColumnElement[bool]:
    """Those about which a lead has to decide: requests, changes of what is shown, answers to a question; and those
    that are shown though no lead has looked at them, or at what became of them."""
    news = or_(
        Organisation.proposed.is_not(None), Organisation.answer.is_not(None), Organisation.look.is_not(None)
    )
    return or_(Organisation.state == WAITING, and_(Organisation.state == APPROVED, news))


def count_waiting(session: Session, campaign_id: int) -> Waiting:
    """For the tabs above the queue."""
    query = (
        select(Organisation.state, func.count(), func.count().filter(to_decide()))
        .where(Organisation.campaign_id == campaign_id)
        .group_by(Organisation.state)
    )
    rows = session.execute(query).all()
    return Waiting({row[0]: row[1] for row in rows}, sum(row[2] for row in rows))


def find_page(session: Session, campaign_id: int, state: str, after: int) -> QueuePage:
    """Those of a state above a number, the oldest first; WAITING: all about which a lead has to decide."""
    of_state = to_decide() if state == WAITING else Organisation.state == state
    query = (
        select(Organisation)
        .where(Organisation.campaign_id == campaign_id, of_state, Organisation.number > after)
        .order_by(Organisation.number)
        .limit(PAGE_SIZE + 1)
    )
    found = session.scalars(query).all()
    page = found[:PAGE_SIZE]
    next_key = page[-1].number if len(found) > PAGE_SIZE else None
    return QueuePage(rows_of(session, campaign_id, page), next_key)


def find_row(session: Session, campaign_id: int, organisation_id: UUID) -> Row | None:
    """One of them; None where it is gone."""
    found = session.get(Organisation, (campaign_id, organisation_id))
    return rows_of(session, campaign_id, [found])[0] if found is not None else None


def rows_of(session: Session, campaign_id: int, page: Sequence[Organisation]) -> Sequence[Row]:
    """What leads see of these: two questions to the store, however many they are."""
    similar = _find_similar(session, campaign_id, page)
    everybody = [*page, *(other for others in similar.values() for other in others)]
    sizes = _find_sizes(session, campaign_id, everybody)
    return [
        Row(
            organisation=each,
            shown=shown_of(each, sizes),
            proposed=shown_of(each, sizes, each.proposed) if each.proposed else None,
            similar=similar[each.id],
        )
        for each in page
    ]


def _find_similar(
    session: Session, campaign_id: int, page: Sequence[Organisation]
) -> Mapping[UUID, Sequence[Organisation]]:
    query = (
        select(Organisation)
        .where(Organisation.campaign_id == campaign_id, are_alike(page))
        .order_by(has_name_of(page).desc(), Organisation.number)
        .limit(_MOST_COMPARED)
    )
    others = session.scalars(query).all() if page else []
    return {
        each.id: [other for other in others if other.id != each.id and is_same(each, other)][:_MOST_SIMILAR]
        for each in page
    }


def _find_sizes(
    session: Session, campaign_id: int, organisations: Iterable[Organisation]
) -> Mapping[str, tuple[int, int]]:
    """Width and height of their logos, shown or proposed."""
    digests = {digest for each in organisations for digest in logos_of(each)}
    query = select(OrganisationLogo.digest, OrganisationLogo.width, OrganisationLogo.height).where(
        OrganisationLogo.campaign_id == campaign_id, OrganisationLogo.digest.in_(sorted(digests))
    )
    return {row.digest: (row.width, row.height) for row in session.execute(query)}


def logos_of(organisation: Organisation) -> set[str]:
    """Digests of its logo and of the one that it proposes."""
    both = (organisation.logo, (organisation.proposed or {}).get("logo"))
    return {digest for digest in both if digest is not None}


def shown_of(
    organisation: Organisation,
    sizes: Mapping[str, tuple[int, int]],
    proposed: Mapping[str, Any] | None = None,
) -> ShownOrganisation:
    """As everybody sees it; with what is `proposed`, as it would be."""
    instead = proposed or {}
    logo = instead.get("logo", organisation.logo)
    width, height = sizes.get(logo or "", (None, None))
    return ShownOrganisation(
        number=organisation.number,
        name=instead.get("name") or organisation.name,
        kind=instead.get("kind", organisation.kind),
        country=instead.get("country", organisation.country),
        city=instead.get("city", organisation.city),
        website=instead.get("website", organisation.website),
        logo=logo,
        logo_width=width,
        logo_height=height,
        members=instead.get("members", organisation.members),
        comment=instead.get("comment", organisation.comment),
        language=organisation.language,
        pin=organisation.pin,
        name_key=organisation.name_key,
        statement_id=organisation.statement_id,
    )


def is_proven_once_approved(organisation: Organisation) -> bool:
    """Whether the contact's mail belongs to the website that is shown after an approval."""
    proposed = organisation.proposed or {}
    if "website" not in proposed or organisation.state != APPROVED:
        return organisation.domain_proven
    try:
        website = check_website(proposed["website"]) if proposed["website"] else None
    except InvalidWebsite:
        return False
    domain = website.domain if website is not None else None
    return organisation.email is not None and is_proven(organisation.email, domain)


def find_unproven(session: Session, campaign_id: int, seen: Sequence[Seen]) -> frozenset[UUID]:
    """Those of them that nothing but the word of a lead would prove."""
    query = select(Organisation).where(
        Organisation.campaign_id == campaign_id, Organisation.id.in_([each.id for each in seen])
    )
    return frozenset(each.id for each in session.scalars(query) if not is_proven_once_approved(each))


def find_unreachable(session: Session, campaign_id: int, seen: Sequence[Seen]) -> frozenset[UUID]:
    """Those of them that no mail reaches."""
    ids = [each.id for each in seen]
    query = select(Organisation.id).where(
        Organisation.campaign_id == campaign_id, Organisation.id.in_(ids), Organisation.email_key.is_(None)
    )
    return frozenset(session.scalars(query))
