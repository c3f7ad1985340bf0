"""The campaign's own words after signing: its thanks, and what the links to pass it on say."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from petitions.db import Database
from tests import factories
from tests.web.support import page_of

THANKS = {"en": "Come on **Friday**.\n\n<script>alert(1)</script>", "es": "Ven el *viernes*."}
SHARE = {"en": "Sign with us: “100 % free” & more", "es": "Firma con nosotras"}


@pytest.mark.anyio
async def test_the_thanks_of_the_campaign_are_shown_in_the_language_of_the_statement(
    client: httpx.AsyncClient, database: Database
) -> None:
    factories.make_campaign(database, languages=("en", "es"), after_signing={"thanks": THANKS})
    english = page_of(await client.get("/c/free-boris/thanks"))
    assert next(e.text for e in english.all("strong")) == "Friday"
    assert english.all("script") == [e for e in english.all("script") if "src" in e.attributes]
    german = await client.get("/c/free-boris/thanks?lang=de")  # the interface, but no statement
    assert 'class="prose" lang="en" dir="ltr"' in " ".join(german.text.split())
    spanish = await client.get("/c/free-boris/thanks?lang=es")
    assert "Ven el <em>viernes</em>." in spanish.text
    assert "Friday" not in spanish.text
    assert "Friday" not in (await client.get("/c/free-boris/signed")).text  # not before it counts


@pytest.mark.anyio
@pytest.mark.parametrize("below", ["", "/signed", "/thanks"])
@pytest.mark.parametrize("said", [True, False])
async def test_links_to_pass_it_on_say_what_the_campaign_says(
    client: httpx.AsyncClient, database: Database, below: str, said: bool
) -> None:
    changes: dict[str, Any] = {"after_signing": {"share": SHARE}} if said else {}
    factories.make_campaign(database, languages=("en", "es"), **changes)
    page = page_of(await client.get(f"/c/free-boris{below}"))
    targets = [e["href"] for e in page.all("a") if "href" in e.attributes]
    whatsapp = next(url for url in targets if url.startswith("https://wa.me/"))
    expected = SHARE["en"] if said else factories.WORDING.title
    assert parse_qs(urlsplit(whatsapp).query) == {"text": [f"{expected} http://testserver/c/free-boris"]}
    mail = next(url for url in targets if url.startswith("mailto:?"))
    assert parse_qs(urlsplit(mail).query) == {
        "subject": [factories.WORDING.title],
        "body": [f"{expected} http://testserver/c/free-boris"],
    }
    assert next(e for e in page.all("button") if "data-text" in e.attributes)["data-text"] == expected
