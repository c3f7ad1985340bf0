"""The letters to signers: which links they hold, what they keep to themselves, and that opening links is safe."""

import re
from collections.abc import Sequence
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import LANGUAGES
from petitions.mail.composing import compose
from petitions.mail.letters import Letter, build_letters
from petitions.mail.outbox import ClaimedMail
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.letters import SignerLetters
from petitions.signatures.models import Refusal
from petitions.tokens import Tokens
from tests import factories
from tests.public.support import STATES, confirmation, dump, get_signature, not_me, own, set_columns
from tests.web.support import page_of

#: The title must be found again in mails and pages.
TERMS: dict[str, Any] = {
    "responsible": {"name": "Planted Committee", "email": "planted@example.org", "address": "Planted Street 1"},
    "wordings": {"en": replace(factories.WORDING, title="Planted Title")},
}
NEUTRAL: dict[str, Any] = {"mail": {"subject": "Your registration", "sender_name": "Office"}}


def claimed(kind: str, row: NewDraft, language: str = "en") -> ClaimedMail:
    return ClaimedMail(uuid4(), kind, row.campaign_id, row.id, language, 1)


def letters_of(settings: Settings) -> SignerLetters:
    return SignerLetters(settings.base_url, Tokens(settings.secret_keys))


def build(database: Database, settings: Settings, *mails: ClaimedMail) -> list[Letter]:
    with database.reading() as session:
        built = build_letters(session, letters_of(settings).builders(), mails)
    return [built[mail.id] for mail in mails if mail.id in built]


def received(letter: Letter, settings: Settings) -> EmailMessage:
    """The message as its recipient's program reads it."""
    raw = compose(uuid4(), letter, settings, utc_now()).as_bytes()
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def bodies(message: EmailMessage) -> tuple[str, str]:
    """As text and as HTML."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return str(plain.get_content()), str(html.get_content())


def urls_in(message: EmailMessage) -> set[str]:
    """Every address of this site, from both bodies and the headers."""
    text, html = bodies(message)
    linked = set(re.findall(r'href="(http://testserver[^"]*)"', html))
    typed = set(re.findall(r"http://testserver\S*", text))
    header = set(re.findall(r"<(http[^>]*)>", str(message["List-Unsubscribe"] or "")))
    assert typed <= linked  # the HTML holds what the text does, and its frame one more
    return {url.replace("&amp;", "&") for url in linked | typed | header}


def same_link(url: str, path: str) -> bool:
    """Whether both hold the same token, but for the second in which it was made."""
    ours, theirs = url.removeprefix("http://testserver").partition("?")[0].split("/"), path.split("/")
    return [part.partition(".")[0] for part in ours] == [part.partition(".")[0] for part in theirs]


@pytest.mark.anyio
@pytest.mark.parametrize("language", ["en", "ar"])
async def test_the_first_mail_leads_to_confirming_to_the_own_page_and_to_refusing(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, language: str
) -> None:
    draft = factories.sign(database, settings, campaign, language=language)
    (letter,) = build(database, settings, claimed("confirm", draft, language))
    message = received(letter, settings)
    assert message["To"] == draft.email
    tokens = [url for url in urls_in(message) if "/c/" not in url and url != "http://testserver"]
    assert len(tokens) == 3
    for path in (confirmation(settings, draft), own(settings, draft), not_me(settings, draft)):
        (url,) = [url for url in tokens if same_link(url, path)]
        assert url.endswith(f"?lang={language}")
        response = await client.get(url, follow_redirects=True)
        assert page_of(response).one("html")["lang"] == language
        text, html = bodies(message)
        assert url in text
        assert url in html


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["own_link", "already_signed"])
async def test_later_mails_hold_the_link_that_works_today(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, kind: str
) -> None:
    draft = factories.sign_and_confirm(database, settings, campaign, name="Ana Typed")
    await client.post(own(settings, draft, "/new-link"))
    (letter,) = build(database, settings, claimed(kind, draft, "es"))
    (url,) = [url for url in urls_in(received(letter, settings)) if "/signature/" in url]
    assert same_link(url, own(settings, draft, epoch=1))
    assert page_of(await client.get(url)).one("html")["lang"] == "es"


def test_the_mail_with_the_link_names_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whoever typed the address into the form need not be who signed."""
    draft = factories.sign_and_confirm(
        database, settings, campaign, name="Planted Name", city="Planted", comment="P"
    )
    (letter,) = build(database, settings, claimed("own_link", draft))
    assert "lanted" not in received(letter, settings).as_string()


