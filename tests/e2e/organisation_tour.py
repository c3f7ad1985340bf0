"""Every page that somebody meets who looks at organisations or speaks for one, and how to get there."""

from collections.abc import Callable
from functools import cache

from petitions.campaigns.defence import PAUSED, set_defence
from petitions.clock import utc_now
from tests.e2e.browsing import Visitor
from tests.e2e.cosigned import ASKED, COSIGNED, DECLINED, SHOWN, UNCONFIRMED, WAITING, Cosigned, let_cosign
from tests.e2e.organisation_pages import SAID, Ask
from tests.e2e.program import Demo
from tests.e2e.samples import CLOSED
from tests.factories import make_campaign

Arrive = Callable[[Visitor, Demo, str], None]

_HERE = f"/c/{COSIGNED}/organisations"


def _opens(path: str) -> Arrive:
    def arrive(visitor: Visitor, demo: Demo, language: str) -> None:
        let_cosign(demo)
        visitor.open(path, language)

    return arrive


def _posts(path: str, **fields: str) -> Arrive:
    def arrive(visitor: Visitor, demo: Demo, language: str) -> None:
        visitor.open("/", language)
        visitor.post(f"{path}?lang={language}", **fields)

    return arrive


def _follows(find: Callable[[Cosigned], str]) -> Arrive:
    """A link that was mailed."""
    return lambda visitor, demo, language: visitor.open(find(let_cosign(demo)), language)


def _opens_own(name: str, below: str = "") -> Arrive:
    return _follows(lambda cosigned: cosigned.own_path(name) + below)


def _ask(visitor: Visitor, demo: Demo, language: str) -> Ask:
    let_cosign(demo)
    visitor.open(f"{_HERE}/new", language)
    ask = Ask(visitor.page)
    ask.choose_logo()
    return ask


def _ask_wrong(visitor: Visitor, demo: Demo, language: str) -> None:
    ask = _ask(visitor, demo, language)
    ask.fill(website="http://me@evil.example", members="many", email="a@gmial.com", phone="x")
    ask.press()


def _look(visitor: Visitor, demo: Demo, language: str) -> None:
    _ask(visitor, demo, language).look(**SAID)


@cache
def _paused_path(demo: Demo) -> str:
    """Of a campaign that takes no form for a while."""
    with demo.store() as database:
        campaign = make_campaign(database, slug="paused-cosigned-sample", signers=["organisations"])
        with database.writing() as session:
            set_defence(session, campaign.id, None, PAUSED, utc_now())
    return f"/c/{campaign.slug}/organisations"


def _ask_while_paused(visitor: Visitor, demo: Demo, language: str) -> None:
    _posts(_paused_path(demo), **SAID)(visitor, demo, language)


def _hand_over_wrong(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(f"{let_cosign(demo).own_path(SHOWN)}/contact", language)
    hand_over = Ask(visitor.page)
    hand_over.fill(contact_role="", email="a@")
    hand_over.press()


def _answer_wrong(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(let_cosign(demo).own_path(ASKED), language)
    Ask(visitor.page).press()


#: By the names of the stops, the status and the way.
ORGANISATION_STOPS: dict[str, tuple[int, Arrive]] = {
    "organisations": (200, _opens(_HERE)),
    "organisations, found": (200, _opens(f"{_HERE}?q=sample")),
    "organisations, nothing found": (200, _opens(f"{_HERE}?q=xyzzy")),
    "organisations, none": (200, _opens("/c/solidarity-mugimendu-sozialista/organisations")),
    "statement with organisations": (200, _opens(f"/c/{COSIGNED}")),
    "card for other sites": (200, _opens(f"/embed/{COSIGNED}")),
    "asking": (200, _opens(f"{_HERE}/new")),
    "asking, with errors": (422, _ask_wrong),
    "asking, looked at": (200, _look),
    "asking, sent": (200, _opens(f"{_HERE}/sent")),
    "asking, people only": (404, _opens(f"/c/{CLOSED}/organisations/new")),
    "asking, paused": (409, _ask_while_paused),
    "organisation, link": (200, _opens(f"{_HERE}/link")),
    "organisation, link with errors": (422, _posts(f"{_HERE}/link", email="a@")),
    "organisation, link sent": (200, _opens(f"{_HERE}/link?sent=1")),
    "organisation, confirm": (200, _follows(lambda cosigned: cosigned.confirm_path(UNCONFIRMED))),
    "organisation, waits": (200, _opens_own(WAITING)),
    "organisation, asked": (422, _answer_wrong),
    "organisation, wants to change": (200, _opens_own(SHOWN)),
    "organisation, declined": (200, _opens_own(DECLINED)),
    "organisation, change": (200, _opens_own(SHOWN, "/edit")),
    "organisation, hand over with errors": (422, _hand_over_wrong),
    "organisation, new contact": (200, _follows(lambda cosigned: cosigned.contact_path(SHOWN))),
    "organisation, withdraw": (200, _opens_own(SHOWN, "/withdraw")),
    "organisation, withdrawn": (200, _opens(f"{_HERE}/withdrawn")),
    "organisation link, dead": (404, _opens("/organisation/broken")),
    "organisation link, dead, sent": (200, _posts("/organisation/link", email="nobody@example.org")),
}
