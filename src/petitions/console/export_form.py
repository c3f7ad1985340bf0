"""The form by which somebody says what list they want."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from starlette.datastructures import FormData
from wtforms import BooleanField, Field, Form, StringField
from wtforms.validators import StopValidation

from petitions.console.details_checks import parse_day
from petitions.delivery.candidates import DELIVERABLE
from petitions.delivery.jobs import MAX_REASON
from petitions.i18n import LANGUAGES, N_
from petitions.lists.plans import Format, Paper, Plan, Profile
from petitions.lists.profiles import PROFILES
from petitions.names import is_blank
from petitions.web.forms import ChoiceField, PlainForm, readable, tidy_line

#: Ticked instead of each of the deliveries.
ALL = "all"
#: No list has so many columns.
_MOST_COLUMNS = 99


class Ticks(Field):
    """Some of a set, as boxes that are ticked."""

    data: list[str]

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = list(dict.fromkeys(valuelist))


def _check_day(_form: Form, field: Field) -> None:
    if field.data and day_of(field) is None:
        raise StopValidation(N_("This is not a day. It looks like 2026-11-22."))


def _check_order(form: Form, field: Field) -> None:
    since, until = day_of(form["since"]), day_of(field)
    if since is not None and until is not None and until < since:
        raise StopValidation(N_("The end lies before the beginning."))


def _check_reason(form: Form, field: Field) -> None:
    with suppress(ValueError):
        if PROFILES[Profile(form["profile"].data)].needs_reason and is_blank(field.data or ""):
            raise StopValidation(N_("Say what this list is needed for. It is written into the log."))


def _some(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(N_("Please choose one at least."))


class ExportForm(PlainForm):
    """Everything that a plan can say; nothing but the kind of the list and its files has to be chosen."""

    profile = ChoiceField(allowed=[str(one) for one in Profile], default=str(Profile.DELIVERY))
    formats = Ticks(default=lambda: [str(Format.CSV)], validators=[_some])
    pack = BooleanField()
    organisations = BooleanField()
    on_paper = BooleanField()
    countries = Ticks(default=list)
    languages = Ticks(default=list)
    since = StringField(filters=[tidy_line], validators=[_check_day])
    until = StringField(filters=[tidy_line], validators=[_check_day, _check_order])
    without = Ticks(default=list)
    language = ChoiceField(allowed=LANGUAGES)
    paper = ChoiceField(allowed=[str(one) for one in Paper], default=str(Paper.A4))
    bom = BooleanField()
    spell_out = BooleanField()
    reason = StringField(filters=[tidy_line], validators=[readable(MAX_REASON), _check_reason])


#: A column that a form offers: its key, what it is called, and what was typed as its place.
ColumnChoice = tuple[str, str, str]


def offer_columns(data: FormData | None, profile: Profile, columns: Mapping[str, str]) -> Sequence[ColumnChoice]:
    """The columns of a profile with their places: those that were sent, or their usual order."""
    if data is None or not any(name.startswith(f"column-{profile}-") for name in data):
        return [(key, heading, str(place)) for place, (key, heading) in enumerate(columns.items(), 1)]
    return [
        (key, heading, str(data.get(f"column-{profile}-{key}", ""))[:4].strip())
        for key, heading in columns.items()
    ]


def order_columns(offered: Sequence[ColumnChoice]) -> tuple[str, ...] | None:
    """The columns in the order of their numbers, without those that have none; columns with the same number stay
    in their usual order. None where something else than a number was typed, or nothing at all."""
    places: list[tuple[int, int, str]] = []
    for usual, (key, _heading, typed) in enumerate(offered):
        if not typed:
            continue
        if not (typed.isascii() and typed.isdigit() and int(typed) <= _MOST_COLUMNS):
            return None
        places.append((int(typed), usual, key))
    ordered = tuple(key for _place, _usual, key in sorted(places))
    return ordered or None


def plan_of(form: ExportForm, columns: tuple[str, ...], usual: Sequence[str], deliveries: Sequence[UUID]) -> Plan:
    """The plan of a form that was found right. A country or a delivery that went while somebody looked at the form
    stays in it: without it the list would have more in it than was wanted. A pack is made of what is handed over
    alone, and "all deliveries" are left out of that alone: news is for everybody who wants it. `deliveries`: those
    that can be left out. Raises InvalidRequest for what no form of ours sends."""
    profile = Profile(form.profile.data or "")
    plan = Plan(
        profile=profile,
        pack=form.pack.data and profile in DELIVERABLE,
        columns=columns if columns != tuple(usual) else (),
        since=day_of(form.since),
        until=day_of(form.until),
        organisations=form.organisations.data,
        on_paper=form.on_paper.data,
        language=form.language.data or None,
        bom=form.bom.data,
        paper=Paper(form.paper.data or Paper.A4),
        spell_out=form.spell_out.data,
    )
    chosen = {name: form[name].data for name in ("formats", "countries", "languages", "without")}
    if ALL in chosen["without"]:
        chosen["without"] = [str(one) for one in deliveries] if profile in DELIVERABLE else []
    return Plan.from_json(plan.to_json() | chosen)


def day_of(field: Any) -> date | None:
    """What stands in a field of a day; None for nothing and for nonsense."""
    with suppress(ValueError):
        return parse_day(field.data or "")
    return None
