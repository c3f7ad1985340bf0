"""What is done to many: the list, how far each is, stopping and undoing."""

import re
from typing import Any

import pytest
from sqlalchemy import delete, update
from starlette.applications import Starlette

from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.moderation.conditions import Conditions
from petitions.moderation.jobs import NewJob, start
from petitions.moderation.models import Job
from petitions.moderation.running import run_jobs
from petitions.privacy.purging import purge
from petitions.settings import Settings
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import make_campaign
from tests.moderation.many import FLOOD, MODERATOR, begin, bulk_log, flood, job_of, mixed, removed, sign_people
from tests.web.support import Page, page_of

PAGE = "/console/c/free-boris/jobs"
OF_FLOOD = Conditions(domain=FLOOD)

pytestmark = pytest.mark.anyio


@pytest.fixture
def waiting(database: Database, settings: Settings, campaign: CampaignSnapshot) -> int:
    """A removal of three that the worker has not begun."""
    sign_people(database, settings, campaign, *mixed(3))
    return begin(database, campaign, OF_FLOOD)


@pytest.fixture
def ran(database: Database, waiting: int) -> int:
    """The same, done."""
    run_jobs(database, utc_now())
    return waiting


async def look(browser: Browser, job_id: int, **query: str) -> Page:
    return page_of(await browser.get(f"{PAGE}/{job_id}", params={"lang": "en", **query}))


def facts(page: Page) -> dict[str, str]:
    """The labels and values of the page's lists of facts."""
    labels = [e.text for e in page.all("dt")]
    return dict(zip(labels, [e.text for e in page.all("dd")], strict=True))


def buttons(page: Page) -> list[str]:
    """Where the buttons of the page about jobs go."""
    return [form["action"].partition("?")[0] for form in page.all("form") if "/jobs/" in form["action"]]


async def test_a_job_that_waits_says_what_it_is_about(browser: Browser, waiting: int) -> None:
    page = await look(browser, waiting, saved="started")
    assert page.heading == "Remove signatures"
    assert "It begins in a moment." in page.one("p", role="status").text
    said = facts(page)
    assert said["Begun by"].startswith("Mona Moderator, ")
    assert (said["Reason"], said["Domain of the address"]) == ("sent by a program", FLOOD)
    assert page.one("progress")["value"] == "0"
    assert buttons(page) == [f"{PAGE}/{waiting}/cancel"]
    assert page.one("script")["src"].startswith("/static/js/console")


async def test_how_far_it_is_can_be_looked_at_alone(
    browser: Browser, database: Database, campaign: CampaignSnapshot, waiting: int
) -> None:
    with database.writing() as session:
        session.execute(update(Job).values(done=1, state="running"))
    page = await look(browser, waiting)
    where = page.one("div", data_renewed=f"{PAGE}/{waiting}/part?lang=en")["data-renewed"]
    answer = await browser.get(where)
    assert answer.headers["cache-control"] == "no-store"
    assert "<html" not in answer.text
    part = page_of(answer)
    progress = part.one("progress")
    assert (progress["value"], progress["max"]) == ("33", "100")
    assert "data-goes-on" in progress.attributes
    run_jobs(database, utc_now())
    ended = page_of(await browser.get(where))
    assert [e for e in ended.elements if "data-goes-on" in e.attributes] == []
    assert buttons(ended) == [f"{PAGE}/{waiting}/undo"]


async def test_a_job_can_be_stopped(
    browser: Browser, database: Database, campaign: CampaignSnapshot, waiting: int
) -> None:
    answer = await browser.post(f"{PAGE}/{waiting}/cancel?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{PAGE}/{waiting}?saved=cancelled&lang=en",
    )
    run_jobs(database, utc_now())
    assert removed(database, campaign) == {}
    page = await look(browser, waiting, saved="cancelled")
    assert "It is stopped." in page.one("p", role="status").text
    assert buttons(page) == []  # it did nothing that could be undone
    cancelled = {"job": waiting, "kind": "remove", "rows": 0}
    assert bulk_log(database)[-1] == ("Olga Owner", "bulk.cancelled", cancelled)


