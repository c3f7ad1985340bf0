"""Removing many at once: conditions, a preview, a start."""

from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.accounts.models import User
from petitions.addresses import make_email_key
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console import bulk
from petitions.db import Database
from petitions.moderation import previewing
from petitions.moderation.models import Job
from petitions.moderation.running import run_jobs
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.web.site import Site
from tests.console.support import Browser, Queries
from tests.moderation.many import FLOOD, bulk_log, flood, mixed, removed, sign_people
from tests.web.support import Page, page_of

PAGE = "/console/c/free-boris/bulk"
OF_FLOOD = {"domain": FLOOD}

only_sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
pytestmark = pytest.mark.anyio


async def preview(browser: Browser, **asked: str) -> Page:
    answer = await browser.post(f"{PAGE}/preview", asked)
    assert answer.status_code == 200
    return page_of(answer)


def start_form(page: Page) -> dict[str, str]:
    """What the button would send that begins the removal."""
    return dict(page.fields(f"{PAGE}?lang=en"))


def jobs(database: Database) -> list[Job]:
    with database.reading() as session:
        return list(session.scalars(select(Job).order_by(Job.id)))


async def test_a_preview_says_how_many_and_shows_some(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *mixed(3))
    page = await preview(browser, **OF_FLOOD)
    assert page.one("h2", id="found").text == "3 signatures are meant"
    entries = [e.text for e in page.all("p") if e.get("class") == "revisions__name"]
    assert entries == ["Bot n2", "Bot n1", "Bot n0"]
    assert f"@{FLOOD}" in page.one("main").text
    assert "n1@" not in page.one("main").text
    assert jobs(database) == []


async def test_what_a_preview_showed_is_what_begins(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, owner: User
) -> None:
    sign_people(database, settings, campaign, *mixed(3))
    page = await preview(browser, domain=f"  @{FLOOD.upper()} ", name="bot N1")
    sent = start_form(page)
    assert sent["domain"] == FLOOD
    sign_people(database, settings, campaign, *flood(3, "n1later"))
    answer = await browser.post(f"{PAGE}?lang=en", sent | {"reason": "robot"})
    (job,) = jobs(database)
    where = f"/console/c/free-boris/jobs/{job.id}?saved=started&lang=en"
    assert (answer.status_code, answer.headers["location"]) == (303, where)
    assert (job.kind, job.reason, job.expected, job.upto, job.by_id) == ("remove", "robot", 1, 6, owner.id)
    assert job.conditions == {"domain": FLOOD, "name": "bot N1", "state": "counted"}
    run_jobs(database, utc_now())
    assert list(removed(database, campaign)) == [3]
    started = {"job": job.id, "kind": "remove", "reason": "robot", "shown": 1}
    assert bulk_log(database)[0] == ("Olga Owner", "bulk.started", started)


async def test_a_mail_address_is_kept_as_its_key_alone(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(2))
    page = await preview(browser, email=f"N1@{FLOOD}")
    assert page.one("h2", id="found").text == "1 signature is meant"
    sent = start_form(page) | {"reason": "fake"}
    await browser.post(f"{PAGE}?lang=en", sent)
    (job,) = jobs(database)
    key = make_email_key(f"n1@{FLOOD}", settings.email_key)
    assert job.conditions == {"email_key": key.hex(), "state": "counted"}


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({}, "Please say which signatures you mean"),
        ({"state": "counted"}, "Please say which signatures you mean"),
        ({"name": " "}, "Please say which signatures you mean"),
        ({"name": "…"}, "Please type a letter or a digit of the name."),
        ({"email": "ana"}, "This is not a complete mail address."),
        ({"domain": "example"}, "This is not a complete domain."),
        ({"since": "yesterday"}, "This is not a day with a time."),
        ({"state": "removed"}, "Please choose one of the list."),
    ],
    ids=str,
)
@only_sqlite
async def test_nothing_begins_without_conditions_that_are_right(
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    sent: dict[str, str],
    words: str,
) -> None:
    sign_people(database, settings, campaign, *flood(1))
    more = {"upto": "1", "counted": "1", "reason": "robot"}
    for path in ("/preview", ""):
        page = page_of(await browser.post(PAGE + path, sent | more), 422)
        assert words in page.one("main").text
    assert jobs(database) == []


async def test_what_was_typed_is_kept(browser: Browser) -> None:
    page = page_of(await browser.post(f"{PAGE}/preview", {"name": "Ana <b>", "domain": "nonsense"}), 422)
    assert page.one("input", id="f-name")["value"] == "Ana <b>"
    assert page.one("input", id="f-domain")["value"] == "nonsense"
    assert page.one("input", id="f-domain")["aria-describedby"].split()[-1] == "f-domain-error"


