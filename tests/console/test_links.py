"""Links by which somebody sets a password: invitations, resets, the first account."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from starlette.applications import Starlette

from petitions.accounts.first import first_link
from petitions.accounts.invitations import INVITATION, RESET, invite, send_reset
from petitions.accounts.letters import AccountLetters
from petitions.accounts.models import User, UserSession
from petitions.accounts.passwords import verify_password
from petitions.accounts.throttling import FREE
from petitions.addresses import make_email_key
from petitions.campaigns.editing import campaign_titles
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.letters import build_letters
from petitions.mail.models import Outbox
from petitions.mail.outbox import claim
from petitions.web.site import Site
from tests.console.entering import SECRET, Clock, Visitor, actions, give_totp, visiting
from tests.console.support import PASSWORD, Queries

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("cheap_passwords")]
EMAIL = "lea@example.org"
NEW = "four copper evening bells"
TWICE = {"password": NEW, "again": NEW}


def link(site: Site, user: User, kind: str, epoch: int) -> str:
    return f"/console/link/{site.tokens.make(kind, 0, user.id, epoch)}"


def reset_link(site: Site, user: User) -> str:
    with site.database.writing() as session:
        asked = send_reset(session, user.email, make_email_key(user.email, site.settings.email_key), utc_now())
        assert asked is not None
        return link(site, user, RESET, asked.link_epoch)


def invite_nina(site: Site) -> tuple[User, str]:
    with site.database.writing() as session:
        nina = invite(session, "nina@example.org", "Nina", "en", b"k" * 16, utc_now())
        session.refresh(nina)
        session.expunge(nina)
    return nina, link(site, nina, INVITATION, nina.link_epoch)


def is_dead(visitor: Visitor) -> bool:
    return visitor.page.status_code == 404 and "This link leads nowhere" in visitor.page.text


# Forgotten


async def test_a_forgotten_password_is_answered_the_same_whoever_asks(
    visitor: Visitor, lea: User, site: Site
) -> None:
    await visitor.get("/console/forgot")
    answers = set()
    for email in (EMAIL, " LEA@example.ORG ", "nobody@example.org"):
        await visitor.fill("/console/forgot", {"email": email})
        answers.add((visitor.page.status_code, visitor.page.headers["location"], visitor.page.text))
    assert answers == {(303, "/console/forgot/sent?lang=en", "")}
    await visitor.get("/console/forgot/sent?lang=en")
    assert "If there is an account with this address" in visitor.page.text
    with site.database.reading() as session:
        mails = session.scalars(select(Outbox)).all()
    key = make_email_key(EMAIL, site.settings.email_key)
    assert [(mail.kind, mail.subject_id, mail.email_key) for mail in mails] == [(RESET, lea.id, key)] * 2
    assert actions(site.database) == ["account.reset_sent"] * 2


async def test_one_network_does_not_fill_the_mailboxes_of_everybody(app: Starlette, lea: User, site: Site) -> None:
    answers = set()
    async with visiting(app, network="203.0.113.9") as sprayer:
        for number in range(FREE["forgot"]):
            await sprayer.post("/console/forgot", {"email": f"lead{number}@example.org"})
        for email in (EMAIL, "nobody@example.org"):
            await sprayer.post("/console/forgot", {"email": email})
            answers.add((sprayer.page.status_code, sprayer.page.headers["location"], sprayer.page.text))
    assert answers == {(303, "/console/forgot/sent?lang=en", "")}  # the same page as ever
    assert actions(site.database) == []
    async with visiting(app, network="203.0.113.10") as owner:
        await owner.post("/console/forgot", {"email": EMAIL})
    assert actions(site.database) == ["account.reset_sent"]


async def test_whoever_asks_for_too_many_links_takes_no_lock(
    visitor: Visitor, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(FREE["forgot"]):
        await visitor.post("/console/forgot", {"email": f"lead{number}@example.org"})
    monkeypatch.setattr(Database, "write", None)  # whoever used it would fail
    assert (await visitor.post("/console/forgot", {"email": EMAIL})).status_code == 303


async def test_a_forgotten_password_takes_the_same_work_whoever_asks(
    visitor: Visitor, lea: User, site: Site
) -> None:
    work = []
    for email in (EMAIL, "nobody@example.org"):
        with Queries(site.database) as queries:
            await visitor.post("/console/forgot", {"email": email})
        work.append(queries.count)
    assert work[0] == work[1] > 3


@pytest.mark.parametrize("email", ["", "lea", "lea@", "a\x00b@example.org", "x" * 300 + "@example.org"])
async def test_what_is_no_address_is_said_beside_the_field(visitor: Visitor, lea: User, email: str) -> None:
    await visitor.post("/console/forgot", {"email": email})
    assert visitor.page.status_code == 422
    assert 'id="f-email-error"' in visitor.page.text


async def test_whoever_has_to_wait_can_reset_all_the_same(
    app: Starlette, visitor: Visitor, lea: User, site: Site
) -> None:
    for _ in range(FREE["pair"]):
        await visitor.log_in(password="a wrong password")
    assert (await visitor.log_in()).status_code == 429
    await visitor.post(reset_link(site, lea), TWICE)
    assert visitor.page.status_code == 303
    assert await visitor.is_in()


async def test_no_host_that_somebody_names_gets_into_a_mail(visitor: Visitor, lea: User, site: Site) -> None:
    await visitor.post("/console/forgot", {"email": EMAIL}, host="evil.example")
    assert visitor.page.status_code == 400
    with site.database.reading() as session:
        assert session.scalars(select(Outbox)).all() == []
    await visitor.post("/console/forgot", {"email": EMAIL}, **{"x-forwarded-host": "evil.example"})
    builders = AccountLetters(site.settings.base_url, site.tokens, campaign_titles).builders()
    with site.database.writing() as session:
        mails = claim(session, utc_now(), 10, timedelta(minutes=1))
        (letter,) = build_letters(session, builders, mails).values()
    url = letter.context["url"]
    assert url.startswith(f"{site.settings.base_url}/console/link/")
    assert (await visitor.get(url)).status_code == 200


# Resets


async def test_a_reset_sets_the_password_and_logs_in_here_and_nowhere_else(
    app: Starlette, visitor: Visitor, lea: User, site: Site
) -> None:
    async with visiting(app) as thief:
        await thief.log_in()
        url = reset_link(site, lea)
        await visitor.get(url)
        assert visitor.page.status_code == 200
        assert EMAIL in visitor.page.text
        assert await thief.is_in()  # looking at a link changes nothing
        await visitor.fill(url, TWICE)
        assert (visitor.page.status_code, visitor.page.headers["location"]) == (303, "/console")
        assert await visitor.is_in()
        assert not await thief.is_in()
        assert (await thief.log_in()).status_code == 422
        assert (await thief.log_in(password=NEW)).status_code == 303
    with site.database.reading() as session:
        assert session.get_one(User, lea.id).name == "Lea Lead"
    assert actions(site.database)[1:4] == ["account.reset_sent", "account.password_changed", "account.login"]


async def test_a_used_link_and_one_that_was_replaced_are_dead(visitor: Visitor, lea: User, site: Site) -> None:
    first, second = reset_link(site, lea), reset_link(site, lea)
    assert is_dead_page(await visitor.get(first))
    await visitor.post(first, TWICE)
    assert is_dead(visitor)
    await visitor.post(second, TWICE)
    assert visitor.page.status_code == 303
    await visitor.get(second)
    assert is_dead(visitor)
    await visitor.post(second, {"password": "the thief's own words", "again": "the thief's own words"})
    assert is_dead(visitor)
    with site.database.reading() as session:
        assert verify_password(session.get_one(User, lea.id).password_hash, NEW)


def is_dead_page(page: object) -> bool:
    return getattr(page, "status_code", 0) == 404


async def test_a_link_is_dead_after_its_time(visitor: Visitor, lea: User, site: Site, clock: Clock) -> None:
    reset = reset_link(site, lea)
    _, invitation = invite_nina(site)
    clock.ahead = timedelta(hours=23, minutes=59)
    assert (await visitor.get(reset)).status_code == 200
    clock.ahead = timedelta(hours=24, minutes=1)
    assert is_dead_page(await visitor.get(reset))
    await visitor.post(reset, TWICE)
    assert is_dead(visitor)
    clock.ahead = timedelta(days=6, hours=23)
    assert (await visitor.get(invitation)).status_code == 200
    clock.ahead = timedelta(days=7, minutes=1)
    assert is_dead_page(await visitor.get(invitation))


async def test_every_dead_link_looks_the_same(visitor: Visitor, lea: User, site: Site) -> None:
    with site.database.writing() as session:
        session.get_one(User, lea.id).disabled_at = utc_now()
    stranger = User(id=lea.id)
    texts = set()
    good = link(site, lea, RESET, 0)
    for url in (
        good,  # of a closed account
        good[:-1],
        "/console/link/x",
        "/console/link/" + "x" * 2_000,
        link(site, stranger, "own", 0),  # for another purpose
        link(site, stranger, "confirm", 0),
        "/console/first/x",
    ):
        page = await visitor.get(url)
        assert is_dead(visitor), url
        texts.add(re.sub(r"<title>.*?</title>", "", page.text))
        await visitor.post(url, TWICE)
        assert is_dead(visitor), url
    assert len(texts) == 1


async def test_the_second_factor_stays_required_after_a_reset(visitor: Visitor, lea: User, site: Site) -> None:
    give_totp(site.database, lea)
    await visitor.post(reset_link(site, lea), TWICE)
    assert visitor.page.headers["location"] == "/console/login/code?next=%2Fconsole&lang=en"
    assert not await visitor.is_in()
    with site.database.reading() as session:
        assert session.get_one(User, lea.id).totp_secret == SECRET


async def test_a_session_that_was_put_into_the_browser_is_not_taken_over(
    app: Starlette, lea: User, site: Site
) -> None:
    async with visiting(app, petitions="chosen-by-somebody-else") as victim:
        await victim.post(reset_link(site, lea), TWICE)
    async with visiting(app, petitions="chosen-by-somebody-else") as attacker:
        assert not await attacker.is_in()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"password": "short", "again": "short"}, "password"),
        ({"password": "", "again": ""}, "password"),
        ({"password": "passwordpassword", "again": "passwordpassword"}, "password"),
        ({"password": "lea@example.org", "again": "lea@example.org"}, "password"),
        ({"password": NEW, "again": NEW + "x"}, "again"),
        ({"password": NEW}, "again"),
        ({"password": "x" * 30_000, "again": "x" * 30_000}, "password"),
    ],
)
async def test_a_password_that_will_not_do_uses_no_link_up(
    visitor: Visitor, lea: User, site: Site, wrong: dict[str, str], field: str
) -> None:
    url = reset_link(site, lea)
    await visitor.post(url, wrong)
    assert visitor.page.status_code == 422
    assert f'id="f-{field}-error"' in visitor.page.text
    assert NEW not in visitor.page.text
    await visitor.post(url, TWICE)
    assert visitor.page.status_code == 303


# Invitations


async def test_an_invitation_makes_somebody_a_lead(visitor: Visitor, lea: User, site: Site) -> None:
    nina, url = invite_nina(site)
    await visitor.get(url)
    assert 'value="Nina"' in visitor.page.text
    await visitor.fill(url, TWICE | {"name": ""})
    assert visitor.page.status_code == 422
    assert 'id="f-name-error"' in visitor.page.text
    await visitor.fill(url, TWICE | {"name": "Nina  Núñez"})
    assert visitor.page.status_code == 303
    assert await visitor.is_in()
    with site.database.reading() as session:
        kept = session.get_one(User, nina.id)
        assert (kept.name, kept.is_admin) == ("Nina Núñez", False)
        assert verify_password(kept.password_hash, NEW)
        assert [row.user_id for row in session.scalars(select(UserSession))] == [nina.id]
    assert is_dead_page(await visitor.get(url))


async def test_an_invited_person_cannot_log_in_before(visitor: Visitor, site: Site) -> None:
    invite_nina(site)
    for password in ("", "None", PASSWORD):
        assert (await visitor.log_in("nina@example.org", password)).status_code == 422


# The first account


async def test_the_printed_link_makes_the_first_administrator(visitor: Visitor, site: Site) -> None:
    url = first_link("", site.tokens)
    await visitor.get(url)
    assert visitor.page.status_code == 200
    await visitor.fill(url, TWICE | {"email": "fay@", "name": "Fay First"})
    assert visitor.page.status_code == 422
    assert 'value="fay@"' in visitor.page.text
    assert 'value="Fay First"' in visitor.page.text
    await visitor.fill(url, TWICE | {"email": "Fay@example.org", "name": "Fay First"})
    assert (visitor.page.status_code, visitor.page.headers["location"]) == (303, "/console")
    assert (await visitor.get("/console/people")).status_code == 200
    with site.database.reading() as session:
        (fay,) = session.scalars(select(User))
    assert (fay.email, fay.name, fay.is_admin) == ("fay@example.org", "Fay First", True)
    assert actions(site.database) == ["account.created", "account.login"]


async def test_the_printed_link_is_dead_as_soon_as_anybody_has_an_account(
    visitor: Visitor, lea: User, site: Site
) -> None:
    url = first_link("", site.tokens)
    await visitor.get(url)
    assert is_dead(visitor)
    await visitor.post(url, TWICE | {"email": "mallory@example.org", "name": "Mallory"})
    assert is_dead(visitor)
    with site.database.reading() as session:
        assert session.scalars(select(User.email)).all() == [EMAIL]


@pytest.mark.parametrize("token", ["x", "a.b.c", "AAAA"])
async def test_a_first_link_that_nobody_printed_is_dead(visitor: Visitor, site: Site, token: str) -> None:
    await visitor.post(f"/console/first/{token}", TWICE | {"email": "mallory@example.org", "name": "Mallory"})
    assert is_dead(visitor)
    with site.database.reading() as session:
        assert session.scalars(select(User)).all() == []
