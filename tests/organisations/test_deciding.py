"""What leads decide, one after the other and at the same moment."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignPurged
from petitions.ids import new_id
from petitions.organisations import own
from petitions.organisations.deciding import ALLOWED, Decided, Decision, Seen, add_note, decide, may_decide
from petitions.organisations.models import (
    APPROVED,
    ASKED,
    DECLINED,
    MERGED,
    STATES,
    UNCONFIRMED,
    WAITING,
    Organisation,
)
from petitions.organisations.requesting import Request
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests.factories import organisation_entry
from tests.organisations.acting import (
    LEAD,
    ask,
    assert_true,
    judge,
    link,
    logged,
    mails,
    race,
    row,
    set_columns,
    shown,
    waiting,
)


def propose(database: Database, asked: Request, **changes: Any) -> None:
    """The organisation wants to be shown otherwise."""
    with database.writing() as session:
        assert own.change(session, link(asked), own.Change(organisation_entry(**changes)), utc_now())


def deciding(database: Database, asked: Request, decision: Decision, revision: int) -> Callable[[], Decided]:
    """Decides about it as somebody saw it."""

    def run() -> Decided:
        with database.writing() as session:
            return decide(
                session, asked.campaign_id, decision, [Seen(asked.id, revision)], LEAD, utc_now(), message="Why?"
            )

    return run


def test_approving_shows_counts_tells_and_writes_it_down(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign, members=40)
    assert judge(database, asked, Decision.APPROVE, note="I know their chair.") == Decided(done=[1])
    kept = row(database, asked)
    assert (kept.state, kept.revision, kept.decided_by, kept.note) == (
        APPROVED,
        3,
        "Lena Lead",
        "I know their chair.",
    )
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members, standing.revision) == (1, 40, 1)
    assert mails(database)[-1] == ("organisation_approved", asked.id)
    assert logged(database)[-1] == ("Lena Lead", "organisation.approved", {"organisation": 1})


def test_several_are_decided_at_once_and_each_is_told_apart(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first, second, third = (waiting(database, settings, campaign, members=10) for _ in range(3))
    judge(database, second, Decision.DECLINE)
    unconfirmed = ask(database, settings, campaign)
    seen = [Seen(one.id, 2) for one in (first, second, third)] + [Seen(unconfirmed.id, 1), Seen(new_id(), 2)]
    with database.writing() as session:
        decided = decide(session, campaign.id, Decision.APPROVE, seen, LEAD, utc_now())
    assert (sorted(decided.done), sorted(decided.changed), decided.gone) == ([1, 3], [2, 4], 1)
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members) == (2, 20)


def test_asking_waits_for_an_answer_and_the_answer_for_a_lead(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = waiting(database, settings, campaign)
    judge(database, asked, Decision.ASK, message="Who is your chair?")
    kept = row(database, asked)
    assert (kept.state, kept.question, kept.answer) == (ASKED, "Who is your chair?", None)
    with database.writing() as session:
        own.answer(session, link(asked), "Nora is.", utc_now())
    kept = row(database, asked)
    assert (kept.state, kept.question, kept.answer) == (WAITING, "Who is your chair?", "Nora is.")
    judge(database, asked, Decision.APPROVE)
    kept = row(database, asked)
    assert (kept.state, kept.question, kept.answer) == (APPROVED, None, None)
    assert [kind for kind, _ in mails(database)] == [
        "organisation_link",
        "organisation_asked",
        "organisation_approved",
    ]


def test_one_that_is_shown_stays_so_while_it_is_asked(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    judge(database, asked, Decision.ASK, message="Is this still so?")
    assert row(database, asked).state == APPROVED
    with database.writing() as session:
        own.answer(session, link(asked), "It is.", utc_now())
    assert (row(database, asked).state, assert_true(database, campaign).counted) == (APPROVED, 1)


def test_taking_down_and_bringing_back(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    asked = shown(database, settings, campaign, members=7)
    propose(database, asked, name="Union of Others", members=7)
    judge(database, asked, Decision.DECLINE, message="You are not who you say.")
    kept = row(database, asked)
    assert (kept.state, kept.proposed, kept.question) == (DECLINED, None, "You are not who you say.")
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members, standing.withdrawn) == (0, 0, 0)
    judge(database, asked, Decision.REOPEN)
    assert (row(database, asked).state, row(database, asked).question) == (WAITING, None)
    judge(database, asked, Decision.APPROVE)
    assert assert_true(database, campaign).counted == 1
    assert [kind for kind, _ in mails(database)][-3:] == [
        "organisation_approved",
        "organisation_declined",
        "organisation_approved",
    ]


def test_a_stranger_whose_address_was_typed_hears_of_no_decision(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = ask(database, settings, campaign)
    judge(database, asked, Decision.DECLINE, message="No.")
    assert row(database, asked).state == DECLINED
    judge(database, asked, Decision.REOPEN)
    assert row(database, asked).state == UNCONFIRMED
    assert mails(database) == []


def test_what_nobody_confirmed_is_never_shown(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Not by way of declining it first, either; but a lead can have its letters."""
    asked = ask(database, settings, campaign)
    for decision in (Decision.APPROVE, Decision.DECLINE, Decision.APPROVE):
        judge(database, asked, decision)
    assert row(database, asked).state == DECLINED
    assert assert_true(database, campaign).counted == 0
    set_columns(database, asked, vouched_by="Lena Lead")
    judge(database, asked, Decision.APPROVE)
    assert assert_true(database, campaign).counted == 1


