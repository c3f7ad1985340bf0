"""console: every page of the console that is looked at, beside a campaign with many signatures, with eight
connections. Each page is measured alone; a page that is not there in this installation is an error.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from starlette.routing import Route

from benchmarks.filling import full_campaign
from benchmarks.load import Load, run_wrk
from benchmarks.options import BenchmarkError, Options
from benchmarks.organisations import add_organisations
from benchmarks.requests import browser_headers, write_get
from benchmarks.results import print_line, summarise
from benchmarks.seeding import SLUG, hold_drafts, prepare
from benchmarks.servers import Server, petitions_server
from benchmarks.stores import Store, conditions, shelf
from petitions.accounts.members import set_role
from petitions.accounts.roles import Role
from petitions.accounts.sessions import open_session
from petitions.accounts.users import NewUser, create_user
from petitions.audit.recording import Actor, record
from petitions.audit.sealing import seal
from petitions.campaigns.editing import add_revision, load_copy, save_copy
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.console.routes import ROUTES
from petitions.delivery.deliveries import HANDED_OVER, NewDelivery, record_delivery
from petitions.delivery.models import ExportJob
from petitions.lists.plans import Plan
from petitions.lists.serials import Serials
from petitions.moderation.models import Job
from petitions.organisations.models import Organisation
from petitions.signatures.models import Signature, Tally
from petitions.signatures.paper import COUNTED, WAITING, PaperBatch, PaperSignature
from petitions.signatures.rollups import roll_up

CONNECTIONS = 8
WANTED_P99_MS = 100.0
_WARM_UP = 1
_MEMBERS, _REVISIONS, _ENTRIES = 20, 20, 20_000
#: Values of the paths' other parameters.
_VALUES = {"slug": SLUG, "number": "2"}
_SECTIONS = ("basics", "dates", "form", "mails", "thanks")
_HELD, _GROUPS = 20_000, 40
_ORGANISATIONS = 1_000
_DELIVERIES = 20
_ON_PAPER, _WAIT = 5_000, 500
#: They are no pages: what they answer is measured elsewhere, leads away, or needs a link of a mail.
_NOT_PAGES = re.compile(
    r"/(login|forgot|link|first|password)\b|/qr\.|/texts$|/remove$|/(signatures|paper)/(search|act)$|/bulk/preview$"
    r"|/logo/|/download$|/exports/preview$|/evidence/"
)


def run(options: Options) -> None:
    options = replace(options, connections=CONNECTIONS)
    with shelf(options) as stores:
        full, _, filled_in = full_campaign(stores, options)
        store = stores.copy(full, "console")
        campaign = prepare(store)
        identifier = _furnish(store, campaign, utc_now())
        stated = conditions(store, options)
        with petitions_server(store) as server:
            paths = _paths(campaign, _moderate(store, campaign))
            measured = {path: _measure(server, store, options, path, identifier) for path in paths}
        worst = max(load.p99 for loads in measured.values() for load in loads)
        print_line(
            "console",
            {f"p99 of every page < {WANTED_P99_MS:.0f} ms": worst < WANTED_P99_MS},
            signatures=options.signatures,
            worst_p99_ms=round(worst, 1),
            pages={path: summarise(loads) for path, loads in measured.items()},
            filled_in_seconds=filled_in,
            conditions=stated,
        )


def _furnish(store: Store, campaign: CampaignSnapshot, now: datetime) -> str:
    """People, a history and a long log; the identifier of a session that may see everything."""
    with store.opened() as database:
        roll_up(database, now)
        with database.writing() as session:
            people = []
            for number in range(_MEMBERS):
                new = NewUser(f"lead{number}@example.org", f"Lead {number}", "en", is_admin=number == 0)
                user = create_user(session, new, now, "$argon2id$nobody")
                assert user is not None
                people.append(user.id)
                set_role(session, campaign.id, user.id, Role.OWNER if number < 2 else Role.VIEWER, now)
            content = load_copy(session, campaign.id).content
            for number in range(_REVISIONS):
                add_revision(session, campaign.id, content, "Lead 0", now - timedelta(days=_REVISIONS - number))
            save_copy(session, campaign.id, 0, content, "Lead 0", now)
            actor = Actor(people[0], "Lead 0")
            for _ in range(_ENTRIES):
                record(session, actor, "campaign.saved", now, campaign.id)
            identifier = open_session(session, people[0], "Firefox, Linux", now)
        seal(database, now)
        return identifier


def _moderate(store: Store, campaign: CampaignSnapshot) -> dict[str, str]:
    """Held drafts in groups, a job that ended, and organisations; the values of the paths that lead to them."""
    now = utc_now()
    with store.opened() as database, database.writing() as session:
        job_id = session.execute(
            insert(Job)
            .values(campaign_id=campaign.id, kind="remove", conditions={"domain": "d1.example"}, upto=1)
            .values(
                expected=1, done=1, state="done", by_id=uuid4(), by_name="Lead 0", created_at=now, ended_at=now
            )
            .returning(Job.id)
        ).scalar_one()
        first = select(Signature.id).where(Signature.campaign_id == campaign.id).order_by(Signature.serial)
        signature_id = session.scalars(first.limit(1)).one()
    add_organisations(store, campaign, _ORGANISATIONS)
    with store.opened() as database, database.reading() as session:
        of_campaign = select(Organisation.id).where(Organisation.campaign_id == campaign.id)
        organisation_id = session.scalars(of_campaign.order_by(Organisation.number).limit(1)).one()
    export_id, delivery_id = _deliver(store, campaign, now)
    _type_paper(store, campaign, now)
    hold_drafts(store, campaign, _HELD, [f"d{n}.example" for n in range(_GROUPS)])
    return {
        "job_id": str(job_id),
        "signature_id": str(signature_id),
        "organisation_id": str(organisation_id),
        "reason": "domain?for=d1.example",
        "export_id": str(export_id),
        "delivery_id": str(delivery_id),
    }


def _deliver(store: Store, campaign: CampaignSnapshot, now: datetime) -> tuple[UUID, UUID]:
    """Lists that hold every second signature, each delivered; the ids of one of them and of its delivery."""
    actor, export_id, delivery_id = Actor(uuid4(), "Lead 0"), uuid4(), uuid4()
    with store.opened() as database, database.writing() as session:
        tally = session.get_one(Tally, campaign.id)
        serials = Serials(range(1, tally.last_serial + 1, 2))
        for number in range(_DELIVERIES):
            if number:
                export_id, delivery_id = uuid4(), uuid4()
            job = ExportJob(
                id=export_id,
                campaign_id=campaign.id,
                plan=Plan().to_json(),
                cut_off=now,
                through_serial=tally.last_serial,
                through_number=0,
                state="done",
                host="elsewhere",
                name=f"{number}.csv",
                size=1,
                sha256="0" * 64,
                rows=len(serials),
                result={"files": [], "people": len(serials), "counts": {"withdrawn": 0}},
                serials=serials.pack(),
                paper_numbers=Serials().pack(),
                by_id=actor.user_id,
                by_name=actor.name,
                created_at=now,
                ended_at=now,
                expires_at=now + timedelta(days=7),
            )
            session.add(job)
            session.flush()
            new = NewDelivery(now.date(), f"court {number}", HANDED_OVER, export_id=export_id)
            record_delivery(session, campaign.id, delivery_id, new, actor, now)
    return export_id, delivery_id


def _type_paper(store: Store, campaign: CampaignSnapshot, now: datetime) -> None:
    """Rows of paper sheets, some of them to decide."""
    batch_id = uuid4()
    rows = [
        {
            "campaign_id": campaign.id,
            "number": number,
            "batch_id": batch_id,
            "state": WAITING if number % (_ON_PAPER // _WAIT) == 0 else COUNTED,
            "like_serial": number if number % (_ON_PAPER // _WAIT) == 0 else None,
            "name": f"Ana {number}",
            "city": "Madrid",
            "country": "ES",
            "person_key": f"ana {number}|madrid",
            "statement_id": campaign.statements[campaign.default_language].id,
            "entered_at": now,
        }
        for number in range(1, _ON_PAPER + 1)
    ]
    with store.opened() as database, database.writing() as session:
        batch = PaperBatch(
            campaign_id=campaign.id,
            id=batch_id,
            rows=_ON_PAPER,
            digest=bytes(32),
            entered_by="Lead 0",
            entered_at=now,
        )
        session.add(batch)
        session.execute(insert(PaperSignature), rows)
        tally = session.get_one(Tally, campaign.id)
        tally.paper, tally.last_paper_number = _ON_PAPER - _WAIT, _ON_PAPER


def _paths(campaign: CampaignSnapshot, moderated: dict[str, str]) -> list[str]:
    """The address of every page that is looked at, once."""
    values = _VALUES | {"language": campaign.default_language} | moderated
    paths = []
    for route in ROUTES:
        assert isinstance(route, Route)
        if "GET" not in (route.methods or ()) or _NOT_PAGES.search(route.path):
            continue
        if "{section}" in route.path:
            paths += [route.path.format(section=section, **values) for section in _SECTIONS]
        else:
            paths.append(re.sub(r":\w+}", "}", route.path).format(**values))
    return sorted(set(paths))


def _measure(server: Server, store: Store, options: Options, path: str, identifier: str) -> list[Load]:
    cookie = {"Cookie": f"petitions={identifier}"}
    reply = server.ask("GET", path, headers=browser_headers(server, gzip=False) | cookie)
    if reply.status != 200:
        raise BenchmarkError(f"console: {path} answers {reply.status}")
    request = write_get(store.data_dir / "get-console", server, path, gzip=False, more=cookie)
    run_wrk(server, "get", [str(request)], options.connections, _WARM_UP)
    loads = [run_wrk(server, "get", [str(request)], options.connections, options.seconds) for _ in range(3)]
    if any(load.bytes < load.requests * len(reply.body) * 0.9 for load in loads):
        raise BenchmarkError(f"console: some answers of {path} were shorter than the page")
    return loads
