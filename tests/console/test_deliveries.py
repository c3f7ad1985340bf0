"""Recording deliveries in the console, with their evidence."""

import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import update
from starlette.applications import Starlette

from petitions.accounts.models import UserSession
from petitions.accounts.roles import Role
from petitions.accounts.sessions import PASSWORD_FRESH
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import create_campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console.delivery_form import delivery_of, make_form, number_of, values_of
from petitions.db import Database
from petitions.delivery.deliveries import MOST, DeliveryRow
from petitions.ids import new_id
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.web.site import Site
from tests import factories
from tests.console.support import SAME_ORIGIN, Browser, Queries, browser_of, give_role, make_user
from tests.delivery.support import list_logged
from tests.delivery.test_deliveries import EMBASSY, change, make_list, record, rows
from tests.delivery.test_evidence import DOCUMENT, PICTURE, add, describe, files, photograph
from tests.web.support import Page, page_of

PAGE = "/console/c/free-boris/deliveries"

pytestmark = pytest.mark.anyio


@pytest.fixture
async def dora(app: Starlette, database: Database, campaign: CampaignSnapshot) -> AsyncIterator[Browser]:
    """Somebody who delivers lists."""
    user = make_user(database, "Dora Delivery")
    give_role(database, campaign.id, user, Role.DELIVERY)
    async with browser_of(app, database, user) as browser:
        yield browser


@pytest.fixture
def delivery(database: Database, campaign: CampaignSnapshot) -> DeliveryRow:
    return record(database, campaign)


def sent(page: Page, action: str) -> dict[str, str]:
    """What the form sends when it is left as it is."""
    return dict(page.fields(f"{action}?lang=en"))


async def upload(browser: Browser, row: DeliveryRow, name: str, data: bytes) -> httpx.Response:
    return await browser.client.post(
        f"{PAGE}/{row.id}/evidence?lang=en",
        data={"csrf": browser.csrf},
        files={"file": (name, data)},
        headers=SAME_ORIGIN,
    )


async def test_a_list_is_recorded_as_delivered(
    dora: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    job_id = make_list(database, settings, campaign)
    page = page_of(await dora.get(f"{PAGE}/new?lang=en&export={job_id}"))
    assert [e["value"] for e in page.all("option") if page.by_id("addressees") in e.inside] == ["The embassies"]
    form = sent(page, PAGE)
    assert (form["export"], form["day"], form["shown"]) == (str(job_id), f"{utc_now():%Y-%m-%d}", "y")
    form |= {"recipient": "  the embassy\u00a0of Bulgaria ", "note": "They promised.", "remark": "File 12"}
    answer = await dora.post(f"{PAGE}?lang=en", form)
    again = await dora.post(f"{PAGE}?lang=en", form)  # the button pressed twice
    assert (answer.status_code, again.headers["location"]) == (303, answer.headers["location"])
    (row,) = rows(database, campaign)
    assert answer.headers["location"] == f"{PAGE}/{row.id}?saved=recorded&lang=en"
    assert (row.recipient, row.people, row.export_id, row.shown) == ("the embassy of Bulgaria", 1, job_id, True)
    page = page_of(await dora.get(answer.headers["location"]))
    words = page.one("main").text
    assert f"1 signature handed to the embassy of Bulgaria on {utc_now().day} " in words
    assert "They promised." in words
    assert "File 12" in words
    listed = page_of(await dora.get(f"{PAGE}?lang=en"))
    assert "1 signature handed to the embassy of Bulgaria" in listed.one("main").text


async def test_numbers_can_be_typed(dora: Browser, database: Database, campaign: CampaignSnapshot) -> None:
    form = sent(page_of(await dora.get(f"{PAGE}/new?lang=en")), PAGE)
    form |= {
        "recipient": "the court",
        "way": "mailed",
        "people": "3,210",
        "on_paper": "1.412",
        "organisations": "12",
    }
    form.pop("shown")
    await dora.post(PAGE, form)
    (row,) = rows(database, campaign)
    assert (row.people, row.on_paper, row.organisations, row.shown, row.way) == (3210, 1412, 12, False, "mailed")
    page = page_of(await dora.get(f"{PAGE}/{row.id}?lang=en"))
    said = "3,210 signatures, 1,412 signatures on paper and the names of 12 organisations sent to the court on"
    assert said in page.one("main").text


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"recipient": " "}, ["recipient"]),
        ({"recipient": "x" * 201}, ["recipient"]),
        ({"day": ""}, ["day"]),
        ({"day": "1066-10-14"}, ["day"]),
        ({"day": f"{utc_now() + timedelta(days=3):%Y-%m-%d}"}, ["day"]),
        ({"people": "many"}, ["people"]),
        ({"people": "-1", "on_paper": str(MOST + 1)}, ["people", "on_paper"]),
        ({"way": "by pigeon"}, ["way"]),
        ({"note": "x" * 1001}, ["note"]),
        ({"remark": "a\u202eb"}, ["remark"]),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field(
    dora: Browser, database: Database, campaign: CampaignSnapshot, changes: dict[str, str], wrong: list[str]
) -> None:
    form = sent(page_of(await dora.get(f"{PAGE}/new?lang=en")), PAGE) | {"recipient": "the court"} | changes
    page = page_of(await dora.post(f"{PAGE}?lang=en", form), 422)
    assert page.wrong_fields == wrong
    kept = sent(page, PAGE)
    assert kept["id"] == form["id"]
    assert rows(database, campaign) == []


