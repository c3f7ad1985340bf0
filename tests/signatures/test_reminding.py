"""One reminder, a day later, to whoever has not confirmed."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from uuid import UUID

import pytest
from sqlalchemy import select, update

from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures import reminding
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.refusing import refuse
from petitions.signatures.reminding import AFTER, AT_LATEST, REMIND, remind
from tests.factories import confirm, make_campaign, make_draft, remove, sign

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: A whole millisecond, as ids have it.
NOW = utc_now().replace(microsecond=0)


def id_of(moment: datetime) -> UUID:
    """An id that was made then."""
    random = new_id().int & ((1 << 80) - 1)
    return UUID(int=int(moment.timestamp() * 1000) << 80 | random)


def drafted(
    database: Database, settings: Settings, campaign: CampaignSnapshot, age: timedelta, **changes: object
) -> NewDraft:
    """A draft that arrived so long before NOW."""
    made = NOW - age
    return sign(database, settings, campaign, id=id_of(made), arrived_at=made, **changes)


def reminded(database: Database) -> list[UUID]:
    """The drafts of which somebody was reminded, in the order of the mails."""
    with database.reading() as session:
        query = select(Outbox.subject_id).where(Outbox.kind == REMIND).order_by(Outbox.created_at, Outbox.id)
        return list(session.scalars(query))


def change(database: Database, campaign: CampaignSnapshot, **values: object) -> None:
    with database.writing() as session:
        session.execute(update(Campaign).where(Campaign.id == campaign.id).values(**values))


def test_a_draft_is_reminded_once_and_after_a_day(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = drafted(database, settings, campaign, DAY - MINUTE, language="es")
    assert remind(database, NOW) == 0
    assert remind(database, NOW + MINUTE) == 0
    assert remind(database, NOW + 2 * MINUTE) == 1
    for later in (3 * MINUTE, HOUR, DAY, 2 * DAY, 10 * DAY):
        assert remind(database, NOW + later) == 0
    with database.reading() as session:
        (mail,) = session.scalars(select(Outbox).where(Outbox.kind == REMIND))
        assert (mail.campaign_id, mail.subject_id, mail.email_key) == (campaign.id, draft.id, draft.email_key)
        assert (mail.language, mail.priority) == ("es", 10)


def test_whoever_signed_refused_or_is_held_gets_none(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    age = DAY + HOUR
    confirm(database, drafted(database, settings, campaign, age))
    drafted(database, settings, campaign, age, trapped=True)
    refusing = drafted(database, settings, campaign, age)
    with database.writing() as session:
        refuse(session, campaign.id, refusing.id, NOW)
    removed = drafted(database, settings, campaign, age)
    confirm(database, removed)
    remove(database, removed)
    waiting = drafted(database, settings, campaign, age)
    assert remind(database, NOW) == 1
    assert reminded(database) == [waiting.id]


def test_an_address_that_has_signed_with_another_draft_gets_none(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The drafts of whoever confirms are deleted; one that comes in at the same moment may stay."""
    first = drafted(database, settings, campaign, DAY + 2 * HOUR)
    confirm(database, first)
    straggler = make_draft(campaign, settings, id=id_of(NOW - DAY - HOUR), email=first.email, city="Soria")
    _store_row_of(database, settings, straggler, first)
    assert remind(database, NOW) == 0


def _store_row_of(database: Database, settings: Settings, draft: NewDraft, signed: NewDraft) -> None:
    """A draft of an address that has signed, which the form would not store."""
    from petitions.signatures.models import Draft

    other = replace(draft, email="other@example.org", email_key=b"0" * 16, arrived_at=NOW - DAY - HOUR)
    with database.writing() as session:
        store_drafts(session, [other], None)
        session.execute(
            update(Draft).where(Draft.id == draft.id).values(email=signed.email, email_key=signed.email_key)
        )


