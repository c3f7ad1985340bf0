"""Writing rules in the console: of a campaign and of the site."""

import html
import re

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.abuse.models import RuleList
from petitions.abuse.rule_lists import save_list
from petitions.abuse.rules import Verdict, parse_rules
from petitions.audit.models import AuditEntry
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.models import Draft
from petitions.web import caching
from petitions.web.site import Site
from tests.console.support import SAME_ORIGIN, Browser, Queries, browser_of, make_user
from tests.factories import form, sign

pytestmark = pytest.mark.anyio

PAGE, SITE = "/console/c/free-boris/rules", "/console/rules"
TEXT = "# Sunday\nhold domain spam.example  # since noon\nallow word <b>"


def shown(page: str) -> str:
    match = re.search(r"<textarea[^>]*>\n?(.*?)</textarea>", page, re.DOTALL)
    assert match is not None
    return html.unescape(match[1])


def stored(database: Database) -> list[tuple[int, int, str, str]]:
    with database.reading() as session:
        lists = session.scalars(select(RuleList).order_by(RuleList.scope))
        return [(each.scope, each.number, each.text, each.saved_by) for each in lists]


async def test_rules_are_saved_as_they_are_written(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    assert shown((await browser.get(PAGE)).text) == ""
    answer = await browser.post(f"{PAGE}?lang=en", {"rules": TEXT.replace("\n", "\r\n"), "number": "0"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?saved=1&lang=en")
    assert stored(database) == [(campaign.id, 1, TEXT, "Olga Owner")]
    page = (await browser.get(f"{PAGE}?saved=1")).text
    assert shown(page) == TEXT
    assert "Saved." in page
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.campaign_id, entry.details) == ("rules.saved", campaign.id, {"rules": 2})


async def test_a_wrong_list_is_shown_again_with_every_line_that_is_wrong(
    browser: Browser, database: Database
) -> None:
    wrong = "hold domain spam.example\nhold everybody\nhold network 192.0.2.999"
    answer = await browser.post(PAGE, {"rules": wrong, "number": "0"})
    assert answer.status_code == 422
    assert shown(answer.text) == wrong
    assert re.findall(r">(Line \d+)</a>", answer.text) == ["Line 2", "Line 3"]
    assert "This is no network. It looks like 192.0.2.0/24 or 2001:db8::/32." in answer.text
    assert stored(database) == []


async def test_two_who_write_at_once_notice_each_other_and_lose_nothing(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    with database.writing() as session:
        save_list(session, campaign.id, "hold word theirs", 0, "Mo Other", utc_now())
    answer = await browser.post(PAGE, {"rules": "hold word mine", "number": "0"})
    assert answer.status_code == 409
    assert shown(answer.text) == "hold word mine"
    assert "Mo Other saved another version" in answer.text
    assert '<pre dir="ltr">hold word theirs</pre>' in answer.text
    assert stored(database) == [(campaign.id, 1, "hold word theirs", "Mo Other")]
    number = re.findall(r'name="number" value="(\d+)"', answer.text)
    assert number == ["1"]
    assert (await browser.post(PAGE, {"rules": "hold word both", "number": "1"})).status_code == 303
    assert stored(database) == [(campaign.id, 2, "hold word both", "Olga Owner")]


async def test_the_page_says_what_each_rule_holds_in_as_many_questions_for_three_as_for_one(
    browser: Browser, site: Site, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    text = "hold domain a.example\nallow word fine\nhold domain b.example\nhold domain c.example"
    with database.writing() as session:
        save_list(session, campaign.id, text, 0, "Lea", utc_now())
    counts, page = [], ""
    for rule in (rule for rule in parse_rules(text) if rule.holds):
        for _ in range(rule.number):
            sign(database, settings, campaign, ruled=Verdict(holds=True, key=rule.key))
        with Queries(site.database) as queries:
            page = (await browser.get(PAGE)).text
        counts.append(queries.count)
    assert counts == [5, 5, 5]
    rows = re.findall(
        r"<td>(\d+)</td>\s*<th[^>]*>\s*<code[^>]*>(.*?)</code>.*?<td[^>]*>(\d+)</td>", page, re.DOTALL
    )
    assert rows == [
        ("1", "hold domain a.example", "1"),
        ("3", "hold domain b.example", "3"),
        ("4", "hold domain c.example", "4"),
    ]


async def test_a_rule_is_no_question_whether_somebody_came(
    app: Starlette, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Administrators write rules and see no names; nor may they see that the one form came which a rule holds."""
    text = "hold address x@y.example\nhold domain y.example\nhold word x\nhold domain flood.example"
    for scope in (campaign.id, 0):
        with database.writing() as session:
            save_list(session, scope, text, 0, "Lea", utc_now())

    admin = make_user(database, "Ada Admin", is_admin=True)

    async def tables() -> list[list[str]]:
        found = []
        async with browser_of(app, database, admin) as of_admin:
            for page in (PAGE, SITE):
                answer = (await of_admin.get(page)).text
                assert "holds fewer than five forms, or none" in answer
                found.append(re.findall(r"<th scope=\"row\"><code[^>]*>(.*?)</code>", answer))
        return found

    assert await tables() == [[], []]
    keys = {rule.text: rule.key for rule in parse_rules(text)}
    many = {"hold address x@y.example": 6, "hold domain y.example": 4, "hold word x": 1}
    for rule, count in {**many, "hold domain flood.example": 5}.items():
        for _ in range(count):
            sign(database, settings, campaign, ruled=Verdict(holds=True, key=keys[rule]))
    assert await tables() == [["hold domain flood.example"]] * 2


async def test_rules_of_the_site_hold_in_every_campaign_beside_its_own(
    app: Starlette,
    browser: Browser,
    database: Database,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(caching, "FRESH", 0.0)
    admin = make_user(database, "Ada Admin", is_admin=True)
    async with browser_of(app, database, admin) as of_admin:
        answer = await of_admin.post(f"{SITE}?lang=en", {"rules": "hold domain spam.example", "number": "0"})
        assert answer.headers["location"] == f"{SITE}?saved=1&lang=en"
        assert "Rules of the site" in (await of_admin.get(SITE)).text
    assert stored(database) == [(0, 1, "hold domain spam.example", "Ada Admin")]
    await browser.post(PAGE, {"rules": "hold word pills\nallow address ana@spam.example", "number": "0"})
    for changes in (
        {"email": "boris@spam.example"},
        {"email": "ana@spam.example"},
        {"email": "x@example.org", "city": "Pills"},
        {"email": "y@example.org"},
    ):
        sent = await browser.client.post("/c/free-boris/signatures", data=form(**changes), headers=SAME_ORIGIN)
        assert sent.status_code == 303
    with database.reading() as session:
        held = {draft.email: (draft.held_reason, draft.held_for) for draft in session.scalars(select(Draft))}
    keys = {rule.value: rule.key for rule in parse_rules("hold domain spam.example\nhold word pills")}
    assert held == {
        "boris@spam.example": ("rule", keys["spam.example"]),
        "ana@spam.example": (None, None),
        "x@example.org": ("rule", keys["pills"]),
        "y@example.org": (None, None),
    }
