"""Evidence of deliveries: images drawn anew, documents as they are, and who sees which."""

import io
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import evidence
from petitions.delivery.deliveries import DeliveryRow, take_back
from petitions.delivery.evidence import (
    MAX_FILE,
    MAX_KEPT,
    MAX_NAME,
    PDF,
    WEBP,
    EvidenceRow,
    InvalidEvidence,
    Piece,
    add_evidence,
    describe_evidence,
    find_shown_image,
    get_file,
    list_evidence,
    read_evidence,
    remove_evidence,
)
from petitions.errors import NotPossible, PageNotFound
from petitions.ids import new_id
from petitions.privacy.purging import purge
from tests import factories
from tests.delivery.support import LEA, list_logged
from tests.delivery.test_deliveries import EMBASSY, change, record

DOCUMENT = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"


def photograph(kind: str = "JPEG", size: tuple[int, int] = (640, 480), **options: object) -> bytes:
    image = Image.new("RGB", size, (180, 160, 140))
    ImageDraw.Draw(image).rectangle([10, 10, size[0] // 2, size[1] // 2], fill=(200, 30, 40))
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


PICTURE = read_evidence(photograph(), "IMG 1.jpg")


@pytest.fixture
def delivery(database: Database, campaign: CampaignSnapshot) -> DeliveryRow:
    return record(database, campaign)


def add(database: Database, row: DeliveryRow, campaign: CampaignSnapshot, piece: Piece = PICTURE) -> UUID:
    with database.writing() as session:
        return add_evidence(session, campaign.id, row.id, piece, LEA, utc_now())


def describe(
    database: Database, row: DeliveryRow, campaign: CampaignSnapshot, which: UUID, words: str, shown: bool
) -> None:
    with database.writing() as session:
        describe_evidence(session, campaign.id, row.id, which, words, shown, LEA, utc_now())


def files(database: Database, row: DeliveryRow) -> list[EvidenceRow]:
    with database.reading() as session:
        return list(list_evidence(session, [row.id]))


def seen(database: Database, campaign: CampaignSnapshot, which: UUID) -> bool:
    with database.reading() as session:
        return find_shown_image(session, campaign.id, which) is not None


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_picture_is_drawn_anew_and_says_nothing_of_where_it_was_taken(kind: str) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Camera of Clara"
    exif[0x0112] = 6  # it lies on its side
    sent = photograph(kind, (640, 480), exif=exif)
    assert b"Clara" in sent
    piece = read_evidence(sent, "IMG 1.jpg")
    assert b"Clara" not in piece.content
    assert (piece.media_type, piece.name, piece.width, piece.height) == (WEBP, "IMG 1.webp", 480, 640)
    with Image.open(io.BytesIO(piece.content)) as image:
        assert (image.format, image.size) == ("WEBP", (480, 640))
        assert not image.getexif()


def test_a_picture_of_a_telephone_becomes_small() -> None:
    piece = read_evidence(photograph(size=(8_064, 6_048)), "large.jpg")
    assert (piece.width, piece.height) == (1600, 1200)
    noise = Image.effect_noise((2_000, 2_000), 120)
    buffer = io.BytesIO()
    noise.save(buffer, "PNG")
    assert len(read_evidence(buffer.getvalue(), "noise.png").content) <= MAX_KEPT


def test_a_document_stays_as_it_is() -> None:
    piece = read_evidence(DOCUMENT, "C:\\papers\\Quittung № 5.pdf")
    assert (piece.media_type, piece.content, piece.name) == (PDF, DOCUMENT, "Quittung № 5.pdf")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "This file is empty."),
        (b"%PDF-1.7" + b" " * MAX_FILE, "larger than 10 MB"),
        (b"%PDF-1.7 and no end", "damaged"),
        (b"x" + DOCUMENT, "neither a picture"),
        (b"<svg onload=alert(1)>", "neither a picture"),
        (b"<html><script>", "neither a picture"),
        (b"GIF89a" + b"\0" * 50, "neither a picture"),
        (photograph()[:2000], "damaged"),
        (photograph("PNG", (9_000, 40)), "too many pixels"),
    ],
)
def test_what_is_not_taken_says_why(data: bytes, words: str) -> None:
    with pytest.raises(InvalidEvidence) as raised:
        read_evidence(data, "file")
    assert words in raised.value.problem


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"%PDF-1.4", b"\xff\xd8\xff", b"RIFFxxxxWEBP", b"\x89PNG\r\n\x1a\n"]),
    st.text(),
)
def test_whatever_is_sent_is_taken_or_refused(data: bytes, start: bytes, name: str) -> None:
    try:
        piece = read_evidence(start + data, name)
    except InvalidEvidence:
        return
    assert piece.media_type in (PDF, WEBP)
    assert 0 < len(piece.name) <= MAX_NAME
    assert "/" not in piece.name


