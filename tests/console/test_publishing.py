"""The page that publishes: what is missing, what will change, and who is told when somebody else was faster."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from starlette.applications import Starlette

from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.audit.models import AuditEntry
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.editing import create_campaign, load_copy, save_copy
from petitions.campaigns.importing import put_in_force
from petitions.campaigns.models import Campaign, Revision, Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.web.site import Site
from tests.campaigns.contents import TEXTS, content
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import sign, sign_and_confirm
from tests.web.support import Page, page_of

PUBLISH = "/console/c/free-boris/publish"
NEW = replace(TEXTS, title="Free Boris <b>now</b>", background="")


def save(database: Database, campaign_id: int, **changes: Any) -> int:
    with database.writing() as session:
        copy = load_copy(session, campaign_id)
        return save_copy(
            session, campaign_id, copy.number, replace(copy.content, **changes), "Mara Editor", utc_now()
        )


def start(database: Database, owner: User, slug: str, written: Content) -> int:
    """A campaign that nobody has published."""
    with database.writing() as session:
        campaign_id = create_campaign(session, slug, written, "Olga Owner", utc_now())
    assert campaign_id is not None
    give_role(database, campaign_id, owner, Role.OWNER)
    return campaign_id


def revisions(database: Database, campaign_id: int) -> list[Revision]:
    with database.reading() as session:
        query = select(Revision).where(Revision.campaign_id == campaign_id).order_by(Revision.number)
        return list(session.scalars(query))


def entries(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.reading() as session:
        return [(entry.action, entry.details) for entry in session.scalars(select(AuditEntry))]


def items(page: Page) -> list[tuple[str, str]]:
    """What stands in the checklists: where it leads, and the words."""
    lists = page.all("ul", **{"class": "checklist__items"})
    links = [e for e in page.all("a") if any(inside in lists for inside in e.inside)]
    return [(link["href"].partition("?")[0].removeprefix("/console/c/"), link.text) for link in links]


def places(page: Page) -> list[str]:
    """Where each item of the checklists is done, in words."""
    lists = page.all("ul", **{"class": "checklist__items"})
    return [e.text for e in page.all("span", **{"class": "hint"}) if any(inside in lists for inside in e.inside)]


def buttons(page: Page) -> list[str]:
    return [e.text for e in page.all("button") if "Publish" in e.text]


@pytest.mark.anyio
async def test_a_new_campaign_says_what_is_missing_in_which_language(
    browser: Browser, database: Database, owner: User
) -> None:
    texts = {"en": TEXTS, "es": Texts(title="Libertad", follows=TEXTS.digest())}
    campaign_id = start(database, owner, "new-one", content(texts=texts, reply_to="x"))
    page = page_of(await browser.get("/console/c/new-one/publish"))
    assert items(page)[:3] == [
        ("new-one/texts/es", "Español: The summary is missing."),
        ("new-one/texts/es", "Español: The text of the statement is missing."),
        ("new-one/details/basics", "The address for replies is not a mail address."),
    ]
    assert ("new-one/details/dates", "It has no closing day.") in items(page)
    assert places(page)[:3] == ["Texts", "Texts", "Basics"]
    assert buttons(page) == []
    answer = await browser.post("/console/c/new-one/publish", {"number": "1"})
    assert answer.status_code == 422
    assert items(page_of(answer, 422)) == items(page)
    assert (revisions(database, campaign_id), entries(database)) == ([], [])


@pytest.mark.anyio
async def test_the_list_says_in_words_where_it_is_done_and_groups_by_language(
    browser: Browser, database: Database, owner: User
) -> None:
    texts = {language: replace(TEXTS, follows=TEXTS.digest()) for language in ("en", "es", "fr")}
    texts["fr"] = replace(texts["fr"], follows="", demands=("Une.",))
    addressees = [{"name": {"en": "All", "es": "Todas", "fr": "Tous"}}, {"name": {"en": "x", "fr": "x"}}]
    questions = [{"key": "a", "label": {"en": "x", "es": "x"}}]
    terms: dict[str, Any] = {"addressees": addressees, "questions": questions, "goal_steps": [3, 2]}
    start(database, owner, "new-one", content(texts=texts, **terms))
    page = page_of(await browser.get("/console/c/new-one/publish?lang=en"))
    assert set(places(page)) == {"Basics · Addressee 2", "Signing form · Question 1", "Dates and goal"}
    hints = page.one("section", **{"class": "checklist checklist--hints"})
    assert [e.text for e in page.all("h3") if hints in e.inside] == ["Français"]
    said = [e.text for e in page.all("a") if hints in e.inside]
    assert said[-2:] == [
        "The text was changed since this translation was looked at.",
        "It has not as many demands as the text in the main language.",
    ]


@pytest.mark.anyio
async def test_a_campaign_is_published_and_everybody_sees_it(
    browser: Browser, client: httpx.AsyncClient, database: Database, owner: User
) -> None:
    campaign_id = start(database, owner, "new-one", content())
    assert (await client.get("/c/new-one")).status_code == 404
    page = page_of(await browser.get("/console/c/new-one/publish"))
    assert buttons(page) == ["Publish the campaign"]
    sent = dict(page.fields("/console/c/new-one/publish?lang=en"))
    answer = await browser.post("/console/c/new-one/publish", sent)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/c/new-one/publish?saved=1&lang=en")
    assert page_of(await client.get("/c/new-one")).heading == "Free Boris"
    after = await browser.get(answer.headers["location"])
    assert "Published. The page shows it from now on." in after.text
    assert buttons(page_of(after)) == []
    (revision,) = revisions(database, campaign_id)
    assert revision.published_by == owner.name
    assert entries(database) == [("campaign.published", {"revision": 1, "new_versions": []})]


@pytest.mark.anyio
async def test_pressing_twice_publishes_once(browser: Browser, database: Database, owner: User) -> None:
    campaign_id = start(database, owner, "new-one", content())
    for _ in range(2):
        assert (await browser.post("/console/c/new-one/publish", {"number": "1"})).status_code == 303
    assert len(revisions(database, campaign_id)) == 1
    assert len(entries(database)) == 1


@pytest.mark.anyio
async def test_what_will_change_is_shown_word_by_word_and_by_label(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    nothing = await browser.get(PUBLISH)
    assert "Nothing. What you wrote is what the page shows." in nothing.text
    with database.reading() as session:
        terms = load_copy(session, campaign.id).content.terms
    save(database, campaign.id, texts={"en": NEW}, terms={**terms, "goal_steps": [10]})
    answer = await browser.get(PUBLISH)
    page = page_of(answer)
    assert [e.text for e in page.all("ins")] == ["added: <b>now</b>"]
    assert [e.text for e in page.all("del")] == ["removed: 100"]
    assert [e.text for e in page.all("h3")] == ["English: Title", "Goal steps"]
    assert buttons(page) == ["Publish the changes"]
    assert "<b>now" not in answer.text


@pytest.mark.anyio
async def test_signed_words_need_a_note_and_the_note_is_public(
    browser: Browser,
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
) -> None:
    sign_and_confirm(database, settings, campaign)
    number = save(database, campaign.id, texts={"en": NEW, "es": TEXTS}, terms=content().terms)
    page = page_of(await browser.get(PUBLISH))
    assert "People have signed the wording that changes" in [e.text for e in page.all("h2")]
    without = await browser.post(PUBLISH, {"number": str(number), "note_en": " ", "note_es": "Por un error."})
    again = page_of(without, 422)
    assert again.error_of("note_en") == "Please fill this in."
    assert dict(again.fields(f"{PUBLISH}?lang=en"))["note_es"] == "Por un error."
    long = page_of(await browser.post(PUBLISH, {"number": str(number), "note_en": "a" * 501}), 422)
    assert long.error_of("note_en") == "Please keep it to 500 characters."
    assert len(revisions(database, campaign.id)) == 1
    note = {"note_en": "A <misprint>.", "note_es": "Por un error."}
    await client.get("/c/free-boris?lang=de")  # the campaign is in the memory of the process
    assert (await browser.post(PUBLISH, {"number": str(number), **note})).status_code == 303
    assert entries(database) == [("campaign.published", {"revision": 2, "new_versions": ["en"]})]
    shown = page_of(await client.get("/c/free-boris"))
    assert shown.heading == "Free Boris <b>now</b>"
    (notes,) = shown.all("section", aria_labelledby="wording-notes")
    assert "A <misprint>." in notes.text
    spanish = page_of(await client.get("/c/free-boris?lang=es"))
    assert "Por un error." in spanish.one("section", aria_labelledby="wording-notes").text


@pytest.mark.anyio
async def test_somebody_who_signs_between_the_look_and_the_button_makes_a_note_needed(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    number = save(database, campaign.id, texts={"en": NEW})
    assert not page_of(await browser.get(PUBLISH)).all("textarea")
    sign_and_confirm(database, settings, campaign)
    answer = await browser.post(PUBLISH, {"number": str(number)})
    assert page_of(answer, 422).error_of("note_en") == "Please fill this in."
    assert len(revisions(database, campaign.id)) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
async def test_somebody_who_signs_while_it_is_published_makes_a_note_needed_too(
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After it was looked whether anybody had signed, and before the wording gives way. SQLite has one writer."""
    number = save(database, campaign.id, texts={"en": NEW})
    signed: list[NewDraft] = []

    def sign_first(*arguments: Any) -> tuple[str, ...]:
        if not signed:
            signed.append(sign(database, settings, campaign))
        return put_in_force(*arguments)

    monkeypatch.setattr("petitions.signatures.publishing.put_in_force", sign_first)
    answer = await browser.post(PUBLISH, {"number": str(number)})
    assert page_of(answer, 422).error_of("note_en") == "Please fill this in."
    assert len(signed) == 1
    with database.reading() as session:
        assert session.get_one(Statement, signed[0].statement_id).title == "Free Boris"
    assert (len(revisions(database, campaign.id)), entries(database)) == (1, [])


