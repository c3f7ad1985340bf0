"""What is erased is gone from the files of a SQLite store too: from its log, and from the gaps of its pages."""

import random
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from petitions import db
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.privacy import purging
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Signature
from tests.factories import make_campaign, make_draft, sign_and_confirm
from tests.privacy.support import Logged, confirm_many

pytestmark = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def content(database: Database) -> bytes:
    """Every byte of the file and its log; read by another process, for whoever closes a file of SQLite's takes
    away the locks of everybody in the same one."""
    command = ["cat", str(database.file), f"{database.file}-wal"]
    return subprocess.run(command, capture_output=True, check=True).stdout


def log_size(database: Database) -> int:
    return Path(f"{database.file}-wal").stat().st_size


def test_a_log_that_is_being_read_is_emptied_as_soon_as_it_may(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """And meanwhile nobody who writes waits for it."""
    sign_and_confirm(database, settings, campaign)
    with database.reading() as session:
        session.scalars(select(Signature)).all()  # as a copy of the store, or a long count
        sign_and_confirm(database, settings, campaign)
        began = time.monotonic()
        assert database.scrub() is False
        assert time.monotonic() - began < 2
    assert log_size(database) > 0
    assert database.scrub() is True
    assert log_size(database) == 0


def test_a_purge_waits_for_those_who_read_and_then_says_so(
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
    logged: Logged,
) -> None:
    sign_and_confirm(database, settings, campaign)
    monkeypatch.setattr(purging, "_SCRUBS", 3)
    monkeypatch.setattr(purging, "_SCRUB_PAUSE", 0.0)
    with database.reading() as session:
        session.scalars(select(Signature)).all()
        assert purge(database, campaign.id, utc_now()).done
    assert logged.named("scrub_waits") == [{}]
    purge(database, campaign.id, utc_now())
    assert len(logged.named("scrub_waits")) == 1
    assert log_size(database) == 0


def test_a_store_that_another_program_holds_is_scrubbed_later(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    assert database.file is not None
    with closing(sqlite3.connect(database.file, isolation_level=None)) as shell:
        shell.execute("BEGIN IMMEDIATE")
        assert database.scrub(compact=True) is False
        shell.execute("ROLLBACK")
    assert database.scrub(compact=True) is True


def mixed_crowd(database: Database, settings: Settings) -> tuple[CampaignSnapshot, list[NewDraft], list[NewDraft]]:
    """Signatures and drafts of two campaigns, side by side in every page. The first, and the people of each."""
    chance = random.Random(7)
    campaigns = [make_campaign(database, slug=slug) for slug in ("first", "second")]
    people: list[list[NewDraft]] = [[], []]
    for start in range(0, 3_000, 100):
        drafts = []
        for number in range(start, start + 100):
            side = chance.randrange(2)
            word = f"{('Going', 'Staying')[side]}{number}"
            draft = make_draft(
                campaigns[side],
                settings,
                name=f"{word} Name{word}",
                email=f"{word}@{word}.example",
                city=word,
                comment=word + "x" * chance.choice([0, 10, 400]),
                arrived_at=utc_now() - timedelta(minutes=1),
            )
            drafts.append(draft)
            people[side].append(draft)
        with database.writing() as session:
            store_drafts(session, drafts, None)
        chance.shuffle(drafts)
        confirm_many(database, drafts[:80])
    return campaigns[0], people[0], people[1]


def test_nothing_is_left_in_the_gaps_of_pages_that_others_use(database: Database, settings: Settings) -> None:
    """Where SQLite splits and joins pages it leaves copies of rows that `secure_delete` does not reach."""
    campaign, going, staying = mixed_crowd(database, settings)
    before = content(database).lower()
    assert all(draft.email.lower().encode() in before for draft in (*going, *staying))
    purge(database, campaign.id, utc_now())
    after = content(database)
    assert b"going" not in after.lower()
    assert [draft.email for draft in going if draft.email_key in after] == []
    assert [draft.email for draft in staying if draft.email.encode() not in after] == []
    assert [draft.email for draft in staying if draft.email_key not in after] == []
    assert database.file is not None
    with closing(sqlite3.connect(database.file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_large_store_is_not_written_anew(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody would wait for it; the owner does it at a quiet hour."""
    sign_and_confirm(database, settings, campaign)
    free_pages(database)
    assert database.file is not None
    large = database.file.stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr(db, "_IS_SMALL", db._IS_SMALL.replace("2048", "8"))
        assert database.scrub(compact=True)
    assert database.file.stat().st_size == large
    assert database.scrub()
    assert database.file.stat().st_size == large
    assert database.scrub(compact=True)
    assert database.file.stat().st_size < large


def free_pages(database: Database) -> None:
    """Half a megabyte that was in use once."""
    with database.writing() as session:
        connection = session.connection()
        connection.exec_driver_sql("CREATE TABLE once (content BLOB)")
        connection.exec_driver_sql("INSERT INTO once VALUES (zeroblob(500000))")
    with database.writing() as session:
        session.connection().exec_driver_sql("DROP TABLE once")
    assert database.scrub()


def test_what_is_free_does_not_make_a_store_large(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the purge of a large campaign most of the file is free."""
    assert database.file is not None
    with closing(sqlite3.connect(database.file)) as connection:
        (used,) = connection.execute(
            "SELECT page_count - freelist_count FROM pragma_page_count, pragma_freelist_count"
        ).fetchone()
    free_pages(database)
    large = database.file.stat().st_size
    monkeypatch.setattr(db, "_IS_SMALL", db._IS_SMALL.replace("2048", str(used)))
    assert database.scrub(compact=True)
    assert database.file.stat().st_size < large
