"""Deciding about rows that may repeat somebody; changing and taking out; what that does to the others."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import select

from petitions.addresses import make_email_key
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.paper.changing import Outcome, correct, entry_of, remove, undo
from petitions.paper.csv_rows import Entry
from petitions.paper.deciding import Decided, Seen, Verdict, decide
from petitions.paper.later import compare_later
from petitions.settings import Settings
from petitions.signatures.paper import PaperBatch, list_theirs
from petitions.signatures.withdrawing import withdraw
from tests.factories import sign_and_confirm
from tests.paper.entering import LEAD, assert_true, change, csv, enter, logged, rows_of, states

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def say(
    database: Database, campaign: CampaignSnapshot, verdict: Verdict, *numbers: int, state: str | None = None
) -> Decided:
    """Decide about rows as they are now, or as they were in another state."""
    now = states(database, campaign)
    seen = [Seen(number, state or now.get(number, "waiting")) for number in numbers]
    with database.writing() as session:
        return decide(session, campaign.id, verdict, seen, LEAD, NOON)


def take_out(database: Database, campaign: CampaignSnapshot, number: int) -> Outcome:
    row = next((row for row in rows_of(database, campaign) if row.number == number), None)
    seen = entry_of(row) if row is not None else Entry("", None, "IE", None, None, None, None, None)
    with database.writing() as session:
        return remove(session, campaign.id, number, seen, "typed twice", LEAD, NOON)


def batches(database: Database) -> list[UUID]:
    with database.reading() as session:
        return list(session.scalars(select(PaperBatch.id).order_by(PaperBatch.entered_at)))


@pytest.fixture
def ana_twice(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """Ana signed online, and stands on paper once, or somebody of her name; and so does Dora, twice."""
    sign_and_confirm(database, settings, campaign, email="ana@example.org")
    enter(
        database, settings, campaign, csv("Ana Sánchez,Madrid,ES,", "Dora,Bonn,DE,", "Dora,Bonn,DE,d@example.org")
    )
    assert states(database, campaign) == {1: "waiting", 2: "counted", 3: "waiting"}


@pytest.mark.usefixtures("ana_twice")
def test_the_same_person_does_not_count(database: Database, campaign: CampaignSnapshot) -> None:
    decided = say(database, campaign, Verdict.SAME, 1, 3)
    assert (decided.done, decided.changed, decided.gone) == ([1, 3], [], [])
    rows = rows_of(database, campaign)
    assert [(row.state, row.like_serial, row.like_number) for row in rows] == [
        ("online", 1, None),
        ("counted", None, None),
        ("twice", None, 2),
    ]
    assert [row.decided_by for row in rows] == ["Lena Lead", None, "Lena Lead"]
    assert assert_true(database, campaign) == 1
    assert logged(database)[-1] == ("Lena Lead", "paper.same", {"paper": [1, 3]})


@pytest.mark.usefixtures("ana_twice")
def test_somebody_else_counts_and_it_can_be_taken_back(database: Database, campaign: CampaignSnapshot) -> None:
    say(database, campaign, Verdict.OTHER, 1, 3)
    assert states(database, campaign) == {1: "counted", 2: "counted", 3: "counted"}
    assert assert_true(database, campaign) == 3
    say(database, campaign, Verdict.REOPEN, 1, 3)
    rows = rows_of(database, campaign)
    assert [(row.state, row.like_serial, row.like_number, row.decided_by) for row in rows] == [
        ("waiting", 1, None, None),
        ("counted", None, None, None),
        ("waiting", None, 2, None),
    ]
    assert assert_true(database, campaign) == 1
    assert [action for _, action, _ in logged(database)[-2:]] == ["paper.other", "paper.reopened"]


@pytest.mark.usefixtures("ana_twice")
def test_who_saw_something_else_decides_nothing(database: Database, campaign: CampaignSnapshot) -> None:
    say(database, campaign, Verdict.SAME, 1)
    decided = say(database, campaign, Verdict.OTHER, 1, 3, 9, state="waiting")
    assert (decided.done, decided.changed, decided.gone) == ([3], [1], [9])
    assert say(database, campaign, Verdict.REOPEN, 2).changed == [2]  # nobody decided it
    assert states(database, campaign) == {1: "online", 2: "counted", 3: "counted"}
    assert assert_true(database, campaign) == 2


def test_an_address_that_signed_meanwhile_decides(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """No row with an address counted, so confirming asked nothing about paper."""
    enter(
        database,
        settings,
        campaign,
        csv(
            "Dora,Bonn,DE,", "Dora,Bonn,DE,d@example.org", "Dora,Bonn,DE,e@example.org", "E,Bonn,DE,e@example.org"
        ),
    )
    assert states(database, campaign) == {1: "counted", 2: "waiting", 3: "waiting", 4: "twice"}
    sign_and_confirm(database, settings, campaign, email="d@example.org")
    assert states(database, campaign)[2] == "waiting"
    decided = say(database, campaign, Verdict.OTHER, 2, 3)
    assert dict(decided.states) == {"online": 1, "counted": 1}
    assert states(database, campaign) == {1: "counted", 2: "online", 3: "counted", 4: "twice"}
    assert assert_true(database, campaign) == 2


def test_of_two_with_one_address_one_counts(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """They waited for other reasons, and were brought in one after the other."""
    sign_and_confirm(database, settings, campaign, name="Dora", city="Bonn")
    enter(database, settings, campaign, csv("Dora,Bonn,DE,d@example.org", "Dora,Bonn,DE,d@example.org"))
    assert states(database, campaign) == {1: "waiting", 2: "twice"}
    assert take_out(database, campaign, 1) is Outcome.DONE
    assert states(database, campaign) == {2: "waiting"}
    say(database, campaign, Verdict.OTHER, 2)
    assert assert_true(database, campaign) == 1


@pytest.mark.usefixtures("ana_twice")
def test_who_withdraws_online_takes_along_what_is_theirs(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("A. S.,Rome,IT,ana@example.org", "Ana SANCHEZ,Madrid,ES,"))
    assert states(database, campaign) == {1: "waiting", 2: "counted", 3: "waiting", 4: "online", 5: "waiting"}
    say(database, campaign, Verdict.SAME, 1)
    key = rows_of(database, campaign)[3].email_key
    assert key is not None
    with database.writing() as session:
        assert withdraw(session, campaign.id, key, utc_now())
    assert states(database, campaign) == {
        2: "counted",
        3: "waiting",
        5: "waiting",
    }  # 5: nobody said that it is Ana
    assert assert_true(database, campaign) == 1
    assert say(database, campaign, Verdict.OTHER, 1, 5, state="waiting").gone == [1]
    assert states(database, campaign)[5] == "counted"
    assert assert_true(database, campaign) == 2


@pytest.mark.parametrize(
    "rows",
    [
        ("Ana Sloe,Rome,IT,ana@example.org", "Ana Sole,Rome,IT,ana@example.org", "A. S.,Rome,IT,ana@example.org"),
        ("Ana Sole,Rome,IT,", "Ana Sole,Rome,IT,", "Ana Sole,Rome,IT,"),
    ],
)
def test_rows_are_never_each_the_repetition_of_the_other(
    database: Database, settings: Settings, campaign: CampaignSnapshot, rows: tuple[str, ...]
) -> None:
    enter(database, settings, campaign, csv(*rows))
    first, *_ = rows_of(database, campaign)
    state = rows_of(database, campaign)[1].state
    assert change(database, settings, campaign, 1, f"{first.name},Rome,IT,,3,2") is Outcome.DONE
    found = [(row.number, row.state, row.like_number) for row in rows_of(database, campaign)]
    assert found == [(1, "counted", None), (2, state, 1), (3, state, 1)]
    assert assert_true(database, campaign) == 1


def test_what_repeats_over_another_row_is_no_namesake_of_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """3 is 2 and 2 may be 1, by the line of the sheet; now 1 turns out to have the name of 3."""
    columns = "name,city,country,mail,sheet,line"
    text = csv("Ann,Rome,IT,,1,1", "Bea,Rome,IT,,1,1", "Bea,Rome,IT,,,", columns=columns)
    enter(database, settings, campaign, text)
    say(database, campaign, Verdict.SAME, 3)
    assert change(database, settings, campaign, 1, "Bea,Rome,IT,,1,1") is Outcome.DONE
    found = [(row.number, row.state, row.like_number) for row in rows_of(database, campaign)]
    assert found == [(1, "counted", None), (2, "waiting", 1), (3, "twice", 2)]
    assert rows_of(database, campaign)[2].decided_by == "Lena Lead"


def test_a_decision_that_is_taken_back_makes_no_ring(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Dora,Bonn,DE,", "Dora,Bonn,DE,"))
    say(database, campaign, Verdict.OTHER, 2)
    change(database, settings, campaign, 1, "Dora,Bonn,DE,,1,1")  # and now 1 waits for 2
    assert states(database, campaign) == {1: "waiting", 2: "counted"}
    say(database, campaign, Verdict.REOPEN, 2)
    rows = rows_of(database, campaign)
    assert [(row.state, row.like_number) for row in rows] == [("waiting", 2), ("counted", None)]
    assert assert_true(database, campaign) == 1


def test_who_withdraws_takes_along_rows_that_are_theirs_over_others(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Also the other way: of the row with the address somebody said that it repeats one without."""
    enter(database, settings, campaign, csv("Ana Sole,Rome,IT,ana@example.org", "Eva,Bonn,DE,"))
    enter(
        database, settings, campaign, csv("Sole Ana,Rome,IT,", "Ana Sole,Rome,IT,", "Eva,Bonn,DE,ana@example.org")
    )
    assert states(database, campaign) == {1: "counted", 2: "counted", 3: "waiting", 4: "waiting", 5: "twice"}
    say(database, campaign, Verdict.SAME, 3)
    assert take_out(database, campaign, 1) is Outcome.DONE
    assert states(database, campaign) == {2: "counted", 3: "counted", 4: "waiting", 5: "waiting"}
    say(database, campaign, Verdict.SAME, 4, 5)
    with database.reading() as session:
        key = make_email_key("ana@example.org", settings.email_key)
        theirs = [row.number for row in list_theirs(session, campaign.id, key, 1)]
    assert theirs == [2, 5]
    sign_and_confirm(database, settings, campaign, name="Ana Sole", city="Rome", email="ana@example.org")
    compare_later(database)
    say(database, campaign, Verdict.SAME, 3)
    with database.writing() as session:
        assert withdraw(session, campaign.id, key, NOON)
    assert states(database, campaign) == {}
    assert assert_true(database, campaign) == 0


