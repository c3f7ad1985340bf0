"""How many of those who are in a finished list went since."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import outdated
from petitions.delivery.models import ExportJob
from petitions.delivery.outdated import count_gone
from petitions.lists.plans import Plan, Profile
from petitions.lists.serials import Serials
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.paper import PaperSignature
from petitions.signatures.withdrawing import Withdraw
from tests.delivery.support import made_job
from tests.factories import act, change, link_to, remove, sign_and_confirm
from tests.lists.cast import add_paper


def gone(database: Database, job: ExportJob) -> int:
    with database.reading() as session:
        return count_gone(session, job)


def withdraw(database: Database, draft: NewDraft) -> None:
    act(database, Withdraw(link_to(draft), utc_now()))


@pytest.fixture
def people(database: Database, settings: Settings, campaign: CampaignSnapshot) -> Sequence[NewDraft]:
    """Six, in the order of their serials; the last is of France, the first withdrew before any list."""
    drafts = [
        sign_and_confirm(database, settings, campaign, country="FR" if n == 5 else "ES", updates=True)
        for n in range(6)
    ]
    withdraw(database, drafts[0])
    return drafts


def test_who_withdrew_or_was_removed_since(
    database: Database, settings: Settings, campaign: CampaignSnapshot, people: Sequence[NewDraft]
) -> None:
    job = made_job(database, settings, campaign, Plan(countries=("ES",)))
    assert gone(database, job) == 0
    withdraw(database, people[5])  # was not in it
    withdraw(database, sign_and_confirm(database, settings, campaign, country="ES"))  # came later
    assert gone(database, job) == 0
    withdraw(database, people[1])
    assert gone(database, job) == 1
    remove(database, people[2])
    assert gone(database, job) == 2


def test_who_was_removed_stands_in_a_list_with_everything(
    database: Database, settings: Settings, campaign: CampaignSnapshot, people: Sequence[NewDraft]
) -> None:
    job = made_job(database, settings, campaign, Plan(profile=Profile.FULL), reason="x")
    remove(database, people[2])
    assert gone(database, job) == 0
    withdraw(database, people[1])
    assert gone(database, job) == 1


def test_who_wants_no_news_any_more(
    database: Database, settings: Settings, campaign: CampaignSnapshot, people: Sequence[NewDraft]
) -> None:
    plans = Plan(profile=Profile.CONTACTS), Plan()
    news, delivery = (made_job(database, settings, campaign, plan, reason="x") for plan in plans)
    act(database, change(people[3], updates=False))
    assert (gone(database, news), gone(database, delivery)) == (1, 0)


def test_rows_of_paper_that_count_no_more(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    numbers = [add_paper(database, campaign) for _ in range(3)]
    job = made_job(database, settings, campaign, Plan(on_paper=True))
    assert gone(database, job) == 0
    with database.writing() as session:
        rows = [session.get_one(PaperSignature, (campaign.id, number)) for number in numbers[:2]]
        session.delete(rows[0])
        rows[1].state = "online"
    assert gone(database, job) == 2


def test_where_nobody_withdrew_the_numbers_of_all_are_not_read(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    people: Sequence[NewDraft],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = made_job(database, settings, campaign)
    remove(database, people[2])
    monkeypatch.setattr(outdated, "_standing", None)
    assert gone(database, job) == 1


@given(st.sets(st.integers(1, 200)), st.sets(st.integers(1, 300)))
def test_those_that_are_not_among_the_others(mine: set[int], theirs: set[int]) -> None:
    assert set(outdated._without(Serials(mine), Serials(theirs))) == mine - theirs
