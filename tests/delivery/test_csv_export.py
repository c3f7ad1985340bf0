"""The list that is delivered: each as they allowed, safe for a spreadsheet, without addresses."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import csv_export
from petitions.delivery.csv_export import BOM, safe_cell, write_csv
from petitions.moderation.hiding import set_comment_state, set_name_hidden
from petitions.names import tidy, tidy_lines
from petitions.settings import Settings
from petitions.signatures.confirming import Confirmation, store_confirmations
from petitions.signatures.drafting import store_drafts
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, Signature
from tests.factories import make_campaign, make_draft, sign, sign_and_confirm

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
QUESTIONS = [
    {"key": "union", "label": "Union", "public": True},
    {"key": "workplace", "label": "Workplace", "public": False},
    {"key": "shift", "label": "Shift", "public": True},
]
SAID: dict[str, Any] = {
    "city": "Cork",
    "affiliation": "UE",
    "comment": "With you.\nAlways.",
    "answers": {"union": "506", "workplace": "SECRET"},
    "arrived_at": NOON,
}
#: What a spreadsheet may begin to calculate, or skip before it does.
STARTS = "=+-@\t\r\n＝＋－＠"
FORMULAS = "=+-@＝＋－＠"


def export(database: Database, campaign: CampaignSnapshot, *, bom: bool = False) -> str:
    out = io.StringIO()
    rows = write_csv(database, campaign, out, bom=bom)
    text = out.getvalue()
    assert rows == len(list(csv.reader(io.StringIO(text, newline="")))) - 1
    return text


def rows(database: Database, campaign: CampaignSnapshot) -> list[list[str]]:
    return list(csv.reader(io.StringIO(export(database, campaign), newline="")))


def sign_each_way(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """One signature of each visibility, one that waits and one that was removed."""
    for visibility in ("public", "initials", "addressee", "anonymous"):
        name = None if visibility == "anonymous" else f"{visibility.capitalize()} Name"
        email = f"planted-{visibility}@mail.example"
        sign_and_confirm(database, settings, campaign, name=name, visibility=visibility, email=email, **SAID)
    removed = sign_and_confirm(database, settings, campaign, name="Removed Name", **SAID)
    sign(database, settings, campaign, name="Waiting Name", **SAID)
    with database.writing() as session:
        session.execute(update(Signature).where(Signature.id == removed.id).values(removed_at=utc_now()))


def test_each_stands_in_the_list_as_they_allowed(database: Database, settings: Settings) -> None:
    campaign = make_campaign(database, questions=QUESTIONS, affiliation={"label": "Campus"})
    sign_each_way(database, settings, campaign)
    assert export(database, campaign) == (
        "Number,Name,Campus,City,Country,A few words of your own,Date,Language,Union\r\n"
        '1,Public Name,UE,Cork,Spain,"With you.\nAlways.",2026-11-22,en,506\r\n'
        "2,I. N.,,,Spain,,2026-11-22,en,\r\n"
        '3,Addressee Name,UE,Cork,Spain,"With you.\nAlways.",2026-11-22,en,506\r\n'
    )


def test_nothing_that_was_kept_back_is_in_the_list(database: Database, settings: Settings) -> None:
    campaign = make_campaign(database, questions=QUESTIONS, affiliation={"label": "Campus"})
    sign_each_way(database, settings, campaign)
    text = export(database, campaign)
    for kept_back in ("planted", "@", "SECRET", "Workplace", "Initials", "Removed", "Waiting", "anonymous"):
        assert kept_back not in text


def test_columns_without_content_are_left_out(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign, city=None, arrived_at=NOON)
    assert export(database, campaign) == (
        "Number,Name,Country,Date,Language\r\n1,Ana Sánchez,Spain,2026-11-22,en\r\n"
    )


def test_what_only_unlisted_signers_said_makes_no_column(database: Database, settings: Settings) -> None:
    campaign = make_campaign(database, questions=QUESTIONS)
    sign_and_confirm(database, settings, campaign, city=None, arrived_at=NOON)
    sign_and_confirm(database, settings, campaign, visibility="initials", **SAID)
    sign_and_confirm(database, settings, campaign, visibility="anonymous", name=None, **SAID)
    assert rows(database, campaign)[0] == ["Number", "Name", "Country", "Date", "Language"]


def test_an_empty_list_has_its_heading(database: Database, campaign: CampaignSnapshot) -> None:
    assert export(database, campaign) == "Number,Name,Country,Date,Language\r\n"


def test_another_campaign_is_not_in_the_list(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, make_campaign(database, slug="other"))
    assert len(rows(database, campaign)) == 1


def test_countries_are_named_in_the_campaign_s_language(database: Database, settings: Settings) -> None:
    for slug, language, name in (
        ("eu", "eu", "Suitza"),
        ("nl", "nl", "Zwitserland"),
        ("pt", "pt-BR", "Suíça"),
    ):
        campaign = make_campaign(database, slug=slug, languages=(language,))
        sign_and_confirm(database, settings, campaign, country="CH", city=None)
        assert rows(database, campaign)[1][2] == name


def test_the_mark_for_excel_comes_first(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    assert export(database, campaign, bom=True) == BOM + export(database, campaign)
    assert BOM.encode() == b"\xef\xbb\xbf"


@pytest.mark.parametrize("start", STARTS)
def test_a_cell_that_a_spreadsheet_would_calculate_is_quoted(start: str) -> None:
    assert safe_cell(f"{start}cmd") == f"'{start}cmd"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("x;=1+1", "x;'=1+1"),
        ("x; =1", "x; '=1"),
        ("x\t@y", "x\t'@y"),
        ("x|-1", "x|'-1"),
        ("With you.\n+1", "With you.\n'+1"),
        ("With you.\r\n\n=1", "With you.\r\n\n'=1"),
        ("x,＝1", "x,'＝1"),
        ('x;"=1"', 'x;"\'=1"'),
        (" =1;\u00a0=2", " '=1;\u00a0'=2"),
        ("\t=1", "'\t'=1"),
    ],
)
def test_a_formula_behind_another_separator_is_quoted(text: str, cell: str) -> None:
    assert safe_cell(text) == cell


@pytest.mark.parametrize("text", ["", "Ana", "1", "a=b", "'=1", "Ana -", "x; y = z", "Ana-Luz, a@b, 1+1"])
def test_other_cells_stand_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


def begun(written: str) -> list[str]:
    """What begins with a formula when the text is cut at whatever some spreadsheet separates by."""
    pieces = [piece.lstrip(' \u00a0"') for piece in re.split(r"[;\t|\r\n,]", written)]
    return [piece for piece in pieces if piece.startswith(tuple(FORMULAS))]


@given(st.text() | st.text(st.sampled_from("=+-@＝;,|\t\r\n \"'a")))
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = safe_cell(text)
    assert not cell.startswith(tuple(STARTS))
    assert begun(cell) == []
    assert cell.replace("'", "") == text.replace("'", "")


_typed = st.text(
    st.sampled_from("=+-@'\",;\n\t\r ＝a1é") | st.characters(exclude_categories=["Cs", "Cc"]), max_size=12
)


@given(
    name=_typed.map(tidy),
    comment=_typed.map(tidy_lines),
    city=_typed.map(tidy),
    answer=_typed,
    visibility=st.sampled_from(["public", "initials", "addressee"]),
)
@example("=cmd", "@x", "+1", "-1", "public")
@example("Ana", ";=1 ,-1 | @x\n+1", 'x;"=1', "\t ＝1", "public")
@example("=cmd|x", "@x", "+1", "-1", "initials")
@example('"', "a,b\n=c", "'", "\t=1", "addressee")
@hypothesis_settings(max_examples=25)
def test_whatever_was_typed_is_read_back_and_calculates_nothing(
    database: Database, settings: Settings, name: str, comment: str, city: str, answer: str, visibility: str
) -> None:
    slug = f"c-{utc_now().timestamp():.6f}".replace(".", "-")
    campaign = make_campaign(database, slug=slug, questions=QUESTIONS[:1], affiliation={"label": "=Campus"})
    said = {"comment": comment or None, "city": city or None, "answers": {"union": answer} if answer else None}
    sign_and_confirm(database, settings, campaign, name=name, visibility=visibility, affiliation="=1+1", **said)
    found = rows(database, campaign)
    assert begun(export(database, campaign)) == []
    assert not [cell for row in found for cell in row if cell.startswith(tuple(STARTS))]
    cells = dict(zip(found[0], found[1], strict=True))
    if visibility == "initials":
        assert set(cells) == {"Number", "Name", "Country", "Date", "Language"}
        return
    assert cells["Name"] == safe_cell(name)
    assert cells["'=Campus"] == "'=1+1"
    assert cells.get("City", "") == safe_cell(city)
    assert cells.get("A few words of your own", "") == safe_cell(comment)
    assert cells.get("Union", "") == safe_cell(answer)


def test_pages_of_a_long_list_have_neither_gaps_nor_repeats(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """12,000 signatures, three pages of the real size."""
    model = sign_and_confirm(database, settings, campaign, arrived_at=NOON, city=None)
    with database.writing() as session:
        row = dict(session.execute(select(Signature.__table__)).mappings().one())
        copies = [
            row
            | {
                "id": make_draft(campaign, settings).id,
                "email_key": number.to_bytes(16, "big"),
                "serial": number,
                "visibility": "anonymous" if number % 1000 == 0 else "public",
            }
            for number in range(2, 12_001)
        ]
        session.execute(Signature.__table__.insert(), copies)  # type: ignore[attr-defined]
    assert model.name is not None
    pages: list[int] = []
    out = io.StringIO()
    count = write_csv(database, campaign, out, progress=pages.append)
    numbers = [int(cells[0]) for cells in list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1:]]
    assert numbers == [number for number in range(1, 12_001) if number % 1000 or number == 0]
    assert count == sum(pages) == len(numbers) == 11_988
    assert pages == [2_000] * 5 + [1_988]


def test_a_signature_that_comes_meanwhile_comes_last(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_export, "_PAGE", 2)
    drafts = [make_draft(campaign, settings, name=f"Ana {number}") for number in range(4)]
    with database.writing() as session:
        store_drafts(session, drafts, None)
        store_confirmations(session, [Confirmation(d.campaign_id, d.id, d.arrived_at) for d in drafts])
    late = iter(range(2))

    def meanwhile(_rows: int) -> None:
        if (number := next(late, None)) is not None:
            sign_and_confirm(database, settings, campaign, name=f"Late {number}")

    out = io.StringIO()
    write_csv(database, campaign, out, progress=meanwhile)
    names = [cells[1] for cells in list(csv.reader(io.StringIO(out.getvalue(), newline="")))[1:]]
    assert names == ["Ana 0", "Ana 1", "Ana 2", "Ana 3", "Late 0", "Late 1"]


def test_dates_are_those_of_the_button_in_utc(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    late = datetime(2026, 11, 22, 23, 59, 30, tzinfo=UTC)
    sign_and_confirm(database, settings, campaign, arrived_at=late)  # pressed a minute later
    assert rows(database, campaign)[1][-2] == (late + timedelta(minutes=1)).date().isoformat() == "2026-11-23"


def test_what_moderators_hid_is_not_in_the_list(database: Database, settings: Settings) -> None:
    campaign = make_campaign(database)
    for name in ("Approved Comment", "Hidden Comment", "Unread Comment", "Hidden Name"):
        sign_and_confirm(database, settings, campaign, name=name, city=None, comment=f"By {name}", arrived_at=NOON)
    with database.writing() as session:
        rows = {row.name: row.id for row in session.scalars(select(Signature))}
        set_name_hidden(session, campaign.id, [rows["Hidden Name"]], hidden=True)
        set_comment_state(session, campaign.id, [rows["Hidden Comment"]], COMMENT_HIDDEN)
        set_comment_state(session, campaign.id, [rows["Approved Comment"]], COMMENT_APPROVED)

    def delivered(campaign: CampaignSnapshot) -> list[tuple[str, str, str]]:
        out = io.StringIO()
        write_csv(database, campaign, out)
        return [(row[0], row[1], row[3]) for row in csv.reader(io.StringIO(out.getvalue(), newline=""))][1:]

    at_once = [
        ("1", "Approved Comment", "By Approved Comment"),
        ("2", "Hidden Comment", ""),
        ("3", "Unread Comment", "By Unread Comment"),
    ]
    assert delivered(campaign) == at_once
    reviewing = make_campaign(database, comments={"review": True})
    assert delivered(reviewing) == [*at_once[:2], ("3", "Unread Comment", "")]
