"""The signer's own page: shows everything that is stored, is changed by its signer alone, and always works."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from petitions.audit.recording import COMMAND_LINE
from petitions.campaigns.files import Wording
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import translator
from petitions.moderation.acting import Act, Target, digest_of
from petitions.moderation.acting import act as moderation_act
from petitions.public.campaigns import view_campaign
from petitions.settings import Settings
from petitions.signatures.changing import Unsubscription
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import ConsentWording, Draft, Signature, SignatureWord
from petitions.signatures.paper import PaperSignature
from petitions.templating import environment
from petitions.web.site import Site
from tests import factories
from tests.factories import act, link_to
from tests.paper.entering import csv, enter
from tests.public.support import (
    FULL_ENTRY,
    FULL_TERMS,
    STATES,
    confirmation,
    counted,
    dump,
    find_signature,
    get_signature,
    own,
    own_fields,
    queued,
    seen,
    set_columns,
    unsubscribe,
)
from tests.web.support import count_rows, page_of

ENGLISH = translator("en")
ARABIC = Wording("الحرية لبوريس", "ملخص.", "تكلم **بحرية**.", ("الحرية.",))
#: What the form sends when everything in it is wished otherwise.
OTHERWISE = {
    "visibility": "public",
    "name": "Ana García",
    "country": "FR",
    "city": "Paris",
    "affiliation": "Cooks",
    "q_job": "cook",
    "q_phone": "456",
    "comment": "Still with you.",
    "updates": "y",
}


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    """One that asks for everything."""
    return factories.make_campaign(database, **FULL_TERMS)


@pytest.fixture
def ana(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    """A signature with everything in it."""
    return factories.sign_and_confirm(
        database,
        settings,
        campaign,
        **FULL_ENTRY,
        email="ana@example.org",
        updates=True,
        updates_wording="News, please",
    )


def values(signature: Signature) -> dict[str, Any]:
    names = ("name", "country", "city", "affiliation", "comment", "answers", "visibility", "updates")
    return {name: getattr(signature, name) for name in names}


def moderate(database: Database, draft: NewDraft, action: Act, reason: str | None = None) -> None:
    """What a moderator does with a signature."""
    row = get_signature(database, draft)
    with database.writing() as session:
        target = Target(row.id, row.moderated, digest_of(row))
        done = moderation_act(session, row.campaign_id, action, [target], COMMAND_LINE, utc_now(), reason)
    assert done.done == (row.id,)


def wording_of(database: Database, signature: Signature) -> str | None:
    """The words of the consent that is stored."""
    with database.reading() as session:
        return session.scalar(
            select(ConsentWording.text).where(
                ConsentWording.campaign_id == signature.campaign_id, ConsentWording.key == signature.updates_key
            )
        )


# Seeing


@pytest.mark.anyio
async def test_everything_that_is_stored_is_shown(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    response = await client.get(own(settings, ana))
    page = page_of(response)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-language"] == "en"
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert own_fields(page, own(settings, ana)) == {
        "name": "Ana Sánchez",
        "country": "ES",
        "city": "Madrid",
        "affiliation": "Bakers",
        "q_job": "baker",
        "q_phone": "123",
        "comment": "With you.\nAlways.",
        "visibility": "initials",
        "updates": "y",
    }
    signature, facts = get_signature(database, ana), [e.text for e in page.all("dd")]
    assert signature.updates_at is not None
    (consent,) = [fact for fact in facts if fact.startswith("News, please")]
    assert ENGLISH.moment(signature.updates_at) in consent
    assert [fact for fact in facts if fact.startswith("ana@example.org ")] != []
    for fact in (ENGLISH.moment(signature.drafted_at), ENGLISH.moment(signature.confirmed_at), "English"):
        assert fact in facts
    assert page.one("div", **{"class": "appearance__preview"}).text == "A. S. Spain"
    wording = page.one("div", **{"class": "wording"})
    assert (wording["lang"], wording["dir"]) == ("en", "ltr")
    assert wording.text == (
        "Free Boris A sociologist is arrested. He spoke freely. We answer. "
        "His release. The dropping of all charges."
    )


@pytest.mark.anyio
async def test_a_signature_that_says_little_has_a_page_too(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    """Anonymous, of a campaign that asks for nothing of its own, and the address is sealed."""
    plain = factories.make_campaign(database, slug="plain")
    draft = factories.sign_and_confirm(database, settings, plain, name=None, city=None, visibility="anonymous")
    set_columns(database, draft, email=None)
    response = await client.get(own(settings, draft))
    page = page_of(response)
    assert own_fields(page, own(settings, draft)) == {
        "name": "",
        "country": "ES",
        "city": "",
        "comment": "",
        "visibility": "anonymous",
    }
    assert draft.email not in response.text
    assert page.all("div", **{"class": "appearance__preview"}) == []
    data = (await client.get(own(settings, draft, "/data"))).json()
    assert (data["name"], data["email"], data["answers"]) == (None, None, {})


@pytest.mark.anyio
async def test_the_page_speaks_the_language_of_the_signature_unless_asked_otherwise(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    url = own(settings, factories.sign_and_confirm(database, settings, campaign, language="ar"))
    html = page_of(await client.get(url)).one("html")
    assert (html["lang"], html["dir"]) == ("ar", "rtl")
    assert page_of(await client.get(url, headers={"Accept-Language": "de"})).one("html")["lang"] == "de"
    page = page_of(await client.get(url + "?lang=es", headers={"Accept-Language": "de"}))
    assert page.one("html")["lang"] == "es"
    for action in [e["action"] for e in page.all("form", method="post")]:
        assert action.startswith(url)
        assert action.endswith("?lang=es")
    changed = await client.post(url + "?lang=es", data=own_fields(page, url))
    assert (changed.status_code, changed.headers["location"]) == (303, f"{url}?lang=es&saved=1#saved")


@pytest.mark.anyio
async def test_the_wording_that_was_signed_is_shown_after_the_campaign_changed_it(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, wordings={"en": factories.WORDING, "ar": ARABIC})
    ana = factories.sign_and_confirm(database, settings, campaign, statement_id=campaign.statements["ar"].id)
    boris = factories.sign_and_confirm(database, settings, campaign)
    other = Wording("Free Boris now", "Summary.", "Another body.", ())
    factories.make_campaign(database, wordings={"en": other})  # and no Arabic any more
    carol = factories.sign_and_confirm(
        database, settings, factories.make_campaign(database, wordings={"en": other})
    )
    for draft, language, direction, version, words in (
        (ana, "ar", "rtl", 1, "الحرية لبوريس ملخص. تكلم بحرية. الحرية."),
        (boris, "en", "ltr", 1, "Free Boris A sociologist is arrested. He spoke freely. We answer. His release."),
        (carol, "en", "ltr", 2, "Free Boris now Summary. Another body."),
    ):
        page = page_of(await client.get(own(settings, draft, "?lang=en")))
        wording = page.one("div", **{"class": "wording"})
        assert (wording["lang"], wording["dir"]) == (language, direction)
        assert wording.text.startswith(words)
        section = wording.inside[[e.tag for e in wording.inside].index("section")]
        to_todays = [e for e in page.all("a") if section in e.inside]
        assert [e["href"] for e in to_todays] == (
            [] if draft is carol else ["http://testserver/c/free-boris?lang=en"]
        )
        statement = (await client.get(own(settings, draft, "/data"))).json()["statement"]
        assert (statement["language"], statement["direction"], statement["version"]) == (
            language,
            direction,
            version,
        )


@pytest.mark.anyio
async def test_what_was_typed_is_shown_as_text(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = factories.sign_and_confirm(
        database,
        settings,
        campaign,
        name='"><script>alert(1)</script>',
        comment="</textarea><img src=x onerror=alert(1)>",
        answers={"job": "' onfocus='alert(1)"},
    )
    for below in ("", "/withdraw"):
        page = page_of(await client.get(own(settings, draft, below)))
        assert all("src" in script.attributes for script in page.all("script"))
        assert page.all("img") == []
        assert {name for e in page.elements for name in e.attributes if name.startswith("on")} == set()
    fields = own_fields(page_of(await client.get(own(settings, draft))), own(settings, draft))
    assert fields["comment"] == "</textarea><img src=x onerror=alert(1)>"


# Changing


@pytest.mark.anyio
async def test_everything_can_be_changed_and_the_page_says_that_it_is_saved(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    url = own(settings, ana)
    before = get_signature(database, ana)
    response = await client.post(url, data=OTHERWISE)
    assert (response.status_code, response.headers["location"]) == (303, f"{url}?lang=en&saved=1#saved")
    assert response.headers["cache-control"] == "no-store"
    after = get_signature(database, ana)
    assert values(after) == {
        "visibility": "public",
        "name": "Ana García",
        "country": "FR",
        "city": "Paris",
        "affiliation": "Cooks",
        "comment": "Still with you.",
        "answers": {"job": "cook", "phone": "456"},
        "updates": True,
    }
    kept = [c.key for c in Signature.__table__.columns if c.key not in values(after)]
    assert {n: getattr(after, n) for n in kept} == {n: getattr(before, n) for n in kept}
    page = page_of(await client.get(response.headers["location"]))
    assert own_fields(page, url) == OTHERWISE
    assert "saved" in page.ids
    assert "saved" not in page_of(await client.get(url)).ids
    assert counted(database, campaign) == 1
    assert queued(database) == [("confirm", ana.id)]  # no new mail is needed


@pytest.mark.anyio
async def test_the_same_form_twice_is_the_same_state_and_the_same_answer(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    first = await client.post(own(settings, ana), data=OTHERWISE)
    state = dump(database)
    again = await asyncio.gather(*(client.post(own(settings, ana), data=OTHERWISE) for _ in range(10)))
    assert {seen(answer) for answer in again} == {seen(first)}
    assert dump(database) == state


@pytest.mark.anyio
async def test_a_consent_that_stands_needs_no_new_words_and_one_taken_back_meanwhile_does(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    """With the field that says which words stood beside the box."""
    url = own(settings, ana)
    await client.post(url, data=OTHERWISE)
    page = page_of(await client.get(url))
    words = dict(page.fields(f"{url}?lang=en"))["updates_words"]
    state = dump(database)
    assert (await client.post(url, data=OTHERWISE | {"updates_words": words})).status_code == 303
    assert dump(database) == state
    act(database, Unsubscription(link_to(ana)))
    refused = page_of(await client.post(url, data=OTHERWISE | {"updates_words": words}), 422)
    assert "f-updates-error" in refused.ids
    assert not get_signature(database, ana).updates


@pytest.mark.anyio
async def test_the_page_sent_back_as_it_came_changes_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    """The consent above all: it keeps its words and its moment."""
    state = dump(database)
    page = page_of(await client.get(own(settings, ana)))
    assert (await client.post(own(settings, ana), data=own_fields(page, own(settings, ana)))).status_code == 303
    assert dump(database) == state


WRONG: list[tuple[dict[str, str], list[str]]] = [
    ({"name": ""}, ["name"]),
    ({"name": "=1+1"}, ["name"]),
    ({"name": "see https://spam.example"}, ["name"]),
    ({"name": "x" * 121}, ["name"]),
    ({"country": ""}, ["country"]),
    ({"country": "XX"}, ["country"]),
    ({"city": "Ma\x07drid"}, ["city"]),
    ({"affiliation": "x" * 121}, ["affiliation"]),
    ({"q_job": "\u202edrowssap"}, ["q_job"]),
    ({"comment": "x" * 501}, ["comment"]),
    ({"visibility": "everybody"}, ["visibility"]),
    ({"visibility": ""}, ["visibility"]),
    ({"name": "", "country": "", "comment": "x" * 501}, ["name", "country", "comment"]),
]


@pytest.mark.anyio
async def test_a_wrong_form_keeps_every_value_and_stores_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    state = dump(database)
    for wrong, fields in WRONG:
        typed = OTHERWISE | wrong
        response = await client.post(own(settings, ana), data=typed)
        page = page_of(response, 422)
        assert set(page.wrong_fields) == set(fields), wrong
        assert response.headers["cache-control"] == "no-store"
        kept = own_fields(page, own(settings, ana))
        chosen = set(kept) & {"visibility"}  # no button is pressed where none has this value
        assert chosen == (set() if "visibility" in fields else {"visibility"})
        shown = {name: value for name, value in typed.items() if name not in ("visibility", "country")}
        assert {name: kept[name] for name in shown} == shown
        assert kept["country"] == ("" if "country" in fields else "FR")
        assert page.by_id("f-updates").get("checked") is not None
    assert dump(database) == state


@pytest.mark.anyio
async def test_required_fields_of_the_campaign_are_required_here_too(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    terms: dict[str, Any] = {"affiliation": {"label": "Union", "required": True}}
    terms["questions"] = [{"key": "job", "label": "Job", "required": True}]
    campaign = factories.make_campaign(database, **terms)
    draft = factories.sign_and_confirm(database, settings, campaign, affiliation="Bakers", answers={"job": "x"})
    form = {"visibility": "public", "name": "Ana", "country": "ES", "affiliation": " ", "q_job": ""}
    page = page_of(await client.post(own(settings, draft), data=form), 422)
    assert set(page.wrong_fields) == {"affiliation", "q_job"}


@pytest.mark.anyio
async def test_the_address_cannot_be_changed(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    before = get_signature(database, ana)
    page = page_of(await client.get(own(settings, ana)))
    assert page.all("input", name="email") == []
    more = {
        "email": "eve@example.org",
        "email_key": "x",
        "id": "x",
        "serial": "9",
        "removed_at": "",
        "q_more": "x",
    }
    assert (await client.post(own(settings, ana), data=OTHERWISE | more)).status_code == 303
    after = get_signature(database, ana)
    assert (after.email, after.email_key, after.serial) == (before.email, before.email_key, before.serial)
    assert after.answers == {"job": "cook", "phone": "456"}


@pytest.mark.anyio
async def test_who_signed_can_become_more_visible_and_less(
    client: httpx.AsyncClient, database: Database, settings: Settings, site: Site, ana: NewDraft
) -> None:
    """The list and its search follow; nobody else's rows do."""
    factories.sign_and_confirm(
        database, settings, factories.make_campaign(database, slug="other"), name="Ana Else"
    )
    shown = {"public": ["Ana García"], "initials": ["A. G."], "addressee": [], "anonymous": []}
    for visibility in ("public", "initials", "public", "addressee", "public", "anonymous", "public"):
        form = OTHERWISE | {"visibility": visibility}
        assert (await client.post(own(settings, ana), data=form)).status_code == 303
        site.pages._values.clear()
        site.searches._values.clear()
        listed = page_of(await client.get("/c/free-boris/signatures", headers={"If-None-Match": '"x"'}))
        assert [e.text for e in listed.all("bdi", **{"class": "signer__name"})] == shown[visibility]
        with database.reading() as session:
            words = session.scalars(select(SignatureWord.word).where(SignatureWord.campaign_id == ana.campaign_id))
            assert sorted(words) == (["ana", "garcia"] if visibility == "public" else [])


