"""The organisations that co-sign, wherever everybody sees them."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.i18n import translator
from petitions.organisations.counting import lock, unshow
from petitions.organisations.listing import Shown
from petitions.organisations.models import DECLINED, Organisation
from petitions.organisations.requesting import add
from petitions.privacy.purging import purge
from petitions.public.campaigns import Visit
from petitions.public.organisations import order_for
from petitions.settings import Settings
from petitions.web.site import Site
from tests import factories
from tests.console.support import Queries
from tests.organisations.test_shown import ONE, numbered, shown
from tests.web.support import Page, page_of

PAGE = "/c/free-boris/organisations"
BOTH: dict[str, Any] = {"signers": ["individuals", "organisations"]}
ONLY: dict[str, Any] = {"signers": ["organisations"]}


def texts(page: Page, css_class: str) -> list[str]:
    """The words of every element of a class."""
    return [e.text for e in page.elements if css_class in e.attributes.get("class", "").split()]


def fill(site: Site, campaign: CampaignSnapshot, organisations: Shown) -> None:
    """Let the site know these, as if it had read them just now."""

    async def load(_campaign_id: int) -> Shown:
        return organisations

    site.organisations._load = load
    site.organisations.forget(campaign.id)


@pytest.mark.anyio
async def test_the_page_groups_them_and_says_what_each_says_of_itself(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, languages=("en", "ar"), **BOTH)
    factories.cosign(
        database,
        settings,
        campaign,
        name="Bakers <b>",
        members=48000,
        comment="Con vosotros.\nSiempre.",
        language="es",
        website="https://bakers.example.org/x?a=1&b=2",
    )
    factories.cosign(
        database, settings, campaign, name="Peace", kind="students", country="DE", city=None, website=""
    )
    factories.cosign(database, settings, campaign, name="Pinned", kind="media", pin=1)
    factories.sign_and_confirm(database, settings, campaign)
    answer = await client.get(PAGE)
    page = page_of(answer)
    assert answer.status_code == 200
    assert page.heading == "Organisations that co-sign"
    assert texts(page, "lede") == ["3 organisations representing 48,000 members"]
    assert texts(page, "cosigned__people") == ["Beside them 1 person has signed."]
    assert [e.text for e in page.elements if e.tag in ("h2", "h3")] == [
        "Named first",
        "Unions",
        "Ireland",
        "Student groups",
        "Germany",
    ]
    assert texts(page, "organisation__name") == ["Pinned", "Bakers <b>", "Peace"]
    assert texts(page, "organisation__place") == [
        "Editorial board or publisher Cork Ireland",
        "Cork 48,000 members",
    ]
    link = page.one("a", href="https://bakers.example.org/x?a=1&b=2")
    assert set(link["rel"].split()) == {"nofollow", "noopener", "noreferrer", "ugc"}
    (words,) = [e for e in page.elements if e.tag == "blockquote"]
    assert (words["lang"], words["dir"]) == ("es", "auto")
    assert "Clara" not in answer.text
    assert "Secretary" not in answer.text
    assert "@union" not in answer.text
    assert "+353" not in answer.text


@pytest.mark.anyio
async def test_the_page_is_kept_for_everybody_and_may_be_found(
    client: httpx.AsyncClient, site: Site, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    factories.cosign(database, settings, campaign)
    with Queries(site.database) as queries:
        first = await client.get(PAGE)
        asked = queries.count
        again = await client.get(PAGE)
        assert queries.count == asked
    assert again.headers["etag"] == first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=0, s-maxage=10, stale-while-revalidate=30"
    assert "set-cookie" not in first.headers
    assert 'rel="canonical"' in first.text
    assert 'content="noindex"' not in first.text
    assert 'content="noindex"' in (await client.get(f"{PAGE}?q=union")).text


@pytest.mark.anyio
@pytest.mark.parametrize("many", [1, 3])
async def test_as_many_queries_for_one_as_for_three(
    client: httpx.AsyncClient, site: Site, database: Database, settings: Settings, many: int
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    for number in range(many):
        factories.cosign(database, settings, campaign, name=f"Union {number}")
    await client.get("/c/free-boris/privacy")  # the campaign is known
    with Queries(site.database) as queries:
        assert len(texts(page_of(await client.get(PAGE)), "organisation__name")) == many
    assert queries.count == 3


@pytest.mark.anyio
async def test_who_is_taken_down_or_withdraws_is_gone_from_the_page(
    client: httpx.AsyncClient, site: Site, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    factories.cosign(database, settings, campaign, name="Stays")
    asked = factories.cosign(database, settings, campaign, name="Goes")
    assert texts(page_of(await client.get(PAGE)), "organisation__name") == ["Goes", "Stays"]
    with database.writing() as session:
        tally = lock(session, campaign.id)
        unshow(tally, session.get_one(Organisation, (campaign.id, asked.id)), DECLINED)
    site.organisations.forget(campaign.id)
    site.pages._values.clear()
    answer = await client.get(f"{PAGE}?lang=en")
    assert texts(page_of(answer), "organisation__name") == ["Stays"]


@pytest.mark.anyio
async def test_who_waits_is_nowhere(client: httpx.AsyncClient, database: Database, settings: Settings) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    with database.writing() as session:
        add(session, factories.organisation_request(campaign, settings, name="Planted"))
    for path in (PAGE, "/c/free-boris", "/", "/embed/free-boris", "/api/v1/campaigns/free-boris/organisations"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert "Planted" not in answer.text
    assert texts(page_of(await client.get(PAGE)), "empty") == [
        "No organisation has co-signed yet. Let yours be the first."
    ]


@pytest.mark.anyio
async def test_there_is_no_page_where_no_organisation_can_sign_unless_some_have(
    client: httpx.AsyncClient, site: Site, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database)
    assert (await client.get(PAGE)).status_code == 404
    assert (await client.get("/api/v1/campaigns/free-boris/organisations")).status_code == 404
    fill(site, campaign, shown(ONE))
    answer = await client.get(PAGE)
    assert answer.status_code == 200
    assert "/organisations/new" not in answer.text


@pytest.mark.anyio
async def test_many_stand_on_pages_of_which_each_is_kept(
    client: httpx.AsyncClient, site: Site, database: Database
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    crowd = numbered(*({"name": f"Local {n}", "country": "DE" if n > 200 else "AT"} for n in range(1, 701)))
    fill(site, campaign, shown(*crowd))
    seen: list[str] = []
    for number in (1, 2, 3):
        page = page_of(await client.get(f"{PAGE}?page={number}"))
        assert texts(page, "section") == ["Unions"]
        seen += texts(page, "organisation__name")
        (current,) = [e for e in page.elements if e.get("aria-current") == "page"]
        assert current.text == f"Page {number}"
    assert seen == [f"Local {n}" for n in range(1, 701)]
    assert (await client.get(f"{PAGE}?page=4")).status_code == 404
    assert [key[-1].page for key in site.pages._values if key[0] == "organisations"] == [1]
    odd = await client.get(f"{PAGE}?page=-1&kind=nonsense&country=XX")
    assert texts(page_of(odd), "organisation__name")[0] == "Local 1"
    assert "?lang=en&amp;page=2" in odd.text


@pytest.mark.anyio
async def test_a_search_goes_into_a_cache_of_its_own(
    client: httpx.AsyncClient, site: Site, database: Database
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    crowd = numbered(*({"name": f"Local {n}", "kind": "union" if n % 2 else "party"} for n in range(1, 20)))
    fill(site, campaign, shown(*crowd))
    found = page_of(await client.get(f"{PAGE}?q=local+1&kind=party&country=IE"))
    assert texts(found, "organisation__name") == [f"Local {n}" for n in (10, 12, 14, 16, 18)]
    assert texts(found, "cosigned__found") == ["5 organisations are like that. Show all organisations"]
    assert [e["value"] for e in found.elements if e.get("selected") is not None and "value" in e.attributes] == [
        "party"
    ]
    assert not [key for key in site.pages._values if key[0] == "organisations"]
    assert (len(site.searches._values), len(site.organisation_searches._values)) == (0, 1)
    nothing = page_of(await client.get(f"{PAGE}?q=nothing"))
    assert texts(nothing, "organisation__name") == []
    assert texts(nothing, "cosigned__found")[0].startswith("No organisation that co-signs is like that.")


@pytest.mark.anyio
async def test_one_question_has_one_page_however_it_is_written(
    client: httpx.AsyncClient, site: Site, database: Database
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    crowd = numbered(*({"name": f"Local {n} Köln"} for n in range(1, 320)))
    fill(site, campaign, shown(*crowd))
    for text in ("local köln", "LOCAL, Köln!", " local??? köln ", "“Local” KÖLN"):
        page = page_of(await client.get(PAGE, params={"q": text}))
        assert page.one("input", name="q").get("value") == "local köln"
    asked = {"q": "local köln", "page": "2"}
    assert (await client.get(PAGE, params=asked)).status_code == 200
    for number in ("3", "4", "99999"):
        assert (await client.get(PAGE, params={**asked, "page": number})).status_code == 404
        assert (await client.get(PAGE, params={"q": "nothing", "page": number})).status_code == 404
    assert len(site.organisation_searches._values) == 2
    site.pages._values.clear()
    await client.get(PAGE, params={"q": "!?"})  # no question
    assert len(site.organisation_searches._values) == 2


@pytest.mark.anyio
async def test_they_are_put_in_order_once_for_a_language(site: Site, database: Database) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    here = Visit(site, campaign, translator("en"), "en")
    organisations = shown(ONE)
    first = await order_for(here, organisations)
    assert await order_for(here, organisations) is first
    assert await order_for(replace(here, words=translator("ar")), organisations) is not first
    assert await order_for(here, shown(ONE)) is not first


@pytest.mark.anyio
async def test_an_earlier_wording_is_named_so(client: httpx.AsyncClient, site: Site, database: Database) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    (statement,) = campaign.statements.values()
    old, new = numbered({"name": "Old", "statement_id": 0}, {"name": "Zeta", "statement_id": statement.id})
    fill(site, campaign, shown(old, new))
    page = page_of(await client.get(PAGE))
    assert texts(page, "organisation__earlier") == ["Signed an earlier wording of the statement"]
    told = (await client.get("/api/v1/campaigns/free-boris/organisations")).json()
    assert [one["signed_earlier_wording"] for one in told["organisations"]] == [True, False]


@pytest.mark.anyio
async def test_both_counts_stand_beside_each_other(
    client: httpx.AsyncClient, site: Site, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    factories.sign_and_confirm(database, settings, campaign)
    fill(site, campaign, shown(*numbered({"members": 1}, {"members": 999})))
    factories.cosign(database, settings, campaign, members=1)
    statement = page_of(await client.get("/c/free-boris"))
    assert set(texts(statement, "tally__count")) == {"1 has signed"}
    assert set(texts(statement, "tally__organisations")) == {"2 organisations representing 1,000 members"}
    for path in ("/c/free-boris/thanks", "/c/free-boris/signatures", "/c/free-boris/count", "/embed/free-boris"):
        assert "organisations</strong>" not in (answer := await client.get(path)).text
        assert "<strong>2</strong> organisations representing 1,000 members" in answer.text, path
    home = page_of(await client.get("/"))
    assert texts(home, "entry__organisations") == ["1 organisation representing 1 member"]
    assert texts(home, "entry__count") == ["1 has signed 1 organisation representing 1 member"]


@pytest.mark.anyio
async def test_where_organisations_alone_sign_theirs_is_the_count_and_the_button(
    client: httpx.AsyncClient, site: Site, database: Database
) -> None:
    campaign = factories.make_campaign(database, **ONLY)
    page = page_of(await client.get("/c/free-boris"))
    assert texts(page, "tally__count") == ["Be the first organisation to sign"]
    asks = [e for e in page.elements if e.tag == "a" and e["href"].startswith(f"{PAGE}/new")]
    assert [e["class"] for e in asks] == ["sign-bar", "button"]
    assert {e.text for e in asks} == {"Sign for an organisation"}
    fill(site, campaign, shown(*numbered({}, {})))
    site.pages._values.clear()
    page = page_of(await client.get("/c/free-boris?lang=en"))
    assert texts(page, "tally__count") == ["2 organisations", "2 organisations"]
    assert "have signed" not in (await client.get("/")).text


@pytest.mark.anyio
async def test_the_statement_names_twelve_and_leads_to_all(
    client: httpx.AsyncClient, site: Site, database: Database
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    crowd = numbered(*({"name": f"Local {n}", "members": n} for n in range(1, 16)))
    fill(site, campaign, shown(*crowd[:-1], replace(crowd[-1], logo="ab" * 16, logo_width=80, logo_height=40)))
    page = page_of(await client.get("/c/free-boris"))
    named = [e.text for e in page.elements if e.tag == "bdi" and e.text.startswith("Local")]
    assert named == [f"Local {n}" for n in range(15, 3, -1)]
    assert "All 15 organisations" in [e.text for e in page.elements if e.tag == "a"]
    (logo,) = [e for e in page.elements if e.get("class") == "cosigners__logo"]
    assert (logo["src"], logo["loading"], logo["alt"]) == (
        f"/c/free-boris/logos/{'ab' * 16}.webp",
        "lazy",
        "",
    )
    assert (logo["width"], logo["height"]) == ("80", "40")


@pytest.mark.anyio
async def test_affiliations_are_suggested_and_those_that_co_signed_are_marked(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, affiliation={"label": "Union"}, **BOTH)
    factories.cosign(database, settings, campaign, name="Bakers’ Union")
    factories.sign_and_confirm(database, settings, campaign, affiliation="BAKERS' UNION", city=None)
    factories.sign_and_confirm(database, settings, campaign, affiliation="Another", city=None)
    for path in ("/c/free-boris", "/c/free-boris/signatures"):
        page = page_of(await client.get(path))
        assert texts(page, "signer__place")[-2:] == ["Another · Spain", "BAKERS' UNION (co-signed) · Spain"]
        said = "Organisations beside a name are for identification only, except where they co-signed."
        assert texts(page, "fine").count(said) == 1
    page = page_of(await client.get("/c/free-boris"))
    offered = page.one("datalist", id=page.by_id("f-affiliation")["list"])
    assert [e["value"] for e in page.all("option") if offered in e.inside] == ["Bakers’ Union"]
    assert "For identification only, unless your organisation signs itself." in texts(page, "hint")


@pytest.mark.anyio
async def test_without_organisations_an_affiliation_is_for_identification_only(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, affiliation={"label": "Union"})
    factories.sign_and_confirm(database, settings, campaign, affiliation="Bakers")
    answer = await client.get("/c/free-boris")
    assert "For identification only." in texts(page_of(answer), "hint")
    assert "Organisations beside a name are for identification only." in texts(page_of(answer), "fine")
    assert "<datalist" not in answer.text
    assert "co-signed" not in answer.text
    assert "/organisations" not in answer.text


@pytest.mark.anyio
@pytest.mark.parametrize("state", ["upcoming", "closed", "paused"])
async def test_nobody_is_asked_to_sign_while_nobody_can(
    client: httpx.AsyncClient, database: Database, settings: Settings, state: str
) -> None:
    now = utc_now()
    campaign = factories.make_campaign(database, **ONLY)
    factories.cosign(database, settings, campaign)
    changes: dict[str, dict[str, Any]] = {
        "upcoming": {"opens_at": now.replace(year=now.year + 1)},
        "closed": {"closes_at": now.replace(year=now.year - 1)},
        "paused": {"defence": "paused"},
    }
    with database.writing() as session:
        session.execute(update(Campaign).where(Campaign.id == campaign.id).values(**changes[state]))
    for path in ("/c/free-boris", PAGE):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert "/organisations/new" not in answer.text
        assert "Union of Examples" in answer.text


@pytest.mark.anyio
async def test_those_that_everybody_saw_stay_when_the_names_of_people_go(
    client: httpx.AsyncClient, database: Database, settings: Settings
) -> None:
    campaign = factories.make_campaign(database, **BOTH)
    factories.cosign(database, settings, campaign, name="Stays", members=5)
    purge(database, campaign.id, utc_now())
    page = page_of(await client.get(PAGE))
    assert texts(page, "organisation__name") == ["Stays"]
    assert texts(page, "lede") == ["1 organisation representing 5 members"]
    assert "organisations/link" not in (await client.get(PAGE)).text
