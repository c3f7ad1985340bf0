"""Signatures on paper in the console: bringing rows in, looking through them, deciding, mending, taking out."""

import html
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.paper.later import compare_later
from petitions.settings import Settings
from petitions.signatures.models import Tally
from petitions.signatures.withdrawing import withdraw
from tests.console.cosigning import words
from tests.console.support import SAME_ORIGIN, Browser, Queries, browser_of, give_role, make_user
from tests.factories import make_campaign, sign_and_confirm
from tests.paper.entering import assert_true, csv, enter, logged, rows_of, statement_of, states

pytestmark = pytest.mark.anyio

PAPER = "/console/c/free-boris/paper"
PAGE = f"{PAPER}/import"
ID = "0192f3a0-0000-4000-8000-000000000000"


async def send(
    browser: Browser, campaign: CampaignSnapshot, file: bytes | None = None, /, **fields: str
) -> httpx.Response:
    """The form as a browser sends it, with a file or without one."""
    sent = {"id": ID, "act": "check", "rows": "", "country": "", "statement": str(statement_of(campaign))}
    files = {"file": ("rows.csv" if file else "", file or b"", "text/csv")}
    data = sent | {"csrf": browser.csrf} | fields
    return await browser.client.post(f"{PAGE}?lang=en", data=data, files=files, headers=SAME_ORIGIN)


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return html.unescape(found[1])


async def test_a_file_is_shown_row_by_row_and_nothing_is_stored(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign, email="ana@example.org")
    enter(database, settings, campaign, csv("Emil,Bonn,DE,"))
    before = rows_of(database, campaign)[0].number
    text = csv(
        "Ana,Rome,IT,ana@example.org",
        "ana sanchez,Madrid,ES,",
        "Emil,Bonn,DE,",
        "Dora,Bonn,DE,d@example.org",
        "D. D.,Bonn,DE,d@example.org",
        ",Bonn,XX,",
    )
    answer = await send(browser, campaign, text.encode())
    said = words(answer.text)
    assert answer.status_code == 200
    assert "6 rows" in said
    assert "One will count 2 will wait for your decision One signed online and will not count again" in said
    assert "One stands on paper twice and will count once One has mistakes" in said
    assert "The address signed online, number 1" in said
    assert "Name and city of number 1, who signed online" in said
    assert f"Name and city of a row that is here: Row {before}" in said
    assert "The address of line 5" in said
    assert "name: Please fill this in. country: This is no country that we know." in said
    assert ">\nname,city,country,mail\nAna,Rome" in answer.text  # to be corrected where it stands
    assert len(rows_of(database, campaign)) == 1
    assert logged(database)[-1] == ("Olga Owner", "paper.looked", {"rows": 6, "addresses": 2})


