"""Lists of rules in the store: two writers notice each other, and a process reads a list once for every save."""

import threading
from datetime import UTC, datetime

import anyio
import pytest

from petitions.abuse.rule_lists import SITE, RuleBook, Written, find_list, save_list
from petitions.abuse.rules import Facts, RulesWrong
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from tests.console.support import Queries

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def save(database: Database, scope: int, text: str, seen: int, by: str = "Lea") -> bool:
    with database.writing() as session:
        return save_list(session, scope, text, seen, by, NOON)


def found(database: Database, scope: int = SITE) -> Written:
    with database.reading() as session:
        return find_list(session, scope)


def test_a_list_is_kept_as_it_was_written(database: Database, campaign: CampaignSnapshot) -> None:
    assert found(database) == Written()
    text = "# why\r\n\r\nhold  domain spam.example\r\n"
    assert save(database, SITE, text, 0)
    assert found(database) == Written(1, "# why\n\nhold  domain spam.example", NOON, "Lea")
    assert save(database, SITE, "", 1)
    assert (found(database).number, found(database).text) == (2, "")
    assert found(database, campaign.id) == Written()


def test_a_wrong_list_changes_nothing(database: Database) -> None:
    save(database, SITE, "hold domain spam.example", 0)
    with pytest.raises(RulesWrong):
        save(database, SITE, "hold everybody", 1)
    assert found(database).number == 1


@pytest.mark.parametrize("seen", [0, 1])
def test_who_writes_after_somebody_else_is_told(database: Database, seen: int) -> None:
    if seen:
        save(database, SITE, "# first", 0)
    assert save(database, SITE, "# Lea's", seen)
    assert not save(database, SITE, "# Mo's", seen, by="Mo")
    assert (found(database).text, found(database).saved_by) == ("# Lea's", "Lea")


@pytest.mark.parametrize("seen", [0, 1])
def test_of_those_who_write_at_once_one_is_right(database: Database, seen: int) -> None:
    if seen:
        save(database, SITE, "# first", 0)
    start, saved = threading.Barrier(4), []

    def write(name: str) -> None:
        start.wait(30)
        saved.append((save(database, SITE, f"# {name}", seen, by=name), name))

    threads = [threading.Thread(target=write, args=(f"Lead {n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ((_, winner),) = [each for each in saved if each[0]]
    assert len(saved) == 4
    assert (found(database).saved_by, found(database).number) == (winner, seen + 1)


def test_a_process_reads_lists_again_only_after_a_save(database: Database, campaign: CampaignSnapshot) -> None:
    book = RuleBook(database)
    facts = Facts("ana@spam.example", None, [])

    def held() -> tuple[bool, int]:
        with Queries(database) as queries:
            verdict = anyio.run(book.load, campaign.id).judge(facts)
        return verdict is not None and verdict.holds, queries.count

    assert held() == (False, 1)
    save(database, SITE, "hold domain spam.example", 0)
    assert held() == (True, 2)
    assert held() == (True, 1)
    save(database, campaign.id, "allow domain spam.example", 0)
    assert held() == (False, 2)
    save(database, campaign.id, "", 1)
    assert held() == (True, 2)
    assert not anyio.run(book.load, campaign.id + 1).judge(Facts("ana@example.org", None, []))
