import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import pytest

from petitions.db import Database
from petitions.mail.outbox import (
    BRAKED_KINDS,
    KEPT,
    LATER,
    ClaimedMail,
    NewMail,
    Outcome,
    Verdict,
    claim,
    has_due,
    mark,
    purge,
    queue,
)
from petitions.mail.retries import MAX_ATTEMPTS, retry_delay
from tests.mail.support import NOON, make_campaign, new_mail, queue_mails, stored, stored_all

LEASE = timedelta(minutes=10)
MINUTE = timedelta(minutes=1)


def claim_mails(
    database: Database, now: datetime = NOON, limit: int = 100, braked: Sequence[int] = ()
) -> list[ClaimedMail]:
    with database.writing() as session:
        return claim(session, now, limit, LEASE, braked)


def mark_mails(database: Database, *outcomes: Outcome, now: datetime = NOON) -> None:
    with database.writing() as session:
        mark(session, outcomes, now, chance=lambda: 0.5)


def test_claim_takes_a_queued_mail_for_the_lease(mail_database: Database) -> None:
    [mail] = queue_mails(mail_database)
    claimed = ClaimedMail(mail.id, "confirm", 1, mail.subject_id, "en", 1, mail.email_key)
    assert claim_mails(mail_database) == [claimed]
    assert stored(mail_database, mail).due_at == NOON + LEASE
    assert claim_mails(mail_database) == []


def test_claim_takes_confirmations_first_and_the_oldest_of_each(mail_database: Database) -> None:
    late = [new_mail(priority=LATER), new_mail(priority=LATER)]
    first = [new_mail(), new_mail()]
    with mail_database.writing() as session:
        queue(session, [late[1], first[1]], NOON)
        queue(session, [late[0], first[0]], NOON - MINUTE)
    claimed = [claim_mails(mail_database, limit=1)[0].id for _ in range(4)]
    assert claimed == [first[0].id, first[1].id, late[0].id, late[1].id]


def test_claim_returns_a_batch_with_confirmations_first(mail_database: Database) -> None:
    late = queue_mails(mail_database, 3, priority=LATER)
    first = queue_mails(mail_database, 3)
    claimed = [mail.id for mail in claim_mails(mail_database)]
    assert {*claimed[:3]} == {mail.id for mail in first}
    assert {*claimed[3:]} == {mail.id for mail in late}


def test_claim_leaves_mails_that_are_not_due(mail_database: Database) -> None:
    queue_mails(mail_database, now=NOON + MINUTE)
    assert claim_mails(mail_database) == []


def test_claim_leaves_the_mails_of_braked_campaigns(mail_database: Database) -> None:
    make_campaign(mail_database, 2)
    queue_mails(mail_database, 2)
    [other] = queue_mails(mail_database, campaign_id=2)
    assert [mail.id for mail in claim_mails(mail_database, braked=[1])] == [other.id]


@pytest.mark.parametrize("kind", BRAKED_KINDS)
def test_claim_leaves_mails_to_strangers_of_braked_campaigns_however_late_they_are(
    mail_database: Database, kind: str
) -> None:
    queue_mails(mail_database, priority=LATER, kind=kind)
    [other] = queue_mails(mail_database, priority=LATER, kind="own_link")
    assert [mail.id for mail in claim_mails(mail_database, braked=[1])] == [other.id]


def test_has_due_agrees_with_what_a_claim_finds(mail_database: Database) -> None:
    queue_mails(mail_database)
    with mail_database.reading() as session:
        assert has_due(session, NOON)
        assert not has_due(session, NOON - MINUTE)
        assert not has_due(session, NOON, braked=[1])


def test_a_lapsed_lease_is_claimed_again(mail_database: Database) -> None:
    queue_mails(mail_database)
    claim_mails(mail_database)
    assert claim_mails(mail_database, now=NOON + LEASE - MINUTE) == []
    assert [mail.attempts for mail in claim_mails(mail_database, now=NOON + LEASE)] == [2]


def test_concurrent_claimers_never_take_the_same_mail(
    mail_database: Database, open_store: Callable[[], Database]
) -> None:
    mails = queue_mails(mail_database, 300)
    claimed: list[list[ClaimedMail]] = [[], []]
    both = threading.Barrier(2, timeout=20)

    def work(database: Database, mine: list[ClaimedMail]) -> None:
        mine += claim_mails(database, limit=7)
        both.wait()  # connected and at work, neither finds everything taken
        while batch := claim_mails(database, limit=7):
            mine += batch

    threads = [threading.Thread(target=work, args=(open_store(), mine)) for mine in claimed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mail.id for mine in claimed for mail in mine) == sorted(mail.id for mail in mails)


def test_sent_mail_is_done(mail_database: Database) -> None:
    [mail] = queue_mails(mail_database)
    [claimed] = claim_mails(mail_database)
    mark_mails(mail_database, Outcome(claimed, Verdict.SENT))
    row = stored(mail_database, mail)
    assert (row.sent_at, row.failed_at, row.failure) == (NOON, None, None)
    assert claim_mails(mail_database, now=NOON + LEASE) == []


