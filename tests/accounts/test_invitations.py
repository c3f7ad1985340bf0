"""Inviting people, and links by which they set a password."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import select

from petitions.accounts.invitations import (
    INVITATION,
    LIFETIMES,
    RESET,
    accept_link,
    invite,
    renew_link,
    send_invitation,
    send_reset,
)
from petitions.accounts.models import User, UserSession
from petitions.accounts.sessions import open_session
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.mail.outbox import LATER
from tests.console.support import Queries, make_user

NOW = utc_now()
KEY = b"k" * 16
EMAIL = "nina@example.org"


def invited(database: Database, email: str = EMAIL, **options: object) -> User:
    with database.writing() as session:
        user = invite(session, email, "Nina New", "es", KEY, NOW, **options)  # type: ignore[arg-type]
        session.flush()
        session.expunge(user)
    return user


def mails(database: Database) -> list[Outbox]:
    with database.reading() as session:
        return list(session.scalars(select(Outbox).order_by(Outbox.id)))


def reset(database: Database, email: str, hours: int = 0) -> bool:
    with database.writing() as session:
        return send_reset(session, email, KEY, NOW + timedelta(hours=hours)) is not None


def accept(database: Database, user: User, epoch: int, name: str | None = None) -> bool:
    with database.writing() as session:
        return accept_link(session, user.id, epoch, "$argon2id$new", name) is not None


def epoch_of(database: Database, user: User) -> int:
    with database.reading() as session:
        return session.get_one(User, user.id).link_epoch


def test_an_invitation_makes_an_account_that_waits_and_queues_one_mail(database: Database) -> None:
    user = invited(database, " Nina@Example.org ", invited_by="Olga Owner")
    assert (user.email, user.name, user.language, user.is_admin) == (EMAIL, "Nina New", "es", False)
    assert (user.password_hash, user.invited_by, user.created_at) == (None, "Olga Owner", NOW)
    (mail,) = mails(database)
    assert (mail.kind, mail.campaign_id, mail.subject_id) == (INVITATION, None, user.id)
    assert (mail.email_key, mail.language, mail.priority) == (KEY, "es", LATER)


def test_inviting_somebody_with_an_account_changes_nothing_of_it(database: Database, user: User) -> None:
    again = invited(database, user.email.upper(), invited_by="Olga Owner", is_admin=True)
    assert (again.id, again.name, again.is_admin) == (user.id, "Lea Lead", False)
    assert (again.password_hash, again.link_epoch) == (user.password_hash, 0)
    assert [mail.subject_id for mail in mails(database)] == [user.id]


def test_two_invitations_at_once_make_one_account(database: Database) -> None:
    start = threading.Barrier(4)

    def run() -> object:
        start.wait(10)
        return invited(database).id

    with ThreadPoolExecutor(4) as threads:
        ids = {future.result() for future in [threads.submit(run) for _ in range(4)]}
    assert len(ids) == 1
    assert 1 <= len(mails(database)) <= 3


def test_a_link_works_once(database: Database) -> None:
    user = invited(database)
    epoch = epoch_of(database, user)
    assert accept(database, user, epoch, "Nina")
    assert not accept(database, user, epoch, "Mallory")
    with database.reading() as session:
        kept = session.get_one(User, user.id)
        assert (kept.name, kept.password_hash, kept.link_epoch) == ("Nina", "$argon2id$new", epoch + 1)


def test_a_link_works_once_also_in_a_race(database: Database) -> None:
    user = invited(database)
    epoch = epoch_of(database, user)
    start = threading.Barrier(4)

    def run() -> bool:
        start.wait(10)
        return accept(database, user, epoch)

    with ThreadPoolExecutor(4) as threads:
        done = [future.result() for future in [threads.submit(run) for _ in range(4)]]
    assert sorted(done) == [False, False, False, True]


def test_of_several_links_the_last_one_works(database: Database, user: User) -> None:
    assert reset(database, user.email)
    first = epoch_of(database, user)
    assert reset(database, user.email)
    second = epoch_of(database, user)
    assert not accept(database, user, first)
    assert accept(database, user, second)


def test_a_link_made_by_hand_ends_those_before(database: Database, user: User) -> None:
    assert reset(database, user.email)
    before = epoch_of(database, user)
    with database.writing() as session:
        renew_link(session, user.id)
    assert not accept(database, user, before)
    assert accept(database, user, before + 1)


def test_an_invitation_to_a_campaign_leaves_the_link_that_its_owner_asked_for(
    database: Database, user: User
) -> None:
    assert reset(database, user.email)
    epoch = epoch_of(database, user)
    invited(database, user.email)
    assert accept(database, user, epoch)


def test_no_stranger_ends_an_invitation_by_asking_for_a_reset(database: Database) -> None:
    user = invited(database)
    epoch = epoch_of(database, user)
    for _ in range(3):
        assert reset(database, user.email)
    assert accept(database, user, epoch, "Nina")
    assert not accept(database, user, epoch)  # nor by the links of the resets, which carry the same


def test_a_used_link_logs_everybody_out(database: Database, user: User) -> None:
    other = make_user(database, "Otto Other")
    with database.writing() as session:
        for somebody in (user, user, other):
            open_session(session, somebody.id, "Firefox, Linux", NOW)
    assert reset(database, user.email)
    assert accept(database, user, epoch_of(database, user))
    with database.reading() as session:
        assert session.scalars(select(UserSession.user_id)).all() == [other.id]


def test_there_are_three_resets_a_day_and_the_last_link_stays_good(database: Database, user: User) -> None:
    assert [reset(database, user.email, hours) for hours in range(5)] == [True, True, True, False, False]
    assert [mail.kind for mail in mails(database)] == [RESET] * 3
    epoch = epoch_of(database, user)
    assert epoch == 3
    assert reset(database, user.email, 25)  # the first is a day old
    assert not accept(database, user, epoch)


def test_whoever_uses_up_somebody_s_resets_leaves_them_a_link_that_works(database: Database, user: User) -> None:
    sent = [hours for hours in range(72) if reset(database, user.email, hours)]
    assert sent[:4] == [0, 1, 2, 24]
    for hours in range(72):
        last = max(sending for sending in sent if sending <= hours)
        assert timedelta(hours=hours - last) < LIFETIMES[RESET]
    with database.reading() as session:
        assert session.get_one(User, user.id).link_epoch == len(sent)  # of those the last one works
    assert timedelta(hours=24) <= LIFETIMES[RESET]


def test_three_resets_at_once_are_not_four(database: Database, user: User) -> None:
    start = threading.Barrier(6)

    def run() -> bool:
        start.wait(10)
        return reset(database, user.email)

    with ThreadPoolExecutor(6) as threads:
        done = [future.result() for future in [threads.submit(run) for _ in range(6)]]
    assert sorted(done) == [False] * 3 + [True] * 3


def test_resets_do_not_use_up_invitations(database: Database) -> None:
    user = invited(database)
    for _ in range(3):
        assert reset(database, user.email)
    with database.writing() as session:
        assert send_invitation(session, user.id, KEY, NOW)
        assert send_invitation(session, user.id, KEY, NOW)
        assert not send_invitation(session, user.id, KEY, NOW)


def test_a_closed_account_gets_no_mail_and_its_links_are_dead(database: Database, user: User) -> None:
    assert reset(database, user.email)
    epoch = epoch_of(database, user)
    with database.writing() as session:
        session.get_one(User, user.id).disabled_at = NOW
    assert not reset(database, user.email)
    assert not accept(database, user, epoch)
    assert len(mails(database)) == 1
    invited(database, user.email)
    assert len(mails(database)) == 1


def test_a_reset_costs_the_same_whether_or_not_there_is_an_account(database: Database, user: User) -> None:
    costs = {}
    for name, email in (("somebody", user.email), ("nobody", "nobody@example.org")):
        with Queries(database) as queries:
            reset(database, email)
        costs[name] = queries.count
    for _ in range(2):
        reset(database, user.email)
    with Queries(database) as queries:
        assert not reset(database, user.email)
    costs["too often"] = queries.count
    assert len(set(costs.values())) == 1, costs
