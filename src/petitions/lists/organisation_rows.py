"""The organisations of a list: what the public page shows of each, and nobody who speaks for it."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.i18n import N_, Message, Translator
from petitions.lists.columns import Column, Kind, Page
from petitions.lists.cuts import Cut
from petitions.lists.plans import Plan
from petitions.lists.signatures import country_names
from petitions.organisations.kinds import KINDS
from petitions.organisations.models import APPROVED, Organisation

_HEADINGS: dict[str, tuple[Message, Kind]] = {
    "number": (N_("Number"), Kind.NUMBER),
    "name": (N_("Name of the organisation"), Kind.TEXT),
    "kind": (N_("Kind"), Kind.CHOICE),
    "country": (N_("Country"), Kind.CHOICE),
    "city": (N_("City"), Kind.TEXT),
    "website": (N_("Website"), Kind.TEXT),
    "members": (N_("Members represented"), Kind.NUMBER),
    "comment": (N_("Public words"), Kind.TEXT),
    "language": (N_("Language"), Kind.TEXT),
    "wording": (N_("Signed wording"), Kind.TEXT),
    "approved": (N_("Approved on"), Kind.DATE),
}


def plan_organisation_columns(campaign: CampaignSnapshot, plan: Plan, words: Translator) -> tuple[Column, ...]:
    """The columns of the organisations; headings in the language of the list."""
    choices = {
        "kind": {kind: words.translate(name) for kind, name in KINDS.items()},
        "country": country_names(plan.language or campaign.default_language),
    }
    return tuple(
        Column(key, words.translate(heading), kind, choices.get(key, {}))
        for key, (heading, kind) in _HEADINGS.items()
    )


def was_approved_before(moment: datetime) -> ColumnElement[bool]:
    """Which of those that are shown stood there already."""
    return or_(Organisation.decided_at.is_(None), Organisation.decided_at < moment)


def read_organisations(
    session: Session, campaign: CampaignSnapshot, plan: Plan, cut: Cut, limit: int | None = None
) -> Iterator[tuple[list[int], Page]]:
    """Places and cells of all that are shown, in the order of their requests: organisations are few. `limit`: so
    many at most."""
    query = (
        select(Organisation, Statement.language, Statement.version)
        .join(Statement, Statement.id == Organisation.statement_id)
        .where(Organisation.campaign_id == campaign.id, Organisation.state == APPROVED)
        .where(was_approved_before(cut.ends_at))
        .order_by(Organisation.number)
        .limit(limit)
    )
    if plan.countries:
        query = query.where(Organisation.country.in_(plan.countries))
    rows = [
        [
            place,  # and not its number: gaps would count who asked and is not shown
            row.name,
            row.kind,
            row.country,
            row.city,
            row.website,
            row.members,
            row.comment,
            row.language,
            f"{language} {version}",
            f"{row.decided_at:%Y-%m-%d}" if row.decided_at is not None else None,
        ]
        for place, (row, language, version) in enumerate(session.execute(query), 1)
    ]
    if rows:
        yield list(range(1, len(rows) + 1)), [list(column) for column in zip(*rows, strict=True)]
