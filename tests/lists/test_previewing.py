"""The first rows of a list: as the list will have them, after a bounded look."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.lists import previewing
from petitions.lists.cuts import Cut, cut_now
from petitions.lists.gathering import Known
from petitions.lists.plans import Plan, Profile
from petitions.lists.previewing import FirstRows, Preview, preview
from petitions.lists.serials import Serials
from petitions.settings import Settings
from petitions.signatures.models import Signature
from petitions.signatures.paper import WAITING
from tests import factories
from tests.lists.cast import NOON, add_paper, sign_all
from tests.lists.made import NOTHING, csv_of, take


def look(
    database: Database,
    campaign: CampaignSnapshot,
    known: Known = NOTHING,
    rows: int = 10,
    cut: Cut | None = None,
    **plan: Any,
) -> Preview:
    with database.reading() as session:
        cut = cut or cut_now(session, campaign.id, utc_now())
        return preview(session, campaign, Plan(**plan), cut, known, rows)


def first(database: Database, campaign: CampaignSnapshot, **options: Any) -> FirstRows:
    return look(database, campaign, **options).sections[0]


@pytest.mark.parametrize("profile", Profile)
def test_it_is_the_beginning_of_the_list(
    database: Database, settings: Settings, tmp_path: Path, profile: Profile
) -> None:
    campaign = sign_all(database, settings)
    section = take(database, campaign, tmp_path / "s", Plan(profile=profile)).document.sections[0]
    whole = [
        tuple(column.say(cell) for column, cell in zip(section.columns, row, strict=True))
        for page in section.pages()
        for row in zip(*page, strict=True)
    ]
    seen = first(database, campaign, profile=profile, rows=100)
    assert (seen.columns, seen.rows) == (section.columns, tuple(whole))
    assert (seen.is_all, seen.gave_up) == (True, False)
    assert first(database, campaign, profile=profile, rows=len(whole)).is_all
    assert not first(database, campaign, profile=profile, rows=len(whole) - 1).is_all
    assert first(database, campaign, profile=profile, rows=1).rows[0][0] == whole[0][0]


def test_columns_without_content_in_these_rows_are_left_out(database: Database, settings: Settings) -> None:
    campaign = sign_all(database, settings)
    columns = ("country", "comment", "name")
    seen = first(database, campaign, columns=columns, rows=1, known=Known(Serials([1]), Serials()))
    assert [column.key for column in seen.columns] == ["country", "name"]
    assert seen.rows == (("Spain", "I. O."),)


def test_no_rows_have_their_headings(database: Database, campaign: CampaignSnapshot) -> None:
    seen = first(database, campaign, columns=("name", "city"))
    assert ([column.heading for column in seen.columns], seen.rows) == (["Name", "City"], ())
    assert (seen.is_all, seen.gave_up) == (True, False)


def test_paper_and_organisations_have_theirs(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for number in range(4):
        add_paper(database, campaign, name=f"Paula {number}", state=WAITING if number == 1 else "counted")
        factories.cosign(database, settings, campaign, name=f"Union {number}")
    seen = look(database, campaign, Known(Serials(), Serials([1])), rows=2, on_paper=True, organisations=True)
    people, paper, organisations = seen.sections
    assert (people.key, paper.key, organisations.key) == ("signatures", "paper", "organisations")
    assert (paper.title, organisations.title) == ("Signatures on paper", "Organisations")
    name = [column.key for column in paper.columns].index("name")
    assert [row[name] for row in paper.rows] == ["Paula 2", "Paula 3"]
    assert [row[1] for row in organisations.rows] == ["Union 0", "Union 1"]
    assert (people.is_all, paper.is_all, organisations.is_all) == (True, True, False)
    public = look(database, campaign, profile=Profile.PUBLIC, on_paper=True)
    assert [section.key for section in public.sections] == ["signatures"]


@pytest.fixture
def crowd(database: Database, settings: Settings) -> CampaignSnapshot:
    """3,000 signatures, 300 of each day, every 500th from Ireland, the last in Basque."""
    campaign = factories.make_campaign(database)
    begin = datetime(2026, 11, 1, 12, tzinfo=UTC)
    factories.sign_and_confirm(database, settings, campaign, arrived_at=begin, name="Ana 1")
    with database.writing() as session:
        row = dict(session.execute(select(Signature.__table__)).mappings().one())
        copies = [
            row
            | {
                "id": factories.make_draft(campaign, settings).id,
                "email_key": serial.to_bytes(16, "big"),
                "serial": serial,
                "name": f"Ana {serial}",
                "country": "IE" if serial % 500 == 0 else "ES",
                "language": "eu" if serial == 3_000 else "en",
                "confirmed_at": begin + timedelta(days=(serial - 1) // 300),
            }
            for serial in range(2, 3_001)
        ]
        session.execute(Signature.__table__.insert(), copies)  # type: ignore[attr-defined]
    return campaign


CUT = Cut(NOON, 3_000, 0)


@pytest.mark.parametrize(
    ("plan", "known", "serials", "is_all"),
    [
        ({}, [], [1, 2, 3], False),
        ({"countries": ("IE",)}, [], [500, 1000, 1500], False),
        ({"countries": ("IE", "LU")}, range(1, 2_001), [2500, 3000], True),
        ({"countries": ("LU",)}, [], [], True),
        ({"languages": ("eu",)}, [], [3000], True),
        ({}, range(1, 2_999), [2999, 3000], True),
        ({}, [n for n in range(1, 3_001) if n % 1000], [1000, 2000, 3000], True),
        ({"since": date(2026, 11, 9), "countries": ("ES",)}, [2401], [2402, 2403, 2404], False),
        ({"since": date(2026, 11, 3), "until": date(2026, 11, 3), "countries": ("IE",)}, [], [], True),
        ({"since": date(2026, 11, 4), "until": date(2026, 11, 4), "countries": ("IE",)}, [], [1000], True),
        ({"since": date(2026, 12, 1)}, [], [], True),
        ({"until": date(2026, 10, 1)}, [], [], True),
        ({"until": date.max, "since": date.min}, [], [1, 2, 3], False),
    ],
)
def test_the_first_of_many_are_found(
    database: Database,
    crowd: CampaignSnapshot,
    tmp_path: Path,
    plan: dict[str, Any],
    known: Any,
    serials: list[int],
    is_all: bool,
) -> None:
    seen = first(database, crowd, known=Known(Serials(known), Serials()), rows=3, cut=CUT, **plan)
    assert [int(row[0]) for row in seen.rows] == serials
    assert (seen.is_all, seen.gave_up) == (is_all, False)
    gathered = take(database, crowd, tmp_path / "s", Plan(**plan), Known(Serials(known), Serials()), CUT)
    assert list(gathered.serials)[:3] == serials
    assert (len(gathered.serials) <= 3) == is_all


def test_it_gives_up_in_time_and_says_so(
    database: Database, crowd: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(previewing, "_MOST", 1_000)
    monkeypatch.setattr(previewing, "_FIRST_LOOK", 100)
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        seen = first(database, crowd, cut=CUT, languages=("eu",))
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    assert (seen.rows, seen.is_all, seen.gave_up) == ((), False, True)
    assert len([statement for statement in asked if "LIMIT" in statement]) < 10
    known = Known(Serials(range(1, 2_500)), Serials())
    found = first(database, crowd, cut=CUT, languages=("eu",), known=known)
    assert ([row[0] for row in found.rows], found.gave_up) == (["3000"], False)


def test_it_writes_nothing_into_files(database: Database, settings: Settings, tmp_path: Path) -> None:
    campaign = sign_all(database, settings)
    text = csv_of(database, campaign, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    seen = first(database, campaign)
    assert sorted(tmp_path.rglob("*")) == before
    assert all(cell in text for row in seen.rows for cell in row)
    assert "Public Person" not in repr(seen)
