"""The organisations of a list: what everybody sees, and nobody who speaks for one."""

import json
from datetime import timedelta
from pathlib import Path

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.lists.cuts import Cut
from petitions.lists.documents import Section
from petitions.lists.plans import Plan, Profile
from petitions.organisations.requesting import add
from petitions.settings import Settings
from tests import factories
from tests.lists.cast import NOON
from tests.lists.made import read, take


def section_of(
    database: Database, campaign: CampaignSnapshot, folder: Path, plan: Plan, cut: Cut | None = None
) -> Section:
    (_, section) = take(database, campaign, folder / "spools", plan, cut=cut).document.sections
    assert section.key == "organisations"
    return section


def test_it_holds_what_everybody_sees_and_nobody_who_speaks(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    factories.cosign(
        database,
        settings,
        campaign,
        name='Bakers, "the" Union',
        members=48_000,
        comment="With you.",
        website="https://bakers.example.org/a",
        arrived_at=NOON,
    )
    factories.cosign(database, settings, campaign, kind="media", city=None, website="", arrived_at=NOON)
    with database.writing() as session:
        add(session, factories.organisation_request(campaign, settings, name="Waits"))
    same = {"country": "IE", "language": "en", "wording": "en 1", "approved": "2026-11-22"}
    for profile in Profile:
        section = section_of(database, campaign, tmp_path, Plan(profile=profile, organisations=True))
        assert read(section) == [
            {
                "number": 1,
                "name": 'Bakers, "the" Union',
                "kind": "union",
                "city": "Cork",
                "website": "https://bakers.example.org/a",
                "members": 48_000,
                "comment": "With you.",
                **same,
            },
            {"number": 2, "name": "Union of Examples", "kind": "media", **same},
        ]
        for planted in ("Clara", "Secretary", "@", "+353", "Waits"):
            assert planted not in json.dumps(read(section))
        kind = next(column for column in section.columns if column.key == "kind")
        assert kind.say("media") == "Editorial board or publisher"
        assert section.title == "Organisations"


def test_nobody_can_count_who_asked_and_is_not_shown(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """Where the file has been handed over, gaps between the numbers would."""
    for name in ("One", "Two"):
        with database.writing() as session:
            add(session, factories.organisation_request(campaign, settings, name="Waits"))
        factories.cosign(database, settings, campaign, name=name)
    rows = read(section_of(database, campaign, tmp_path, Plan(organisations=True)))
    assert [(row["number"], row["name"]) for row in rows] == [(1, "One"), (2, "Two")]


def test_those_of_other_countries_and_after_the_cut_are_left_out(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    for hours, country in enumerate(("IE", "ES", "IE")):
        at = NOON + timedelta(hours=hours, microseconds=7)
        factories.cosign(database, settings, campaign, name=f"Of {hours}", country=country, arrived_at=at)
    in_ireland = Plan(organisations=True, countries=("IE",))
    assert [row["name"] for row in read(section_of(database, campaign, tmp_path, in_ireland))] == ["Of 0", "Of 2"]
    for hours, names in ((-1, []), (0, ["Of 0"]), (1, ["Of 0", "Of 1"]), (2, ["Of 0", "Of 1", "Of 2"])):
        cut = Cut(NOON + timedelta(hours=hours), 0, 0)
        gathered = take(database, campaign, tmp_path / "s", Plan(organisations=True), cut=cut)
        assert [row["name"] for row in read(gathered.document.sections[1])] == names
        assert gathered.document.counts.organisations == len(names)


def test_headings_are_in_the_language_of_the_list(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    factories.cosign(database, settings, campaign)
    section = section_of(database, campaign, tmp_path, Plan(organisations=True, language="de"))
    columns = {column.key: column for column in section.columns}
    assert columns["number"].heading == "Nummer"
    assert columns["country"].say("IE") == "Irland"
