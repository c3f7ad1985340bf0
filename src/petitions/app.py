"""The web application: routes, middleware, handlers, lifespan; nothing else."""

import asyncio
import gc
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import BaseRoute, Mount, Route

from petitions import log, schema
from petitions.abuse.networks import forget_kept_keys
from petitions.abuse.rule_lists import RuleBook
from petitions.api.routes import ROUTES as API_ROUTES
from petitions.campaigns.queries import get_snapshot
from petitions.clock import utc_now
from petitions.console.guard import cookie_name
from petitions.console.routes import ROUTES as CONSOLE_ROUTES
from petitions.db import Database
from petitions.delivery.timeline import find_timeline
from petitions.organisations.shelf import Shelf
from petitions.public.routes import ROUTES as PUBLIC_ROUTES
from petitions.settings import Settings, load_settings
from petitions.signatures.confirming import store_confirmations
from petitions.signatures.drafting import store_drafts
from petitions.signatures.intake import Intake
from petitions.signatures.own import store_actions
from petitions.signatures.relinking import store_wishes
from petitions.tokens import Tokens
from petitions.watching.flows import Flows
from petitions.web.caching import TimedCache
from petitions.web.errors import HANDLERS
from petitions.web.fresh import FreshAnswers
from petitions.web.headers import Frame
from petitions.web.health import show_health
from petitions.web.limits import BodyLimit
from petitions.web.metrics import show_metrics
from petitions.web.origin import OriginCheck
from petitions.web.pictures import forget_networks
from petitions.web.site import Site
from petitions.web.static import DigestedFiles

#: No form for visitors is larger.
MAX_BODY = 64 * 1024
#: The texts of a campaign in one language: 200,000 bytes, each of which a browser may write as three.
MAX_BODY_IN_CONSOLE = 1024 * 1024
#: The form of an organisation with a logo of 2 MiB.
MAX_BODY_WITH_LOGO = 2560 * 1024
#: The form of a lead with a file of 10 MiB.
MAX_BODY_WITH_EVIDENCE = 10 * 1024 * 1024 + 64 * 1024
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Seconds between two looks for keys of networks that are to be forgotten.
_FORGET_EVERY = 60.0


def create_app(
    settings: Settings,
    *,
    extra_routes: Sequence[BaseRoute] = (),
    mailbox_url: str | None = None,
    on_death: Callable[[], None] | None = None,
) -> Starlette:
    """The application of one installation. `extra_routes` and `mailbox_url` are the demo's. `on_death` is
    called when an intake dies, and must end the process: a server that cannot store must not pretend."""
    database = Database(settings.database_url)
    die = on_death or partial(os._exit, 70)
    site = Site(
        settings=settings,
        database=database,
        tokens=Tokens(settings.secret_keys),
        signing=Intake(
            "signing",
            database,
            partial(store_drafts, sign_rate=settings.sign_rate, domain_credit=settings.domain_credit),
            settings.intake_queue,
            die,
        ),
        confirming=Intake(
            "confirming",
            database,
            partial(store_confirmations, credits_domains=settings.domain_credit is not None),
            settings.intake_queue,
            die,
        ),
        relinking=Intake("relinking", database, store_wishes, settings.intake_queue, die),
        owning=Intake("owning", database, store_actions, settings.intake_queue, die),
        campaigns=TimedCache(lambda slug: database.read(get_snapshot, slug)),
        flows=Flows(database, settings.email_key),
        rules=TimedCache(RuleBook(database).load),
        organisations=TimedCache(Shelf(database).load),
        timelines=TimedCache(lambda campaign_id: database.read(find_timeline, campaign_id), fresh_for=5.0),
        mailbox_url=mailbox_url,
    )

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        schema.prepare(database, utc_now())
        schema.check_email_key(database, settings.email_key)
        for intake in site.intakes:
            intake.start()
        site.flows.start()
        forgetting = asyncio.create_task(_forget_keys(), name="forgetting")
        _settle_memory()
        log.info("serving", store="sqlite" if settings.is_sqlite else "postgresql")
        try:
            yield
        finally:
            for intake in site.intakes:
                await intake.stop()
            await site.flows.stop()
            forgetting.cancel()
            database.close()
            log.info("stopped")

    app = Starlette(
        routes=[
            *PUBLIC_ROUTES,
            *API_ROUTES,
            *CONSOLE_ROUTES,
            Route("/healthz", show_health),
            Route("/metrics", show_metrics),
            Mount("/static", DigestedFiles()),
            *extra_routes,
        ],
        middleware=[
            Middleware(FreshAnswers),
            Middleware(Frame, https=settings.base_url.startswith("https:")),
            Middleware(TrustedHostMiddleware, allowed_hosts=allowed_hosts(settings.base_url), www_redirect=False),
            Middleware(OriginCheck, base_url=settings.base_url),
            Middleware(
                BodyLimit,
                most=MAX_BODY,
                most_with_logo=MAX_BODY_WITH_LOGO,
                most_in_console=MAX_BODY_IN_CONSOLE,
                most_with_evidence=MAX_BODY_WITH_EVIDENCE,
                cookie=cookie_name(site),
            ),
        ],
        exception_handlers=HANDLERS,
        lifespan=lifespan,
    )
    app.state.site = site
    return app


async def _forget_keys() -> None:
    """The memory of a server forgets by the clock, as the store does, and not when the next form comes."""
    while True:
        await asyncio.sleep(_FORGET_EVERY)
        forget_kept_keys(utc_now())
        forget_networks()


def _settle_memory() -> None:
    """What was loaded stays: the collector need not walk over it again and again (measured: half the p99)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def allowed_hosts(base_url: str) -> list[str]:
    """The names under which this site answers: that of BASE_URL; on one's own machine all names of it."""
    host = (urlsplit(base_url).hostname or "").lower()
    # Loopback too: that is how /healthz and /metrics are asked on the machine itself. No page uses the name.
    return [*_LOOPBACK] if host in _LOOPBACK else [host, *_LOOPBACK]


def from_environment() -> Starlette:
    """The application for a server process that is started by name."""
    settings = load_settings(os.environ)
    log.configure(settings.log_level)
    return create_app(settings)
