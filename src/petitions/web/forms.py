"""Forms: what those of every audience have in common."""

from collections.abc import Callable, Sequence
from typing import Any

from wtforms import Field, Form, StringField
from wtforms.validators import StopValidation

from petitions import addresses, names
from petitions.i18n import N_

MAX_LINE = 120
_MAX_EMAIL = 254

Check = Callable[[Form, Any], None]


class PlainForm(Form):
    """Errors are messages of our own, translated when they are shown; WTForms' catalogues stay out."""

    class Meta:
        locales = False


class ChoiceField(StringField):
    """One of a set. WTForms' SelectField walks all its choices (1 ms for 250 countries); this looks once."""

    def __init__(self, *args: Any, allowed: Sequence[str] | frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.allowed = allowed

    def process_formdata(self, valuelist: list[str]) -> None:
        """What was chosen; the default where a client sends no such field."""
        self.data = valuelist[0] if valuelist else self.data

    def pre_validate(self, form: Any) -> None:
        if self.data and self.data not in self.allowed:
            raise StopValidation(N_("Please choose one of the list."))


def read_number(text: object) -> int:
    """What a page of ours put into a hidden field; -1, which is nobody's, where a client sends nonsense."""
    sent = str(text or "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else -1


def tidy_line(text: str | None) -> str:
    return names.tidy(text or "")


def tidy_lines(text: str | None) -> str:
    return names.tidy_lines(text or "")


def required(_form: Form, field: Field) -> None:
    """Validator: something that can be seen."""
    if not field.data or names.is_blank(field.data):
        raise StopValidation(N_("Please fill this in."))


def readable(longest: int) -> Check:
    """Validator: at most `longest` characters, all of which can be shown."""

    def check(_form: Form, field: Field) -> None:
        if len(field.data) > longest:
            raise StopValidation(N_("Please keep it to %(most)s characters.", most=longest))
        if names.has_forbidden_characters(field.data):
            raise StopValidation(N_("It holds characters that cannot be shown. Please type it again."))

    return check


def check_email_shape(_form: Form, field: Field) -> None:
    """A complete mail address, put into its normal form."""
    if not field.data:
        raise StopValidation(N_("Please give your mail address. We need it to confirm your signature."))
    try:
        if len(field.data) > _MAX_EMAIL:
            raise addresses.InvalidAddress
        field.data = addresses.check_address(field.data)
    except addresses.InvalidAddress:
        raise StopValidation(N_("This is not a complete mail address. It looks like ana@example.org.")) from None