def test_nobody_but_leads_sees_a_file_before_it_is_shown(
    database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    which = add(database, delivery, campaign)
    (row,) = files(database, delivery)
    assert (row.id, row.shown, row.description, row.created_by, row.is_image) == (
        which,
        False,
        None,
        "Lea Lead",
        True,
    )
    assert not seen(database, campaign, which)
    with pytest.raises(NotPossible):
        describe(database, delivery, campaign, which, "", shown=True)
    describe(database, delivery, campaign, which, "People with boxes", shown=True)
    assert seen(database, campaign, which)
    change(database, campaign, delivery, replace(EMBASSY, shown=False))
    assert not seen(database, campaign, which)


def test_a_document_is_never_shown(database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow) -> None:
    which = add(database, delivery, campaign, read_evidence(DOCUMENT, "receipt.pdf"))
    with pytest.raises(NotPossible):
        describe(database, delivery, campaign, which, "A receipt", shown=True)
    with database.reading() as session:
        assert get_file(session, campaign.id, delivery.id, which).content == DOCUMENT


def test_the_same_file_is_one_and_ten_are_enough(
    database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    assert add(database, delivery, campaign) == add(database, delivery, campaign)
    for number in range(9):
        add(database, delivery, campaign, Piece("x.pdf", PDF, b"%d" % number))
    with pytest.raises(NotPossible):
        add(database, delivery, campaign, Piece("x.pdf", PDF, b"one more"))
    assert len(files(database, delivery)) == evidence.MOST_EVIDENCE == 10


def test_another_campaign_does_not_reach_it(
    database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    other = factories.make_campaign(database, slug="free-ana")
    which = add(database, delivery, campaign)
    describe(database, delivery, campaign, which, "People", shown=True)
    assert not seen(database, other, which)
    with pytest.raises(PageNotFound):
        describe(database, delivery, other, which, "Others", shown=False)
    with pytest.raises(PageNotFound), database.writing() as session:
        remove_evidence(session, other.id, delivery.id, which, LEA, utc_now())
    beside = record(database, campaign)
    with pytest.raises(PageNotFound), database.writing() as session:
        remove_evidence(session, campaign.id, beside.id, which, LEA, utc_now())


def test_everything_stands_in_the_log(
    database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    which = add(database, delivery, campaign)
    describe(database, delivery, campaign, which, "People", shown=False)
    describe(database, delivery, campaign, which, "People", shown=False)  # nothing new
    describe(database, delivery, campaign, which, "People", shown=True)
    describe(database, delivery, campaign, which, "People", shown=False)
    with database.writing() as session:
        remove_evidence(session, campaign.id, delivery.id, which, LEA, utc_now())
    logged = list_logged(database, "delivery.evidence")
    assert [entry.action.removeprefix("delivery.evidence_") for entry in logged] == [
        *("added", "described", "shown", "hidden", "removed")
    ]
    assert {(entry.details["delivery"], entry.details["sha256"]) for entry in logged} == {(1, PICTURE.digest)}
    assert files(database, delivery) == []


def test_it_goes_with_its_delivery(database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow) -> None:
    add(database, delivery, campaign)
    with database.writing() as session:
        take_back(session, campaign.id, delivery.id, delivery.revision, LEA, utc_now())
    assert files(database, delivery) == []


def test_what_everybody_saw_stays_when_the_names_go(
    database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    shown = add(database, delivery, campaign)
    describe(database, delivery, campaign, shown, "People", shown=True)
    add(database, delivery, campaign, read_evidence(DOCUMENT, "names.pdf"))
    assert purge(database, campaign.id, utc_now()).done
    assert [row.id for row in files(database, delivery)] == [shown]


def test_nothing_is_added_to_what_is_not_there(database: Database, campaign: CampaignSnapshot) -> None:
    with pytest.raises(PageNotFound), database.writing() as session:
        add_evidence(session, campaign.id, new_id(), PICTURE, LEA, utc_now())
