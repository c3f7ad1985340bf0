"""What the rule of a campaign approves, what it leaves to a lead, and what nobody learns from that."""

from typing import Any

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations.deciding import Decision, Seen
from petitions.organisations.merging import tell_apart
from petitions.organisations.models import APPROVED, ASKED, BY_RULE, MERGED, UNCONFIRMED, WAITING
from petitions.organisations.queue import find_row
from petitions.organisations.requesting import Request
from petitions.settings import Settings
from tests.organisations.acting import LEAD, ask, judge, press, row, set_columns, shown, waiting


@pytest.fixture
def state_of(database: Database, settings: Settings, campaign: CampaignSnapshot) -> Any:
    """What becomes of a request once its button is pressed. It is of the domain `at`."""

    def press_one(name: str, at: str = "newcomers.example", **changes: Any) -> str:
        changes = {"website": f"https://{at}", "email": f"office@{at}", **changes}
        return press(database, ask(database, settings, campaign, name=name, **changes), approves_proven=True).state

    return press_one


def test_what_it_approves_waits_for_a_look(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign, email="office@example.org")
    press(database, asked, approves_proven=True)
    kept = row(database, asked)
    assert (kept.state, kept.look, kept.decided_by) == (APPROVED, BY_RULE, None)
    judged = shown(database, settings, campaign, name="Others", website=None)
    assert row(database, judged).look is None


@pytest.mark.parametrize(
    ("email", "website", "state"),
    [
        ("office@example.org", "https://example.org", APPROVED),
        ("office@example.org", "https://www.example.org", APPROVED),
        ("office@example.org", "https://union.example.org/us", APPROVED),
        ("office@union.example.org", "https://www.union.example.org", APPROVED),
        ("office@union.example.org", "https://example.org", WAITING),
        ("ana@students.union.example.org", "https://union.example.org", WAITING),
        ("ana@www.example.org", "https://www.example.org", WAITING),
    ],
)
def test_a_mailbox_below_the_domain_is_anybodys(state_of: Any, email: str, website: str, state: str) -> None:
    assert state_of("Union of Examples", email=email, website=website) == state


@pytest.mark.parametrize(
    ("members", "state"), [(None, APPROVED), (10_000, APPROVED), (10_001, WAITING), (100_000_000, WAITING)]
)
def test_many_members_are_looked_at(state_of: Any, members: int | None, state: str) -> None:
    assert state_of("Union of Examples", members=members) == state


@pytest.mark.parametrize(
    "name",
    [
        "Uniоn of Examples",  # with a Cyrillic o
        "Union of Examples\u3164",
        "UNION OF EXAMPLES e.V.",
        "Unlon of ExampIes",
        "Union of Examples (official)",
        "The Union of Examples",
        "Union Союз",  # two scripts, like nobody
    ],
)
def test_a_name_like_one_that_is_shown_is_looked_at(
    database: Database, settings: Settings, campaign: CampaignSnapshot, state_of: Any, name: str
) -> None:
    shown(database, settings, campaign)
    assert state_of(name) == WAITING


@pytest.mark.parametrize("name", ["Union of Samples", "Unions of Examples", "Союз примеров", "Union"])
def test_a_name_of_its_own_is_not(
    database: Database, settings: Settings, campaign: CampaignSnapshot, state_of: Any, name: str
) -> None:
    shown(database, settings, campaign, name="Reunion of Examples")
    assert state_of(name) == APPROVED


def test_a_part_of_a_name_that_is_shown_is_looked_at(
    database: Database, settings: Settings, campaign: CampaignSnapshot, state_of: Any
) -> None:
    shown(database, settings, campaign, name="Union of Examples of Cork")
    assert state_of("Union of Examples") == WAITING