async def test_a_list_that_is_not_there_is_said(
    dora: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    form = sent(page_of(await dora.get(f"{PAGE}/new?lang=en")), PAGE)
    page = page_of(await dora.post(f"{PAGE}?lang=en", form | {"recipient": "x", "export": str(new_id())}), 409)
    assert "not there any more" in page.by_id("problem").text
    assert (await dora.post(PAGE, form | {"recipient": "x", "id": "nonsense"})).status_code == 400
    assert rows(database, campaign) == []


async def test_it_is_changed_if_nobody_was_faster(
    dora: Browser, database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    page = page_of(await dora.get(f"{PAGE}/{delivery.id}/change?lang=en"))
    form = sent(page, f"{PAGE}/{delivery.id}")
    assert (form["people"], form["recipient"]) == ("3210", EMBASSY.recipient)
    answer = await dora.post(f"{PAGE}/{delivery.id}?lang=en", form | {"recipient": "the court"})
    assert answer.headers["location"] == f"{PAGE}/{delivery.id}?saved=changed&lang=en"
    page = page_of(await dora.post(f"{PAGE}/{delivery.id}?lang=en", form | {"recipient": "nobody"}), 409)
    assert "Somebody else changed or removed it" in page.by_id("problem").text
    wrong = page_of(await dora.post(f"{PAGE}/{delivery.id}?lang=en", form | {"recipient": ""}), 422)
    assert wrong.wrong_fields == ["recipient"]
    assert [row.recipient for row in rows(database, campaign)] == ["the court"]


async def test_it_is_taken_back_if_nobody_was_faster(
    dora: Browser, database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    page = page_of(await dora.get(f"{PAGE}/{delivery.id}?lang=en"))
    form = sent(page, f"{PAGE}/{delivery.id}/remove")
    change(database, campaign, delivery, EMBASSY)
    assert (await dora.post(f"{PAGE}/{delivery.id}/remove", form)).status_code == 409
    answer = await dora.post(f"{PAGE}/{delivery.id}/remove", {"revision": "2"})
    assert answer.headers["location"].startswith(f"{PAGE}?saved=taken_back")
    assert rows(database, campaign) == []
    for path in ("", "/change"):
        assert (await dora.get(f"{PAGE}/{delivery.id}{path}")).status_code == 404


async def test_evidence_is_added_described_shown_and_deleted(
    dora: Browser, database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    answer = await upload(dora, delivery, "IMG_1.jpg", photograph())
    assert answer.headers["location"] == f"{PAGE}/{delivery.id}?saved=added&lang=en"
    (row,) = files(database, delivery)
    place = f"{PAGE}/{delivery.id}/evidence/{row.id}"
    image = await dora.get(place)
    assert image.headers["content-type"] == "image/webp"
    assert image.headers["cache-control"] == "no-store"
    assert Image.open(io.BytesIO(image.content)).size == (640, 480)
    page = page_of(await dora.post(f"{place}?lang=en", {"shown": "y", "description": " "}), 422)
    assert "say what the picture shows" in page.by_id("problem").text
    page = page_of(await dora.post(f"{place}?lang=en", {"description": "x" * 301}), 422)
    assert page.one("input", name="description")["value"] == "x" * 301
    await dora.post(place, {"shown": "y", "description": "People with <boxes>"})
    (row,) = files(database, delivery)
    assert (row.shown, row.description) == (True, "People with <boxes>")
    page = page_of(await dora.get(f"{PAGE}/{delivery.id}?lang=en"))
    assert page.one("img")["alt"] == "People with <boxes>"
    await dora.post(f"{place}/remove")
    assert files(database, delivery) == []
    assert (await dora.get(place)).status_code == 404


async def test_a_document_is_saved_and_never_opened(
    dora: Browser, database: Database, delivery: DeliveryRow
) -> None:
    await upload(dora, delivery, "receipt.pdf", DOCUMENT)
    (row,) = files(database, delivery)
    answer = await dora.get(f"{PAGE}/{delivery.id}/evidence/{row.id}")
    assert answer.content == DOCUMENT
    assert answer.headers["content-disposition"].startswith('attachment; filename="free-boris-')
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    refused = await dora.post(f"{PAGE}/{delivery.id}/evidence/{row.id}", {"shown": "y", "description": "x"})
    assert refused.status_code == 422


async def test_a_document_asks_for_the_password_and_stands_in_the_log(
    dora: Browser, database: Database, delivery: DeliveryRow
) -> None:
    """It may be a list of names, or sheets of paper."""
    await upload(dora, delivery, "receipt.pdf", DOCUMENT)
    await upload(dora, delivery, "picture.jpg", photograph())
    document, picture = (f"{PAGE}/{delivery.id}/evidence/{row.id}" for row in files(database, delivery))
    assert (await dora.get(picture)).status_code == 200
    assert list_logged(database, "delivery.evidence_downloaded") == []
    await dora.get(document)
    (entry,) = list_logged(database, "delivery.evidence_downloaded")
    digest = files(database, delivery)[0].digest
    assert (entry.actor, entry.details) == ("Dora Delivery", {"delivery": 1, "sha256": digest})
    with database.writing() as session:
        session.execute(update(UserSession).values(password_at=utc_now() - 2 * PASSWORD_FRESH))
    answer = await dora.get(f"{document}?lang=en")
    assert answer.headers["location"] == f"/console/password?next={quote(f'{document}?lang=en', safe='')}&lang=en"
    assert answer.content == b""
    assert (await dora.get(picture)).status_code == 200  # it stands on the page of the delivery
    assert len(list_logged(database, "delivery.evidence_downloaded")) == 1


async def test_files_that_are_not_taken_say_why(
    dora: Browser, database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    for name, data, words in (
        ("a.svg", b"<svg/>", "neither a picture"),
        ("a.jpg", photograph()[:500], "damaged"),
        ("", b"", "choose a file"),
    ):
        page = page_of(await upload(dora, delivery, name, data), 422)
        assert words in page.by_id("problem").text
    assert (await upload(dora, delivery, "large.pdf", DOCUMENT + b" " * 11_000_000)).status_code == 413
    large = await upload(dora, delivery, "large.pdf", b"%PDF-1.7" + b" " * 10_000_000 + b"%%EOF")
    assert large.status_code == 303
    for number in range(9):
        add(database, delivery, campaign, replace(PICTURE, content=b"%d" % number))
    page = page_of(await upload(dora, delivery, "b.pdf", DOCUMENT), 409)
    assert "Ten files" in page.by_id("problem").text
    assert 'name="file"' not in (await dora.get(f"{PAGE}/{delivery.id}")).text


async def test_large_bodies_come_in_there_alone(browser: Browser, delivery: DeliveryRow) -> None:
    for path in (PAGE, f"{PAGE}/{delivery.id}"):
        answer = await browser.post(path, {"note": "x" * 2_000_000})
        assert answer.status_code == 413


async def test_a_list_that_they_have_already_is_told(
    dora: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    job_id = make_list(database, settings, campaign)
    record(database, campaign, replace(EMBASSY, export_id=job_id))
    other = record(database, campaign, replace(EMBASSY, export_id=job_id, recipient="the court"))
    form = {"day": "2026-11-05", "way": "mailed", "recipient": EMBASSY.recipient, "export": str(job_id)}
    for path, more in ((PAGE, {"id": str(new_id())}), (f"{PAGE}/{other.id}", {"revision": "1"})):
        page = page_of(await dora.post(f"{path}?lang=en", form | more), 409)
        assert page.by_id("problem").text == "A delivery of this list to them is recorded already."
        early = form | more | {"day": "2026-10-05", "recipient": "both"}
        page = page_of(await dora.post(f"{path}?lang=en", early), 409)
        assert page.by_id("problem").text.startswith("This list is as of 2 November 2026, 12:30 UTC")
        assert ("day", "2026-10-05") in page.fields(f"{path}?lang=en")


async def test_evidence_of_another_delivery_is_not_reached(
    dora: Browser, database: Database, campaign: CampaignSnapshot, delivery: DeliveryRow
) -> None:
    other = record(database, campaign)
    which = add(database, delivery, campaign)
    describe(database, delivery, campaign, which, "People", shown=True)
    place = f"{PAGE}/{other.id}/evidence/{which}"
    assert (await dora.get(place)).status_code == 404
    assert (await dora.post(place, {"description": "x"})).status_code == 404
    assert (await dora.post(f"{place}/remove")).status_code == 404
    assert len(files(database, delivery)) == 1


async def test_what_happens_after_the_names_went_can_be_told(
    dora: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    job_id = make_list(database, settings, campaign)
    row = record(database, campaign, replace(EMBASSY, export_id=job_id))
    assert purge(database, campaign.id, utc_now()).done
    page = page_of(await dora.get(f"{PAGE}/{row.id}?lang=en"))
    assert "The names are erased" in page.one("main").text
    form = sent(page_of(await dora.get(f"{PAGE}/{row.id}/change?lang=en")), f"{PAGE}/{row.id}")
    assert form["export"] == str(job_id)
    answer = await dora.post(f"{PAGE}/{row.id}", form | {"recipient": "the court"})
    assert answer.status_code == 303
    assert [(one.recipient, one.people) for one in rows(database, campaign)] == [("the court", 1)]
    new = sent(page_of(await dora.get(f"{PAGE}/new?lang=en")), PAGE) | {"recipient": "x", "export": str(job_id)}
    refused = page_of(await dora.post(f"{PAGE}?lang=en", new), 409)
    assert "names are erased" in refused.by_id("problem").text


async def test_a_draft_has_nothing_to_deliver(app: Starlette, database: Database) -> None:
    user = make_user(database, "Olga Owner")
    with database.writing() as session:
        content = Content("en", texts={"en": Texts(title="Free Clara")})
        campaign_id = create_campaign(session, "free-clara", content, user.name, utc_now())
    assert campaign_id is not None
    give_role(database, campaign_id, user, Role.OWNER)
    async with browser_of(app, database, user) as browser:
        page = page_of(await browser.get("/console/c/free-clara/deliveries?lang=en"))
        assert "Nothing was delivered yet" in page.one("main").text
        assert (await browser.get("/console/c/free-clara/deliveries/new")).status_code == 404
        assert (await browser.post("/console/c/free-clara/deliveries")).status_code == 404


@pytest.mark.parametrize("number", [1, 3])
async def test_the_list_asks_the_store_as_often_whatever_is_in_it(
    dora: Browser, database: Database, site: Site, campaign: CampaignSnapshot, number: int
) -> None:
    for _ in range(number):
        record(database, campaign)
    await dora.get(PAGE)
    with Queries(site.database) as queries:
        page = page_of(await dora.get(f"{PAGE}?lang=en"))
    assert page.one("main").text.count("recorded by Lea Lead") == number
    assert queries.count == 4


async def test_the_log_says_it_in_words(browser: Browser, database: Database, campaign: CampaignSnapshot) -> None:
    row = record(database, campaign)
    add(database, row, campaign)
    assert len(list_logged(database, "delivery.")) == 2
    words = page_of(await browser.get("/console/c/free-boris/audit?lang=en")).one("main").text
    assert "recorded a delivery" in words
    assert "Delivery 1" in words
    assert "3 November 2026" in words
    assert "Signatures: 3,210" in words
    assert "added a file to a delivery" in words


class Typed:
    def __init__(self, data: str) -> None:
        self.data = data


@given(st.text(max_size=20))
def test_any_text_is_a_number_or_none(text: str) -> None:
    number = number_of(Typed(text))
    assert number is None or 0 <= number <= MOST


@given(st.integers(0, MOST))
def test_numbers_are_read_as_they_are_written(number: int) -> None:
    assert number_of(Typed(f"{number:,}")) == number_of(Typed(f"{number:,}".replace(",", " "))) == number


def test_the_form_of_a_delivery_says_what_it_is(database: Database, campaign: CampaignSnapshot) -> None:
    row = record(database, campaign, replace(EMBASSY, note="a\nb", organisations=3))
    values: dict[str, Any] = values_of(row)
    form = make_form(None, utc_now(), **values)
    assert form.validate(), form.errors
    assert delivery_of(form) == replace(EMBASSY, note="a\nb", organisations=3)
