"""Lists that are asked for in the console: the form, its preview, how far each is, and the file."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.datastructures import FormData

from petitions.accounts.models import UserSession
from petitions.accounts.roles import Role
from petitions.accounts.sessions import PASSWORD_FRESH
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import create_campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console import export_new
from petitions.console.export_form import offer_columns, order_columns
from petitions.db import Database
from petitions.delivery import jobs
from petitions.delivery.keeping import exports_folder, place_of, seal
from petitions.delivery.models import ExportJob
from petitions.delivery.running import run_job
from petitions.errors import CampaignPurged, SealBroken
from petitions.ids import new_id
from petitions.lists.plans import Format, Paper, Plan, Profile
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.models import Tally
from petitions.signatures.rollups import roll_up
from petitions.signatures.withdrawing import Withdraw
from petitions.web.site import Site
from tests import factories
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.delivery.support import begin, find_job, list_logged
from tests.delivery.test_deliveries import EMBASSY, make_list, record, take_back
from tests.web.support import Page, page_of

PAGE = "/console/c/free-boris/exports"

pytestmark = pytest.mark.anyio


@pytest.fixture
async def dora(app: Starlette, database: Database, campaign: CampaignSnapshot) -> AsyncIterator[Browser]:
    """Somebody who delivers lists, and may have no addresses."""
    user = make_user(database, "Dora Delivery")
    give_role(database, campaign.id, user, Role.DELIVERY)
    async with browser_of(app, database, user) as browser:
        yield browser


@pytest.fixture
def signed(database: Database, settings: Settings, campaign: CampaignSnapshot) -> CampaignSnapshot:
    """Three people, of two countries."""
    for name, country in (("Ana Sánchez", "ES"), ("Иван <b>Петров</b>", "BG"), ("=cmd()", "ES")):
        factories.sign_and_confirm(
            database, settings, campaign, name=name, country=country, email=f"{country}{name[0]!r}@example.org"
        )
    roll_up(database, utc_now())
    return campaign


async def form_of(browser: Browser) -> dict[str, Any]:
    """What the form sends when it is left as it is."""
    return fields_of(page_of(await browser.get(f"{PAGE}/new?lang=en")))


def fields_of(page: Page) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, value in page.fields(f"{PAGE}?lang=en"):
        fields.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in fields.items()}


def job_in(database: Database) -> ExportJob:
    with database.reading() as session:
        return session.query(ExportJob).one()


def end_job(database: Database, job_id: UUID, **values: Any) -> None:
    with database.writing() as session:
        session.execute(update(ExportJob).where(ExportJob.id == job_id).values(**values))


def buttons(page: Page) -> list[str]:
    """Where the buttons of the page lead, below the list."""
    return [
        form["action"].partition("?")[0].rpartition("/")[2]
        for form in page.all("form")
        if "/exports/" in form["action"]
    ]


async def test_whoever_delivers_asks_for_a_list_and_gets_it(
    dora: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    answer = await dora.post(f"{PAGE}?lang=en", await form_of(dora))
    job = job_in(database)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}/{job.id}?saved=asked&lang=en")
    assert Plan.from_json(job.plan) == Plan()
    page = page_of(await dora.get(answer.headers["location"]))
    assert "It is being made." in page.one("p", role="status").text
    assert page.one("progress")["value"] == "0"
    assert buttons(page) == ["cancel"]
    run_job(database, settings, job.id, new_id())
    page = page_of(await dora.get(f"{PAGE}/{job.id}?lang=en"))
    assert buttons(page) == ["file", "remove"]
    file = await dora.post(f"{PAGE}/{job.id}/file")
    job = job_in(database)
    assert file.content == b"".join(jobs.open_file(settings, job))
    assert "Ana Sánchez" in file.text
    assert file.headers["content-length"] == str(len(file.content)) == str(job.size)
    assert file.headers["content-disposition"] == f'attachment; filename="{job.name}"'
    assert file.headers["cache-control"] == "no-store"
    assert page.one("code").text == job.sha256
    (entry,) = list_logged(database, "export.downloaded")
    assert (entry.actor, entry.details["sha256"], entry.details["rows"]) == ("Dora Delivery", job.sha256, 3)


@pytest.mark.parametrize(("profile", "left_out"), [("delivery", 1), ("public", 1), ("contacts", 0), ("full", 0)])
async def test_whoever_wants_news_wants_them_after_a_delivery_too(
    browser: Browser,
    database: Database,
    settings: Settings,
    signed: CampaignSnapshot,
    profile: str,
    left_out: int,
) -> None:
    record(database, signed, replace(EMBASSY, export_id=make_list(database, settings, signed)))
    answer = await browser.post(
        PAGE, {"profile": profile, "formats": ["csv"], "without": ["all"], "reason": "The owner asks"}
    )
    assert answer.status_code == 303, answer.text
    with database.reading() as session:
        job = session.query(ExportJob).order_by(ExportJob.created_at.desc()).first()
        assert job is not None
    assert len(Plan.from_json(job.plan).without) == left_out


async def test_the_form_can_say_everything_that_a_plan_can(
    browser: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    factories.cosign(database, settings, signed)
    delivery = record(
        database,
        signed,
        replace(EMBASSY, export_id=make_list(database, settings, signed, Plan(countries=("BG",)))),
    )
    columns = {f"column-full-{key}": "" for key in ("number", "name", "country", "email", "date")}
    wish = {
        "profile": "full",
        "formats": ["pdf", "csv"],
        "pack": "y",  # which no list with addresses can be
        "organisations": "y",
        "countries": ["ES", "FR"],  # nobody signed from France, or does any more
        "languages": ["en"],
        "since": "2026-01-01",
        "until": "2027-01-01",
        "without": [str(delivery.id)],
        "language": "ar",
        "paper": "letter",
        "bom": "y",
        "spell_out": "y",
        "reason": "The data protection officer asks for it",
        **columns,
        "column-full-email": "2",
        "column-full-name": "1",
    }
    answer = await browser.post(PAGE, wish)
    assert answer.status_code == 303, answer.text
    with database.reading() as session:
        job = session.query(ExportJob).order_by(ExportJob.created_at.desc()).first()
        assert job is not None
    plan = Plan.from_json(job.plan)
    assert plan == Plan(
        profile=Profile.FULL,
        formats=(Format.CSV, Format.PDF),
        columns=("name", "email"),
        countries=("ES", "FR"),
        languages=("en",),
        since=plan.since,
        until=plan.until,
        without=(delivery.id,),
        organisations=True,
        language="ar",
        bom=True,
        paper=Paper.LETTER,
        spell_out=True,
    )
    assert (str(plan.since), str(plan.until)) == ("2026-01-01", "2027-01-01")
    assert job.reason == wish["reason"]
    page = page_of(await browser.get(f"{PAGE}/{job.id}?lang=en"))
    said = dict(zip([e.text for e in page.all("dt")], [e.text for e in page.all("dd")], strict=True))
    assert said["Countries"] == "Spain, France"
    assert said["Without those of"] == f"{EMBASSY.recipient}, 3 November 2026"
    assert said["Needed for"] == wish["reason"]


async def test_the_preview_shows_rows_and_stores_nothing(
    dora: Browser, database: Database, signed: CampaignSnapshot
) -> None:
    form = await form_of(dora)
    page = page_of(await dora.post(f"{PAGE}/preview?lang=en", form | {"countries": "ES"}))
    assert [e.text for e in page.all("td", data_label="Name")] == ["Ana Sánchez", "=cmd()"]
    assert fields_of(page) == form | {"countries": "ES"}  # everything is as it was chosen
    with database.reading() as session:
        assert session.query(ExportJob).count() == 0
    assert list_logged(database) == []
    left = await dora.get(f"{PAGE}/preview?lang=en")
    assert (left.status_code, left.headers["location"]) == (303, f"{PAGE}/new?lang=en")


async def test_a_pack_is_of_what_is_handed_over(
    browser: Browser, database: Database, signed: CampaignSnapshot
) -> None:
    form = await form_of(browser) | {"pack": "y", "reason": "The officer asks"}
    for profile in Profile:
        assert (await browser.post(PAGE, form | {"profile": str(profile)})).status_code == 303
        with database.writing() as session:
            job = session.query(ExportJob).one()
            made_as_pack = Plan.from_json(job.plan).pack
            session.delete(job)
        assert made_as_pack == (profile in (Profile.DELIVERY, Profile.PUBLIC))


@pytest.mark.parametrize(
    ("profile", "reason", "names"),
    [("full", "The officer asks", ["ES", "BG", "ES"]), ("contacts", "The letter of March", [])],
)
async def test_a_look_at_addresses_is_written_down(
    browser: Browser, database: Database, signed: CampaignSnapshot, profile: str, reason: str, names: list[str]
) -> None:
    form = await form_of(browser) | {"profile": profile, "reason": reason, "countries": ["ES", "BG"]}
    page = page_of(await browser.post(f"{PAGE}/preview?lang=en", form))
    shown = [e.text for e in page.all("td", data_label="Mail address")]
    assert [address[:2].upper() for address in shown] == names
    (entry,) = list_logged(database)
    assert (entry.action, entry.actor, entry.campaign_id) == ("export.previewed", "Olga Owner", signed.id)
    assert entry.details == {
        "profile": profile,
        "formats": ["csv"],
        "filters": {"countries": ["ES", "BG"]},
        "rows": len(names),
        "why": reason,
    }
    log = page_of(await browser.get("/console/c/free-boris/audit?lang=en"))
    assert "looked at the first rows of a list" in log.one("main").text


async def test_no_address_is_shown_where_the_look_cannot_be_written_down(
    browser: Browser, database: Database, signed: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> None:
        raise CampaignPurged("free-boris")

    form = await form_of(browser) | {"profile": "full", "reason": "The officer asks"}
    monkeypatch.setattr(export_new, "record_preview", fail)
    answer = await browser.post(f"{PAGE}/preview?lang=en", form)
    assert "names are being erased" in page_of(answer, 409).by_id("problem").text
    assert "@example.org" not in answer.text


async def test_a_delivery_that_was_taken_back_meanwhile_is_told(
    dora: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    """Without it everybody would be sent again."""
    earlier = make_list(database, settings, signed)
    delivery = record(database, signed, replace(EMBASSY, export_id=earlier))
    form = await form_of(dora) | {"without": str(delivery.id)}
    take_back(database, signed, delivery)
    for path in (PAGE, f"{PAGE}/preview"):
        page = page_of(await dora.post(f"{path}?lang=en", form), 409)
        assert "was taken back or changed meanwhile" in page.by_id("problem").text
        assert page.all("td", data_label="Name") == []
    assert job_in(database).id == earlier


async def test_a_country_whose_only_signer_withdrew_is_not_the_whole_world(
    dora: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    gone = factories.sign_and_confirm(database, settings, campaign, country="BG", language="bg")
    factories.sign_and_confirm(database, settings, campaign, country="ES")
    roll_up(database, utc_now())
    form = await form_of(dora) | {"countries": "BG", "languages": "bg"}
    factories.act(database, Withdraw(factories.link_to(gone), utc_now()))
    roll_up(database, utc_now())
    page = page_of(await dora.post(f"{PAGE}/preview?lang=en", form))
    assert "Nobody is in this list." in page.one("main").text
    assert fields_of(page) == form  # the ticks are still there, for whoever goes on from here
    assert (await dora.post(PAGE, fields_of(page))).status_code == 303
    plan = Plan.from_json(job_in(database).plan)
    assert (plan.countries, plan.languages) == (("BG",), ("bg",))


@pytest.mark.parametrize(
    "changes", [{"countries": "Spain"}, {"without": "1"}, {"languages": "*"}, {"formats": "exe"}]
)
async def test_what_no_form_of_ours_sends_makes_no_larger_list(
    dora: Browser, database: Database, signed: CampaignSnapshot, changes: dict[str, str]
) -> None:
    form = await form_of(dora) | changes
    for path in (PAGE, f"{PAGE}/preview"):
        assert (await dora.post(path, form)).status_code == 400
    with database.reading() as session:
        assert session.query(ExportJob).count() == 0


async def test_nothing_is_downloaded_while_the_names_are_erased(
    dora: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    job_id = make_list(database, settings, signed)
    with database.writing() as session:
        session.execute(update(Tally).values(purging=True))
    page = page_of(await dora.post(f"{PAGE}/{job_id}/file?lang=en"), 409)
    assert "names are being erased" in page.by_id("problem").text
    assert list_logged(database, "export.downloaded") == []


async def test_names_are_never_markup(dora: Browser, signed: CampaignSnapshot) -> None:
    answer = await dora.post(f"{PAGE}/preview", await form_of(dora))
    assert "Иван &lt;b&gt;" in answer.text
    assert "Иван <b>" not in answer.text


async def test_a_list_of_nobody_says_so(dora: Browser, campaign: CampaignSnapshot) -> None:
    page = page_of(await dora.post(f"{PAGE}/preview?lang=en", await form_of(dora)))
    assert "Nobody is in this list." in page.one("main").text


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"formats": []}, ["formats"]),
        ({"profile": "full"}, ["reason"]),
        ({"profile": "nonsense"}, ["profile"]),
        ({"since": "yesterday"}, ["since"]),
        ({"since": "2026-05-05", "until": "2026-05-04"}, ["until"]),
        ({"column-delivery-name": "first"}, ["columns"]),
        (
            {
                f"column-delivery-{key}": ""
                for key in ("number", "name", "affiliation", "city", "country", "comment", "date", "language")
            },
            ["columns"],
        ),
        ({"paper": "a0"}, ["paper"]),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(
    browser: Browser, database: Database, signed: CampaignSnapshot, changes: dict[str, Any], wrong: list[str]
) -> None:
    form = await form_of(browser) | changes
    for path in (PAGE, f"{PAGE}/preview"):
        assert page_of(await browser.post(f"{path}?lang=en", form), 422).wrong_fields == wrong
    with database.reading() as session:
        assert session.query(ExportJob).count() == 0


@pytest.mark.parametrize("profile", ["contacts", "full"])
async def test_lists_with_addresses_are_for_those_who_may_have_them(
    dora: Browser, browser: Browser, database: Database, settings: Settings, signed: CampaignSnapshot, profile: str
) -> None:
    page = page_of(await dora.get(f"{PAGE}/new?lang=en"))
    assert [e["value"] for e in page.all("input", name="profile")] == ["delivery", "public"]
    form = await form_of(dora) | {"profile": profile, "reason": "curious"}
    for path in (PAGE, f"{PAGE}/preview"):
        assert (await dora.post(path, form)).status_code == 403
    job_id = make_list(database, settings, signed, Plan(profile=Profile(profile)), reason="the officer asks")
    for path in ("", "/part"):
        assert (await dora.get(f"{PAGE}/{job_id}{path}")).status_code == 403
    for path in ("cancel", "remove", "again", "file"):
        assert (await dora.post(f"{PAGE}/{job_id}/{path}")).status_code == 403
    listed = page_of(await dora.get(f"{PAGE}?lang=en"))
    assert str(job_id) not in "".join(e.get("href") or "" for e in listed.all("a"))
    assert (await browser.post(f"{PAGE}/{job_id}/file")).status_code == 200
    assert [e.actor for e in list_logged(database, "export.downloaded")] == ["Olga Owner"]


async def test_a_list_for_everybody_is_offered_where_the_site_shows_one(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    factories.make_campaign(database, slug="free-boris", public_list="latest")
    page = page_of(await browser.get(f"{PAGE}/new?lang=en"))
    assert "public" not in [e["value"] for e in page.all("input", name="profile")]
    answer = await browser.post(PAGE, await form_of(browser) | {"profile": "public"})
    assert answer.status_code == 422


async def test_the_password_is_asked_for_again(
    dora: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    form, job_id = await form_of(dora), make_list(database, settings, signed)
    with database.writing() as session:
        session.execute(update(UserSession).values(password_at=utc_now() - 2 * PASSWORD_FRESH))
    assert (await dora.get(f"{PAGE}/new")).headers["location"].startswith("/console/password")
    answer = await dora.post(f"{PAGE}/{job_id}/file?lang=en", form)
    back = quote(f"{PAGE}/{job_id}?lang=en", safe="")
    assert answer.headers["location"] == f"/console/password?next={back}&lang=en"
    for path in (PAGE, f"{PAGE}/preview", f"{PAGE}/{job_id}/again"):
        answer = await dora.post(path, form)
        assert answer.status_code == 403
        assert 'name="password"' in answer.text
    assert list_logged(database, "export.downloaded") == []
    assert (await dora.get(f"{PAGE}/{job_id}")).status_code == 200  # how far it is is no secret


async def test_somebody_stops_a_list_and_another_one_comes_too_late(
    dora: Browser, database: Database, signed: CampaignSnapshot
) -> None:
    job_id = begin(database, signed)
    answer = await dora.post(f"{PAGE}/{job_id}/cancel")
    assert answer.headers["location"].startswith(f"{PAGE}/{job_id}?saved=cancelled")
    page = page_of(await dora.post(f"{PAGE}/{job_id}/cancel?lang=en"), 409)
    assert page.by_id("problem").text == "It had ended already."
    assert buttons(page) == ["again"]
    assert find_job(database, signed, job_id).state == jobs.CANCELLED


async def test_the_file_can_be_deleted_before_its_time(
    dora: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    job_id = make_list(database, settings, signed)
    assert place_of(settings, job_id).exists()
    await dora.post(f"{PAGE}/{job_id}/remove")
    assert not place_of(settings, job_id).exists()
    page = page_of(await dora.post(f"{PAGE}/{job_id}/file?lang=en"), 409)
    assert "not there any more" in page.by_id("problem").text
    assert buttons(page) == ["again"]
    assert list_logged(database, "export.downloaded") == []
    page_of(await dora.post(f"{PAGE}/{job_id}/remove"), 409)


async def test_a_list_on_another_server_says_where(
    dora: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    job_id = make_list(database, settings, signed)
    place_of(settings, job_id).unlink()
    end_job(database, job_id, host="petitions-2")
    page = page_of(await dora.get(f"{PAGE}/{job_id}?lang=en"))
    assert "petitions-2" in page.one("main").text
    assert buttons(page) == ["again", "remove"]
    refused = page_of(await dora.post(f"{PAGE}/{job_id}/file?lang=en"), 409)
    assert "petitions-2" in refused.by_id("problem").text
    assert list_logged(database, "export.downloaded") == []


async def test_a_damaged_file_is_not_sent(
    dora: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    job_id = make_list(database, settings, signed)
    place = place_of(settings, job_id)
    place.write_bytes(b"\0" + place.read_bytes()[1:])
    page = page_of(await dora.post(f"{PAGE}/{job_id}/file?lang=en"), 500)
    assert "damaged" in page.by_id("problem").text
    assert list_logged(database, "export.downloaded") == []


async def test_a_file_that_is_damaged_further_on_never_looks_whole(
    dora: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    job_id, content = begin(database, signed), b"Ana\r\n" * 200_000
    exports_folder(settings)
    key, size, sha256 = seal(settings, job_id, iter([content]))
    kept = {"key": key, "size": size, "sha256": sha256, "expires_at": utc_now() + jobs.KEPT_FOR}
    end_job(database, job_id, state=jobs.DONE, name="list.csv", rows=200_000, **kept)
    assert (await dora.post(f"{PAGE}/{job_id}/file")).content == content
    place = place_of(settings, job_id)
    place.write_bytes(place.read_bytes()[:-1] + b"\0")
    with pytest.raises((SealBroken, RuntimeError)):  # the server ends the connection: less came than was announced
        await dora.post(f"{PAGE}/{job_id}/file")
    assert len(list_logged(database, "export.downloaded")) == 2


@pytest.mark.parametrize(
    ("problem", "words", "offered"),
    [
        ({"code": "disk_full"}, "disk of the server is full", ["again"]),
        ({"code": "scripts", "scripts": ["Devanagari", "Han"]}, "Devanagari, Han", ["again", "again"]),
        ({"code": "store"}, "database could not be reached", ["again"]),
        ({"code": "died"}, "ended three times", ["again"]),
        ({"code": "delivery"}, "no longer known who was in", ["again"]),
        ({"code": "unforeseen"}, "nobody foresaw", ["again"]),
        ({"code": "of a later version"}, "nobody foresaw", ["again"]),
    ],
)
async def test_a_list_that_was_not_made_says_why_and_what_to_do(
    dora: Browser,
    database: Database,
    signed: CampaignSnapshot,
    problem: dict[str, Any],
    words: str,
    offered: list[str],
) -> None:
    job_id = begin(database, signed)
    end_job(database, job_id, state=jobs.FAILED, problem=problem, ended_at=utc_now())
    page = page_of(await dora.get(f"{PAGE}/{job_id}?lang=en"))
    assert words in page.one("main").text
    assert buttons(page) == offered


async def test_letters_without_a_font_are_written_as_codes_where_somebody_wants_it(
    browser: Browser, database: Database, signed: CampaignSnapshot
) -> None:
    plan = Plan(profile=Profile.FULL, formats=(Format.PDF,), countries=("ES",))
    job_id = begin(database, signed, plan, "the officer asks")
    end_job(database, job_id, state=jobs.FAILED, problem={"code": "scripts", "scripts": ["Han"]})
    answer = await browser.post(f"{PAGE}/{job_id}/again", {"spell_out": "y"})
    new = find_job(database, signed, UUID(answer.headers["location"].partition("?")[0].rpartition("/")[2]))
    assert Plan.from_json(new.plan) == replace(plan, spell_out=True)
    assert (new.reason, new.by_name) == ("the officer asks", "Olga Owner")


async def test_three_at_once_are_enough(dora: Browser, database: Database, signed: CampaignSnapshot) -> None:
    for country in ("ES", "BG", "FR"):
        begin(database, signed, Plan(countries=(country,)))
    page = page_of(await dora.post(f"{PAGE}?lang=en", await form_of(dora)), 409)
    assert "Three lists" in page.by_id("problem").text


async def test_the_part_of_the_page_renews_itself_until_it_ended(
    dora: Browser, database: Database, settings: Settings, signed: CampaignSnapshot
) -> None:
    job_id = begin(database, signed)
    end_job(database, job_id, state=jobs.RUNNING, phase="csv", done=700, expected=1000, claimed_until=utc_now())
    page = page_of(await dora.get(f"{PAGE}/{job_id}?lang=en"))
    (standing,) = [e for e in page.elements if "data-renewed" in e.attributes]
    part = await dora.get(standing["data-renewed"])
    assert "data-goes-on" in part.text
    assert Page(part.text).one("progress")["value"] == "70"
    assert "writing: CSV" in part.text
    end_job(database, job_id, state=jobs.WAITING)
    run_job(database, settings, job_id, new_id())
    part = await dora.get(standing["data-renewed"])
    assert "data-goes-on" not in part.text
    assert f"{PAGE}/{job_id}/file" in part.text


async def test_the_names_of_a_campaign_that_is_purged_are_in_no_list(
    dora: Browser, database: Database, signed: CampaignSnapshot
) -> None:
    form = await form_of(dora)
    assert purge(database, signed.id, utc_now()).done
    assert (await dora.get(f"{PAGE}?lang=en")).status_code == 200
    page = page_of(await dora.get(f"{PAGE}/new?lang=en"))
    assert "The names are erased" in page.one("main").text
    assert (await dora.post(PAGE, form)).status_code == 409


async def test_a_draft_has_no_list_yet(app: Starlette, database: Database, site: Site) -> None:
    user = make_user(database, "Olga Owner")
    with database.writing() as session:
        content = Content(default_language="en", texts={"en": Texts()})
        campaign_id = create_campaign(session, "free-clara", content, user.name, utc_now())
    assert campaign_id is not None
    give_role(database, campaign_id, user, Role.OWNER)
    async with browser_of(app, database, user) as browser:
        for path in ("exports", "exports/new"):
            page = page_of(await browser.get(f"/console/c/free-clara/{path}?lang=en"))
            assert "There is no list yet" in page.one("main").text
        assert (await browser.post("/console/c/free-clara/exports", {"profile": "delivery"})).status_code == 409


async def test_the_pages_of_the_old_list_lead_here(dora: Browser) -> None:
    answer = await dora.get("/console/c/free-boris/download?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?lang=en")


@pytest.mark.parametrize("number", [1, 3])
async def test_the_list_of_lists_asks_the_store_as_often_whatever_is_in_it(
    dora: Browser,
    database: Database,
    site: Site,
    settings: Settings,
    signed: CampaignSnapshot,
    number: int,
) -> None:
    for country in ("ES", "BG", "FR")[:number]:
        make_list(database, settings, signed, Plan(countries=(country,)))
    await dora.get(PAGE)
    with Queries(site.database) as queries:
        page = page_of(await dora.get(f"{PAGE}?lang=en"))
    assert (
        len(
            [
                e
                for e in page.all("a")
                if e.get(
                    "href",
                )
                and f"{PAGE}/0" in e["href"]
            ]
        )
        == number
    )
    assert queries.count == 9


async def test_the_list_of_lists_goes_on(
    dora: Browser, database: Database, signed: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = []
    for _ in range(jobs.PAGE_SIZE + 1):
        ids.append(begin(database, signed))
        end_job(database, ids[-1], state=jobs.CANCELLED)
    page = page_of(await dora.get(f"{PAGE}?lang=en"))
    (older,) = page.all("a", rel="next")
    page = page_of(await dora.get(older["href"]))
    assert f"{PAGE}/{ids[0]}" in "".join(e.get("href") or "" for e in page.all("a"))
    assert (await dora.get(f"{PAGE}?before=nonsense")).status_code == 400


COLUMNS = {"name": "Name", "city": "City", "date": "Date"}


@given(st.dictionaries(st.sampled_from([f"column-delivery-{key}" for key in COLUMNS]), st.text(max_size=6)))
def test_any_numbers_give_an_order_or_none(sent: dict[str, str]) -> None:
    offered = offer_columns(FormData(list(sent.items())), Profile.DELIVERY, COLUMNS)
    ordered = order_columns(offered)
    assert ordered is None or (set(ordered) <= set(COLUMNS) and len(ordered) == len(set(ordered)) > 0)


def test_the_smallest_number_comes_first() -> None:
    def order(**typed: str) -> tuple[str, ...] | None:
        data = FormData([(f"column-delivery-{key}", place) for key, place in typed.items()])
        return order_columns(offer_columns(data, Profile.DELIVERY, COLUMNS))

    assert order(name="3", city="1", date="2") == ("city", "date", "name")
    assert order(name="1", city="1", date="") == ("name", "city")
    assert order(name="", city="", date="") is None
    assert order(name="٣") is None
    assert order_columns(offer_columns(None, Profile.DELIVERY, COLUMNS)) == tuple(COLUMNS)
