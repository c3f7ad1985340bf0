"""petitions purge: what it asks, what it erases, what it tells, how it ends."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from petitions import batches, schema
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.privacy import purging
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.counting import find_count
from petitions.signatures.rollups import roll_up
from tests.cli.conftest import Petitions
from tests.cli.test_processes import demo, get, line_with, running
from tests.factories import MARKDOWN, make_campaign, sign_and_confirm, write_campaign
from tests.privacy.support import check_count, draft_many, find_campaign, left, sign_many, totals, totals_of

DAY = timedelta(days=1)
only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _signals_as_they_were() -> Iterator[None]:
    """The command listens to signals until its process ends, and here it does not end."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.fixture
def signed(database: Database, settings: Settings, campaign: CampaignSnapshot) -> CampaignSnapshot:
    """A campaign with three signatures, which is not due."""
    sign_many(database, settings, campaign, 3)
    return campaign


def make_due(database: Database, campaign: CampaignSnapshot) -> None:
    with database.writing() as session:
        long_ago = utc_now() - 300 * DAY
        session.execute(update(Campaign).where(Campaign.id == campaign.id).values(closes_at=long_ago))


def test_nothing_is_due(petitions: Petitions, database: Database, signed: CampaignSnapshot) -> None:
    result = petitions("purge")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Nothing is due.\n", "")
    assert left(database, signed)["signatures"] == 3


def test_what_is_due_is_erased_without_a_question(
    petitions: Petitions, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    make_campaign(database, slug="other")
    make_due(database, signed)
    result = petitions("purge", typed="")
    assert (result.exit_code, result.stdout) == (0, "free-boris: 3 signatures erased, the count stays\n")
    assert left(database, signed) == {}
    assert petitions("purge").stdout == "Nothing is due.\n"
    assert petitions("recount", signed.slug).stdout == "free-boris: says 3, has 3: right\n"
    assert petitions("recount", "--repair").exit_code == 0
    with database.reading() as session:
        assert find_count(session, signed.id) == 3


def test_a_campaign_that_is_due_is_erased_by_name_without_a_question(
    petitions: Petitions, database: Database, signed: CampaignSnapshot
) -> None:
    make_due(database, signed)
    result = petitions("purge", signed.slug, typed="")
    assert (result.exit_code, result.stdout) == (0, "free-boris: 3 signatures erased, the count stays\n")
    assert left(database, signed) == {}


@pytest.mark.parametrize(
    ("closes_in", "when"), [(None, "has no day yet"), (timedelta(days=5), "is due on {day:%Y-%m-%d}")]
)
def test_before_its_time_a_purge_wants_the_slug_typed(
    petitions: Petitions,
    database: Database,
    signed: CampaignSnapshot,
    closes_in: timedelta | None,
    when: str,
) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=utc_now() + closes_in if closes_in else None))
    with database.reading() as session:
        due_at = get_snapshot(session, signed.slug).purge_due_at
    question = (
        f"The purge of free-boris {when.format(day=due_at)}. Now it closes the campaign for good and erases 3 "
        "signers.\nType the slug to go on: "
    )
    for typed in ("no\n", "\n", "FREE-BORIS\n"):
        result = petitions("purge", signed.slug, typed=typed)
        assert result.exit_code == 5
        assert result.stdout.startswith(question)
        assert result.stderr == "Nothing was erased.\n"
    assert left(database, signed)["signatures"] == 3
    assert find_campaign(database, signed).purge_began_at is None
    result = petitions("purge", signed.slug, typed="free-boris\n")
    assert result.exit_code == 0
    assert result.stdout.endswith("free-boris: 3 signatures erased, the count stays\n")
    assert left(database, signed) == {}


def test_without_anybody_to_ask_nothing_is_erased(
    petitions: Petitions, database: Database, signed: CampaignSnapshot
) -> None:
    assert petitions("purge", signed.slug, typed="").exit_code != 0
    assert left(database, signed)["signatures"] == 3


def test_yes_asks_nothing(petitions: Petitions, database: Database, signed: CampaignSnapshot) -> None:
    result = petitions("purge", signed.slug, "--yes", typed="")
    assert (result.exit_code, result.stdout) == (0, "free-boris: 3 signatures erased, the count stays\n")
    assert left(database, signed) == {}
    again = petitions("purge", signed.slug, typed="")
    assert (again.exit_code, again.stdout) == (0, "free-boris: 0 signatures erased, the count stays\n")


def test_a_purge_that_began_goes_on_without_a_question(
    petitions: Petitions, database: Database, signed: CampaignSnapshot
) -> None:
    purge(database, signed.id, utc_now(), stop=lambda: True)
    result = petitions("purge", signed.slug, typed="")
    assert (result.exit_code, result.stdout) == (0, "free-boris: 3 signatures erased, the count stays\n")


def test_an_unknown_campaign_is_not_purged(
    petitions: Petitions, database: Database, signed: CampaignSnapshot
) -> None:
    result = petitions("purge", "nowhere", "--yes")
    assert (result.exit_code, result.stdout) == (5, "")
    assert left(database, signed)["signatures"] == 3


