"""Bringing in organisations: whole or not at all, counted once, each mailed once, alike ones marked."""

import threading
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignPurged, NotPossible
from petitions.mail.models import Outbox
from petitions.organisations import counting, importing, requesting
from petitions.organisations.confirming import Confirmation, confirm
from petitions.organisations.csv_rows import Row, read_list
from petitions.organisations.importing import Imported, Plan, bring_in, find_alike
from petitions.organisations.models import Organisation
from petitions.settings import Settings
from petitions.tokens import Named
from tests.factories import organisation_request

LEA = Actor(None, "Lea Lead")
HEADER = "name,kind,country,website,members,email,language\n"
TWO = (
    "Bakers,union,IE,https://bakers.example,100,office@bakers.example,ga\n"
    "Millers,union,DE,https://millers.example,20,,\n"
)


def rows(text: str) -> Sequence[Row]:
    return read_list(HEADER + text, "en")


def plan(campaign: CampaignSnapshot, settings: Settings, text: str = TWO, **changes: Any) -> Plan:
    values: dict[str, Any] = {
        "id": uuid4(),
        "rows": rows(text),
        "vouches": True,
        "note": "In the drawer.",
        "leaves_wrong": False,
        "leaves_alike": True,
        "statements": {language: statement.id for language, statement in campaign.statements.items()},
        "consent_version": 1,
        "email_secret": settings.email_key,
    }
    return Plan(**values | changes)


def carry_out(database: Database, campaign: CampaignSnapshot, wanted: Plan) -> Imported:
    with database.writing() as session:
        return bring_in(session, campaign.id, wanted, LEA, utc_now())


def here(database: Database) -> list[Organisation]:
    with database.reading() as session:
        found = list(session.scalars(select(Organisation).order_by(Organisation.number)))
        session.expunge_all()
    return found


def mails(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(row.kind, row.language) for row in session.execute(select(Outbox.kind, Outbox.language))]


def drift(database: Database, campaign: CampaignSnapshot) -> int:
    with database.writing() as session:
        return counting.recount(session, campaign.id, repair=False)


def test_those_for_whom_a_lead_vouches_count_at_once(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    assert carry_out(database, campaign, plan(campaign, settings)) == Imported(done=2)
    bakers, millers = here(database)
    assert [(each.number, each.name, each.state) for each in (bakers, millers)] == [
        (1, "Bakers", "approved"),
        (2, "Millers", "approved"),
    ]
    assert (bakers.vouched_by, bakers.decided_by, bakers.note) == ("Lea Lead", "Lea Lead", "In the drawer.")
    assert (bakers.confirmed_at, bakers.domain_proven, bakers.language) == (None, True, "ga")
    assert (millers.email, millers.email_key, millers.language) == (None, None, "en")
    with database.reading() as session:
        standing = counting.find_standing(session, campaign.id)
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action.like("organisation.%")))
        assert (standing.counted, standing.members) == (2, 120)
        assert entry.details == {"first": 1, "last": 2, "rows": 2, "vouched": True}
    assert drift(database, campaign) == 0
    assert mails(database) == [("organisation_link", "ga")]


