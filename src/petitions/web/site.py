"""What every request can reach: the settings, the store, the intakes, the caches."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from starlette.requests import HTTPConnection

from petitions.abuse.rules import Rules
from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.delivery.timeline import Timeline
from petitions.organisations.listing import Shown
from petitions.organisations.shown import Ordered
from petitions.settings import Settings
from petitions.signatures.confirming import Confirmation, Outcome
from petitions.signatures.drafting import NewDraft
from petitions.signatures.intake import Intake
from petitions.signatures.own import Action, Done
from petitions.signatures.relinking import LinkWish
from petitions.tokens import Tokens
from petitions.watching.figures import Figures
from petitions.watching.flows import Flows
from petitions.web.caching import PageCache, TimedCache


@dataclass
class Site:
    """One running installation."""

    settings: Settings
    database: Database
    tokens: Tokens
    signing: Intake[NewDraft, None]
    confirming: Intake[Confirmation, Outcome]
    relinking: Intake[LinkWish, None]
    owning: Intake[Action, Done]  # what signers do with their own signature
    campaigns: TimedCache[str, CampaignSnapshot]
    flows: Flows  # forms and where they came from, counted
    rules: TimedCache[int, Rules]  # by campaign
    organisations: TimedCache[int, Shown]  # those that co-signed, by campaign
    timelines: TimedCache[int, Timeline]  # what was delivered, by campaign
    slugs: dict[int, str] = field(default_factory=dict)  # a campaign keeps its slug for ever
    #: The same as readers of a language expect them, by campaign and language, beside what was put in order.
    orders: dict[tuple[int, str], tuple[Shown, Ordered]] = field(default_factory=dict)
    wordings: dict[int, Statement] = field(default_factory=dict)  # by id; a row never changes
    pages: PageCache = field(default_factory=PageCache)
    # Answers to what visitors typed: apart, so that nobody can push the pages of a wave out of their cache.
    searches: PageCache = field(default_factory=lambda: PageCache(capacity=128))
    organisation_searches: PageCache = field(default_factory=lambda: PageCache(capacity=128))
    one_search: asyncio.Lock = field(default_factory=asyncio.Lock)  # of these: each page is long
    logos: TimedCache[tuple[int, str], bytes] = field(default_factory=lambda: TimedCache(fresh_for=10.0))
    evidence: TimedCache[tuple[int, UUID], tuple[str, bytes]] = field(  # pictures of deliveries: digest, content
        default_factory=lambda: TimedCache(capacity=32, fresh_for=10.0)
    )
    #: What campaign leads look at again and again; see console/figures.py.
    figures: TimedCache[int, Figures] = field(default_factory=lambda: TimedCache(fresh_for=10.0))
    mailbox_url: str | None = None  # where the demo shows the mail that it caught

    @property
    def intakes(self) -> Sequence[Intake[Any, Any]]:
        return (self.signing, self.confirming, self.relinking, self.owning)


def site_of(request: HTTPConnection) -> Site:
    """The site that serves this request."""
    return cast("Site", request.app.state.site)
