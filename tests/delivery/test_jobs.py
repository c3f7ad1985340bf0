"""Jobs: who asks for what, what the log says, and who gets the file."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import update

from petitions.accounts.roles import Permission
from petitions.audit.recording import Actor
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import jobs
from petitions.delivery.keeping import place_of
from petitions.delivery.models import Delivery, ExportJob
from petitions.delivery.running import run_job
from petitions.delivery.workshop import clear_up
from petitions.errors import CampaignPurged, NotPossible, PageNotFound, SealBroken
from petitions.ids import new_id
from petitions.lists.plans import Format, Plan, Profile
from petitions.lists.serials import Serials
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.models import Signature, Tally
from tests.delivery.support import LEA, begin, find_job, list_logged, made_job
from tests.factories import make_campaign, sign_and_confirm

FULL = Plan(profile=Profile.FULL)


def test_what_is_asked_for_stands_in_the_log(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    plan = Plan(profile=Profile.FULL, formats=(Format.CSV, Format.PDF), on_paper=True, countries=("ES",))
    job = find_job(database, campaign, begin(database, campaign, plan, " The court asks. "))
    assert (job.state, job.plan, job.reason) == (jobs.WAITING, plan.to_json(), "The court asks.")
    assert (job.through_serial, job.through_number, job.done, job.attempts) == (1, 0, 0, 0)
    (entry,) = list_logged(database)
    assert (entry.action, entry.actor, entry.user_id, entry.campaign_id) == (
        "export.asked",
        LEA.name,
        LEA.user_id,
        campaign.id,
    )
    assert entry.details == {
        "profile": "full",
        "formats": ["csv", "pdf"],
        "with_on_paper": True,
        "filters": {"countries": ["ES"]},
        "cut_off": job.cut_off.isoformat(),
        "job": job.id.hex,
        "why": "The court asks.",
    }


@pytest.mark.parametrize(
    ("plan", "reason"),
    [
        (FULL, None),
        (FULL, "  "),
        (Plan(profile=Profile.CONTACTS), None),
        (FULL, "x" * 501),
        (Plan(profile=Profile.FULL, pack=True), "the court asks"),
        (Plan(profile=Profile.CONTACTS, pack=True), "the letter"),
        (Plan(columns=("number", "email")), None),
        (Plan(profile=Profile.PUBLIC, columns=("number",)), None),
        (Plan.from_json({"since": "2026-11-23", "until": "2026-11-22"}), None),
        (Plan(without=(uuid4(),)), None),
    ],
)
def test_what_is_not_allowed(
    database: Database, campaign: CampaignSnapshot, plan: Plan, reason: str | None
) -> None:
    with pytest.raises(NotPossible):
        begin(database, campaign, plan, reason)
    assert list_logged(database) == []


@pytest.mark.parametrize("public_list", ["latest", "none"])
def test_a_site_that_does_not_show_everybody_has_no_list_for_everybody(
    database: Database, public_list: str
) -> None:
    campaign = make_campaign(database, public_list=public_list)
    with pytest.raises(NotPossible):
        begin(database, campaign, Plan(profile=Profile.PUBLIC))


def test_pressed_twice_it_is_one(database: Database, campaign: CampaignSnapshot) -> None:
    first = begin(database, campaign)
    assert begin(database, campaign) == first
    other = begin(database, campaign, Plan(bom=True))
    with database.writing() as session:
        third = jobs.begin(session, campaign, Plan(), Actor(new_id(), "Charlie"), utc_now())
    assert len({first, other, third}) == 3
    with pytest.raises(NotPossible):
        begin(database, campaign, Plan(organisations=True))
    assert begin(database, campaign) == first
    with database.writing() as session:
        jobs.cancel(session, campaign.id, first, LEA, utc_now())
    assert begin(database, campaign) not in (first, other, third)


def test_what_was_confirmed_later_is_not_in_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign, name="Early")
    job_id = begin(database, campaign)
    sign_and_confirm(database, settings, campaign, name="Late")
    run_job(database, settings, job_id, new_id())
    content = b"".join(jobs.open_file(settings, find_job(database, campaign, job_id)))
    assert (b"Early" in content, b"Late" in content) == (True, False)


def test_a_finished_list(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    sign_and_confirm(database, settings, campaign, name="Planted Ana")
    job = made_job(database, settings, campaign)
    content = b"".join(jobs.open_file(settings, job))
    assert b"Planted Ana" in content
    assert (job.size, job.rows, job.host is None) == (len(content), 1, False)
    assert job.name == f"free-boris-{job.cut_off:%Y-%m-%d}-delivery.csv"
    assert job.expires_at is not None
    assert job.ended_at is not None
    assert job.expires_at - job.ended_at == timedelta(days=7)
    assert [*Serials.unpack(job.serials)] == [1]
    assert jobs.is_here(settings, job)
    place = place_of(settings, job.id)
    assert place.stat().st_mode & 0o777 == 0o600
    assert place.parent.stat().st_mode & 0o777 == 0o700
    assert b"Planted" not in place.read_bytes()
    assert {path.name for path in place.parent.iterdir()} == {place.name, ".lock"}
    assert [entry.action for entry in list_logged(database)] == ["export.asked", "export.made"]
    made = list_logged(database)[1].details
    assert (made["rows"], made["sha256"], made["job"]) == (1, job.sha256, job.id.hex)


def test_a_download_is_written_down_with_what_was_taken(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    job = made_job(database, settings, campaign, Plan(languages=("en",)))
    taker = Actor(new_id(), "Dora")
    with database.writing() as session:
        jobs.record_download(session, job, taker, utc_now())
    entry = list_logged(database)[-1]
    assert (entry.action, entry.actor) == ("export.downloaded", "Dora")
    assert entry.details == {
        "profile": "delivery",
        "formats": ["csv"],
        "filters": {"languages": ["en"]},
        "cut_off": job.cut_off.isoformat(),
        "job": job.id.hex,
        "rows": 1,
        "sha256": job.sha256,
    }


def test_the_permission_is_that_of_the_list(database: Database, campaign: CampaignSnapshot) -> None:
    by_plan = {
        Permission.DOWNLOAD: [Plan(), Plan(profile=Profile.PUBLIC)],
        Permission.CONTACTS: [Plan(profile=Profile.CONTACTS), FULL],
    }
    for permission, plans in by_plan.items():
        for plan in plans:
            assert jobs.permission_of(ExportJob(plan=plan.to_json())) is permission


def test_a_file_goes_when_somebody_says_so(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    job = made_job(database, settings, campaign)
    with database.writing() as session:
        jobs.remove(session, settings, campaign.id, job.id, LEA, utc_now())
    gone = find_job(database, campaign, job.id)
    assert (gone.state, gone.key, gone.serials) == (jobs.EXPIRED, None, job.serials)
    assert not place_of(settings, job.id).exists()
    assert not jobs.is_here(settings, gone)
    with pytest.raises(FileNotFoundError):
        jobs.open_file(settings, gone)
    with pytest.raises(FileNotFoundError):  # who held the page open
        jobs.open_file(settings, job)
    with pytest.raises(NotPossible), database.writing() as session:
        jobs.record_download(session, job, LEA, utc_now())
    with pytest.raises(NotPossible), database.writing() as session:
        jobs.remove(session, settings, campaign.id, job.id, LEA, utc_now())
    assert [entry.action for entry in list_logged(database)][2:] == ["export.removed"]


def test_a_file_expires(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    sign_and_confirm(database, settings, campaign)
    job = made_job(database, settings, campaign)
    assert job.expires_at is not None
    clear_up(database, job.expires_at - timedelta(seconds=1), settings)
    assert jobs.is_here(settings, find_job(database, campaign, job.id))
    with pytest.raises(NotPossible), database.writing() as session:  # before the worker comes by
        jobs.record_download(session, job, LEA, job.expires_at)
    clear_up(database, job.expires_at, settings)
    gone = find_job(database, campaign, job.id)
    assert (gone.state, gone.key, gone.rows) == (jobs.EXPIRED, None, 1)
    assert not place_of(settings, job.id).exists()


def test_a_new_secret_key_opens_old_files(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    job = made_job(database, settings, campaign)
    content = b"".join(jobs.open_file(settings, job))
    rotated = replace(settings, secret_keys=("another" * 6, *settings.secret_keys))
    assert b"".join(jobs.open_file(rotated, job)) == content
    with pytest.raises(SealBroken):
        jobs.open_file(replace(settings, secret_keys=("another" * 6,)), job)


def test_a_damaged_file_is_never_taken_for_whole(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    job = made_job(database, settings, campaign)
    place = place_of(settings, job.id)
    whole = place.read_bytes()
    for changed in (whole[:-1], whole + b"\0", whole[:5] + bytes([whole[5] ^ 1]) + whole[6:], b""):
        place.write_bytes(changed)
        with pytest.raises(SealBroken):
            jobs.open_file(settings, job)
    place.write_bytes(whole)
    other = made_job(database, settings, campaign, Plan(bom=True))
    place.write_bytes(place_of(settings, other.id).read_bytes())
    with pytest.raises(SealBroken):
        jobs.open_file(settings, job)


def test_the_key_of_one_job_opens_no_other(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whoever can write to the store cannot let somebody download a list under the name of another one."""
    sign_and_confirm(database, settings, campaign)
    public, full = made_job(database, settings, campaign), made_job(database, settings, campaign, FULL, "asked")
    place_of(settings, public.id).write_bytes(place_of(settings, full.id).read_bytes())
    public.key = full.key
    with pytest.raises(SealBroken):
        jobs.open_file(settings, public)


