"""Closing, opening again, putting away, won and lost."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select, update

from petitions.campaigns import states
from petitions.campaigns.content import read_content
from petitions.campaigns.editing import load_copy, save_copy
from petitions.campaigns.models import Campaign, Revision
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.campaigns.values import TermsError
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignPurged, EditConflict, NotPossible
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.confirming import Outcome
from tests.factories import confirm, make_campaign, sign

NOW = utc_now().replace(microsecond=0)
HOUR = timedelta(hours=1)


def do(database: Database, act: Callable[..., None], campaign: CampaignSnapshot, *arguments: Any) -> None:
    with database.writing() as session:
        act(session, campaign.id, *arguments)


def close(database: Database, campaign: CampaignSnapshot, now: datetime = NOW) -> None:
    do(database, states.close, campaign, "Lea", now)


def reopen(database: Database, campaign: CampaignSnapshot, until: datetime | None = None) -> None:
    do(database, states.reopen, campaign, until, "Lea", NOW + HOUR)


def row(database: Database, campaign: CampaignSnapshot) -> Campaign:
    with database.reading() as session:
        return session.get_one(Campaign, campaign.id)


def test_a_campaign_is_closed_and_opened_again(database: Database) -> None:
    campaign = make_campaign(database, closes_at=NOW + 9 * HOUR)
    close(database, campaign)
    assert row(database, campaign).closes_at == NOW
    reopen(database, campaign, NOW + 3 * HOUR)
    assert row(database, campaign).closes_at == NOW + 3 * HOUR
    close(database, campaign, NOW + 2 * HOUR)
    do(database, states.reopen, campaign, None, "Lea", NOW + 2 * HOUR)
    assert row(database, campaign).closes_at is None
    with database.reading() as session:
        kept = session.scalars(select(Revision).order_by(Revision.number)).all()
        closings = [read_content(revision.content).closes_at for revision in kept]
        names = [revision.published_by for revision in kept]
    assert closings == [NOW + 9 * HOUR, NOW, NOW + 3 * HOUR, NOW + 2 * HOUR, None]
    assert names == ["", *["Lea"] * 4]


def test_the_working_copy_follows_and_its_editor_is_told(database: Database) -> None:
    campaign = make_campaign(database)
    with database.writing() as session:
        written = replace(load_copy(session, campaign.id).content, opens_at=NOW - HOUR)
        number = save_copy(session, campaign.id, 0, written, "Mara", NOW)
    close(database, campaign)
    with database.reading() as session:
        copy = load_copy(session, campaign.id)
    assert (copy.number, copy.saved_by, copy.saved_at) == (number + 1, "Lea", NOW)
    assert copy.content == replace(written, closes_at=NOW)
    with pytest.raises(EditConflict), database.writing() as session:
        save_copy(session, campaign.id, number, written, "Mara", NOW)
    assert row(database, campaign).opens_at is None  # what was not published stays unpublished


def test_only_what_is_open_can_be_closed(database: Database) -> None:
    for slug, changes in (
        ("upcoming", {"opens_at": NOW + HOUR}),
        ("closed", {"closes_at": NOW}),
        ("draft", {}),
        ("archived", {}),
    ):
        campaign = make_campaign(database, slug=slug, **changes)
        with database.writing() as session:
            found = session.get_one(Campaign, campaign.id)
            if slug == "draft":
                found.published_at = None
            if slug == "archived":
                found.archived_at = NOW
        with pytest.raises(NotPossible):
            close(database, campaign)


def test_only_what_is_closed_can_be_opened_put_away_or_won(database: Database) -> None:
    campaign = make_campaign(database)
    for act, arguments in (
        (states.reopen, (None, "Lea", NOW)),
        (states.archive, (NOW,)),
        (states.unarchive, ()),
        (states.set_outcome, ("won", NOW)),
    ):
        with pytest.raises(NotPossible):
            do(database, act, campaign, *arguments)
    assert (row(database, campaign).outcome, row(database, campaign).archived_at) == (None, None)


def test_a_day_that_does_not_fit_opens_nothing(database: Database) -> None:
    campaign = make_campaign(
        database, closes_at=NOW, retention={"until": (NOW + timedelta(days=9)).date().isoformat()}
    )
    for until, key in ((NOW, "closes"), (NOW + HOUR, "closes"), (NOW + timedelta(days=99), "retention.until")):
        with pytest.raises(TermsError) as error:
            reopen(database, campaign, until)
        assert error.value.key == key
    assert row(database, campaign).closes_at == NOW
    reopen(database, campaign, NOW + timedelta(days=2))


def test_a_campaign_is_put_away_and_fetched_back(database: Database) -> None:
    campaign = make_campaign(database, closes_at=NOW)
    do(database, states.archive, campaign, NOW)
    assert row(database, campaign).archived_at == NOW
    with pytest.raises(NotPossible):
        do(database, states.archive, campaign, NOW + HOUR)
    with pytest.raises(NotPossible):
        reopen(database, campaign)
    with database.reading() as session:
        assert get_snapshot(session, campaign.slug).archived_at == NOW  # its page stays
    do(database, states.unarchive, campaign)
    assert row(database, campaign).archived_at is None


def test_what_came_of_it_is_said_taken_back_and_forgotten_when_it_goes_on(database: Database) -> None:
    campaign = make_campaign(database, closes_at=NOW)
    for outcome in ("won", "lost", None, "won"):
        do(database, states.set_outcome, campaign, outcome, NOW)
        assert row(database, campaign).outcome == outcome
    reopen(database, campaign)
    assert row(database, campaign).outcome is None
    close(database, campaign, NOW + 2 * HOUR)
    do(database, states.set_outcome, campaign, "won", NOW + 2 * HOUR)
    do(database, states.archive, campaign, NOW + 2 * HOUR)
    make_campaign(database, closes_at=NOW + timedelta(days=9))  # files that let it go on
    assert (row(database, campaign).outcome, row(database, campaign).archived_at) == (None, None)


def test_after_a_purge_began_nothing_opens_it(database: Database) -> None:
    campaign = make_campaign(database, closes_at=NOW + 9 * HOUR)
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=NOW, closes_at=NOW))
    with pytest.raises(CampaignPurged):
        reopen(database, campaign)
    with pytest.raises(NotPossible):
        close(database, campaign, NOW - HOUR)
    do(database, states.set_outcome, campaign, "won", NOW)
    do(database, states.archive, campaign, NOW)


def race(first: Callable[[], object], second: Callable[[], object]) -> list[str]:
    """What came of two that run at once: "done", or the name of the error."""
    barrier = threading.Barrier(2)
    results = ["", ""]

    def run(place: int, act: Callable[[], object]) -> None:
        barrier.wait()
        try:
            act()
            results[place] = "done"
        except (NotPossible, CampaignPurged) as error:
            results[place] = type(error).__name__

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate((first, second))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_of_two_who_close_at_once_one_does(database: Database) -> None:
    for attempt in range(4):
        campaign = make_campaign(database, slug=f"race-{attempt}")
        results = race(partial(close, database, campaign), partial(close, database, campaign))
        assert sorted(results) == ["NotPossible", "done"]
        with database.reading() as session:
            assert len(session.scalars(select(Revision).where(Revision.campaign_id == campaign.id)).all()) == 2


def test_opening_and_purging_at_once_leave_it_closed_for_good(database: Database, settings: Settings) -> None:
    """Whatever comes first: what the purge has begun is never open afterwards."""
    for attempt in range(4):
        campaign = make_campaign(database, slug=f"race-{attempt}", closes_at=NOW)
        purging = partial(purge, database, campaign.id, NOW + HOUR)
        results = race(partial(reopen, database, campaign), purging)
        assert results[1] == "done"
        assert results[0] in ("done", "CampaignPurged")
        with database.reading() as session:
            shown = get_snapshot(session, campaign.slug)
        assert shown.status(NOW + timedelta(days=9)) == "closed"
        assert shown.purged_at is not None


def test_who_signed_before_the_closing_may_still_confirm(database: Database, settings: Settings) -> None:
    campaign = make_campaign(database)
    draft = sign(database, settings, campaign)
    close(database, campaign, draft.arrived_at + timedelta(seconds=1))
    assert confirm(database, draft) is Outcome.COUNTED
