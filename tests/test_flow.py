"""The whole way of a signature through the real parts: page, form, mail, button, count, list, delivery."""

import asyncio
import csv
import io
import re
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.clock import utc_now
from petitions.db import Database
from petitions.demo.mailbox import list_mails
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures.models import Draft, Signature
from petitions.web.site import Site
from petitions.worker import work
from tests import factories
from tests.conftest import serving
from tests.lists.made import csv_of
from tests.web.support import count_rows, page_of, within

CONFIRM_LINK = r"http://testserver(/confirm/[^/\s]+)(?=\s)"
OWN_LINK = r"http://testserver(/signature/[^/\s]+)(?=\s)"


async def send_mails(settings: Settings, database: Database, folder: Path, wanted: int) -> None:
    """Run a worker until so many mails lie in the folder."""
    stop = asyncio.Event()
    working = asyncio.create_task(work(settings, database, stop))
    async with within(20):
        while len(list(folder.glob("*.eml"))) < wanted and not working.done():
            await asyncio.sleep(0.02)
    stop.set()
    await working


def forget(app: Starlette) -> None:
    """A second has passed."""
    site: Site = app.state.site
    site.pages._values.clear()


def let_time_pass(database: Database) -> None:
    """The mails that were queued are a quarter of an hour old."""
    with database.writing() as session:
        for mail in session.scalars(select(Outbox)):
            mail.created_at -= timedelta(minutes=15)


async def press_link_of_latest_mail(client: httpx.AsyncClient, folder: Path) -> httpx.Response:
    """What a signer does: open the link, read, press."""
    (url,) = re.findall(CONFIRM_LINK, list_mails(folder)[0].text)
    page = page_of(await client.get(url))
    return await client.post(page.one("form", method="post")["action"])


@pytest.mark.anyio
async def test_from_the_page_to_the_delivery(settings: Settings, database: Database, tmp_path: Path) -> None:
    campaign = factories.make_campaign(database, languages=("en", "es"))
    folder = tmp_path / "mailbox"
    folder.mkdir()
    async with serving(settings, mailbox_dir=folder) as (app, client):
        site: Site = app.state.site
        page = page_of(await client.get("/c/free-boris?lang=es"))
        typed = {"name": "Ana Sánchez", "email": "ana@example.org", "country": "ES", "comment": "Con vosotros."}
        signed = await client.post(page.one("form", method="post")["action"], data=dict(page.fields()) | typed)
        assert (signed.status_code, signed.headers["location"]) == (303, "/c/free-boris/signed?lang=es")
        page_of(await client.get(signed.headers["location"]))
        await send_mails(site.settings, database, folder, 1)
        (mail,) = list_mails(folder)
        assert mail.recipient == "ana@example.org"
        thanks = await press_link_of_latest_mail(client, folder)
        assert (thanks.status_code, thanks.headers["location"]) == (303, "/c/free-boris/thanks?lang=es")
        forget(app)
        page = page_of(await client.get("/c/free-boris?lang=en"))
        assert page.all("p", **{"class": "tally__count"})[0].text == "1 has signed"
        listed = page_of(await client.get("/c/free-boris/signatures?lang=en"))
        assert [e.text for e in listed.all("bdi", **{"class": "signer__name"})] == ["Ana Sánchez"]
        assert (await client.get("/api/v1/campaigns/free-boris")).json()["count"] == 1
        # she signs again, later: the same page, another mail, no other signature
        let_time_pass(database)
        again = await client.post("/c/free-boris/signatures?lang=es", data=typed | {"name": "Ana S."})
        assert (again.status_code, again.headers["location"]) == (303, signed.headers["location"])
        await send_mails(site.settings, database, folder, 2)
        assert re.findall("/confirm/", max(list_mails(folder), key=lambda m: m.sent_at).text) == []
    assert (count_rows(database, Draft), count_rows(database, Signature)) == (0, 1)
    with database.reading() as session:
        signature = session.query(Signature).one()
        assert (signature.name, signature.language, signature.comment) == ("Ana Sánchez", "es", "Con vosotros.")
        assert signature.statement_id == campaign.statements["es"].id
        assert signature.confirmed_at <= utc_now()
    written = csv_of(database, campaign, tmp_path)
    header, row = csv.reader(io.StringIO(written))
    told = dict(zip(header, row, strict=True))
    assert (told["Number"], told["Name"], told["Comment"]) == ("1", "Ana Sánchez", "Con vosotros.")
    assert "@" not in written


