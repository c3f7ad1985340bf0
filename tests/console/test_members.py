"""Who works on a campaign."""

import asyncio

import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from petitions.accounts.appointing import appoint, dismiss
from petitions.accounts.members import find_role, list_members
from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.accounts.users import find_user
from petitions.audit.models import AuditEntry
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LastOwner
from petitions.mail.models import Outbox
from petitions.web.site import Site
from tests.console.support import Browser, Queries, browser_of, give_role, make_user
from tests.factories import make_campaign

PAGE = "/console/c/free-boris/members"


def role_of(database: Database, campaign_id: int, user: User) -> Role | None:
    with database.reading() as session:
        return find_role(session, campaign_id, user.id)


def actions(database: Database) -> list[tuple[str, dict[str, object]]]:
    with database.reading() as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.id)
        return [(entry.action, entry.details) for entry in entries if entry.action.startswith("member.")]


@pytest.mark.anyio
async def test_it_lists_everybody_with_their_address(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    give_role(database, campaign.id, make_user(database, "Vera Viewer"), Role.VIEWER)
    page = (await browser.get(PAGE)).text
    assert "vera@example.org" in page
    assert "olga@example.org" in page


@pytest.mark.anyio
async def test_somebody_without_an_account_gets_one_and_a_mail(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    sent = {"email": " New.Editor@Example.org ", "name": "Edda Editor", "role": "editor"}
    answer = await browser.post(f"{PAGE}?lang=en", sent)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?saved=invited&lang=en")
    with database.reading() as session:
        user = find_user(session, "new.editor@example.org")
        assert user is not None
        assert (user.name, user.password_hash) == ("Edda Editor", None)
        (mail,) = session.query(Outbox).all()
        assert (mail.kind, mail.subject_id, mail.campaign_id) == ("account_invitation", user.id, None)
    assert role_of(database, campaign.id, user) is Role.EDITOR
    expected = {"person": "Edda Editor", "user": user.id.hex, "role": "editor"}
    assert actions(database) == [("member.invited", expected)]
    page = (await browser.get(answer.headers["location"])).text
    assert "The invitation is on its way." in page
    assert "invited, not here yet" in page


@pytest.mark.anyio
async def test_somebody_with_an_account_gets_the_role_and_the_same_answer(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    known = make_user(database, "Dora Delivery")
    sent = {"email": "dora@example.org", "name": "Somebody", "role": "delivery"}
    answer = await browser.post(f"{PAGE}?lang=en", sent)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?saved=invited&lang=en")
    assert role_of(database, campaign.id, known) is Role.DELIVERY
    with database.reading() as session:
        assert [mail.kind for mail in session.query(Outbox)] == ["account_invitation"]
        kept = session.get_one(User, known.id)
        assert (kept.name, kept.password_hash) == (known.name, known.password_hash)


@pytest.mark.anyio
@pytest.mark.parametrize("role", list(Role))
async def test_who_is_invited_to_help_may_start_no_campaign_of_their_own(
    browser: Browser, database: Database, role: Role
) -> None:
    await browser.post(PAGE, {"email": "edda@example.org", "name": "Edda Editor", "role": str(role)})
    await browser.post(PAGE, {"email": "x@example.org", "name": "X", "role": "viewer"})
    with database.reading() as session:
        edda, other = find_user(session, "edda@example.org"), find_user(session, "x@example.org")
        assert edda is not None
        assert other is not None
        assert edda.may_start == (role is Role.OWNER)
    await browser.post(f"{PAGE}/{other.id}/role", {"role": "owner"})
    with database.reading() as session:
        assert session.get_one(User, other.id).may_start


@pytest.mark.anyio
async def test_an_account_that_is_closed_is_invited_to_nothing(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    closed = make_user(database, "Carl Closed")
    with database.writing() as session:
        session.get_one(User, closed.id).disabled_at = utc_now()
    for _ in range(2):
        sent = {"email": "Carl@example.org", "name": "Carl", "role": "delivery"}
        answer = await browser.post(f"{PAGE}?lang=en", sent)
        assert answer.status_code == 422
        assert "This account is closed. Ask an administrator." in answer.text
        assert 'id="f-email-error"' in answer.text
        assert 'value="Carl@example.org"' in answer.text
    assert role_of(database, campaign.id, closed) is None
    assert actions(database) == []
    with database.reading() as session:
        assert session.query(Outbox).count() == 0


@pytest.mark.anyio
async def test_the_same_person_invited_by_several_at_once_is_invited_once(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    sent = {"email": "edda@example.org", "name": "Edda Editor", "role": "editor"}
    answers = await asyncio.gather(*(browser.post(PAGE, sent) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [303] + [422] * 5
    assert [action for action, _ in actions(database)] == ["member.invited"]
    with database.reading() as session:
        assert session.query(Outbox).count() == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "nobody"}, "email"),
        ({"email": ""}, "email"),
        ({"email": "olga@example.org"}, "email"),  # has a role already
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"role": "king"}, "role"),
        ({"role": ""}, "role"),
    ],
)
async def test_wrong_input_is_told_beside_its_field_and_kept(
    browser: Browser, database: Database, wrong: dict[str, str], field: str
) -> None:
    sent = {"email": "edda@example.org", "name": "Edda Editor", "role": "editor"} | wrong
    answer = await browser.post(PAGE, sent)
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.text
    if field != "name":
        assert 'value="Edda Editor"' in answer.text
    assert f'value="{sent["email"]}"' in answer.text
    with database.reading() as session:
        assert session.query(Outbox).count() == 0
        assert session.query(User).count() == 1
    assert actions(database) == []


@pytest.mark.anyio
async def test_a_role_is_changed_and_taken(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    user = make_user(database, "Edda Editor")
    give_role(database, campaign.id, user, Role.EDITOR)
    answer = await browser.post(f"{PAGE}/{user.id}/role", {"role": "moderator"})
    assert answer.headers["location"] == f"{PAGE}?saved=role&lang=en"
    assert role_of(database, campaign.id, user) is Role.MODERATOR
    answer = await browser.post(f"{PAGE}/{user.id}/remove")
    assert answer.headers["location"] == f"{PAGE}?saved=removed&lang=en"
    assert role_of(database, campaign.id, user) is None
    person = {"person": "Edda Editor", "user": user.id.hex}
    assert actions(database) == [
        ("member.role", person | {"role": "moderator", "before": "editor"}),
        ("member.removed", person | {"before": "moderator"}),
    ]


@pytest.mark.anyio
async def test_the_last_owner_stays(
    browser: Browser, database: Database, campaign: CampaignSnapshot, owner: User
) -> None:
    # Neither of these could log in and decide.
    give_role(database, campaign.id, make_user(database, "Ida Invited", password_hash=None), Role.OWNER)
    closed = make_user(database, "Carl Closed")
    give_role(database, campaign.id, closed, Role.OWNER)
    with database.writing() as session:
        session.get_one(User, closed.id).disabled_at = utc_now()
    for path, fields in ((f"{PAGE}/{owner.id}/role", {"role": "viewer"}), (f"{PAGE}/{owner.id}/remove", {})):
        answer = await browser.post(path, fields)
        assert answer.status_code == 422
        assert "A campaign keeps at least one owner" in answer.text
    assert role_of(database, campaign.id, owner) is Role.OWNER
    assert actions(database) == []


@pytest.mark.anyio
async def test_an_owner_can_go_when_another_is_there(
    browser: Browser, database: Database, campaign: CampaignSnapshot, owner: User
) -> None:
    give_role(database, campaign.id, make_user(database, "Otto Owner"), Role.OWNER)
    answer = await browser.post(f"{PAGE}/{owner.id}/remove")
    assert answer.headers["location"] == "/console?lang=en"
    assert (await browser.get(PAGE)).status_code == 404


@pytest.mark.anyio
async def test_two_owners_who_remove_each_other_at_once_leave_one(
    database: Database, campaign: CampaignSnapshot
) -> None:
    for _ in range(8):
        pair = [make_user(database, f"Owner{i} Pair", email=f"{utc_now():%s%f}{i}@example.org") for i in (0, 1)]
        for user in pair:
            give_role(database, campaign.id, user, Role.OWNER)

        def remove(user: User) -> bool:
            try:
                with database.writing() as session:
                    dismiss(session, campaign.id, user.id)
            except LastOwner:
                return False
            return True

        done = await asyncio.gather(*(asyncio.to_thread(remove, user) for user in pair))
        assert sorted(done) == [False, True]
        with database.writing() as session:
            (left,) = list_members(session, campaign.id)
            assert left.role is Role.OWNER
            session.execute(update(User).where(User.id == left.user_id).values(disabled_at=utc_now()))


@pytest.mark.anyio
async def test_nobody_s_role_in_another_campaign_is_reached(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="free-ana")
    stranger = make_user(database, "Sam Stranger")
    give_role(database, other.id, stranger, Role.OWNER)
    for path, fields in (
        (f"{PAGE}/{stranger.id}/role", {"role": "viewer"}),
        (f"{PAGE}/{stranger.id}/remove", {}),
        (f"{PAGE}/{stranger.id}/again", {}),
        (f"/console/c/free-ana/members/{stranger.id}/remove", {}),
    ):
        assert (await browser.post(path, fields)).status_code == 404
    assert role_of(database, other.id, stranger) is Role.OWNER
    assert role_of(database, campaign.id, stranger) is None


@pytest.mark.anyio
async def test_an_administrator_takes_a_role_and_the_log_says_so(
    app: Starlette, database: Database, campaign: CampaignSnapshot, owner: User
) -> None:
    admin = make_user(database, "Ada Admin", is_admin=True)
    async with browser_of(app, database, admin) as browser:
        assert (await browser.get("/console/c/free-boris/exports")).status_code == 403
        answer = await browser.post(f"{PAGE}/mine", {"role": "delivery"})
        assert answer.headers["location"] == f"{PAGE}?saved=role&lang=en"
        assert (await browser.get("/console/c/free-boris/exports")).status_code == 200
    assert [action for action, _ in actions(database)] == ["member.role"]


@pytest.mark.anyio
async def test_nobody_else_takes_a_role(browser: Browser, database: Database) -> None:
    assert (await browser.post(f"{PAGE}/mine", {"role": "delivery"})).status_code == 404
    assert actions(database) == []


@pytest.mark.anyio
async def test_an_invitation_is_sent_again_to_those_who_wait(
    browser: Browser, database: Database, campaign: CampaignSnapshot
) -> None:
    waits = make_user(database, "Ida Invited", password_hash=None)
    there = make_user(database, "Edda Editor")
    for user in (waits, there):
        give_role(database, campaign.id, user, Role.EDITOR)
        await browser.post(f"{PAGE}/{user.id}/again")
    with database.reading() as session:
        assert [mail.subject_id for mail in session.query(Outbox)] == [waits.id]


@pytest.mark.anyio
@pytest.mark.parametrize("more", [1, 3])
async def test_it_asks_the_store_as_often_for_many_as_for_one(
    browser: Browser, site: Site, database: Database, campaign: CampaignSnapshot, more: int
) -> None:
    for number in range(more):
        give_role(database, campaign.id, make_user(database, f"Person{number} Other"), Role.EDITOR)
    with Queries(site.database) as asked:
        assert (await browser.get(PAGE)).status_code == 200
    assert asked.count == QUERIES


#: Log-in, campaign with its title (2), members.
QUERIES = 4


def test_making_somebody_an_owner_needs_no_other(database: Database, campaign: CampaignSnapshot) -> None:
    user = make_user(database)
    with database.writing() as session:
        assert appoint(session, campaign.id, user.id, Role.EDITOR, utc_now()) is None
        assert appoint(session, campaign.id, user.id, Role.OWNER, utc_now()) is Role.EDITOR
        assert appoint(session, campaign.id, user.id, Role.OWNER, utc_now()) is Role.OWNER
        with pytest.raises(LastOwner):
            appoint(session, campaign.id, user.id, Role.EDITOR, utc_now())
