"""Saving one part of a campaign's working copy: whoever writes at another part is not in the way, and whoever
writes at the same part is told before anything is lost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.audit.recording import record
from petitions.campaigns.content import Content
from petitions.campaigns.editing import load_copy, save_copy
from petitions.campaigns.models import Campaign
from petitions.console.guard import Desk
from petitions.errors import CampaignPurged, EditConflict


@dataclass(frozen=True)
class Opened:
    """What somebody saw when they opened a form: the number of the copy, and the digest of the form's part."""

    number: int
    digest: str


@dataclass(frozen=True)
class Saved:
    number: int
    together: bool  # somebody else has saved other parts meanwhile; both are kept


def save_part(
    session: Session,
    desk: Desk,
    opened: Opened,
    digest: Callable[[Content], str],
    change: Callable[[Content], Content],
    about: Mapping[str, str],
) -> Saved:
    """Save what `change` makes of the copy, if the part is as it was when the form was opened; `digest` tells.
    `about`: what the audit log says of it.
    Raises CampaignPurged when the signers' data are erased, and EditConflict when somebody else changed it
    meanwhile: then nothing is changed."""
    # The lock comes before the look: what is compared is what is replaced. Signers do not wait for it.
    began_at = select(Campaign.purge_began_at).where(Campaign.id == desk.campaign.id)
    if session.scalar(began_at.with_for_update(key_share=True)) is not None:
        raise CampaignPurged(desk.campaign.slug)
    copy = load_copy(session, desk.campaign.id)
    if digest(copy.content) != opened.digest:
        raise EditConflict(copy.saved_by, copy.saved_at)
    content = change(copy.content)
    number = save_copy(session, desk.campaign.id, copy.number, content, desk.login.name, desk.now)
    record(session, desk.actor, "campaign.saved", desk.now, desk.campaign.id, number=number, **about)
    return Saved(number, together=copy.number != opened.number)
