"""Bringing in a list by the console: every row looked at first, nothing stored before the button."""

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from petitions.accounts.models import UserSession
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.organisations.models import Organisation
from petitions.settings import Settings
from petitions.web.site import Site
from tests.console.cosigning import get, mails, standing, wait, words
from tests.console.support import SAME_ORIGIN, Browser, Queries
from tests.factories import make_campaign

pytestmark = pytest.mark.anyio

PAGE = "/console/c/free-boris/organisations/import"
LIST = "name,kind,country,email\nBakers,union,IE,a@bakers.example\nMillers,union,DE,b@millers.example\n"
#: One that is wrong, one that is here, one of an earlier line.
MIXED = LIST + "Club,club,XX,\nUnion of Examples,union,IE,c@union.example\nBAKERS,union,IE,d@bakers.example\n"


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    """A campaign that organisations can sign."""
    return make_campaign(database, signers=["organisations"])


async def send(browser: Browser, file: bytes | None = None, /, **fields: str) -> Any:
    """The form as a browser sends it, with a file or without one."""
    sent = {
        "id": "0192f3a0-0000-4000-8000-000000000000",
        "act": "check",
        "rows": "",
        "csrf": browser.csrf,
    } | fields
    files = {"file": ("list.csv" if file else "", file or b"", "text/csv")}
    return await browser.client.post(f"{PAGE}?lang=en", data=sent, files=files, headers=SAME_ORIGIN)


def stored(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Organisation.name).order_by(Organisation.number)))


async def test_a_file_is_shown_row_by_row_and_nothing_is_stored(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    one = wait(database, settings, campaign)
    answer = await send(browser, MIXED.encode())
    said = words(answer.text)
    assert answer.status_code == 200
    assert "5 rows" in said
    assert "4 are right One has mistakes 2 look like others" in said
    assert re.search(r"4 Club kind: The kind is one of union, .* country: This is no country that we know\.", said)
    assert "Looks like one that is here: Union of Examples" in said
    assert f'href="/console/c/free-boris/organisations/{one.id}?lang=en"' in answer.text
    assert "Looks like line 2: Bakers" in said
    assert ">\nname,kind,country,email\nBakers" in answer.text  # to be corrected where it stands
    assert re.search(r'name="leaves_alike"\s+value="y"\s+checked', answer.text)
    assert not re.search(r'name="leaves_wrong"\s+value="y"\s+checked', answer.text)
    assert stored(database) == ["Union of Examples"]


async def test_those_who_have_signed_come_in_and_are_shown(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    answer = await send(browser, rows=LIST, looked="y", act="store", how="vouch", note="Letters in the drawer.")
    assert answer.headers["location"] == f"{PAGE}?saved=vouch&done=2&wrong=0&alike=0&unasked=0&lang=en"
    assert stored(database) == ["Bakers", "Millers"]
    assert standing(database, campaign).counted == 2
    bakers = get(database, "Bakers")
    assert (bakers.vouched_by, bakers.note) == (
        "Olga Owner",
        f"{utc_now():%Y-%m-%d} Olga Owner: Letters in the drawer.",
    )
    assert "2 organisations came in, and are shown." in words((await browser.get(answer.headers["location"])).text)
    own = words((await browser.get(f"/console/c/free-boris/organisations/{bakers.id}")).text)
    assert "Olga Owner brought it in and vouches for it" in own
    assert "Olga Owner: brought in organisations" in own


async def test_those_who_are_asked_get_a_mail_and_are_shown_to_nobody(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    wait(database, settings, campaign)
    fields = {"rows": MIXED, "looked": "y", "act": "store", "how": "ask", "leaves_wrong": "y", "leaves_alike": "y"}
    answer = await send(browser, **fields)
    assert answer.headers["location"] == f"{PAGE}?saved=ask&done=2&wrong=1&alike=2&unasked=0&lang=en"
    said = words((await browser.get(answer.headers["location"])).text)
    assert "2 organisations are asked by mail. One row with mistakes was left out." in said
    assert "2 rows that look like others were left out." in said
    assert stored(database) == ["Union of Examples", "Bakers", "Millers"]
    assert mails(database, "organisation_confirm") == 3
    assert standing(database, campaign).counted == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Please say whether they have signed already"),
        ({"how": "vouch"}, "Please note where their letters lie"),
        ({"how": "vouch", "note": "x" * 501}, "500 characters"),
        ({"how": "ask", "rows": MIXED}, "Some rows are wrong."),
        ({"how": "ask", "rows": "name,kind,country\nBakers,union,IE\n"}, "There is no mail address"),
        ({"how": "ask", "rows": "name,kind,country\nBakers,club,IE\n", "leaves_wrong": "y"}, "No row is left"),
    ],
)
async def test_what_is_missing_is_said_and_nothing_is_stored(
    browser: Browser, database: Database, fields: dict[str, str], said: str
) -> None:
    answer = await send(browser, **{"rows": LIST, "looked": "y", "act": "store"} | fields)
    assert answer.status_code in (409, 422)
    assert said in answer.text
    assert "Nothing was stored." in answer.text
    assert stored(database) == []


async def test_pressed_twice_it_comes_in_once(browser: Browser, database: Database) -> None:
    fields = {"rows": LIST, "looked": "y", "act": "store", "how": "vouch", "note": "Letters."}
    assert (await send(browser, **fields)).status_code == 303
    answer = await send(browser, **fields)
    assert (answer.status_code, "brought in a moment ago" in answer.text) == (409, True)
    assert stored(database) == ["Bakers", "Millers"]


async def test_a_new_file_is_looked_at_before_anything_of_it_is_stored(
    browser: Browser, database: Database
) -> None:
    fields = {"rows": LIST, "looked": "y", "act": "store", "how": "vouch", "note": "Letters."}
    answer = await send(browser, b"name,kind,country\nUnseen,union,IE\n", **fields)
    assert (answer.status_code, "Unseen" in answer.text) == (200, True)
    assert stored(database) == []


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"name;kind\n", "has to name the columns country too"),
        ("name,kind,country\nN\xe4chte,union,DE\n".encode("latin-1"), "The file is not in UTF-8."),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "The file is not in UTF-8."),
        (None, "Please choose a file, or paste the rows."),
        (b" \n", "Please choose a file, or paste the rows."),
    ],
)
async def test_what_is_no_list_says_why(browser: Browser, file: bytes | None, said: str) -> None:
    answer = await send(browser, file)
    assert (answer.status_code, said in answer.text) == (422, True)


