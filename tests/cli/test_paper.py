"""petitions paper import, and what recount says of paper."""

from pathlib import Path

import pytest
from sqlalchemy import update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.models import Tally
from tests.cli.conftest import Petitions
from tests.factories import sign_and_confirm
from tests.paper.entering import assert_true, csv, logged, rows_of

COUNTED = "2 count\n0 wait for a decision\n0 signed online\n0 stand on paper twice\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "sheets.csv"
    file.write_text(csv(), encoding="utf-8")
    return file


def test_rows_come_in_and_are_written_down(
    database: Database, petitions: Petitions, campaign: CampaignSnapshot, file: Path
) -> None:
    assert petitions("paper", "import", "free-boris", file, "--dry-run").stdout == COUNTED
    assert rows_of(database, campaign) == []
    result = petitions("paper", "import", "free-boris", file, "--language", "en")
    assert (result.exit_code, result.stdout) == (0, COUNTED)
    assert logged(database) == [("petitions", "paper.imported", {"rows": 2, "states": {"counted": 2}, "wrong": 0})]
    again = petitions("paper", "import", "free-boris", file)
    assert (again.exit_code, "the same rows came in before" in again.stderr) == (5, True)
    assert assert_true(database, campaign) == 2
    assert petitions("paper", "import", "free-boris", file, "--again").stdout.startswith("0 count\n1 wait")


def test_repetitions_are_told(
    database: Database, settings: Settings, petitions: Petitions, campaign: CampaignSnapshot, file: Path
) -> None:
    sign_and_confirm(database, settings, campaign, email="carla@example.org", name="Bruno Baker", city="Cork")
    said = petitions("paper", "import", "free-boris", file).stdout
    assert said == "0 count\n1 wait for a decision\n1 signed online\n0 stand on paper twice\n"


def test_mistakes_are_told_by_line_and_nothing_comes_in(
    database: Database, petitions: Petitions, campaign: CampaignSnapshot, file: Path
) -> None:
    file.write_text("name,country\nAna,\n,ES\n", encoding="utf-8")
    result = petitions("paper", "import", "free-boris", file)
    assert result.exit_code == 5
    assert "line 2: country: Please fill this in, or choose a country for all rows.\n" in result.stderr
    assert "line 3: name: Please fill this in.\n" in result.stderr
    assert rows_of(database, campaign) == []
    result = petitions("paper", "import", "free-boris", file, "--country", "Spain", "--leave-wrong")
    assert result.stdout.startswith("1 count\n")
    assert result.stdout.endswith("1 with mistakes, left out\n")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("free-carla", "{}"), "There is no campaign free-carla."),
        (("free-boris", "{}.gone"), "No such file or directory"),
        (("free-boris", "{}", "--language", "es"), "The campaign has no wording in “es”; it has en."),
        (("free-boris", "{}", "--country", "Nowhere"), "This is no country that we know."),
    ],
)
def test_what_is_wrong_is_said(
    petitions: Petitions, campaign: CampaignSnapshot, file: Path, arguments: tuple[str, ...], problem: str
) -> None:
    result = petitions("paper", "import", *(each.format(file) for each in arguments))
    assert (result.exit_code, problem in result.stderr) == (5, True)


def test_recount_looks_at_paper_too(
    database: Database, petitions: Petitions, campaign: CampaignSnapshot, file: Path
) -> None:
    assert "on paper" not in petitions("recount").stdout
    petitions("paper", "import", "free-boris", file)
    assert "free-boris, on paper: says 2: right\n" in petitions("recount").stdout
    with database.writing() as session:
        session.execute(update(Tally).values(paper=5))
    result = petitions("recount")
    assert (result.exit_code, "free-boris, on paper: says 5: wrong by +3\n" in result.stdout) == (6, True)
    assert "wrong by +3, repaired" in petitions("recount", "--repair").stdout
    assert assert_true(database, campaign) == 2
