"""Every page that a visitor can meet, and how to get there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import update

from petitions.campaigns.defence import PAUSED, set_defence
from petitions.clock import utc_now
from petitions.signatures.models import Signature, Tally
from petitions.signatures.own import OWN_PURPOSE
from tests.e2e.browsing import Visitor
from tests.e2e.organisation_tour import ORGANISATION_STOPS
from tests.e2e.pages import Mailbox, Own
from tests.e2e.program import Demo, until
from tests.e2e.samples import AFTERWARDS, CHANGED, CLOSED, PURGED, WHOLE, write_sample
from tests.factories import make_campaign

SLUG = "wabtec-strike"
PRISONER = "free-boris-kagarlitsky"
LETTER = "ontario-mass-work-refusals"
WAITING = "sampla.waiting@example.org"  # has a draft that nobody confirms
SIGNER = "sampla.signer@example.org"  # has signed, and said all that one can say
CHANGED_SIGNER = "sampla.changed@example.org"  # has signed what says something else today
REMOVED = "sampla.removed@example.org"  # has signed, and was taken off the list
REFUSING = "sampla.refusing@example.org"  # has said that it was somebody else
_LONG_AGO = 1_600_000_000

Arrive = Callable[[Visitor, Demo, str], None]


def _opens(path: str) -> Arrive:
    return lambda visitor, demo, language: visitor.open(path, language)


def _posts(path: str, **fields: str) -> Arrive:
    def arrive(visitor: Visitor, demo: Demo, language: str) -> None:
        visitor.open("/", language)
        visitor.post(f"{path}?lang={language}", **fields)

    return arrive


def _waiting_path(demo: Demo) -> str:
    if not demo.mails_to(WAITING):
        demo.submit(
            LETTER,
            email=WAITING,
            name="Sample Signer",
            city="Exampletown",
            comment="A few words\non two lines.",
            q_workplace="Example works",
            q_union="Local 0",
        )
    return demo.confirm_path(WAITING)


def _confirm(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(_waiting_path(demo), language)


def _mail(visitor: Visitor, demo: Demo, language: str) -> None:
    address = f"{language}.{WAITING}"
    if not demo.mails_to(address):
        demo.submit(LETTER, language, email=address, name="Sample Signer")
    visitor.open("/mailbox", language)
    Mailbox(visitor.page).open_mail_to(address)


def _expired(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(f"/confirm/{_old_token(demo)}", language)


def _old_token(demo: Demo) -> str:
    """A right token, made long ago with the demo's own key."""
    signer = demo.tokens._signer("confirm")
    signer.get_timestamp = lambda: _LONG_AGO  # type: ignore[method-assign]
    return signer.sign("A" * 32).decode()


