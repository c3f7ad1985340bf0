"""A campaign whose signatures are delivered: lists in every state, deliveries with pictures, rows on paper."""

import io
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from PIL import Image, ImageDraw
from sqlalchemy import update

from petitions.accounts.roles import Role
from petitions.accounts.users import find_user
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.delivery import deliveries, jobs
from petitions.delivery.evidence import add_evidence, describe_evidence, read_evidence
from petitions.delivery.models import ExportJob
from petitions.ids import new_id
from petitions.lists.plans import Format, Plan, Profile
from petitions.settings import Settings, load_settings
from petitions.signatures.models import Signature
from petitions.signatures.own import OWN_PURPOSE
from petitions.signatures.rollups import roll_up
from tests import factories
from tests.e2e.cosigned import make_logo
from tests.e2e.program import Demo, until
from tests.e2e.samples import NAMES
from tests.paper.entering import csv, enter

DELIVERED = "delivered-sample"
DELIVERER = "sampla.deliverer@example.org"  # owns it, and UNDELIVERED
UNDELIVERED = "undelivered-sample"  # nothing was made or delivered yet
EMBASSY = "the embassy of Example in Sampletown"
PACK = Plan(
    formats=(Format.CSV, Format.XLSX, Format.PDF), pack=True, organisations=True, on_paper=True, language="en"
)
#: Two that count, one whose address signed online, two that may be somebody else.
PAPER_ROWS = (
    "Bruno Sample,Exampletown,IE,,12,1",
    "Carla Esempio,Campione,IT,carla@example.org,12,2",
    "S. Signer,,IE,sample0@delivered.example,12,3",
    "Erika Mustermann,Exampletown,DE,,12,4",
    "سامي نموذج,Exampletown,EG,,13,1",
)


@dataclass(frozen=True)
class Delivered:
    """The same, once everything is there."""

    demo: Demo
    exports: dict[str, UUID]  # by their states
    deliveries: tuple[UUID, ...]  # handed over with a picture; mailed, for leads alone; counted by hand
    own_path: str  # of somebody who was in the first


@cache
def draw_photograph() -> bytes:
    """A house with a flag, and boxes before it, as a JPEG."""
    image = Image.new("RGB", (1500, 1000), "#b8c9d6")
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 760, 1500, 1000), fill="#8d8577")
    pen.rectangle((380, 260, 1120, 780), fill="#e6dcc6")
    pen.polygon([(340, 270), (750, 90), (1160, 270)], fill="#a4512f")
    for column in range(4):
        for row in range(2):
            left, top = 440 + column * 170, 330 + row * 190
            pen.rectangle((left, top, left + 100, top + 130), fill="#46596b")
    pen.rectangle((690, 560, 810, 780), fill="#5a3825")
    pen.rectangle((1180, 60, 1190, 780), fill="#555555")
    pen.rectangle((1190, 70, 1380, 180), fill="#b3261e")
    for number, left in enumerate((160, 300, 440, 230, 370)):
        top = 800 if number < 3 else 690
        pen.rectangle((left, top, left + 130, top + 105), fill="#c79a5b", outline="#7d5c2f", width=5)
        pen.rectangle((left, top + 20, left + 130, top + 32), fill="#f5f0e6")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def settings_of(demo: Demo) -> Settings:
    return load_settings({"PETITIONS_DATA_DIR": str(demo.data)})


def make_signed(
    database: Database, settings: Settings, slug: str, people: int, **changes: Any
) -> CampaignSnapshot:
    """A campaign in two languages that people and an organisation sign, by `sample0@delivered.example` and on."""
    campaign = factories.make_campaign(
        database, slug=slug, languages=("en", "ar"), signers=["individuals", "organisations"], **changes
    )
    for number in range(people):
        name, country = NAMES[number % len(NAMES)]
        email, city = f"sample{number}@delivered.example", "Exampletown" if number % 2 == 0 or number > 9 else None
        factories.sign_and_confirm(
            database, settings, campaign, email=email, name=name, country=country, city=city
        )
    factories.cosign(
        database, settings, campaign, name="Sample Dockers", kind="union", country="IE", logo=make_logo("#b3261e")
    )
    roll_up(database, utc_now())
    return campaign


def own_path_of(demo: Demo, slug: str, serial: int) -> str:
    """The own page of whoever has this number."""
    with demo.store() as database, database.reading() as session:
        campaign_id = demo.campaign(slug).id
        row = session.query(Signature).filter_by(campaign_id=campaign_id, serial=serial).one()
        return f"/signature/{demo.tokens.make(OWN_PURPOSE, campaign_id, row.id, row.link_epoch)}"


