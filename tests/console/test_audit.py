"""The log of a campaign, and that of the site."""

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

import petitions
from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.audit.models import AuditEntry
from petitions.audit.reading import PAGE_SIZE
from petitions.audit.recording import Actor, record
from petitions.audit.sealing import seal
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console.audit_words import ACTIONS, words_of
from petitions.db import Database
from petitions.i18n import translator
from petitions.web.site import Site
from tests.audit.support import OLGA, check, tamper, write_entries
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import make_campaign

PAGE = "/console/c/free-boris/audit"


def rows_of(page: str) -> int:
    return page.count("<tr>") - 1


@pytest.mark.anyio
async def test_it_shows_what_was_done_in_this_campaign_alone(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="free-ana")
    with database.writing() as session:
        record(session, Actor(None, "Olga <b>Owner"), "campaign.closed", utc_now(), campaign.id, reason="<i>won")
        record(session, Actor(None, "Otto Other"), "campaign.closed", utc_now(), other.id)
        record(session, Actor(None, "Ada Admin"), "account.invited", utc_now())
    page = (await browser.get(PAGE)).text
    assert rows_of(page) == 1
    assert "Olga &lt;b&gt;Owner" in page
    assert "closed the campaign" in page
    assert "reason: &lt;i&gt;won" in page
    assert "Otto Other" not in page
    assert "Ada Admin" not in page


