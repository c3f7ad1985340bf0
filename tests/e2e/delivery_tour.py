"""Every page about lists, deliveries and signatures on paper, for leads and for all, and how to get there."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from playwright.sync_api import Page

from tests.e2e.browsing import Visitor, follow
from tests.e2e.console_pages import log_in
from tests.e2e.delivered import DELIVERED, DELIVERER, UNDELIVERED, Delivered, deliver
from tests.e2e.program import PASSWORD, Demo

_DESK = f"/console/c/{DELIVERED}"
_EMPTY_DESK = f"/console/c/{UNDELIVERED}"
_TYPED = """name,city,country,mail,sheet,line
Nadia Sample,Exampletown,IE,,14,1
Erika Mustermann,Exampletown,DE,,14,2
S. Signer,,IE,sample0@delivered.example,14,3
,Exampletown,XX,,14,4"""


@dataclass(frozen=True)
class Stop:
    """A page: where it is, and what is done there."""

    find: Callable[[Delivered], str]
    act: Callable[[Page], None] | None = None
    status: int = 200


def _at(path: str, act: Callable[[Page], None] | None = None, status: int = 200) -> Stop:
    return Stop(lambda _delivered: path, act, status)


def _export(state: str) -> Stop:
    return Stop(lambda delivered: f"{_DESK}/exports/{delivered.exports[state]}")


def _delivery(number: int, below: str = "", act: Callable[[Page], None] | None = None, status: int = 200) -> Stop:
    return Stop(lambda delivered: f"{_DESK}/deliveries/{delivered.deliveries[number]}{below}", act, status)


def _sends(button: str, **fields: str) -> Callable[[Page], None]:
    """Type into fields, by their names, and press a button."""

    def act(page: Page) -> None:
        for name, value in fields.items():
            field = page.locator(f'main [name="{name}"]').first
            field.evaluate("(field, value) => { field.value = value; }", value)
        follow(page.locator(f"main {button}").first)

    return act


def _choose_everything(page: Page) -> None:
    """Have every part of the form shown; the keyboard still begins at the top."""
    for name, value in (("profile", "full"), ("formats", "pdf")):
        page.locator(f'[name="{name}"][value="{value}"]').evaluate("box => { box.checked = true; }")


def _look_at_everybody(page: Page) -> None:
    """Those who were delivered too."""
    ticked = page.locator('[name="without"]:checked')
    ticked.evaluate_all("boxes => boxes.forEach((box) => { box.checked = false; })")
    _sends('button[formaction*="/preview?"]')(page)


DELIVERY_STOPS: dict[str, Stop] = {
    "lists": _at(f"{_DESK}/exports"),
    "lists, none": _at(f"{_EMPTY_DESK}/exports"),
    "list, new": _at(f"{_DESK}/exports/new", _choose_everything),
    "list, with errors": _at(
        f"{_DESK}/exports/new", _sends(".export-form .button", since="2027-02-02", until="2027-01-01"), 422
    ),
    "list, its first rows": _at(f"{_DESK}/exports/new", _look_at_everybody),
    **{f"list, {state}": _export(state) for state in ("done", "expired", "failed", "running")},
    "deliveries in the console": _at(f"{_DESK}/deliveries"),
    "deliveries in the console, none": _at(f"{_EMPTY_DESK}/deliveries"),
    "delivery": _delivery(0),
    "delivery, for leads alone": _delivery(1),
    "delivery, picture without words": _delivery(
        0, "", _sends('.evidence form:has([name="description"]) button', description=""), 422
    ),
    "delivery, no file": _delivery(0, "", _sends('form[action*="/evidence?"] button'), 422),
    "delivery, new": _at(f"{_DESK}/deliveries/new"),
    "delivery, with errors": _at(
        f"{_DESK}/deliveries/new", _sends(".delivery-form button", recipient="", people="x"), 422
    ),
    "delivery, to change": _delivery(2, "/change"),
    "paper": _at(f"{_DESK}/paper"),
    "paper, found": _at(f"{_DESK}/paper", _sends('[role="search"] button', q="Esempio")),
    "paper, none": _at(f"{_EMPTY_DESK}/paper"),
    "paper, rows": _at(f"{_DESK}/paper/import"),
    "paper, rows looked at": _at(f"{_DESK}/paper/import", _sends('button[value="check"]', rows=_TYPED)),
    "paper, no rows": _at(f"{_DESK}/paper/import", _sends('button[value="check"]'), 422),
    "paper, to decide": _at(f"{_DESK}/paper/decisions"),
    "paper, nothing ticked": _at(f"{_DESK}/paper/decisions", _sends('button[value="same"]'), 422),
    "paper, nothing to decide": _at(f"{_EMPTY_DESK}/paper/decisions"),
    "paper, a row that waits": _at(f"{_DESK}/paper/4"),
    "paper, a row that repeats": _at(f"{_DESK}/paper/3"),
    "paper, a row with a slip": _at(f"{_DESK}/paper/1", _sends('button[value="change"]', name="", sheet="x"), 422),
    "paper, sheets": _at(f"{_DESK}/paper/sheets"),
    "statement, delivered": _at(f"/c/{DELIVERED}"),
    "timeline": _at(f"/c/{DELIVERED}/deliveries"),
    "timeline, empty": _at(f"/c/{UNDELIVERED}/deliveries"),
    "count with paper": _at(f"/c/{DELIVERED}/count"),
    "card of what was delivered": _at(f"/embed/{DELIVERED}"),
    "own page, delivered": Stop(lambda delivered: delivered.own_path),
    "verify": _at("/verify"),
}


def enter(visitor: Visitor, demo: Demo) -> None:
    """Log in as somebody who owns the campaign."""
    deliver(demo)
    visitor.logs_in = True
    log_in(visitor, DELIVERER, PASSWORD)


def arrive(stop: str, visitor: Visitor, demo: Demo, language: str) -> None:
    """Go to a stop, and see that it is the page that was meant."""
    here = DELIVERY_STOPS[stop]
    demo.age_password(DELIVERER, timedelta(0))  # a tour takes longer than it stays fresh
    visitor.expected = {here.status} if here.status >= 400 else set()
    statuses: list[int] = []

    def note(response: object) -> None:
        if response.request.is_navigation_request():  # type: ignore[attr-defined]
            statuses.append(response.status)  # type: ignore[attr-defined]

    visitor.page.on("response", note)
    visitor.open(here.find(deliver(demo)), language)
    if here.act is not None:
        here.act(visitor.page)
    visitor.page.remove_listener("response", note)
    assert statuses[-1] == here.status
