"""The signatures on paper of a list."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.lists import paper_rows
from petitions.lists.columns import Cell
from petitions.lists.cuts import Cut
from petitions.lists.gathering import Known
from petitions.lists.plans import Plan, Profile
from petitions.lists.serials import Serials
from petitions.signatures.paper import COUNTED, ONLINE, TWICE, WAITING
from tests.factories import make_campaign
from tests.lists.cast import NOON, add_paper
from tests.lists.made import NOTHING, read, take


def paper_of(
    database: Database,
    campaign: CampaignSnapshot,
    folder: Path,
    known: Known = NOTHING,
    cut: Cut | None = None,
    **plan: Any,
) -> list[dict[str, Cell]]:
    gathered = take(database, campaign, folder / "spools", Plan(on_paper=True, **plan), known, cut)
    rows = [row for section in gathered.document.sections if section.key == "paper" for row in read(section)]
    assert [row["number"] for row in rows] == list(gathered.paper_numbers)
    return rows


def test_a_delivery_holds_those_that_count(database: Database, campaign: CampaignSnapshot, tmp_path: Path) -> None:
    add_paper(database, campaign, city="Cork", affiliation="UE", signed_on="2026-11-02")
    for state in (WAITING, ONLINE, TWICE):
        add_paper(database, campaign, state=state, name=f"Planted {state}")
    add_paper(database, campaign, name="=Paula", sheet=None, line=None, email_key=bytes(16), decided_by="Dora")
    assert paper_of(database, campaign, tmp_path) == [
        {
            "number": 1,
            "sheet": 7,
            "line": 1,
            "name": "Paula Paper",
            "affiliation": "UE",
            "city": "Cork",
            "country": "ES",
            "date": "2026-11-02",
            "language": "en",
        },
        {"number": 5, "name": "=Paula", "country": "ES", "language": "en"},
    ]


def test_the_full_list_says_what_became_of_each(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    for state in (COUNTED, WAITING, ONLINE, TWICE):
        add_paper(database, campaign, state=state)
    rows = paper_of(database, campaign, tmp_path, profile=Profile.FULL)
    assert [row["state"] for row in rows] == [COUNTED, WAITING, ONLINE, TWICE]
    plan = Plan(profile=Profile.FULL, on_paper=True)
    section = take(database, campaign, tmp_path / "s", plan).document.sections[1]
    assert section.columns[-1].say(WAITING) == "waits for a decision"
    assert set("waits for a decision") <= section.find_characters()


@pytest.mark.parametrize("profile", [Profile.PUBLIC, Profile.CONTACTS])
def test_no_other_profile_holds_them(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path, profile: Profile
) -> None:
    add_paper(database, campaign)
    gathered = take(database, campaign, tmp_path / "s", Plan(profile=profile, on_paper=True))
    assert [section.key for section in gathered.document.sections] == ["signatures"]
    assert list(gathered.paper_numbers) == []


def test_nor_a_list_that_was_not_asked_for_them(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    add_paper(database, campaign)
    gathered = take(database, campaign, tmp_path / "s")
    assert [section.key for section in gathered.document.sections] == ["signatures"]


def test_filters_and_earlier_deliveries(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_rows, "PAGE_SIZE", 2)
    other = make_campaign(database, slug="other", languages=("es",))
    add_paper(database, other)
    for country in ("ES", "IE", "FR", "ES", "ES"):
        add_paper(database, campaign, country=country, entered_at=NOON)

    def numbers(known: Known = NOTHING, cut: Cut | None = None, **plan: Any) -> list[Cell]:
        return [row["number"] for row in paper_of(database, campaign, tmp_path, known, cut, **plan)]

    assert numbers() == [1, 2, 3, 4, 5]
    assert numbers(countries=("ES", "FR")) == [1, 3, 4, 5]
    assert numbers(languages=("es",)) == []
    assert numbers(languages=("en",), countries=("IE",)) == [2]
    assert numbers(since=date(2026, 11, 23)) == []
    assert numbers(since=date(2026, 11, 22), until=date(2026, 11, 22)) == [1, 2, 3, 4, 5]
    assert numbers(until=date(2026, 11, 21)) == []
    assert numbers(until=date.max) == [1, 2, 3, 4, 5]
    assert numbers(Known(Serials([1]), Serials([1, 2, 4]))) == [3, 5]
    assert numbers(cut=Cut(NOON, 9, 3)) == [1, 2, 3]