@pytest.mark.anyio
async def test_who_becomes_anonymous_leaves_nothing_that_names_them(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    """What only the campaign sees stays; a wrong name is no obstacle."""
    form = OTHERWISE | {"visibility": "anonymous", "name": "=1+1"}
    assert (await client.post(own(settings, ana), data=form)).status_code == 303
    assert values(get_signature(database, ana)) == {
        "visibility": "anonymous",
        "name": None,
        "country": "FR",
        "city": None,
        "affiliation": None,
        "comment": None,
        "answers": {"phone": "456"},
        "updates": True,
    }
    state = repr(dump(database))
    for trace in ("Sánchez", "García", "sanchez", "garcia", "Madrid", "Paris", "Bakers", "Cooks", "baker", "cook"):
        assert trace not in state
    fields = own_fields(page_of(await client.get(own(settings, ana))), own(settings, ana))
    assert (fields["name"], fields["city"], fields["comment"], fields["q_job"]) == ("", "", "", "")
    page = page_of(await client.post(own(settings, ana), data=fields | {"visibility": "public"}), 422)
    assert page.wrong_fields == ["name"]


@pytest.mark.anyio
async def test_a_visibility_that_is_offered_no_more_is_offered_to_its_holder(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    changed = factories.make_campaign(
        database, **FULL_TERMS, visibility={"choices": ["addressee", "public"], "default": "addressee"}
    )
    boris = factories.sign_and_confirm(database, settings, changed, visibility="public")

    async def offered(draft: NewDraft) -> list[str]:
        page = page_of(await client.get(own(settings, draft)))
        return [e["value"] for e in page.all("input", name="visibility")]

    assert sorted(await offered(ana)) == ["addressee", "initials", "public"]
    assert sorted(await offered(boris)) == ["addressee", "public"]
    keeping = OTHERWISE | {"visibility": "initials"}
    assert page_of(await client.post(own(settings, boris), data=keeping), 422).wrong_fields == ["visibility"]
    wrong = page_of(await client.post(own(settings, ana), data=keeping | {"name": ""}), 422)
    assert own_fields(wrong, own(settings, ana))["visibility"] == "initials"
    assert (await client.post(own(settings, ana), data=keeping)).status_code == 303
    assert get_signature(database, ana).visibility == "initials"
    assert (await client.post(own(settings, ana), data=OTHERWISE)).status_code == 303
    assert sorted(await offered(ana)) == ["addressee", "public"]


@pytest.mark.anyio
async def test_a_client_that_sends_no_visibility_does_not_raise_it(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    """The campaign's default is "public" here, and the signer's own choice is less."""
    form = {name: value for name, value in OTHERWISE.items() if name != "visibility"}
    await client.post(own(settings, ana), data=form)
    assert get_signature(database, ana).visibility == "initials"


@pytest.mark.anyio
async def test_consent_to_mails_is_given_and_taken_back_with_its_words(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    """The words are those that stood beside the box, in the language of the page."""
    label = {"en": "Tell me about Boris", "es": "Cuéntenme de Boris"}
    factories.make_campaign(database, **FULL_TERMS, updates={"label": label})
    first = get_signature(database, ana)
    page = page_of(await client.get(own(settings, ana)))
    assert page.one("q").text == "News, please"  # given under other words than those beside the box now
    assert page.by_id("f-updates").inside[-1].text == label["en"]
    await client.post(own(settings, ana), data=OTHERWISE)
    kept = get_signature(database, ana)
    assert (kept.updates_at, wording_of(database, kept)) == (first.updates_at, "News, please")
    unticked = {name: value for name, value in OTHERWISE.items() if name != "updates"}
    await client.post(own(settings, ana), data=unticked)
    gone = get_signature(database, ana)
    assert (gone.updates, gone.updates_at, gone.updates_key) == (False, None, None)
    assert page_of(await client.get(own(settings, ana))).all("q") == []
    for language in ("es", "en"):
        before = utc_now()
        await client.post(own(settings, ana), data=unticked)
        await client.post(own(settings, ana, f"?lang={language}"), data=OTHERWISE)
        given = get_signature(database, ana)
        assert wording_of(database, given) == label[language]
        assert given.updates_at is not None
        assert before <= given.updates_at <= utc_now()
        assert page_of(await client.get(own(settings, ana))).one("q").text == label[language]


@pytest.mark.anyio
async def test_a_signature_that_was_taken_off_the_list_can_be_seen_and_changed(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    factories.sign_and_confirm(database, settings, campaign, name="Boris")
    removed_at = utc_now()
    set_columns(database, ana, removed_at=removed_at, removed_reason="hate")
    page = page_of(await client.get(own(settings, ana)))
    assert page.all("section", **{"class": "appearance"}) == []
    assert (await client.post(own(settings, ana), data=OTHERWISE)).status_code == 303
    listed = page_of(await client.get("/c/free-boris/signatures"))
    assert [e.text for e in listed.all("bdi", **{"class": "signer__name"})] == ["Boris"]
    data = (await client.get(own(settings, ana, "/data"))).json()
    assert (data["removed_at"], data["removed_reason"]) == (removed_at.isoformat(), "hate")


@pytest.mark.anyio
async def test_a_removed_signature_says_why(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    moderate(database, ana, Act.REMOVE, "abuse")
    words = page_of(await client.get(own(settings, ana))).one("main").text
    assert "The campaign took your signature off its list" in words
    assert "The reason that it gave: insults or threats." in words


@pytest.mark.anyio
async def test_a_hidden_name_or_comment_is_told_in_words_and_still_counts(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, comments={"review": True})
    ana = factories.sign_and_confirm(database, settings, campaign, comment="Free him.")
    hints = {
        "waits": "Somebody of the campaign reads your comment before it is shown",
        "comment": "The campaign does not show your comment and does not hand it over",
        "name": "The campaign does not show your name, nor what you wrote beside it",
        "ask": "If you do not know why, ask Example Committee",
    }

    async def told() -> set[str]:
        page = page_of(await client.get(own(settings, ana)))
        words = page.one("section", **{"class": "appearance"}).text
        named = {"named"} if page.all("bdi", **{"class": "signer__name"}) else set()
        quoted = {"quoted"} if page.all("blockquote", **{"class": "signer__comment"}) else set()
        return {hint for hint, said in hints.items() if said in words} | named | quoted

    assert await told() == {"waits", "named"}
    moderate(database, ana, Act.APPROVE_COMMENT)
    assert await told() == {"named", "quoted"}
    moderate(database, ana, Act.HIDE_COMMENT)
    assert await told() == {"comment", "ask", "named"}
    moderate(database, ana, Act.HIDE_NAME)
    assert await told() == {"name", "ask"}
    page = page_of(await client.get(own(settings, ana)))
    assert page.one("section", **{"class": "appearance"}).text.count("Your signature still counts.") == 1
    data = (await client.get(own(settings, ana, "/data"))).json()
    assert (data["name_hidden"], data["comment_state"]) == (True, "hidden")
    assert [one["action"] for one in data["moderated"]] == ["comment_approved", "comment_hidden", "name_hidden"]
    assert all(set(one) == {"action", "reason", "at"} for one in data["moderated"])
    listed = page_of(await client.get("/c/free-boris/signatures"))
    assert listed.all("bdi", **{"class": "signer__name"}) == []


# Downloading


@pytest.mark.anyio
async def test_the_download_holds_everything_that_is_stored(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    factories.sign_and_confirm(
        database, settings, campaign, name="Boris Planted", city="Planted", email="planted@example.org"
    )
    response = await client.get(own(settings, ana, "/data"))
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["content-disposition"] == 'attachment; filename="signature-free-boris.json"'
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-robots-tag"] == "noindex"
    assert "lanted" not in response.text
    signature, data = get_signature(database, ana), response.json()
    assert data.pop("statement") == {
        "id": campaign.statements["en"].id,
        "language": "en",
        "direction": "ltr",
        "version": 1,
        "title": "Free Boris",
        "summary": "A sociologist is arrested.",
        "body": "He spoke **freely**.\n\nWe answer.",
        "demands": ["His release.", "The dropping of all charges."],
    }
    assert signature.updates_at is not None
    assert data == {
        "campaign": "free-boris",
        "number": 1,
        "name": "Ana Sánchez",
        "email": "ana@example.org",
        "country": "ES",
        "city": "Madrid",
        "affiliation": "Bakers",
        "comment": "With you.\nAlways.",
        "answers": {"job": "baker", "phone": "123"},
        "visibility": "initials",
        "updates": True,
        "updates_wording": "News, please",
        "updates_at": signature.updates_at.isoformat(),
        "interface_language": "en",
        "drafted_at": signature.drafted_at.isoformat(),
        "confirmed_at": signature.confirmed_at.isoformat(),
        "removed_at": None,
        "removed_reason": None,
        "name_hidden": False,
        "comment_state": "not read",
        "moderated": [],
        "delivered": [],
        "on_paper": [],
        "consent_version": 1,
    }


@pytest.mark.anyio
async def test_no_column_of_a_signature_is_left_out_of_the_download(
    client: httpx.AsyncClient, settings: Settings, ana: NewDraft
) -> None:
    """Whoever adds a column decides here whether its signer gets it."""
    data = (await client.get(own(settings, ana, "/data"))).json()
    named_otherwise = {"serial": "number", "language": "interface_language", "statement_id": "statement"}
    named_otherwise |= {"campaign_id": "campaign", "updates_key": "updates_wording"}
    machinery = {"id", "email_key", "link_epoch", "domain", "removed_job"}
    columns = {column.key for column in Signature.__table__.columns} - machinery
    of_other_tables = {"delivered", "on_paper"}
    assert {named_otherwise.get(name, name) for name in columns} | of_other_tables == data.keys()


@pytest.mark.anyio
async def test_what_was_asked_once_is_in_the_download_still(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    factories.make_campaign(database)  # without its questions
    page_of(await client.get(own(settings, ana)))
    data = (await client.get(own(settings, ana, "/data"))).json()
    assert (data["affiliation"], data["answers"]) == ("Bakers", {"job": "baker", "phone": "123"})


# A new link


@pytest.mark.anyio
async def test_a_new_link_makes_the_old_one_worthless(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    boris = factories.sign_and_confirm(
        database, settings, factories.make_campaign(database, slug="other"), email="ana@example.org"
    )
    for epoch in range(3):
        pressed = await client.post(own(settings, ana, "/new-link", epoch))
        assert pressed.headers["location"] == "/c/free-boris/link-sent?lang=en"
        response = await client.get(pressed.headers["location"])
        page = page_of(response)
        assert pressed.headers["cache-control"] == response.headers["cache-control"] == "no-store"
        assert page.one("meta", name="robots")["content"] == "noindex"
        assert "/signature/" not in response.text  # the new one comes by mail alone
        assert get_signature(database, ana).link_epoch == epoch + 1
        for old in range(epoch + 1):
            page_of(await client.get(own(settings, ana, epoch=old)), 404)
        page_of(await client.get(own(settings, ana, epoch=epoch + 1)))
    page_of(await client.get(own(settings, boris)))
    assert queued(database)[2:] == [("own_link", ana.id)] * 3
    page_of(await client.get(own(settings, ana, epoch=4)), 404)


@pytest.mark.anyio
async def test_pressing_many_times_at_once_makes_one_new_link(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    answers = await asyncio.gather(*(client.post(own(settings, ana, "/new-link")) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [303] + [404] * 19
    assert get_signature(database, ana).link_epoch == 1
    assert queued(database) == [("confirm", ana.id), ("own_link", ana.id)]


@pytest.mark.anyio
async def test_strangers_cannot_keep_a_signer_from_a_new_link(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    """They ask for links until the address may get no more mails today; a leaked link is revoked all the same."""
    for _ in range(8):
        await client.post("/c/free-boris/find", data={"email": "ana@example.org"})
    assert len(queued(database)) == 5
    pressed = await client.post(own(settings, ana, "/new-link"))
    assert pressed.headers["location"] == "/c/free-boris/link-sent?lang=en"
    assert len(queued(database)) == 6
    page_of(await client.get(own(settings, ana)), 404)
    page_of(await client.get(own(settings, ana, epoch=1)))


@pytest.mark.anyio
async def test_a_sealed_address_gets_no_mail_and_keeps_its_link(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    set_columns(database, ana, email=None)
    state = dump(database)
    response = await client.post(own(settings, ana, "/new-link"))
    page = page_of(response, 429)
    assert response.headers["cache-control"] == "no-store"
    assert dump(database) == state
    (way_back,) = [e["href"] for e in page.all("a") if e["href"].startswith("/signature/")]
    assert way_back == own(settings, ana, "?lang=en")
    page_of(await client.get(way_back))


# Withdrawing


@pytest.mark.anyio
async def test_withdrawing_asks_first_and_then_erases(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    boris = factories.sign_and_confirm(database, settings, campaign, name="Boris", city="Lyon")
    link = next(
        e["href"] for e in page_of(await client.get(own(settings, ana))).all("a") if "/withdraw?" in e["href"]
    )
    state = dump(database)
    traces = ("Sánchez", "ana@example.org", "Madrid", "Bakers", "'phone': '123'", "With you")
    assert [trace for trace in traces if trace not in repr(state)] == []
    asked = await client.get(link)
    page = page_of(asked)
    assert asked.headers["cache-control"] == "no-store"
    assert dump(database) == state
    assert own(settings, ana, "?lang=en") in [e["href"] for e in page.all("a")]
    action = page.one("form", method="post")["action"]
    assert (action, page.fields()) == (own(settings, ana, "/withdraw?lang=en"), [])
    response = await client.post(action)
    assert (response.status_code, response.headers["location"]) == (303, "/c/free-boris/withdrawn?lang=en")
    assert response.headers["cache-control"] == "no-store"
    assert find_signature(database, ana) is None
    assert counted(database, campaign) == 1
    left = repr({name: rows for name, rows in dump(database).items() if name != "outbox"})
    assert [trace for trace in traces if trace in left] == []
    assert get_signature(database, boris).name == "Boris"


@pytest.mark.anyio
async def test_who_signed_on_paper_too_is_told_that_it_goes_along(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    link, words = own(settings, ana, "/withdraw?lang=en"), "What you signed for this campaign on paper is erased"
    enter(database, settings, campaign)  # others
    assert words not in (await client.get(link)).text
    enter(database, settings, campaign, csv(f"Ana,Madrid,ES,{ana.email}"))
    assert words in (await client.get(link)).text
    assert count_rows(database, PaperSignature) == 3
    await client.post(link)
    assert count_rows(database, PaperSignature) == 2


@pytest.mark.anyio
async def test_the_page_after_withdrawing_tells_nothing_of_anybody(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    before = await client.get("/c/free-boris/withdrawn?lang=en")  # whoever asks, whatever was withdrawn
    await client.post(own(settings, ana, "/withdraw"))
    after = await client.get("/c/free-boris/withdrawn?lang=en")
    page = page_of(after)
    assert seen(after) == seen(before)
    assert after.headers["cache-control"] == "no-store"
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert "http://testserver/c/free-boris?lang=en#sign" in [e["href"] for e in page.all("a")]


@pytest.mark.anyio
async def test_withdrawing_again_says_the_same(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    action = own(settings, ana, "/withdraw?lang=en")
    answers = await asyncio.gather(*(client.post(action) for _ in range(20)))
    state = dump(database)
    answers += [await client.post(action), await client.get(action), await client.get(own(settings, ana))]
    answers.append(await client.post(own(settings, ana), data=OTHERWISE))
    assert {(a.status_code, a.headers["location"]) for a in answers} == {(303, "/c/free-boris/withdrawn?lang=en")}
    assert dump(database) == state
    assert counted(database, campaign) == 0


@pytest.mark.anyio
async def test_who_withdrew_can_sign_again(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    """As a new signature with a link of its own; the old link does not lead to it."""
    await client.post(own(settings, ana, "/withdraw"))
    form = factories.form(email="ana@example.org", name="Ana Again")
    assert (await client.post("/c/free-boris/signatures", data=form)).status_code == 303
    with database.reading() as session:
        again = session.scalars(select(Draft)).one()
    assert queued(database)[-1] == ("confirm", again.id)
    assert (await client.post(confirmation(settings, again))).headers["location"] == "/c/free-boris/thanks?lang=en"
    assert counted(database, campaign) == 1
    page = page_of(await client.get(own(settings, again)))
    assert own_fields(page, own(settings, again))["name"] == "Ana Again"
    old = await client.get(own(settings, ana))
    assert (old.status_code, old.headers["location"]) == (303, "/c/free-boris/withdrawn?lang=en")
    assert counted(database, campaign) == 1


@pytest.mark.anyio
async def test_what_the_campaign_took_off_does_not_come_back_by_withdrawing(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    set_columns(database, ana, removed_at=utc_now(), removed_reason="hate")
    with database.writing() as session:
        session.connection().exec_driver_sql("UPDATE tallies SET counted = counted - 1")
    assert counted(database, campaign) == 0
    kept = await client.post("/c/free-boris/signatures", data=factories.form(email="boris@example.org"))
    assert (await client.post(own(settings, ana, "/withdraw"))).status_code == 303
    assert counted(database, campaign) == 0
    mails = queued(database)
    again = await client.post("/c/free-boris/signatures", data=factories.form(email="ana@example.org"))
    assert seen(again) == seen(kept)
    assert (count_rows(database, Signature), count_rows(database, Draft)) == (0, 1)
    assert queued(database) == mails


@pytest.mark.anyio
async def test_changing_and_withdrawing_at_once_ends_in_one_of_both_and_a_true_count(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    url = own(settings, ana)
    requests = [client.post(url, data=OTHERWISE | {"city": f"City {n}"}) for n in range(10)]
    requests.insert(5, client.post(f"{url}/withdraw"))
    answers = await asyncio.gather(*requests)
    assert {answer.status_code for answer in answers} <= {303, 404}
    assert find_signature(database, ana) is None
    assert counted(database, campaign) == count_rows(database, SignatureWord) == 0


# In every state of the campaign


@pytest.mark.anyio
@pytest.mark.parametrize("state", [name for name in STATES if name != "purged"])
async def test_the_own_page_works_in_every_state_of_the_campaign(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    ana: NewDraft,
    state: str,
) -> None:
    STATES[state](database, campaign)
    url = own(settings, ana)
    page = page_of(await client.get(url))
    assert own_fields(page, url)["name"] == "Ana Sánchez"
    assert (await client.post(url, data=OTHERWISE)).status_code == 303
    assert get_signature(database, ana).name == "Ana García"
    page_of(await client.post(url, data=OTHERWISE | {"name": ""}), 422)
    assert (await client.get(f"{url}/data")).json()["name"] == "Ana García"
    assert (await client.post(f"{url}/new-link")).status_code == 303
    renewed = own(settings, ana, epoch=1)
    page_of(await client.get(f"{renewed}/withdraw"))
    page_of(await client.post(unsubscribe(settings, ana)))
    assert get_signature(database, ana).updates is False
    gone = await client.post(f"{renewed}/withdraw")
    assert (gone.status_code, gone.headers["location"]) == (303, "/c/free-boris/withdrawn?lang=en")
    assert counted(database, campaign) == 0
    after = page_of(await client.get(gone.headers["location"]))
    way_back = [e["href"] for e in after.all("a") if e["href"].endswith("#sign")]
    assert bool(way_back) == (state == "open")


@pytest.mark.anyio
async def test_lists_that_were_handed_over_cannot_be_called_back_and_the_pages_say_so(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    statement = campaign.statements["en"]
    for state in ("open", "closed"):
        STATES[state](database, campaign)
        view = view_campaign(campaign, statement, ENGLISH, "http://testserver", 0, utc_now())
        signing: Any = environment(ENGLISH).get_template("macros/signing.html").make_module({"campaign": view})
        sentence = " ".join(str(signing.not_recalled()).split())
        assert len(sentence) > 40
        for url in (own(settings, ana), own(settings, ana, "/withdraw"), "/c/free-boris/withdrawn"):
            assert sentence in page_of(await client.get(url + "?lang=en")).one("main").text


@pytest.mark.anyio
async def test_every_link_and_place_on_the_pages_leads_somewhere(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    pages = [
        page_of(await client.get(own(settings, ana))),
        page_of(await client.get(own(settings, ana, "?lang=ar&saved=1"))),
        page_of(await client.post(own(settings, ana), data=OTHERWISE | {"name": ""}), 422),
        page_of(await client.get(own(settings, ana, "/withdraw"))),
        page_of(await client.get("/c/free-boris/withdrawn")),
        page_of(await client.get("/c/free-boris/link-sent")),
    ]
    set_columns(database, ana, link_epoch=0)
    targets = set()
    for page in pages:
        links = [e["href"] for e in page.all("a")]
        assert {link[1:] for link in links if link.startswith("#")} <= set(page.ids)
        targets |= {link for link in links if link.startswith(("/", "http://testserver"))}
    assert len(targets) > 20
    for url in targets:
        assert (await client.get(url)).status_code == 200, url


# What the campaign changed meanwhile


@pytest.mark.anyio
async def test_what_the_campaign_asks_for_no_more_is_still_shown_until_it_is_erased(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft, site: Site
) -> None:
    factories.make_campaign(database)  # without affiliation and questions
    site.campaigns.forget("free-boris")
    page = page_of(await client.get(own(settings, ana)))
    facts = {e.text: f.text for e, f in zip(page.all("dt"), page.all("dd"), strict=True)}
    for label, value in (("job", "baker"), ("phone", "123"), ("Organisation", "Bakers")):
        assert facts[label].startswith(value + " "), label
    assert (await client.post(own(settings, ana), data=own_fields(page, own(settings, ana)))).status_code == 303
    signature = get_signature(database, ana)
    assert (signature.answers, signature.affiliation) == (None, None)


@pytest.mark.anyio
async def test_nobody_agrees_to_words_that_were_changed_meanwhile(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft, site: Site
) -> None:
    path = own(settings, ana, "?lang=en")
    set_columns(database, ana, updates=False, updates_key=None, updates_at=None)
    fields = dict(page_of(await client.get(path)).fields(path)) | {"updates": "y"}
    factories.make_campaign(database, **FULL_TERMS | {"updates": {"label": "Other words"}})
    site.campaigns.forget("free-boris")
    again = page_of(await client.post(path, data=fields), 422)
    assert again.wrong_fields == ["updates"]
    assert "checked" not in again.by_id("f-updates").attributes
    assert get_signature(database, ana).updates is False
    fields = dict(again.fields(path)) | {"updates": "y"}
    assert (await client.post(path, data=fields)).status_code == 303
    signature = get_signature(database, ana)
    with database.reading() as session:
        words = session.scalar(select(ConsentWording.text).where(ConsentWording.key == signature.updates_key))
    assert words == "Other words"


@pytest.mark.anyio
async def test_who_gives_no_name_is_not_asked_for_what_stands_beside_one(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft, site: Site
) -> None:
    questions = [
        {"key": "job", "label": "Job", "required": True, "public": True},
        {"key": "phone", "label": "Phone", "required": True},
    ]
    changed = {"affiliation": {"label": "Union", "required": True}, "questions": questions}
    factories.make_campaign(database, **FULL_TERMS | changed)
    site.campaigns.forget("free-boris")
    nameless = {"visibility": "anonymous", "country": "ES"}
    missing = page_of(await client.post(own(settings, ana, "?lang=en"), data=nameless), 422)
    assert missing.wrong_fields == ["q_phone"]
    nameless |= {"q_phone": "1"}
    assert (await client.post(own(settings, ana, "?lang=en"), data=nameless)).status_code == 303
    named = nameless | {"visibility": "public", "name": "Ana"}
    wrong = page_of(await client.post(own(settings, ana, "?lang=en"), data=named), 422).wrong_fields
    assert set(wrong) == {"affiliation", "q_job"}


@pytest.mark.anyio
async def test_a_page_that_was_open_does_not_undo_the_click_that_stopped_mails(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    path = own(settings, ana, "?lang=en")
    fields = dict(page_of(await client.get(path)).fields(path))
    assert fields["updates"] == "y"
    page_of(await client.post(unsubscribe(settings, ana)))
    again = page_of(await client.post(path, data=fields | {"city": "Paris"}), 422)
    assert again.wrong_fields == ["updates"]
    assert "checked" not in again.by_id("f-updates").attributes
    assert get_signature(database, ana).updates is False
    assert (await client.post(path, data=dict(again.fields(path)))).status_code == 303
    signature = get_signature(database, ana)
    assert (signature.city, signature.updates) == ("Paris", False)
