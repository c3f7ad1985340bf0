"""Looking through signatures in the console."""

import html
import re
from typing import Any

import pytest
from starlette.applications import Starlette

from petitions.accounts.roles import Role
from petitions.audit.models import AuditEntry
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import translator
from petitions.moderation import searching
from petitions.settings import Settings
from petitions.signatures.counting import find_count
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import Signature
from petitions.signatures.withdrawing import withdraw
from petitions.web.site import Site
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import sign_and_confirm
from tests.public.support import dump
from tests.signatures.truth import assert_true

PAGE = "/console/c/free-boris/signatures"
SEARCH, ACT = f"{PAGE}/search", f"{PAGE}/act"


def names(page: str) -> list[str]:
    """Who stands in the list."""
    return [
        html.unescape(re.sub(r"<[^>]+>", "", words)).strip()
        for words in re.findall(r'<p class="looked__name">\s*<a [^>]+>(.*?)</a>', page, re.DOTALL)
    ]


def rows(page: str) -> dict[str, str]:
    """What the form sends of each, by name."""
    values = re.findall(r'name="row"\s+value="([^"]+)"', page)
    return dict(zip(names(page), values, strict=True))


def get(database: Database, draft: NewDraft) -> Signature:
    with database.reading() as session:
        return session.get_one(Signature, (draft.campaign_id, draft.id))


def count(database: Database, campaign: CampaignSnapshot) -> int:
    with database.reading() as session:
        return find_count(session, campaign.id)


@pytest.fixture
def people(database: Database, settings: Settings, campaign: CampaignSnapshot) -> dict[str, NewDraft]:
    """Four signatures, by the first names."""
    said: dict[str, dict[str, Any]] = {
        "Ana": {"name": "Ana Sánchez", "email": "ana@planted.example", "comment": "Free <him>."},
        "Boris": {"name": "Boris Byrne", "country": "FR", "visibility": "initials"},
        "Nobody": {"name": None, "visibility": "anonymous", "city": None},
        "Bea": {"name": "Bea Bot", "email": "bea@flood.example", "language": "es"},
    }
    return {first: sign_and_confirm(database, settings, campaign, **changes) for first, changes in said.items()}


@pytest.mark.anyio
async def test_the_newest_stand_first_and_show_no_address(browser: Browser, people: dict[str, NewDraft]) -> None:
    answer = await browser.get(PAGE)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert names(answer.text) == ["Bea Bot", "Without a name", "Boris Byrne", "Ana Sánchez"]
    assert "@planted.example" in answer.text
    assert "ana@planted" not in answer.text
    assert "Free &lt;him&gt;." in answer.text
    assert "comment not read yet" in answer.text
    assert "shown as initials" in answer.text


@pytest.mark.anyio
async def test_an_empty_campaign_says_what_comes_here(browser: Browser) -> None:
    assert "Nobody has signed yet" in (await browser.get(PAGE)).text