def test_what_is_proposed_is_taken_or_left(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    taken, left = (shown(database, settings, campaign) for _ in range(2))
    for one in (taken, left):
        propose(database, one, name="Gewerkschaft e.V.", website="https://other.example.net")
        assert row(database, one).name == "Union of Examples"
    before = assert_true(database, campaign).revision
    judge(database, taken, Decision.APPROVE)
    judge(database, left, Decision.KEEP, message="Please show us the deed.")
    kept = row(database, taken)
    assert (kept.name, kept.website, kept.domain) == (
        "Gewerkschaft e.V.",
        "https://other.example.net",
        "example.net",
    )
    assert (kept.name_key, kept.domain_proven, kept.proposed) == ("gewerkschaft", False, None)
    kept = row(database, left)
    assert (kept.name, kept.proposed, kept.state) == ("Union of Examples", None, APPROVED)
    assert assert_true(database, campaign).revision == before + 1
    assert [kind for kind, _ in mails(database)][-2:] == ["organisation_approved", "organisation_kept"]


def test_a_website_that_we_link_to_no_more_is_not_taken(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """And does not keep the others from being decided about."""
    refused, other = (shown(database, settings, campaign) for _ in range(2))
    for one, website in ((refused, "https://раураl.com"), (other, None)):
        set_columns(database, one, proposed={"website": website})
    seen = [Seen(one.id, row(database, one).revision) for one in (refused, other)]
    with database.writing() as session:
        decided = decide(session, campaign.id, Decision.APPROVE, seen, LEAD, utc_now())
    assert decided == Decided(done=[2], changed=[1])
    assert (row(database, refused).website, row(database, other).website) == ("https://union.example.org", None)
    judge(database, refused, Decision.KEEP)
    assert row(database, refused).proposed is None


@pytest.mark.parametrize("decision", list(Decision))
def test_a_decision_makes_sense_in_these_states_alone(decision: Decision) -> None:
    now = utc_now()
    for state in STATES:
        confirmed = Organisation(state=state, confirmed_at=now, proposed=None)
        changing = Organisation(state=state, confirmed_at=now, proposed={"name": "Other"})
        allowed = state in ALLOWED[decision]
        assert may_decide(changing, decision) == allowed
        needs_proposal = state == APPROVED and decision in (Decision.APPROVE, Decision.KEEP)
        assert may_decide(confirmed, decision) == (allowed and not needs_proposal)
        unknown = Organisation(state=state, confirmed_at=None, vouched_by=None, proposed={"name": "Other"})
        assert may_decide(unknown, decision) == (allowed and decision is not Decision.APPROVE)
    assert MERGED not in ALLOWED[Decision.APPROVE]


def test_notes_are_added_and_the_oldest_give_way() -> None:
    assert add_note(None, "a") == "a"
    assert add_note("a", "b") == "a\nb"
    long = add_note("x" * 998, "newest")
    assert (len(long), long.endswith("x\nnewest")) == (1000, True)


def test_nothing_is_decided_once_the_campaign_is_purged(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = shown(database, settings, campaign)
    purge(database, campaign.id, utc_now())
    with pytest.raises(CampaignPurged):
        judge(database, asked, Decision.DECLINE)
    assert assert_true(database, campaign).counted == 1


# At the same moment


@pytest.mark.parametrize("other", [Decision.APPROVE, Decision.DECLINE, Decision.ASK])
def test_of_two_leads_at_once_one_decides_and_the_other_is_told(
    database: Database, settings: Settings, campaign: CampaignSnapshot, other: Decision
) -> None:
    for turn in range(1, 6):
        asked = waiting(database, settings, campaign, members=5, name=f"Union {turn}")
        before = assert_true(database, campaign).counted
        results = race(deciding(database, asked, Decision.APPROVE, 2), deciding(database, asked, other, 2))
        done, told = sorted(results, key=lambda decided: decided.changed)
        assert (done, told) == (Decided(done=[turn]), Decided(changed=[turn]))
        approved = results[0].done == [turn] or other is Decision.APPROVE
        assert assert_true(database, campaign).counted == before + approved
        assert len([mail for mail in mails(database) if mail[1] == asked.id]) == 2


def test_bulks_that_overlap_in_another_order_end_both(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = [waiting(database, settings, campaign, members=3) for _ in range(6)]

    def approving(some: list[Request]) -> Callable[[], Decided]:
        def run() -> Decided:
            seen = [Seen(one.id, 2) for one in some]
            with database.writing() as session:
                return decide(session, campaign.id, Decision.APPROVE, seen, LEAD, utc_now())

        return run

    first, second = race(approving(asked[:4]), approving(asked[:1:-1]))
    assert sorted(first.done + second.done) == [1, 2, 3, 4, 5, 6]
    assert sorted(first.changed + second.changed) == [3, 4]
    standing = assert_true(database, campaign)
    assert (standing.counted, standing.members) == (6, 18)


def test_a_withdrawal_against_an_approval_ends_erased(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whichever comes first, nothing counts afterwards, and nothing is left half."""
    for _ in range(5):
        asked = waiting(database, settings, campaign, members=9)

        def withdrawing(asked: Request = asked) -> None:
            with database.writing() as session:
                own.withdraw(session, link(asked), utc_now())

        before = assert_true(database, campaign).withdrawn
        decided, none = race(deciding(database, asked, Decision.APPROVE, 2), withdrawing)
        assert none is None
        standing = assert_true(database, campaign)
        assert (standing.counted, standing.members) == (0, 0)
        assert (decided.gone, standing.withdrawn - before) in ((1, 0), (0, 1))


def test_an_edit_against_an_approval_is_seen_by_the_lead(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Nobody approves words that they have not seen: either the new ones are proposed, or the lead is told."""
    for _ in range(5):
        asked = waiting(database, settings, campaign, members=9)

        def editing(asked: Request = asked) -> bool:
            wish = own.Change(replace(asked.entry, name="Union of Fakes", members=8))
            with database.writing() as session:
                return own.change(session, link(asked), wish, utc_now())

        decided, proposes = race(deciding(database, asked, Decision.APPROVE, 2), editing)
        kept = row(database, asked)
        assert_true(database, campaign)
        if decided.done:
            assert proposes
            assert (kept.state, kept.name, kept.proposed) == (
                APPROVED,
                "Union of Examples",
                {"name": "Union of Fakes"},
            )
        else:
            assert not proposes
            assert (kept.state, kept.name, decided.changed) == (WAITING, "Union of Fakes", [kept.number])
