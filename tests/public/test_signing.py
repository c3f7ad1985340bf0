"""The signing form over HTTP: what is taken, what is refused, and that every refusal keeps what was typed."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from petitions.campaigns.files import Wording
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import LANGUAGES
from petitions.mail.models import Outbox
from petitions.settings import Rate, Settings, parse_networks
from petitions.signatures.models import ConsentWording, Draft, Signature
from petitions.web.site import Site
from tests import factories
from tests.conftest import serving
from tests.public.support import confirmation, get_signature
from tests.web.support import Page, count_rows, page_of

SIGN = "/c/free-boris/signatures"


def drafts(database: Database) -> list[Draft]:
    with database.reading() as session:
        rows = list(session.scalars(select(Draft).order_by(Draft.created_at)))
        session.expunge_all()
        return rows


@pytest.mark.anyio
async def test_a_right_form_is_stored_as_it_was_typed_and_answered_with_a_redirect(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    typed = factories.form(
        name="  Siobhán \t Ní Bhriain ", email="Siobhan@EXAMPLE.org", comment="Go\r\non", updates="y"
    )
    response = await client.post(SIGN, data=typed)
    assert (response.status_code, response.headers["location"]) == (303, "/c/free-boris/signed?lang=en")
    assert response.headers["cache-control"] == "no-store"
    (draft,) = drafts(database)
    assert (draft.name, draft.email, draft.country, draft.city) == (
        "Siobhán Ní Bhriain",
        "Siobhan@example.org",
        "ES",
        "Madrid",
    )
    assert (draft.comment, draft.visibility, draft.updates, draft.language) == ("Go\non", "public", True, "en")
    assert (draft.affiliation, draft.answers, draft.held_reason, draft.network) == (None, None, None, None)
    assert draft.statement_id == campaign.statements["en"].id
    with database.reading() as session:
        (mail,) = session.scalars(select(Outbox))
        assert (mail.kind, mail.subject_id, mail.language) == ("confirm", draft.id, "en")
    assert count_rows(database, Signature) == 0


@pytest.mark.anyio
async def test_the_page_itself_can_be_filled_in_and_sent(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    """What a browser sends: every field of the page, hidden ones too."""
    page = page_of(await client.get("/c/free-boris"))
    sent = dict(page.fields()) | {"name": "Ana", "email": "ana@example.org", "country": "ES"}
    response = await client.post(page.one("form", method="post")["action"], data=sent)
    assert response.status_code == 303
    assert [draft.email for draft in drafts(database)] == ["ana@example.org"]


@pytest.mark.anyio
async def test_only_the_required_fields_need_to_be_sent(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    response = await client.post(SIGN, data={"name": "Ana", "email": "ana@example.org", "country": "ES"})
    assert response.status_code == 303
    (draft,) = drafts(database)
    assert (draft.visibility, draft.updates, draft.city, draft.comment) == ("public", False, None, None)


@pytest.mark.anyio
async def test_a_wrong_form_comes_back_with_every_value_and_every_error(
    client: httpx.AsyncClient, database: Database
) -> None:
    factories.make_campaign(
        database,
        affiliation={"label": "University", "required": True},
        questions=[
            {"key": "role", "label": "Your role", "required": True},
            {"key": "since", "label": "Since when"},
        ],
    )
    typed = {
        "name": "=HYPERLINK()",
        "email": "ana@",
        "country": "",
        "city": "x" * 121,
        "affiliation": " ",
        "comment": '"><script>alert(1)</script> & <b>',
        "visibility": "initials",
        "updates": "y",
        "q_role": "",
        "q_since": "yesterday",
        "website": "",
    }
    response = await client.post(SIGN, data=typed)
    page = page_of(response, 422)
    assert response.headers["cache-control"] == "no-store"
    assert set(page.wrong_fields) == {"name", "email", "country", "city", "affiliation", "q_role"}
    kept = dict(page.fields())
    assert {name: kept[name] for name in typed} == typed | {"affiliation": ""}
    assert page.all("script") == page.all("script", type="module"), "typed markup became an element"
    assert page.one("title").text.startswith("Please check:")
    assert count_rows(database, Draft) == 0


WRONG_VALUES = [
    ("name", ""),
    ("name", " \u2800\u200b "),
    ("name", "x" * 121),
    ("name", "Ana\x00"),
    ("name", "Ana\x1b[31m"),
    ("name", "Ana \u202e reversed"),
    ("name", "=1+1"),
    ("name", "+49"),
    ("name", "-Ana"),
    ("name", "@ana"),
    ("name", "see https://spam.example"),
    ("name", "www.spam.example"),
    ("email", ""),
    ("email", "ana"),
    ("email", "ana@example"),
    ("email", "ana@exa mple.org"),
    ("email", "ana@example.org\r\nBcc: all@example.org"),
    ("email", "a" * 250 + "@example.org"),
    ("email", "ana@-.org"),
    ("country", ""),
    ("country", "XX"),
    ("country", "es"),
    ("visibility", "everybody"),
    ("city", "Ma\x07drid"),
    ("comment", "x" * 501),
    ("comment", "\u2066hidden"),
]


@pytest.mark.anyio
async def test_a_wrong_value_is_refused_beside_its_field(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    for field, value in WRONG_VALUES:
        page = page_of(await client.post(SIGN, data=factories.form(**{field: value})), 422)
        assert page.wrong_fields == [field], value
    assert count_rows(database, Draft) == 0


NAMES = [
    "Ana",
    "Björk",
    "أحمد عبد الله",
    "Владимир Ильич",
    "曾国藩",
    "O’Neill-Ó Súilleabháin",
    "ß" * 120,
    "Dr. Ana-María d'Ávila, 3rd",
    "🌹",
]


@pytest.mark.anyio
async def test_names_of_every_script_are_taken(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    for name in NAMES:
        assert (await client.post(SIGN, data=factories.form(name=name))).status_code == 303, name
    assert [draft.name for draft in drafts(database)] == NAMES


@pytest.mark.anyio
async def test_a_likely_slip_in_the_address_is_asked_about_once(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    typed = factories.form(email="ana@gmial.com", comment="kept")
    page = page_of(await client.post(SIGN, data=typed), 422)
    assert page.wrong_fields == ["email"]
    assert page.error_of("email") == (
        "Did you mean ana@gmail.com? If your address is right as it stands, just press the button again."
    )
    again = dict(page.fields())
    assert again["comment"] == "kept"
    assert (await client.post(SIGN, data=again)).status_code == 303
    assert [draft.email for draft in drafts(database)] == ["ana@gmial.com"]


@pytest.mark.anyio
async def test_another_slip_is_asked_about_again(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    page = page_of(await client.post(SIGN, data=factories.form(email="ana@gmial.com")), 422)
    again = dict(page.fields()) | {"email": "ana@hotmial.com"}
    assert page_of(await client.post(SIGN, data=again), 422).wrong_fields == ["email"]
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
async def test_an_anonymous_signer_needs_no_name_and_none_is_stored(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    for name in ("", "Ana Sánchez"):
        form = factories.form(visibility="anonymous", name=name)
        assert (await client.post(SIGN, data=form)).status_code == 303
    assert [(draft.name, draft.visibility) for draft in drafts(database)] == [(None, "anonymous")] * 2


@pytest.mark.anyio
async def test_a_visibility_that_the_campaign_does_not_offer_is_refused(
    client: httpx.AsyncClient, database: Database
) -> None:
    factories.make_campaign(database, visibility={"choices": ["public", "addressee"]})
    page = page_of(await client.post(SIGN, data=factories.form(visibility="anonymous")), 422)
    assert page.wrong_fields == ["visibility"]
    assert [e["value"] for e in page.all("input", name="visibility")] == ["public", "addressee"]


@pytest.mark.anyio
async def test_the_campaigns_own_fields_are_stored(client: httpx.AsyncClient, database: Database) -> None:
    factories.make_campaign(
        database,
        affiliation={"label": "University"},
        questions=[{"key": "role", "label": "Role", "required": True}, {"key": "more", "label": "More"}],
    )
    form = factories.form(affiliation="UCM", q_role="teacher", q_more="", q_unknown="not asked")
    assert (await client.post(SIGN, data=form)).status_code == 303
    (draft,) = drafts(database)
    assert (draft.affiliation, draft.answers) == ("UCM", {"role": "teacher"})


def consents(database: Database) -> list[tuple[bool, str | None]]:
    """Of every draft, and the words that it was given under."""
    with database.reading() as session:
        words = {(row.campaign_id, row.key): row.text for row in session.scalars(select(ConsentWording))}
    return [
        (draft.updates, words[draft.campaign_id, draft.updates_key] if draft.updates_key else None)
        for draft in drafts(database)
    ]


@pytest.mark.anyio
async def test_consent_to_mails_is_stored_in_the_very_words_beside_the_box(
    client: httpx.AsyncClient, database: Database
) -> None:
    """The default ones in each language; the campaign's own, in the language that it has them in."""
    label = {"en": "Tell me about Boris", "eu": "Idatzi iezadazue"}
    factories.make_campaign(database, slug="default")
    factories.make_campaign(database, slug="own", languages=("en", "eu"), updates={"label": label})
    wanted = []
    for slug in ("default", "own"):
        for language in LANGUAGES:
            page = page_of(await client.get(f"/c/{slug}?lang={language}"))
            wanted.append((True, page.by_id("f-updates").inside[-1].text))
            action = page.one("form", method="post")["action"]
            typed = factories.form(updates="y", statement=dict(page.fields())["statement"])
            assert (await client.post(action, data=typed)).status_code == 303
    assert consents(database) == wanted
    assert len({words for _, words in wanted[: len(LANGUAGES)]}) == len(LANGUAGES)
    assert {words for _, words in wanted[len(LANGUAGES) :]} == set(label.values())


