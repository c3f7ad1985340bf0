"""The details of a campaign in the browser: saving, errors beside the fields, rows, two editors at once."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.applications import Starlette

from petitions.accounts.roles import Role
from petitions.campaigns.content import Content, Texts
from petitions.campaigns.queries import CampaignSnapshot
from petitions.campaigns.reading import read_terms
from petitions.clock import utc_now
from petitions.db import Database
from petitions.web.site import Site
from tests import factories
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.console.writing import DESK, copy_of, entries, fields_of, open_form, purge, save, send
from tests.web.support import Page, page_of

PARTS = ("basics", "dates", "form", "mails", "thanks")
BASICS, DATES, FORM, MAILS, THANKS = (f"{DESK}/details/{part}" for part in PARTS)


@pytest.fixture
def campaign(database: Database) -> CampaignSnapshot:
    return factories.make_campaign(database, languages=("en", "es"))


def content_of(database: Database, campaign: CampaignSnapshot) -> Content:
    return copy_of(database, campaign.id).content


def terms_of(database: Database, campaign: CampaignSnapshot) -> dict[str, Any]:
    return dict(content_of(database, campaign).terms)


@pytest.mark.anyio
async def test_the_first_page_leads_to_every_part(browser: Browser, campaign: CampaignSnapshot) -> None:
    page = page_of(await browser.get(f"{DESK}/details?lang=en"))
    links = [e["href"] for e in page.all("a") if "/details/" in e.attributes.get("href", "")]
    assert links == [f"{DESK}/details/{part}?lang=en" for part in PARTS]
    for link in links:
        assert (await browser.get(link)).status_code == 200
    assert (await browser.get(f"{DESK}/details/nothing")).status_code == 404


@pytest.mark.anyio
async def test_basics(database: Database, browser: Browser, campaign: CampaignSnapshot) -> None:
    fields = await open_form(browser, BASICS)
    assert fields["addressees-0-name_en"] == "The embassies"
    assert "addressees-2-name_es" in fields  # one and two empty rows
    assert "addressees-3-name_es" not in fields
    answer = await send(
        browser,
        BASICS,
        fields,
        **{
            "signers": ["organisations", "individuals"],
            "addressees-0-name_en": "",
            "addressees-0-name_es": "",
            "addressees-1-name_en": "The minister",
            "addressees-1-name_es": "La ministra",
            "addressees-2-name_en": "  The   court ",
            "initiator_name": "Union",
            "initiator_url": "https://union.example.org/a?b=c",
            "responsible_address": "1 Example Street",
            "reply_to": "Post@EXAMPLE.org",
            "links-1-label_en": "Fund",
            "links-1-url": "https://example.org/fund",
        },
    )
    assert (answer.status_code, answer.headers["location"]) == (303, f"{BASICS}?saved=1&lang=en")
    terms = terms_of(database, campaign)
    assert terms["addressees"] == [
        {"name": {"en": "The minister", "es": "La ministra"}},
        {"name": {"en": "The court"}},
    ]
    assert terms["signers"] == ["individuals", "organisations"]
    assert terms["initiator"] == {"name": "Union", "url": "https://union.example.org/a?b=c"}
    assert terms["responsible"] == {
        "name": "Example Committee",
        "email": "privacy@example.org",
        "address": "1 Example Street",
    }
    assert terms["links"] == [{"label": {"en": "Fund"}, "url": "https://example.org/fund"}]
    assert read_terms(terms, ()).reply_to == "Post@example.org"
    assert terms["goal_steps"] == [10, 100]  # of another part
    (entry,) = entries(database, "campaign.saved")
    assert entry.details == {"part": "details", "section": "basics", "number": 1}
    again = fields_of(page_of(await browser.get(answer.headers["location"])), BASICS)
    assert again["addressees-1-name_en"] == "The court"
    assert "addressees-3-name_en" in again


def folded(page: Page) -> dict[str, list[str]]:
    """The words that open what is folded away, and the legends there."""
    form = page.by_id("mine")
    rows = {}
    for fold in page.all("details"):
        if form in fold.inside:
            assert "open" not in fold.attributes
            (words,) = [e.text for e in page.all("summary") if fold in e.inside]
            legends = [e for e in page.all("legend") if fold in e.inside]
            rows[words] = [legend.text for legend in legends]
    return rows


@pytest.mark.anyio
async def test_empty_rows_are_folded_away_and_others_stand_there(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, BASICS)
    page = page_of(await browser.get(f"{BASICS}?lang=en"))
    assert folded(page) == {"Add an addressee": ["Addressee 2", "Addressee 3"], "Add a link": ["Link 2"]}
    assert folded(page_of(await browser.get(f"{FORM}?lang=en"))) == {"Add a question": ["Question 2"]}
    wrong = await send(
        browser,
        BASICS,
        fields,
        **{"addressees-0-name_en": "", "addressees-0-name_es": "", "addressees-2-name_es": "Sí"},
        **{"links-1-url": "nowhere"},
    )
    assert folded(page_of(wrong, 422)) == {}
    right = {"links-0-url": "", "addressees-1-name_es": "Sí"}
    assert (await send(browser, BASICS, fields, **right)).status_code == 303
    page = page_of(await browser.get(f"{BASICS}?lang=en"))
    spare = {"Add an addressee": ["Addressee 3", "Addressee 4"], "Add a link": ["Link 2"]}
    assert folded(page) == spare
    cleared = {"addressees-1-name_es": "", "reply_to": "nowhere"}
    wrong = await send(browser, BASICS, fields_of(page, BASICS), **cleared)
    assert folded(page_of(wrong, 422)) == spare  # what is saved stands there, though it was cleared


@pytest.mark.anyio
async def test_the_main_language_comes_first_in_every_group(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    content = content_of(database, campaign)
    save(database, campaign.id, replace(content, default_language="es", texts={**content.texts, "ar": Texts()}))
    for path in (BASICS, FORM, MAILS, THANKS):
        names = [name for name in await open_form(browser, path) if name.endswith(("_en", "_es", "_ar"))]
        endings = [name[-2:] for name in names]
        assert endings == ["es", "ar", "en"] * (len(names) // 3)
        assert len(names) >= 3


@pytest.mark.anyio
@pytest.mark.parametrize("path", [BASICS, DATES, FORM, MAILS, THANKS])
async def test_after_a_purge_nothing_is_saved_and_the_page_says_so(
    database: Database, browser: Browser, campaign: CampaignSnapshot, path: str
) -> None:
    fields = await open_form(browser, path)
    purge(database)
    page = page_of(await send(browser, path, fields), 409)
    assert page.one("p", role="alert").text.startswith("Nothing was stored or changed. The data of the signers")
    assert fields_of(page, path) == fields
    assert copy_of(database, campaign.id).number == 0
    assert entries(database, "campaign.saved") == []
    page = page_of(await browser.get(f"{path}?lang=en"))
    assert page.one("p", role="alert").text.startswith("The data of the signers are erased")
    assert "Save" not in [button.text for button in page.all("button")]
    assert "The data of the signers are erased" in (await browser.get(f"{DESK}/details?lang=en")).text


@pytest.mark.anyio
async def test_dates(database: Database, browser: Browser, campaign: CampaignSnapshot) -> None:
    fields = await open_form(browser, DATES)
    assert (fields["goal_steps"], fields["keep"], fields["months"]) == ("10 100", "months", "6")
    year = utc_now().year + 1
    answer = await send(
        browser,
        DATES,
        fields,
        opens=f"{year}-01-02T03:04",
        closes=f"{year}-02-03T18:00",
        goal_steps="1.000 5000, 10000",
        months="3",
    )
    assert answer.status_code == 303
    content = content_of(database, campaign)
    assert content.opens_at == datetime(year, 1, 2, 3, 4, tzinfo=UTC)
    assert content.closes_at == datetime(year, 2, 3, 18, tzinfo=UTC)
    assert content.terms["goal_steps"] == [1000, 5000, 10000]
    assert content.terms["retention"] == {"months_after_closing": 3}
    fields = await open_form(browser, DATES)
    assert fields["opens"] == f"{year}-01-02T03:04"
    await send(browser, DATES, fields, opens="", keep="until", until=f"{year}-03-01")
    content = content_of(database, campaign)
    assert content.opens_at is None
    assert content.terms["retention"] == {"until": f"{year}-03-01"}
    assert (await open_form(browser, DATES))["until"] == f"{year}-03-01"


@pytest.mark.anyio
async def test_seconds_that_the_form_does_not_show_are_kept(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    moment = datetime(2100, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    save(database, campaign.id, replace(content_of(database, campaign), closes_at=moment))
    await send(browser, DATES, await open_form(browser, DATES), goal_steps="5")
    assert content_of(database, campaign).closes_at == moment


@pytest.mark.anyio
async def test_the_form(database: Database, browser: Browser, campaign: CampaignSnapshot) -> None:
    fields = await open_form(browser, FORM)
    assert fields["choices"] == ["public", "initials", "addressee", "anonymous"]
    answer = await send(
        browser,
        FORM,
        fields,
        **{
            "choices": ["anonymous", "initials"],
            "default": "initials",
            "public_list": "latest",
            "affiliation_en": "Union",
            "affiliation_required": "y",
            "questions-0-label_en": "Local branch?",
            "questions-0-label_es": "¿Sección?",
            "questions-0-public": "y",
            "questions-1-label_es": "¿Sección?",
            "updates_en": "Write to me",
            "approve_proven": "y",
        },
    )
    assert answer.status_code == 303
    terms = terms_of(database, campaign)
    assert terms["organisations"] == {"approve_proven": True}
    assert terms["visibility"] == {"choices": ["initials", "anonymous"], "default": "initials"}
    assert terms["public_list"] == "latest"
    assert terms["affiliation"] == {"label": {"en": "Union"}, "required": True}
    assert terms["questions"] == [
        {
            "key": "local_branch",
            "label": {"en": "Local branch?", "es": "¿Sección?"},
            "required": False,
            "public": True,
        },
        {"key": "seccion", "label": {"es": "¿Sección?"}, "required": False, "public": False},
    ]
    assert terms["updates"] == {"label": {"en": "Write to me"}}
    fields = await open_form(browser, FORM)
    gone = {f"questions-0-{name}": "" for name in ("label_en", "label_es", "key")}
    assert fields.pop("approve_proven") == "y"
    await send(browser, FORM, fields, **gone, affiliation_en="", updates_en="")
    terms = terms_of(database, campaign)
    assert [question["key"] for question in terms["questions"]] == ["seccion"]
    assert {"affiliation", "updates", "organisations"} & set(terms) == set()


@pytest.mark.anyio
async def test_mails_and_thanks(database: Database, browser: Browser, campaign: CampaignSnapshot) -> None:
    fields = await open_form(browser, MAILS)
    assert fields["reminder"] == "y"
    await send(browser, MAILS, fields, subject_en="Please confirm", sender_name_en="Post", reminder=None)
    fields = await open_form(browser, THANKS)
    await send(browser, THANKS, fields, thanks_en="Thank you.\r\n\r\nCome.", thanks_es="Gracias.", share_en="Sign")
    terms = terms_of(database, campaign)
    assert terms["mail"] == {"subject": {"en": "Please confirm"}, "sender_name": {"en": "Post"}}
    assert terms["reminder"] == {"enabled": False}
    assert terms["after_signing"] == {
        "thanks": {"en": "Thank you.\n\nCome.", "es": "Gracias."},
        "share": {"en": "Sign"},
    }
    fields = await open_form(browser, MAILS)
    assert "reminder" not in fields
    await send(browser, MAILS, fields, subject_en="", sender_name_en="", reminder="y")
    assert {"mail", "reminder"} & set(terms_of(database, campaign)) == set()


DAY = "Please give a day and a time, like 2027-06-30T18:00."
URL = "Please give a whole address. It begins with https://."
UNREADABLE = "It holds characters that cannot be shown. Please type it again."
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    (BASICS, {"signers": None}, "signers", "Please tick at least one."),
    (BASICS, {"addressees-2-name_es": "a" * 201}, "addressees-2-name_es", "Please keep it to 200 characters."),
    (BASICS, {"addressees-2-name_es": "a\x07"}, "addressees-2-name_es", UNREADABLE),
    (BASICS, {"initiator_url": "javascript:alert(1)"}, "initiator_url", URL),
    (BASICS, {"links-1-url": "example.org"}, "links-1-url", URL),
    (BASICS, {"links-1-url": "https://user:pass@example.org"}, "links-1-url", URL),
    *(
        (BASICS, {name: "ana@"}, name, "This is not a complete mail address. It looks like ana@example.org.")
        for name in ("reply_to", "responsible_email")
    ),
    (BASICS, {"responsible_address": "a" * 301}, "responsible_address", "Please keep it to 300 characters."),
    (DATES, {"opens": "soon"}, "opens", DAY),
    (DATES, {"closes": "2027-02-30T10:00"}, "closes", DAY),
    (
        DATES,
        {"opens": "2100-01-02T00:00", "closes": "2100-01-02T00:00"},
        "closes",
        "It has to close after it opens.",
    ),
    (
        DATES,
        {"goal_steps": "100 50"},
        "goal_steps",
        "Please give whole numbers, each greater than the last: 100 500 1000.",
    ),
    (DATES, {"months": "37"}, "months", "Please give a whole number from 0 to 36."),
    (DATES, {"months": "-1"}, "months", "Please give a whole number from 0 to 36."),
    (DATES, {"keep": "for ever"}, "keep", "Please choose one of the list."),
    (DATES, {"keep": "until", "until": ""}, "until", "Please give the day, or choose the months."),
    (DATES, {"keep": "until", "until": "30.06.2100"}, "until", "Please give a day, like 2027-06-30."),
    (
        DATES,
        {"keep": "until", "until": "2100-01-01", "closes": "2100-01-02T00:00"},
        "until",
        "Please give a day after the closing.",
    ),
    *(
        (DATES, change, name, "The names of those who signed would be erased at once. Please choose a later day.")
        for change, name in (
            ({"keep": "until", "until": "2020-01-01"}, "until"),
            ({"closes": "2020-01-01T00:00", "months": "6"}, "months"),
        )
    ),
    (FORM, {"choices": None}, "choices", "Please tick at least one."),
    (
        FORM,
        {"choices": ["initials", "anonymous"], "default": "public"},
        "default",
        "Please choose one of those that signers can choose.",
    ),
    (FORM, {"public_list": "all"}, "public_list", "Please choose one of the list."),
    (
        FORM,
        {"questions-0-label_en": "A", "questions-0-key": "My Key"},
        "questions-0-key",
        "Small letters, digits and _, beginning with a letter, please.",
    ),
    (
        FORM,
        {
            "questions-0-label_en": "A",
            "questions-0-key": "a",
            "questions-1-label_en": "B",
            "questions-1-key": "a",
        },
        "questions-1-key",
        "Another question has this key.",
    ),
    (MAILS, {"subject_es": "a" * 201}, "subject_es", "Please keep it to 200 characters."),
    (THANKS, {"thanks_en": "a" * 2001}, "thanks_en", "Please keep it to 2000 characters."),
    (THANKS, {"share_es": "a" * 201}, "share_es", "Please keep it to 200 characters."),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("path", "changes", "field", "error"), WRONG)
async def test_what_is_wrong_is_said_beside_the_field_and_everything_is_kept(
    database: Database,
    browser: Browser,
    campaign: CampaignSnapshot,
    path: str,
    changes: dict[str, Any],
    field: str,
    error: str,
) -> None:
    before = copy_of(database, campaign.id)
    fields = await open_form(browser, path)
    page = page_of(await send(browser, path, fields, **changes), 422)
    assert page.wrong_fields == [field]
    assert page.error_of(field) == error
    expected = {name: value for name, value in (fields | changes).items() if value is not None}
    kept = fields_of(page, path)
    for name in ("keep", "public_list"):  # of radio buttons, what none of them says is not kept
        if changes.get(name) in ("for ever", "all"):
            del expected[name]
    assert kept == expected
    assert copy_of(database, campaign.id) == before
    assert entries(database, "campaign.saved") == []


@pytest.mark.anyio
async def test_an_unfinished_campaign_is_saved_as_far_as_it_is(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    save(database, campaign.id, Content("en", texts={"en": Texts(title="New")}))
    for part in PARTS:
        path = f"{DESK}/details/{part}"
        assert (await send(browser, path, await open_form(browser, path))).status_code == 303
    terms = terms_of(database, campaign)
    assert {"addressees", "responsible", "links", "questions", "mail"} & set(terms) == set()
    await send(
        browser, BASICS, await open_form(browser, BASICS), responsible_name="Ana", **{"links-0-label_en": "A"}
    )
    await send(browser, FORM, await open_form(browser, FORM), **{"questions-1-key": "later"})
    terms = terms_of(database, campaign)
    assert terms["responsible"] == {"name": "Ana"}
    assert terms["links"] == [{"label": {"en": "A"}}]
    assert terms["questions"] == [{"key": "later", "required": False, "public": False}]
    assert (await open_form(browser, FORM))["questions-0-key"] == "later"


@pytest.mark.anyio
async def test_there_are_no_more_rows_than_a_file_may_have(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, BASICS)
    rows = {f"addressees-{n}-name_en": f"Number {n}" for n in range(52)}
    page = page_of(await send(browser, BASICS, fields, **rows), 422)
    assert page.error_of("addressees-51-name_es") == "There can be 50 at most. Please clear some."
    kept = fields_of(page, BASICS)
    assert {name: kept[name] for name in rows} == rows
    answer = await send(
        browser,
        BASICS,
        kept,
        **{"addressees-0-name_en": "", "addressees-7-name_en": ""},
        **{"addressees-0-name_es": ""},
    )
    assert answer.status_code == 303
    names = [row["name"]["en"] for row in terms_of(database, campaign)["addressees"]]
    assert names == [f"Number {n}" for n in range(52) if n not in (0, 7)]
    endless = await send(browser, BASICS, fields, **{"addressees-999-name_en": "x", "addressees-²-name_en": "x"})
    assert endless.status_code in (303, 409, 422)


@pytest.mark.anyio
async def test_the_second_of_two_editors_sees_both_and_loses_nothing(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, BASICS)
    content = content_of(database, campaign)
    theirs = {
        **content.terms,
        "reply_to": "eva@example.org",
        "addressees": [{"name": {"en": f"A{n}"}} for n in range(6)],
    }
    save(database, campaign.id, replace(content, terms=theirs))
    answer = await send(browser, BASICS, fields, reply_to="olga@example.org")
    page = page_of(answer, 409)
    assert terms_of(database, campaign) == theirs
    told = page.one("section", role="alert")
    assert "Eva Editor saved another version on " in told.text
    rows = [[cell.text for cell in page.all("td") if row in cell.inside] for row in page.all("tr")]
    assert ["eva@example.org", "olga@example.org"] in rows
    assert ["A5", "–"] in rows
    kept = fields_of(page, BASICS)
    assert kept["reply_to"] == "olga@example.org"
    assert kept["addressees-0-name_en"] == "The embassies"
    assert "Save mine anyway" in [button.text for button in page.all("button")]
    assert (await send(browser, BASICS, kept)).status_code == 303
    assert terms_of(database, campaign)["reply_to"] == "olga@example.org"
    assert terms_of(database, campaign)["addressees"] == [{"name": {"en": "The embassies", "es": "The embassies"}}]


@pytest.mark.anyio
async def test_dates_that_somebody_else_has_changed_are_not_overwritten(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, DATES)
    later = utc_now() + timedelta(days=30)
    save(database, campaign.id, replace(content_of(database, campaign), closes_at=later))
    page_of(await send(browser, DATES, fields, goal_steps="7"), 409)
    assert content_of(database, campaign).closes_at == later


@pytest.mark.anyio
async def test_parts_are_saved_together_in_a_race(
    database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    """Everybody at another part gets through; of those at one part, one."""
    forms = {path: await open_form(browser, path) for path in (BASICS, DATES, MAILS, THANKS)}
    answers = await asyncio.gather(
        send(browser, BASICS, forms[BASICS], reply_to="olga@example.org"),
        send(browser, MAILS, forms[MAILS], reminder=None),
        send(browser, THANKS, forms[THANKS], share_en="Say"),
        *(send(browser, DATES, forms[DATES], goal_steps=str(n)) for n in range(1, 6)),
    )
    statuses = [answer.status_code for answer in answers]
    assert statuses[:3] == [303, 303, 303]
    assert sorted(statuses[3:]) == [303, 409, 409, 409, 409]
    terms = terms_of(database, campaign)
    assert terms["reply_to"] == "olga@example.org"
    assert terms["reminder"] == {"enabled": False}
    assert terms["after_signing"] == {"share": {"en": "Say"}}
    assert terms["goal_steps"] == [statuses[3:].index(303) + 1]
    assert len(entries(database, "campaign.saved")) == 4


@pytest.mark.anyio
async def test_only_who_may_edit_gets_in(
    app: Starlette, database: Database, browser: Browser, campaign: CampaignSnapshot
) -> None:
    fields = await open_form(browser, BASICS)
    viewer = make_user(database, "Vera Viewer")
    give_role(database, campaign.id, viewer, Role.VIEWER)
    for user, status in ((viewer, 403), (make_user(database, "Sara Stranger"), 404)):
        async with browser_of(app, database, user) as other:
            assert (await other.get(BASICS)).status_code == status
            assert (await send(other, BASICS, fields | {"csrf": other.csrf})).status_code == status
    assert (await send(browser, BASICS, fields | {"csrf": "0" * 32})).status_code == 403
    assert copy_of(database, campaign.id).number == 0


@pytest.mark.anyio
@pytest.mark.parametrize("number", [1, 3])
async def test_a_page_asks_the_store_as_often_for_one_row_as_for_three(
    site: Site, database: Database, browser: Browser, campaign: CampaignSnapshot, number: int
) -> None:
    content = content_of(database, campaign)
    rows = [{"name": {"en": f"A{n}"}} for n in range(number)]
    save(database, campaign.id, replace(content, terms={**content.terms, "addressees": rows}))
    with Queries(site.database) as queries:
        assert (await browser.get(BASICS)).status_code == 200
    assert queries.count == 4  # the session, the campaign with the role, its title, the working copy
