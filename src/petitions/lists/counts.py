"""The counts that stand beside a list, of the same moment and from the same rows."""

from collections.abc import Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.lists.cuts import Cut
from petitions.lists.documents import Counts
from petitions.organisations.models import APPROVED, Organisation
from petitions.signatures import paper
from petitions.signatures.models import Signature
from petitions.signatures.paper import PaperSignature


def count_all(session: Session, campaign_id: int, cut: Cut) -> Counts:
    """What became of every signature until the cut; the session sees one moment, that of the list."""
    rows = session.execute(
        select(Signature.visibility, Signature.name_hidden, Signature.removed_reason, func.count())
        .where(Signature.campaign_id == campaign_id, Signature.serial <= cut.through_serial)
        .where(Signature.removed_at.is_(None))
        .group_by(Signature.visibility, Signature.name_hidden, Signature.removed_reason)
    ).all()
    shown: dict[str, int] = {}
    for visibility, is_hidden, _reason, number in rows:
        kind = "names_hidden" if is_hidden and visibility != "anonymous" else _KINDS[visibility]
        shown[kind] = shown.get(kind, 0) + number
    removed = _count_removed(session, campaign_id, cut)
    there = sum(shown.values()) + sum(removed.values())
    states = _count_paper(session, campaign_id, cut)
    of_organisations = select(func.count(), func.coalesce(func.sum(Organisation.members), 0))
    organisations, members = session.execute(
        of_organisations.where(Organisation.campaign_id == campaign_id, Organisation.state == APPROVED)
    ).one()
    return Counts(
        confirmed=cut.through_serial,
        **shown,
        removed=removed,
        withdrawn=cut.through_serial - there,
        on_paper=states.get(paper.COUNTED, 0),
        on_paper_waiting=states.get(paper.WAITING, 0),
        on_paper_repeated=states.get(paper.ONLINE, 0) + states.get(paper.TWICE, 0),
        organisations=organisations,
        members=int(members or 0),
    )


_KINDS = {"public": "named", "addressee": "named", "initials": "initials", "anonymous": "unnamed"}


def _count_removed(session: Session, campaign_id: int, cut: Cut) -> Mapping[str, int]:
    query = (
        select(func.coalesce(Signature.removed_reason, ""), func.count())
        .where(Signature.campaign_id == campaign_id, Signature.serial <= cut.through_serial)
        .where(Signature.removed_at.is_not(None))
        .group_by(func.coalesce(Signature.removed_reason, ""))
    )
    return dict(sorted((row[0], row[1]) for row in session.execute(query)))


def _count_paper(session: Session, campaign_id: int, cut: Cut) -> Mapping[str, int]:
    query = (
        select(PaperSignature.state, func.count())
        .where(PaperSignature.campaign_id == campaign_id, PaperSignature.number <= cut.through_number)
        .group_by(PaperSignature.state)
    )
    return {row[0]: row[1] for row in session.execute(query)}
