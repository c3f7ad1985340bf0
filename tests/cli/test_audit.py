"""petitions audit: whether the log of what leads did is as it was sealed."""

import csv
import io
from pathlib import Path

from petitions.audit.sealing import seal
from petitions.cli.context import Exit
from petitions.clock import utc_now
from petitions.db import Database
from tests.audit.support import check, sealed_chain, tamper, write_entries
from tests.cli.conftest import Petitions


def test_a_whole_chain_is_told_with_its_head(petitions: Petitions, database: Database) -> None:
    head = sealed_chain(database, 3).head
    write_entries(database, 2)
    result = petitions("audit", "verify")
    assert (result.exit_code, result.stdout) == (Exit.OK, f"3 entries\t{head}\n")
    assert result.stderr == "2 wait for the worker to seal them.\n"


def test_a_broken_chain_has_an_exit_code_of_its_own(petitions: Petitions, database: Database) -> None:
    sealed_chain(database, 3)
    tamper(database, "DELETE FROM audit_entries WHERE place = 2")
    result = petitions("audit", "verify")
    assert result.exit_code == Exit.BROKEN
    assert result.stderr == "The chain is broken at place 2.\n"


def test_a_head_that_was_noted_down_is_compared(petitions: Petitions, database: Database) -> None:
    noted = sealed_chain(database, 2).head
    write_entries(database, 1)
    seal(database, utc_now())
    assert petitions("audit", "verify", "--head", noted).exit_code == Exit.OK
    assert petitions("audit", "verify", "--head", f"1:{noted.digest.hex()}").exit_code == Exit.BROKEN
    assert petitions("audit", "verify", "--head", "nonsense").exit_code == Exit.USAGE


def test_the_log_is_written_as_a_file(petitions: Petitions, database: Database, tmp_path: Path) -> None:
    sealed_chain(database, 3)
    file = tmp_path / "log.csv"
    assert petitions("audit", "export", "--output", file).exit_code == Exit.OK
    rows = list(csv.DictReader(io.StringIO(file.read_text(), newline="")))
    assert [row["place"] for row in rows] == ["1", "2", "3"]
    assert rows[-1]["digest"] == check(database).head.digest.hex()
    assert petitions("audit", "export", "-o", "-").stdout_bytes == file.read_bytes()


def test_a_place_that_cannot_be_written_is_told(petitions: Petitions, database: Database, tmp_path: Path) -> None:
    result = petitions("audit", "export", "-o", tmp_path / "none" / "log.csv")
    assert result.exit_code == Exit.INPUT
    assert "cannot be written" in result.stderr
