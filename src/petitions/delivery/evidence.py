"""Files that show that something was delivered. Images are drawn anew, without what a camera notes in them, and
may be shown to everybody; PDF documents stay as they are, and are for leads alone."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath
from uuid import UUID

from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.audit.recording import Actor, record
from petitions.delivery.models import Delivery, Evidence
from petitions.errors import NotPossible, PageNotFound
from petitions.i18n import N_, Message
from petitions.ids import new_id
from petitions.names import has_forbidden_characters, tidy
from petitions.picture_files import kind_of
from petitions.pictures import Measures, NotReadable, TooManyPixels, code, draw

#: Bytes of a file.
MAX_FILE = 10 * 1024 * 1024
#: Of a delivery.
MOST_EVIDENCE = 10
MAX_NAME, MAX_DESCRIPTION = 120, 300
WEBP, PDF = "image/webp", "application/pdf"
#: Bytes of an image as it is kept.
MAX_KEPT = 400_000
#: Pictures of telephones; a JPEG is decoded at a part of its size, others are not.
_PHOTOGRAPH = Measures(12_000, 50_000_000, (1600, 1600))
_DRAWING = Measures(8_000, 16_000_000, (1600, 1600))
_PDF_STARTS = (b"%PDF-1.", b"%PDF-2.")
#: Bytes at the end of a PDF in which its last line stands.
_TAIL = 2048

_EMPTY = N_("This file is empty.")
_LARGE_FILE = N_("This file is larger than 10 MB. Save it smaller, or in parts.")
_LARGE_PICTURE = N_("This picture has too many pixels. Save it smaller: 1,600 pixels of width are plenty.")
_BROKEN = N_("This picture is damaged or not complete. Save it once more as JPEG or PNG, and choose that file.")
_BROKEN_PDF = N_("This PDF document is damaged or not complete.")
_OTHER = N_("This is neither a picture (JPEG, PNG, WebP) nor a PDF document.")


class InvalidEvidence(ValueError):
    """The file is none that we take; `problem` says why and what helps."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True)
class Piece:
    """A file as it is kept."""

    name: str
    media_type: str  # WEBP or PDF
    content: bytes = field(repr=False)
    width: int | None = None  # pixels of an image
    height: int | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the content, in hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class EvidenceRow:
    """A file without its content."""

    id: UUID
    delivery_id: UUID
    name: str
    media_type: str
    digest: str
    size: int
    width: int | None
    height: int | None
    description: str | None
    shown: bool
    created_at: datetime
    created_by: str

    @property
    def is_image(self) -> bool:
        return self.media_type == WEBP


def read_evidence(data: bytes, filename: str) -> Piece:
    """What is kept of a file: an image drawn anew, a PDF as it is. Takes about a second at most. Raises
    InvalidEvidence."""
    if not data:
        raise InvalidEvidence(_EMPTY)
    if len(data) > MAX_FILE:
        raise InvalidEvidence(_LARGE_FILE)
    if data.startswith(_PDF_STARTS):
        if b"%%EOF" not in data[-_TAIL:]:
            raise InvalidEvidence(_BROKEN_PDF)
        return Piece(_name(filename, ".pdf"), PDF, data)
    kind = kind_of(data)
    if kind not in ("JPEG", "PNG", "WEBP"):
        raise InvalidEvidence(_OTHER)
    try:
        image = draw(kind, data, _PHOTOGRAPH if kind == "JPEG" else _DRAWING)
    except TooManyPixels:
        raise InvalidEvidence(_LARGE_PICTURE) from None
    except NotReadable:
        raise InvalidEvidence(_BROKEN) from None
    image, content = _write(image)
    return Piece(_name(filename, ".webp"), WEBP, content, image.width, image.height)


def add_evidence(
    session: Session, campaign_id: int, delivery_id: UUID, piece: Piece, actor: Actor, now: datetime
) -> UUID:
    """Keep a file beside a delivery, shown to nobody but leads; its id. The same file again is that one. Raises
    PageNotFound, and NotPossible where there are MOST_EVIDENCE."""
    number = _lock(session, campaign_id, delivery_id)
    of_delivery = Evidence.delivery_id == delivery_id
    same = session.scalar(select(Evidence.id).where(of_delivery, Evidence.digest == piece.digest))
    if same is not None:
        return same
    if (session.scalar(select(func.count(Evidence.id)).where(of_delivery)) or 0) >= MOST_EVIDENCE:
        raise NotPossible
    evidence = Evidence(
        id=new_id(),
        campaign_id=campaign_id,
        delivery_id=delivery_id,
        name=piece.name,
        media_type=piece.media_type,
        digest=piece.digest,
        size=len(piece.content),
        width=piece.width,
        height=piece.height,
        shown=False,
        created_at=now,
        created_by=actor.name,
        content=piece.content,
    )
    session.add(evidence)
    session.flush()
    _record(session, actor, "delivery.evidence_added", campaign_id, number, piece.digest, now)
    return evidence.id


