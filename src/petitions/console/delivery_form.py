"""The form by which somebody says what was delivered."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from wtforms import BooleanField, Field, Form, StringField, TextAreaField
from wtforms.validators import StopValidation

from petitions.console.export_form import day_of
from petitions.delivery.deliveries import (
    HANDED_OVER,
    MAILED,
    MAX_NOTE,
    MAX_RECIPIENT,
    MOST,
    OTHER,
    UPLOADED,
    WAYS,
    DeliveryRow,
    NewDelivery,
)
from petitions.i18n import N_, Message
from petitions.web.forms import ChoiceField, PlainForm, readable, required, tidy_line, tidy_lines

WAY_WORDS: Mapping[str, Message] = {
    HANDED_OVER: N_("Handed over"),
    MAILED: N_("Sent by post or mail"),
    UPLOADED: N_("Uploaded"),
    OTHER: N_("Otherwise"),
}
_FIRST_DAY = date(1990, 1, 1)
_NO_NUMBER = N_("Please type a whole number, or leave it empty.")
#: Somewhere it is tomorrow already.
_ANOTHER_DAY = timedelta(days=1)


def _check_day(form: "DeliveryForm", field: Field) -> None:
    day = day_of(field)
    if day is None or day < _FIRST_DAY:
        raise StopValidation(N_("This is not a day. It looks like 2026-11-22."))
    if day > form.today + _ANOTHER_DAY:
        raise StopValidation(N_("This day is still to come. Record the delivery when it is done."))


def _check_way(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(N_("Please choose one of the list."))


def _check_number(_form: Form, field: Field) -> None:
    if field.data and number_of(field) is None:
        raise StopValidation(_NO_NUMBER)


def number_of(field: Any) -> int | None:
    """What stands in a field of a number, digits grouped or not; 0 for nothing, None for nonsense."""
    text = (field.data or "").translate(str.maketrans("", "", " .,'’\u00a0\u202f"))
    if not text:
        return 0
    with suppress(ValueError):
        if len(text) <= 12 and text.isdigit() and int(text) <= MOST:
            return int(text)
    return None


class DeliveryForm(PlainForm):
    """What everybody may know, and what leads note for each other."""

    today: date
    export = StringField(filters=[tidy_line])  # the list of ours; empty: the counts are typed
    day = StringField(filters=[tidy_line], validators=[_check_day])
    recipient = StringField(filters=[tidy_line], validators=[required, readable(MAX_RECIPIENT)])
    way = ChoiceField(allowed=WAYS, default=HANDED_OVER, validators=[_check_way])
    people = StringField(filters=[tidy_line], validators=[_check_number])
    on_paper = StringField(filters=[tidy_line], validators=[_check_number])
    organisations = StringField(filters=[tidy_line], validators=[_check_number])
    note = TextAreaField(filters=[tidy_lines], validators=[readable(MAX_NOTE)])
    remark = TextAreaField(filters=[tidy_lines], validators=[readable(MAX_NOTE)])
    shown = BooleanField()


def make_form(data: Any, now: datetime, **values: Any) -> DeliveryForm:
    """A form as it was sent, or with these values where nothing was."""
    form = DeliveryForm(data, data=values)
    form.today = now.date()
    return form


def values_of(row: DeliveryRow) -> dict[str, Any]:
    """What stands in the form of a delivery that was recorded."""
    return {
        "export": str(row.export_id or ""),
        "day": row.delivered_on.isoformat(),
        "recipient": row.recipient,
        "way": row.way,
        **({name: str(getattr(row, name) or "") for name in ("people", "on_paper", "organisations")}),
        "note": row.note or "",
        "remark": row.remark or "",
        "shown": row.shown,
    }


def delivery_of(form: DeliveryForm) -> NewDelivery:
    """The delivery of a form that was found right. What is no list of ours is passed over."""
    export_id = None
    with suppress(ValueError):
        export_id = UUID(form.export.data or "")
    day = day_of(form.day)
    assert day is not None
    return NewDelivery(
        delivered_on=day,
        recipient=form.recipient.data or "",
        way=form.way.data or OTHER,
        note=form.note.data or None,
        remark=form.remark.data or None,
        shown=form.shown.data,
        export_id=export_id,
        people=number_of(form.people) or 0,
        on_paper=number_of(form.on_paper) or 0,
        organisations=number_of(form.organisations) or 0,
    )
