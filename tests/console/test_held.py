"""Held forms in the console: by what they share, let go on, dropped; two moderators at once."""

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from petitions.abuse.rule_lists import save_list
from petitions.abuse.rules import Verdict, parse_rules
from petitions.audit.models import AuditEntry
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console import held
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.moderation.models import Job
from petitions.settings import Rate, Settings
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.holding import moment_of
from petitions.signatures.models import Draft, Tally
from petitions.web.site import Site
from tests.console.support import Browser, Queries
from tests.factories import make_draft, sign

pytestmark = pytest.mark.anyio

PAGE = "/console/c/free-boris/held"


def hold(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> NewDraft:
    return sign(database, settings, campaign, **{"email": "ana@mailinator.com"} | changes)


def waiting(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(Draft.id).where(Draft.held_reason.is_not(None))).all())


def mailed(database: Database) -> int:
    with database.reading() as session:
        return len(session.scalars(select(Outbox.id)).all())


def recorded(database: Database) -> list[tuple[str, dict[str, Any]]]:
    with database.reading() as session:
        entries = session.execute(select(AuditEntry.action, AuditEntry.details).order_by(AuditEntry.id))
        return [(entry.action, entry.details) for entry in entries]


def whole(*drafts: NewDraft, by: str = "mailinator.com") -> dict[str, str]:
    """The fields of a form for a whole group, as it was with these."""
    return {"all": "1", "for": by, "upto": str(max(moment_of(draft.id) for draft in drafts))}