@pytest.mark.anyio
async def test_it_goes_on_page_by_page_the_newest_first(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    with database.writing() as session:
        for rows in range(PAGE_SIZE + 3):
            record(session, OLGA, "list.downloaded", utc_now(), campaign.id, rows=rows)
    first = (await browser.get(PAGE)).text
    assert rows_of(first) == PAGE_SIZE
    numbers = [int(number) for number in re.findall(r"Rows: (\d+)", first)]
    assert numbers == list(range(PAGE_SIZE + 2, 2, -1))
    found = re.search(r'href="([^"]*before=[^"]*)"', first)
    assert found is not None
    second = (await browser.get(found[1].replace("&amp;", "&"))).text
    assert [int(number) for number in re.findall(r"Rows: (\d+)", second)] == [2, 1, 0]
    assert "before=" not in second.partition("<main")[2]


@pytest.mark.anyio
@pytest.mark.parametrize("key", ["", "x", "-1", "1" * 19, "²", "1 "])
async def test_a_key_that_no_page_named_is_refused(browser: Browser, key: str) -> None:
    assert (await browser.get(PAGE, params={"before": key})).status_code == 400


@pytest.mark.anyio
async def test_the_head_of_the_chain_is_shown(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    write_entries(database, 2, campaign.id)
    assert "in a moment" in (await browser.get(PAGE)).text
    seal(database, utc_now())
    page = (await browser.get(PAGE)).text
    assert str(check(database).head) in page
    assert "in a moment" not in page


@pytest.mark.anyio
async def test_the_file_holds_every_entry_with_its_digest_and_no_formula(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    write_entries(database, 501, campaign.id)
    write_entries(database, 1)  # about the site
    with database.writing() as session:
        record(session, Actor(None, "=cmd|' /C calc'!A0"), "campaign.saved", utc_now(), campaign.id)
    seal(database, utc_now())
    answer = await browser.post(f"{PAGE}/log.csv")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith('attachment; filename="free-boris-log-')
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    with database.reading() as session:
        stored = session.query(AuditEntry).filter_by(campaign_id=campaign.id).order_by(AuditEntry.id).all()
    assert len(rows) == len(stored) == 503
    assert [row["digest"] for row in rows] == [entry.digest.hex() if entry.digest else "" for entry in stored]
    assert [row["place"] for row in rows[:2]] == ["1", "2"]
    assert rows[501]["actor"] == "'=cmd|' /C calc'!A0"
    assert (rows[-1]["action"], rows[-1]["digest"]) == ("audit.downloaded", "")


@pytest.mark.anyio
async def test_the_log_of_the_site_is_for_administrators(
    app: Starlette, database: Database, campaign: CampaignSnapshot, owner: User
) -> None:
    write_entries(database, 1, campaign.id)
    write_entries(database, 1)
    async with browser_of(app, database, owner) as browser:
        assert (await browser.get("/console/log")).status_code == 404
        assert (await browser.post("/console/log/verify")).status_code == 404
        assert (await browser.post("/console/log/log.csv")).status_code == 404
    async with browser_of(app, database, make_user(database, "Ada Admin", is_admin=True)) as browser:
        page = (await browser.get("/console/log")).text
        assert rows_of(page) == 2
        assert "<bdi>free-boris</bdi>" in page
        file = await browser.post("/console/log/log.csv")
    assert len(file.text.splitlines()) == 4  # with the heading, and that it was downloaded


@pytest.mark.anyio
async def test_an_administrator_verifies_the_chain(app: Starlette, database: Database) -> None:
    write_entries(database, 3)
    seal(database, utc_now())
    head = str(check(database).head)
    admin = make_user(database, "Ada Admin", is_admin=True)
    async with browser_of(app, database, admin) as browser:
        whole = (await browser.post("/console/log/verify", {"head": ""})).text
        noted = (await browser.post("/console/log/verify", {"head": f" {head} "})).text
        other = (await browser.post("/console/log/verify", {"head": f"2:{'0' * 64}"})).text
        wrong = await browser.post("/console/log/verify", {"head": "<nonsense>"})
        tamper(database, "UPDATE audit_entries SET actor = 'x' WHERE place = 2")
        broken = (await browser.post("/console/log/verify", {"head": ""})).text
    assert "The chain is whole: 3 entries" in " ".join(whole.split())
    assert "The chain is whole: 3 entries" in " ".join(noted.split())
    assert "The chain is broken at place 2." in other
    assert "The chain is broken at place 2." in broken
    assert wrong.status_code == 422
    assert 'id="f-head-error"' in wrong.text
    assert 'value="&lt;nonsense&gt;"' in wrong.text
    with database.reading() as session:
        told = session.query(AuditEntry).filter_by(action="audit.verified").order_by(AuditEntry.id)
        assert [entry.details["broken_at"] for entry in told] == [None, None, 2, 2]


@pytest.mark.anyio
async def test_what_somebody_wrote_into_the_store_breaks_no_page(
    app: Starlette, database: Database, campaign: CampaignSnapshot, browser: Browser
) -> None:
    write_entries(database, 2, campaign.id)
    seal(database, utc_now())
    tamper(database, "UPDATE audit_entries SET details = '[\"list\"]' WHERE place = 1")
    assert "list" in (await browser.get(PAGE)).text
    if not database.is_sqlite:
        return  # PostgreSQL takes nothing that is no JSON
    tamper(database, "UPDATE audit_entries SET details = 'no JSON' WHERE place = 1")
    assert "An entry on this page cannot be read" in (await browser.get(PAGE)).text
    async with browser_of(app, database, make_user(database, "Ada Admin", is_admin=True)) as admin:
        page = await admin.post("/console/log/verify")
    assert (page.status_code, "The chain is broken at place 1." in page.text) == (200, True)


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"number": 1, "part": "texts", "language": "es"}, "Texts · Español"),
        ({"number": 2, "part": "details", "section": "basics"}, "Details · Basics"),
        ({"number": 3, "part": "languages", "added": "fr"}, "Languages · added: Français"),
        ({"number": 4, "part": "languages", "removed": "fr"}, "Languages · removed: Français"),
        ({"number": 5, "part": "languages", "default": "fr"}, "Languages · Main language: Français"),
        ({"slug": "free-boris", "language": "en"}, "English"),
        ({"revision": 2, "new_versions": ["en", "es"]}, "Revision 2 · Signed words changed: English, Español"),
        ({"revision": 1, "new_versions": []}, "Revision 1"),
        ({"closes_at": "2027-01-02T18:00:00+00:00"}, "Closes: 2 January 2027, 18:00 UTC"),
        ({"closes_at": None}, ""),
        ({"outcome": "lost"}, "Not won"),
        ({"outcome": None}, "Nothing to say yet"),
        ({"user": "f00", "role": "editor", "before": None, "person": "Ana"}, "Ana · Role: Editor"),
        ({"person": "Ana", "user": "f00", "before": "owner"}, "Ana · Role before: Owner"),
        ({"person": "Ana", "user": "f00", "again": True}, "Ana · once more"),
        ({"download": "f00", "rows": 1200, "complete": True, "sha256": "ab"}, "Rows: 1,200 · SHA-256: ab"),
        ({"download": "f00", "rows": 7, "complete": False}, "Rows: 7 · not to its end"),
        ({"count": 3, "broken_at": None}, "Entries: 3"),
        ({"count": 3, "broken_at": 2}, "Entries: 3 · The chain is broken at place 2."),
        ({"user": "f00", "is_admin": True}, "Administrator"),
        ({"user": "f00", "is_admin": False}, ""),
        ({"browser": "others"}, "all others"),
        ({"browser": "Firefox, Linux"}, "Firefox, Linux"),
        ({"by": "link"}, "by the link from a mail"),
        ({"organisation": 3, "into": 1}, "Organisation: 3 · kept: 1"),
        ({"organisation": 3, "other": 1}, "Organisation: 3 · the other one: 1"),
        ({"organisation": 3, "fields": ["city", "logo"]}, "Organisation: 3 · City, Logo"),
        ({"first": 1, "last": 1200, "rows": 1200, "vouched": True}, "vouched for · Rows: 1,200"),
        ({"first": 1, "last": 2, "rows": 2, "vouched": False}, "to be asked by mail · Rows: 2"),
        ({"organisations": [1, 2]}, "Organisations: 1, 2"),
        ({"name": "Yes"}, "Yes"),
        ({"part": ["x"], "rows": "many", "role": {"a": 1}}, "part: x · role: a=1 · rows: many"),
        ({"reason": "x"}, "reason: x"),
        (["list"], "list"),
    ],
)
def test_details_are_said_in_words_and_keys_of_the_program_are_not(details: Any, said: str) -> None:
    assert " · ".join(words_of(details, translator("en"))) == said


