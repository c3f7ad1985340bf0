"""organisations: the first page of 5,000 organisations that co-sign. Floor: bare Starlette that returns the same
bytes. And the first answer after a start, for which everything is read and put in order.
"""

import time
from random import Random

from sqlalchemy import insert

from benchmarks.options import Options
from benchmarks.page import measure
from benchmarks.requests import browser_headers
from benchmarks.results import cpu_ratio, print_line, ratio, summarise
from benchmarks.seeding import SLUG, batched, prepare
from benchmarks.servers import petitions_server
from benchmarks.stores import Store, conditions, shelf
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.ids import new_id
from petitions.organisations.counting import lock, recount
from petitions.organisations.kinds import KINDS
from petitions.organisations.models import APPROVED, Organisation
from petitions.organisations.naming import name_key, skeleton

PATH = f"/c/{SLUG}/organisations"
WANTED_RATIO = 0.7
WANTED_FIRST_MS = 1_000.0
_MANY = 5_000
_COUNTRIES = ("DE", "FR", "ES", "IT", "IE", "RU", "EG", "GB", "US", "CL", "PT", "PL", "MX", "GR")
_NAMES = (
    "Union of Bakers",
    "Écoles de Paix",
    "Союз журналистов",
    "نقابة المعلمين",
    "Óige na Síochána",
    "Verein Öko",
)


def run(options: Options) -> None:
    with shelf(options) as stores:
        store = stores.store("organisations")
        campaign = prepare(store)
        add_organisations(store, campaign, _MANY)
        stated = conditions(store, options)
        with petitions_server(store) as server:
            began = time.perf_counter()
            server.ask("GET", PATH, headers=browser_headers(server, gzip=True))
            first_ms = (time.perf_counter() - began) * 1_000
            loads, floors, size = measure(server, store, options, PATH, gzip=True)
        share = ratio(loads, floors)
        print_line(
            "organisations",
            {
                f"ratio >= {WANTED_RATIO}": share >= WANTED_RATIO,
                f"first answer <= {WANTED_FIRST_MS} ms": first_ms <= WANTED_FIRST_MS,
            },
            ratio=share,
            cpu_ratio=cpu_ratio(loads, floors),
            bytes=size,
            organisations=_MANY,
            first_ms=round(first_ms, 1),
            figure=summarise(loads),
            floor=summarise(floors),
            conditions=stated,
        )


def add_organisations(store: Store, campaign: CampaignSnapshot, count: int) -> None:
    """Store so many that everybody sees, of every kind, in many countries and scripts."""
    random, now = Random(1), utc_now()

    def row(number: int) -> dict[str, object]:
        name = f"{random.choice(_NAMES)} Local {number}"
        return {
            "campaign_id": campaign.id,
            "id": new_id(),
            "number": number,
            "state": APPROVED,
            "name": name,
            "name_key": name_key(name),
            "name_skeleton": skeleton(name),
            "kind": random.choice([*KINDS]),
            "country": random.choice(_COUNTRIES),
            "city": random.choice([None, "Exampletown", "Cork"]),
            "website": f"https://local{number}.example.org",
            "members": random.choice([None, 40, 48_000]),
            "comment": "We stand with the strikers of the works. " * 5 if number % 4 == 0 else None,
            "language": "en",
            "statement_id": campaign.statements[campaign.default_language].id,
            "consent_version": 1,
            "created_at": now,
            "decided_at": now,
        }

    with store.opened() as database:
        for rows in batched(row(number) for number in range(1, count + 1)):
            with database.writing() as session:
                lock(session, campaign.id)
                session.execute(insert(Organisation), rows)
        with database.writing() as session:
            recount(session, campaign.id, repair=True)