def mails_of(
    database: Database, settings: Settings, campaign: CampaignSnapshot, language: str
) -> Sequence[EmailMessage]:
    """One of each kind."""
    draft = factories.sign(database, settings, campaign, name="Ana", comment="Mine.")
    signed = factories.sign_and_confirm(database, settings, campaign, name="Ana")
    mails = [claimed("confirm", draft, language)]
    mails += [claimed(kind, signed, language) for kind in ("already_signed", "own_link")]
    letters = build(database, settings, *mails)
    update = replace(
        letters[2],
        unsubscribe_url=letters_of(settings).unsubscribe_url(get_signature(database, signed), language),
    )
    assert [letter.unsubscribe_url for letter in letters] == [None] * 3  # none of these needs the consent
    return [received(letter, settings) for letter in (*letters, update)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_letter_says_something_in_every_language(
    database: Database, settings: Settings, language: str
) -> None:
    campaign = factories.make_campaign(database, **TERMS)
    neutral = factories.make_campaign(database, slug="neutral", **TERMS, **NEUTRAL)
    for said_to in (campaign, neutral):
        for message in mails_of(database, settings, said_to, language):
            assert message["Content-Language"] == language
            assert len(message["Subject"]) > 5
            text, html = bodies(message)
            assert f'<html lang="{language}"' in html
            for body in (text, html):
                assert len(body) > 100
                assert "{{" not in body
                assert "None" not in body


def test_a_neutral_mail_does_not_say_what_it_is_about(database: Database, settings: Settings) -> None:
    """Neither to whom else opens the mailbox nor on a locked screen."""
    plain = factories.make_campaign(database, slug="plain", **TERMS)
    neutral = factories.make_campaign(database, slug="neutral", **TERMS, **NEUTRAL)
    for message in mails_of(database, settings, plain, "en")[:3]:
        assert "Planted" in message.as_string()
    for message in mails_of(database, settings, neutral, "en"):
        assert message["Subject"] == "Your registration"
        assert message["From"].addresses[0].display_name == "Office"
        for body in bodies(message):
            words = re.sub(r"[\w-]+\.[\w-]+\.[\w-]+", "TOKEN", body).lower()
            assert "planted" not in words
            assert "mine." not in words
            assert re.findall(r"\w*sign(?:ed|s|ature)\w*|campaign\w*|statement\w*|petition\w*", words) == []
            assert "/c/" not in words


def test_no_letter_for_whom_none_is_meant(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    held = factories.sign(database, settings, campaign, trapped=True)
    sealed = factories.sign_and_confirm(database, settings, campaign)
    set_columns(database, sealed, email=None)
    gone = factories.make_draft(campaign, settings)
    purged = factories.make_campaign(database, slug="purged")
    erased = factories.sign_and_confirm(database, settings, purged)
    STATES["purged"](database, purged)
    mails = [claimed("confirm", held), claimed("own_link", sealed), claimed("already_signed", sealed)]
    mails += [claimed(kind, row) for kind in ("confirm", "own_link", "already_signed") for row in (gone, erased)]
    assert build(database, settings, *mails) == []


@pytest.mark.anyio
async def test_a_mail_that_was_queued_before_the_refusal_is_not_sent(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    first = factories.sign(database, settings, campaign, email="ana@example.org", name="A")
    second = factories.sign(database, settings, campaign, email="ana@example.org", name="B")
    other = factories.sign(database, settings, campaign, email="boris@example.org")
    mails = [claimed("confirm", draft) for draft in (first, second, other)]
    assert len(build(database, settings, *mails)) == 3
    page_of(await client.post(not_me(settings, first)))
    assert [letter.recipient for letter in build(database, settings, *mails)] == ["boris@example.org"]
    # nor is that of a draft which was stored in the moment of the refusal
    with database.writing() as session:
        session.execute(update(Refusal).values(email_key=other.email_key))
    assert build(database, settings, *mails) == []


@pytest.mark.anyio
async def test_a_program_that_opens_every_link_of_every_mail_changes_nothing(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """As scanners of mail do, and then every link of the pages behind them."""
    waiting, signed, refused = (
        factories.sign(
            database, settings, campaign, email=f"{who}@example.org", updates=True, updates_wording="News"
        )
        for who in ("waiting", "signed", "refused")
    )
    letters = build(database, settings, *(claimed("confirm", draft) for draft in (waiting, signed, refused)))
    factories.confirm(database, signed)
    await client.post(not_me(settings, refused))
    letters += build(database, settings, claimed("own_link", signed), claimed("already_signed", signed))
    assert len(letters) == 5
    update_url = letters_of(settings).unsubscribe_url(get_signature(database, signed), "en")
    letters.append(replace(letters[-1], unsubscribe_url=update_url))
    to_open = {url for letter in letters for url in urls_in(received(letter, settings))}
    state, opened = dump(database), set()
    while to_open:
        url = to_open.pop().removeprefix("http://testserver").partition("#")[0] or "/"
        if url in opened or not url.startswith("/"):
            continue
        opened.add(url)
        assert (await client.head(url)).status_code < 500
        response = await client.get(url)
        assert response.status_code in (200, 303, 404), url
        if response.status_code == 303:
            to_open.add(response.headers["location"])
        elif response.headers["content-type"].startswith("text/html"):
            page = page_of(response, response.status_code)
            to_open |= {e["href"] for e in page.all("a") if e.get("hreflang") in (None, "en")}
    assert dump(database) == state
    places = {re.sub(r"/[\w-]+\.[\w-]+\.[\w-]+", "/TOKEN", url).partition("?")[0] for url in opened}
    assert places >= {
        "/confirm/TOKEN",
        "/confirm/TOKEN/not-me",
        "/signature/TOKEN",
        "/signature/TOKEN/data",
        "/signature/TOKEN/withdraw",
        "/unsubscribe/TOKEN",
        "/c/free-boris/find",
        "/c/free-boris/thanks",
    }
