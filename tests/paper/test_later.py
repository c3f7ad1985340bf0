"""Who signs online after a sheet was typed; recounting; what confirming costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.paper.counting import recount
from petitions.paper.deciding import Seen, Verdict, decide
from petitions.paper.later import compare_later
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.models import Tally
from petitions.watching.models import Alert
from petitions.watching.waiting import check_counts, count_waiting
from tests.factories import confirm, make_campaign, sign, sign_and_confirm
from tests.paper.entering import LEAD, assert_true, csv, enter, rows_of, states

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_later_namesake_makes_a_row_wait(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Ana Sánchez,Madrid,ES,", "Dora,Bonn,DE,"))
    sign_and_confirm(database, settings, campaign)
    assert assert_true(database, campaign) == 2
    compare_later(database)
    row = rows_of(database, campaign)[0]
    assert (row.state, row.like_serial) == ("waiting", 1)
    assert assert_true(database, campaign) == 1
    with database.writing() as session:
        decide(session, campaign.id, Verdict.OTHER, [Seen(1, "waiting")], LEAD, NOON)
    sign_and_confirm(database, settings, campaign)
    compare_later(database)
    assert states(database, campaign) == {1: "counted", 2: "counted"}  # it was decided


def test_each_signature_is_looked_at_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    enter(database, settings, campaign, csv("Dora,Bonn,DE,"))
    with database.reading() as session:
        assert session.get_one(Tally, campaign.id).compared_serial == 1
    sign_and_confirm(database, settings, campaign, name="Dora", city="Bonn")
    enter(database, settings, campaign, csv("Emil,Bonn,DE,"))  # Dora was not compared with the second yet
    compare_later(database)
    compare_later(database)
    assert states(database, campaign) == {1: "waiting", 2: "counted"}
    with database.reading() as session:
        assert session.get_one(Tally, campaign.id).compared_serial == 2


def test_the_hour_compares_before_it_tells(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Ana Sánchez,Madrid,ES,"))
    sign_and_confirm(database, settings, campaign)
    count_waiting(database, NOON)
    with database.reading() as session:
        reckoned = session.get_one(Tally, campaign.id).reckoned
        assert reckoned is not None
        assert [reckoned[name] for name in ("paper", "paper_waiting", "paper_repeated")] == [0, 1, 0]


@pytest.mark.parametrize("repair", [True, False])
def test_a_wrong_number_is_found_and_mended(
    database: Database, settings: Settings, campaign: CampaignSnapshot, repair: bool
) -> None:
    enter(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Tally).values(paper=9, paper_keyed=5, last_paper_number=0))
    with database.writing() if repair else database.reading() as session:
        assert recount(session, campaign.id, repair=repair) == 7
    with database.reading() as session:
        tally = session.get_one(Tally, campaign.id)
        assert (tally.paper, tally.paper_keyed, tally.last_paper_number) == ((2, 1, 2) if repair else (9, 5, 0))
    with database.writing() as session:
        session.execute(update(Tally).values(paper=2, paper_keyed=5))
    with database.reading() as session:
        assert recount(session, campaign.id, repair=False) == 4  # those with an address alone


def test_a_wrong_number_is_told_to_the_owners(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign)
    check_counts(database, NOON)
    with database.writing() as session:
        assert session.query(Alert).count() == 0
        session.execute(update(Tally).values(paper=9))
    check_counts(database, NOON + timedelta(days=1))
    with database.reading() as session:
        assert session.query(Alert).count() == 1


def test_after_a_purge_there_is_no_drift(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign)
    seen = []
    purge(database, campaign.id, NOON, progress=lambda _rows: seen.append(1))
    with database.writing() as session:
        assert recount(session, campaign.id, repair=True) == 0
        assert session.get_one(Tally, campaign.id).paper == 2
    count_waiting(database, NOON)
    with database.reading() as session:
        reckoned = session.get_one(Tally, campaign.id).reckoned
        assert reckoned is not None
        assert [reckoned[name] for name in ("paper", "paper_waiting", "paper_repeated")] == [2, None, None]


def questions_about_paper(database: Database, settings: Settings, campaign: CampaignSnapshot) -> int:
    """How many confirming one signature costs."""
    draft = sign(database, settings, campaign)
    said: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", listen)
    try:
        confirm(database, draft)
    finally:
        event.remove(database.engine, "before_cursor_execute", listen)
    assert said
    return sum("paper_signatures" in statement for statement in said)


def test_confirming_asks_about_paper_only_where_an_address_counts_on_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    assert questions_about_paper(database, settings, campaign) == 0
    enter(database, settings, campaign, csv("Dora,Bonn,DE,"))  # no address
    assert questions_about_paper(database, settings, campaign) == 0
    enter(database, settings, campaign, csv("Emil,Bonn,DE,emil@example.org"))
    assert questions_about_paper(database, settings, campaign) == 1
    assert questions_about_paper(database, settings, other) == 0
