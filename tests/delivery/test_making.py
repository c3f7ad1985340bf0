"""What a plan makes: one file, an archive, a pack; and always the same for the same data."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery.known import find_known, list_delivered
from petitions.delivery.making import make, make_organisations
from petitions.delivery.models import Delivery
from petitions.errors import ExportCancelled, NotPossible
from petitions.ids import new_id
from petitions.lists.plans import Format, Plan, Profile
from petitions.lists.serials import Serials
from petitions.settings import Settings
from petitions.signatures.withdrawing import Withdraw
from tests.delivery.support import Watched, cut_of, made, unzipped
from tests.factories import act, confirm, cosign, link_to, make_campaign, sign, sign_and_confirm

BOTH = (Format.CSV, Format.JSONL)


@pytest.fixture
def signed(database: Database, settings: Settings, campaign: CampaignSnapshot) -> CampaignSnapshot:
    """A campaign with three signatures and an organisation."""
    for number in range(3):
        sign_and_confirm(database, settings, campaign, name=f"Ana {number}")
    cosign(database, settings, campaign, name="Bakers")
    return campaign


def test_one_list_is_a_file_of_its_own(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    done, content = made(database, signed, settings, tmp_path / "work")
    assert done.name == f"free-boris-{done.cut_off:%Y-%m-%d}-delivery.csv"
    assert content.decode().count("\r\n") == 4
    (file,) = done.lists
    assert (file.size, file.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert (done.rows, [*done.serials], len(done.paper_numbers)) == (3, [1, 2, 3], 0)
    assert (done.counts.named, done.counts.confirmed, done.organisations) == (3, 3, 0)
    assert done.manifest_sha256 is None
    said = done.to_json()
    assert (said["people"], said["organisations"], said["counts"]["named"]) == (3, 0, 3)
    assert "Ana" not in repr(done)


def test_several_files_are_an_archive(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    plan = Plan(formats=BOTH, organisations=True)
    done, content = made(database, signed, settings, tmp_path / "work", plan)
    assert done.name == f"free-boris-{done.cut_off:%Y-%m-%d}-delivery.zip"
    files = unzipped(content)
    assert [*files] == ["signatures.csv", "organisations.csv", "signatures.jsonl", "organisations.jsonl"]
    assert {f.name: hashlib.sha256(files[f.name]).hexdigest() for f in done.lists} == {
        f.name: f.sha256 for f in done.lists
    }
    assert (done.rows, done.organisations) == (4, 1)


def test_nobody_is_in_the_clear_on_the_disk(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    plan = Plan(formats=tuple(Format), organisations=True, pack=True)
    try:
        made(database, signed, settings, tmp_path / "work", plan)
    except ImportError:
        plan = replace(plan, formats=BOTH)
        made(database, signed, settings, tmp_path / "work", plan)
    found = [path for path in (tmp_path / "work").rglob("*") if path.is_file()]
    assert len(found) > 4
    for path in found:
        assert b"Ana" not in path.read_bytes(), path


def test_the_same_data_make_the_same_bytes(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    """Also in another process, at another time, in another zone, with another order of what has none."""
    plan = Plan(formats=BOTH, organisations=True, on_paper=True, pack=True)
    cut = cut_of(database, signed)
    _, first = made(database, signed, settings, tmp_path / "first", plan, cut)
    script = (
        "import sys, pathlib; from datetime import datetime; from petitions.db import Database;"
        "from petitions.lists.cuts import Cut; from petitions.lists.plans import Plan;"
        "from petitions.settings import load_settings; from petitions.campaigns.queries import get_snapshot;"
        "from tests.delivery.support import made; import os, json;"
        "settings = load_settings(os.environ); database = Database(settings.database_url);\n"
        "with database.reading() as session: campaign = get_snapshot(session, 'free-boris')\n"
        f"cut = Cut(datetime.fromisoformat('{cut.moment.isoformat()}'), {cut.through_serial}, 0);"
        f"plan = Plan.from_json({plan.to_json()!r});"
        f"folder = pathlib.Path('{tmp_path}/second');"
        "sys.stdout.buffer.write(made(database, campaign, settings, folder, plan, cut)[1])"
    )
    environ = {
        "PETITIONS_BASE_URL": settings.base_url,
        "PETITIONS_DATA_DIR": str(settings.data_dir),
        "PETITIONS_DATABASE_URL": settings.database_url,
        "PETITIONS_EMAIL_KEY": settings.email_key,
        "PETITIONS_SECRET_KEY": "quite another key of this host " * 2,
        "PETITIONS_SIGNING_KEY": settings.signing_key,
        "PYTHONHASHSEED": "4711",
        "TZ": "Pacific/Chatham",
    }
    result = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | environ, capture_output=True, check=True, timeout=60
    )
    assert result.stdout == first


def test_who_withdrew_before_it_was_read_is_in_no_file_and_in_the_counts(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    leaving = sign_and_confirm(database, settings, signed, name="Leaving")
    cut = cut_of(database, signed)
    act(database, Withdraw(link_to(leaving), utc_now()))
    done, content = made(database, signed, settings, tmp_path / "work", cut=cut)
    assert b"Leaving" not in content
    assert (done.counts.confirmed, done.counts.withdrawn, done.rows) == (4, 1, 3)


def test_organisations_alone(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    plan = Plan(formats=BOTH, on_paper=True, pack=True)
    (tmp_path / "work").mkdir()
    done = make_organisations(database, signed, plan, utc_now(), tmp_path / "work", settings, Watched())
    files = unzipped(b"".join(done.read()))
    assert [*files] == ["organisations.csv", "organisations.jsonl"]
    assert (done.rows, done.organisations, len(done.serials)) == (1, 1, 0)
    assert done.name.endswith("-organisations.zip")


@pytest.mark.parametrize("most", [0, 3, 5])
def test_who_wants_no_more_of_it_gets_nothing(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path, most: int
) -> None:
    (tmp_path / "work").mkdir()
    watched = Watched(most)
    with pytest.raises(ExportCancelled):
        make(database, signed, Plan(), cut_of(database, signed), tmp_path / "work", settings, watched)


# What was delivered already


def deliver(database: Database, campaign: CampaignSnapshot, number: int, serials: Serials | None) -> Delivery:
    delivery = Delivery(
        id=new_id(), campaign_id=campaign.id, number=number, created_at=utc_now(), created_by="Lea"
    )
    delivery.delivered_on, delivery.recipient, delivery.way = utc_now().date(), "The embassy", "mailed"
    delivery.serials = serials.pack() if serials is not None else None
    with database.writing() as session:
        session.add(delivery)
    return delivery


def test_only_who_was_not_delivered_yet(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    """Nobody twice, and nobody left out: also not whose serial lies between others that were delivered."""
    waiting = sign(database, settings, signed, name="Slow")
    first = deliver(database, signed, 1, Serials([1]))
    second = deliver(database, signed, 2, Serials([3]))
    confirm(database, waiting, timedelta(hours=1))
    done, content = made(database, signed, settings, tmp_path / "a", Plan(without=(first.id, second.id)))
    assert [*done.serials] == [2, 4]
    assert [line.split(",")[1] for line in content.decode().splitlines()[1:]] == ["Ana 1", "Slow"]
    done, _ = made(database, signed, settings, tmp_path / "b", Plan(without=(second.id,)))
    assert [*done.serials] == [1, 2, 4]


def test_a_delivery_of_which_nobody_knows_cannot_be_left_out(
    database: Database, settings: Settings, signed: CampaignSnapshot, tmp_path: Path
) -> None:
    known, unknown = deliver(database, signed, 1, Serials([1])), deliver(database, signed, 2, None)
    foreign = deliver(database, make_campaign(database, slug="other"), 1, Serials([1]))
    with database.reading() as session:
        assert list_delivered(session, signed.id) == ((known.id,), (2,))
        assert [*find_known(session, signed.id, (known.id,)).serials] == [1]
        assert len(find_known(session, signed.id, ()).serials) == 0
        for wrong in (unknown.id, foreign.id, new_id()):
            with pytest.raises(NotPossible):
                find_known(session, signed.id, (known.id, wrong))
    with pytest.raises(NotPossible):
        made(database, signed, settings, tmp_path / "work", Plan(without=(unknown.id,)))


@pytest.mark.parametrize("profile", list(Profile))
def test_a_list_without_anybody(
    database: Database, settings: Settings, campaign: CampaignSnapshot, tmp_path: Path, profile: Profile
) -> None:
    done, content = made(database, campaign, settings, tmp_path / "work", Plan(profile=profile))
    assert done.rows == 0
    assert content.count(b"\r\n") == 1
    assert content[:6] in (b"Number", b"Name,M")
