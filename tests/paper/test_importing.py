"""Bringing in rows: what counts, what repeats somebody and how it is told, and that it is done whole and once."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignPurged, NotPossible
from petitions.ids import new_id
from petitions.paper.importing import Imported
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.importing import find_signed_statements
from petitions.signatures.models import Tally
from petitions.signatures.paper import PaperBatch
from petitions.signatures.refusing import refuse
from tests.factories import confirm, make_campaign, remove, sign, sign_and_confirm
from tests.paper.entering import assert_true, csv, enter, logged, look, rows_of, statement_of, states

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_rows_come_in_as_they_were_typed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    text = csv(
        "Bruno  Baker,Cork,Ireland,Bruno@Example.org,Bakers' Union,22.11.2026,0042,7",
        columns="name,city,country,mail,affiliation,date,sheet,line",
    )
    assert enter(database, settings, campaign, text, now=NOON) == Imported({"counted": 1})
    row = rows_of(database, campaign)[0]
    assert (row.number, row.state, row.name, row.city, row.country) == (1, "counted", "Bruno Baker", "Cork", "IE")
    assert (row.affiliation, row.signed_on, row.sheet, row.line) == ("Bakers' Union", "2026-11-22", 42, 7)
    assert (row.statement_id, row.entered_at, row.decided_by) == (statement_of(campaign), NOON, None)
    assert row.email_key is not None
    assert assert_true(database, campaign) == 1
    with database.reading() as session:
        batch = session.scalars(select(PaperBatch)).one()
    assert (batch.id, batch.rows, batch.entered_by, batch.entered_at) == (row.batch_id, 1, "Lena Lead", NOON)
    assert logged(database) == [("Lena Lead", "paper.imported", {"rows": 1, "states": {"counted": 1}, "wrong": 0})]


def test_the_address_itself_is_not_kept(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Bruno,Cork,IE,bruno@example.org"))
    row = rows_of(database, campaign)[0]
    assert "bruno@" not in repr({name: getattr(row, name) for name in ("name", "city", "email_key", "person_key")})


@pytest.mark.parametrize(
    ("row", "state", "serial"),
    [
        ("Somebody Else,Rome,IT,ANA@example.org", "online", 1),  # the address says who it is
        ("sanchez ana,madrid,ES,", "waiting", 1),
        ("Ana Sánchez,Madrid,IT,other@example.org", "waiting", 1),
        ("Ana Sánchez,Toledo,ES,", "counted", None),
        ("Ana Sánchez,,ES,", "counted", None),
        ("Ana,Madrid,ES,", "counted", None),
        ("Ana Sánchez Ruiz,Madrid,ES,", "counted", None),
    ],
)
def test_who_signed_online(
    database: Database, settings: Settings, campaign: CampaignSnapshot, row: str, state: str, serial: int | None
) -> None:
    sign_and_confirm(database, settings, campaign, email="ana@example.org")
    other = make_campaign(database, slug="other")
    sign_and_confirm(database, settings, other, email="bruno@example.org")
    enter(database, settings, campaign, csv(row))
    stored = rows_of(database, campaign)[0]
    assert (stored.state, stored.like_serial, stored.like_number) == (state, serial, None)
    assert assert_true(database, campaign) == (state == "counted")


@pytest.mark.parametrize("visibility", ["public", "initials", "addressee"])
def test_a_name_is_compared_however_it_is_shown(
    database: Database, settings: Settings, campaign: CampaignSnapshot, visibility: str
) -> None:
    sign_and_confirm(database, settings, campaign, visibility=visibility)
    enter(database, settings, campaign, csv("Ana Sánchez,Madrid,ES,"))
    assert states(database, campaign) == {1: "waiting"}


def test_who_was_removed_does_not_come_back_on_paper(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """By the address; the name of a signature that does not count is nobody's double."""
    remove(database, sign_and_confirm(database, settings, campaign, email="ana@example.org"))
    enter(database, settings, campaign, csv("Ana,Rome,IT,ana@example.org", "Ana Sánchez,Madrid,ES,"))
    assert states(database, campaign) == {1: "online", 2: "counted"}


