"""What a purge leaves of organisations: those that everybody saw, without anybody who spoke for them."""

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from petitions.organisations.models import APPROVED, Organisation, OrganisationLogo

_FORGOTTEN = dict.fromkeys(
    (
        "contact_name",
        "contact_role",
        "email",
        "email_key",
        "phone",
        "next_contact",
        "handovers",
        "look",
        "note",
        "question",
        "answer",
        "proposed",
        "vouched_by",
        "decided_by",
    )
)


def erase_contacts(session: Session, campaign_id: int, most: int) -> int | None:
    """Erase who spoke for some of the organisations, and whole those that nobody ever saw; None when nothing is
    left to erase."""
    of_campaign = Organisation.campaign_id == campaign_id
    unseen = session.scalars(
        select(Organisation.id).where(of_campaign, Organisation.state != APPROVED).limit(most)
    ).all()
    if unseen:
        session.execute(delete(Organisation).where(of_campaign, Organisation.id.in_(unseen)))
        return 0
    known = session.scalars(select(Organisation.id).where(of_campaign, _says_who()).limit(most)).all()
    if known:
        session.execute(
            update(Organisation)
            .where(of_campaign, Organisation.id.in_(known))
            .values(**_FORGOTTEN, link_epoch=Organisation.link_epoch + 1)
        )
        return 0
    session.execute(delete(OrganisationLogo).where(_is_orphan(campaign_id)))
    return None


def has_contacts(session: Session, campaign_id: int) -> bool:
    """Whether anything of that is there."""
    of_campaign = Organisation.campaign_id == campaign_id
    rows = exists().where(of_campaign, or_(Organisation.state != APPROVED, _says_who()))
    return bool(session.scalar(select(or_(rows, exists().where(_is_orphan(campaign_id))))))


def _says_who() -> ColumnElement[bool]:
    """Rows that still say who spoke or decided."""
    return or_(*(getattr(Organisation, name).is_not(None) for name in _FORGOTTEN))


def _is_orphan(campaign_id: int) -> ColumnElement[bool]:
    """Logos of organisations that are gone, or that were only proposed."""
    shown = select(Organisation.logo).where(
        Organisation.campaign_id == campaign_id, Organisation.logo.is_not(None)
    )
    return and_(OrganisationLogo.campaign_id == campaign_id, OrganisationLogo.digest.not_in(shown))