def test_of_several_drafts_the_newest_is_reminded_once_it_is_a_day_old(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    email = "ana@example.org"
    drafted(database, settings, campaign, DAY + 3 * HOUR, email=email, city="Soria")
    newest = drafted(database, settings, campaign, DAY - HOUR, email=email, city="Madrid")
    other = drafted(database, settings, campaign, DAY + HOUR)
    assert remind(database, NOW) == 1
    assert remind(database, NOW + 2 * HOUR) == 1
    assert reminded(database) == [other.id, newest.id]


def test_drafts_of_an_address_in_one_step_are_one_reminder(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    email = "ana@example.org"
    drafted(database, settings, campaign, DAY + HOUR, email=email, city="Soria")
    last = drafted(database, settings, campaign, DAY + HOUR - MINUTE, email=email, city="Madrid")
    assert remind(database, NOW) == 1
    assert reminded(database) == [last.id]


def test_whoever_was_reminded_is_not_reminded_of_a_later_draft(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    email = "ana@example.org"
    first = drafted(database, settings, campaign, DAY + HOUR, email=email, city="Soria")
    assert remind(database, NOW) == 1
    drafted(database, settings, campaign, timedelta(), email=email, city="Madrid")
    assert remind(database, NOW + DAY + HOUR) == 0
    assert reminded(database) == [first.id]


def test_whoever_sent_the_form_again_has_a_fresh_mail(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = drafted(database, settings, campaign, DAY + HOUR)
    with database.writing() as session:
        store_drafts(session, [replace(draft, id=new_id(), arrived_at=NOW - HOUR)], None)
    assert remind(database, NOW) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"closes_at": NOW - MINUTE},
        {"opens_at": NOW + DAY},
        {"purge_began_at": NOW},
        {"published_at": None},
    ],
    ids=lambda values: next(iter(values)),
)
def test_only_open_campaigns_remind(
    database: Database, settings: Settings, campaign: CampaignSnapshot, values: dict[str, object]
) -> None:
    drafted(database, settings, campaign, DAY + HOUR)
    change(database, campaign, **values)
    assert remind(database, NOW) == 0


def test_a_campaign_can_go_without_reminders(database: Database, settings: Settings) -> None:
    silent = make_campaign(database, slug="silent", reminder={"enabled": False})
    speaking = make_campaign(database, slug="speaking", reminder={"enabled": True})
    drafted(database, settings, silent, DAY + HOUR)
    draft = drafted(database, settings, speaking, DAY + HOUR)
    assert remind(database, NOW) == 1
    assert reminded(database) == [draft.id]


def test_nobody_is_reminded_of_what_they_have_forgotten(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The first time that a campaign reminds, or after a worker stood still for a week."""
    drafted(database, settings, campaign, AT_LATEST + MINUTE)
    late = drafted(database, settings, campaign, AT_LATEST - MINUTE)
    assert remind(database, NOW) == 1
    assert reminded(database) == [late.id]


def test_the_limits_of_an_address_hold(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    email = "ana@example.org"
    drafted(database, settings, campaign, DAY + HOUR, email=email)
    for number in range(10):  # mails about other campaigns, today
        other = make_campaign(database, slug=f"other-{number}")
        sign(database, settings, other, email=email)
    assert remind(database, NOW) == 0


def test_steps_take_every_draft_also_those_of_one_moment(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "_STEP", 3)
    drafts = [drafted(database, settings, campaign, DAY + HOUR) for _ in range(5)]
    drafts += [drafted(database, settings, campaign, DAY + HOUR - n * MINUTE) for n in range(1, 6)]
    assert remind(database, NOW) == 10
    assert sorted(reminded(database)) == sorted(draft.id for draft in drafts)
    assert remind(database, NOW) == 0


def test_workers_at_once_remind_everybody_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reminding, "_STEP", 5)
    drafts = [drafted(database, settings, campaign, DAY + HOUR - n * timedelta(seconds=1)) for n in range(40)]
    databases = [Database(settings.database_url) for _ in range(3)]
    start = Barrier(3)

    def run(other: Database) -> int:
        start.wait(30)
        return remind(other, NOW)

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(run, databases)) == 40
    for other in databases:
        other.close()
    assert sorted(reminded(database)) == sorted(draft.id for draft in drafts)


KILLED = """
import sys
from datetime import datetime
from petitions.db import Database
from petitions.signatures import reminding

moment_of, steps = reminding.remind_step, 0

def step_and_stop(session, campaign_id, now):
    global steps
    done = moment_of(session, campaign_id, now)
    session.flush()
    steps += 1
    if steps == 2:
        print("in the middle", flush=True)
        sys.stdin.read()
    return done

reminding.remind_step = step_and_stop
reminding._STEP = 4
reminding.remind(Database(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
"""


def test_a_killed_worker_reminds_nobody_twice_and_forgets_nobody(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = [drafted(database, settings, campaign, DAY + HOUR - n * MINUTE) for n in range(10)]
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED, settings.database_url, NOW.isoformat()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "in the middle\n"
    worker.kill()
    worker.communicate()
    assert len(reminded(database)) == 4
    assert remind(database, NOW) == 6
    assert sorted(reminded(database)) == sorted(draft.id for draft in drafts)
    assert AFTER == DAY