async def test_it_shows_groups_by_what_they_share_with_counts_and_samples(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    (rule,) = parse_rules("hold word pills")
    with database.writing() as session:
        save_list(session, campaign.id, "hold word pills  # why", 0, "Lea", utc_now())
    hold(database, settings, campaign, name="First Name", comment="A comment")
    hold(database, settings, campaign, name="Last Name", email="boris@mailinator.com")
    sign(database, settings, campaign, trapped=True)
    sign(database, settings, campaign, ruled=Verdict(holds=True, key=rule.key))
    sign(database, settings, campaign, ruled=Verdict(holds=True, key="word-000000000000"))
    drafts = [make_draft(campaign, settings, network="192.0.2.1") for _ in range(2)]
    with database.writing() as session:
        store_drafts(session, drafts, Rate(1, timedelta(hours=1)))
        network = session.scalar(select(Draft.held_for).where(Draft.held_reason == "rate"))
    page = (await browser.get(PAGE)).text
    assert network is not None
    links = [re.sub(r"<[^>]+>", "", text) for text in re.findall(r'<a href="[^"]*/held/[^>]+>(.*?)</a>', page)]
    assert links == [
        "Addresses made to be thrown away: mailinator.com",
        "Filled in a field that people do not see",
        f"Very many from one network: network {network[:8]}",
        "A rule holds them: a rule that is gone",
        "A rule holds them: hold word pills",
    ]
    assert "2 forms" in page
    assert all(word in page for word in ("First Name", "Last Name", "A comment", "@mailinator.com"))
    assert "ana@" not in page
    assert "192.0.2.1" not in page


async def test_an_empty_queue_says_what_comes_here(browser: Browser) -> None:
    assert "Nothing is held" in (await browser.get(PAGE)).text


async def test_the_pages_ask_as_often_for_three_as_for_one(
    browser: Browser, site: Site, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    counts = []
    for domain in ("mailinator.com", "guerrillamail.com", "yopmail.com"):
        hold(database, settings, campaign, email=f"ana@{domain}")
        hold(database, settings, campaign, email=f"mo@{domain}")
        with Queries(site.database) as all_groups:
            await browser.get(PAGE)
        with Queries(site.database) as one_group:
            await browser.get(f"{PAGE}/disposable?for=mailinator.com")
        hold(database, settings, campaign, email=f"x{domain[0]}@mailinator.com")
        counts.append((all_groups.count, one_group.count))
    assert counts[0] == counts[1] == counts[2] == (5, 5)


@pytest.mark.parametrize("kind", ["release", "drop"])
async def test_a_whole_group_goes_as_it_was_when_somebody_looked(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, kind: str
) -> None:
    seen = [hold(database, settings, campaign, email=f"a{n}@mailinator.com") for n in range(3)]
    sign(database, settings, campaign, trapped=True)
    late = make_draft(campaign, settings, email="late@mailinator.com")
    late_id = type(late.id)(int=(moment_of(seen[-1].id) + 5) << 80)
    hold(database, settings, campaign, id=late_id, email="late@mailinator.com")
    answer = await browser.post(f"{PAGE}/disposable/{kind}?lang=en", whole(*seen))
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{PAGE}?saved={kind}&done=3&left=0&lang=en"
    assert waiting(database) == 2
    assert mailed(database) == (3 if kind == "release" else 0)
    verb = "held.released" if kind == "release" else "held.dropped"
    assert recorded(database) == [(verb, {"held_for": "disposable", "rows": 3})]
    said = (await browser.get(answer.headers["location"])).text
    assert ("3 forms go on: their mails are on the way." if kind == "release" else "3 forms are dropped.") in said


async def test_ticked_forms_go_and_what_somebody_else_took_is_said(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [hold(database, settings, campaign, email=f"a{n}@mailinator.com") for n in range(4)]
    group = f"{PAGE}/disposable?for=mailinator.com"
    page = (await browser.get(group)).text
    assert re.findall(r'name="id"\s+value="([^"]+)"', page) == sorted(str(draft.id) for draft in drafts)
    ticked = {"for": "mailinator.com", "id": [str(draft.id) for draft in drafts[:2]]}
    other = {"for": "mailinator.com", "id": str(drafts[0].id)}
    await browser.post(f"{PAGE}/disposable/drop", other)
    answer = await browser.post(f"{PAGE}/disposable/release", ticked)
    assert "done=1&left=1" in answer.headers["location"]
    said = (await browser.get(answer.headers["location"])).text
    assert "One form goes on: its mail is on the way." in said
    assert "One other was not touched: it was gone already" in said
    assert (waiting(database), mailed(database)) == (2, 1)


async def test_nothing_ticked_is_said_and_nothing_done(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    hold(database, settings, campaign)
    answer = await browser.post(f"{PAGE}/disposable/drop", {"for": "mailinator.com"})
    assert answer.status_code == 422
    assert "Tick the forms that you mean." in answer.text
    assert waiting(database) == 1


async def test_a_form_of_another_group_or_campaign_is_not_touched(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign, trapped=True)
    answer = await browser.post(f"{PAGE}/disposable/drop", {"for": "mailinator.com", "id": str(draft.id)})
    assert "done=0&left=1" in answer.headers["location"]
    with database.writing() as session:
        session.execute(update(Draft).values(held_reason="disposable", held_for="other.example"))
    await browser.post(f"{PAGE}/disposable/drop", whole(draft))
    assert waiting(database) == 1
    assert recorded(database) == []


async def test_two_moderators_who_press_at_once_mail_everybody_once(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [hold(database, settings, campaign, email=f"a{n}@mailinator.com") for n in range(6)]
    answers = await asyncio.gather(*(browser.post(f"{PAGE}/disposable/release", whole(*drafts)) for _ in range(3)))
    done = [int(re.findall(r"done=(\d+)", answer.headers["location"])[0]) for answer in answers]
    assert sum(done) == 6
    assert mailed(database) == 6


async def test_a_large_group_is_left_to_the_worker(
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held, "STEP", 2)
    drafts = [hold(database, settings, campaign, email=f"a{n}@mailinator.com") for n in range(3)]
    answer = await browser.post(f"{PAGE}/disposable/release?lang=en", whole(*drafts))
    with database.reading() as session:
        job = session.scalars(select(Job)).one()
    assert answer.headers["location"] == f"/console/c/free-boris/jobs/{job.id}?lang=en"
    assert (job.kind, job.conditions, job.expected) == (
        "release",
        {"reason": "disposable", "for": "mailinator.com"},
        3,
    )
    assert job.upto == moment_of(drafts[-1].id)
    assert (await browser.get(answer.headers["location"])).status_code == 200
    assert waiting(database) == 3


async def test_while_the_data_are_erased_no_job_begins(
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held, "STEP", 2)
    drafts = [hold(database, settings, campaign, email=f"a{n}@mailinator.com") for n in range(3)]
    with database.writing() as session:
        session.execute(update(Tally).values(purging=True))
    answer = await browser.post(f"{PAGE}/disposable/release", whole(*drafts))
    assert answer.status_code == 409
    assert "what is held goes with them" in answer.text
    with database.reading() as session:
        assert session.scalars(select(Job)).all() == []


async def test_a_group_goes_on_from_page_to_page(
    browser: Browser,
    database: Database,
    settings: Settings,
    campaign: CampaignSnapshot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(held, "PAGE_SIZE", 2)
    drafts = [hold(database, settings, campaign, email=f"a{n}@mailinator.com") for n in range(5)]
    url: str | None = f"{PAGE}/disposable?for=mailinator.com"
    found: list[str] = []
    while url is not None:
        page = (await browser.get(url)).text
        found += re.findall(r'name="id"\s+value="([^"]+)"', page)
        following = re.findall(r'<a href="([^"]+)"\s+rel="next"', page)
        url = following[0].replace("&amp;", "&") if following else None
    assert found == sorted(str(draft.id) for draft in drafts)


@pytest.mark.parametrize(
    "data",
    [
        {"all": "1", "for": "mailinator.com", "upto": "soon"},
        {"all": "1", "for": "mailinator.com"},
        {"id": "everybody"},
        {"id": "1", "for": "x" * 300},
    ],
)
async def test_what_no_form_of_ours_sends_is_refused(browser: Browser, data: dict[str, str]) -> None:
    assert (await browser.post(f"{PAGE}/disposable/drop", data)).status_code == 400


async def test_a_group_that_is_gone_or_never_was_says_so(browser: Browser) -> None:
    for reason in ("domain", "nonsense"):
        answer = await browser.get(f"{PAGE}/{reason}?for=spam.example")
        assert answer.status_code == 200
        assert "Nothing is held for this any more" in answer.text