async def test_looking_asks_as_often_for_three_rows_as_for_one(
    browser: Browser, site: Site, campaign: CampaignSnapshot
) -> None:
    counts = []
    for number in (1, 3):
        with Queries(site.database) as queries:
            await send(browser, rows="name,kind,country\n" + "".join(f"U{n},union,IE\n" for n in range(number)))
        counts.append(queries.count)
    assert counts == [4, 4]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"terms": {"signers": ["individuals"]}}, "Organisations cannot sign this campaign."),
        ({"published_at": None}, "The campaign is not published yet"),
        ({"purge_began_at": utc_now()}, "being erased"),
    ],
)
async def test_where_nobody_can_come_in_the_page_says_why(
    browser: Browser, database: Database, campaign: CampaignSnapshot, changes: dict[str, Any], said: str
) -> None:
    with database.writing() as session:
        found = session.get_one(Campaign, campaign.id)
        session.execute(
            update(Campaign).values(changes | {"terms": (found.terms or {}) | changes.get("terms", {})})
        )
    page = (await browser.get(PAGE)).text
    assert said in page
    assert 'name="rows"' not in page
    fields = {"rows": LIST, "looked": "y", "act": "store", "how": "vouch", "note": "Letters."}
    answer = await send(browser, **fields)
    assert answer.status_code in (409, 422)
    assert stored(database) == []


async def test_a_campaign_that_is_closed_asks_nobody_and_takes_who_has_signed(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=utc_now()))
    fields = {"rows": LIST, "looked": "y", "act": "store", "note": "Letters."}
    answer = await send(browser, **fields, how="ask")
    assert (answer.status_code, "The campaign is not open" in answer.text) == (422, True)
    assert (await send(browser, **fields, how="vouch")).status_code == 303


@pytest.mark.parametrize("fields", [{"id": "x"}, {"act": "delete"}])
async def test_what_no_form_of_ours_sends_is_refused(browser: Browser, fields: dict[str, str]) -> None:
    assert (await send(browser, **{"rows": LIST} | fields)).status_code == 400


async def test_a_form_of_another_session_is_refused(browser: Browser, database: Database) -> None:
    answer = await send(browser, rows=LIST, act="store", how="vouch", note="Letters.", csrf="0" * 32)
    assert answer.status_code == 403
    assert stored(database) == []


async def test_whoever_was_away_is_asked_for_the_password_and_chooses_the_file_again(
    browser: Browser, database: Database
) -> None:
    long_ago = utc_now() - timedelta(hours=2)
    with database.writing() as session:
        session.execute(update(UserSession).values(seen_at=long_ago, active_at=long_ago, password_at=long_ago))
    answer = await send(browser, LIST.encode(), how="vouch", note="Letters.")
    assert answer.status_code == 403
    assert 'name="password"' in answer.text
    assert re.search(r'name="kept\.note" value="Letters\."', answer.text)
    assert stored(database) == []