def wait_for_job(demo: Demo, export_id: UUID) -> None:
    """Until the worker of the demo has made it."""

    def is_done(state: str) -> bool:
        assert state in (*jobs.OPEN, jobs.DONE)
        return state == jobs.DONE

    def look() -> bool:
        with demo.store() as database, database.reading() as session:
            return is_done(session.get_one(ExportJob, export_id).state)

    until(look, "the list")


@cache
def deliver(demo: Demo) -> Delivered:
    """Everything of it; made once."""
    settings = settings_of(demo)
    demo.make_lead(DELIVERER, "Dara Delivery")
    with demo.store() as database:
        campaign = make_signed(database, settings, DELIVERED, len(NAMES))
        enter(database, settings, campaign, csv(*PAPER_ROWS, columns="name,city,country,mail,sheet,line"))
        make_signed(database, settings, UNDELIVERED, 0)
        for slug in (DELIVERED, UNDELIVERED):
            demo.give_role(slug, DELIVERER, Role.OWNER)
        with database.reading() as session:
            user = find_user(session, DELIVERER)
            assert user is not None
            dara = Actor(user.id, user.name)
        exports = {"done": _ask(database, campaign, dara, PACK)}
        exports |= _let_end(database, campaign, dara)
        wait_for_job(demo, exports["done"])
        found = _record(database, campaign, dara, exports["done"])
    return Delivered(demo, exports, found, own_path_of(demo, DELIVERED, 1))


def _ask(database: Database, campaign: CampaignSnapshot, actor: Actor, plan: Plan, **ended: Any) -> UUID:
    """A list, for the worker or as one that has `ended` somehow."""
    with database.writing() as session:
        export_id = jobs.begin(session, campaign, plan, actor, utc_now(), "To compare with the sheets")
        if ended:
            session.execute(update(ExportJob).where(ExportJob.id == export_id).values(**ended))
    return export_id


def _let_end(database: Database, campaign: CampaignSnapshot, actor: Actor) -> dict[str, UUID]:
    """Lists that ended in other ways, and one at which a process works that is not there."""
    now = utc_now()
    ended = {"ended_at": now, "attempts": 1}
    return {
        "expired": _ask(
            database,
            campaign,
            actor,
            Plan(Profile.FULL),
            state=jobs.EXPIRED,
            rows=9,
            created_at=now - timedelta(days=9),
            expires_at=now - timedelta(days=2),
            **ended,
        ),
        "failed": _ask(
            database,
            campaign,
            actor,
            Plan(formats=(Format.PDF,), countries=("DE", "EG")),
            state=jobs.FAILED,
            problem={"code": "scripts", "scripts": ["Khmer", "Tamil"]},
            **ended,
        ),
        "running": _ask(
            database,
            campaign,
            actor,
            Plan(Profile.CONTACTS),
            state=jobs.RUNNING,
            phase="csv",
            done=400,
            expected=900,
            claim=new_id(),
            claimed_until=now + timedelta(hours=1),
        ),
    }


def _record(database: Database, campaign: CampaignSnapshot, actor: Actor, export_id: UUID) -> tuple[UUID, ...]:
    """Three deliveries, and beside the first two files of which everybody sees one."""
    day = utc_now().date()
    told = "The ambassador’s secretary took five boxes.\nShe promised an answer within two weeks."
    new = [
        deliveries.NewDelivery(
            day, EMBASSY, deliveries.HANDED_OVER, told, "File number 2027/118", export_id=export_id
        ),
        deliveries.NewDelivery(day, "the ministry", deliveries.MAILED, shown=False, export_id=export_id),
        deliveries.NewDelivery(
            day - timedelta(days=90), "المُرسَل إليه", deliveries.UPLOADED, people=3210, on_paper=412
        ),
    ]
    ids = tuple(new_id() for _ in new)
    now = utc_now()
    pictures = [
        read_evidence(draw_photograph(), "IMG 2041.jpg"),
        read_evidence(b"%PDF-1.7\n%%EOF\n", "receipt.pdf"),
    ]
    with database.writing() as session:
        for delivery_id, one in zip(ids, new, strict=True):
            deliveries.record_delivery(session, campaign.id, delivery_id, one, actor, now)
        shown, _kept = (add_evidence(session, campaign.id, ids[0], piece, actor, now) for piece in pictures)
        words = "Five boxes of signatures before the embassy"
        describe_evidence(session, campaign.id, ids[0], shown, words, True, actor, now)
    return ids