@pytest.mark.anyio
async def test_what_somebody_saved_meanwhile_is_not_published_unseen(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    seen = save(database, campaign.id, texts={"en": NEW})
    newer = save(database, campaign.id, texts={"en": replace(TEXTS, title="Another")})
    for number in (str(seen), "", "x", "-1", "9" * 30, "²"):
        answer = await browser.post(PUBLISH, {"number": number, "note_en": "Why."})
        page = page_of(answer, 409)
        assert "Mara Editor saved it on" in page.one("div", role="alert").text
        fields = dict(page.fields(f"{PUBLISH}?lang=en"))
        assert (fields["number"], fields["note_en"]) == (str(newer), "Why.")
    assert len(revisions(database, campaign.id)) == 1
    assert entries(database) == []


@pytest.mark.anyio
async def test_after_a_purge_nothing_can_be_published(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    number = save(database, campaign.id, texts={"en": NEW})
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=utc_now()))
    page = page_of(await browser.get(PUBLISH))
    assert buttons(page) == []
    assert "closed for good" in page.one("p", role="alert").text
    page = page_of(await browser.post(PUBLISH, {"number": str(number)}), 409)
    assert page.one("p", role="alert").text.startswith("Nothing was stored or changed. The data of the signers")
    assert len(revisions(database, campaign.id)) == 1