@only_sqlite
def test_copies_and_lists_are_told(
    petitions: Petitions, database: Database, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    for name in ("here.csv", "changed.csv"):
        assert petitions("export", signed.slug, "-o", tmp_path / name).exit_code == 0
    (tmp_path / "changed.csv").write_text("worked in")
    copies = [tmp_path / f"petitions.db.before-2026110{day}T120000" for day in (1, 2)]
    for copy in copies:
        copy.touch()
    result = petitions("purge", signed.slug, "--yes")
    assert result.exit_code == 0
    assert result.stdout == (
        "free-boris: 3 signatures erased, the count stays\n"
        "  copies of the store deleted: 2\n"
        f"  a list or a copy was written here, and is yours to delete: {tmp_path}/changed.csv\n"
    )
    assert [file.exists() for file in (tmp_path / "here.csv", tmp_path / "changed.csv", *copies)] == [
        False,
        True,
        False,
        False,
    ]


def test_a_purge_that_is_told_to_stop_says_so_and_goes_on_the_next_time(
    petitions: Petitions,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As by Ctrl-C, in the middle."""
    for name in ("_SMALLEST", "_FIRST", "_LARGEST"):
        monkeypatch.setattr(batches, name, 10)
    signed = sign_many(database, settings, campaign, 40)
    erase = purging._erase_signatures

    def interrupt(session: object, campaign_id: int, most: int) -> int | None:
        os.kill(os.getpid(), signal.SIGINT)
        return erase(session, campaign_id, most)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(purging, "_erase_signatures", interrupt)
        result = petitions("purge", campaign.slug, "--yes")
    assert (result.exit_code, result.stdout, result.stderr) == (
        1,
        "free-boris: 10 signatures erased, the count stays\n",
        "Broken off. Run it again to finish.\n",
    )
    assert left(database, campaign)["signatures"] == 30
    check_count(database, campaign)
    result = petitions("purge")
    assert (result.exit_code, result.stdout) == (0, "free-boris: 30 signatures erased, the count stays\n")
    assert left(database, campaign) == {}
    assert totals(database, campaign) == totals_of(signed)


def test_sigterm_ends_the_process_between_two_batches(
    database: Database, settings: Settings, campaign: CampaignSnapshot, environ: dict[str, str]
) -> None:
    """A process of its own, told to stop as soon as it has begun."""
    signed = sign_many(database, settings, campaign, 4_000)
    command = [sys.executable, "-m", "petitions", "purge", campaign.slug, "--yes"]
    process = subprocess.Popen(
        command, env=os.environ | environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while find_campaign(database, campaign).purge_began_at is None:
        assert process.poll() is None
    process.terminate()
    out, errors = process.communicate(timeout=60)
    rows = left(database, campaign).get("signatures", 0)
    assert rows > 0
    assert (process.returncode, errors) == (1, "Broken off. Run it again to finish.\n")
    assert out == f"free-boris: {4_000 - rows} signatures erased, the count stays\n"
    check_count(database, campaign)
    assert purge(database, campaign.id, utc_now()).done
    assert totals(database, campaign) == totals_of(signed)


# What cannot be done with a purged campaign


@pytest.fixture
def purged(database: Database, signed: CampaignSnapshot) -> CampaignSnapshot:
    purge(database, signed.id, utc_now())
    return signed


def test_a_purged_campaign_cannot_be_imported(
    petitions: Petitions, database: Database, purged: CampaignSnapshot, tmp_path: Path
) -> None:
    folder = write_campaign(tmp_path / "one", en=MARKDOWN.replace("Free Boris", "Free him"))
    result = petitions("campaign", "import", folder)
    assert (result.exit_code, result.stdout) == (5, "")
    assert result.stderr == (
        "free-boris: the data of its signers are erased, so it cannot be changed or opened again: people would be "
        "counted twice. Take another slug for a new campaign.\n"
    )
    assert petitions("campaign", "list").stdout == "free-boris\tclosed\t3\t0\ten\n"


def test_a_purged_campaign_cannot_be_exported(
    petitions: Petitions, database: Database, purged: CampaignSnapshot, tmp_path: Path
) -> None:
    result = petitions("export", purged.slug, "-o", tmp_path / "list.csv")
    assert (result.exit_code, result.stderr) == (
        5,
        "The data of the signers of free-boris are erased. Its count is 3.\n",
    )
    assert not (tmp_path / "list.csv").exists()


def test_withdrawing_from_a_purged_campaign_finds_nothing(
    petitions: Petitions, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign, email="ana@example.org")
    purge(database, campaign.id, utc_now())
    result = petitions("signature", "withdraw", campaign.slug, typed="ana@example.org\n")
    assert result.exit_code == 5
    assert left(database, campaign) == {}
    with database.reading() as session:
        assert find_count(session, campaign.id) == 1


def test_held_drafts_of_a_purged_campaign_are_gone(
    petitions: Petitions, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft_many(database, settings, campaign, 3)
    purge(database, campaign.id, utc_now())
    assert petitions("held", "list", campaign.slug).stdout == ""
    assert petitions("held", "release", campaign.slug, "--all").stdout == "0 released\n"


def test_the_demo_starts_again_with_a_purged_campaign(tmp_path: Path) -> None:
    """Its sample stays as it was purged; the others are there as ever."""
    folder = tmp_path / "demo"
    folder.mkdir()
    database = Database(f"sqlite:///{folder}/petitions.db")
    schema.prepare(database, utc_now())
    campaign = make_campaign(database, slug="free-boris-kagarlitsky")
    settings = Settings("http://127.0.0.1", folder, "", ("x" * 32,), "x" * 32)
    sign_and_confirm(database, settings, campaign)
    roll_up(database, utc_now())
    purge(database, campaign.id, utc_now())
    database.close()
    with socket.create_server(("127.0.0.1", 0)) as taken, running({}, *demo(taken, tmp_path)) as process:
        address = line_with(process.stdout, "The sample campaigns:").split()[-1]
        port = int(address.rstrip("/").rpartition(":")[2])
        status, page = get(port, "/api/v1/campaigns/free-boris-kagarlitsky")
        assert status == 200
        assert '"status": "closed"' in page
        assert '"count": 1' in page
        assert get(port, "/api/v1/campaigns")[1].count('"status": "open"') == 8
