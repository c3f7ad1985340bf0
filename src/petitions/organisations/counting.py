"""How many organisations count. The tally's row is the lock: whoever changes an organisation holds it first."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Campaign
from petitions.db import insert_ignoring
from petitions.errors import CampaignPurged
from petitions.organisations.models import APPROVED, Organisation, OrganisationTally


@dataclass(frozen=True)
class Standing:
    """How many organisations co-signed, and whom they represent."""

    counted: int = 0
    members: int = 0
    withdrawn: int = 0
    revision: int = 0  # of what is shown


def find_standing(session: Session, campaign_id: int) -> Standing:
    """How many count now."""
    row = session.get(OrganisationTally, campaign_id)
    return _standing(row) if row is not None else Standing()


def find_standings(session: Session) -> Mapping[int, Standing]:
    """The same of every campaign that has any."""
    return {row.campaign_id: _standing(row) for row in session.scalars(select(OrganisationTally))}


def _standing(row: OrganisationTally) -> Standing:
    return Standing(row.counted, row.members, row.withdrawn, row.revision)


def lock(session: Session, campaign_id: int) -> OrganisationTally:
    """The tally, locked until the end of the transaction. Raises CampaignPurged where the data go or are gone."""
    tally = hold(session, campaign_id)
    slug = session.scalar(
        select(Campaign.slug).where(Campaign.id == campaign_id, Campaign.purge_began_at.is_not(None))
    )
    if slug is not None:
        raise CampaignPurged(slug)
    return tally


def hold(session: Session, campaign_id: int) -> OrganisationTally:
    """The same whatever became of the campaign: a purge that begins waits here for who is under way."""
    session.connection().execute(
        insert_ignoring(session, OrganisationTally),
        [
            {
                "campaign_id": campaign_id,
                "counted": 0,
                "members": 0,
                "last_number": 0,
                "withdrawn": 0,
                "revision": 0,
                "drift": 0,
            }
        ],
    )
    tally = _find_locked_tally(session, campaign_id)
    assert tally is not None
    return tally


def lock_one(
    session: Session, campaign_id: int, organisation_id: UUID
) -> tuple[OrganisationTally, Organisation | None]:
    """The tally and one organisation, both locked; None where it is gone."""
    tally = lock(session, campaign_id)
    return tally, find_locked(session, campaign_id, organisation_id)


def find_locked(session: Session, campaign_id: int, organisation_id: UUID) -> Organisation | None:
    """One organisation as it stands now that the tally is locked; None where it is gone."""
    query = select(Organisation).where(Organisation.campaign_id == campaign_id, Organisation.id == organisation_id)
    return session.scalar(query.execution_options(populate_existing=True))


def show(tally: OrganisationTally, organisation: Organisation) -> None:
    """Let it count from now on; under the lock, and once."""
    assert organisation.state != APPROVED
    organisation.state = APPROVED
    tally.counted += 1
    tally.members += organisation.members or 0
    tally.revision += 1


def unshow(tally: OrganisationTally, organisation: Organisation, state: str) -> None:
    """Let it count no more, and be in another state; the same for one that did not count."""
    if organisation.state == APPROVED:
        tally.counted -= 1
        tally.members -= organisation.members or 0
        tally.revision += 1
    organisation.state = state


def recount(session: Session, campaign_id: int, *, repair: bool) -> int:
    """Hold the tally against the rows: by how much it is wrong, in organisations or else in members; above 0 it
    says more than there is. Without `repair` it only looks, and nobody waits for it; with it, a wrong tally is set
    right."""
    locked = _find_locked_tally(session, campaign_id) if repair else None
    shown = (Organisation.campaign_id == campaign_id, Organisation.state == APPROVED)
    counted = select(func.count()).select_from(Organisation).where(*shown).scalar_subquery()
    members = select(func.coalesce(func.sum(Organisation.members), 0)).where(*shown).scalar_subquery()
    # In one statement, and so of one moment: with two, what is approved between them would look like drift.
    found = session.execute(
        select(OrganisationTally.counted - counted, OrganisationTally.members - members).where(
            OrganisationTally.campaign_id == campaign_id
        )
    ).one_or_none()
    if found is None:
        return 0
    too_many, too_many_members = (int(difference) for difference in found)
    if locked is not None:
        locked.drift = 0
        if too_many or too_many_members:
            locked.counted -= too_many
            locked.members -= too_many_members
            locked.revision += 1
    return too_many or too_many_members


def _find_locked_tally(session: Session, campaign_id: int) -> OrganisationTally | None:
    query = select(OrganisationTally).where(OrganisationTally.campaign_id == campaign_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))
