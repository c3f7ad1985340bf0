"""The organisations that co-sign as CSV."""

import csv
import hashlib
import io
from datetime import UTC, datetime
from typing import Any

import pytest

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.csv_export import BOM
from petitions.delivery.organisations_csv import OrganisationList, make_list, record_download
from petitions.organisations.requesting import add
from petitions.settings import Settings
from tests import factories

HEADER = [
    "Number",
    "Name of the organisation",
    "Kind",
    "Country",
    "City",
    "Website",
    "Members represented",
    "Public words",
    "Language",
    "Signed wording",
    "Approved on",
]
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make(database: Database, campaign: CampaignSnapshot, **options: Any) -> OrganisationList:
    with database.reading() as session:
        return make_list(session, campaign, **options)


def rows(made: OrganisationList) -> list[list[str]]:
    return list(csv.reader(io.StringIO(made.content.decode(), newline="")))


def test_it_holds_what_everybody_sees_and_nobody_who_speaks(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.cosign(
        database,
        settings,
        campaign,
        name='Bakers, "the" Union',
        members=48000,
        comment="With you.\nAlways.",
        website="https://bakers.example.org/a",
        arrived_at=NOON,
    )
    factories.cosign(database, settings, campaign, kind="media", city=None, website="", arrived_at=NOON)
    with database.writing() as session:
        add(session, factories.organisation_request(campaign, settings, name="Waits"))
    made = make(database, campaign)
    assert rows(made) == [
        HEADER,
        [
            "1",
            'Bakers, "the" Union',
            "Union",
            "Ireland",
            "Cork",
            "https://bakers.example.org/a",
            "48000",
            "With you.\nAlways.",
            "en",
            "en 1",
            "2026-11-22",
        ],
        [
            "2",
            "Union of Examples",
            "Editorial board or publisher",
            "Ireland",
            "",
            "",
            "",
            "",
            "en",
            "en 1",
            "2026-11-22",
        ],
    ]
    assert made.rows == 2
    for planted in (b"Clara", b"Secretary", b"@", b"+353", b"Waits"):
        assert planted not in made.content


def test_nobody_can_count_who_asked_and_is_not_shown(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Where the file has been handed over, gaps between the numbers would."""
    for name in ("One", "Two"):
        with database.writing() as session:
            add(session, factories.organisation_request(campaign, settings, name="Waits"))
        factories.cosign(database, settings, campaign, name=name)
    assert [row[:2] for row in rows(make(database, campaign))[1:]] == [["1", "One"], ["2", "Two"]]


@pytest.mark.parametrize("text", ["=1+1", "-1", "@sum", "x;=cmd()", "\tx"])
def test_no_cell_is_a_formula(
    database: Database, settings: Settings, campaign: CampaignSnapshot, text: str
) -> None:
    factories.cosign(database, settings, campaign, name=text, city=text, comment=text)
    (row,) = rows(make(database, campaign))[1:]
    for cell in (row[1], row[4], row[7]):
        assert cell != text
        assert cell.replace("'", "") == text


def test_headings_kinds_and_countries_are_in_the_campaign_s_language(
    database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, languages=("de",))
    factories.cosign(database, settings, campaign)
    header, row = rows(make(database, campaign, bom=True))
    assert header[0] == f"{BOM}Nummer"
    assert (row[3], row[9]) == ("Irland", "de 1")


def test_who_takes_it_along_is_written_down(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.cosign(database, settings, campaign)
    made = make(database, campaign)
    with database.writing() as session:
        record_download(session, campaign.id, Actor(None, "Dora"), made, utc_now())
    with database.reading() as session:
        entry = session.query(AuditEntry).one()
        assert (entry.action, entry.actor) == ("organisations.downloaded", "Dora")
        assert entry.details == {"rows": 1, "sha256": hashlib.sha256(made.content).hexdigest()}