async def test_a_reason_is_asked_for_and_the_preview_stays(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(2))
    sent = start_form(await preview(browser, **OF_FLOOD))
    sign_people(database, settings, campaign, *flood(2, "later"))
    for reason in ("", "because"):
        page = page_of(await browser.post(f"{PAGE}?lang=en", sent | {"reason": reason}), 422)
        assert page.one("select", id="reason")["aria-describedby"] == "no-reason"
        assert page.one("h2", id="found").text == "2 signatures are meant"
        assert start_form(page) == sent
    assert jobs(database) == []


@pytest.mark.parametrize(
    "wrong",
    [{"upto": ""}, {"upto": "-1"}, {"counted": "²"}, {"counted": "9" * 19}, {"counted": "2147483648"}],
    ids=str,
)
async def test_numbers_that_no_page_of_ours_sends_are_refused(
    browser: Browser, database: Database, wrong: dict[str, str]
) -> None:
    sent = {**OF_FLOOD, "upto": "1", "counted": "1", "reason": "robot", **wrong}
    assert (await browser.post(PAGE, sent)).status_code == 400
    assert jobs(database) == []


async def test_where_nobody_is_meant_there_is_no_button(browser: Browser) -> None:
    page = await preview(browser, domain="nobody.example")
    assert page.one("h2", id="found").text == "0 signatures are meant"
    assert "No signature that counts is like this." in page.one("main").text
    assert [form["action"] for form in page.all("form") if "/bulk" in form["action"]] == [
        f"{PAGE}/preview?lang=en"
    ]


async def test_counting_that_takes_long_says_at_least(
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(previewing, "_READ", 2)
    monkeypatch.setattr(bulk, "_BUDGET", -1.0)
    sign_people(database, settings, campaign, *flood(5))
    page = await preview(browser, **OF_FLOOD)
    assert page.one("h2", id="found").text == "At least 2 signatures are meant"
    sent = start_form(page) | {"reason": "robot"}
    await browser.post(f"{PAGE}?lang=en", sent)
    run_jobs(database, utc_now())
    (job,) = jobs(database)
    assert (job.expected, job.done) == (2, 5)


async def test_others_read_while_it_counts(
    site: Site,
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Counting is many short reads, not one long one."""
    monkeypatch.setattr(previewing, "_READ", 1)
    sign_people(database, settings, campaign, *flood(5))
    reads: list[Any] = []
    read = site.database.read

    async def note(function: Any, *args: Any) -> Any:
        reads.append(function)
        return await read(function, *args)

    monkeypatch.setattr(site.database, "read", note)
    await preview(browser, **OF_FLOOD)
    assert len([each for each in reads if getattr(each, "__name__", "") == "read"]) == 6


async def test_a_name_that_was_asked_for_stands_in_no_address_and_no_log(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, {"name": "Zelda Unmistakable"})
    page = await preview(browser, name="unmistakable")
    assert not [e for e in page.all("a") if "nmistakable" in e["href"]]
    assert not [e for e in page.all("form") if "nmistakable" in e["action"]]
    sent = start_form(page) | {"reason": "fake"}
    answer = await browser.post(f"{PAGE}?lang=en", sent)
    assert "nmistakable" not in answer.headers["location"]
    run_jobs(database, utc_now())
    assert "nmistakable" not in str(bulk_log(database))


async def test_nothing_can_begin_where_the_names_are_erased(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_people(database, settings, campaign, *flood(1))
    sent = {**OF_FLOOD, "upto": "1", "counted": "1", "reason": "robot"}
    purge(database, campaign.id, utc_now())
    assert "The names are erased" in (await browser.get(PAGE)).text
    answer = await browser.post(PAGE, sent)
    assert answer.status_code == 409
    assert "The names are erased" in answer.text
    assert jobs(database) == []


async def test_a_preview_has_no_address(browser: Browser) -> None:
    answer = await browser.get(f"{PAGE}/preview?lang=es")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?lang=es")


async def test_the_questions_to_the_store_do_not_grow_with_what_is_found(
    browser: Browser, app: Starlette, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    counts = []
    for more in (1, 2):
        sign_people(database, settings, campaign, *flood(more, f"m{more}n"))
        with Queries(app.state.site.database) as queries:
            await preview(browser, **OF_FLOOD)
        counts.append(queries.count)
    assert counts == [7, 7]
