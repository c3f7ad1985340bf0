"""What a purge leaves of organisations."""

import threading
from typing import Any

import pytest
from sqlalchemy import select, text

from petitions import batches
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignPurged, LinkInvalid
from petitions.organisations import own
from petitions.organisations.deciding import Decision
from petitions.organisations.listing import find_shown
from petitions.organisations.models import Organisation, OrganisationLogo
from petitions.organisations.pictures import Logo
from petitions.organisations.purging import erase_contacts, has_contacts
from petitions.organisations.requesting import request
from petitions.privacy.purging import purge, purge_due
from petitions.settings import Settings
from tests import factories
from tests.organisations.acting import (
    ask,
    assert_true,
    find,
    judge,
    link,
    race,
    row,
    set_columns,
    shown,
    waiting,
)

#: Everything that says who spoke for an organisation, or who decided about it.
PERSONAL: dict[str, Any] = {
    "contact_name": "Planted",
    "contact_role": "Planted",
    "email": "planted@union.example.org",
    "email_key": bytes(16),
    "phone": "1234",
    "next_contact": {"contact_name": "Planted", "key": 1},
    "handovers": [1],
    "look": "rule",
    "note": "Planted",
    "question": "Planted",
    "answer": "Planted",
    "proposed": {"name": "Planted"},
    "vouched_by": "Planted",
    "decided_by": "Planted",
}


def test_those_that_everybody_saw_stay_without_anybody_who_spoke_for_them(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    logo, other_logo = Logo(b"shown", 9, 9), Logo(b"hidden", 9, 9)
    public = shown(database, settings, campaign, members=5, comment="With you.", logo=logo)
    set_columns(database, public, **PERSONAL)
    unseen = [
        ask(database, settings, campaign),
        waiting(database, settings, campaign, logo=other_logo),
        shown(database, settings, campaign),
    ]
    judge(database, unseen[2], Decision.DECLINE)
    elsewhere = shown(database, settings, factories.make_campaign(database, slug="other"))
    with database.reading() as session:
        before = find_shown(session, campaign.id)
    purge(database, campaign.id, utc_now())
    kept = row(database, public)
    assert {name: getattr(kept, name) for name in PERSONAL} == dict.fromkeys(PERSONAL)
    assert {find(database, one) for one in unseen} == {None}
    with database.reading() as session:
        after = find_shown(session, campaign.id)
        assert after.organisations == before.organisations
        assert session.scalars(select(OrganisationLogo.image)).all() == [b"shown"]
        for epoch in (0, 1):
            with pytest.raises(LinkInvalid):
                own.find_own(session, link(public, epoch))
        assert not has_contacts(session, campaign.id)
        assert has_contacts(session, elsewhere.campaign_id)
    assert assert_true(database, campaign).members == 5
    assert row(database, elsewhere).email == elsewhere.contact.email


def test_each_of_what_is_personal_is_something_left_to_erase(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """What slipped in is found by the next purge, and by no other."""
    public = shown(database, settings, campaign)
    purge(database, campaign.id, utc_now())
    for name, value in PERSONAL.items():
        set_columns(database, public, **{name: value})
        with database.writing() as session:
            assert has_contacts(session, campaign.id)
            assert erase_contacts(session, campaign.id, 9) == 0
        assert getattr(row(database, public), name) is None
        with database.reading() as session:
            assert not has_contacts(session, campaign.id)
    set_columns(database, public, note="Planted")
    assert [report.done for report in purge_due(database, utc_now())] == [True]
    assert purge_due(database, utc_now()) == []


def test_every_column_is_public_or_erased() -> None:
    """Whoever adds one decides which."""
    public = {
        *(
            "campaign_id",
            "id",
            "number",
            "state",
            "revision",
            "name",
            "kind",
            "country",
            "city",
            "website",
            "logo",
        ),
        *(
            "members",
            "comment",
            "language",
            "pin",
            "name_key",
            "name_skeleton",
            "domain",
            "distinct_from",
            "merged_into",
        ),
        *("confirmed_at", "domain_proven", "decided_at", "statement_id", "consent_version", "told_statement_id"),
        *("link_epoch", "created_at", "reminded_at", "name_skeleton"),
    }
    assert {column.name for column in Organisation.__table__.columns} == public | PERSONAL.keys()


def test_it_goes_in_small_steps_and_is_run_again_where_it_was_broken_off(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_SMALLEST", "_FIRST", "_LARGEST"):
        monkeypatch.setattr(batches, name, 2)
    public = [shown(database, settings, campaign) for _ in range(3)]
    for _ in range(3):
        waiting(database, settings, campaign)
    with database.writing() as session:
        assert erase_contacts(session, campaign.id, 2) == 0
    with database.reading() as session:
        assert len(session.scalars(select(Organisation)).all()) == 4
    assert purge(database, campaign.id, utc_now(), stop=lambda: True).done is False
    with pytest.raises(CampaignPurged):
        waiting(database, settings, campaign)
    assert purge(database, campaign.id, utc_now()).done
    assert {row(database, one).email for one in public} == {None}
    assert assert_true(database, campaign).counted == 3


def test_nobody_slips_in_behind_a_purge(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whoever asks at the moment at which it begins is erased with the rest, or turned away."""
    asked = [factories.organisation_request(campaign, settings) for _ in range(3)]

    def asking(number: int) -> None:
        with database.writing() as session:
            request(session, asked[number])

    results = race(
        lambda: purge(database, campaign.id, utc_now()).done,
        *(lambda number=number: asking(number) for number in range(3)),
    )
    assert results[0] is True
    assert {type(result) for result in results[1:]} <= {CampaignPurged, type(None)}
    with database.reading() as session:
        assert session.scalars(select(Organisation)).all() == []


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
def test_a_purge_that_begins_waits_for_whoever_is_asking(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Else it would be through before they are stored, and nobody would erase them within the hour."""
    asked = factories.organisation_request(campaign, settings)
    purging = threading.Thread(target=lambda: purge(database, campaign.id, utc_now()))
    with database.writing() as session:
        request(session, asked)
        purging.start()
        while purging.is_alive() and not session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
            purging.join(0.01)
        assert purging.is_alive()
    purging.join()
    assert find(database, asked) is None
