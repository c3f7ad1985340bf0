"""The one click that stops mails: by the reader, or by the mail program itself (RFC 8058)."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace
from email import message_from_bytes, policy
from typing import Any
from uuid import uuid4

import httpx
import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.composing import compose
from petitions.mail.outbox import ClaimedMail
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.letters import SignerLetters
from petitions.signatures.models import Signature
from petitions.tokens import Tokens
from tests import factories
from tests.public.support import FULL_TERMS, STATES, counted, dump, get_signature, own, seen, unsubscribe
from tests.web.support import page_of

ONE_CLICK = b"List-Unsubscribe=One-Click"
URLENCODED = "application/x-www-form-urlencoded"


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, **FULL_TERMS)


@pytest.fixture
def ana(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    """Somebody who agreed to mails."""
    return factories.sign_and_confirm(
        database, settings, campaign, name="Ana Planted", updates=True, updates_wording="News, please"
    )


def consent(database: Database, draft: NewDraft) -> tuple[object, ...]:
    signature = get_signature(database, draft)
    return (signature.updates, signature.updates_key, signature.updates_at)


def headers_of_update(database: Database, settings: Settings, signature: Signature) -> Mapping[str, str]:
    """The headers of a mail that needs the consent, as its recipient gets them."""
    letters = SignerLetters(settings.base_url, Tokens(settings.secret_keys))
    mail = ClaimedMail(uuid4(), "own_link", signature.campaign_id, signature.id, "es", 1)
    with database.reading() as session:
        (letter,) = letters.own_link(session, [mail]).values()
    letter = replace(letter, unsubscribe_url=letters.unsubscribe_url(signature, "es"))
    raw = compose(mail.id, letter, settings, utc_now()).as_bytes()
    return dict(message_from_bytes(raw, policy=policy.default).items())


@pytest.mark.anyio
@pytest.mark.parametrize("state", [name for name in STATES if name != "purged"])
async def test_what_the_headers_of_a_mail_say_stops_the_mails(
    client: httpx.AsyncClient,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    ana: NewDraft,
    state: str,
) -> None:
    """POST exactly what List-Unsubscribe-Post says to what List-Unsubscribe names; no redirect, no question."""
    boris = factories.sign_and_confirm(database, settings, campaign, updates=True, updates_wording="News, please")
    STATES[state](database, campaign)
    headers = headers_of_update(database, settings, get_signature(database, ana))
    match = re.fullmatch(r"<(http://testserver/unsubscribe/[^<>\s]+)>", headers["List-Unsubscribe"])
    assert match is not None
    body = headers["List-Unsubscribe-Post"].encode()
    assert body == ONE_CLICK
    before = get_signature(database, ana)
    response = await client.post(match[1], content=body, headers={"Content-Type": URLENCODED})
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert consent(database, ana) == (False, None, None)
    assert consent(database, boris)[0] is True
    after = get_signature(database, ana)
    kept = [c.key for c in Signature.__table__.columns if not c.key.startswith("updates")]
    assert {n: getattr(after, n) for n in kept} == {n: getattr(before, n) for n in kept}
    assert counted(database, campaign) == 2


@pytest.mark.anyio
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://mail.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://mail.example"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
async def test_mail_programs_send_it_from_anywhere(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft, headers: dict[str, str]
) -> None:
    url = unsubscribe(settings, ana)
    response = await client.post(url, content=ONE_CLICK, headers=headers | {"Content-Type": URLENCODED})
    assert response.status_code == 200
    assert consent(database, ana) == (False, None, None)


@pytest.mark.anyio
async def test_a_body_of_either_form_or_none_will_do(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """RFC 8058 names two content types; the button of the page sends an empty form."""
    fields = [("List-Unsubscribe", (None, "One-Click"))]
    requests: list[dict[str, Any]] = [
        {"content": ONE_CLICK, "headers": {"Content-Type": URLENCODED}},
        {"files": fields},
        {"data": {}},
        {"content": b"", "headers": {"Content-Type": URLENCODED}},
        {"content": b"\xff\x00", "headers": {"Content-Type": "text/plain"}},
    ]
    for request in requests:
        draft = factories.sign_and_confirm(database, settings, campaign, updates=True, updates_wording="News")
        assert (await client.post(unsubscribe(settings, draft), **request)).status_code == 200
        assert consent(database, draft) == (False, None, None)


@pytest.mark.anyio
async def test_opening_the_link_asks_and_the_button_does_it(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    state = dump(database)
    url = unsubscribe(settings, ana)
    head, response = await client.head(f"{url}?lang=es"), await client.get(f"{url}?lang=es")
    for answer in (head, response):
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    page = page_of(response)
    assert page.one("html")["lang"] == "es"
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert "lanted" not in response.text
    assert ana.email not in response.text
    assert dump(database) == state
    assert page.one("form", method="post")["action"] == f"{url}?lang=es"
    done = await client.post(f"{url}?lang=es")
    assert page_of(done).all("form", method="post") == []
    assert "lanted" not in done.text
    assert consent(database, ana) == (False, None, None)


@pytest.mark.anyio
async def test_again_and_again_is_the_same_state_and_the_same_answer(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    answers = await asyncio.gather(*(client.post(unsubscribe(settings, ana)) for _ in range(10)))
    state = dump(database)
    answers.append(await client.post(unsubscribe(settings, ana)))
    assert len({seen(answer) for answer in answers}) == 1
    assert dump(database) == state


@pytest.mark.anyio
async def test_the_link_works_whatever_became_of_the_others(
    client: httpx.AsyncClient, database: Database, settings: Settings, ana: NewDraft
) -> None:
    """And a consent that is given anew can be stopped by it anew."""
    await client.post(own(settings, ana, "/new-link"))
    page_of(await client.post(unsubscribe(settings, ana)))
    assert consent(database, ana) == (False, None, None)
    form = {"name": "Ana", "country": "ES", "visibility": "public", "updates": "y"}
    assert (await client.post(own(settings, ana, epoch=1), data=form)).status_code == 303
    assert consent(database, ana)[0] is True
    page_of(await client.post(unsubscribe(settings, ana)))
    assert consent(database, ana) == (False, None, None)


@pytest.mark.anyio
async def test_after_a_purge_it_is_still_answered_in_peace(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    STATES["purged"](database, campaign)
    state = dump(database)
    page_of(await client.get(unsubscribe(settings, ana)))
    page_of(await client.post(unsubscribe(settings, ana), content=ONE_CLICK))
    assert dump(database) == state
