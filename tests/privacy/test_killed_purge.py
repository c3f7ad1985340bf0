"""A purge that is killed, again and again, is run again and ends like one that nobody disturbed."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.models import Refusal, Signature, SignatureWord, Tally
from tests.factories import make_campaign
from tests.privacy.support import (
    check_count,
    counted_among,
    dump,
    find_campaign,
    left,
    of_campaign,
    populate,
    totals,
    totals_of,
)

SIGNATURES = 12_000
SECONDS = 120
#: Moments of two purges that were not run at the same time.
MOMENTS = ("campaigns.purge_began_at", "campaigns.purged_at", "campaigns.closes_at", "tallies.recounted_at")


@pytest.fixture
def twin(settings: Settings, tmp_path: Path) -> Iterator[Callable[[Database], Settings]]:
    """Copies the whole store, and tells the settings of the copy."""
    made: list[str] = []

    def copy(database: Database) -> Settings:
        database.engine.dispose()
        if database.file is not None:
            folder = tmp_path / "twin"
            folder.mkdir()
            with (
                closing(sqlite3.connect(database.file)) as source,
                closing(sqlite3.connect(folder / "petitions.db")) as target,
            ):
                source.backup(target)
            return replace(settings, data_dir=folder, database_url=f"sqlite:///{folder}/petitions.db")
        name = make_url(settings.database_url).database
        administer(
            settings.database_url, "DROP DATABASE IF EXISTS twin", f'CREATE DATABASE twin TEMPLATE "{name}"'
        )
        made.append("twin")
        url = make_url(settings.database_url).set(database="twin").render_as_string(hide_password=False)
        return replace(settings, data_dir=tmp_path, database_url=url)

    yield copy
    for name in made:
        administer(settings.database_url, f"DROP DATABASE {name} WITH (FORCE)")


def administer(url: str, *statements: str) -> None:
    engine = create_engine(make_url(url).set(database="template1"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


class Purger:
    """`petitions purge` as a process of its own."""

    def __init__(self, settings: Settings, slug: str) -> None:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PETITIONS_")} | {
            "PETITIONS_DATA_DIR": str(settings.data_dir),
            "PETITIONS_DATABASE_URL": settings.database_url,
            "PETITIONS_SECRET_KEY": settings.secret_keys[0],
            "PETITIONS_EMAIL_KEY": settings.email_key,
            "PETITIONS_SIGNING_KEY": settings.signing_key,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "petitions", "purge", slug, "--yes"],
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for(self, progress: Callable[[], bool]) -> None:
        """Look into the store until there is progress; each look is a query, so nothing is gained by a rest."""
        deadline = time.monotonic() + SECONDS
        while not progress():
            assert self._process.poll() is None, self._process.communicate()
            assert time.monotonic() < deadline

    def kill(self) -> None:
        self._process.kill()
        assert self._process.wait(SECONDS) == -signal.SIGKILL
        self._process.communicate()

    def finish(self) -> str:
        out, errors = self._process.communicate(timeout=SECONDS)
        assert self._process.returncode == 0, errors
        return out


def test_a_purge_that_is_killed_ends_like_one_that_was_not(
    database: Database, settings: Settings, twin: Callable[[Database], Settings]
) -> None:
    campaign, other = make_campaign(database), make_campaign(database, slug="other")
    signed = counted_among(populate(database, settings, campaign, SIGNATURES))
    populate(database, settings, other, 200)
    of_other = of_campaign(database, other)
    twin_settings = twin(database)

    def look(after: int) -> Callable[[], bool]:
        """Whether more rows of this kind are erased than these."""
        kind = (SignatureWord, Signature, Signature, Refusal)[after]
        before = left(database, campaign).get(kind.__tablename__, 0)
        return lambda: left(database, campaign).get(kind.__tablename__, 0) < before

    seen = []
    for place in range(4):
        progress = look(place)
        purger = Purger(settings, campaign.slug)
        purger.wait_for(progress)
        purger.kill()
        seen.append(left(database, campaign))
        check_in_the_middle(database, campaign, len(signed))
    assert seen[0]["signature_words"] > 0
    assert seen[0]["signatures"] == SIGNATURES
    assert 0 < seen[2]["signatures"] < seen[1]["signatures"] < SIGNATURES
    assert "signatures" not in seen[3]
    out = Purger(settings, campaign.slug).finish()
    assert out == "free-boris: 0 signatures erased, the count stays\n"
    assert left(database, campaign) == {}
    assert totals(database, campaign) == totals_of(signed)
    check_count(database, campaign)
    assert of_campaign(database, other) == of_other

    undisturbed = Database(twin_settings.database_url)
    assert left(undisturbed, campaign)["signatures"] == SIGNATURES
    told = Purger(twin_settings, campaign.slug).finish()
    assert told == f"free-boris: {SIGNATURES} signatures erased, the count stays\n"
    assert dump(database, but=MOMENTS) == dump(undisturbed, but=MOMENTS)
    for store in (database, undisturbed):
        found = find_campaign(store, campaign)
        assert found.purge_began_at is not None
        assert found.purged_at is not None
        assert found.closes_at == found.purge_began_at
    undisturbed.close()


def check_in_the_middle(database: Database, campaign: CampaignSnapshot, counted: int) -> None:
    """Whenever it is killed, the store is whole, and the count is what it was."""
    found = find_campaign(database, campaign)
    assert found.purge_began_at is not None
    assert found.purged_at is None
    assert totals(database, campaign)[0] == counted
    check_count(database, campaign)
    with database.reading() as session:
        assert session.get_one(Tally, campaign.id).purging
    if database.file is not None:
        with closing(sqlite3.connect(database.file)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