@pytest.mark.anyio
async def test_a_search_is_a_form_and_finds_by_everything_it_offers(
    browser: Browser, people: dict[str, NewDraft]
) -> None:
    day = people["Ana"].arrived_at
    searches: list[tuple[dict[str, str], list[str]]] = [
        ({"name": "sanch"}, ["Ana Sánchez"]),
        ({"name": "bo"}, ["Bea Bot", "Boris Byrne"]),
        ({"email": " Ana@PLANTED.example"}, ["Ana Sánchez"]),
        ({"domain": "@Flood.example"}, ["Bea Bot"]),
        ({"domain": "mail.flood.example"}, ["Bea Bot"]),
        ({"country": "FR"}, ["Boris Byrne"]),
        ({"language": "es"}, ["Bea Bot"]),
        ({"state": "unread"}, ["Ana Sánchez"]),
        ({"state": "removed"}, []),
        ({"since": f"{day:%Y-%m-%d}T00:00", "name": "ana"}, ["Ana Sánchez"]),
        ({"until": "2020-01-01T00:00"}, []),
        ({"name": "  "}, ["Bea Bot", "Without a name", "Boris Byrne", "Ana Sánchez"]),
    ]
    for asked, found in searches:
        answer = await browser.post(SEARCH, asked)
        assert answer.status_code == 200
        assert (asked, names(answer.text)) == (asked, found)


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_what_is_typed_wrongly_is_said_beside_its_field_and_kept(
    browser: Browser, people: dict[str, NewDraft]
) -> None:
    wrong = {
        "name": ("%%%", "Please type a letter"),
        "email": ("ana@", "not a complete mail address"),
        "domain": ("nonsense", "not a complete domain"),
        "since": ("yesterday", "not a day with a time"),
        "country": ("XX", "choose one of the list"),
        "state": ("gone", "choose one of the list"),
    }
    for field, (value, words) in wrong.items():
        answer = await browser.post(SEARCH, {field: value})
        assert answer.status_code == 422
        error = re.search(rf'id="f-{field}-error">(.*?)</p>', answer.text, re.DOTALL)
        assert error is not None
        assert words in error[1]
        assert field in ("country", "state") or f'value="{value}"' in answer.text
        assert names(answer.text) == []
    crossed = await browser.post(SEARCH, {"since": "2026-11-22T10:00", "until": "2026-11-22T09:00"})
    assert "The end lies before the beginning." in crossed.text


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_only_what_names_nobody_stands_in_an_address(
    browser: Browser, people: dict[str, NewDraft], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert names((await browser.get(f"{PAGE}?country=FR&name=bea&email=x")).text) == ["Boris Byrne"]
    assert names((await browser.get(f"{PAGE}?domain=flood.example&state=counted")).text) == ["Bea Bot"]
    for path in (SEARCH, ACT):
        answer = await browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?lang=en")
    monkeypatch.setattr(searching, "PAGE_SIZE", 1)
    page = (await browser.post(SEARCH, {"name": "b"})).text
    assert names(page) == ["Bea Bot"]
    assert "Older" in page
    addresses = re.findall(r'(?:href|action)="([^"]+)"', page)
    assert [address for address in addresses if re.search(r"name=|email=|before=", address)] == []
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.partition("pager")[2]))
    assert (hidden["name"], hidden["before"]) == ("b", "4")
    older = await browser.post(SEARCH, {"name": "b", "before": hidden["before"]})
    assert names(older.text) == ["Boris Byrne"]
    page = (await browser.get(f"{PAGE}?country=ES&before=4")).text
    assert names(page) == ["Without a name"]
    assert re.search(rf'href="{PAGE}\?country=ES&amp;before=3&amp;lang=en"', page)
    for broken in ("x", "1" * 30, "-1"):
        assert (await browser.get(f"{PAGE}?before={broken}")).status_code == 400