async def test_what_has_ended_meanwhile_is_not_stopped(browser: Browser, database: Database, ran: int) -> None:
    page = page_of(await browser.post(f"{PAGE}/{ran}/cancel"), 409)
    assert page.one("p", id="problem").text == "It had ended already."
    assert buttons(page) == [f"{PAGE}/{ran}/undo"]


async def test_a_job_can_be_undone(
    browser: Browser, database: Database, campaign: CampaignSnapshot, ran: int
) -> None:
    assert buttons(await look(browser, ran)) == [f"{PAGE}/{ran}/undo"]
    answer = await browser.post(f"{PAGE}/{ran}/undo?lang=en")
    undoing = int(re.search(r"/jobs/(\d+)", answer.headers["location"])[1])  # type: ignore[index]
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}/{undoing}?saved=undone&lang=en")
    again = await browser.post(f"{PAGE}/{ran}/undo?lang=en")  # pressed twice
    assert again.headers["location"] == answer.headers["location"]
    run_jobs(database, utc_now())
    assert removed(database, campaign) == {}
    page = await look(browser, undoing)
    assert page.heading == "Bring signatures back"
    assert facts(page)["Undoes"] == f"Job {ran}"
    assert buttons(page) == []
    page = await look(browser, ran)
    assert buttons(page) == []
    assert page.one("a", href=f"{PAGE}/{undoing}?lang=en").text == f"Undone by job {undoing}"


async def test_what_somebody_else_undid_is_said(browser: Browser, database: Database, ran: int) -> None:
    await browser.post(f"{PAGE}/{ran}/undo")
    run_jobs(database, utc_now())
    page = page_of(await browser.post(f"{PAGE}/{ran}/undo"), 409)
    assert page.one("p", id="problem").text.startswith("There is nothing to undo any more")


async def test_fewer_than_were_counted_are_explained(
    browser: Browser, database: Database, campaign: CampaignSnapshot, ran: int
) -> None:
    explained = "The others were withdrawn, changed or moderated"
    assert explained not in (await look(browser, ran)).one("main").text
    with database.writing() as session:
        session.execute(update(Job).values(expected=5))
    page = await look(browser, ran)
    assert "3 removed; 5 were counted before" in page.one("main").text
    assert explained in page.one("main").text


async def test_a_purge_takes_the_jobs_too(
    browser: Browser, database: Database, campaign: CampaignSnapshot, ran: int
) -> None:
    """Their conditions may name somebody."""
    purge(database, campaign.id, utc_now())
    assert (await browser.get(f"{PAGE}/{ran}")).status_code == 404
    assert (await browser.post(f"{PAGE}/{ran}/undo")).status_code in (404, 409)
    assert "Nothing was done to many yet" in (await browser.get(PAGE)).text


async def test_held_forms_are_jobs_too(browser: Browser, database: Database, campaign: CampaignSnapshot) -> None:
    with database.writing() as session:
        new = NewJob("release", {"reason": "domain", "for": FLOOD}, 2**41, 700)
        job_id = start(session, campaign.id, new, MODERATOR, utc_now())
    page = await look(browser, job_id)
    assert page.heading == "Let held forms go on"
    assert facts(page)["Held for"] == FLOOD
    run_jobs(database, utc_now())
    assert job_of(database, campaign, job_id).state == "done"


async def test_a_job_of_another_campaign_is_not_there(
    browser: Browser, database: Database, settings: Settings
) -> None:
    other = make_campaign(database, slug="other")
    sign_people(database, settings, other, *flood(1))
    job_id = begin(database, other, OF_FLOOD)
    for path in (f"/{job_id}", f"/{job_id}/part"):
        assert (await browser.get(PAGE + path)).status_code == 404
    for path in (f"/{job_id}/cancel", f"/{job_id}/undo"):
        assert (await browser.post(PAGE + path)).status_code == 404
    assert job_of(database, other, job_id).state == "waiting"


