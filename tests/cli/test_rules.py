"""petitions rules …"""

from pathlib import Path

from sqlalchemy import select

from petitions.audit.models import AuditEntry
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from tests.cli.conftest import Petitions

TEXT = "# why\nhold domain spam.example\nallow word fine  # so\n"


def test_rules_are_checked_set_and_shown(
    database: Database, petitions: Petitions, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    file = tmp_path / "rules.txt"
    file.write_text(TEXT, encoding="utf-8")
    assert petitions("rules", "check", file).stdout == "2 rules: right\n"
    assert petitions("rules", "show").stdout == ""
    assert petitions("rules", "set", file).stdout == "2 rules saved\n"
    assert petitions("rules", "show").stdout == TEXT
    assert petitions("rules", "set", "-", "--campaign", campaign.slug, typed="hold word pills").exit_code == 0
    assert petitions("rules", "show", "--campaign", campaign.slug).stdout == "hold word pills\n"
    assert petitions("rules", "show").stdout == TEXT
    with database.reading() as session:
        entries = session.execute(select(AuditEntry.action, AuditEntry.campaign_id, AuditEntry.details)).all()
    assert [tuple(entry) for entry in entries] == [
        ("rules.saved", None, {"rules": 2}),
        ("rules.saved", campaign.id, {"rules": 1}),
    ]


def test_a_wrong_list_is_not_taken_and_every_wrong_line_is_named(petitions: Petitions, tmp_path: Path) -> None:
    file = tmp_path / "rules.txt"
    file.write_text("hold domain spam.example\nhold everybody\nhold domain spam\n", encoding="utf-8")
    for command in ("check", "set"):
        result = petitions("rules", command, file)
        assert (result.exit_code, result.stdout) == (5, "")
        assert result.stderr == (
            'line 2: After "hold" comes "domain", "address", "network" or "word".\n'
            "line 3: This is no domain. It looks like example.org.\n"
        )
    assert petitions("rules", "show").stdout == ""


def test_what_is_not_there_is_said(petitions: Petitions, tmp_path: Path) -> None:
    assert petitions("rules", "check", tmp_path / "nothing").exit_code == 5
    assert petitions("rules", "show", "--campaign", "nothing").exit_code == 5