async def test_rows_come_in_by_the_button(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    rows = "Nombre;Localidad\nBruno;Cork\nCarla;Cork\n;\n"
    answer = await send(browser, campaign, rows=rows, country="IE", act="store")
    assert answer.headers["location"] == (f"{PAGE}?saved=1&wrong=0&counted=2&waiting=0&online=0&twice=0&lang=en")
    assert [(row.name, row.country) for row in rows_of(database, campaign)] == [("Bruno", "IE"), ("Carla", "IE")]
    assert logged(database)[-1][:2] == ("Olga Owner", "paper.imported")
    page = await browser.get(answer.headers["location"])
    assert "2 signatures came in, and count." in page.text
    assert assert_true(database, campaign) == 2
    again = await send(browser, campaign, rows=rows, country="IE", act="store")
    assert (again.status_code, "brought in a moment ago" in again.text) == (409, True)
    other = {"id": ID.replace("0192", "0193"), "rows": rows, "country": "IE", "act": "store"}
    known = await send(browser, campaign, **other)
    assert (known.status_code, "The very same rows came in on" in known.text) == (409, True)
    assert assert_true(database, campaign) == 2
    await send(browser, campaign, **other, again="y")
    assert states(database, campaign) == {1: "counted", 2: "counted", 3: "waiting", 4: "waiting"}


@pytest.mark.parametrize("way", ["wrong", "known", "erased"])
async def test_whatever_shows_who_signed_online_is_written_down_first(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, way: str
) -> None:
    sign_and_confirm(database, settings, campaign, email="ana@example.org", name=None, visibility="anonymous")
    text = csv(
        "X,Rome,IT,ana@example.org", "Y,Rome,IT,Ana@example.org", "Z,Rome,IT,", *([",Rome,IT,"] * (way == "wrong"))
    )
    if way == "known":
        enter(database, settings, campaign, text)
    if way == "erased":
        with database.writing() as session:
            session.execute(update(Tally).values(purging=True))
    answer = await send(browser, campaign, rows=text, act="store")
    assert answer.status_code == (422 if way == "wrong" else 409)
    assert "The address signed online, number 1" in words(answer.text)
    rows = 4 if way == "wrong" else 3
    looked = [entry for entry in logged(database) if entry[1] == "paper.looked"]
    assert looked == [("Olga Owner", "paper.looked", {"rows": rows, "addresses": 1})]
    page = words((await browser.get("/console/c/free-boris/audit?lang=en")).text)
    assert "had rows on paper compared" in page
    assert "Mail addresses: 1" in page


async def test_a_look_that_cannot_be_written_down_is_not_shown(
    browser: Browser, database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise OSError

    monkeypatch.setattr("petitions.console.paper_import._note_look", fail)
    answer = await send(browser, campaign, rows=csv(), act="check")
    assert (answer.status_code, "What we found" in answer.text) == (500, False)


async def test_a_row_with_a_later_namesake_is_asked_about_and_counts_meanwhile(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("ANA SÁNCHEZ,Madrid,ES,", "Dora,Bonn,DE,"))
    before = (await browser.client.get("/api/v1/campaigns/free-boris")).json()["on_paper"]
    sign_and_confirm(database, settings, campaign)
    compare_later(database)
    assert (await browser.client.get("/api/v1/campaigns/free-boris")).json()["on_paper"] == before == 2
    for path in (PAPER, f"{PAPER}/decisions"):
        page = words((await browser.get(f"{path}?lang=en")).text)
        assert "One row that counts may be a repetition of a later signature online." in page, path
        assert "counts until you decide" in page, path
        assert "does not count before you have decided" not in page, path
        assert "It counts only when you say" not in page, path
    page = (await browser.get(f"{PAPER}/1?lang=en")).text
    assert "May be the same person as" in page
    assert hidden(page, "row") == "1:counted"
    answer = await browser.post(f"{PAPER}/decisions?lang=en", {"act": "same", "row": "1:counted", "after": "0"})
    assert answer.status_code == 303
    assert states(database, campaign) == {1: "online", 2: "counted"}
    assert assert_true(database, campaign) == 1


async def test_a_row_that_waits_for_one_that_was_withdrawn_says_so(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Dora,Bonn,DE,d@example.org", "Dora,Bonn,DE,"))
    draft = sign_and_confirm(database, settings, campaign, email="d@example.org")
    with database.writing() as session:
        assert withdraw(session, campaign.id, draft.email_key, utc_now())
    page = words((await browser.get(f"{PAPER}/2?lang=en")).text)
    assert "This row is not there any more: somebody took it out, or its signer withdrew." in page
    assert "The address wants no more mails" not in page


async def test_rows_with_mistakes_are_left_out_only_when_somebody_says_so(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    text = csv("Bruno,Cork,IE,", "Carla,Cork,XX,")
    answer = await send(browser, campaign, rows=text, act="store")
    assert (answer.status_code, rows_of(database, campaign)) == (422, [])
    answer = await send(browser, campaign, rows=text, act="store", leaves_wrong="y")
    assert "wrong=1&counted=1" in answer.headers["location"]


@pytest.mark.parametrize(
    ("fields", "status", "problem"),
    [
        ({}, 422, "Please choose a file, or paste the rows."),
        ({"rows": "first,second\na,b\n"}, 422, "which we do not know"),
        ({"rows": "name\n"}, 422, "There is no row below"),
        ({"rows": csv(), "statement": "77"}, 422, "Please choose which wording"),
        ({"rows": "name\n" + "x" * 900_000}, 422, "This list is too long"),
        ({"rows": csv(), "act": "other"}, 400, ""),
        ({"rows": csv(), "id": "7"}, 400, ""),
        ({"rows": csv(), "country": "XX"}, 400, ""),
    ],
)
async def test_what_cannot_be_read_says_so(
    browser: Browser, campaign: CampaignSnapshot, fields: dict[str, str], status: int, problem: str
) -> None:
    answer = await send(browser, campaign, **fields)
    assert answer.status_code == status
    assert problem in answer.text


async def test_a_file_in_another_encoding_says_what_helps(browser: Browser, campaign: CampaignSnapshot) -> None:
    answer = await send(browser, campaign, "name\nJosé\n".encode("latin-1"))
    assert (answer.status_code, "CSV UTF-8" in answer.text) == (422, True)


async def test_a_campaign_of_organisations_has_no_sheets(browser: Browser, database: Database) -> None:
    campaign = make_campaign(database, slug="free-boris", signers=["organisations"])
    for path in (PAGE, f"{PAPER}/sheets", PAPER):
        assert "Only organisations can sign this campaign" in (await browser.get(path)).text
    assert (await send(browser, campaign, rows=csv(), act="store")).status_code == 409


async def test_the_list_by_state_and_page(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv(*(f"Nora {n},Cork,IE," for n in range(60)), "Nora 7,Cork,IE,"))
    page = (await browser.get(f"{PAPER}?lang=en")).text
    assert page.count('class="looked__name"') == 51  # and one file
    assert "One row may be a repetition." in page
    assert f'{PAPER}?state=&amp;after=50&amp;lang=en"' in page
    page = (await browser.get(f"{PAPER}?lang=en&after=50")).text
    assert (">Nora 49<" in page, ">Nora 50<" in page) == (False, True)
    page = (await browser.get(f"{PAPER}?lang=en&state=waiting")).text
    assert page.count("Nora 7<") == 1
    assert (await browser.get(f"{PAPER}?state=none")).status_code == 400


async def test_a_page_costs_the_same_however_many_there_are(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    counts = []
    for start in (0, 40):
        enter(database, settings, campaign, csv(*(f"Nora {n},Cork,IE," for n in range(start, start + 3))))
        enter(
            database, settings, campaign, csv(*(f"Nora {n},Cork,IE,x{n}@x.org" for n in range(start, start + 3)))
        )
        for path in (PAPER, f"{PAPER}/decisions", f"{PAPER}/1"):
            with Queries(browser_site(browser)) as queries:
                assert (await browser.get(path)).status_code == 200
            counts.append(queries.count)
    assert counts[:3] == counts[3:]


def browser_site(browser: Browser) -> Any:
    """The store that the application asks."""
    transport: Any = browser.client._transport
    return transport.app.state.site.database


async def test_a_search_finds_names_and_cities_and_stands_in_no_address(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("José Núñez,A Coruña,ES,", "Josef,Bonn,DE,", "Dora,Josefstadt,AT,"))
    for asked, found in (
        ("jose", ["José Núñez", "Josef", "Dora"]),
        ("NUN jos", ["José Núñez"]),
        ("coruna", ["José Núñez"]),
        ("unez", []),
        ("%", ["José Núñez", "Josef", "Dora"]),
    ):
        page = (await browser.post(f"{PAPER}/search?lang=en", {"q": asked})).text
        assert re.findall(r'<a href="[^"]*/paper/\d+\?lang=en"><bdi>([^<]*)</bdi>', page) == found, asked
        assert f"q={asked}" not in page
    assert (await browser.get(f"{PAPER}/search")).status_code == 303


async def test_deciding_side_by_side(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    enter(database, settings, campaign, csv("ANA SÁNCHEZ,Madrid,ES,", "Dora,Bonn,DE,", "Dora,Bonn,DE,"))
    page = (await browser.get(f"{PAPER}/decisions?lang=en")).text
    assert "2 rows on paper may be repetitions." in page
    assert f"/signatures/{draft.id}" in page
    assert re.search(r'name="row" value="1:waiting"', page)
    answer = await browser.post(f"{PAPER}/decisions?lang=en", {"act": "same", "row": "1:waiting", "after": "0"})
    assert answer.headers["location"] == f"{PAPER}/decisions?saved=same&done=1&after=0&lang=en"
    assert "One row repeats somebody, and does not count." in (await browser.get(answer.headers["location"])).text
    answer = await browser.post(
        f"{PAPER}/decisions?lang=en", {"act": "other", "row": ["1:waiting", "3:waiting", "9:waiting"]}
    )
    assert answer.status_code == 409
    assert "One row is of somebody else." in words(answer.text)
    assert "One row stays as it is: somebody was faster" in words(answer.text)
    assert "One row is gone" in words(answer.text)
    assert states(database, campaign) == {1: "online", 2: "counted", 3: "counted"}
    assert assert_true(database, campaign) == 2
    assert "Nothing to decide" in (await browser.get(f"{PAPER}/decisions?lang=en")).text


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"act": "same"}, 422),
        ({"act": "other", "row": "1"}, 400),
        ({"act": "other", "row": "x:waiting"}, 400),
        ({"act": "gone", "row": "1:waiting"}, 400),
    ],
)
async def test_no_decision_without_rows(
    browser: Browser, campaign: CampaignSnapshot, data: dict[str, str], status: int
) -> None:
    assert (await browser.post(f"{PAPER}/decisions", data)).status_code == status


async def test_who_may_not_look_through_signatures_learns_a_number_alone(
    app: Starlette, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(
        database, settings, campaign, email="ana@example.org", affiliation="Union", visibility="initials"
    )
    enter(database, settings, campaign, csv("Xenia,Rome,IT,ana@example.org", "ana sanchez,Madrid,ES,"))
    user = make_user(database, "Dario Delivery")
    give_role(database, campaign.id, user, Role.DELIVERY)
    async with browser_of(app, database, user) as browser:
        pages = [(await browser.get(f"{PAPER}/{page}?lang=en")).text for page in ("1", "2", "decisions")]
    assert [page for page in pages if "Ana Sánchez" in page or "Union" in page] == []
    assert ["The same mail address" in page for page in pages] == [True, False, False]
    assert ["The same name and city" in page for page in pages] == [False, True, True]


async def test_a_slip_is_mended_and_a_row_taken_out(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Dora,Bonn,DE,d@example.org", "Emil,Bonn,DE,"))
    url = f"{PAPER}/2?lang=en"
    seen = hidden((await browser.get(url)).text, "seen")
    entry = {"name": "Emile", "city": "Bonn", "country": "FR", "date": "1.2.2026", "sheet": "7", "line": "1"}
    answer = await browser.post(url, {"act": "change", "seen": seen} | entry)
    assert answer.headers["location"] == f"{PAPER}/2?saved=1&lang=en"
    row = rows_of(database, campaign)[1]
    assert (row.name, row.country, row.signed_on, row.sheet) == ("Emile", "FR", "2026-02-01", 7)
    stale = await browser.post(url, {"act": "change", "seen": seen} | entry)
    assert (stale.status_code, "Somebody else has changed this row" in stale.text) == (409, True)
    wrong = await browser.post(url, {"act": "change", "seen": seen} | entry | {"date": "tomorrow"})
    assert (wrong.status_code, "This is no day" in wrong.text, 'value="tomorrow"' in wrong.text) == (
        422,
        True,
        True,
    )
    silent = await browser.post(url, {"act": "remove", "seen": seen})
    assert (silent.status_code, "Please say in a few words why" in silent.text) == (422, True)
    seen = hidden((await browser.get(url)).text, "seen")
    answer = await browser.post(url, {"act": "remove", "seen": seen, "reason": "Nobody signed this line."})
    assert answer.headers["location"] == f"{PAPER}?saved=removed&lang=en"
    assert states(database, campaign) == {1: "counted"}
    assert (await browser.get(url)).status_code == 404
    assert logged(database)[-1][1:] == ("paper.removed", {"paper": [2], "why": "Nobody signed this line."})
    assert (await browser.post(url, {"act": "change", "seen": "x"} | entry)).status_code == 400


async def test_a_decision_is_taken_back_on_the_page_of_the_row(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Dora,Bonn,DE,", "Dora,Bonn,DE,"))
    url = f"{PAPER}/2?lang=en"
    for act, state in (("same", "twice"), ("reopen", "waiting"), ("other", "counted")):
        value = hidden((await browser.get(url)).text, "row")
        assert (await browser.post(url, {"act": act, "row": value})).status_code == 303
        assert states(database, campaign)[2] == state
    assert "Decided by" in (await browser.get(url)).text
    assert (await browser.post(url, {"act": "same", "row": "2:waiting"})).status_code == 409
    assert (await browser.post(url, {"act": "same", "row": "1:counted"})).status_code == 400


async def test_a_file_is_undone(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign)
    url = f"{PAPER}/files/{rows_of(database, campaign)[0].batch_id}/undo?lang=en"
    assert url in (await browser.get(f"{PAPER}?lang=en")).text
    assert (await browser.post(url)).headers["location"] == f"{PAPER}?saved=undone&lang=en"
    assert rows_of(database, campaign) == []
    assert (await browser.post(url)).status_code == 409
    assert "taken out on" in (await browser.get(f"{PAPER}?lang=en")).text


async def test_sheets_are_printed_once_under_a_number(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    page = await browser.get(f"{PAPER}/sheets?lang=en")
    assert "The first will have the number 1." in page.text
    wish = {"language": "en", "paper": "a4", "count": "3"}
    answer = await browser.post(f"{PAPER}/sheets?lang=en", wish)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="free-boris-sheets-0001-0003.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"%PDF")
    assert logged(database)[-1][1:] == ("paper.sheets", {"language": "en", "sheets": [1, 3]})
    for wrong in ({"count": "0"}, {"count": "x"}, {"count": "1000"}):
        assert (await browser.post(f"{PAPER}/sheets", wish | wrong)).status_code == 422
    for wrong in ({"paper": "a0"}, {"language": "xx"}):
        assert (await browser.post(f"{PAPER}/sheets", wish | wrong)).status_code == 400
    with database.reading() as session:
        assert session.get_one(Tally, campaign.id).last_sheet == 3


async def test_leads_see_it_beside_the_count(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign)
    assert "and 2 on paper" in words((await browser.get("/console?lang=en")).text)
    assert "and 2 on paper" in words((await browser.get("/console/c/free-boris?lang=en")).text)


async def test_the_log_says_it_in_words(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Dora,Bonn,DE,", "Dora,Bonn,DE,"))
    await browser.post(f"{PAPER}/decisions", {"act": "same", "row": "2:waiting"})
    await browser.post(f"{PAPER}/sheets", {"language": "en", "paper": "a4", "count": "3"})
    said = words((await browser.get("/console/c/free-boris/audit?lang=en")).text)
    assert "brought in signatures on paper" in said
    assert "counts: 1, waits for a decision: 1" in said
    assert "said that signatures on paper repeat others" in said
    assert "Rows on paper: 2" in said
    assert "Sheets: 1–3" in said
