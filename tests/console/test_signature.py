"""One signature in the console: what is shown, what can be done, and who was faster."""

import re
from uuid import uuid4

import pytest
from starlette.applications import Starlette

from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.moderation.models import Job, Moderation
from petitions.moderation.removing import remove_signatures
from petitions.settings import Settings
from petitions.signatures.drafting import NewDraft
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, Signature
from petitions.signatures.withdrawing import withdraw
from petitions.web.site import Site
from tests import factories
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import change, make_campaign, sign_and_confirm

PAGES = "/console/c/free-boris/signatures"


def row_of(page: str) -> str:
    """What the forms of a page say was seen."""
    found = re.search(r'name="row" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def get(database: Database, draft: NewDraft) -> Signature:
    with database.reading() as session:
        return session.get_one(Signature, (draft.campaign_id, draft.id))


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def ana(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    return sign_and_confirm(
        database, settings, campaign, email="ana@planted.example", comment="Free him.", affiliation="UE"
    )


@pytest.fixture
def mona(database: Database, campaign: CampaignSnapshot) -> User:
    user = make_user(database, "Mona Moderator")
    give_role(database, campaign.id, user, Role.MODERATOR)
    return user


@pytest.mark.anyio
async def test_it_shows_what_moderators_may_see_and_no_address(browser: Browser, ana: NewDraft) -> None:
    answer = await browser.get(f"{PAGES}/{ana.id}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    words = words_of(answer.text)
    for shown in ("Signature number 1", "Ana Sánchez", "UE · Madrid · Spain", "Free him.", "@planted.example"):
        assert shown in words
    assert "shown to everyone" in words
    assert "No moderator has done anything to it." in words
    assert "ana@planted" not in answer.text


@pytest.mark.anyio
async def test_each_button_does_what_it_says_and_the_page_tells_who_did_it(
    browser: Browser, database: Database, ana: NewDraft
) -> None:
    page = f"{PAGES}/{ana.id}"
    acts = [
        ("name_hidden", "Show the name again", "hid the name"),
        ("comment_approved", "Hide the comment", "approved the comment"),
        ("comment_hidden", "Show the comment again", "hid the comment"),
        ("removed", "Bring it back", "removed the signature (insults or threats)"),
        ("restored", "Remove", "brought the signature back"),
        ("name_shown", "Hide the name", "showed the name again"),
    ]
    for action, offered, said in acts:
        answer = await browser.post(
            page, {"row": row_of((await browser.get(page)).text), "act": action, "reason": "abuse"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, f"{page}?saved=1&lang=en")
        words = words_of((await browser.get(answer.headers["location"])).text)
        assert "Saved." in words
        assert offered in words
        assert f"Olga Owner : {said}," in words
    row = get(database, ana)
    assert (row.moderated, row.removed_at, row.name_hidden, row.comment_state) == (6, None, False, COMMENT_HIDDEN)


@pytest.mark.anyio
async def test_whoever_comes_second_is_told_by_whom_and_what_and_can_go_on(
    app: Starlette, browser: Browser, database: Database, ana: NewDraft, mona: User
) -> None:
    page = f"{PAGES}/{ana.id}"
    row = row_of((await browser.get(page)).text)
    async with browser_of(app, database, mona) as other:
        await other.post(page, {"row": row, "act": "comment_approved"})
    answer = await browser.post(page, {"row": row, "act": "removed", "reason": "abuse"})
    assert answer.status_code == 409
    told = answer.text.partition('id="meanwhile"')[2].partition("</div>")[0]
    assert "Nothing was changed." in words_of(told)
    assert "Mona Moderator : approved the comment," in words_of(told)
    assert get(database, ana).removed_at is None
    again = await browser.post(page, {"row": row_of(answer.text), "act": "removed", "reason": "abuse"})
    assert again.status_code == 303
    assert get(database, ana).removed_reason == "abuse"


@pytest.mark.anyio
async def test_pressing_twice_is_no_conflict(browser: Browser, database: Database, ana: NewDraft) -> None:
    page = f"{PAGES}/{ana.id}"
    sent = {"row": row_of((await browser.get(page)).text), "act": "comment_approved"}
    assert [(await browser.post(page, sent)).status_code for _ in range(2)] == [303, 303]
    with database.reading() as session:
        assert session.query(Moderation).count() == 1
    assert get(database, ana).comment_state == COMMENT_APPROVED


@pytest.mark.anyio
async def test_a_comment_that_its_signer_changed_is_not_approved_unread(
    browser: Browser, database: Database, ana: NewDraft
) -> None:
    page = f"{PAGES}/{ana.id}"
    row = row_of((await browser.get(page)).text)
    factories.act(database, change(ana, comment="An insult"))
    answer = await browser.post(page, {"row": row, "act": "comment_approved"})
    assert answer.status_code == 409
    words = words_of(answer.text)
    assert "The signer has changed the words" in words
    assert "An insult" in words
    assert (await browser.post(page, {"row": row, "act": "comment_hidden"})).status_code == 303


@pytest.mark.anyio
async def test_what_was_withdrawn_leaves_nothing_to_see(
    browser: Browser, database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    page = f"{PAGES}/{ana.id}"
    row = row_of((await browser.get(page)).text)
    elsewhere = sign_and_confirm(database, settings, make_campaign(database, slug="free-carla"))
    with database.writing() as session:
        withdraw(session, campaign.id, ana.email_key, utc_now())
    shown, acted, unknown, other = (
        await browser.get(page),
        await browser.post(page, {"row": row, "act": "removed", "reason": "abuse"}),
        await browser.get(f"{PAGES}/{uuid4()}"),
        await browser.get(f"{PAGES}/{elsewhere.id}"),
    )
    assert [answer.status_code for answer in (shown, acted, unknown, other)] == [404] * 4
    assert len({words_of(answer.text) for answer in (shown, acted, unknown, other)}) == 1
    assert "Its signer withdrew it" in words_of(shown.text)
    assert "Ana" not in shown.text


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_what_no_form_of_ours_sends_is_refused(browser: Browser, database: Database, ana: NewDraft) -> None:
    page = f"{PAGES}/{ana.id}"
    row = row_of((await browser.get(page)).text)
    wrong = [{}, {"row": row}, {"row": row, "act": "erased"}, {"row": "x", "act": "removed"}]
    wrong += [{"row": row.replace(str(ana.id), str(uuid4())), "act": "name_hidden"}]
    for sent in wrong:
        assert (await browser.post(page, sent)).status_code == 400
    answer = await browser.post(page, {"row": row, "act": "removed", "reason": "because"})
    assert (answer.status_code, "Please choose a reason." in answer.text) == (422, True)
    assert get(database, ana).moderated == 0


@pytest.mark.anyio
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
async def test_it_tells_of_a_removal_together_with_others(
    browser: Browser, database: Database, campaign: CampaignSnapshot, ana: NewDraft, mona: User
) -> None:
    page = f"{PAGES}/{ana.id}"
    row = row_of((await browser.get(page)).text)
    with database.writing() as session:
        job = Job(
            campaign_id=campaign.id, kind="remove", reason="robot", upto=1, expected=1, state="done",
            by_id=mona.id, by_name=mona.name, created_at=utc_now(),
        )  # fmt: skip
        session.add(job)
        session.flush()
        remove_signatures(session, campaign.id, [ana.id], "robot", utc_now(), job_id=job.id)
    answer = await browser.post(page, {"row": row, "act": "name_hidden"})
    assert answer.status_code == 409
    words = words_of(answer.text)
    assert "It was changed together with many others." in words
    assert "Mona Moderator removed it together with others" in words


@pytest.mark.anyio
async def test_it_asks_the_store_as_often_whatever_was_done(
    browser: Browser, site: Site, database: Database, ana: NewDraft
) -> None:
    page, asked = f"{PAGES}/{ana.id}", []
    for action in ("name_hidden", "name_shown"):
        row = row_of((await browser.get(page)).text)
        await browser.post(page, {"row": row, "act": action})
        with Queries(site.database) as queries:
            assert (await browser.get(page)).status_code == 200
        asked.append(queries.count)
    assert asked == [5, 5]  # the session, the campaign, its title, the signature, what was done