@pytest.mark.anyio
@pytest.mark.parametrize(("role", "status"), [(Role.EDITOR, 200), (Role.VIEWER, 403), (None, 404)])
async def test_only_some_may_publish(
    app: Starlette, database: Database, campaign: CampaignSnapshot, role: Role | None, status: int
) -> None:
    user = make_user(database, "Vera Other")
    if role is not None:
        give_role(database, campaign.id, user, role)
    number = save(database, campaign.id, texts={"en": NEW})
    async with browser_of(app, database, user) as browser:
        assert (await browser.get(PUBLISH)).status_code == status
        answer = await browser.post(PUBLISH, {"number": str(number)})
        assert answer.status_code == (303 if status == 200 else status)
    assert len(revisions(database, campaign.id)) == (2 if status == 200 else 1)


@pytest.mark.anyio
async def test_a_form_of_another_session_publishes_nothing(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    number = save(database, campaign.id, texts={"en": NEW})
    assert (await browser.post(PUBLISH, {"number": str(number), "csrf": "0" * 32})).status_code == 403
    assert len(revisions(database, campaign.id)) == 1


@pytest.mark.anyio
async def test_the_store_is_asked_as_often_for_three_languages_as_for_one(
    browser: Browser, site: Site, database: Database, campaign: CampaignSnapshot
) -> None:
    asked = []
    for texts in ({"en": NEW}, {"en": NEW, "es": NEW, "fr": NEW}):
        save(database, campaign.id, texts=texts)
        with Queries(site.database) as queries:
            assert (await browser.get(PUBLISH)).status_code == 200
        asked.append(queries.count)
    assert asked == [QUERIES, QUERIES]


#: Who asks, for which campaign, its title; the copy, the last revision, what is in force, whether it was signed.
QUERIES = 9
