"""How many of those who are in a finished list would not be in it any more."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.delivery.models import ExportJob
from petitions.lists.plans import Profile
from petitions.lists.serials import Serials
from petitions.signatures.models import REMOVED, Signature
from petitions.signatures.paper import COUNTED, PaperSignature
from petitions.signatures.reckoning import find_reckoning

#: Numbers that are read at once.
_PAGE = 50_000


def count_gone(session: Session, job: ExportJob) -> int:
    """Signatures of a list that were withdrawn or removed since it was made; in a list for news, also those whose
    consent was. Reads the numbers of all signatures only where some were withdrawn since then."""
    serials, profile = Serials.unpack(job.serials), Profile(job.plan["profile"])
    gone = Serials()
    if profile is Profile.CONTACTS or _some_withdrew(session, job):
        gone.update(_without(serials, _standing(session, job, profile)))
    if profile is not Profile.FULL:  # those who are removed stand there too
        removed = select(Signature.serial).where(Signature.campaign_id == job.campaign_id, REMOVED)
        gone.add_all(serial for serial in session.scalars(removed) if serial in serials)
    return len(gone) + _count_gone_on_paper(session, job, profile)


def _standing(session: Session, job: ExportJob, profile: Profile) -> Serials:
    these = [Signature.campaign_id == job.campaign_id, Signature.serial <= job.through_serial]
    if profile is Profile.CONTACTS:
        these.append(Signature.updates.is_(True))
    query = select(Signature.serial).where(*these).order_by(Signature.serial).limit(_PAGE)
    found, last = Serials(), 0
    while rows := session.scalars(query.where(Signature.serial > last)).all():
        found.add_all(rows)
        last = rows[-1]
    return found


def _some_withdrew(session: Session, job: ExportJob) -> bool:
    """Whether more numbers have no row than when it was made, by the tally: none is used again."""
    now = find_reckoning(session, job.campaign_id)
    before: int | None = ((job.result or {}).get("counts") or {}).get("withdrawn")
    return before is None or now.confirmed - now.counted - now.removed_in_all != before


def _count_gone_on_paper(session: Session, job: ExportJob, profile: Profile) -> int:
    numbers = Serials.unpack(job.paper_numbers)
    if not len(numbers):
        return 0
    these = [PaperSignature.campaign_id == job.campaign_id, PaperSignature.number <= job.through_number]
    if profile is not Profile.FULL:
        these.append(PaperSignature.state == COUNTED)
    return len(_without(numbers, Serials(session.scalars(select(PaperSignature.number).where(*these)))))


def _without(serials: Serials, others: Serials) -> Serials:
    """Those that are not among the others."""
    left = Serials()
    mine, theirs = (int.from_bytes(one.bits, "little") for one in (serials, others))
    left.bits = bytearray((mine & ~theirs).to_bytes(len(serials.bits), "little"))
    return left
