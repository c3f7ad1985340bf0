"""An organisation asks to co-sign: nothing is stored before it is sent, and nothing is lost on the way."""

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from petitions.abuse.rule_lists import save_list
from petitions.campaigns.files import Wording
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.organisations.logos import unseal_logo
from petitions.organisations.models import UNCONFIRMED, Organisation, OrganisationLogo
from petitions.public import organisation_form, organisation_intake
from petitions.public.organisation_request import HELD_BY_RULE
from petitions.settings import Rate, Settings
from petitions.web.site import Site
from tests import factories
from tests.conftest import serving
from tests.public.organisation_support import (
    ASK,
    BOTH,
    CAMPAIGN,
    CONTACT,
    SENT,
    form,
    picture,
    post,
    sending,
)
from tests.public.support import dump, failing, not_me, writes_failing
from tests.public.test_challenge import switch
from tests.web.support import Page, count_rows, page_of

NEW = f"{CAMPAIGN}/new"


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, languages=("en", "ar"), **BOTH)


def stored(database: Database) -> Sequence[Organisation]:
    with database.reading() as session:
        return session.scalars(select(Organisation).order_by(Organisation.number)).all()


def carried(page: Page) -> dict[str, str]:
    return dict(page.fields(ASK))


# The form


@pytest.mark.anyio
async def test_the_form_asks_for_an_entry_and_a_contact(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    answer = await client.get(f"{NEW}?lang=en")
    page = page_of(answer)
    assert page.heading == "Sign for an organisation"
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert "s-maxage" in answer.headers["cache-control"]
    assert answer.headers["content-language"] == "en"
    sent = carried(page)
    assert (sent.pop("step"), sent.pop("statement")) == ("preview", str(campaign.statements["en"].id))
    assert set(sent) == {*form(), "website2", "email_checked", "logo"} - {"step", "authorised"}
    assert set(sent.values()) == {""}
    assert page.one("form", method="post")["enctype"] == "multipart/form-data"
    arabic = page_of(await client.get(f"{NEW}?lang=ar"))
    assert arabic.one("html")["dir"] == "rtl"
    assert carried_statement(arabic) == str(campaign.statements["ar"].id)


def carried_statement(page: Page) -> str:
    return dict(page.fields(f"{CAMPAIGN}?lang=ar"))["statement"]


@pytest.mark.anyio
async def test_a_wave_that_opens_the_form_costs_no_query(
    client: httpx.AsyncClient, site: Site, campaign: CampaignSnapshot
) -> None:
    first = await client.get(f"{NEW}?lang=en")
    with failing(site.database, lambda _statement, _context: True):
        again = await client.get(f"{NEW}?lang=en&fbclid=1")
    assert (again.status_code, again.content) == (200, first.content)


@pytest.mark.anyio
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    typed = form(name='<b>"Union"', members="many", authorised="")
    answer = await post(client, ASK, typed, **sending(picture()))
    page = page_of(answer, 422)
    assert page.wrong_fields == ["members", "authorised"]
    assert answer.headers["cache-control"] == "no-store"
    kept = carried(page)
    assert unseal_logo(kept["logo_kept"], ("secret" * 8,)) is not None
    for name, value in typed.items():
        assert kept.get(name, "").replace("\n", "\r\n") == value or name in ("authorised", "comment")
    assert kept["comment"] == "With you.\nAlways."
    assert count_rows(database, Organisation) == 0


@pytest.mark.parametrize(
    ("content", "name", "media_type"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "logo.svg", "image/svg+xml"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo.png", "image/png"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "logo.png", "image/png"),
        (b"", "logo.png", "image/png"),
    ],
    ids=["svg", "mislabelled", "broken", "empty"],
)
@pytest.mark.anyio
async def test_a_file_that_is_no_picture_is_refused_in_words(
    client: httpx.AsyncClient,
    database: Database,
    campaign: CampaignSnapshot,
    content: bytes,
    name: str,
    media_type: str,
) -> None:
    page = page_of(await post(client, ASK, form(), **sending(content, name, media_type)), 422)
    assert page.wrong_fields == ["logo"]
    assert "logo_kept" not in carried(page)
    assert count_rows(database, OrganisationLogo) == 0


@pytest.mark.anyio
async def test_an_earlier_logo_stays_when_the_next_is_wrong_and_goes_when_it_is_unwanted(
    client: httpx.AsyncClient, campaign: CampaignSnapshot
) -> None:
    first = carried(page_of(await post(client, ASK, form(), **sending(picture()))))
    again = await post(client, ASK, form(logo_kept=first["logo_kept"]), **sending(b"no picture"))
    assert carried(page_of(again, 422))["logo_kept"] == first["logo_kept"]
    other = carried(
        page_of(await post(client, ASK, form(logo_kept=first["logo_kept"]), **sending(picture("blue"))))
    )
    assert other["logo_kept"] != first["logo_kept"]
    without = await post(client, ASK, form(logo_kept=first["logo_kept"], logo_drop="y"))
    assert "logo_kept" not in carried(page_of(without))
    forged = await post(client, ASK, form(logo_kept=first["logo_kept"][:-3] + "abc"))
    assert "logo_kept" not in carried(page_of(forged))


@pytest.mark.parametrize("logo_kept", ["x" * 300_000, "é" * 50, "a.b"])
@pytest.mark.anyio
async def test_nonsense_in_the_place_of_the_logo_is_no_logo(
    client: httpx.AsyncClient, campaign: CampaignSnapshot, logo_kept: str
) -> None:
    assert "logo_kept" not in carried(page_of(await post(client, ASK, form(logo_kept=logo_kept))))


# The preview


@pytest.mark.anyio
async def test_the_preview_shows_what_everybody_sees_and_stores_nothing(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    before = dump(database)
    answer = await post(client, ASK, form(), **sending(picture()))
    page = page_of(answer)
    assert page.heading == "This is how your organisation will appear"
    assert answer.headers["cache-control"] == "no-store"
    shown = page.one("div", **{"class": "appearance__preview"}).text
    assert shown == "Union of Examples Union Cork Ireland 48,000 members With you. Always."
    assert all(value not in shown for value in CONTACT.values())
    link = page.one("a", rel="nofollow noopener noreferrer ugc")
    assert link["href"].removesuffix("/") == "https://union.example.org"
    facts = [fact.text for fact in page.all("dd")]
    assert facts == ["Clara Contact", "Secretary", "office@union.example.org", "+353 21 000"]
    logo = page.one("img", **{"class": "organisation__logo"})
    sealed = unseal_logo(carried(page)["logo_kept"], ("secret" * 8,))
    assert sealed is not None
    assert logo["src"] == "data:image/webp;base64," + base64.b64encode(sealed.image).decode()
    assert (logo["width"], logo["height"]) == (str(sealed.width), str(sealed.height))
    assert dump(database) == before


@pytest.mark.anyio
async def test_back_to_the_form_keeps_everything(client: httpx.AsyncClient, campaign: CampaignSnapshot) -> None:
    preview = carried(page_of(await post(client, ASK, form(), **sending(picture()))))
    page = page_of(await client.post(ASK, data=preview | {"step": "edit"}))
    assert page.heading == "Sign for an organisation"
    assert not any(e.get("id") == "errors" for e in page.elements)
    kept = carried(page)
    assert kept["logo_kept"] == preview["logo_kept"]
    assert {name: kept[name] for name in preview if name not in ("logo_kept", "email_checked")} == {
        name: value for name, value in preview.items() if name not in ("logo_kept", "email_checked")
    }


# Sending


@pytest.mark.anyio
async def test_sending_stores_the_request_and_queues_one_mail(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    preview = carried(page_of(await post(client, ASK, form(), **sending(picture()))))
    answer = await client.post(ASK, data=preview | {"step": "send"})
    assert (answer.status_code, answer.headers["location"], answer.headers["cache-control"]) == (
        303,
        SENT,
        "no-store",
    )
    (row,) = stored(database)
    assert (row.state, row.name, row.members, row.comment) == (
        UNCONFIRMED,
        "Union of Examples",
        48_000,
        "With you.\nAlways.",
    )
    assert (row.contact_name, row.contact_role, row.email, row.phone) == tuple(CONTACT.values())
    assert (row.language, row.statement_id, row.note) == ("en", campaign.statements["en"].id, None)
    assert row.logo is not None
    assert count_rows(database, OrganisationLogo) == 1
    with database.reading() as session:
        assert session.scalars(select(Outbox.kind)).all() == ["organisation_confirm"]
    page = page_of(await client.get(SENT))
    assert page.heading == "Open the mail and press the button"
    assert "office" not in page.one("main").text


@pytest.mark.anyio
async def test_an_organisation_signs_in_its_own_language(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    fields = form("send", statement=str(campaign.statements["ar"].id), comment="نحن معكم")
    await client.post(f"{CAMPAIGN}?lang=ar", data=fields)
    (row,) = stored(database)
    assert (row.language, row.statement_id, row.comment) == ("ar", campaign.statements["ar"].id, "نحن معكم")


@pytest.mark.anyio
async def test_pressing_twice_is_one_request(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    answers = [await client.post(ASK, data=form("send")) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == [SENT, SENT]
    assert count_rows(database, Organisation) == 1


@pytest.mark.anyio
async def test_sending_checks_everything_again(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    page = page_of(await client.post(ASK, data=form("send", authorised="")), 422)
    assert page.wrong_fields == ["authorised"]
    assert count_rows(database, Organisation) == 0


@pytest.mark.anyio
async def test_a_program_that_fills_the_hidden_field_is_told_the_same(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    answer = await client.post(ASK, data=form("send", website2="https://spam.example"))
    assert (answer.status_code, answer.headers["location"]) == (303, SENT)
    assert count_rows(database, Organisation) == count_rows(database, Outbox) == 0


@pytest.mark.parametrize("step", ["preview", "send"])
@pytest.mark.anyio
async def test_a_wording_that_changed_meanwhile_is_read_again(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot, step: str
) -> None:
    old = form(step, statement=str(campaign.statements["en"].id))
    changed = replace(factories.WORDING, body="We say more.")
    campaign = factories.make_campaign(database, wordings={"en": changed, "ar": factories.WORDING}, **BOTH)
    site.campaigns.forget("free-boris")
    page = page_of(await client.post(ASK, data=old), 422)
    assert "The text was changed since you opened this page." in page.one("div", role="alert").text
    assert carried(page)["name"] == old["name"]
    assert count_rows(database, Organisation) == 0
    new = str(campaign.statements["en"].id)
    assert carried(page)["statement"] == new
    await client.post(ASK, data=old | {"statement": new, "step": "send"})
    assert [row.statement_id for row in stored(database)] == [int(new)]


@pytest.mark.anyio
async def test_a_wording_that_this_server_does_not_know_yet_is_read_again(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    old = form("send", statement=str(campaign.statements["en"].id))
    await client.get("/c/free-boris")  # and keeps it
    wording = Wording("Free Boris", "At last.", "Other words.", ())
    factories.make_campaign(database, wordings={"en": wording, "ar": factories.WORDING}, **BOTH)
    page = page_of(await client.post(ASK, data=old), 422)
    assert "The text was changed since you opened this page." in page.one("div", role="alert").text
    assert count_rows(database, Organisation) == 0


# Not now


@pytest.mark.anyio
async def test_a_campaign_of_individuals_takes_no_organisations(
    client: httpx.AsyncClient, database: Database
) -> None:
    factories.make_campaign(database)
    for answer in (await client.get(f"{NEW}?lang=en"), await client.post(ASK, data=form("send"))):
        assert page_of(answer, 404).heading == "Individuals sign this statement"
    assert count_rows(database, Organisation) == 0


@pytest.mark.parametrize(
    ("moments", "heading"),
    [
        ({"opens_at": timedelta(days=1)}, "Signing has not begun"),
        ({"closes_at": -timedelta(1)}, "This campaign is closed"),
    ],
    ids=["upcoming", "closed"],
)
@pytest.mark.anyio
async def test_nothing_is_asked_before_the_opening_nor_after_the_closing(
    client: httpx.AsyncClient, database: Database, moments: dict[str, timedelta], heading: str
) -> None:
    factories.make_campaign(database, **{name: utc_now() + after for name, after in moments.items()}, **BOTH)
    for answer in (await client.get(f"{NEW}?lang=en"), await client.post(ASK, data=form("send"))):
        page = page_of(answer, 409)
        assert (page.heading, page.all("form")) == (heading, [])
    assert count_rows(database, Organisation) == 0


@pytest.mark.anyio
async def test_what_was_typed_waits_in_the_page_while_signing_is_paused(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    switch(database, "paused")
    page = page_of(await post(client, ASK, form("send"), **sending(picture())), 409)
    assert page.heading == "Signing is paused for a while"
    kept = carried(page)
    switch(database, None)
    site.campaigns.forget("free-boris")
    preview = page_of(await client.post(ASK, data=kept))
    assert preview.heading == "This is how your organisation will appear"
    assert carried(preview)["logo_kept"] == kept["logo_kept"]
    assert count_rows(database, Organisation) == 0


@pytest.mark.anyio
async def test_so_many_come_from_one_network_and_no_more(
    settings: Settings, database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organisation_intake, "OF_NETWORK", Rate(2, timedelta(days=365)))
    async with serving(settings, sign_rate=Rate(60, timedelta(days=365))) as (_app, client):
        for number in range(2):
            assert (await client.post(ASK, data=form("send", name=f"Union {number}"))).status_code == 303
        page = page_of(await client.post(ASK, data=form("send", name="Union 2")), 429)
        assert page.heading == "Please wait a little"
        assert carried(page)["name"] == "Union 2"
        # Signers of the same house are not counted among them, nor they among signers.
        signing = await client.post("/c/free-boris/signatures", data=factories.form())
        assert signing.status_code == 303
    assert [row.name for row in stored(database)] == ["Union 0", "Union 1"]
    async with serving(settings, sign_rate=None) as (_app, client):
        assert (await client.post(ASK, data=form("send", name="Union 3"))).status_code == 303


@pytest.mark.parametrize("of", ["OF_NETWORK_DEFENDED", "OF_CAMPAIGN_DEFENDED"])
@pytest.mark.anyio
async def test_few_are_taken_while_browsers_have_to_work(
    settings: Settings,
    database: Database,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
    of: str,
) -> None:
    """The form asks for no work, so that it would be the way in."""
    many, few = Rate(50, timedelta(days=365)), Rate(1, timedelta(days=365))
    for name in ("OF_NETWORK_DEFENDED", "OF_CAMPAIGN_DEFENDED"):
        monkeypatch.setattr(organisation_intake, name, few if name == of else many)
    switch(database, "work")
    async with serving(settings, sign_rate=None) as (_app, client):
        assert (await client.post(ASK, data=form("send"))).status_code == 303
        page = page_of(await client.post(ASK, data=form("send", name="Other")), 429)
    assert "takes only a few an hour" in page.one("main").text
    assert carried(page)["name"] == "Other"
    assert [row.name for row in stored(database)] == ["Union of Examples"]
    assert count_rows(database, Outbox) == 1


@pytest.mark.anyio
async def test_logos_of_many_that_nobody_confirmed_are_not_kept(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organisation_intake, "MOST_LOGOS", 1)
    for name, colour in (("First", "red"), ("Second", "blue")):
        preview = carried(page_of(await post(client, ASK, form(name=name), **sending(picture(colour)))))
        assert (await client.post(ASK, data=preview | {"step": "send"})).headers["location"] == SENT
    first, second = stored(database)
    assert first.logo is not None
    assert (second.name, second.logo) == ("Second", None)
    assert count_rows(database, OrganisationLogo) == 1


@pytest.mark.anyio
async def test_who_wants_no_more_mails_gets_none_and_nobody_learns_it(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign(database, settings, campaign, email=CONTACT["email"])
    assert (await client.post(not_me(settings, draft))).status_code == 200
    addresses = (CONTACT["email"], "a@b.example")
    answers = [await client.post(ASK, data=form("send", email=email)) for email in addresses]
    refused, other = ((answer.status_code, answer.text, dict(answer.headers)) for answer in answers)
    for *_, headers in (refused, other):
        headers.pop("x-request-id")
    assert refused == other
    assert [row.email for row in stored(database)] == ["a@b.example"]
    with database.reading() as session:
        mails = session.scalars(select(Outbox.subject_id).where(Outbox.kind == "organisation_confirm")).all()
    assert mails == [row.id for row in stored(database)]


@pytest.mark.parametrize("moments", [{"opens_at": timedelta(days=1)}, {"closes_at": -timedelta(1)}, {}])
@pytest.mark.anyio
async def test_no_picture_is_read_where_nobody_can_ask(
    client: httpx.AsyncClient,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    moments: dict[str, timedelta],
) -> None:
    terms = BOTH if moments else {}
    factories.make_campaign(database, **{name: utc_now() + after for name, after in moments.items()}, **terms)
    monkeypatch.setattr(organisation_form, "logo_of", None)
    answer = await post(client, ASK, form(), **sending(picture()))
    assert answer.status_code == (409 if moments else 404)


@pytest.mark.parametrize("field", ["comment", "city", "website", "contact_name", "contact_role"])
@pytest.mark.anyio
async def test_every_word_of_a_request_is_judged(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, field: str
) -> None:
    with database.writing() as session:
        save_list(session, campaign.id, "hold word pills", 0, "Lea", utc_now())
    words = "https://union.example.org/pills" if field == "website" else "Pills"
    assert (await client.post(ASK, data=form("send", **{field: words}))).status_code == 303
    assert [row.note for row in stored(database)] == [str(HELD_BY_RULE)]


@pytest.mark.anyio
async def test_what_a_rule_is_about_a_lead_has_to_see(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    with database.writing() as session:
        save_list(session, campaign.id, "hold word examples", 0, "Lea", utc_now())
    answer = await client.post(ASK, data=form("send"))
    assert (answer.status_code, answer.headers["location"]) == (303, SENT)
    (row,) = stored(database)
    assert row.note == str(HELD_BY_RULE)
    with database.reading() as session:
        assert session.scalars(select(Outbox.kind)).all() == ["organisation_confirm"]


# Faults


@pytest.mark.anyio
async def test_a_store_that_takes_nothing_loses_nothing(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    preview = carried(page_of(await post(client, ASK, form(), **sending(picture()))))
    with writes_failing(site.database):
        page = page_of(await client.post(ASK, data=preview | {"step": "send"}), 503)
    again = carried(page)
    assert again == preview | {"step": "send"}
    assert count_rows(database, Organisation) == 0
    assert (await client.post(ASK, data=again)).status_code == 303
    assert count_rows(database, Organisation) == count_rows(database, OrganisationLogo) == 1


@pytest.mark.parametrize(
    "request_",
    [
        {"files": {"other": ("a.png", b"x", "image/png")}},
        {"files": [("logo", ("a.png", b"x", "image/png")), ("logo", ("b.png", b"x", "image/png"))]},
        {"content": b"{}", "headers": {"content-type": "application/json"}},
    ],
    ids=["other file", "two files", "json"],
)
@pytest.mark.anyio
async def test_what_no_form_of_ours_sends_is_refused(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, request_: dict[str, Any]
) -> None:
    assert (await client.post(ASK, **request_)).status_code == 400
    assert count_rows(database, Organisation) == 0


@pytest.mark.anyio
async def test_a_large_picture_comes_through_and_a_larger_one_is_refused(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    large = picture() + b"\0" * 1_500_000  # what follows a picture is no part of it
    page = page_of(await post(client, ASK, form(), **sending(large)))
    assert len(carried(page)["logo_kept"]) < 2_000
    page = page_of(await post(client, ASK, form(), **sending(picture() + b"\0" * 2_100_000)), 422)
    assert page.wrong_fields == ["logo"]
    assert (await post(client, ASK, form(), **sending(b"\0" * 3_000_000))).status_code == 413
    assert count_rows(database, OrganisationLogo) == 0
