from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import event

from petitions.db import Database
from petitions.mail.limits import (
    MAILS_PER_ADDRESS,
    MAILS_PER_CAMPAIGN,
    PERIOD,
    RecentMails,
    may_mail,
    recent_mails,
)
from tests.mail.support import NOON, make_campaign, queue_mails

ANA, BEN = b"a" * 16, b"b" * 16
SUBJECT = ("confirm", UUID(int=1))


@pytest.mark.parametrize(
    ("about_this", "about_others", "allowed"),
    [
        (0, 0, True),
        (MAILS_PER_CAMPAIGN - 1, 0, True),
        (MAILS_PER_CAMPAIGN, 0, False),
        (0, MAILS_PER_ADDRESS - 1, True),
        (0, MAILS_PER_ADDRESS, False),
        (MAILS_PER_CAMPAIGN - 1, MAILS_PER_ADDRESS - MAILS_PER_CAMPAIGN + 1, False),
    ],
)
def test_may_mail_counts_the_campaign_and_the_address(about_this: int, about_others: int, allowed: bool) -> None:
    recent = RecentMails()
    recent.add(ANA, 1, SUBJECT, NOON, about_this)
    for campaign_id in range(about_others):
        recent.add(ANA, campaign_id + 2, SUBJECT, NOON)
    assert may_mail(recent, ANA, 1) is allowed
    assert may_mail(recent, BEN, 1)


def test_recent_mails_counts_a_batch_of_addresses_in_one_query(mail_database: Database) -> None:
    make_campaign(mail_database, 2)
    queue_mails(mail_database, 3, email_key=ANA)
    queue_mails(mail_database, 2, email_key=ANA, campaign_id=2)
    queue_mails(mail_database, 1, email_key=BEN)
    queue_mails(mail_database, 1, email_key=b"c" * 16)
    statements: list[str] = []
    event.listen(
        mail_database.engine,
        "before_cursor_execute",
        lambda *arguments: statements.append(arguments[2]),
    )
    with mail_database.reading() as session:
        recent = recent_mails(session, {ANA, BEN}, NOON)
    assert recent.about_campaign == {(ANA, 1): 3, (ANA, 2): 2, (BEN, 1): 1}
    assert recent.to_address == {ANA: 5, BEN: 1}
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1


def test_recent_mails_forgets_after_a_day(mail_database: Database) -> None:
    queue_mails(mail_database, email_key=ANA, now=NOON - PERIOD)
    queue_mails(mail_database, email_key=BEN, now=NOON - PERIOD + timedelta(seconds=1))
    with mail_database.reading() as session:
        recent = recent_mails(session, [ANA, BEN], NOON)
    assert recent.to_address == {BEN: 1}


def test_recent_mails_knows_when_a_subject_was_mailed_last(mail_database: Database) -> None:
    hour = timedelta(hours=1)
    queue_mails(mail_database, email_key=ANA, subject_id=SUBJECT[1], now=NOON - 2 * hour)
    queue_mails(mail_database, email_key=ANA, subject_id=SUBJECT[1], now=NOON - hour)
    with mail_database.reading() as session:
        recent = recent_mails(session, [ANA], NOON)
    assert recent.last_about(SUBJECT) == NOON - hour
    assert recent.last_about(("already_signed", SUBJECT[1])) is None
    recent.add(ANA, 1, SUBJECT, NOON)
    assert recent.last_about(SUBJECT) == NOON
    assert recent.to_address == {ANA: 3}


def test_recent_mails_of_nobody_are_none(mail_database: Database) -> None:
    with mail_database.reading() as session:
        assert recent_mails(session, [], NOON).to_address == {}