def _elsewhere(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.post_from_elsewhere(f"/c/{SLUG}/signatures?lang={language}", name="Sample Signer")


def _own_path(demo: Demo) -> str:
    return demo.signed(
        WHOLE,
        SIGNER,
        name="Sampla Ní Shampla",
        city="Exampletown",
        affiliation="Example works",
        comment="A few words\non two lines.",
        q_role="Baker",
        q_union="Local 0",
        updates="y",
    )


def _opens_own(below: str = "") -> Arrive:
    return lambda visitor, demo, language: visitor.open(_own_path(demo) + below, language)


def _own_with_errors(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(_own_path(demo), language)
    visitor.post(f"{_own_path(demo)}?lang={language}", q_union="x" * 121, comment="x" * 501)


def _own_saved(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(_own_path(demo), language)
    Own(visitor.page).press()


@cache
def changed_path(demo: Demo) -> str:
    """The own page of a signer under a wording that is no longer shown, of a campaign that has closed since."""
    path = demo.signed(CHANGED, CHANGED_SIGNER)
    demo.run("campaign", "import", str(write_sample(demo.data.parent / CHANGED, AFTERWARDS)))
    until(lambda: not demo.is_open(CHANGED), "the campaign to be closed on the pages")
    return path


def _changed(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(changed_path(demo), language)


def _removed(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(_removed_path(demo), language)


@cache
def _removed_path(demo: Demo) -> str:
    """The own page of somebody whom the campaign took off its list."""
    path = demo.signed(WHOLE, REMOVED, q_role="Baker")
    campaign_id, row_id, _ = demo.named_by(path)
    this = (Signature.campaign_id == campaign_id, Signature.id == row_id)
    with demo.store() as database, database.writing() as session:
        session.execute(update(Signature).where(*this).values(removed_at=utc_now(), removed_reason="hate"))
        session.execute(update(Tally).where(Tally.campaign_id == campaign_id).values(counted=Tally.counted - 1))
    return path


@cache
def _paused_path(demo: Demo) -> str:
    """The page of a campaign that takes no form for a while."""
    with demo.store() as database:
        campaign = make_campaign(database, slug="paused-sample", languages=("en", "ar"))
        with database.writing() as session:
            set_defence(session, campaign.id, None, PAUSED, utc_now())
    return f"/c/{campaign.slug}"


def _paused(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(_paused_path(demo), language)


def _form_while_paused(visitor: Visitor, demo: Demo, language: str) -> None:
    fields = {"name": "Sampla Ní Shampla", "email": "sampla@example.org", "country": "IE", "visibility": "public"}
    _posts(f"{_paused_path(demo)}/signatures", **fields)(visitor, demo, language)


def _new_link(visitor: Visitor, demo: Demo, language: str) -> None:
    address = f"{language}.{SIGNER}"
    demo.signed(WHOLE, address, q_role="Baker")
    mails = len(demo.mails_to(address))
    visitor.open(demo.own_path(address), language)
    Own(visitor.page).ask_for_new_link()
    demo.own_path(address, mails + 1)


def _not_me(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(f"{_waiting_path(demo)}/not-me", language)


def _not_me_done(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(f"{_refused_path(demo)}/not-me", language)


@cache
def _refused_path(demo: Demo) -> str:
    demo.submit(LETTER, email=REFUSING)
    path = demo.confirm_path(REFUSING)
    assert demo.press(f"{path}/not-me") == 200
    return path


def _unsubscribe(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(demo.unsubscribe_path(_removed_path(demo)), language)


def _unsubscribe_done(visitor: Visitor, demo: Demo, language: str) -> None:
    _unsubscribe(visitor, demo, language)
    visitor.post(f"{demo.unsubscribe_path(_removed_path(demo))}?lang={language}")


def dead_paths(demo: Demo, own_path: str) -> list[str]:
    """Links to own pages that lead to nothing: damaged, cut off, of another purpose or epoch, of nobody."""
    campaign_id, row_id, epoch = demo.named_by(own_path)
    tokens = [
        demo.tokens.make("confirm", campaign_id, row_id),
        demo.tokens.make(OWN_PURPOSE, campaign_id, row_id, epoch + 2),
        demo.tokens.make(OWN_PURPOSE, campaign_id, UUID(int=1)),
    ]
    return ["/signature/broken", own_path[:-3], *(f"/signature/{token}" for token in tokens)]


@dataclass(frozen=True)
class Purge:
    """What was there before a campaign was purged, and what the command said."""

    name: str
    address: str
    count: int
    own_path: str
    confirm_path: str  # of a draft that nobody had confirmed
    said: str


@cache
def purge(demo: Demo) -> Purge:
    """Have PURGED signed, and purge it."""
    name, address, waiting = "Sampla Glanta", "sampla.purged@example.org", "sampla.unconfirmed@example.org"
    others = [f"{number}.{address}" for number in range(4)]  # fewer of one country are not told apart
    for email in (*others, waiting):
        demo.submit(PURGED, email=email, name=name, country="LB")
    for email in others:
        demo.confirm(email)
    own_path = demo.signed(PURGED, address, name=name, country="LB")
    confirm_path, count = demo.confirm_path(waiting), len(others) + 1
    demo.wait_for_page(PURGED, count)
    said = demo.run("purge", PURGED, "--yes")
    until(lambda: not demo.is_open(PURGED), "the campaign to be closed on the pages")
    return Purge(name, address, count, own_path, confirm_path, said)


def _opens_purged(below: str = "") -> Arrive:
    def arrive(visitor: Visitor, demo: Demo, language: str) -> None:
        purge(demo)
        visitor.open(f"/c/{PURGED}{below}", language)

    return arrive


STOPS: dict[str, tuple[int, Arrive]] = {
    "home": (200, _opens("/")),
    "home, found": (200, _opens("/?q=climate")),
    "home, nothing found": (200, _opens("/?q=xyzzy")),
    "statement": (200, _opens(f"/c/{PRISONER}")),
    "statement with questions": (200, _opens(f"/c/{LETTER}")),
    "statement in Arabic": (200, _opens("/c/hands-off-our-campuses")),
    "statement of organisations": (200, _opens("/c/solidarity-mugimendu-sozialista")),
    "statement, closed": (200, _opens(f"/c/{CLOSED}")),
    "form with errors": (
        422,
        _posts(f"/c/{LETTER}/signatures", email="a@gmial.com", q_union="x", comment="x" * 501),
    ),
    "form after the text was changed": (
        422,
        _posts(f"/c/{SLUG}/signatures", name="Sample", email="a@example.org", country="IE", statement="0"),
    ),
    "statement, paused": (200, _paused),
    "form, paused": (409, _form_while_paused),
    "form, too late": (409, _posts(f"/c/{CLOSED}/signatures")),
    "signers": (200, _opens(f"/c/{SLUG}/signatures")),
    "signers, found": (200, _opens(f"/c/{SLUG}/signatures?q=sample")),
    "signers, none": (200, _opens("/c/hands-off-the-pcv/signatures")),
    "signers, nothing found": (200, _opens(f"/c/{SLUG}/signatures?q=xyzzy")),
    "background": (200, _opens(f"/c/{PRISONER}/background")),
    "privacy": (200, _opens(f"/c/{SLUG}/privacy")),
    "count": (200, _opens(f"/c/{SLUG}/count")),
    "signed": (200, _opens(f"/c/{SLUG}/signed")),
    "thanks": (200, _opens(f"/c/{SLUG}/thanks")),
    "confirm": (200, _confirm),
    "link, broken": (404, _opens("/confirm/broken")),
    "link, expired": (410, _expired),
    "renewal with errors": (422, _posts("/confirm", email="a@")),
    "renewal": (200, _posts("/confirm", email="nobody@example.org")),
    "own page": (200, _opens_own()),
    "own page with errors": (422, _own_with_errors),
    "own page, saved": (200, _own_saved),
    "own page, closed since": (200, _changed),
    "own page, taken off the list": (200, _removed),
    "own page, new link": (200, _new_link),
    "withdraw": (200, _opens_own("/withdraw")),
    "withdrawn": (200, _opens(f"/c/{WHOLE}/withdrawn")),
    "own link, dead": (404, _opens("/signature/broken")),
    "own link, dead, with errors": (422, _posts("/find", email="a@")),
    "find": (200, _opens(f"/c/{WHOLE}/find")),
    "find with errors": (422, _posts(f"/c/{WHOLE}/find", email="a@")),
    "find, sent": (200, _posts(f"/c/{WHOLE}/find", email="nobody@example.org")),
    "not me": (200, _not_me),
    "not me, done": (200, _not_me_done),
    "unsubscribe": (200, _unsubscribe),
    "unsubscribe, done": (200, _unsubscribe_done),
    "purged, statement": (200, _opens_purged()),
    "purged, signers": (200, _opens_purged("/signatures")),
    "purged, count": (200, _opens_purged("/count")),
    "purged, find": (200, _opens_purged("/find")),
    "purged, privacy": (200, _opens_purged("/privacy")),
    "mail": (200, _mail),
    "mailbox": (200, _opens("/mailbox")),
    "error 403": (403, _elsewhere),
    "error 404": (404, _opens("/nowhere")),
    "error 405": (405, _posts("/")),
    **ORGANISATION_STOPS,
}


def arrive(stop: str, visitor: Visitor, demo: Demo, language: str) -> None:
    """Go to a stop, and see that it is the page that was meant."""
    status, go = STOPS[stop]
    visitor.expected.clear()
    if status >= 400:
        visitor.expected.add(status)
    statuses: list[int] = []

    def note(response: object) -> None:
        if response.request.is_navigation_request():  # type: ignore[attr-defined]
            statuses.append(response.status)  # type: ignore[attr-defined]

    visitor.page.on("response", note)
    go(visitor, demo, language)
    visitor.page.remove_listener("response", note)
    assert statuses[-1] == status