def test_who_signs_online_counts_no_more_on_paper_under_a_row_without_address(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Somebody said that the row with the address repeats it."""
    enter(
        database,
        settings,
        campaign,
        csv("Eva,Bonn,DE,", "Eva,Bonn,DE,eva@example.org", "Ida,Bonn,DE,i@example.org"),
    )
    say(database, campaign, Verdict.SAME, 2)
    sign_and_confirm(database, settings, campaign, name="E. E.", email="eva@example.org")
    rows = rows_of(database, campaign)
    assert [(row.state, row.like_serial, row.decided_by) for row in rows] == [
        ("online", 1, "Lena Lead"),
        ("online", 1, None),
        ("counted", None, None),
    ]
    assert assert_true(database, campaign) == 1
    say(database, campaign, Verdict.REOPEN, 1)  # it was said in error
    say(database, campaign, Verdict.OTHER, 1)
    assert assert_true(database, campaign) == 2


def test_a_file_is_undone_and_what_repeated_it_counts(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign)
    enter(database, settings, campaign, again=True, now=utc_now())
    assert states(database, campaign) == {1: "counted", 2: "counted", 3: "waiting", 4: "twice"}
    first, second = batches(database)
    with database.writing() as session:
        assert undo(session, campaign.id, first, LEAD, NOON).rows == 2
    assert states(database, campaign) == {3: "counted", 4: "counted"}
    assert assert_true(database, campaign) == 2
    with database.writing() as session:
        assert undo(session, campaign.id, first, LEAD, NOON).is_gone
        assert undo(session, campaign.id, second, LEAD, NOON).rows == 2
    assert assert_true(database, campaign) == 0
    assert enter(database, settings, campaign).rows == 2  # it is no longer known
    assert sorted(states(database, campaign)) == [5, 6]
    assert [action for _, action, _ in logged(database)] == [
        *("paper.imported", "paper.imported", "paper.undone", "paper.undone", "paper.imported")
    ]


def test_what_was_decided_as_somebody_else_stays_when_the_other_goes(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Dora,Bonn,DE,", "Dora,Bonn,DE,", "Dora,Bonn,DE,"))
    say(database, campaign, Verdict.OTHER, 2)
    take_out(database, campaign, 1)
    rows = rows_of(database, campaign)
    assert [(row.number, row.state, row.like_number) for row in rows] == [(2, "counted", 1), (3, "waiting", 2)]
    assert rows[0].decided_by == "Lena Lead"
    assert logged(database)[-1] == ("Lena Lead", "paper.removed", {"paper": [1], "why": "typed twice"})


def test_a_slip_is_mended_and_compared_anew(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign, email="ana@example.org")
    enter(database, settings, campaign, csv("Ana Sánches,Madrid,ES,", "Ana Sánches,Madrid,ES,x@example.org"))
    assert states(database, campaign) == {1: "counted", 2: "waiting"}
    assert change(database, settings, campaign, 1, "Ana Sánchez,Madrid,ES,,1,2") is Outcome.DONE
    assert states(database, campaign) == {1: "waiting", 2: "counted"}
    assert change(database, settings, campaign, 1, "Ana Sánchez,Madrid,ES,ana@example.org,1,2") is Outcome.DONE
    assert states(database, campaign) == {1: "online", 2: "counted"}
    assert change(database, settings, campaign, 2, "Ana Ruiz,Madrid,ES,,,") is Outcome.DONE
    row = rows_of(database, campaign)[1]
    assert (row.name, row.email_key is None) == ("Ana Ruiz", False)  # no address typed: the one before stays
    assert change(database, settings, campaign, 2, "Ana Ruiz,Madrid,ES,,,") is Outcome.SAME
    assert assert_true(database, campaign) == 1
    assert logged(database)[-1] == ("Lena Lead", "paper.changed", {"paper": [2], "columns": ["name"]})


def test_a_country_alone_changes_no_decision(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    enter(database, settings, campaign, csv("Ana Sánchez,Madrid,ES,"))
    say(database, campaign, Verdict.OTHER, 1)
    change(database, settings, campaign, 1, "Ana Sánchez,Madrid,FR,,,")
    row = rows_of(database, campaign)[0]
    assert (row.state, row.country, row.decided_by) == ("counted", "FR", "Lena Lead")
    assert assert_true(database, campaign) == 1


def test_a_row_that_changed_meanwhile_is_left(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign)
    seen = entry_of(rows_of(database, campaign)[0])
    change(database, settings, campaign, 1, "Bruno Baker,Cork,GB,,,")
    with database.writing() as session:
        args = (campaign.id, 1, seen)
        assert correct(session, *args, seen, settings.email_key, LEAD, NOON) is Outcome.MEANWHILE
        assert remove(session, *args, "slip", LEAD, NOON) is Outcome.MEANWHILE
    assert take_out(database, campaign, 9) is Outcome.GONE
    assert assert_true(database, campaign) == 2