def test_those_that_are_asked_wait_for_their_button(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    assert carry_out(database, campaign, plan(campaign, settings, vouches=False)).done == 2
    assert [(each.state, each.vouched_by, each.decided_at) for each in here(database)] == [
        ("unconfirmed", None, None)
    ] * 2
    assert mails(database) == [("organisation_confirm", "ga")]
    assert drift(database, campaign) == 0


@pytest.mark.parametrize("note", ["", "From their site."])
def test_those_that_are_asked_wait_for_a_lead_once_they_have_pressed_it(
    database: Database, campaign: CampaignSnapshot, settings: Settings, note: str
) -> None:
    """Whatever the rule of the campaign says of others, and whether or not the lead noted something."""
    carry_out(database, campaign, plan(campaign, settings, vouches=False, note=note))
    bakers = here(database)[0]
    assert bakers.note == (note or f"{bakers.created_at:%Y-%m-%d} Lea Lead: CSV")
    with database.writing() as session:
        pressed = confirm(session, Confirmation(Named(campaign.id, bakers.id, 0), True, utc_now()))
        assert (pressed.domain_proven, pressed.state) == (True, "waiting")


def test_a_wording_that_gave_way_to_another_is_not_signed(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    wanted = plan(campaign, settings, statements={"en": 4711})
    with pytest.raises(NotPossible):
        carry_out(database, campaign, wanted)
    assert here(database) == []


def test_a_request_that_comes_afterwards_gets_the_next_number(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    carry_out(database, campaign, plan(campaign, settings))
    with database.writing() as session:
        requesting.request(session, organisation_request(campaign, settings))
    assert [each.number for each in here(database)] == [1, 2, 3]


def test_wrong_rows_stop_everything_or_are_left_out(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    text = TWO + "Club,club,IE,,,,\n"
    assert carry_out(database, campaign, plan(campaign, settings, text)) == Imported(wrong=1)
    assert here(database) == []
    assert carry_out(database, campaign, plan(campaign, settings, text, leaves_wrong=True)) == Imported(2, wrong=1)


def test_the_same_form_twice_is_one(database: Database, campaign: CampaignSnapshot, settings: Settings) -> None:
    wanted = plan(campaign, settings, leaves_alike=False)
    assert carry_out(database, campaign, wanted).done == 2
    assert carry_out(database, campaign, wanted) == Imported(again=True)
    assert len(here(database)) == 2


def test_alike_rows_are_found_in_the_store_and_in_the_file(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    with database.writing() as session:
        asked = organisation_request(campaign, settings, name="Bakers e.V.", website=None)
        requesting.request(session, asked)
    text = TWO + "MILLERS,party,DE,,,,\nOthers,union,DE,https://www.millers.example,,,\nAlone,union,DE,,,,\n"
    with database.reading() as session:
        alike = find_alike(session, campaign.id, rows(text))
    assert {line: (one.name, one.number, one.line) for line, one in alike.items()} == {
        2: ("Bakers e.V.", 1, None),
        4: ("Millers", None, 3),
        5: ("Millers", None, 3),
    }
    assert alike[2].id == asked.id
    assert carry_out(database, campaign, plan(campaign, settings, text)) == Imported(2, alike=3)
    assert [each.name for each in here(database)] == ["Bakers e.V.", "Millers", "Alone"]


def test_local_branches_of_one_domain_are_not_alike(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    text = "".join(f"UE Local {number},union,US,https://ue.example,,,\n" for number in (506, 618, 1024))
    assert carry_out(database, campaign, plan(campaign, settings, text)) == Imported(3)
    assert carry_out(database, campaign, plan(campaign, settings, text)) == Imported(alike=3)


def test_without_the_tick_alike_rows_come_in(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    carry_out(database, campaign, plan(campaign, settings))
    assert carry_out(database, campaign, plan(campaign, settings, leaves_alike=False)).done == 2
    assert drift(database, campaign) == 0


def test_one_address_gets_its_mails_of_a_day_and_no_more(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    text = "".join(f"Local {n},union,IE,,,office@union.example,\n" for n in range(7))
    assert carry_out(database, campaign, plan(campaign, settings, text)) == Imported(7, unasked=2)
    assert len(mails(database)) == 5


def test_a_language_without_a_wording_signs_the_default_one(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    carry_out(database, campaign, plan(campaign, settings))
    default = campaign.statements["en"].id
    assert {each.statement_id for each in here(database)} == {default}
    assert {each.told_statement_id for each in here(database)} == {default}


def test_nothing_is_stored_half(
    database: Database, campaign: CampaignSnapshot, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> int:
        raise RuntimeError

    monkeypatch.setattr(importing, "_mail", fail)
    with pytest.raises(RuntimeError):
        carry_out(database, campaign, plan(campaign, settings))
    assert here(database) == []
    with database.reading() as session:
        assert counting.find_standing(session, campaign.id).counted == 0


def test_two_leads_who_bring_in_one_list_at_once_bring_it_in_once(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    begin, done = threading.Barrier(2), []

    def run() -> None:
        wanted = plan(campaign, settings)
        begin.wait()
        done.append(carry_out(database, campaign, wanted))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((each.done, each.alike) for each in done) == [(0, 2), (2, 0)]
    assert len(here(database)) == 2
    assert drift(database, campaign) == 0


def test_while_the_data_are_erased_nobody_comes_in(
    database: Database, campaign: CampaignSnapshot, settings: Settings
) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=utc_now()))
    with pytest.raises(CampaignPurged):
        carry_out(database, campaign, plan(campaign, settings))
