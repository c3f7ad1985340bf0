"""Recording what was delivered: whole, once, with exactly the signatures of the list."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import deliveries
from petitions.delivery.candidates import list_candidates
from petitions.delivery.deliveries import DeliveryRow, NewDelivery, find_containing, list_deliveries
from petitions.delivery.known import find_known
from petitions.delivery.models import Delivery, ExportJob
from petitions.delivery.running import run_job
from petitions.delivery.timeline import find_timeline
from petitions.errors import CampaignPurged, DeliveredTooEarly, DeliveredTwice, NotPossible, PageNotFound
from petitions.ids import new_id
from petitions.lists.plans import Plan, Profile
from petitions.lists.serials import Serials
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.paper import PaperSignature
from tests import factories
from tests.delivery.support import LEA, begin, find_job, list_logged, made
from tests.paper.entering import csv, enter

DAY = date(2026, 11, 3)
MADE_AT = datetime(2026, 11, 2, 12, 30, tzinfo=UTC)
EMBASSY = NewDelivery(DAY, "the embassy of Bulgaria in Madrid", deliveries.HANDED_OVER, people=3210, on_paper=12)


def make_list(
    database: Database, settings: Settings, campaign: CampaignSnapshot, plan: Plan | None = None, **more: Any
) -> UUID:
    """A list that the worker made, as if it was before DAY; the id of its job."""
    job_id = begin(database, campaign, plan, **more)
    run_job(database, settings, job_id, new_id())
    with database.writing() as session:
        session.execute(update(ExportJob).where(ExportJob.id == job_id).values(cut_off=MADE_AT))
    return job_id


def record(
    database: Database,
    campaign: CampaignSnapshot,
    new: NewDelivery = EMBASSY,
    delivery_id: UUID | None = None,
) -> DeliveryRow:
    with database.writing() as session:
        return deliveries.record_delivery(session, campaign.id, delivery_id or new_id(), new, LEA, utc_now())


def change(
    database: Database, campaign: CampaignSnapshot, row: DeliveryRow, new: NewDelivery, revision: int | None = None
) -> DeliveryRow:
    seen = row.revision if revision is None else revision
    with database.writing() as session:
        return deliveries.change_delivery(session, campaign.id, row.id, seen, new, LEA, utc_now())


def take_back(database: Database, campaign: CampaignSnapshot, row: DeliveryRow) -> None:
    with database.writing() as session:
        deliveries.take_back(session, campaign.id, row.id, row.revision, LEA, utc_now())


def rows(database: Database, campaign: CampaignSnapshot) -> list[DeliveryRow]:
    with database.reading() as session:
        return list(list_deliveries(session, campaign.id))


def containing(database: Database, campaign: CampaignSnapshot, serial: int) -> list[str]:
    with database.reading() as session:
        return [row.recipient for row in find_containing(session, campaign.id, serial)]


def test_numbers_that_somebody_typed_are_kept_as_such(database: Database, campaign: CampaignSnapshot) -> None:
    row = record(database, campaign)
    assert (row.number, row.revision, row.people, row.on_paper, row.organisations) == (1, 1, 3210, 12, 0)
    assert (row.by_hand, row.has_serials, row.cut_off, row.created_by) == (True, False, None, "Lea Lead")
    assert rows(database, campaign) == [row]
    (entry,) = list_logged(database, "delivery.")
    assert (entry.action, entry.details) == (
        "delivery.recorded",
        {"delivery": 1, "delivered_on": "2026-11-03", "people": 3210},
    )


def test_a_list_gives_its_numbers_and_who_was_in_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    for visibility in ("public", "anonymous", "initials"):
        factories.sign_and_confirm(database, settings, campaign, visibility=visibility)
    factories.cosign(database, settings, campaign)
    job_id = make_list(database, settings, campaign, Plan(pack=True, organisations=True))
    job = find_job(database, campaign, job_id)
    row = record(database, campaign, replace(EMBASSY, export_id=job_id))
    assert (row.people, row.on_paper, row.organisations) == (2, 0, 1)  # whatever somebody typed beside it
    assert (row.by_hand, row.has_serials, row.cut_off) == (False, True, job.cut_off)
    assert job.result is not None
    assert row.manifest_sha256 == job.result["manifest_sha256"] is not None
    with database.reading() as session:
        known = find_known(session, campaign.id, [row.id])
    assert list(known.serials) == [1, 3]
    assert list_logged(database, "delivery.")[0].details["sha256"] == row.manifest_sha256


def test_who_was_in_it_stays_when_the_list_has_gone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    job_id = make_list(database, settings, campaign)
    row = record(database, campaign, replace(EMBASSY, export_id=job_id))
    with database.writing() as session:
        session.execute(delete(ExportJob))
    again = change(database, campaign, row, replace(EMBASSY, export_id=job_id, recipient="somebody else"))
    assert (again.recipient, again.people, again.has_serials) == ("somebody else", 1, True)
    assert containing(database, campaign, 1) == ["somebody else"]


def test_the_next_list_has_exactly_the_others(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    for _ in range(4):
        factories.sign_and_confirm(database, settings, campaign, country="ES")
    factories.sign_and_confirm(database, settings, campaign, country="FR")
    spain = make_list(database, settings, campaign, Plan(countries=("ES",)))
    first = record(database, campaign, replace(EMBASSY, export_id=spain))
    factories.sign_and_confirm(database, settings, campaign, country="ES")
    done, _ = made(database, campaign, settings, tmp_path / "next", Plan(without=(first.id,)))
    assert list(done.serials) == [5, 6]  # the one of France was not in the first, and is skipped by none


def test_a_signer_finds_every_delivery_that_had_them(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    first = make_list(database, settings, campaign)
    factories.sign_and_confirm(database, settings, campaign)
    both = make_list(database, settings, campaign)
    record(database, campaign, replace(EMBASSY, export_id=first, shown=False))
    record(
        database, campaign, replace(EMBASSY, export_id=both, recipient="the court", delivered_on=date(2026, 11, 9))
    )
    record(database, campaign)  # typed: nobody knows
    assert containing(database, campaign, 1) == ["the court", EMBASSY.recipient]
    assert containing(database, campaign, 2) == ["the court"]
    assert containing(database, campaign, 3) == []


def test_the_same_form_twice_is_one_delivery(database: Database, campaign: CampaignSnapshot) -> None:
    delivery_id = new_id()
    assert record(database, campaign, EMBASSY, delivery_id) == record(database, campaign, EMBASSY, delivery_id)
    assert len(rows(database, campaign)) == 1
    assert len(list_logged(database, "delivery.")) == 1


def test_another_campaign_gets_no_delivery_by_an_id_that_is_taken(
    database: Database, campaign: CampaignSnapshot
) -> None:
    other = factories.make_campaign(database, slug="free-ana")
    row = record(database, campaign)
    with pytest.raises(PageNotFound):
        record(database, other, EMBASSY, row.id)
    for act in (lambda: change(database, other, row, EMBASSY), lambda: take_back(database, other, row)):
        with pytest.raises(PageNotFound):
            act()


def test_two_at_once_get_two_numbers(database: Database, campaign: CampaignSnapshot) -> None:
    with ThreadPoolExecutor(4) as threads:
        recorded = list(threads.map(lambda _: record(database, campaign), range(8)))
    assert sorted(row.number for row in recorded) == list(range(1, 9))


def test_lists_that_cannot_be_delivered(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign, updates=True)
    other = factories.make_campaign(database, slug="free-ana")
    inside = [
        make_list(database, settings, campaign, Plan(profile=Profile.CONTACTS), reason="the letter of March"),
        make_list(database, settings, campaign, Plan(profile=Profile.FULL), reason="for the court"),
    ]
    elsewhere = make_list(database, settings, other)
    waiting = begin(database, campaign)
    for export_id in (new_id(), *inside, elsewhere, waiting):
        with pytest.raises(NotPossible):
            record(database, campaign, replace(EMBASSY, export_id=export_id))
    assert rows(database, campaign) == []
    with database.reading() as session:
        assert list_candidates(session, campaign.id) == []
    mine = make_list(database, settings, campaign)
    if find_job(database, campaign, mine).serials is None:  # the one that waited was the same
        run_job(database, settings, mine, new_id())
    with database.reading() as session:
        (candidate,) = list_candidates(session, campaign.id)
    assert (candidate.id, candidate.people, candidate.profile) == (mine, 1, "delivery")


def test_every_list_can_be_recorded_however_many_there_are(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    first = find_job(database, campaign, make_list(database, settings, campaign))
    values = {column.name: getattr(first, column.name) for column in ExportJob.__table__.columns}
    with database.writing() as session:
        for _ in range(60):
            session.add(ExportJob(**values | {"id": new_id(), "created_at": utc_now()}))
    with database.reading() as session:
        assert list_candidates(session, campaign.id)[-1].id == first.id


def test_what_somebody_else_changed_meanwhile_stays(database: Database, campaign: CampaignSnapshot) -> None:
    row = record(database, campaign)
    change(database, campaign, row, replace(EMBASSY, recipient="the court", people=5))
    with pytest.raises(NotPossible):
        change(database, campaign, row, replace(EMBASSY, recipient="nobody"))
    with pytest.raises(NotPossible):
        take_back(database, campaign, row)
    (stays,) = rows(database, campaign)
    assert (stays.recipient, stays.people, stays.revision) == ("the court", 5, 2)


def test_typed_numbers_take_the_place_of_a_list(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    row = record(database, campaign, replace(EMBASSY, export_id=make_list(database, settings, campaign)))
    typed = change(database, campaign, row, EMBASSY)
    assert (typed.by_hand, typed.people, typed.has_serials) == (True, 3210, False)
    assert containing(database, campaign, 1) == []


def test_another_list_takes_the_place_of_typed_numbers_or_of_a_list(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    one = make_list(database, settings, campaign)
    factories.sign_and_confirm(database, settings, campaign)
    both = make_list(database, settings, campaign, Plan(pack=True))
    row = record(database, campaign)
    for export_id, people, second in ((one, 1, []), (both, 2, [EMBASSY.recipient]), (one, 1, [])):
        row = change(database, campaign, row, replace(EMBASSY, export_id=export_id))
        assert (row.by_hand, row.people, row.on_paper, row.has_serials) == (False, people, 0, True)
        assert (row.manifest_sha256 is None) == (export_id == one)
        assert containing(database, campaign, 1) == [EMBASSY.recipient]
        assert containing(database, campaign, 2) == second


def test_one_list_goes_to_several_and_to_each_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    ours = replace(EMBASSY, export_id=make_list(database, settings, campaign))
    first, court = (
        record(database, campaign, ours),
        record(database, campaign, replace(ours, recipient="the court")),
    )
    typed = record(database, campaign)  # whatever list that was
    again = replace(ours, recipient=f" {EMBASSY.recipient.upper()}", delivered_on=date(2026, 11, 5))
    with pytest.raises(DeliveredTwice):
        record(database, campaign, again)
    for row in (court, typed):
        with pytest.raises(DeliveredTwice):
            change(database, campaign, row, again)
    change(database, campaign, first, replace(ours, note="They promised."))
    assert len(rows(database, campaign)) == 3


def test_what_was_made_later_was_not_delivered_before(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    ours = replace(EMBASSY, export_id=make_list(database, settings, campaign))
    early = replace(ours, delivered_on=date(2026, 10, 31))
    with pytest.raises(DeliveredTooEarly) as raised:
        record(database, campaign, early)
    assert raised.value.cut_off == MADE_AT
    assert rows(database, campaign) == []
    row = record(
        database, campaign, replace(ours, delivered_on=date(2026, 11, 1))
    )  # it was still that day elsewhere
    with pytest.raises(DeliveredTooEarly):
        change(database, campaign, row, early)
    assert rows(database, campaign) == [row]
    typed = change(database, campaign, row, replace(early, export_id=None))  # counted by hand: nothing to compare
    with pytest.raises(DeliveredTooEarly):
        change(database, campaign, typed, early)


def test_typed_numbers_are_never_said_to_be_of_a_list(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    full = make_list(database, settings, campaign, Plan(profile=Profile.FULL), reason="for the court")
    row = record(database, campaign, replace(EMBASSY, people=987_654))
    for export_id in (new_id(), full):
        with pytest.raises(NotPossible):
            change(database, campaign, row, replace(EMBASSY, export_id=export_id))
    mine = make_list(database, settings, campaign)
    purge(database, campaign.id, utc_now())
    with pytest.raises(CampaignPurged):
        change(database, campaign, row, replace(EMBASSY, export_id=mine))
    assert rows(database, campaign) == [row]


def on_paper_and_online(database: Database, settings: Settings, campaign: CampaignSnapshot, address: str) -> None:
    """Whoever stands on paper with this address signs online too."""
    factories.sign_and_confirm(database, settings, campaign, name="Ana Sole", city="Rome", email=address)


def test_who_was_delivered_on_paper_and_then_signs_online_is_not_sent_again(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    enter(database, settings, campaign, csv("Ana Sole,Rome,IT,ana@example.org", "Bo Berg,Oslo,NO,"))
    paper = Plan(on_paper=True)
    first = record(database, campaign, replace(EMBASSY, export_id=make_list(database, settings, campaign, paper)))
    assert (first.people, first.on_paper) == (0, 2)
    factories.sign_and_confirm(database, settings, campaign)
    on_paper_and_online(database, settings, campaign, "ana@example.org")
    done, _ = made(database, campaign, settings, tmp_path / "next", replace(paper, without=(first.id,)))
    assert (list(done.serials), list(done.paper_numbers)) == ([1], [])
    done, _ = made(database, campaign, settings, tmp_path / "all", paper)
    assert (list(done.serials), list(done.paper_numbers)) == ([1, 2], [2])
    assert containing(database, campaign, 2) == [EMBASSY.recipient]
    assert containing(database, campaign, 1) == []


def test_who_stands_on_two_sheets_is_sent_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    """The row that was delivered is found to repeat one that was not, and its signer is online at last."""
    enter(database, settings, campaign, csv("Ana Sole,Rome,IT,", "Ann Sole,Rome,IT,ana@example.org"))
    paper = Plan(on_paper=True)
    first = record(database, campaign, replace(EMBASSY, export_id=make_list(database, settings, campaign, paper)))
    with database.writing() as session:  # as when only the first had been entered by then
        session.get_one(Delivery, first.id).paper_numbers = Serials([1]).pack()
        session.execute(
            update(PaperSignature).where(PaperSignature.number == 1).values(state="twice", like_number=2)
        )
    done, _ = made(database, campaign, settings, tmp_path / "paper", replace(paper, without=(first.id,)))
    assert (list(done.serials), list(done.paper_numbers)) == ([], [])
    on_paper_and_online(database, settings, campaign, "ana@example.org")
    done, _ = made(database, campaign, settings, tmp_path / "online", replace(paper, without=(first.id,)))
    assert (list(done.serials), list(done.paper_numbers)) == ([], [])
    assert containing(database, campaign, 1) == [EMBASSY.recipient]


def test_rows_that_repeat_each_other_are_no_circle_to_walk_in(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path
) -> None:
    enter(database, settings, campaign, csv("Ana Sole,Rome,IT,", "Ann Sole,Rome,IT,"))
    paper = Plan(on_paper=True)
    row = record(database, campaign, replace(EMBASSY, export_id=make_list(database, settings, campaign, paper)))
    with database.writing() as session:
        for number, like in ((1, 2), (2, 1)):
            values = {"state": "twice", "like_number": like}
            session.execute(update(PaperSignature).where(PaperSignature.number == number).values(values))
    done, _ = made(database, campaign, settings, tmp_path / "next", replace(paper, without=(row.id,)))
    assert list(done.paper_numbers) == []


def test_what_is_taken_back_is_gone_but_for_the_log(database: Database, campaign: CampaignSnapshot) -> None:
    row = record(database, campaign)
    take_back(database, campaign, row)
    assert rows(database, campaign) == []
    assert [entry.action for entry in list_logged(database, "delivery.")] == [
        "delivery.recorded",
        "delivery.taken_back",
    ]
    with pytest.raises(PageNotFound):
        take_back(database, campaign, row)


def test_a_campaign_has_only_so_many(
    database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MOST_DELIVERIES", 1)
    record(database, campaign)
    with pytest.raises(NotPossible):
        record(database, campaign)


def test_everybody_sees_those_that_are_shown_and_the_newest_first(
    database: Database, campaign: CampaignSnapshot
) -> None:
    record(database, campaign, replace(EMBASSY, note="They promised.", remark="File 12"))
    record(database, campaign, replace(EMBASSY, recipient="the court", delivered_on=date(2026, 11, 5)))
    record(database, campaign, replace(EMBASSY, recipient="somebody quiet", shown=False))
    with database.reading() as session:
        timeline = find_timeline(session, campaign.id)
    assert [one.recipient for one in timeline.deliveries] == ["the court", EMBASSY.recipient]
    assert timeline.deliveries[1].note == "They promised."
    assert "File 12" not in repr(timeline)


def test_the_history_stays_when_the_names_go(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    job_id = make_list(database, settings, campaign)
    record(database, campaign, replace(EMBASSY, export_id=job_id))
    assert purge(database, campaign.id, utc_now()).done
    (row,) = rows(database, campaign)
    assert (row.people, row.has_serials, row.by_hand) == (1, False, False)
    with database.reading() as session:
        stored = session.get_one(Delivery, row.id)
        assert (stored.serials, stored.paper_numbers) == (None, None)
        with pytest.raises(NotPossible):
            find_known(session, campaign.id, [row.id])
    with pytest.raises(CampaignPurged):
        record(database, campaign, replace(EMBASSY, export_id=job_id))
    # What happens afterwards can be told still, and what was told corrected.
    assert record(database, campaign).by_hand
    assert change(database, campaign, row, replace(EMBASSY, export_id=job_id, recipient="x")).people == 1


def test_a_list_of_nobody_is_known_to_hold_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    row = record(database, campaign, replace(EMBASSY, export_id=make_list(database, settings, campaign)))
    assert (row.people, row.has_serials) == (0, True)
    with database.reading() as session:
        known = find_known(session, campaign.id, [row.id])
    assert list(known.serials) == list(Serials()) == []
