"""What the link of a mail leads to."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import find_slug
from petitions.errors import LinkInvalid
from petitions.signatures.models import Draft, Signature


@dataclass(frozen=True)
class Found:
    """What the store has under the id of a link."""

    slug: str
    draft: Draft | None
    statement: Statement | None
    is_signature: bool


def find_linked(session: Session, campaign_id: int, draft_id: UUID) -> Found:
    """Look a link's draft up. Raises LinkInvalid when its campaign is gone."""
    slug = find_slug(session, campaign_id)
    if slug is None:
        raise LinkInvalid
    draft = session.get(Draft, (campaign_id, draft_id))
    if draft is None:
        signature = session.get(Signature, (campaign_id, draft_id))
        # Where the signer asked for a new link, the mails before it tell nothing any more.
        is_signature = signature is not None and signature.link_epoch == 0
        return Found(slug, None, None, is_signature)
    statement = session.get(Statement, draft.statement_id)
    session.expunge_all()
    return Found(slug, None if draft.held_reason else draft, statement, False)
