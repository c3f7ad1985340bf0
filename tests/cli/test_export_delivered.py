"""Lists that were made at the command line can be recorded as delivered, and go with the names."""

from dataclasses import replace
from pathlib import Path

import pytest

from petitions.audit.recording import COMMAND_LINE
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import jobs
from petitions.delivery.candidates import list_candidates
from petitions.delivery.deliveries import find_containing
from petitions.delivery.models import ExportJob
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests.cli.conftest import Petitions
from tests.delivery.test_deliveries import EMBASSY, record
from tests.factories import sign_and_confirm
from tests.web.support import count_rows


@pytest.fixture
def signed(database: Database, settings: Settings, campaign: CampaignSnapshot) -> CampaignSnapshot:
    """A campaign with a signature."""
    sign_and_confirm(database, settings, campaign)
    return campaign


@pytest.mark.parametrize("options", [("--pack",), ("--profile", "public"), ("--format", "pdf", "--format", "csv")])
def test_what_it_held_is_known_when_its_delivery_is_recorded(
    petitions: Petitions,
    database: Database,
    settings: Settings,
    signed: CampaignSnapshot,
    tmp_path: Path,
    options: tuple[str, ...],
) -> None:
    result = petitions("export", signed.slug, *options, "-o", tmp_path / "file")
    assert result.exit_code == 0, result.stderr
    with database.reading() as session:
        (candidate,) = list_candidates(session, signed.id)
        job = session.get_one(ExportJob, candidate.id)
        assert (job.by_id, job.by_name, job.state, job.key) == (None, COMMAND_LINE.name, jobs.EXPIRED, None)
    assert (candidate.people, candidate.manifest_sha256 is not None) == (1, "--pack" in options)
    row = record(database, signed, replace(EMBASSY, delivered_on=utc_now().date(), export_id=candidate.id))
    assert (row.by_hand, row.has_serials, row.people, row.cut_off) == (False, True, 1, candidate.cut_off)
    assert row.manifest_sha256 == candidate.manifest_sha256
    with database.reading() as session:
        assert [one.id for one in find_containing(session, signed.id, 1)] == [row.id]
    sign_and_confirm(database, settings, signed)
    result = petitions("export", signed.slug, "--not-delivered", "-o", tmp_path / "next.csv")
    assert result.stderr.endswith("1 signatures\n")
    assert purge(database, signed.id, utc_now()).done
    assert count_rows(database, ExportJob) == 0


def test_of_lists_with_addresses_nothing_is_kept(
    petitions: Petitions, database: Database, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    for profile in ("contacts", "full"):
        result = petitions("export", signed.slug, "--profile", profile, "--reason", "x", "-o", tmp_path / profile)
        assert result.exit_code == 0, result.stderr
    assert petitions("export", signed.slug, "--organisations", "-o", tmp_path / "bakers.csv").exit_code == 0
    assert count_rows(database, ExportJob) == 0
