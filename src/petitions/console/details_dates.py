"""Details: when it opens and closes, the goal, and how long names are kept."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from petitions.campaigns.checklist import CLOSES_TOO_EARLY, GOES_TOO_SOON
from petitions.campaigns.content import Content
from petitions.campaigns.schedule import Schedule, check_closing, check_notice
from petitions.campaigns.terms import Retention
from petitions.campaigns.values import TermsError
from petitions.console.details_checks import parse_day, parse_moment, parse_steps, write_moment
from petitions.console.details_forms import Entered, Group, Item, Part, Rows, Values, table
from petitions.i18n import N_

_MAX_MONTHS = 36
_OWNS = frozenset({"goal", "goal_steps", "retention"})
_UTC = N_("UTC. Leave it empty if there is no such day.")
_KEEP = (
    ("months", N_("So many months after the closing")),
    ("until", N_("Until a day")),
)


def _groups(_languages: Sequence[str], _rows: Rows) -> list[Group]:
    return [
        Group(
            N_("When it can be signed"),
            [
                Item("opens", N_("Opens"), "moment", _UTC),
                Item("closes", N_("Closes"), "moment", _UTC),
            ],
            hint=N_("Without a day of opening it opens when it is published."),
        ),
        Group(
            N_("Goal"),
            [
                Item(
                    "goal_steps",
                    N_("Steps of the goal"),
                    "numbers",
                    N_("Like 100 500 1000: the page shows the next one. Leave it empty for a campaign without."),
                    most=1000,
                )
            ],
        ),
        Group(
            N_("How long names and addresses are kept"),
            [
                Item("keep", N_("They are kept"), "radio", choices=_KEEP),
                Item("months", N_("Months"), "number", most=_MAX_MONTHS),
                Item("until", N_("Day"), "date", N_("UTC.")),
            ],
            hint=N_("Then they are erased for good; only the count is left. Keep them for as short as you can."),
        ),
    ]


def _values(content: Content) -> Values:
    retention = table(content, "retention")
    steps = content.terms.get("goal_steps", [])
    return {
        "opens": write_moment(content.opens_at),
        "closes": write_moment(content.closes_at),
        "goal_steps": " ".join(str(step) for step in steps),
        "keep": "until" if "until" in retention else "months",
        "months": str(retention.get("months_after_closing", Retention.months_after_closing)),
        "until": str(retention.get("until", "")),
    }


def _write(entered: Entered, content: Content) -> Content:
    retention: dict[str, Any] = (
        {"until": parse_day(entered.text("until")).isoformat()}
        if entered.text("keep") == "until" and entered.text("until")
        else {"months_after_closing": int(entered.text("months") or Retention.months_after_closing)}
    )
    kept = {key: value for key, value in content.terms.items() if key not in _OWNS}
    return replace(
        content,
        opens_at=_moment(entered, "opens", content.opens_at),
        closes_at=_moment(entered, "closes", content.closes_at),
        terms=kept | {"goal_steps": parse_steps(entered.text("goal_steps")), "retention": retention},
    )


def _moment(entered: Entered, name: str, before: datetime | None) -> datetime | None:
    """What was entered; the form knows no seconds, and takes none from what it was not asked to change."""
    text = entered.text(name)
    if text == write_moment(before):
        return before
    return parse_moment(text) if text else None


def _check(entered: Entered, content: Content, now: datetime, in_force: Schedule | None) -> None:
    """What is right alone can be wrong together: a wrong date must not erase anything."""
    if entered.text("keep") == "until" and not entered.text("until"):
        entered.refuse("until", N_("Please give the day, or choose the months."))
        return
    after = _write(entered, content)
    if after.opens_at and after.closes_at and after.closes_at <= after.opens_at:
        entered.refuse("closes", N_("It has to close after it opens."))
        return
    retention = Retention(until=parse_day(entered.text("until"))) if entered.text("keep") == "until" else None
    if retention and retention.until and after.closes_at and retention.until < after.closes_at.date():
        entered.refuse("until", N_("Please give a day after the closing."))
        return
    months = after.terms["retention"].get("months_after_closing", 0)
    plan = Schedule(after.opens_at, after.closes_at, retention or Retention(months))
    kept = "until" if retention else "months"
    if plan.purge_due_at is not None and plan.purge_due_at <= now:
        entered.refuse(
            kept, N_("The names of those who signed would be erased at once. Please choose a later day.")
        )
        return
    for name, check, words in (
        ("closes", check_closing, CLOSES_TOO_EARLY),
        (kept, check_notice, GOES_TOO_SOON),
    ):
        try:
            check(in_force, plan, now)
        except TermsError:
            entered.refuse(name, words)
            return


DATES = Part(
    key="dates",
    title=N_("Dates and goal"),
    about=N_("When it opens and closes, how far it is to go, and how long names are kept."),
    owns=_OWNS,
    groups=_groups,
    values=_values,
    write=_write,
    check=_check,
)
