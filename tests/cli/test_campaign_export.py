"""petitions campaign export: the files say what the site says."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from petitions.audit.models import AuditEntry
from petitions.campaigns.content import to_files
from petitions.campaigns.editing import create_campaign, load_copy, save_copy
from petitions.campaigns.files import read_campaign
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.cli.context import Exit
from petitions.clock import utc_now
from petitions.db import Database
from tests.campaigns.contents import TEXTS, content
from tests.cli.conftest import Petitions
from tests.factories import WORDING, make_campaign


def save_title(database: Database, campaign: CampaignSnapshot, title: str) -> None:
    with database.writing() as session:
        copy = load_copy(session, campaign.id)
        texts = {"en": replace(copy.content.texts["en"], title=title)}
        save_copy(session, campaign.id, copy.number, replace(copy.content, texts=texts), "Lea", utc_now())


def test_what_is_published_is_written_and_can_be_brought_back(
    database: Database, petitions: Petitions, tmp_path: Path
) -> None:
    campaign = make_campaign(
        database,
        languages=("en", "es"),
        closes_at=utc_now() + timedelta(days=30),
        wordings={"en": replace(WORDING, background="He is."), "es": WORDING},
    )
    save_title(database, campaign, "Not published")
    folder = tmp_path / "out"
    result = petitions("campaign", "export", "free-boris", folder)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.split() == [str(folder / name) for name in ("campaign.toml", "en.md", "es.md")]
    assert petitions("campaign", "import", folder).exit_code == 0
    with database.reading() as session:
        again = get_snapshot(session, "free-boris")
        assert load_copy(session, campaign.id).content.texts["en"].title == "Free Boris"
    assert (again.terms, again.closes_at) == (campaign.terms, campaign.closes_at)
    assert {language: row.id for language, row in again.statements.items()} == {
        language: row.id for language, row in campaign.statements.items()
    }


def test_a_draft_is_written_when_it_is_asked_for(database: Database, petitions: Petitions, tmp_path: Path) -> None:
    campaign = make_campaign(database)
    save_title(database, campaign, "Not published")
    assert petitions("campaign", "export", "free-boris", tmp_path / "out", "--draft").exit_code == 0
    assert read_campaign(tmp_path / "out", utc_now()).wordings["en"].title == "Not published"


def test_a_campaign_that_nobody_published_needs_the_word_draft(
    database: Database, petitions: Petitions, tmp_path: Path
) -> None:
    written = content(("en", "es"))
    with database.writing() as session:
        create_campaign(session, "new-one", written, "Lea", utc_now())
    result = petitions("campaign", "export", "new-one", tmp_path / "out")
    assert (result.exit_code, result.stdout) == (Exit.INPUT, "")
    assert not (tmp_path / "out").exists()
    assert petitions("campaign", "export", "new-one", tmp_path / "out", "--draft").exit_code == 0
    now = utc_now()
    assert read_campaign(tmp_path / "out", now) == to_files("new-one", written, now)


def test_a_draft_that_is_not_whole_is_not_written(
    database: Database, petitions: Petitions, tmp_path: Path
) -> None:
    with database.writing() as session:
        create_campaign(session, "new-one", content(texts={"en": replace(TEXTS, summary="")}), "Lea", utc_now())
    result = petitions("campaign", "export", "new-one", tmp_path / "out", "--draft")
    assert (result.exit_code, result.stderr) == (Exit.INPUT, "new-one: en.summary: The summary is missing.\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("options", [(), ("--draft",)])
def test_a_campaign_that_is_not_there_is_told(
    database: Database, petitions: Petitions, tmp_path: Path, options: tuple[str, ...]
) -> None:
    assert petitions("campaign", "export", "nothing", tmp_path / "out", *options).exit_code == Exit.INPUT


def test_a_folder_with_something_in_it_is_left_alone(
    database: Database, petitions: Petitions, tmp_path: Path
) -> None:
    make_campaign(database)
    folder = tmp_path / "out"
    assert petitions("campaign", "export", "free-boris", folder).exit_code == 0
    (folder / "en.md").write_text("mine")
    result = petitions("campaign", "export", "free-boris", folder)
    assert result.exit_code == Exit.INPUT
    assert "--overwrite" in result.stderr
    assert (folder / "en.md").read_text() == "mine"
    assert petitions("campaign", "export", "free-boris", folder, "--overwrite").exit_code == 0
    assert (folder / "en.md").read_text().startswith("# Free Boris\n")


def test_a_campaign_whose_data_are_erased_can_still_be_written(
    database: Database, petitions: Petitions, tmp_path: Path
) -> None:
    make_campaign(database)
    long_ago = utc_now() - timedelta(days=999)
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=long_ago, purge_began_at=long_ago))
    assert petitions("campaign", "export", "free-boris", tmp_path / "out").exit_code == 0
    assert "closes = " in (tmp_path / "out" / "campaign.toml").read_text()


def test_an_import_stands_in_the_log(database: Database, petitions: Petitions, tmp_path: Path) -> None:
    campaign = make_campaign(database)
    petitions("campaign", "export", "free-boris", tmp_path / "out")
    petitions("campaign", "import", tmp_path / "out")
    with database.reading() as session:
        entries = session.scalars(select(AuditEntry)).all()
        assert [(e.action, e.actor, e.campaign_id, e.details) for e in entries] == [
            ("campaign.imported", "petitions", campaign.id, {"new_versions": []})
        ]