def test_failed_mail_is_done_and_says_why(mail_database: Database) -> None:
    [mail] = queue_mails(mail_database)
    [claimed] = claim_mails(mail_database)
    mark_mails(mail_database, Outcome(claimed, Verdict.FAILED, "smtp_550"))
    row = stored(mail_database, mail)
    assert (row.sent_at, row.failed_at, row.failure) == (None, NOON, "smtp_550")
    assert claim_mails(mail_database, now=NOON + LEASE) == []


def test_retried_mail_is_due_after_its_delay(mail_database: Database) -> None:
    [mail] = queue_mails(mail_database)
    [claimed] = claim_mails(mail_database)
    mark_mails(mail_database, Outcome(claimed, Verdict.RETRY, "smtp_450"))
    row = stored(mail_database, mail)
    assert (row.due_at, row.attempts, row.failure) == (NOON + MINUTE, 1, "smtp_450")


def test_released_mail_is_due_at_once_as_if_it_had_not_been_claimed(mail_database: Database) -> None:
    [mail] = queue_mails(mail_database)
    [claimed] = claim_mails(mail_database)
    mark_mails(mail_database, Outcome(claimed, Verdict.RELEASED))
    row = stored(mail_database, mail)
    assert (row.due_at, row.attempts) == (NOON, 0)


def test_mark_settles_a_mixed_batch_and_twice_does_no_harm(mail_database: Database) -> None:
    queue_mails(mail_database, 4)
    claimed = claim_mails(mail_database)
    outcomes = [Outcome(mail, verdict, "code") for mail, verdict in zip(claimed, Verdict, strict=True)]
    for _ in range(2):
        mark_mails(mail_database, *outcomes)
    rows = stored_all(mail_database)
    assert [row.sent_at for row in rows] == [NOON, None, None, None]
    assert [row.failed_at for row in rows] == [None, NOON, None, None]
    assert [row.due_at for row in rows[2:]] == [NOON + MINUTE, NOON]
    assert [row.attempts for row in rows] == [1, 1, 1, 0]


def test_mail_gives_up_after_the_last_attempt(mail_database: Database) -> None:
    [mail] = queue_mails(mail_database)
    now = NOON
    for _ in range(MAX_ATTEMPTS):
        assert stored(mail_database, mail).failed_at is None
        now = stored(mail_database, mail).due_at
        [claimed] = claim_mails(mail_database, now=now)
        mark_mails(mail_database, Outcome(claimed, Verdict.RETRY, "smtp_450"), now=now)
    row = stored(mail_database, mail)
    assert (row.failed_at, row.failure) == (now, "exhausted")
    assert timedelta(days=1) < now - NOON < timedelta(days=3)


def test_claimer_whose_lease_lapsed_cannot_undo_the_next_claim(mail_database: Database) -> None:
    [mail] = queue_mails(mail_database)
    [old] = claim_mails(mail_database)
    later = NOON + LEASE
    claim_mails(mail_database, now=later)
    for verdict in (Verdict.RELEASED, Verdict.RETRY, Verdict.FAILED):
        mark_mails(mail_database, Outcome(old, verdict, "late"), now=later)
    row = stored(mail_database, mail)
    assert (row.due_at, row.attempts, row.failed_at) == (later + LEASE, 2, None)
    mark_mails(mail_database, Outcome(old, Verdict.SENT), now=later)  # what was sent was sent
    assert stored(mail_database, mail).sent_at == later


@pytest.mark.parametrize(
    ("attempts", "chance", "delay"),
    [
        (1, 0.5, timedelta(minutes=1)),
        (1, 0, timedelta(seconds=48)),
        (1, 1, timedelta(seconds=72)),
        (2, 0.5, timedelta(minutes=2)),
        (9, 0.5, timedelta(minutes=256)),
        (10, 0.5, timedelta(hours=6)),
        (MAX_ATTEMPTS, 0.5, timedelta(hours=6)),
    ],
)
def test_retry_delay_doubles_from_a_minute_to_six_hours(attempts: int, chance: float, delay: timedelta) -> None:
    assert retry_delay(attempts, chance) == delay


def test_purge_deletes_what_was_done_long_ago_and_nothing_else(mail_database: Database) -> None:
    queue_mails(mail_database, 3)
    sent, failed, waiting = claim_mails(mail_database)
    mark_mails(
        mail_database,
        Outcome(sent, Verdict.SENT),
        Outcome(failed, Verdict.FAILED, "smtp_550"),
        Outcome(waiting, Verdict.RETRY, "smtp_450"),
    )
    assert purge(mail_database, NOON + KEPT) == 0
    assert purge(mail_database, NOON + KEPT + MINUTE) == 2
    assert [row.id for row in stored_all(mail_database)] == [waiting.id]


def test_queue_of_no_mails_stores_nothing(mail_database: Database) -> None:
    none: list[NewMail] = []
    with mail_database.writing() as session:
        queue(session, none, NOON)
    assert stored_all(mail_database) == []
