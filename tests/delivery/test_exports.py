"""Lists that were written to files go with the people in them; what cannot be deleted is told."""

import os
import socket
from pathlib import Path

import pytest
from sqlalchemy import select, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.exports import delete_exports, forget_replaced, has_exports, record_export
from petitions.delivery.models import Export
from petitions.privacy.purging import purge, purge_due
from petitions.settings import Settings
from tests.factories import make_campaign, sign_and_confirm
from tests.privacy.support import Logged
from tests.web.support import count_rows


def written(
    database: Database,
    campaign: CampaignSnapshot,
    file: Path,
    content: str = "1,Ana\r\n",
    replaced: os.stat_result | None = None,
) -> Path:
    """A list that an export wrote."""
    file.write_text(content)
    with database.writing() as session:
        record_export(session, campaign.id, file, file.stat(), 1, utc_now())
        if replaced is not None:
            forget_replaced(session, campaign.id, file, replaced)
    return file


def test_an_export_is_remembered_as_it_was_written(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its whole path, for the purge runs somewhere else."""
    monkeypatch.chdir(tmp_path)
    written(database, campaign, Path("list.csv"))
    with database.reading() as session:
        export = session.scalars(select(Export)).one()
    found = (tmp_path / "list.csv").stat()
    assert (export.host, export.path) == (socket.gethostname(), f"{tmp_path}/list.csv")
    assert (export.size, export.modified_ns, export.rows) == (found.st_size, found.st_mtime_ns, 1)


def test_a_list_that_lies_as_it_was_written_is_deleted(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    lists = [written(database, campaign, tmp_path / name) for name in ("a.csv", "b.csv")]
    assert delete_exports(database, campaign.id) == []
    assert [file.exists() for file in lists] == [False, False]
    assert count_rows(database, Export) == 0


def test_a_list_that_somebody_worked_in_is_left_and_told(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    longer = written(database, campaign, tmp_path / "longer.csv")
    longer.write_text("1,Ana\r\n2,Boris\r\n")
    as_long = written(database, campaign, tmp_path / "as-long.csv")
    before = as_long.stat()
    as_long.write_text("1,Eva\r\n")
    os.utime(as_long, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert delete_exports(database, campaign.id) == [f"{tmp_path}/longer.csv", f"{tmp_path}/as-long.csv"]
    assert longer.exists()
    assert as_long.exists()


def test_a_list_that_is_not_there_any_more_is_told(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """It may have been moved."""
    written(database, campaign, tmp_path / "moved.csv").rename(tmp_path / "elsewhere.csv")
    assert delete_exports(database, campaign.id) == [f"{tmp_path}/moved.csv"]
    assert (tmp_path / "elsewhere.csv").exists()


def test_a_link_in_place_of_a_list_is_not_followed(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    file = written(database, campaign, tmp_path / "list.csv")
    file.rename(tmp_path / "mine.csv")
    file.symlink_to(tmp_path / "mine.csv")
    assert delete_exports(database, campaign.id) == [f"{tmp_path}/list.csv"]
    assert (tmp_path / "mine.csv").exists()


def test_a_list_on_another_host_is_told_with_its_host(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """What lies here under the same path is another file."""
    file = written(database, campaign, tmp_path / "list.csv")
    with database.writing() as session:
        session.execute(update(Export).values(host="other.example.org"))
    assert delete_exports(database, campaign.id) == [f"other.example.org:{tmp_path}/list.csv"]
    assert file.exists()
    assert count_rows(database, Export) == 1  # for the worker over there
    with database.reading() as session:
        assert not has_exports(session, campaign.id)
    with database.writing() as session:
        session.execute(update(Export).values(host=socket.gethostname()))
    assert delete_exports(database, campaign.id) == []
    assert not file.exists()


def test_a_list_over_an_earlier_one_is_the_one_that_is_remembered(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    file = written(database, campaign, tmp_path / "list.csv")
    for number in range(3):
        before = file.lstat()
        written(database, campaign, file, "x" * (9 - number), replaced=before)
    assert count_rows(database, Export) == 1
    assert delete_exports(database, campaign.id) == []
    assert not file.exists()


def test_a_list_that_was_moved_away_before_the_next_one_is_told(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """It lies somewhere else now, and the new one in its place is deleted."""
    file = written(database, campaign, tmp_path / "list.csv", "first")
    file.rename(tmp_path / "elsewhere.csv")
    written(database, campaign, file, "second list", replaced=None)
    assert delete_exports(database, campaign.id) == [str(file)]
    assert not file.exists()
    assert (tmp_path / "elsewhere.csv").exists()


def test_lists_of_another_campaign_stay(database: Database, campaign: CampaignSnapshot, tmp_path: Path) -> None:
    other = written(database, make_campaign(database, slug="other"), tmp_path / "other.csv")
    written(database, campaign, tmp_path / "list.csv")
    assert delete_exports(database, campaign.id) == []
    assert other.exists()
    assert count_rows(database, Export) == 1


def test_a_purge_deletes_lists_and_tells_which_it_left(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path, logged: Logged
) -> None:
    """In the log too, for the worker has nobody else to tell."""
    sign_and_confirm(database, settings, campaign)
    gone, changed = (written(database, campaign, tmp_path / name) for name in ("gone.csv", "changed.csv"))
    changed.write_text("worked in")
    report = purge(database, campaign.id, utc_now())
    assert report.files_left == [f"{tmp_path}/changed.csv"]
    assert not gone.exists()
    assert logged.named("export_left") == [{"campaign": "free-boris", "place": f"{tmp_path}/changed.csv"}]
    assert logged.named("purged") == [{"campaign": "free-boris", "signatures": 1, "files_left": 1}]


def test_a_purge_that_was_broken_off_leaves_the_lists_to_the_next(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    file = written(database, campaign, tmp_path / "list.csv")
    assert purge(database, campaign.id, utc_now(), stop=lambda: True).done is False
    assert file.exists()
    assert [report.done for report in purge_due(database, utc_now())] == [True]
    assert not file.exists()


def test_a_list_that_was_recorded_at_the_last_moment_goes_too(
    database: Database, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """Its export had looked before the purge began, and committed when the purge was over."""
    purge(database, campaign.id, utc_now())
    file = written(database, campaign, tmp_path / "list.csv")
    assert len(purge_due(database, utc_now())) == 1
    assert not file.exists()
    assert purge_due(database, utc_now()) == []