@pytest.mark.parametrize("job_id", [2**31, 2**63, 10**30])
async def test_a_number_that_no_job_has_is_not_there(
    browser: Browser, campaign: CampaignSnapshot, waiting: int, job_id: int
) -> None:
    for path in ("", "/part"):
        assert (await browser.get(f"{PAGE}/{job_id}{path}")).status_code == 404
    for path in ("/cancel", "/undo"):
        assert (await browser.post(f"{PAGE}/{job_id}{path}")).status_code == 404
    assert f"{PAGE}/{waiting}" in (await browser.get(f"{PAGE}?before={10**17}")).text


# The list


async def test_an_empty_list_says_what_comes_here(browser: Browser) -> None:
    page = page_of(await browser.get(PAGE))
    assert page.one("h2").text == "Nothing was done to many yet"


async def test_the_list_says_who_what_and_how_far(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, ran: int
) -> None:
    sign_people(database, settings, campaign, {"name": "Zelda Unmistakable"})
    second = begin(database, campaign, Conditions(name="unmistakable"), reason="fake")
    page = page_of(await browser.get(PAGE, params={"lang": "en"}))
    rows = [e.text for e in page.all("li") if any(i.get("class") == "revisions" for i in e.inside)]
    assert rows[0].startswith(f"Remove signatures (job {second}) begins in a moment ")
    assert rows[0].endswith(
        "0 removed; 1 were counted before no real person, or in the name of somebody else Name: unmistakable"
    )
    assert rows[1].startswith(f"Remove signatures (job {ran}) done ")
    assert rows[1].endswith(f"3 removed; 3 were counted before sent by a program Domain of the address: {FLOOD}")
    assert all("Mona Moderator" in row for row in rows)


async def test_a_long_list_has_pages(browser: Browser, database: Database, campaign: CampaignSnapshot) -> None:
    add_jobs(database, campaign, 21)
    page = page_of(await browser.get(PAGE, params={"lang": "en"}))
    (older,) = page.all("a", rel="next")
    rest = page_of(await browser.get(older["href"]))
    assert [len(re.findall(r"\(job ", each.one("main").text)) for each in (page, rest)] == [20, 1]
    assert rest.all("a", rel="next") == []
    assert (await browser.get(f"{PAGE}?before=x")).status_code == 400


def add_jobs(database: Database, campaign: CampaignSnapshot, count: int) -> None:
    values: dict[str, Any] = {"kind": "remove", "reason": "fake", "upto": 1, "expected": 1, "state": "done"}
    with database.writing() as session:
        session.execute(delete(Job))
        for _ in range(count):
            by = {"by_id": MODERATOR.user_id, "by_name": MODERATOR.name, "created_at": utc_now()}
            session.add(Job(campaign_id=campaign.id, **values, **by))


async def test_pages_ask_the_store_equally_often_whatever_they_list(
    app: Starlette, browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    counts = []
    for jobs in (1, 3):
        add_jobs(database, campaign, jobs)
        with Queries(app.state.site.database) as queries:
            await browser.get(PAGE)
        counts.append(queries.count)
    assert counts == [4, 4]


async def test_the_log_says_it_in_words(browser: Browser, ran: int) -> None:
    page = page_of(await browser.get("/console/c/free-boris/audit", params={"lang": "en"}))
    lines = [e.text for e in page.all("td") if e.get("class") == "log__what"]
    reason, shown = "sent by a program", "Rows that were shown: 3"
    assert lines == [
        f"something for many at once came to its end Remove signatures · Job {ran} · Rows: 3",
        f"began something for many at once Remove signatures · Job {ran} · Reason: {reason} · {shown}",
    ]


async def test_a_viewer_sees_no_jobs(
    app: Starlette, database: Database, campaign: CampaignSnapshot, ran: int
) -> None:
    viewer: User = make_user(database, "Vera Viewer")
    give_role(database, campaign.id, viewer, Role.VIEWER)
    async with browser_of(app, database, viewer) as browser:
        assert (await browser.post(f"{PAGE}/{ran}/undo")).status_code == 403
        assert "/jobs" not in (await browser.get("/console/c/free-boris")).text