@pytest.mark.anyio
async def test_a_search_is_written_down_nowhere(
    browser: Browser, database: Database, people: dict[str, NewDraft], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        for field, value in (("name", "Lookedfor"), ("email", "lookedfor@example.org"), ("name", "%lookedfor@")):
            answer = await browser.post(SEARCH, {field: value})
            assert answer.status_code == 200
            assert "ookedfor" not in repr(answer.headers)
    written = caplog.text + repr([record.__dict__ for record in caplog.records]) + repr(dump(database))
    assert "ookedfor" not in written


@pytest.mark.anyio
async def test_those_that_are_ticked_are_removed_and_brought_back(
    browser: Browser, database: Database, campaign: CampaignSnapshot, people: dict[str, NewDraft]
) -> None:
    values = rows((await browser.get(PAGE)).text)
    ticked = {"row": [values["Bea Bot"], values["Boris Byrne"]], "act": "removed", "reason": "robot"}
    answer = await browser.post(ACT, ticked)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?saved=removed&lang=en")
    assert count(database, campaign) == 2
    assert "count no more" in (await browser.get(f"{PAGE}?saved=removed")).text
    page = (await browser.get(f"{PAGE}?state=removed")).text
    assert names(page) == ["Bea Bot", "Boris Byrne"]
    assert translator("en").gettext("sent by a program") in page
    back = {"row": list(rows(page).values()), "act": "restored", "state": "removed", "before": "9"}
    answer = await browser.post(ACT, back)
    assert answer.headers["location"] == f"{PAGE}?state=removed&before=9&saved=restored&lang=en"
    assert count(database, campaign) == 4
    assert_true(database, campaign)
    words = " ".join(re.sub(r"<[^>]+>", " ", (await browser.get("/console/c/free-boris/audit")).text).split())
    assert "removed signatures Reason: sent by a program · Signatures: 2" in words
    with database.reading() as session:
        entries = session.query(AuditEntry).filter(AuditEntry.action.startswith("signature."))
        assert {entry.actor for entry in entries} == {"Olga Owner"}
        assert all(set(entry.details) <= {"signatures", "reason"} for entry in entries)


@pytest.mark.anyio
async def test_after_a_search_for_a_name_the_answer_stands_in_no_address(
    browser: Browser, database: Database, people: dict[str, NewDraft]
) -> None:
    page = (await browser.post(SEARCH, {"name": "b"})).text
    value = rows(page)["Bea Bot"]
    answer = await browser.post(ACT, {"row": value, "act": "removed", "reason": "fake", "name": "b"})
    assert answer.status_code == 200
    assert names(answer.text) == ["Bea Bot", "Boris Byrne"]
    assert "count no more" in answer.text
    assert get(database, people["Bea"]).removed_reason == "fake"


@pytest.mark.anyio
async def test_of_several_those_that_changed_meanwhile_are_left_and_told(
    browser: Browser, app: Starlette, database: Database, campaign: CampaignSnapshot, people: dict[str, NewDraft]
) -> None:
    values = rows((await browser.get(PAGE)).text)
    mona = make_user(database, "Mona Moderator")
    give_role(database, campaign.id, mona, Role.MODERATOR)
    async with browser_of(app, database, mona) as other:
        answer = await other.post(
            f"{PAGE}/{people['Ana'].id}", {"row": values["Ana Sánchez"], "act": "name_hidden"}
        )
        assert answer.status_code == 303
    with database.writing() as session:
        withdraw(session, campaign.id, people["Boris"].email_key, utc_now())
    answer = await browser.post(ACT, {"row": list(values.values()), "act": "removed", "reason": "robot"})
    assert answer.status_code == 409
    words = " ".join(answer.text.split())
    assert "1 signature was left as it is: another moderator acted on it" in words
    assert f'/signatures/{people["Ana"].id}?lang=en">Number 1</a>' in words
    assert "1 signature is not there any more" in words
    assert get(database, people["Ana"]).removed_at is None
    assert get(database, people["Bea"]).removed_reason == "robot"
    assert count(database, campaign) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_without_a_tick_or_a_reason_nothing_is_removed_and_ticks_stay(
    browser: Browser, database: Database, campaign: CampaignSnapshot, people: dict[str, NewDraft]
) -> None:
    value = rows((await browser.get(PAGE)).text)["Bea Bot"]
    answer = await browser.post(ACT, {"act": "removed", "reason": "robot"})
    assert (answer.status_code, "Please tick the signatures" in answer.text) == (422, True)
    answer = await browser.post(ACT, {"row": value, "act": "removed", "reason": "because"})
    assert (answer.status_code, "Please choose a reason." in answer.text) == (422, True)
    assert re.search(rf'value="{re.escape(value)}"\s+checked', answer.text)
    nonsense = ({"act": "deleted"}, {"row": "x.0.y"}, {"row": value.replace(".0.", ".x.")}, {"before": "x"})
    for changes in nonsense:
        sent = {"row": value, "act": "removed", "reason": "robot"} | changes
        assert (await browser.post(ACT, sent)).status_code == 400
    assert count(database, campaign) == 4


@pytest.mark.anyio
async def test_it_asks_the_store_as_often_for_one_as_for_three(
    browser: Browser, site: Site, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    asked = []
    for more in (1, 2):
        for _ in range(more):
            sign_and_confirm(database, settings, campaign)
        with Queries(site.database) as queries:
            assert (await browser.get(PAGE)).status_code == 200
        asked.append(queries.count)
    assert asked == [5, 5]  # the session, the campaign, its title, the rows that fit, what they say


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_only_moderators_find_the_way(
    app: Starlette, browser: Browser, database: Database, campaign: CampaignSnapshot, people: dict[str, NewDraft]
) -> None:
    overview = "/console/c/free-boris"
    page = (await browser.get(overview)).text
    assert (f"{PAGE}?lang=en" in page, f"{overview}/comments?lang=en" in page) == (True, True)
    vera = make_user(database, "Vera Viewer")
    give_role(database, campaign.id, vera, Role.VIEWER)
    async with browser_of(app, database, vera) as viewer:
        page = (await viewer.get(overview)).text
    assert (f"{PAGE}?lang=en" in page, f"{overview}/comments?lang=en" in page) == (False, False)