@pytest.mark.anyio
async def test_a_false_name_and_a_corrected_one(settings: Settings, database: Database, tmp_path: Path) -> None:
    """Two drafts of one address wait; the one whose mail is answered counts, and the other link is dead."""
    factories.make_campaign(database)
    folder = tmp_path / "mailbox"
    folder.mkdir()
    async with serving(settings, mailbox_dir=folder) as (app, client):
        site: Site = app.state.site
        links = []
        for number, name in enumerate(("Troll", "Ana"), 1):
            await client.post("/c/free-boris/signatures", data=factories.form(email="ana@example.org", name=name))
            await send_mails(site.settings, database, folder, number)
            texts = " ".join(mail.text for mail in list_mails(folder))
            links.append(next(u for u in re.findall(CONFIRM_LINK, texts) if u not in links))
        assert page_of(await client.get(links[1])).all("bdi", **{"class": "signer__name"})[0].text == "Ana"
        assert (await client.post(links[1])).status_code == 303
        assert page_of(await client.post(links[0]), 404).heading == "This link does not work"
        forget(app)
        page = page_of(await client.get("/c/free-boris/signatures"))
        assert [e.text for e in page.all("bdi", **{"class": "signer__name"})] == ["Ana"]
    assert (count_rows(database, Draft), count_rows(database, Signature)) == (0, 1)


@pytest.mark.anyio
async def test_a_signer_comes_back_to_change_and_to_withdraw(
    settings: Settings, database: Database, tmp_path: Path
) -> None:
    """By the link of the first mail, then by one that was asked for; the old one is worthless then."""
    factories.make_campaign(database)
    folder = tmp_path / "mailbox"
    folder.mkdir()
    async with serving(settings, mailbox_dir=folder) as (app, client):
        site: Site = app.state.site
        await client.post("/c/free-boris/signatures", data=factories.form(email="ana@example.org", name="Ana"))
        await send_mails(site.settings, database, folder, 1)
        await press_link_of_latest_mail(client, folder)
        (own,) = re.findall(OWN_LINK, list_mails(folder)[0].text)
        page = page_of(await client.get(own))
        action = next(
            form["action"] for form in page.all("form", method="post") if "/new-link" not in form["action"]
        )
        changed = await client.post(
            action, data=dict(page.fields(action)) | {"name": "Ana García", "visibility": "public"}
        )
        assert changed.status_code == 303, changed.text
        assert dict(page_of(await client.get(changed.headers["location"])).fields(action))["name"] == "Ana García"
        forget(app)
        listed = page_of(await client.get("/c/free-boris/signatures"))
        assert [e.text for e in listed.all("bdi", **{"class": "signer__name"})] == ["Ana García"]
        data = (await client.get(own.replace("?", "/data?"))).json()
        assert (data["name"], data["email"], data["statement"]["title"]) == (
            "Ana García",
            "ana@example.org",
            "Free Boris",
        )
        let_time_pass(database)
        assert (await client.post("/c/free-boris/find", data={"email": "ana@example.org"})).status_code == 200
        await send_mails(site.settings, database, folder, 2)
        newest = max(list_mails(folder), key=lambda mail: mail.sent_at)
        (found,) = re.findall(OWN_LINK, newest.text)
        pressed = await client.post(found.replace("?", "/new-link?"))
        assert pressed.headers["location"] == "/c/free-boris/link-sent?lang=en"
        page_of(await client.get(pressed.headers["location"]))
        assert (await client.get(own)).status_code == (await client.get(found)).status_code == 404
        await send_mails(site.settings, database, folder, 3)
        newest = max(list_mails(folder), key=lambda mail: mail.sent_at)
        (fresh,) = re.findall(OWN_LINK, newest.text)
        gone = await client.post(fresh.replace("?", "/withdraw?"))
        assert gone.headers["location"] == "/c/free-boris/withdrawn?lang=en"
        page_of(await client.get(gone.headers["location"]))
        forget(app)
        assert (await client.get("/api/v1/campaigns/free-boris")).json()["count"] == 0
        signed = await client.post("/c/free-boris/signatures", data=factories.form(email="ana@example.org"))
        assert signed.status_code == 303
    assert (count_rows(database, Draft), count_rows(database, Signature)) == (1, 0)
