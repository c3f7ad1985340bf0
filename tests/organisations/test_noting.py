"""What leads write for each other, and what they have looked at."""

from collections.abc import Callable

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations import own
from petitions.organisations.deciding import Decided, Decision, Seen
from petitions.organisations.models import BY_CHANGE, BY_CONTACT, BY_RULE
from petitions.organisations.noting import look, note
from petitions.organisations.queue import count_waiting, find_page
from petitions.organisations.requesting import Request
from petitions.settings import Settings
from tests.organisations.acting import LEAD, judge, link, logged, race, row, set_columns, shown, waiting


def seen(database: Database, asked: Request) -> Seen:
    return Seen(asked.id, row(database, asked).revision)


def looking(database: Database, *all_seen: Seen, campaign_id: int) -> Decided:
    with database.writing() as session:
        return look(session, campaign_id, all_seen, LEAD, utc_now())


def to_decide(database: Database, campaign: CampaignSnapshot) -> list[int]:
    with database.reading() as session:
        numbers = [each.organisation.number for each in find_page(session, campaign.id, "waiting", 0).rows]
        assert count_waiting(session, campaign.id).to_decide == len(numbers)
    return numbers


def test_a_note_files_the_answer_that_stood_on_the_page(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """One that came meanwhile is read by nobody yet, and waits."""
    asked = shown(database, settings, campaign)
    judge(database, asked, Decision.ASK, message="Did you?")
    before = seen(database, asked)
    with database.writing() as session:
        own.answer(session, link(asked), "No!", utc_now())

    def note_it(on_page: Seen) -> None:
        with database.writing() as session:
            assert note(session, campaign.id, on_page, "Called.", LEAD, utc_now()).done == [1]

    note_it(before)
    assert (row(database, asked).answer, to_decide(database, campaign)) == ("No!", [1])
    note_it(seen(database, asked))
    assert (row(database, asked).answer, to_decide(database, campaign)) == (None, [])
    assert row(database, asked).note == "Called.\nDid you? – No!\nCalled.".replace(
        "Called.", f"{utc_now():%Y-%m-%d} Lena Lead: Called."
    )


@pytest.mark.parametrize("why", [BY_RULE, BY_CONTACT, BY_CHANGE])
def test_what_nobody_has_looked_at_waits_until_a_lead_has(
    database: Database, settings: Settings, campaign: CampaignSnapshot, why: str
) -> None:
    asked, other = (shown(database, settings, campaign, name=name) for name in ("Union A", "Union B"))
    set_columns(database, asked, look=why)
    assert to_decide(database, campaign) == [1]
    before = seen(database, asked)
    both = before, seen(database, other)
    assert looking(database, *both, campaign_id=campaign.id) == Decided(done=[1])
    assert (to_decide(database, campaign), row(database, asked).look) == ([], None)
    assert row(database, asked).revision == before.revision + 1
    assert logged(database)[-1] == ("Lena Lead", "organisation.looked", {"organisation": 1})


def test_whoever_looked_at_what_changed_meanwhile_looks_again(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked, gone = (shown(database, settings, campaign, name=name) for name in ("Union A", "Union B"))
    set_columns(database, asked, look=BY_RULE)
    before = seen(database, asked), seen(database, gone)
    with database.writing() as session:
        own.answer(session, link(asked), "So.", utc_now())
        own.withdraw(session, link(gone), utc_now())
    assert looking(database, *before, campaign_id=campaign.id) == Decided(changed=[1], gone=1)
    assert row(database, asked).look == BY_RULE


@pytest.mark.parametrize("decision", [Decision.ASK, Decision.DECLINE, Decision.KEEP, Decision.APPROVE])
def test_whoever_decides_has_looked(
    database: Database, settings: Settings, campaign: CampaignSnapshot, decision: Decision
) -> None:
    asked = shown(database, settings, campaign)
    set_columns(database, asked, look=BY_CHANGE, proposed={"name": "Others"})
    assert judge(database, asked, decision, message="Why?").done == [1]
    assert row(database, asked).look is None


def test_what_is_not_shown_needs_no_look(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign)
    set_columns(database, asked, look=BY_RULE)
    assert looking(database, seen(database, asked), campaign_id=campaign.id) == Decided()


def test_two_leads_who_look_at_once_have_looked_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    set_columns(database, asked, look=BY_RULE)
    as_it_was = seen(database, asked)
    press: Callable[[], Decided] = lambda: looking(database, as_it_was, campaign_id=campaign.id)  # noqa: E731
    results = race(press, press)
    assert sorted(len(one.done) for one in results) == [0, 1]
    assert [entry[1] for entry in logged(database)].count("organisation.looked") == 1
