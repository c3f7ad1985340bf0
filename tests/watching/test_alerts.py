"""Who is told of an alert, how often, and in which words."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from petitions.accounts.models import User
from petitions.accounts.roles import Role
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.composing import compose
from petitions.mail.letters import Letter
from petitions.mail.models import Outbox
from petitions.mail.outbox import LATER, ClaimedMail
from petitions.settings import Settings
from petitions.watching.alerts import (
    DOMAIN,
    DRIFT,
    KEPT,
    NETWORK,
    WORDING,
    Trend,
    choose_alerts,
    forget_alerts,
    list_alerts,
    store_alerts,
    tell,
)
from petitions.watching.letters import AlertLetters
from tests.console.support import give_role, make_user
from tests.factories import make_campaign
from tests.watching.support import DAY, HOUR, MINUTE, NOON, alerts

KEY = "e-mail key" * 4
TRENDS = [
    Trend(NETWORK, b"n" * 16, None, 72),
    Trend(DOMAIN, b"d" * 16, "mailer.example", 44),
    Trend(WORDING, b"w" * 16, None, 14),
]


@pytest.fixture
def people(database: Database, campaign: CampaignSnapshot) -> dict[str, User]:
    """One of every role, and somebody who has not accepted the invitation."""
    people = {}
    for role in Role:
        people[role.value] = make_user(database, f"{role.capitalize()} Here", language="es")
        give_role(database, campaign.id, people[role.value], role)
    people["invited"] = make_user(database, "Invited Moderator", password_hash=None)
    give_role(database, campaign.id, people["invited"], Role.MODERATOR)
    return people


def store(database: Database, campaign: CampaignSnapshot, trends: Sequence[Trend], now: datetime) -> None:
    with database.writing() as session:
        store_alerts(session, campaign.id, trends, now)


def mails(database: Database) -> list[Outbox]:
    with database.reading() as session:
        found = list(session.scalars(select(Outbox).where(Outbox.kind == "alert").order_by(Outbox.created_at)))
        session.expunge_all()
        return found


def told(database: Database, people: dict[str, User]) -> list[str]:
    names = {user.id: name for name, user in people.items()}
    return sorted(names[mail.subject_id] for mail in mails(database))


def letters(database: Database) -> list[Letter]:
    """Those of every mail that was queued."""
    claimed = [
        ClaimedMail(mail.id, mail.kind, mail.campaign_id, mail.subject_id, mail.language, 1)
        for mail in mails(database)
    ]
    with database.reading() as session:
        built = AlertLetters("http://testserver").builders()["alert"](session, claimed)
    return [built[mail.id] for mail in claimed if mail.id in built]


def test_everybody_who_moderates_gets_a_mail(
    database: Database, campaign: CampaignSnapshot, people: dict[str, User]
) -> None:
    now = NOON
    store(database, campaign, TRENDS, now)
    tell(database, now, KEY)
    assert told(database, people) == ["moderator", "owner"]
    (mail, _) = mails(database)
    assert (mail.campaign_id, mail.language, mail.priority) == (campaign.id, "es", LATER)


def test_who_does_not_want_it_gets_none(
    database: Database, campaign: CampaignSnapshot, people: dict[str, User]
) -> None:
    with database.writing() as session:
        assert choose_alerts(session, campaign.id, people["owner"].id, wanted=False)
        assert not choose_alerts(session, campaign.id, people["owner"].id, wanted=False)
    now = NOON
    store(database, campaign, TRENDS, now)
    tell(database, now, KEY)
    assert told(database, people) == ["moderator"]


def test_a_closed_account_gets_none(
    database: Database, campaign: CampaignSnapshot, people: dict[str, User]
) -> None:
    with database.writing() as session:
        session.execute(update(User).where(User.id == people["owner"].id).values(disabled_at=NOON))
    now = NOON
    store(database, campaign, TRENDS, now)
    tell(database, now, KEY)
    assert told(database, people) == ["moderator"]


def test_a_wrong_count_is_told_to_owners_alone(
    database: Database, campaign: CampaignSnapshot, people: dict[str, User]
) -> None:
    now = NOON
    store(database, campaign, [Trend(DRIFT, bytes(16), None, 3)], now)
    tell(database, now, KEY)
    assert told(database, people) == ["owner"]


def test_the_same_alert_is_told_once(
    database: Database, campaign: CampaignSnapshot, people: dict[str, User]
) -> None:
    now = NOON
    for minutes in (0, 1, 61, 200):
        store(database, campaign, TRENDS, now + minutes * MINUTE)
        tell(database, now + minutes * MINUTE, KEY)
    assert told(database, people) == ["moderator", "owner"]


def test_a_new_one_is_told_within_the_hour_after_the_last_mail(
    database: Database, campaign: CampaignSnapshot, people: dict[str, User]
) -> None:
    now = NOON
    store(database, campaign, TRENDS[:1], now)
    tell(database, now, KEY)
    store(database, campaign, TRENDS[1:], now + 10 * MINUTE)
    tell(database, now + 10 * MINUTE, KEY)
    tell(database, now + 59 * MINUTE, KEY)
    assert len(mails(database)) == 2
    tell(database, now + HOUR, KEY)
    tell(database, now + 3 * HOUR, KEY)
    assert [mail.created_at - now for mail in mails(database)] == [timedelta(0), timedelta(0), HOUR, HOUR]


def test_an_alert_that_is_stored_late_is_told_all_the_same(
    database: Database, campaign: CampaignSnapshot, people: dict[str, User]
) -> None:
    now = NOON
    store(database, campaign, TRENDS[:1], now)
    tell(database, now + MINUTE, KEY)
    store(database, campaign, TRENDS[1:], now)  # of a worker that looked before the mail and wrote after it
    tell(database, now + MINUTE + HOUR, KEY)
    assert len(mails(database)) == 4


def test_two_workers_tell_once(database: Database, campaign: CampaignSnapshot, people: dict[str, User]) -> None:
    now = NOON
    store(database, campaign, TRENDS, now)
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: tell(database, now, KEY), range(3)))
    assert told(database, people) == ["moderator", "owner"]


def test_of_a_closed_campaign_nobody_is_told(
    database: Database, campaign: CampaignSnapshot, people: dict[str, User]
) -> None:
    now = utc_now()
    store(database, campaign, TRENDS, now)
    tell(database, now, KEY)
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=now))
    assert letters(database) == []  # not of what was queued either
    store(database, campaign, [Trend(DOMAIN, b"e" * 16, "other.example", 50)], now + DAY / 2)
    tell(database, now + DAY / 2, KEY)
    assert len(mails(database)) == 2


def test_the_letter_says_what_trends_and_names_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    give_role(database, campaign.id, make_user(database, "Olga Owner"), Role.OWNER)
    now = utc_now()
    store(database, campaign, [*TRENDS, Trend(DRIFT, bytes(16), None, 3)], now)
    tell(database, now, KEY)
    (letter,) = letters(database)
    assert letter.recipient == "olga@example.org"
    (mail,) = mails(database)
    message = compose(mail.id, letter, settings, now)
    assert message["Subject"] == "Something unusual: Free Boris"
    part: Any = message.get_body(("plain",))
    text = part.get_content()
    for said in (
        "72 forms from one network",
        "44 forms with addresses at mailer[.]example",
        "The same comment from 14 addresses",
        "it is wrong by 3",
        "http://testserver/console/c/free-boris/held?lang=en",
        "http://testserver/console/c/free-boris/alerts?lang=en",
    ):
        assert said in text
    whole: Any = message.get_body(("html",))
    for body in (text, whole.get_content()):
        assert (b"n" * 16).hex()[:8] not in body
        assert "mailer.example" not in body  # of that a mail program would make a link
        assert "more" not in body


def test_a_flood_of_alerts_does_not_hide_the_others(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    give_role(database, campaign.id, make_user(database, "Olga Owner"), Role.OWNER)
    now = utc_now()
    many = [Trend(DOMAIN, bytes([n]) * 16, f"d{n}.example", 100 + n) for n in range(13)]
    store(database, campaign, [*TRENDS, *many], now)
    tell(database, now, KEY)
    (letter,), (mail,) = letters(database), mails(database)
    message = compose(mail.id, letter, settings, now)
    part: Any = message.get_body(("plain",))
    lines = [line for line in part.get_content().splitlines() if line.startswith("- ")]
    assert lines == [
        *(f"- {100 + n} forms with addresses at d{n}[.]example" for n in range(12, 2, -1)),
        "- 72 forms from one network",
        "- The same comment from 14 addresses",
        "- and 4 more",
    ]
    whole: Any = message.get_body(("html",))
    assert "and 4 more" in whole.get_content()


def test_whoever_lost_the_role_meanwhile_gets_no_letter(
    database: Database, campaign: CampaignSnapshot, people: dict[str, User]
) -> None:
    now = utc_now()
    store(database, campaign, TRENDS, now)
    tell(database, now, KEY)
    give_role(database, campaign.id, people["moderator"], Role.VIEWER)
    with database.writing() as session:
        choose_alerts(session, campaign.id, people["owner"].id, wanted=False)
    assert letters(database) == []


def test_alerts_are_listed_by_campaign_and_forgotten_in_time(
    database: Database, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="free-ana")
    now = NOON
    store(database, campaign, TRENDS, now)
    store(database, other, TRENDS[:1], now + DAY)
    with database.reading() as session:
        assert len(list_alerts(session, campaign.id, 100)) == 3
        assert len(list_alerts(session, campaign.id, 2)) == 2
    forget_alerts(database, now + KEPT)
    assert len(alerts(database)) == 4
    forget_alerts(database, now + KEPT + DAY)
    assert [alert.campaign_id for alert in alerts(database)] == [other.id]
