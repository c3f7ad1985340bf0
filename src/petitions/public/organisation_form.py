"""The forms by which organisations ask to co-sign and change what they said: shape only."""

import re

from wtforms import BooleanField, Field, Form, StringField, TextAreaField
from wtforms.validators import StopValidation

from petitions import names
from petitions.addresses import make_email_key
from petitions.i18n import COUNTRY_CODES, N_, Message
from petitions.organisations.kinds import KINDS
from petitions.organisations.logos import InvalidLogo, Logo, unseal_logo
from petitions.organisations.naming import MAX_NAME, find_trick
from petitions.organisations.requesting import Contact, Entry
from petitions.organisations.websites import InvalidWebsite, check_website
from petitions.public.forms import MAX_COMMENT, check_typos
from petitions.web.bodies import Upload
from petitions.web.forms import (
    MAX_LINE,
    ChoiceField,
    PlainForm,
    check_email_shape,
    readable,
    required,
    tidy_line,
    tidy_lines,
)
from petitions.web.pictures import logo_of

MAX_MEMBERS = 100_000_000
MAX_PHONE = 40
MAX_ANSWER = 800  # less than what is cut off in silence; see names.py
_MAX_HIDDEN = 300
#: A sealed logo is shorter; see organisations/logos.py.
_MAX_SEALED = 200_000

#: Digits in groups as people write them: "48000", "48.000", "48,000", "48 000", "48'000", "٤٨٬٠٠٠", "1,00,000".
_GROUPED = re.compile(r"\d+|\d{1,3}(?:[.,'’٬،_\s]\d{2,3})*[.,'’٬،_\s]\d{3}")
_PHONE = re.compile(r"[\d+()/.\s-]*\d[\d+()/.\s-]*")

_check_line = readable(MAX_LINE)
_check_name_length = readable(MAX_NAME)


def read_members(text: str) -> int | None:
    """How many people somebody wrote, in the digits and groups of any country; None for anything else."""
    if len(text) > 20 or _GROUPED.fullmatch(text) is None:
        return None
    members = int("".join(c for c in text if c.isdecimal()))
    return members if 1 <= members <= MAX_MEMBERS else None


def _check_name(form: Form, field: Field) -> None:
    if not field.data or names.is_blank(field.data):
        raise StopValidation(N_("Please give the name of your organisation."))
    _check_name_length(form, field)
    if names.starts_like_a_formula(field.data) or names.has_link(field.data):
        raise StopValidation(N_("Please give a name, not a link or a formula."))
    if (trick := find_trick(field.data)) is not None:
        raise StopValidation(trick)


def _check_no_link(_form: Form, field: Field) -> None:
    if field.data and names.has_link(field.data):
        raise StopValidation(N_("Please leave out links."))


def _check_kind(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(N_("Please choose what sort of organisation it is."))


def _check_country(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(N_("Please choose the country of your organisation."))


def _check_website(form: Form, field: Field) -> None:
    if not field.data:
        return
    try:
        check_website(field.data)
    except InvalidWebsite as error:
        raise StopValidation(error.problem) from None


def _check_members(_form: Form, field: Field) -> None:
    if field.data and read_members(field.data) is None:
        raise StopValidation(N_("Please write a whole number, such as 4800, or leave it empty."))


def check_contact_email(form: Form, field: Field) -> None:
    """Validator: a complete mail address, at which the organisation is reached."""
    if not field.data:
        raise StopValidation(N_("Please give a mail address at which we reach you."))
    check_email_shape(form, field)


def _check_phone(form: Form, field: Field) -> None:
    if not field.data:
        return
    readable(MAX_PHONE)(form, field)
    if _PHONE.fullmatch(field.data) is None:
        raise StopValidation(N_("Please write a phone number, such as +353 21 000 000, or leave it empty."))


def _check_authorised(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(N_("Please tick this only if you may sign for your organisation."))


def _is_at_most(most: int) -> list[object]:
    def check(_form: Form, field: Field) -> None:
        if field.data and len(field.data) > most:
            field.data = ""

    return [check]


class EntryForm(PlainForm):
    """What everybody will see of an organisation."""

    name = StringField(filters=[tidy_line], validators=[_check_name])
    kind = ChoiceField(allowed=frozenset(KINDS), validators=[_check_kind])
    country = ChoiceField(allowed=COUNTRY_CODES, validators=[_check_country])
    city = StringField(filters=[tidy_line], validators=[_check_line, _check_no_link])
    website = StringField(filters=[tidy_line], validators=[_check_website])
    members = StringField(filters=[tidy_line], validators=[_check_members])
    comment = TextAreaField(filters=[tidy_lines], validators=[readable(MAX_COMMENT)])
    logo = StringField()  # the file is read by itself; what is wrong with it stands here
    logo_kept = StringField(validators=_is_at_most(_MAX_SEALED))  # the one sent before, sealed
    logo_drop = BooleanField()


class ContactForm(PlainForm):
    """Who speaks for it."""

    contact_name = StringField(filters=[tidy_line], validators=[required, _check_line, _check_no_link])
    contact_role = StringField(filters=[tidy_line], validators=[required, _check_line, _check_no_link])
    email = StringField(filters=[tidy_line], validators=[check_contact_email, check_typos])
    phone = StringField(filters=[tidy_line], validators=[_check_phone])
    email_checked = StringField(filters=[tidy_line], validators=_is_at_most(_MAX_HIDDEN))


class AskForm(EntryForm, ContactForm):
    """Asking to co-sign."""

    authorised = BooleanField(validators=[_check_authorised])
    statement = StringField(filters=[tidy_line], validators=_is_at_most(_MAX_HIDDEN))
    website2 = StringField(filters=[tidy_line], validators=_is_at_most(_MAX_HIDDEN))  # people do not see it


class AnswerForm(PlainForm):
    """The answer to what a lead asked."""

    answer = TextAreaField(filters=[tidy_lines], validators=[required, readable(MAX_ANSWER)])


def entry_in(form: EntryForm) -> Entry:
    """What a form that was found right says in public."""
    return Entry(
        name=form.name.data or "",
        kind=form.kind.data or "",
        country=form.country.data or "",
        city=form.city.data or None,
        website=check_website(form.website.data) if form.website.data else None,
        members=read_members(form.members.data or ""),
        comment=form.comment.data or None,
    )


def contact_in(form: ContactForm, email_key: str) -> Contact:
    """Who speaks, by a form that was found right. `email_key`: the secret of the site."""
    email = form.email.data or ""
    return Contact(
        name=form.contact_name.data or "",
        role=form.contact_role.data or "",
        email=email,
        email_key=make_email_key(email, email_key),
        phone=form.phone.data or None,
    )


async def read_chosen_logo(
    form: EntryForm, upload: Upload | None, secret_keys: tuple[str, ...]
) -> tuple[Logo | None, Message | None]:
    """The logo that came with the form, or else with an earlier page of it; and what is wrong with the file."""
    kept = None if form.logo_drop.data else unseal_logo(form.logo_kept.data or "", secret_keys)
    if upload is None:
        return kept, None
    try:
        return await logo_of(upload), None
    except InvalidLogo as error:
        return kept, error.problem


def is_right(form: EntryForm, problem: Message | None) -> bool:
    """Whether all of a form is right, with `problem` beside the logo."""
    right = form.validate()
    if problem is not None:
        form.logo.errors = [problem]
    return right and problem is None
