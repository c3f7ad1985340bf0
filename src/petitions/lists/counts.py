"""The counts that stand beside a list, of the same moment and from the same rows."""

from collections.abc import Mapping

from sqlalchemy import and_, case, func, not_, or_, select
from sqlalchemy.orm import Session

from petitions.lists.cuts import Cut
from petitions.lists.documents import Counts
from petitions.lists.organisation_rows import was_approved_before
from petitions.organisations.models import APPROVED, Organisation
from petitions.signatures import paper
from petitions.signatures.models import Signature
from petitions.signatures.paper import PaperSignature


def count_all(session: Session, campaign_id: int, cut: Cut) -> Counts:
    """What became of every signature until the cut; the session sees one moment, that of the list."""
    shown = _count_shown(session, campaign_id, cut)
    removed = _count_removed(session, campaign_id, cut)
    there = sum(shown.values()) + sum(removed.values())
    states = _count_paper(session, campaign_id, cut)
    of_organisations = select(func.count(), func.coalesce(func.sum(Organisation.members), 0))
    organisations, members = session.execute(
        of_organisations.where(
            Organisation.campaign_id == campaign_id,
            Organisation.state == APPROVED,
            was_approved_before(cut.ends_at),
        )
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


def _count_shown(session: Session, campaign_id: int, cut: Cut) -> Mapping[str, int]:
    """Those that count, by how they stand in a delivery."""
    is_unnamed = Signature.visibility == "anonymous"
    with_initials = Signature.visibility == "initials"
    is_hidden = Signature.name_hidden
    # One sum for each: grouped, SQLite would sort a million rows in memory, which takes 65 MB.
    kinds = {
        "named": not_(or_(is_unnamed, with_initials, is_hidden)),
        "initials": and_(with_initials, not_(is_hidden)),
        "unnamed": is_unnamed,
        "names_hidden": and_(is_hidden, not_(is_unnamed)),
    }
    query = select(*(func.coalesce(func.sum(case((kind, 1), else_=0)), 0) for kind in kinds.values())).where(
        Signature.campaign_id == campaign_id,
        Signature.serial <= cut.through_serial,
        Signature.removed_at.is_(None),
    )
    row = session.execute(query).one()
    return dict(zip(kinds, map(int, row), strict=True))


def _count_removed(session: Session, campaign_id: int, cut: Cut) -> Mapping[str, int]:
    query = (
        select(Signature.removed_reason, func.count())
        .where(Signature.campaign_id == campaign_id, Signature.serial <= cut.through_serial)
        .where(Signature.removed_at.is_not(None))
        .group_by(Signature.removed_reason)
    )
    return dict(sorted((row[0] or "", row[1]) for row in session.execute(query)))


def _count_paper(session: Session, campaign_id: int, cut: Cut) -> Mapping[str, int]:
    query = (
        select(PaperSignature.state, func.count())
        .where(PaperSignature.campaign_id == campaign_id, PaperSignature.number <= cut.through_number)
        .group_by(PaperSignature.state)
    )
    return {row[0]: row[1] for row in session.execute(query)}