def test_cancelling(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    job_id = begin(database, campaign)
    with database.writing() as session:
        jobs.cancel(session, campaign.id, job_id, LEA, utc_now())
    run_job(database, settings, job_id, new_id())
    assert find_job(database, campaign, job_id).state == jobs.CANCELLED
    with pytest.raises(NotPossible), database.writing() as session:
        jobs.cancel(session, campaign.id, job_id, LEA, utc_now())
    assert [entry.action for entry in list_logged(database)] == ["export.asked", "export.cancelled"]
    with pytest.raises(FileNotFoundError):
        jobs.open_file(settings, find_job(database, campaign, job_id))


def test_a_job_of_another_campaign_is_not_there(database: Database, campaign: CampaignSnapshot) -> None:
    other = make_campaign(database, slug="other")
    job_id = begin(database, campaign)
    for campaign_id, wanted in ((other.id, job_id), (campaign.id, new_id())):
        with pytest.raises(PageNotFound), database.reading() as session:
            jobs.get_job(session, campaign_id, wanted)
        with pytest.raises(PageNotFound), database.writing() as session:
            jobs.cancel(session, campaign_id, wanted, LEA, utc_now())
        with pytest.raises(PageNotFound), database.reading() as session:
            jobs.list_jobs(session, campaign_id, before=wanted)


def test_pages_of_jobs(database: Database, campaign: CampaignSnapshot) -> None:
    other = make_campaign(database, slug="other")
    begin(database, other)
    now, ids = utc_now(), []
    for place in range(7):
        with database.writing() as session:  # some in the same moment
            ids.append(jobs.begin(session, campaign, Plan(), LEA, now + timedelta(seconds=place // 3)))
            jobs.cancel(session, campaign.id, ids[-1], LEA, now)
    seen, key = [], None
    with database.reading() as session:
        while True:
            page = jobs.list_jobs(session, campaign.id, key, limit=2)
            seen += [job.id for job in page.jobs]
            key = page.next_key
            if key is None:
                break
    assert seen == ids[::-1]


def test_a_purge_ends_jobs_and_lets_their_files_go(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    done = made_job(database, settings, campaign)
    waiting = begin(database, campaign)
    delivery = Delivery(id=new_id(), campaign_id=campaign.id, number=1, created_at=utc_now(), created_by="Lea")
    delivery.delivered_on, delivery.recipient, delivery.way = utc_now().date(), "The embassy", "mailed"
    delivery.serials, delivery.people = done.serials, 1
    with database.writing() as session:
        session.add(delivery)
    purge(database, campaign.id, utc_now())
    with database.reading() as session:
        assert session.query(ExportJob).all() == []
        kept = session.query(Delivery).one()
        assert (kept.serials, kept.people, kept.recipient) == (None, 1, "The embassy")
        now_purged = get_snapshot(session, campaign.slug)
    assert place_of(settings, done.id).exists()  # noise, for its key is gone
    clear_up(database, utc_now(), settings)
    assert not place_of(settings, done.id).exists()
    run_job(database, settings, waiting, new_id())
    assert [path.name for path in place_of(settings, done.id).parent.iterdir()] == [".lock"]
    for snapshot in (campaign, now_purged):  # also one that was read before
        with pytest.raises(CampaignPurged):
            begin(database, snapshot)
    assert [entry.action for entry in list_logged(database)][3:] == ["export.cancelled"]


def test_a_list_that_is_made_cannot_be_read_from_the_first_moment_of_a_purge(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Before the first name goes; and however long the names take, or whoever kills the purge."""
    sign_and_confirm(database, settings, campaign)
    other = make_campaign(database, slug="other")
    sign_and_confirm(database, settings, other)
    ours, theirs = made_job(database, settings, campaign), made_job(database, settings, other)
    assert not purge(database, campaign.id, utc_now(), stop=lambda: True).done
    with database.reading() as session:
        assert session.query(Signature).filter_by(campaign_id=campaign.id).count() == 1
    gone = find_job(database, campaign, ours.id)
    assert (gone.state, gone.key) == (jobs.EXPIRED, None)
    with pytest.raises(FileNotFoundError):
        jobs.open_file(settings, gone)
    clear_up(database, utc_now(), settings)
    assert not place_of(settings, ours.id).exists()
    assert find_job(database, other, theirs.id).key == theirs.key
    assert jobs.is_here(settings, theirs)


@pytest.mark.parametrize("table", [Tally, Campaign])
def test_nobody_downloads_while_the_names_are_erased(
    database: Database, settings: Settings, campaign: CampaignSnapshot, table: type[Any]
) -> None:
    """Also where a list was finished in between, by whatever way."""
    sign_and_confirm(database, settings, campaign)
    job = made_job(database, settings, campaign)
    with database.writing() as session:
        if table is Tally:
            session.execute(update(Tally).values(purging=True))
        else:
            session.execute(update(Campaign).values(purge_began_at=utc_now()))
    with pytest.raises(CampaignPurged), database.writing() as session:
        jobs.record_download(session, job, LEA, utc_now())
    with pytest.raises(CampaignPurged), database.writing() as session:
        jobs.record_preview(session, campaign.id, FULL, 10, LEA, utc_now(), "why")
    assert [entry.action for entry in list_logged(database)] == ["export.asked", "export.made"]


def test_a_purge_that_only_began_takes_no_job(database: Database, campaign: CampaignSnapshot) -> None:
    with database.writing() as session:
        began = update(Campaign).where(Campaign.id == campaign.id).values(purge_began_at=utc_now())
        session.execute(began)
    with pytest.raises(CampaignPurged):
        begin(database, campaign)
