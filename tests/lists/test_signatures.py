"""Who is in a list of each profile, and with what."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.lists import signatures
from petitions.lists.columns import Cell
from petitions.lists.cuts import Cut, cut_at
from petitions.lists.gathering import Known
from petitions.lists.plans import Plan, Profile
from petitions.lists.profiles import PROFILES, columns_of
from petitions.lists.serials import Serials
from petitions.settings import Settings
from petitions.signatures.models import Refusal, Signature
from tests.factories import make_campaign, make_draft, sign_and_confirm
from tests.lists.cast import NOON, sign_all
from tests.lists.made import NOTHING, read, take

FULL_NAME = {"country": "ES", "date": "2026-11-22", "language": "en", "affiliation": "UE", "city": "Cork"}
SHORT = {"country": "ES", "date": "2026-11-22", "language": "en"}
ANSWER = {"answer_union": "506"}
WORDS = {"comment": "With you."}
SHOWN = {"country": "ES", "affiliation": "UE", "city": "Cork"}


def rows_of(
    database: Database,
    campaign: CampaignSnapshot,
    folder: Path,
    known: Known = NOTHING,
    cut: Cut | None = None,
    **plan: Any,
) -> list[dict[str, Cell]]:
    gathered = take(database, campaign, folder / "spools", Plan(**plan), known, cut)
    return read(gathered.document.sections[0])


def test_a_delivery_holds_each_as_they_allowed(database: Database, settings: Settings, tmp_path: Path) -> None:
    campaign = sign_all(database, settings)
    assert rows_of(database, campaign, tmp_path) == [
        {"number": 1, "name": "Public Person", **FULL_NAME, **WORDS, **ANSWER},
        {"number": 2, "name": "I. O.", **SHORT},
        {"number": 3, "name": "Addressee Alone", **FULL_NAME, **WORDS, **ANSWER},
        {"number": 7, "name": "Hidden Words", **FULL_NAME, **ANSWER},
        {"number": 8, "name": "Approved Words", **FULL_NAME, **WORDS, **ANSWER},
        {"number": 9, "name": "Wants News", **FULL_NAME, **WORDS, **ANSWER},
        {"number": 10, "name": "N. I.", **SHORT},
    ]


def test_where_words_are_reviewed_only_those_approved_are_delivered(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    campaign = sign_all(database, settings, comments={"review": True})
    for profile in (Profile.DELIVERY, Profile.PUBLIC):
        rows = rows_of(database, campaign, tmp_path, profile=profile)
        assert [row["name"] for row in rows if "comment" in row] == ["Approved Words"]


def test_the_public_list_is_what_the_site_shows(database: Database, settings: Settings, tmp_path: Path) -> None:
    campaign = sign_all(database, settings)
    assert rows_of(database, campaign, tmp_path, profile=Profile.PUBLIC) == [
        {"place": 1, "name": "Public Person", **SHOWN, **WORDS},
        {"place": 2, "name": "I. O.", "country": "ES"},
        {"place": 3, "name": "Hidden Words", **SHOWN},
        {"place": 4, "name": "Approved Words", **SHOWN, **WORDS},
        {"place": 5, "name": "Wants News", **SHOWN, **WORDS},
        {"place": 6, "name": "N. I.", "country": "ES"},
    ]


def test_contacts_are_of_those_who_agreed_to_news(database: Database, settings: Settings, tmp_path: Path) -> None:
    campaign = sign_all(database, settings)
    agreed = {"language": "en", "country": "ES", "agreed": "2026-11-22T12:00:00Z"}
    rows = rows_of(database, campaign, tmp_path, profile=Profile.CONTACTS)
    assert rows == [
        {"name": "Wants News", "email": "planted9@mail.example", **agreed},
        {"name": "News Initials", "email": "planted10@mail.example", **agreed},
    ]


def test_an_address_that_refused_mails_since_is_no_contact(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    campaign = sign_all(database, settings)
    other = make_campaign(database, slug="other")
    with database.writing() as session:
        keys = {row.serial: row.email_key for row in session.scalars(select(Signature))}
        session.add(Refusal(email_key=keys[9], campaign_id=campaign.id, refused_at=NOON))
        session.add(Refusal(email_key=keys[10], campaign_id=other.id, refused_at=NOON))
    rows = rows_of(database, campaign, tmp_path, profile=Profile.CONTACTS)
    assert [row["email"] for row in rows] == ["planted10@mail.example"]


def test_the_full_list_has_everything_of_everybody_who_confirmed(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    campaign = sign_all(database, settings)
    with database.reading() as session:
        removed_at = session.scalars(select(Signature.removed_at).where(Signature.serial == 5)).one()
    rows = rows_of(database, campaign, tmp_path, profile=Profile.FULL)
    everybody = {
        "affiliation": "UE",
        "city": "Cork",
        "country": "ES",
        "comment": "With you.",
        "comment_state": "unread",
        "answer_union": "506",
        "answer_workplace": "SECRET",
        "language": "en",
        "wording": "en 1",
        "signed": "2026-11-22T12:00:00Z",
        "confirmed": "2026-11-22T12:01:00Z",
        "updates": "no",
        "visibility": "public",
    }
    assert [row["number"] for row in rows] == list(range(1, 12))
    assert rows[0] == everybody | {"number": 1, "name": "Public Person", "email": "planted1@mail.example"}
    assert rows[1]["name"] == "Initials Only"
    assert rows[1]["city"] == "Cork"
    assert "name" not in rows[3]
    assert rows[3]["visibility"] == "anonymous"
    assert removed_at is not None
    assert rows[4]["removed"] == f"{removed_at:%Y-%m-%dT%H:%M:%SZ}"
    assert rows[4]["removed_reason"] == "fake"
    assert rows[5]["name_hidden"] == "yes"
    assert (rows[6]["comment_state"], rows[7]["comment_state"]) == ("hidden", "approved")
    assert (rows[8]["updates"], rows[8]["agreed"]) == ("yes", "2026-11-22T12:00:00Z")


@pytest.mark.parametrize("profile", Profile)
def test_nothing_is_in_a_list_that_its_profile_may_not_hold(
    database: Database, settings: Settings, tmp_path: Path, profile: Profile
) -> None:
    campaign = sign_all(database, settings)
    everything = tuple({key for one in Profile for key in columns_of(one, campaign.terms)})
    rows = rows_of(database, campaign, tmp_path, profile=profile, columns=everything)
    text = json.dumps(rows)
    forbidden = {
        Profile.DELIVERY: ("@", "planted", "SECRET", "Initials", "Removed", "Hidden Name", "anonymous", "Waiting"),
        Profile.PUBLIC: (
            "@",
            "SECRET",
            "506",
            "Initials",
            "Removed",
            "Hidden Name",
            "Addressee",
            "2026",
            "Waiting",
        ),
        Profile.CONTACTS: ("planted1@", "planted5", "SECRET", "506", "Removed", "With you", "Public", "Waiting"),
        Profile.FULL: ("Waiting", "planted0"),
    }
    for planted in forbidden[profile]:
        assert planted not in text
    assert {key for row in rows for key in row} <= set(columns_of(profile, campaign.terms))


def test_columns_come_as_somebody_chose_them(database: Database, settings: Settings, tmp_path: Path) -> None:
    campaign = sign_all(database, settings)
    plan = Plan(columns=("country", "email", "name", "answer_workplace", "answer_union", "nothing"))
    section = take(database, campaign, tmp_path / "s", plan).document.sections[0]
    assert [(column.key, column.heading) for column in section.columns] == [
        ("country", "Country"),
        ("name", "Name"),
        ("answer_union", "Union"),
    ]


def test_columns_without_content_are_left_out(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    sign_and_confirm(database, settings, campaign, city=None, arrived_at=NOON)
    sign_and_confirm(database, settings, campaign, city="Cork", visibility="initials", arrived_at=NOON)
    section = take(database, campaign, tmp_path / "s").document.sections[0]
    assert [column.key for column in section.columns] == ["number", "name", "country", "date", "language"]


def test_an_empty_list_has_its_headings(database: Database, campaign: CampaignSnapshot, tmp_path: Path) -> None:
    section = take(database, campaign, tmp_path / "s", Plan(columns=("name", "city"))).document.sections[0]
    assert [column.heading for column in section.columns] == ["Name", "City"]
    assert (section.rows, list(section.pages()), section.find_characters()) == (0, [], set())


def test_filters_leave_out_everybody_else(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    for day, (country, language) in enumerate((("ES", "es"), ("IE", "en"), ("FR", "fr"), ("ES", "en"))):
        # Pressed a minute later: the last of the day, and the first of the next.
        arrived_at = datetime(2026, 11, 20 + day, 23, 58, 59, 999_000, tzinfo=UTC)
        sign_and_confirm(database, settings, campaign, country=country, language=language, arrived_at=arrived_at)
    sign_and_confirm(database, settings, campaign, arrived_at=datetime(2026, 11, 23, 23, 59, tzinfo=UTC))

    def serials(**plan: Any) -> list[Cell]:
        return [row["number"] for row in rows_of(database, campaign, tmp_path, **plan)]

    assert serials(countries=("ES",)) == [1, 4, 5]
    assert serials(countries=("ES", "FR")) == [1, 3, 4, 5]
    assert serials(languages=("en",)) == [2, 4, 5]
    assert serials(countries=("ES",), languages=("en",)) == [4, 5]
    assert serials(since=date(2026, 11, 22)) == [3, 4, 5]
    assert serials(until=date(2026, 11, 21)) == [1, 2]
    assert serials(since=date(2026, 11, 21), until=date(2026, 11, 22)) == [2, 3]
    assert serials(since=date(2026, 11, 24)) == [5]  # at midnight
    assert serials(until=date(2026, 11, 23)) == [1, 2, 3, 4]
    assert serials(since=date.min, until=date.max) == [1, 2, 3, 4, 5]
    assert serials(countries=("LU",)) == []


def test_only_new_ones_are_those_that_no_delivery_held(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """Also who was hidden then and came back since, and never somebody twice."""
    for _ in range(6):
        sign_and_confirm(database, settings, campaign)
    held = Known(Serials([1, 2, 4]), Serials())
    gathered = take(database, campaign, tmp_path / "s", Plan(without=(UUID(int=1),)), held)
    assert [row["number"] for row in read(gathered.document.sections[0])] == [3, 5, 6]
    assert list(gathered.serials) == [3, 5, 6]
    everybody = Known(Serials(range(1, 7)), Serials())
    assert rows_of(database, campaign, tmp_path, known=everybody) == []


def test_places_count_those_in_the_list_across_pages(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "PAGE_SIZE", 2)
    campaign = sign_all(database, settings)
    held = Known(Serials([1, 7, 8]), Serials())
    rows = rows_of(database, campaign, tmp_path, known=held, profile=Profile.PUBLIC)
    assert [(row["place"], row["name"]) for row in rows] == [(1, "I. O."), (2, "Wants News"), (3, "N. I.")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pages_have_neither_gaps_nor_repeats(
    database: Database, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(signatures, "PAGE_SIZE", size)
    campaign = sign_all(database, settings)
    assert [row["number"] for row in rows_of(database, campaign, tmp_path)] == [1, 2, 3, 7, 8, 9, 10]


def test_what_came_after_the_cut_is_not_in_the_list(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    for hour in range(3):
        sign_and_confirm(database, settings, campaign, arrived_at=NOON + timedelta(hours=hour))
    for minutes, expected in ((0, []), (1, [1]), (60, [1]), (61, [1, 2]), (600, [1, 2, 3])):
        with database.reading() as session:
            cut = cut_at(session, campaign.id, NOON + timedelta(minutes=minutes, microseconds=5))
        assert [row["number"] for row in rows_of(database, campaign, tmp_path, cut=cut)] == expected
        assert cut.moment == NOON + timedelta(minutes=minutes)


def test_another_campaign_is_not_in_the_list(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    other = make_campaign(database, slug="other")
    sign_and_confirm(database, settings, other)
    sign_and_confirm(database, settings, other)
    assert rows_of(database, campaign, tmp_path, profile=Profile.FULL) == []


def test_headings_and_countries_are_in_the_language_of_the_list(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    campaign = make_campaign(
        database,
        languages=("eu", "pt-BR"),
        affiliation={"label": {"eu": "Unibertsitatea", "pt-BR": "Universidade"}},
    )
    sign_and_confirm(database, settings, campaign, country="CH", affiliation="UE")
    for language, country, heading, affiliation in (
        (None, "Suitza", "Herrialdea", "Unibertsitatea"),
        ("de", "Schweiz", "Land", "Unibertsitatea"),
        ("pt-BR", "Suíça", "Country", "Universidade"),
        ("es-MX", "Suiza", "País", "Unibertsitatea"),
        ("nl", "Zwitserland", "Country", "Unibertsitatea"),
    ):
        section = take(database, campaign, tmp_path / "s", Plan(language=language)).document.sections[0]
        columns = {column.key: column for column in section.columns}
        assert columns["country"].say("CH") == country
        assert columns["country"].heading == heading
        assert columns["affiliation"].heading == affiliation
        assert columns["country"].say("ZZ9") == "ZZ9"
        assert set(country) <= section.find_characters()


def test_what_many_columns_say_is_said_in_words(database: Database, settings: Settings, tmp_path: Path) -> None:
    campaign = sign_all(database, settings)
    section = take(database, campaign, tmp_path / "s", Plan(profile=Profile.FULL)).document.sections[0]
    columns = {column.key: column for column in section.columns}
    assert columns["visibility"].say("addressee") == "full name, for the addressee alone"
    assert columns["comment_state"].say("unread") == "not read yet"
    assert columns["updates"].say("no") == "no"
    assert columns["name"].say(None) == ""


def test_every_profile_says_what_it_is_and_who_may_have_it() -> None:
    assert set(PROFILES) == set(Profile)
    assert {profile for profile in Profile if PROFILES[profile].needs_reason} == {
        Profile.CONTACTS,
        Profile.FULL,
    }
    contacts = {profile for profile in Profile if PROFILES[profile].permission == "contacts"}
    assert contacts == {Profile.CONTACTS, Profile.FULL}
    assert {profile for profile in Profile if "email" in PROFILES[profile].columns} == contacts


def test_long_lists_are_read_in_pages_of_the_real_size(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """4,500 signatures, three pages."""
    sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    with database.writing() as session:
        row = dict(session.execute(select(Signature.__table__)).mappings().one())
        copies = [
            row
            | {
                "id": make_draft(campaign, settings).id,
                "email_key": serial.to_bytes(16, "big"),
                "serial": serial,
                "visibility": "anonymous" if serial % 1000 == 0 else "public",
            }
            for serial in range(2, 4_501)
        ]
        session.execute(Signature.__table__.insert(), copies)  # type: ignore[attr-defined]
    gathered = take(
        database, campaign, tmp_path / "s", cut=Cut(NOON, 4_400, 0), known=Known(Serials([3]), Serials())
    )
    pages = list(gathered.document.sections[0].pages())
    assert [len(page[0]) for page in pages] == [1_999, 2_000, 396]
    expected = [serial for serial in range(1, 4_401) if serial % 1000 and serial != 3]
    assert [cell for page in pages for cell in page[0]] == expected == list(gathered.serials)
