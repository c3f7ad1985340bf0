"""Whoever changes what was sealed is found out."""

from petitions.audit.sealing import seal
from petitions.audit.verifying import verify
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from tests.audit.support import check, sealed_chain, stored, tamper, write_entries

COPY = (
    "INSERT INTO audit_entries (id, at, user_id, actor, campaign_id, action, details, place, digest) "
    "SELECT id + 1000, at, user_id, actor, campaign_id, action, details, :place, digest "
    "FROM audit_entries WHERE place = :model"
)


def test_every_column_of_an_entry_is_sealed(database: Database) -> None:
    whole = sealed_chain(database, 5)
    other_id = new_id()
    changes = {
        "actor": "Somebody Else",
        "action": "campaign.closed",
        "campaign_id": 7,
        "details": '{"number": 3}',
        "at": "2026-01-01 00:00:00.000001",
        "user_id": other_id.hex if database.is_sqlite else str(other_id),
        "id": 500,
        "digest": bytes(32),
    }
    untold = {column.name for column in stored(database)[0].__table__.columns} - {*changes, "place"}
    assert untold == set()
    for column, value in changes.items():
        tamper(database, "CREATE TABLE kept AS SELECT * FROM audit_entries")
        cast = {"details": "CAST(:v AS JSON)", "at": "CAST(:v AS TIMESTAMPTZ)", "user_id": "CAST(:v AS UUID)"}
        new = ":v" if database.is_sqlite else cast.get(column, ":v")
        tamper(database, f"UPDATE audit_entries SET {column} = {new} WHERE place = 3", v=value)
        found = check(database)
        assert (column, found.count, found.broken_at) == (column, 2, 3)
        tamper(database, "DELETE FROM audit_entries")
        tamper(database, "INSERT INTO audit_entries SELECT * FROM kept")
        tamper(database, "DROP TABLE kept")
        assert check(database) == whole


def test_a_deleted_entry_is_missed(database: Database) -> None:
    sealed_chain(database, 5)
    tamper(database, "DELETE FROM audit_entries WHERE place = 2")
    assert (check(database).count, check(database).broken_at) == (1, 2)


def test_a_deleted_beginning_is_missed(database: Database) -> None:
    sealed_chain(database, 5)
    tamper(database, "DELETE FROM audit_entries WHERE place = 1")
    assert (check(database).count, check(database).broken_at) == (0, 1)


def test_a_deleted_end_is_missed(database: Database) -> None:
    sealed_chain(database, 5)
    tamper(database, "DELETE FROM audit_entries WHERE place >= 4")
    assert (check(database).count, check(database).broken_at) == (3, 4)


def test_a_deleted_end_stays_missed_once_the_chain_goes_on(database: Database) -> None:
    sealed_chain(database, 5)
    tamper(database, "DELETE FROM audit_entries WHERE place = 5")
    write_entries(database, 2)
    assert seal(database, utc_now()) == 2
    assert (check(database).count, check(database).broken_at) == (4, 5)


def test_everything_deleted_is_missed(database: Database) -> None:
    sealed_chain(database, 2)
    tamper(database, "DELETE FROM audit_entries")
    assert (check(database).count, check(database).broken_at) == (0, 1)


def test_an_entry_that_is_put_in_does_not_fit(database: Database) -> None:
    sealed_chain(database, 3)
    tamper(database, COPY, place=4, model=3)
    assert (check(database).count, check(database).broken_at) == (3, 4)
    write_entries(database, 1)
    assert seal(database, utc_now()) == 1
    assert (check(database).count, check(database).broken_at) == (3, 4)


def test_an_entry_before_the_first_does_not_fit(database: Database) -> None:
    sealed_chain(database, 3)
    tamper(database, COPY, place=0, model=1)
    assert (check(database).count, check(database).broken_at) == (0, 1)


def test_two_entries_that_change_places_do_not_fit(database: Database) -> None:
    sealed_chain(database, 4)
    for before, after in ((2, 99), (3, 2), (99, 3)):
        tamper(
            database, "UPDATE audit_entries SET place = :after WHERE place = :before", before=before, after=after
        )
    assert (check(database).count, check(database).broken_at) == (1, 2)


def test_an_entry_that_is_unsealed_and_sealed_anew_does_not_fit(database: Database) -> None:
    sealed_chain(database, 3)
    tamper(database, "UPDATE audit_entries SET place = NULL, digest = NULL, action = 'x' WHERE place = 2")
    assert seal(database, utc_now()) == 1
    assert (check(database).count, check(database).broken_at) == (1, 2)


def test_a_chain_that_is_sealed_wholly_anew_is_not_the_one_somebody_noted(database: Database) -> None:
    noted = sealed_chain(database, 4).head
    tamper(database, "UPDATE audit_entries SET place = NULL, digest = NULL")
    tamper(database, "UPDATE audit_entries SET actor = 'Nobody' WHERE id = (SELECT min(id) FROM audit_entries)")
    tamper(database, "DELETE FROM facts WHERE name = 'audit_head'")
    assert seal(database, utc_now()) == 4
    assert check(database).is_whole  # in itself: the store alone cannot tell
    with database.reading() as session:
        found = verify(session, noted)
    assert (found.count, found.broken_at) == (3, 4)


def test_a_noted_head_stays_true_as_the_chain_grows(database: Database) -> None:
    noted = sealed_chain(database, 2).head
    write_entries(database, 2)
    assert seal(database, utc_now()) == 2
    with database.reading() as session:
        assert verify(session, noted).is_whole


def test_what_cannot_be_read_breaks_the_chain_and_not_the_program(database: Database) -> None:
    if not database.is_sqlite:
        return  # PostgreSQL takes no such value
    sealed_chain(database, 4)
    tamper(database, "UPDATE audit_entries SET details = 'no JSON' WHERE place = 3")
    assert (check(database).count, check(database).broken_at) == (2, 3)


def test_what_waits_for_its_seal_is_told(database: Database) -> None:
    sealed_chain(database, 2)
    write_entries(database, 3)
    assert (check(database).count, check(database).unsealed) == (2, 3)
