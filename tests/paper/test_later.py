"""Who signs online after a sheet was typed; recounting; what confirming costs."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.paper.changing import Outcome
from petitions.paper.counting import recount
from petitions.paper.deciding import Seen, Verdict, decide
from petitions.paper.later import compare_later
from petitions.paper.listing import find_open
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.models import Tally
from petitions.signatures.paper import count_asked, count_states
from petitions.signatures.refusing import Standing, refuse
from petitions.signatures.withdrawing import withdraw
from petitions.watching.models import Alert
from petitions.watching.waiting import check_counts, count_waiting
from tests.factories import confirm, make_campaign, sign, sign_and_confirm
from tests.paper.entering import LEAD, assert_true, change, csv, enter, rows_of, states

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def open_rows(database: Database, campaign: CampaignSnapshot) -> list[int]:
    """Numbers of the rows on the page of decisions."""
    with database.reading() as session:
        return [listed.row.number for listed in find_open(session, campaign.id).rows]


@pytest.mark.parametrize(("verdict", "state"), [(Verdict.OTHER, "counted"), (Verdict.SAME, "online")])
def test_a_row_with_a_later_namesake_counts_until_somebody_decides(
    database: Database, settings: Settings, campaign: CampaignSnapshot, verdict: Verdict, state: str
) -> None:
    """Else whoever signs under a name would learn from the number on paper whether it stands there."""
    enter(database, settings, campaign, csv("Ana Sánchez,Madrid,ES,", "Dora,Bonn,DE,"))
    sign_and_confirm(database, settings, campaign)
    compare_later(database)
    row = rows_of(database, campaign)[0]
    assert (row.state, row.like_serial, row.is_asked, row.is_open) == ("counted", 1, True, True)
    assert assert_true(database, campaign) == 2
    assert open_rows(database, campaign) == [1]
    with database.reading() as session:
        assert (count_asked(session, campaign.id), count_states(session, campaign.id)["waiting"]) == (1, 0)
    with database.writing() as session:
        decided = decide(session, campaign.id, verdict, [Seen(1, "counted"), Seen(2, "counted")], LEAD, NOON)
    assert (decided.done, decided.changed) == ([1], [2])
    sign_and_confirm(database, settings, campaign)
    compare_later(database)
    assert states(database, campaign) == {1: state, 2: "counted"}  # it was decided
    assert open_rows(database, campaign) == []
    assert assert_true(database, campaign) == (2 if state == "counted" else 1)


def test_who_is_asked_about_goes_on_counting_when_the_line_is_mended(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Ana Sánchez,Madrid,ES,"))
    sign_and_confirm(database, settings, campaign)
    compare_later(database)
    assert change(database, settings, campaign, 1, "Ana SANCHEZ,Madrid,ES,a@example.org,1,2") is Outcome.DONE
    assert rows_of(database, campaign)[0].is_asked
    assert assert_true(database, campaign) == 1
    assert change(database, settings, campaign, 1, "Ana Ruiz,Madrid,ES,,1,2") is Outcome.DONE
    assert open_rows(database, campaign) == []


def test_whom_a_row_was_like_withdraws_and_signs_again(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Ana Sánchez,Madrid,ES,"))
    for like in (1, 3):
        draft = sign_and_confirm(database, settings, campaign, email="ana@example.org")
        compare_later(database)
        sign_and_confirm(database, settings, campaign)  # another one of that name: the first stays
        compare_later(database)
        row = rows_of(database, campaign)[0]
        assert (row.like_serial, row.is_asked) == (like, True)
        with database.writing() as session:
            assert withdraw(session, campaign.id, draft.email_key, NOON)
    assert assert_true(database, campaign) == 1


def test_what_waits_for_a_row_that_is_withdrawn_is_compared_anew(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Dora,Bonn,DE,d@example.org", "Dora,Bonn,DE,", "Dora,Bonn,DE,"))
    draft = sign_and_confirm(database, settings, campaign, name="D. Dee", city="Bonn", email="d@example.org")
    assert states(database, campaign) == {1: "online", 2: "waiting", 3: "waiting"}
    with database.writing() as session:
        assert withdraw(session, campaign.id, draft.email_key, NOON)
    assert states(database, campaign) == {2: "waiting", 3: "waiting"}  # nothing tells within the second who left
    with database.writing() as session:
        decided = decide(session, campaign.id, Verdict.SAME, [Seen(3, "waiting")], LEAD, NOON)
    assert (decided.done, decided.changed) == ([], [3])  # the same as whom? It is compared instead
    rows = rows_of(database, campaign)
    assert [(row.number, row.state, row.like_number) for row in rows] == [(2, "waiting", 1), (3, "waiting", 2)]
    compare_later(database)
    rows = rows_of(database, campaign)
    assert [(row.number, row.state, row.like_number) for row in rows] == [(2, "counted", None), (3, "waiting", 2)]
    assert assert_true(database, campaign) == 1


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
    assert open_rows(database, campaign) == [1]
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
        assert [reckoned[name] for name in ("paper", "paper_waiting", "paper_repeated")] == [1, 0, 0]
        assert count_asked(session, campaign.id) == 1


def test_an_address_that_refused_waits_within_the_hour(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """As if the rows had come in afterwards."""
    enter(
        database,
        settings,
        campaign,
        csv("Ana,Rome,IT,ana@example.org", "Bea,Rome,IT,b@example.org", "Eva,Rome,IT,"),
    )
    draft = sign(database, settings, campaign, email="ana@example.org")
    with database.writing() as session:
        assert refuse(session, campaign.id, draft.id, NOON) is Standing.REFUSED
    assert assert_true(database, campaign) == 3  # nothing tells within the second whose address is on paper
    compare_later(database)
    row = rows_of(database, campaign)[0]
    assert (row.state, row.like_serial, row.like_number) == ("waiting", None, None)
    assert assert_true(database, campaign) == 2
    with database.writing() as session:
        decide(session, campaign.id, Verdict.OTHER, [Seen(1, "waiting")], LEAD, NOON)
    compare_later(database)
    assert assert_true(database, campaign) == 3  # somebody has looked at the sheet


def test_an_address_on_paper_alone_is_erased(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(
        database,
        settings,
        campaign,
        csv("Ana,Rome,IT,ana@example.org", "A.,Rome,IT,ana@example.org", "Eva,Rome,IT,"),
    )
    key = rows_of(database, campaign)[0].email_key
    assert key is not None
    with database.writing() as session:
        assert withdraw(session, campaign.id, key, NOON)
    assert states(database, campaign) == {3: "counted"}
    assert assert_true(database, campaign) == 1
    with database.writing() as session:
        assert not withdraw(session, campaign.id, key, NOON)


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