def test_an_address_that_refused_waits(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft = sign(database, settings, campaign, email="ana@example.org")
    with database.writing() as session:
        refuse(session, campaign.id, draft.id, utc_now())
    enter(database, settings, campaign, csv("Ana,Rome,IT,ana@example.org"))
    row = rows_of(database, campaign)[0]
    assert (row.state, row.like_serial, row.like_number) == ("waiting", None, None)


def test_rows_of_one_file_and_of_an_earlier_one(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    columns = "name,city,country,mail,sheet,line"
    enter(database, settings, campaign, csv("Dora,Bonn,DE,dora@example.org,1,1", columns=columns))
    rows = (
        "D. Other,Rome,IT,dora@example.org,,",  # 2: the address of 1
        "DORA,Bonn,DE,,2,1",  # 3: the name of 1
        "Emil,Bonn,DE,emil@example.org,1,1",  # 4: the line of 1
        "Fay,Bonn,DE,fay@example.org,3,1",  # 5
        "Gus,Bonn,DE,fay@example.org,3,2",  # 6: the address of 5
        "Fay,bonn,DE,,3,3",  # 7: the name of 5
        "Hal,Bonn,DE,,3,1",  # 8: the line of 5
        "Ida,Bonn,DE,,4,",  # 9: a sheet without lines tells nothing
        "Jan,Bonn,DE,,4,",
    )
    enter(database, settings, campaign, csv(*rows, columns=columns))
    found = {row.number: (row.state, row.like_number) for row in rows_of(database, campaign)}
    assert found == {
        1: ("counted", None),
        2: ("twice", 1),
        3: ("waiting", 1),
        4: ("waiting", 1),
        5: ("counted", None),
        6: ("twice", 5),
        7: ("waiting", 5),
        8: ("waiting", 5),
        9: ("counted", None),
        10: ("counted", None),
    }
    assert assert_true(database, campaign) == 4


def test_who_signs_online_while_a_file_is_looked_at_is_seen(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The look is without a lock; what came since is compared under it."""
    seen = look(database, settings, campaign, csv("Ana Sánchez,Madrid,ES,", "Bruno,Cork,IE,bruno@example.org"))
    assert dict(seen.states) == {"counted": 2}
    sign_and_confirm(database, settings, campaign)
    sign_and_confirm(database, settings, campaign, email="bruno@example.org", name=None, visibility="anonymous")
    assert dict(enter(database, settings, campaign, seen=seen).states) == {"waiting": 1, "online": 1}


def test_rows_with_mistakes_keep_all_out_or_are_left_out(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    text = csv("Bruno,Cork,IE,", ",Cork,IE,")
    assert enter(database, settings, campaign, text) == Imported(wrong=1)
    assert rows_of(database, campaign) == []
    assert enter(database, settings, campaign, text, leaves_wrong=True) == Imported({"counted": 1}, wrong=1)
    assert enter(database, settings, campaign, csv(",Cork,IE,"), leaves_wrong=True) == Imported(wrong=1)
    assert assert_true(database, campaign) == 1


def test_a_form_sent_twice_is_done_once_and_the_same_file_is_told(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    identifier = new_id()
    assert enter(database, settings, campaign, id=identifier).rows == 2
    assert enter(database, settings, campaign, id=identifier).is_done
    assert enter(database, settings, campaign, csv().replace(",", ";")).is_known
    assert look(database, settings, campaign, csv()).earlier is not None
    assert look(database, settings, campaign, csv("Bruno Baker,Cork,IE,")).earlier is None
    assert assert_true(database, campaign) == 2
    assert dict(enter(database, settings, campaign, again=True).states) == {"waiting": 1, "twice": 1}
    assert assert_true(database, campaign) == 2


def test_numbers_go_on(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    enter(database, settings, campaign)
    enter(database, settings, campaign, csv("Dora,Bonn,DE,"))
    assert sorted(states(database, campaign)) == [1, 2, 3]


def test_a_wording_that_is_signed_on_paper_is_kept(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign)
    with database.reading() as session:
        assert find_signed_statements(session, [statement_of(campaign)]) == {statement_of(campaign)}


def test_a_wording_of_another_campaign_is_refused(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    with pytest.raises(NotPossible):
        enter(database, settings, campaign, statement_id=statement_of(other))
    assert rows_of(database, campaign) == []


def test_nothing_comes_in_once_a_purge_began(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    with database.writing() as session:
        session.execute(update(Tally).values(purging=True))
    with pytest.raises(CampaignPurged):
        enter(database, settings, campaign)


def test_a_purge_erases_the_rows_and_keeps_the_number(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    enter(database, settings, campaign)
    enter(database, settings, other)
    purge(database, campaign.id, NOON)
    assert rows_of(database, campaign) == []
    with database.reading() as session:
        tally = session.get_one(Tally, campaign.id)
        assert (tally.paper, tally.paper_keyed) == (2, 0)
        assert [batch.campaign_id for batch in session.scalars(select(PaperBatch))] == [other.id]
    assert assert_true(database, other) == 2


def test_a_large_file(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """More values than one question to the store takes."""
    for number in range(3):
        sign_and_confirm(database, settings, campaign, name=f"Nora {number}", city="Cork")
    rows = [f"Nora {n},Cork,IE,nora{n}@example.org" for n in range(1_200)]
    assert dict(enter(database, settings, campaign, csv(*rows)).states) == {"waiting": 3, "counted": 1_197}
    assert dict(enter(database, settings, campaign, csv(*rows), again=True).states) == {"twice": 1_200}


def test_who_confirms_gives_way_on_paper(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Ana,Rome,IT,ana@example.org", "Bruno,Rome,IT,bruno@example.org"))
    confirm(database, sign(database, settings, campaign, email="ana@example.org"))
    assert assert_true(database, campaign) == 1
    row = rows_of(database, campaign)[0]
    assert (row.state, row.like_serial) == ("online", 1)
    with database.reading() as session:
        assert session.get_one(Tally, campaign.id).counted == 1