def describe_evidence(
    session: Session,
    campaign_id: int,
    delivery_id: UUID,
    evidence_id: UUID,
    description: str,
    shown: bool,
    actor: Actor,
    now: datetime,
) -> None:
    """Say what an image shows, and whether everybody sees it. Raises PageNotFound, and NotPossible for a document,
    and for an image without a description that everybody should see."""
    number = _lock(session, campaign_id, delivery_id)
    evidence = _get(session, campaign_id, delivery_id, evidence_id)
    if shown and (evidence.media_type != WEBP or not description):
        raise NotPossible
    if (evidence.description or "", evidence.shown) == (description, shown):
        return
    was_shown = evidence.shown
    evidence.description, evidence.shown = description or None, shown
    if was_shown == shown:
        action = "delivery.evidence_described"
    else:
        action = "delivery.evidence_shown" if shown else "delivery.evidence_hidden"
    _record(session, actor, action, campaign_id, number, evidence.digest, now)


def remove_evidence(
    session: Session, campaign_id: int, delivery_id: UUID, evidence_id: UUID, actor: Actor, now: datetime
) -> None:
    """Raises PageNotFound."""
    number = _lock(session, campaign_id, delivery_id)
    evidence = _get(session, campaign_id, delivery_id, evidence_id)
    session.delete(evidence)
    _record(session, actor, "delivery.evidence_removed", campaign_id, number, evidence.digest, now)


def record_download(
    session: Session, campaign_id: int, delivery_id: UUID, evidence_id: UUID, actor: Actor, now: datetime
) -> None:
    """Write down that somebody takes a file along, before they get it. Raises PageNotFound."""
    number = _lock(session, campaign_id, delivery_id)
    evidence = _get(session, campaign_id, delivery_id, evidence_id)
    _record(session, actor, "delivery.evidence_downloaded", campaign_id, number, evidence.digest, now)


def list_evidence(session: Session, delivery_ids: Sequence[UUID]) -> Sequence[EvidenceRow]:
    """The files beside these deliveries, in the order in which they came."""
    query = _ROWS.where(Evidence.delivery_id.in_(delivery_ids)).order_by(Evidence.created_at, Evidence.id)
    return [EvidenceRow(**row) for row in session.execute(query).mappings()]


def get_file(session: Session, campaign_id: int, delivery_id: UUID, evidence_id: UUID) -> Piece:
    """A file with its content, for a lead. Raises PageNotFound."""
    found = _get(session, campaign_id, delivery_id, evidence_id)
    return Piece(found.name, found.media_type, found.content, found.width, found.height)


def find_shown_image(session: Session, campaign_id: int, evidence_id: UUID) -> tuple[str, bytes] | None:
    """Digest and content of an image that everybody may see now."""
    row = session.execute(
        select(Evidence.digest, Evidence.content)
        .join(Delivery, Delivery.id == Evidence.delivery_id)
        .where(Evidence.id == evidence_id, Evidence.campaign_id == campaign_id, Evidence.media_type == WEBP)
        .where(Evidence.shown.is_(True), Delivery.shown.is_(True))
    ).one_or_none()
    return (row.digest, row.content) if row is not None else None


_ROWS = select(
    *(
        getattr(Evidence, name)
        for name in (
            *("id", "delivery_id", "name", "media_type", "digest", "size", "width", "height"),
            *("description", "shown", "created_at", "created_by"),
        )
    )
)


def _lock(session: Session, campaign_id: int, delivery_id: UUID) -> int:
    """Lock a delivery; its number. Raises PageNotFound."""
    query = select(Delivery.number).where(Delivery.campaign_id == campaign_id, Delivery.id == delivery_id)
    number = session.scalar(query.with_for_update())
    if number is None:
        raise PageNotFound
    return number


def _get(session: Session, campaign_id: int, delivery_id: UUID, evidence_id: UUID) -> Evidence:
    evidence = session.get(Evidence, evidence_id)
    if evidence is None or (evidence.campaign_id, evidence.delivery_id) != (campaign_id, delivery_id):
        raise PageNotFound
    return evidence


def _record(
    session: Session, actor: Actor, action: str, campaign_id: int, number: int, digest: str, now: datetime
) -> None:
    record(session, actor, action, now, campaign_id, delivery=number, sha256=digest)


def _name(filename: str, ending: str) -> str:
    """The name of a file as leads see it: that of what was sent, with the ending of what is kept."""
    last = filename.replace("\\", "/").rpartition("/")[2]
    stem = tidy(PurePath(last).stem if last else "")
    if not stem or has_forbidden_characters(stem):
        stem = "evidence"
    return stem[: MAX_NAME - len(ending)] + ending


def _write(image: Image.Image) -> tuple[Image.Image, bytes]:
    """As WebP of no more than MAX_KEPT bytes."""
    while True:
        for quality in (82, 65, 45):
            content = code(image, quality=quality, alpha_quality=quality)
            if len(content) <= MAX_KEPT:
                return image, content
        image = image.reduce(2)
