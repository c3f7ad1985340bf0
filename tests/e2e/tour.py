"""Every page that a visitor can meet, and how to get there."""

from collections.abc import Callable

from petitions.settings import load_settings
from petitions.tokens import Tokens
from tests.e2e.browsing import Visitor
from tests.e2e.program import CLOSED, Demo

SLUG = "wabtec-strike"
PRISONER = "free-boris-kagarlitsky"
LETTER = "ontario-mass-work-refusals"
WAITING = "sampla.waiting@example.org"  # has a draft that nobody confirms
_LONG_AGO = 1_600_000_000

Arrive = Callable[[Visitor, Demo, str], None]


def _opens(path: str) -> Arrive:
    return lambda visitor, demo, language: visitor.open(path, language)


def _posts(path: str, **fields: str) -> Arrive:
    def arrive(visitor: Visitor, demo: Demo, language: str) -> None:
        visitor.open("/", language)
        visitor.post(f"{path}?lang={language}", **fields)

    return arrive


def _confirm(visitor: Visitor, demo: Demo, language: str) -> None:
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
    visitor.open(demo.confirm_path(WAITING), language)


def _mail(visitor: Visitor, demo: Demo, language: str) -> None:
    demo.submit(LETTER, language, email=f"{language}.{WAITING}", name="Sample Signer")
    demo.confirm_path(f"{language}.{WAITING}")
    visitor.open("/mailbox", language)
    visitor.page.locator(".mails a").first.click()


def _expired(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.open(f"/confirm/{_old_token(demo)}", language)


def _old_token(demo: Demo) -> str:
    """A right token, made long ago with the demo's own key."""
    settings = load_settings({"PETITIONS_DATA_DIR": str(demo.data)})
    signer = Tokens(settings.secret_keys)._signer("confirm")
    signer.get_timestamp = lambda: _LONG_AGO  # type: ignore[method-assign]
    return signer.sign("A" * 32).decode()


def _elsewhere(visitor: Visitor, demo: Demo, language: str) -> None:
    visitor.post_from_elsewhere(f"/c/{SLUG}/signatures?lang={language}", name="Sample Signer")


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
    "form, too late": (409, _posts(f"/c/{CLOSED}/signatures")),
    "signers": (200, _opens(f"/c/{SLUG}/signatures")),
    "signers, found": (200, _opens(f"/c/{SLUG}/signatures?q=sample")),
    "signers, none": (200, _opens("/c/hands-off-the-pcv/signatures")),
    "signers, nothing found": (200, _opens(f"/c/{SLUG}/signatures?q=xyzzy")),
    "background": (200, _opens(f"/c/{PRISONER}/background")),
    "privacy": (200, _opens(f"/c/{SLUG}/privacy")),
    "signed": (200, _opens(f"/c/{SLUG}/signed")),
    "thanks": (200, _opens(f"/c/{SLUG}/thanks")),
    "confirm": (200, _confirm),
    "link, broken": (404, _opens("/confirm/broken")),
    "link, expired": (410, _expired),
    "renewal with errors": (422, _posts("/confirm", email="a@")),
    "renewal": (200, _posts("/confirm", email="nobody@example.org")),
    "mail": (200, _mail),
    "mailbox": (200, _opens("/mailbox")),
    "error 403": (403, _elsewhere),
    "error 404": (404, _opens("/nowhere")),
    "error 405": (405, _posts("/")),
}


def arrive(stop: str, visitor: Visitor, demo: Demo, language: str) -> None:
    """Go to a stop, and see that it is the page that was meant."""
    status, go = STOPS[stop]
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