def test_every_action_that_is_written_down_has_words() -> None:
    source = "\n".join(file.read_text(encoding="utf-8") for file in Path(petitions.__file__).parent.rglob("*.py"))
    verbs = set(re.findall(r'record(?:_job)?[,(][^"]{0,120}"([a-z]+\.[a-z_]+)"', source))
    # Organisations have a function of their own for it, and a table of what leads decide.
    verbs |= set(re.findall(r'log\([^"]{0,80}"(organisation\.[a-z_]+)"', source))
    verbs |= {f"organisation.{verb}" for verb in re.findall(r'Decision\.[A-Z]+: "([a-z]+)"', source)}
    assert {"export.asked", "export.previewed", "organisation.withdrawn", "organisation.kept"} <= verbs
    assert verbs - set(ACTIONS) == set()


@pytest.mark.anyio
@pytest.mark.parametrize("entries", [1, 3])
async def test_pages_ask_the_store_as_often_for_many_as_for_one(
    app: Starlette, site: Site, database: Database, campaign: CampaignSnapshot, entries: int
) -> None:
    for number in range(entries):
        write_entries(database, 1, make_campaign(database, slug=f"free-{number}").id)
    write_entries(database, entries, campaign.id)
    admin = make_user(database, "Ada Admin", is_admin=True)
    give_role(database, campaign.id, admin, Role.OWNER)
    async with browser_of(app, database, admin) as browser:
        with Queries(site.database) as asked:
            assert (await browser.get(PAGE)).status_code == 200
        with Queries(site.database) as asked_for_all:
            assert (await browser.get("/console/log")).status_code == 200
    assert (asked.count, asked_for_all.count) == QUERIES


#: Log-in, campaign with its title (2), entries, addresses, head; and log-in, entries, campaigns, addresses, head.
QUERIES = (6, 5)


@pytest.mark.anyio
@pytest.mark.parametrize("leads", [1, 3])
async def test_pages_ask_the_store_as_often_for_many_leads_as_for_one(
    app: Starlette, site: Site, database: Database, campaign: CampaignSnapshot, leads: int
) -> None:
    admin = make_user(database, "Ada Admin", is_admin=True)
    others = [make_user(database, f"Lead{number} Lead") for number in range(leads)]
    with database.writing() as session:
        for user in others:
            record(session, Actor(user.id, user.name), "campaign.saved", utc_now(), campaign.id)
    async with browser_of(app, database, admin) as browser:
        for path, queries in zip((PAGE, "/console/log"), QUERIES, strict=True):
            with Queries(site.database) as asked:
                page = (await browser.get(path)).text
            assert asked.count == queries
            assert [user.email in page for user in others] == [True] * leads


@pytest.mark.anyio
async def test_nobody_acts_under_the_name_of_another_lead(
    app: Starlette, database: Database, campaign: CampaignSnapshot, browser: Browser
) -> None:
    victim = make_user(database, "Vera Victim")
    give_role(database, campaign.id, victim, Role.OWNER)
    await browser.post("/console/account", {"name": "Vera Victim", "language": "en"})
    await browser.post("/console/c/free-boris/state", {"action": "close"})
    with database.writing() as session:
        record(session, Actor(None, "petitions"), "campaign.saved", utc_now(), campaign.id)
    await browser.post("/console/account", {"name": "Olga Owner", "language": "en"})
    for page in ((await browser.get(PAGE)).text, await site_log(app, database)):
        (row,) = [row for row in page.split("<tr>") if "closed the campaign" in row]
        assert "Vera Victim" in row  # what stood there then
        assert '<bdi dir="ltr">olga@example.org</bdi>' in row
        assert victim.email not in page
        (other,) = [row for row in page.split("<tr>") if "<bdi>petitions</bdi>" in row]
        assert "@" not in other


async def site_log(app: Starlette, database: Database) -> str:
    admin = make_user(database, "Ada Admin", is_admin=True)
    async with browser_of(app, database, admin) as browser:
        return (await browser.get("/console/log")).text
