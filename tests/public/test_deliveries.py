"""What was delivered, as everybody sees it: on the campaign's page, on a page of its own, as JSON; and what each
signer sees of their own."""

from dataclasses import replace
from datetime import date

import httpx
import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.web.site import Site
from tests import factories
from tests.api.test_campaigns import conform, schema_of
from tests.console.support import Queries
from tests.delivery.test_deliveries import EMBASSY, make_list, record, take_back
from tests.delivery.test_evidence import PICTURE, add, describe, files
from tests.public.support import own
from tests.web.support import page_of

PAGE = "/c/free-boris/deliveries"
API = "/api/v1/campaigns/free-boris/deliveries"

pytestmark = pytest.mark.anyio


def forget(site: Site) -> None:
    """What lies in the caches for some seconds."""
    for cache in (site.pages, site.timelines, site.evidence):
        cache._values.clear()


async def test_it_stands_on_the_page_of_the_campaign(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    record(database, campaign, replace(EMBASSY, organisations=3, note="They promised."))
    record(database, campaign, replace(EMBASSY, recipient="somebody quiet", shown=False))
    words = page_of(await client.get("/c/free-boris?lang=en")).one("main").text
    sentence = (
        "3,210 signatures, 12 signatures on paper and the names of 3 organisations handed to the embassy of "
        "Bulgaria in Madrid on 3 November 2026"
    )
    assert sentence in words
    assert "somebody quiet" not in words
    page = page_of(await client.get(f"{PAGE}?lang=en"))
    assert sentence in page.one("main").text
    assert "They promised." in page.one("main").text
    assert "The campaign counted them itself." in page.one("main").text


async def test_the_last_three_stand_there_and_all_on_a_page_of_their_own(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    for day in range(1, 6):
        record(database, campaign, replace(EMBASSY, recipient=f"court {day}", delivered_on=date(2026, 11, day)))
    page = page_of(await client.get("/c/free-boris?lang=en"))
    assert [n for n in range(1, 6) if f"court {n}" in page.one("main").text] == [3, 4, 5]
    assert [e for e in page.all("a") if e.get("href") == f"{PAGE}?lang=en"]
    words = page_of(await client.get(f"{PAGE}?lang=en")).one("main").text
    assert [words.index(f"court {n}") for n in range(5, 0, -1)] == sorted(
        words.index(f"court {n}") for n in range(1, 6)
    )


async def test_nothing_is_said_where_nothing_was_delivered(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    record(database, campaign, replace(EMBASSY, shown=False))
    assert PAGE not in (await client.get("/c/free-boris?lang=en")).text
    page = page_of(await client.get(f"{PAGE}?lang=en"))
    assert "Nothing was delivered yet." in page.one("main").text
    assert page.one("meta", name="robots")["content"] == "noindex"
    assert (await client.get(API)).json() == {"slug": "free-boris", "deliveries": []}


@pytest.mark.parametrize(
    ("people", "on_paper", "organisations", "words"),
    [
        (1, 0, 0, "1 signature handed to"),
        (0, 2, 0, "2 signatures on paper handed to"),
        (0, 0, 1, "the names of 1 organisation handed to"),
        (5, 0, 2, "5 signatures and the names of 2 organisations handed to"),
        (0, 0, 0, "Signatures handed to"),
    ],
)
async def test_what_there_is_is_said(
    client: httpx.AsyncClient,
    database: Database,
    campaign: CampaignSnapshot,
    people: int,
    on_paper: int,
    organisations: int,
    words: str,
) -> None:
    record(database, campaign, replace(EMBASSY, people=people, on_paper=on_paper, organisations=organisations))
    page = page_of(await client.get(f"{PAGE}?lang=en"))
    (line,) = [e for e in page.all("p") if "timeline__what" in (e.get("class") or "")]
    assert line.text.startswith(words)


@pytest.mark.parametrize(
    ("way", "words"), [("mailed", "sent to"), ("uploaded", "uploaded for"), ("other", "delivered to")]
)
async def test_how_it_went_is_said(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot, way: str, words: str
) -> None:
    record(database, campaign, replace(EMBASSY, way=way))
    assert f"{words} the embassy" in page_of(await client.get(f"{PAGE}?lang=en")).one("main").text


async def test_what_leads_write_is_never_markup(
    client: httpx.AsyncClient, database: Database, campaign: CampaignSnapshot
) -> None:
    record(database, campaign, replace(EMBASSY, recipient="<b>court</b>", note="<script>1</script>"))
    for path in ("/c/free-boris", PAGE):
        text = (await client.get(path)).text
        assert "<b>court" not in text
        assert "&lt;b&gt;court" in text
        assert "<script>1" not in text


async def test_pictures_are_shown_as_long_as_leads_show_them(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    row = record(database, campaign)
    shown, kept = add(database, row, campaign), add(database, row, campaign, replace(PICTURE, content=b"secret"))
    describe(database, row, campaign, shown, 'People with "boxes"', shown=True)
    page = page_of(await client.get(PAGE))
    image = page.one("img")
    assert (image["alt"], image["loading"], image["width"]) == ('People with "boxes"', "lazy", "640")
    answer = await client.get(image["src"])
    assert (answer.content, answer.headers["content-type"]) == (PICTURE.content, "image/webp")
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = await client.get(image["src"], headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    hidden = next(one for one in files(database, row) if one.id == kept)
    for wrong in (
        f"{PAGE}/{kept}-{hidden.digest[:16]}.webp",
        f"{PAGE}/{shown}-{hidden.digest[:16]}.webp",
        image["src"].replace("free-boris", "free-nobody"),
    ):
        assert (await client.get(wrong)).status_code == 404
    describe(database, row, campaign, shown, "People", shown=False)
    forget(site)
    assert (await client.get(image["src"])).status_code == 404
    assert page_of(await client.get(f"{PAGE}?lang=es")).all("img") == []


async def test_it_is_json_as_it_is_described(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    row = record(
        database, campaign, replace(EMBASSY, export_id=make_list(database, settings, campaign), note="Hi")
    )
    record(database, campaign, replace(EMBASSY, way="other", remark="secret", delivered_on=date(2026, 11, 9)))
    which = add(database, row, campaign)
    describe(database, row, campaign, which, "People", shown=True)
    response = await client.get(API)
    _, schema = await schema_of(client, "/api/v1/campaigns/{slug}/deliveries", "200")
    conform(response.json(), schema)
    assert response.headers["access-control-allow-origin"] == "*"
    typed, listed = response.json()["deliveries"]
    assert typed == {
        "delivered_on": "2026-11-09",
        "recipient": EMBASSY.recipient,
        "way": "other",
        "signatures": 3210,
        "on_paper": 12,
        "organisations": 0,
        "counted_by": "campaign",
        "note": None,
        "pictures": [],
    }
    assert (listed["signatures"], listed["counted_by"], listed["note"]) == (1, "site", "Hi")
    (picture,) = listed["pictures"]
    assert (await client.get(picture["url"])).content == PICTURE.content
    assert "secret" not in response.text
    assert (await client.get(API.replace("boris", "nobody"))).status_code == 404


async def test_a_signer_sees_where_their_signature_went(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    ana = factories.sign_and_confirm(database, settings, campaign, name="Ana")
    first = make_list(database, settings, campaign)
    ben = factories.sign_and_confirm(database, settings, campaign, name="Ben")
    row = record(database, campaign, replace(EMBASSY, export_id=first, shown=False, remark="secret"))
    page = page_of(await client.get(own(settings, ana) + "?lang=en"))
    (line,) = [e for e in page.all("li") if "a list handed to" in e.text]
    assert line.text == f"a list handed to {EMBASSY.recipient} on 3 November 2026"
    assert "secret" not in page.one("main").text
    data = (await client.get(own(settings, ana, "/data"))).json()
    assert data["delivered"] == [{"on": "2026-11-03", "to": EMBASSY.recipient, "way": "handed_over"}]
    assert "Where your signature went" not in (await client.get(own(settings, ben) + "?lang=en")).text
    assert (await client.get(own(settings, ben, "/data"))).json()["delivered"] == []
    take_back(database, campaign, row)
    assert "Where your signature went" not in (await client.get(own(settings, ana) + "?lang=en")).text


async def test_the_history_stays_when_the_names_go(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    factories.sign_and_confirm(database, settings, campaign)
    record(database, campaign, replace(EMBASSY, export_id=make_list(database, settings, campaign)))
    assert purge(database, campaign.id, utc_now()).done
    words = page_of(await client.get(f"{PAGE}?lang=en")).one("main").text
    assert "1 signature handed to the embassy" in words
    assert "counted them itself" not in words


async def test_readers_of_all_languages_share_one_look_into_the_store(
    client: httpx.AsyncClient, database: Database, site: Site, campaign: CampaignSnapshot
) -> None:
    record(database, campaign)
    await client.get("/c/free-boris?lang=en")
    with Queries(site.database) as queries:
        assert "3,210" in (await client.get("/c/free-boris?lang=en")).text
    assert queries.count == 0
    with Queries(site.database) as queries:
        assert "3.210" in (await client.get("/c/free-boris?lang=es")).text
    assert queries.count <= 3  # the count, the latest names