@pytest.mark.parametrize("state", [UNCONFIRMED, WAITING, ASKED, "declined", MERGED])
@pytest.mark.parametrize("name", ["Union of Examples", "Union of Examples (official)"])
def test_nobody_learns_who_asked_and_is_not_shown(
    database: Database, settings: Settings, campaign: CampaignSnapshot, state_of: Any, name: str, state: str
) -> None:
    """By asking under their name, with a domain of one's own."""
    secret = waiting(database, settings, campaign)
    set_columns(database, secret, state=state)
    assert state_of(name) == APPROVED


@pytest.mark.parametrize("state", [WAITING, ASKED, "declined", MERGED])
@pytest.mark.parametrize(
    "changes",
    [
        {"at": "union.example", "name": "Something Else"},
        {"at": "union.example", "name": "Union of Examples Local 2"},
    ],
)
def test_whoever_was_not_taken_is_not_shown_under_another_name(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    state_of: Any,
    changes: dict[str, str],
    state: str,
) -> None:
    before = waiting(
        database, settings, campaign, website="https://union.example", name="Union of Examples Local 1"
    )
    set_columns(database, before, state=state)
    assert state_of(**changes) == WAITING


def test_what_was_taken_down_comes_back_by_a_lead_alone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    def ask_again() -> Request:
        return ask(database, settings, campaign, email="office@union.example.org")

    first = ask_again()
    assert press(database, first, approves_proven=True).state == APPROVED
    judge(database, first, Decision.DECLINE)
    assert press(database, ask_again(), approves_proven=True).state == WAITING


def test_the_contact_of_one_that_was_declined_is_known_under_another_domain(
    database: Database, settings: Settings, campaign: CampaignSnapshot, state_of: Any
) -> None:
    """The address proves its own domain; the one before it claimed another."""
    before = waiting(database, settings, campaign, website="https://others.example", email="a@newcomers.example")
    judge(database, before, Decision.DECLINE)
    assert state_of("Something Else", email="a@newcomers.example") == WAITING


@pytest.mark.parametrize("confirmed", [True, False])
def test_local_branches_are_not_one_another(
    database: Database, settings: Settings, campaign: CampaignSnapshot, state_of: Any, confirmed: bool
) -> None:
    begin = shown if confirmed else ask
    begin(database, settings, campaign, name="UE Local 506", website="https://ue.example", email="a@ue.example")
    assert state_of("UE Local 618", at="ue.example") == APPROVED


def test_what_a_lead_has_decided_about_is_not_for_the_rule(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Declined before its button was pressed, and brought back."""
    asked = ask(database, settings, campaign, email="office@union.example.org")
    judge(database, asked, Decision.DECLINE)
    judge(database, asked, Decision.REOPEN)
    assert row(database, asked).state == UNCONFIRMED
    assert press(database, asked, approves_proven=True).state == WAITING


def test_leads_see_the_one_that_was_declined_beside_the_one_that_asks(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """By its name, its domain or its contact; but not a contact of several, nor what was merged."""

    def similar(asked: Request) -> list[int]:
        with database.reading() as session:
            found = find_row(session, campaign.id, asked.id)
        assert found is not None
        return [other.number for other in found.similar]

    def wait(**changes: Any) -> Request:
        return waiting(database, settings, campaign, **{"website": None, **changes})

    declined = wait(name="Union of Lies", website="https://lies.example", email="a@lies.example")
    judge(database, declined, Decision.DECLINE)
    by = [
        wait(name="Unlon of Lies"),
        wait(name="Something Else", website="https://www.lies.example"),
        wait(name="Something New", email="a@lies.example"),
    ]
    again = wait(name="Something Newer", email="a@lies.example")
    assert [similar(one) for one in by] == [[1]] * 3
    assert similar(again) == [1]
    with database.writing() as session:
        one, other = (Seen(each.id, row(database, each).revision) for each in (again, declined))
        assert tell_apart(session, campaign.id, one, other, LEAD, utc_now())
    assert similar(again) == []
    set_columns(database, declined, state=MERGED, merged_into=2)
    assert [similar(one) for one in by] == [[], [], []]
