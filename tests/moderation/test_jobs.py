"""Beginning, cancelling and undoing what is done to many."""

from dataclasses import replace

import pytest

from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignPurged, NotPossible, PageNotFound
from petitions.ids import new_id
from petitions.moderation.conditions import Conditions
from petitions.moderation.jobs import NewJob, cancel, find_undoing, list_jobs, may_undo, start, undo
from petitions.moderation.running import run_jobs
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests.factories import make_campaign
from tests.moderation.many import FLOOD, MODERATOR, begin, bulk_log, flood, job_of, mixed, removed, sign_people

OTHER = Actor(new_id(), "Olga Owner")
OF_FLOOD = Conditions(domain=FLOOD)


@pytest.fixture
def ran(database: Database, settings: Settings, campaign: CampaignSnapshot) -> int:
    """A removal of three that has run to its end."""
    sign_people(database, settings, campaign, *mixed(3))
    job_id = begin(database, campaign, OF_FLOOD)
    run_jobs(database, utc_now())
    return job_id


def test_a_job_waits_with_what_its_preview_showed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *mixed(3))
    job = job_of(database, campaign, begin(database, campaign, OF_FLOOD))
    assert (job.kind, job.state, job.expected, job.upto) == ("remove", "waiting", 3, 6)
    assert (job.done, job.cursor, job.reason) == (0, 0, "robot")
    assert job.conditions == {"domain": FLOOD, "state": "counted"}
    assert (job.by_id, job.by_name) == (MODERATOR.user_id, "Mona Moderator")
    assert removed(database, campaign) == {}


def test_the_log_says_who_and_how_many_but_not_whom(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(2))
    job_id = begin(database, campaign, Conditions(name="Bot n1", domain=FLOOD), reason="fake")
    with database.writing() as session:
        cancel(session, campaign.id, job_id, OTHER, utc_now())
    assert bulk_log(database) == [
        ("Mona Moderator", "bulk.started", {"job": job_id, "kind": "remove", "reason": "fake", "shown": 1}),
        ("Olga Owner", "bulk.cancelled", {"job": job_id, "kind": "remove", "rows": 0}),
    ]


def test_the_end_is_written_down_in_the_name_of_who_began(database: Database, ran: int) -> None:
    ended = {"job": ran, "kind": "remove", "rows": 3, "complete": True}
    assert bulk_log(database)[1:] == [("Mona Moderator", "bulk.ended", ended)]


def test_a_button_that_is_pressed_twice_begins_one_job(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(2))
    first = begin(database, campaign, OF_FLOOD)
    assert begin(database, campaign, OF_FLOOD) == first
    other = begin(database, campaign, OF_FLOOD, reason="fake")
    assert other != first
    assert len(bulk_log(database)) == 2


