"""The form by which moderators say which signatures they mean: for a search, and for what is done to many."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from petitions.addresses import InvalidAddress, check_address
from petitions.console.details_checks import parse_moment
from petitions.i18n import COUNTRY_CODES, LANGUAGES, N_, Message
from petitions.moderation.conditions import STATES, Conditions, domain_as_stored, key_of
from petitions.names import folded_words
from petitions.web.forms import MAX_LINE, ChoiceField, PlainForm, readable, tidy_line

#: What stands in the list of states.
STATE_WORDS: Mapping[str, Message] = {
    "counted": N_("counted"),
    "removed": N_("removed"),
    "hidden": N_("name or comment hidden"),
    "unread": N_("comment not read yet"),
}
#: These may stand in an address, and so in the history of a moderator's browser: they name nobody but who has a
#: mail domain of their own (docs/privacy.md).
OPEN_FIELDS = ("state", "country", "domain", "language")
_MAX_DOMAIN = 253


def _check_name(_form: Form, field: Field) -> None:
    if field.data and not folded_words(field.data):
        raise StopValidation(N_("Please type a letter or a digit of the name."))


def _check_address(_form: Form, field: Field) -> None:
    if not field.data:
        return
    try:
        field.data = check_address(field.data)
    except InvalidAddress:
        raise StopValidation(N_("This is not a complete mail address. It looks like ana@example.org.")) from None


def _check_domain(_form: Form, field: Field) -> None:
    if not field.data:
        return
    domain = domain_as_stored(field.data)
    if len(domain) > _MAX_DOMAIN or "." not in domain.strip(".") or any(c in domain for c in " /:,;"):
        raise StopValidation(N_("This is not a complete domain. It looks like example.org."))
    field.data = domain


def _check_moment(_form: Form, field: Field) -> None:
    if field.data and moment_of(field) is None:
        raise StopValidation(N_("This is not a day with a time. It looks like 2026-11-22 16:00."))


def _check_order(form: Form, field: Field) -> None:
    since, until = moment_of(form["since"]), moment_of(field)
    if since is not None and until is not None and until <= since:
        raise StopValidation(N_("The end lies before the beginning."))


class SearchForm(PlainForm):
    """Everything is optional; what is filled in must all hold."""

    name = StringField(filters=[tidy_line], validators=[readable(MAX_LINE), _check_name])
    email = StringField(filters=[tidy_line], validators=[readable(254), _check_address])
    domain = StringField(filters=[tidy_line], validators=[readable(_MAX_DOMAIN + 1), _check_domain])
    country = ChoiceField(allowed=COUNTRY_CODES)
    language = ChoiceField(allowed=LANGUAGES)
    state = ChoiceField(allowed=STATES)
    since = StringField(filters=[tidy_line], validators=[_check_moment])
    until = StringField(filters=[tidy_line], validators=[_check_moment, _check_order])

    @property
    def filled(self) -> Sequence[tuple[str, str]]:
        """The fields in which something stands, as another form carries them."""
        return [(name, field.data) for name, field in self._fields.items() if field.data]

    @property
    def is_open(self) -> bool:
        """Whether it asks for nothing that names somebody."""
        return all(name in OPEN_FIELDS for name, _value in self.filled)

    def conditions(self, email_key: str) -> Conditions:
        """What is asked for, once the form was found right; `email_key` is the one of the settings."""
        return Conditions(
            name=self.name.data or "",
            email_key=key_of(self.email.data, email_key) if self.email.data else None,
            domain=self.domain.data or None,
            country=self.country.data or None,
            language=self.language.data or None,
            state=self.state.data or None,
            since=moment_of(self.since),
            until=moment_of(self.until),
        )


def moment_of(field: Any) -> datetime | None:
    """What stands in a field of a day with a time; None for nothing and for nonsense."""
    with suppress(ValueError):
        return parse_moment(field.data or "")
    return None
