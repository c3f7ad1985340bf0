"""A campaign that has gone on for weeks: signatures day by day, forms that are held, alerts and rules."""

import random
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from petitions.abuse.rule_lists import save_list
from petitions.abuse.rules import Verdict, parse_rules
from petitions.campaigns.models import Campaign
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.ids import new_id
from petitions.mail.models import Outbox
from petitions.moderation.removing import remove_signatures
from petitions.settings import Settings, load_settings
from petitions.signatures.confirming import Confirmation, store_confirmations
from petitions.signatures.drafting import store_drafts
from petitions.signatures.models import Signature
from petitions.signatures.rollups import roll_up
from petitions.watching.models import Alert, HourlyFlow, SourceCount
from tests.e2e.program import Demo
from tests.e2e.samples import NAMES
from tests.factories import make_draft

#: Signatures a day, the oldest first.
DAYS = (
    *(6, 14, 31, 22, 17, 12, 9, 13, 10, 8, 7, 12, 15, 11, 9),
    *(8, 6, 10, 24, 41, 28, 19, 13, 9, 12, 10, 8, 14, 11, 9),
)
SOURCES = (("newsletter-november", 96), ("the-example-times.example", 51), ("flyer", 23), (None, 2), ("poster", 7))
REMOVED = {"robot": (31, 32, 33, 35, 38, 40), "duplicate": (77, 140)}  # serials, by the reason
COMMENTS = (
    "My father worked there for thirty years.",
    "Solidarity from the night shift.",
    "Nobody should have to ask for this twice.",
)
RULES = """# The spam of the first week
hold domain cheap-pills.example
hold word buy now

# They sign together, from one building
allow domain university.example
allow network 192.0.2.0/24  # its library
"""


def give_past(demo: Demo, slug: str) -> None:
    """Everything of the above, for a campaign in English that nobody has signed yet."""
    campaign, now = demo.campaign(slug), utc_now()
    settings = load_settings({"PETITIONS_DATA_DIR": str(demo.data)})
    with demo.store() as database:
        with database.writing() as session:
            began = now - timedelta(days=len(DAYS) + 1)
            session.execute(
                update(Campaign).where(Campaign.id == campaign.id).values(opens_at=began, published_at=began)
            )
            _sign(session, campaign, settings, now)
            _flow(session, campaign.id, now)
            _remove(session, campaign.id, now)
        with database.writing() as session:
            _hold(session, campaign, settings, now)
            _alert(session, campaign.id, now)
        roll_up(database, now)
    demo.wait_for_page(slug, sum(DAYS) - sum(map(len, REMOVED.values())))


def _id_of(moment: datetime) -> UUID:
    """An id that was made then."""
    return UUID(int=(int(moment.timestamp() * 1000) << 80) | (new_id().int & ((1 << 80) - 1)))


def _sign(session: Session, campaign: CampaignSnapshot, settings: Settings, now: datetime) -> None:
    """Each day its people, from early to late; today until now. No mail goes out for them."""
    chance = random.Random(8)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    number = 0
    for back, people in zip(range(len(DAYS) - 1, -1, -1), DAYS, strict=True):
        day = midnight - timedelta(days=back)
        length = min(timedelta(hours=17), now - day) if back == 0 else timedelta(hours=17)
        first = day if back == 0 else day + timedelta(hours=6)
        for at in sorted(first + chance.random() * length for _ in range(people)):
            number += 1
            name, country = NAMES[number % len(NAMES)]
            draft = make_draft(
                campaign,
                settings,
                id=_id_of(at),
                email=f"person{number}@{'university.example' if number % 4 == 0 else 'example.org'}",
                name=name,
                country=country if number % 3 else "US",
                city="Exampletown" if number % 2 else None,
                comment=COMMENTS[number % 3] if number % 7 == 0 else None,
                language="es" if number % 5 == 0 else "en",
                arrived_at=at,
            )
            store_drafts(session, [draft], None)
            store_confirmations(session, [Confirmation(campaign.id, draft.id, at + timedelta(seconds=90))])
    session.execute(delete(Outbox).where(Outbox.campaign_id == campaign.id))


def _remove(session: Session, campaign_id: int, now: datetime) -> None:
    """Some are no signatures."""
    for reason, serials in REMOVED.items():
        these = (Signature.campaign_id == campaign_id, Signature.serial.in_(serials))
        remove_signatures(
            session, campaign_id, session.scalars(select(Signature.id).where(*these)).all(), reason, now
        )


def _flow(session: Session, campaign_id: int, now: datetime) -> None:
    """What the worker has noted of mails and of sources."""
    chance = random.Random(9)
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    midnight = this_hour.replace(hour=0)
    flows: Counter[datetime] = Counter()
    for back, people in enumerate(reversed(DAYS)):
        for mail in range(round(people * 1.2)):
            hour = midnight - timedelta(days=back) + timedelta(hours=(mail * 5) % 16 + 7)
            flows[hour if back else this_hour - timedelta(hours=mail % (this_hour.hour + 1))] += 1
    for hour, mailed in flows.items():
        delays = [chance.randrange(400, 2400) for _ in range(mailed)]
        values = {
            "arrived": mailed,
            "mailed": mailed,
            "delay_ms": sum(delays),
            "longest_ms": max(delays, default=0),
        }
        session.add(HourlyFlow(campaign_id=campaign_id, hour=hour, **values))
    for number, (label, arrived) in enumerate(SOURCES):
        key = bytes([number]) * 16
        session.add(SourceCount(campaign_id=campaign_id, key=key, label=label, arrived=arrived, shown=arrived))


def _hold(session: Session, campaign: CampaignSnapshot, settings: Settings, now: datetime) -> None:
    """Forms that look like a program's."""
    save_list(session, campaign.id, RULES, 0, "Lea", now)
    (rule,) = parse_rules("hold word buy now")
    held = [
        {"email": f"offer{number}@cheap-pills.example", "comment": "Buy now", "ruled": Verdict(True, rule.key)}
        for number in range(6)
    ]
    held += [{"email": f"anyone{number}@mailinator.com"} for number in range(14)]
    held += [{"email": f"robot{number}@example.org", "trapped": True} for number in range(3)]
    for number, changes in enumerate(held):
        name, country = NAMES[number % len(NAMES)]
        at = now - timedelta(minutes=5 * len(held) - 5 * number)
        said = {"name": name, "country": country, "city": None} | changes
        draft = make_draft(campaign, settings, id=_id_of(at), arrived_at=at, **said)
        store_drafts(session, [draft], None)


def _alert(session: Session, campaign_id: int, now: datetime) -> None:
    values = {"campaign_id": campaign_id, "day": now.date(), "at": now - timedelta(minutes=12)}
    for kind, label, drafts in (
        ("domain", "cheap-pills.example", 44),
        ("network", None, 61),
        ("wording", None, 12),
    ):
        session.add(
            Alert(id=new_id(), kind=kind, key=kind.encode().ljust(16), label=label, drafts=drafts, **values)
        )