def test_it_reaches_no_further_than_the_last_signature(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whatever a browser sends: those who sign afterwards were in no preview."""
    sign_people(database, settings, campaign, *flood(2))
    assert job_of(database, campaign, begin(database, campaign, OF_FLOOD, upto=10**9)).upto == 2


def test_a_reason_that_is_none_begins_nothing(database: Database, campaign: CampaignSnapshot) -> None:
    with pytest.raises(KeyError):
        begin(database, campaign, OF_FLOOD, reason="because")
    with database.reading() as session:
        assert list_jobs(session, campaign.id).jobs == []


def test_nothing_begins_where_the_names_are_erased(
    database: Database, settings: Settings, campaign: CampaignSnapshot, ran: int
) -> None:
    purge(database, campaign.id, utc_now())
    with pytest.raises(CampaignPurged):
        begin(database, campaign, OF_FLOOD)
    with database.writing() as session, pytest.raises(CampaignPurged):
        undo(session, campaign.id, ran, MODERATOR, utc_now())


def test_what_has_ended_cannot_be_cancelled(database: Database, campaign: CampaignSnapshot, ran: int) -> None:
    with database.writing() as session, pytest.raises(NotPossible):
        cancel(session, campaign.id, ran, OTHER, utc_now())
    assert job_of(database, campaign, ran).state == "done"


def test_a_job_of_another_campaign_is_not_there(database: Database, ran: int) -> None:
    other = make_campaign(database, slug="other")
    for act in (cancel, undo):
        with database.writing() as session, pytest.raises(PageNotFound):
            act(session, other.id, ran, OTHER, utc_now())


# Undoing


def test_undoing_is_a_job_of_its_own(database: Database, campaign: CampaignSnapshot, ran: int) -> None:
    with database.writing() as session:
        undoing = undo(session, campaign.id, ran, OTHER, utc_now())
    job = job_of(database, campaign, undoing)
    assert (job.kind, job.undoes, job.state, job.expected) == ("restore", ran, "waiting", 3)
    assert (job.upto, job.by_name, job.conditions) == (6, "Olga Owner", None)
    run_jobs(database, utc_now())
    assert removed(database, campaign) == {}
    assert bulk_log(database)[2:] == [
        ("Olga Owner", "bulk.undone", {"job": undoing, "kind": "restore", "undoes": ran, "rows": 3}),
        ("Olga Owner", "bulk.ended", {"job": undoing, "kind": "restore", "rows": 3, "complete": True}),
    ]


def test_undoing_twice_is_undoing_once(database: Database, campaign: CampaignSnapshot, ran: int) -> None:
    with database.writing() as session:
        first = undo(session, campaign.id, ran, OTHER, utc_now())
    with database.writing() as session:
        assert undo(session, campaign.id, ran, MODERATOR, utc_now()) == first
    run_jobs(database, utc_now())
    with database.writing() as session, pytest.raises(NotPossible):
        undo(session, campaign.id, ran, OTHER, utc_now())


def test_an_undoing_that_was_cancelled_can_begin_again(
    database: Database, campaign: CampaignSnapshot, ran: int
) -> None:
    with database.writing() as session:
        first = undo(session, campaign.id, ran, OTHER, utc_now())
        cancel(session, campaign.id, first, OTHER, utc_now())
    with database.writing() as session:
        second = undo(session, campaign.id, ran, OTHER, utc_now())
        assert second != first
    with database.reading() as session:
        latest = find_undoing(session, job_of(database, campaign, ran))
        assert latest is not None
        assert latest.id == second
    run_jobs(database, utc_now())
    assert removed(database, campaign) == {}


def test_only_a_removal_that_has_ended_and_did_something_can_be_undone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(2))
    nobody = begin(database, campaign, Conditions(domain="nobody.example"))
    waits = begin(database, campaign, OF_FLOOD)
    for job_id in (nobody, waits):
        with database.writing() as session, pytest.raises(NotPossible):
            undo(session, campaign.id, job_id, OTHER, utc_now())
    run_jobs(database, utc_now())
    with database.writing() as session, pytest.raises(NotPossible):
        undo(session, campaign.id, nobody, OTHER, utc_now())
    with database.writing() as session:
        undoing = undo(session, campaign.id, waits, OTHER, utc_now())
    run_jobs(database, utc_now())
    with database.writing() as session, pytest.raises(NotPossible):
        undo(session, campaign.id, undoing, OTHER, utc_now())


def test_may_undo_says_the_same_as_undoing_does(database: Database, campaign: CampaignSnapshot, ran: int) -> None:
    job = job_of(database, campaign, ran)
    assert may_undo(job, None)
    with database.writing() as session:
        undoing = undo(session, campaign.id, ran, OTHER, utc_now())
    assert not may_undo(job, job_of(database, campaign, undoing))


# Lists


def test_jobs_are_listed_by_campaign_the_newest_first(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    for each in (campaign, other):
        sign_people(database, settings, each, *flood(1))
    ids = [begin(database, campaign, OF_FLOOD, reason=reason) for reason in ("fake", "robot", "test")]
    begin(database, other, OF_FLOOD)
    with database.reading() as session:
        first = list_jobs(session, campaign.id, limit=2)
        assert ([job.id for job in first.jobs], first.next_key) == ([ids[2], ids[1]], ids[1])
        second = list_jobs(session, campaign.id, first.next_key, limit=2)
        assert ([job.id for job in second.jobs], second.next_key) == ([ids[0]], None)


def test_conditions_are_not_shown_by_accident() -> None:
    """Not in the message of an error, nor in a log."""
    new = NewJob("remove", Conditions(name="Ana").to_json(), 1, 1)
    assert "Ana" not in repr(new)
    assert "Ana" not in repr(replace(new, reason="fake"))


def test_a_job_of_nobody_is_not_begun(database: Database, campaign: CampaignSnapshot) -> None:
    """The command line does such things in one go."""
    with database.writing() as session, pytest.raises(AssertionError):
        start(session, campaign.id, NewJob("drop", {}, 1, 1), Actor(None, "petitions"), utc_now())


@pytest.mark.parametrize(
    ("reason", "by", "kept"),
    [
        ("rule", "network-0123456789ab", None),
        ("rule", "word-0123456789ab", "word-0123456789ab"),
        ("network", "0123456789abcdef", None),
        ("domain", "flood.example", "flood.example"),
    ],
)
def test_a_job_that_has_ended_knows_no_network(
    database: Database, campaign: CampaignSnapshot, reason: str, by: str, kept: str | None
) -> None:
    with database.writing() as session:
        new = NewJob("drop", {"reason": reason, "for": by}, 1, 1)
        job_id = start(session, campaign.id, new, MODERATOR, utc_now())
    run_jobs(database, utc_now())
    assert job_of(database, campaign, job_id).conditions == {"reason": reason, "for": kept}