@pytest.mark.anyio
async def test_without_the_tick_there_is_no_consent(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    for ticked in ({}, {"updates": ""}, {"updates": "false"}):
        assert (await client.post(SIGN, data=factories.form(**ticked))).status_code == 303
    assert consents(database) == [(False, None)] * 3
    assert count_rows(database, ConsentWording) == 0


@pytest.mark.anyio
async def test_a_consent_keeps_its_words_and_its_moment_when_it_is_confirmed(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    before = utc_now()
    for updates in ({"updates": "y"}, {}):
        assert (await client.post(SIGN, data=factories.form(**updates))).status_code == 303
    after = utc_now()
    given, not_given = drafts(database)
    for draft in (given, not_given):
        assert (await client.post(confirmation(settings, draft))).status_code == 303
    signature = get_signature(database, given)
    assert (signature.updates, signature.updates_key) == (True, given.updates_key)
    assert signature.updates_at is not None
    assert before <= signature.updates_at <= after
    signature = get_signature(database, not_given)
    assert (signature.updates, signature.updates_key, signature.updates_at) == (False, None, None)


@pytest.mark.anyio
async def test_fields_that_the_campaign_does_not_have_are_not_stored(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    form = factories.form(affiliation="UCM", q_role="teacher")
    assert (await client.post(SIGN, data=form)).status_code == 303
    (draft,) = drafts(database)
    assert (draft.affiliation, draft.answers) == (None, None)


@pytest.mark.anyio
async def test_a_wording_that_changed_meanwhile_is_shown_before_it_is_signed(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, site: Site
) -> None:
    read = page_of(await client.get("/c/free-boris"))
    factories.sign_and_confirm(database, settings, campaign)  # from now on a change is a new version
    changed = factories.make_campaign(database, wordings={"en": Wording("Free Boris now", "S.", "New body.", ())})
    site.campaigns.forget("free-boris")
    typed = factories.form(statement=dict(read.fields())["statement"], comment="kept", visibility="initials")
    page = page_of(await client.post(SIGN, data=typed), 422)
    assert page.heading == "Free Boris now"
    assert "New body." in page.one("body").text
    kept = dict(page.fields())
    assert kept["statement"] == str(changed.statements["en"].id) != typed["statement"]
    assert {name: kept[name] for name in typed if name != "statement"} == {
        name: value for name, value in typed.items() if name != "statement"
    }
    assert page.all("div", role="alert")[0].text.startswith("The text was changed since you opened this page.")
    assert count_rows(database, Draft) == 0
    assert (await client.post(SIGN, data=kept)).status_code == 303
    assert [draft.statement_id for draft in drafts(database)] == [changed.statements["en"].id]


@pytest.mark.anyio
async def test_a_wording_that_changes_between_the_check_and_the_commit_is_shown_too(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    """Nobody signed the old wording, so its row is gone: the store refuses the draft, not the visitor."""
    read = page_of(await client.get("/c/free-boris"))
    changed = factories.make_campaign(database, wordings={"en": Wording("Free Boris now", "S.", "New body.", ())})
    old = str(campaign.statements["en"].id)
    typed = factories.form(statement=dict(read.fields())["statement"])
    assert typed["statement"] == old != str(changed.statements["en"].id)
    response = await client.post(SIGN, data=typed)  # the site still has the old wording in its memory
    page = page_of(response, 422)
    assert page.heading == "Free Boris now"
    kept = dict(page.fields())
    assert (kept["name"], kept["email"]) == (typed["name"], typed["email"])
    assert count_rows(database, Draft) == 0
    assert (await client.post(SIGN, data=kept)).status_code == 303


@pytest.mark.anyio
async def test_a_statement_that_is_not_the_campaigns_is_shown_again(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    for statement in ("0", "-1", "9" * 30, "x", "1 OR 1", "\u0661"):
        page = page_of(await client.post(SIGN, data=factories.form(statement=statement)), 422)
        assert dict(page.fields())["statement"] == str(campaign.statements["en"].id)
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
async def test_the_wording_of_another_campaign_cannot_be_signed_here(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    other = factories.make_campaign(database, slug="other")
    form = factories.form(statement=str(other.statements["en"].id))
    page_of(await client.post(SIGN, data=form), 422)
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
async def test_the_wording_that_was_read_is_the_one_that_is_signed(
    client: httpx.AsyncClient, database: Database
) -> None:
    campaign = factories.make_campaign(database, languages=("en", "eu"))
    for language in ("en", "eu"):
        form = factories.form(statement=str(campaign.statements[language].id))
        assert (await client.post(SIGN + "?lang=es", data=form)).status_code == 303
    form = factories.form()  # says nothing: the language decides
    assert (await client.post(SIGN + "?lang=eu", data=form)).status_code == 303
    wanted = [campaign.statements[language].id for language in ("en", "eu", "eu")]
    assert [draft.statement_id for draft in drafts(database)] == wanted
    assert [draft.language for draft in drafts(database)] == ["es", "es", "eu"]


@pytest.mark.anyio
async def test_a_campaign_for_organisations_takes_nobodys_own_signature(
    client: httpx.AsyncClient, database: Database
) -> None:
    factories.make_campaign(database, signers=["organisations"])
    assert page_of(await client.post(SIGN, data=factories.form()), 404).heading == "There is nothing here"
    page = page_of(await client.get("/c/free-boris"))
    assert page.all("form", method="post") == []
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("moments", "heading"),
    [
        ({"closes_at": timedelta(hours=-1)}, "This campaign is closed"),
        ({"opens_at": timedelta(hours=1)}, "Signing has not begun"),
    ],
)
async def test_a_campaign_that_is_not_open_takes_nothing(
    client: httpx.AsyncClient, database: Database, moments: dict[str, timedelta], heading: str
) -> None:
    factories.make_campaign(database, **{key: utc_now() + after for key, after in moments.items()})
    response = await client.post(SIGN, data=factories.form())
    assert page_of(response, 409).heading == heading
    assert response.headers["cache-control"] == "no-store"
    assert page_of(await client.get("/c/free-boris")).all("form", method="post") == []
    assert count_rows(database, Draft) == 0


@pytest.mark.anyio
async def test_the_answer_is_the_same_whatever_the_store_knows_of_the_address(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    """New, pending, confirmed, removed, trapped, past the rate, past the mails of a day: byte for byte."""
    factories.sign(database, settings, campaign, email="pending@example.org")
    factories.sign_and_confirm(database, settings, campaign, email="confirmed@example.org")
    removed = factories.sign_and_confirm(database, settings, campaign, email="removed@example.org")
    for number in range(6):
        factories.sign(database, settings, campaign, email="mailed@example.org", name=f"Name {number}")
    with database.writing() as session:
        row = session.get_one(Signature, (campaign.id, removed.id))
        row.removed_at, row.removed_reason = utc_now(), "hate"
    answers: set[tuple[Any, ...]] = set()
    async with serving(settings, sign_rate=Rate(5, timedelta(hours=1))) as (_, client):
        for who in (
            "new",
            "pending",
            "confirmed",
            "removed",
            "mailed",
            "trapped",
            *(f"rate{n}" for n in range(4)),
        ):
            trap = {"website": "http://spam.example"} if who == "trapped" else {}
            response = await client.post(SIGN, data=factories.form(email=f"{who}@example.org") | trap)
            headers = [(k, v) for k, v in response.headers.items() if k != "x-request-id"]
            page = await client.get(response.headers["location"])
            page_headers = [(k, v) for k, v in page.headers.items() if k != "x-request-id"]
            answers.add(
                (response.status_code, response.content, *headers, page.status_code, page.content, *page_headers)
            )
    assert len(answers) == 1
    held = {draft.email.partition("@")[0]: draft.held_reason for draft in drafts(database)}
    assert held["new"] is None
    assert held["trapped"] == "honeypot"
    assert held["rate3"] == "rate"


@pytest.mark.anyio
async def test_held_drafts_get_no_mail(settings: Settings, database: Database, campaign: CampaignSnapshot) -> None:
    async with serving(settings, sign_rate=Rate(2, timedelta(hours=1))) as (_, client):
        await client.post(SIGN, data=factories.form(website="x"))
        for _ in range(2):
            await client.post(SIGN, data=factories.form())
    assert [draft.held_reason for draft in drafts(database)] == ["honeypot", None, "rate"]
    assert count_rows(database, Outbox) == 1


@pytest.mark.anyio
async def test_the_rate_counts_networks_and_keeps_no_address(
    settings: Settings, database: Database, campaign: CampaignSnapshot
) -> None:
    changes: dict[str, Any] = {
        "sign_rate": Rate(1, timedelta(hours=1)),
        "trusted_proxies": parse_networks("127.0.0.1"),
    }
    async with serving(settings, **changes) as (_, client):
        for address in ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1", "198.51.100.1", "198.51.100.2"):
            headers = {"X-Forwarded-For": address}
            assert (await client.post(SIGN, data=factories.form(), headers=headers)).status_code == 303
    stored = drafts(database)
    assert [draft.held_reason for draft in stored] == [None, "rate", None, None, None]
    networks = [draft.network for draft in stored]
    assert networks[0] == networks[1]
    assert len(set(networks)) == 4
    assert all(network is not None and len(network) == 16 for network in networks)


@pytest.mark.anyio
async def test_the_same_form_sent_again_is_one_draft_with_one_mail(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    form = factories.form()
    answers = [await client.post(SIGN, data=form) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    assert count_rows(database, Draft) == count_rows(database, Outbox) == 1


@pytest.mark.anyio
async def test_a_false_name_under_anas_address_is_a_draft_beside_hers(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    for name in ("Ana Sánchez", "Somebody Else"):
        await client.post(SIGN, data=factories.form(email="ana@example.org", name=name))
    assert sorted(str(draft.name) for draft in drafts(database)) == ["Ana Sánchez", "Somebody Else"]


@pytest.mark.anyio
async def test_the_page_after_signing_tells_nothing_of_the_signer(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    form = factories.form(name="Planted Name", email="planted@example.org")
    response = await client.get((await client.post(SIGN, data=form)).headers["location"])
    page = page_of(response)
    assert page.heading == "Open your mail and press the button"
    assert response.headers["cache-control"] == "no-store"
    assert "lanted" not in response.text
    assert page.one("meta", name="robots")["content"] == "noindex"


@pytest.mark.anyio
async def test_a_campaign_that_is_not_there_is_a_page_that_says_so(client: httpx.AsyncClient) -> None:
    for below in ("", "/signed", "/thanks", "/privacy", "/background", "/signatures", "/qr.svg", "/qr.png"):
        response = await client.get(f"/c/other{below}")
        assert page_of(response, 404).heading == "There is nothing here"
        assert response.headers["cache-control"] == "no-store"
    page_of(await client.post("/c/other/signatures", data=factories.form()), 404)


def test_pages_are_read_as_a_browser_reads_them() -> None:
    """The reader of pages that these tests lean on."""
    page = Page(
        '<form method="post" action="/x"><input name="a" value="&lt;1"><input type="checkbox" name="b" value="y">'
        '<input type="radio" name="c" value="1" checked><textarea name="d">t&amp;\n</textarea>'
        '<select name="e"><option value="">-</option><option value="ES" selected>Spain</option></select></form>'
        '<input name="outside">'
    )
    assert page.fields() == [("a", "<1"), ("c", "1"), ("d", "t&\n"), ("e", "ES")]


@pytest.mark.anyio
async def test_the_box_is_empty_again_when_its_words_were_changed_meanwhile(
    client: httpx.AsyncClient, database: Database, site: Site
) -> None:
    factories.make_campaign(database)
    page = page_of(await client.get("/c/free-boris?lang=en"))
    fields = dict(page.fields()) | factories.form(updates="y")
    factories.make_campaign(database, updates={"label": "Other words"})
    site.campaigns.forget("free-boris")
    again = page_of(await client.post(SIGN, data=fields), 422)
    assert again.wrong_fields == ["updates"]
    assert drafts(database) == []
    sent = dict(again.fields())
    assert "updates" not in sent
    assert (await client.post(SIGN, data=sent | {"updates": "y"})).status_code == 303
    assert consents(database) == [(True, "Other words")]
