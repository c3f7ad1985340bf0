"""The page that tells how to check a delivery, and the key itself."""

from dataclasses import replace
from datetime import date

import httpx
import pytest

from petitions.delivery.readme import COMMANDS
from petitions.delivery.site_keys import grouped, parse_public_key, signing_key
from petitions.i18n import LANGUAGES
from petitions.kept_keys import EarlierKey
from petitions.settings import Settings
from tests.conftest import serving
from tests.web.support import page_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_shows_the_fingerprint_and_the_commands(
    client: httpx.AsyncClient, settings: Settings, language: str
) -> None:
    answer = await client.get("/verify", params={"lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    assert grouped(signing_key(settings).public.fingerprint) in answer.text
    page = page_of(answer)
    assert [code.text for code in page.all("code")][:3] == list(COMMANDS)
    assert "noindex" not in answer.text


async def test_the_key_as_files(client: httpx.AsyncClient, settings: Settings) -> None:
    key = signing_key(settings).public
    pem = await client.get("/verify/key.pem")
    assert (pem.content, pem.headers["content-type"]) == (key.pem, "application/x-pem-file")
    assert parse_public_key(pem.content) == key
    answer = await client.get("/verify/key.json")
    assert answer.json() == {
        "algorithm": "Ed25519",
        "public": key.raw.hex(),
        "fingerprint": key.fingerprint,
        "site": settings.base_url,
        "earlier": [],
    }


async def test_keys_that_signed_before_are_shown_with_their_last_day(
    client: httpx.AsyncClient, settings: Settings
) -> None:
    assert "Keys that signed before" not in (await client.get("/verify?lang=en")).text
    earlier = (EarlierKey("c" * 64, date(2027, 3, 1)), EarlierKey("ab12" * 16, date(2026, 11, 30)))
    async with serving(replace(settings, earlier_keys=earlier)) as (_app, changed):
        page = (await changed.get("/verify?lang=en")).text
        said = (await changed.get("/verify/key.json")).json()
    places = [page.index(text) for text in ("Until 1 March 2027:", grouped("c" * 64), grouped("ab12" * 16))]
    assert places == sorted(places)
    assert said["fingerprint"] == signing_key(settings).public.fingerprint
    assert said["earlier"] == [
        {"fingerprint": "c" * 64, "until": "2027-03-01"},
        {"fingerprint": "ab12" * 16, "until": "2026-11-30"},
    ]


async def test_nothing_of_the_secret_half_is_shown(client: httpx.AsyncClient, settings: Settings) -> None:
    for path in ("/verify", "/verify/key.pem", "/verify/key.json"):
        assert settings.signing_key.strip() not in (await client.get(path)).text


async def test_a_site_without_a_key_has_no_such_page(settings: Settings) -> None:
    async with serving(replace(settings, signing_key="")) as (_app, client):
        for path in ("/verify", "/verify/key.pem", "/verify/key.json"):
            assert (await client.get(path)).status_code == 404
