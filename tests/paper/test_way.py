"""The whole way of a sheet: typed, brought in, counted, shown everywhere."""

import httpx
import pytest

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.settings import Settings
from petitions.watching.waiting import count_waiting
from tests.factories import sign_and_confirm
from tests.paper.entering import assert_true, csv, enter
from tests.public.support import own

pytestmark = pytest.mark.anyio


async def test_paper_has_a_line_of_its_own_everywhere(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign, email="ana@example.org")
    sign_and_confirm(database, settings, campaign, name="Bruno Baker", city="Cork")
    imported = enter(
        database,
        settings,
        campaign,
        csv("Ana S,Madrid,ES,ana@example.org", "baker bruno,CORK,IE,", "Carla Cook,Bonn,DE,", "Dora,Bonn,DE,"),
    )
    assert dict(imported.states) == {"online": 1, "waiting": 1, "counted": 2}
    assert assert_true(database, campaign) == 2
    count_waiting(database, utc_now())
    for path in ("/c/free-boris", "/c/free-boris/thanks", "/", "/c/free-boris/signatures", "/embed/free-boris"):
        page = (await client.get(f"{path}?lang=en")).text
        assert "<strong>2</strong> have signed" in page, path
        assert "and <strong>2</strong> on paper" in page, path
    for path in ("/api/v1/campaigns/free-boris", "/api/v1/campaigns"):
        said = (await client.get(path)).json()
        said = said["campaigns"][0] if "campaigns" in said else said
        assert (said["count"], said["on_paper"]) == (2, 2)
    said = (await client.get("/api/v1/campaigns/free-boris/count")).json()
    assert (said["counted"], said["on_paper"], said["on_paper_waiting"], said["on_paper_repeated"]) == (2, 2, 1, 1)
    page = (await client.get("/c/free-boris/count?lang=en")).text
    assert "<strong>1</strong> has the name and city of somebody else" in page
    assert "<strong>1</strong> repeats somebody who signed online" in page


async def test_where_nobody_signed_online_paper_stands_alone(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    enter(database, settings, campaign, csv("Dora,Bonn,DE,"))
    page = (await client.get("/c/free-boris?lang=en")).text
    assert "<strong>1</strong> signed on paper" in page
    assert "Be the first to sign" not in page
    assert "tally__paper" not in page


async def test_without_paper_nothing_is_said_of_it(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    for path in ("/c/free-boris", "/c/free-boris/thanks", "/", "/c/free-boris/count", "/embed/free-boris"):
        assert "on paper" not in (await client.get(f"{path}?lang=en")).text.casefold(), path


async def test_the_data_of_a_signer_hold_their_lines_on_paper_without_the_name(
    client: httpx.AsyncClient, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """A household may share an address: whoever reads its mail does not learn who else signed."""
    columns = "name,city,country,mail,sheet,line,date"
    text = csv("Xenia,Rome,IT,ana@example.org,7,3,2026-11-20", "Dora,Rome,IT,,7,4,", columns=columns)
    draft = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    enter(database, settings, campaign, text)
    said = await client.get(own(settings, draft, "/data"))
    (line,) = said.json()["on_paper"]
    assert {name: line[name] for name in ("sheet", "line", "date")} == {
        "sheet": 7,
        "line": 3,
        "date": "2026-11-20",
    }
    assert "Xenia" not in said.text
