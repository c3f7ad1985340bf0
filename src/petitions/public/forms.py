"""The signing form: shape only. Rules that need the store are the feature's."""

from functools import lru_cache
from typing import Any

from wtforms import BooleanField, Field, Form, StringField, TextAreaField
from wtforms.validators import StopValidation

from petitions import addresses, names
from petitions.campaigns.terms import Terms
from petitions.i18n import COUNTRY_CODES, N_
from petitions.signatures.changing import Said
from petitions.signatures.consents import wording_key
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

MAX_COMMENT = 500
_MAX_HIDDEN = 300


def _required_beside_a_name(form: Form, field: Field) -> None:
    if form["visibility"].data != "anonymous":
        required(form, field)


_check_line = readable(MAX_LINE)


def _check_name(form: Form, field: Field) -> None:
    if form["visibility"].data == "anonymous":
        return  # whatever stands there is not stored, and is kept in the form if the rest is wrong
    if not field.data or names.is_blank(field.data):
        raise StopValidation(N_("Please give your name, or choose to be counted without one."))
    _check_line(form, field)
    if names.starts_like_a_formula(field.data) or names.has_link(field.data):
        raise StopValidation(N_("Please give a name, not a link or a formula."))


def check_typos(form: Form, field: Field) -> None:
    """Validator: asks once whether a large provider was meant, by the field `email_checked`."""
    suggestion = addresses.suggest_address(field.data)
    if suggestion and form["email_checked"].data != field.data:
        # Asked once: the page that shows the question carries the address in `email_checked`.
        raise StopValidation(
            N_(
                "Did you mean %(suggestion)s? If your address is right as it stands, just press the button again.",
                suggestion=suggestion,
            )
        )


def _check_country(_form: Form, field: Field) -> None:
    if not field.data:
        raise StopValidation(N_("Please choose your country."))


def _check_hidden(_form: Form, field: Field) -> None:
    if field.data and len(field.data) > _MAX_HIDDEN:
        field.data = ""


class AddressForm(PlainForm):
    """Asks for nothing but a mail address."""

    email = StringField(filters=[tidy_line], validators=[check_email_shape])


class SignForm(PlainForm):
    """Fields that every campaign's form has; `sign_form_for` adds those of its own."""

    # `visibility` comes first, for the name is required or not by it.
    visibility: ChoiceField
    name = StringField(filters=[tidy_line], validators=[_check_name])
    email = StringField(filters=[tidy_line], validators=[check_email_shape, check_typos])
    country = ChoiceField(allowed=COUNTRY_CODES, validators=[_check_country])
    city = StringField(filters=[tidy_line], validators=[_check_line])
    comment = TextAreaField(filters=[tidy_lines], validators=[readable(MAX_COMMENT)])
    updates = BooleanField()
    updates_words = StringField(
        filters=[tidy_line], validators=[_check_hidden]
    )  # a digest of those beside the box
    statement = StringField(filters=[tidy_line], validators=[_check_hidden])
    email_checked = StringField(filters=[tidy_line], validators=[_check_hidden])
    website = StringField(filters=[tidy_line], validators=[_check_hidden])  # the honeypot: people do not see it
    source = StringField(filters=[tidy_line])  # where the page was found; see watching/sources.py

    @property
    def question_fields(self) -> list[Field]:
        """The campaign's own questions, in their order."""
        return [field for field in self if field.name.startswith("q_")]


@lru_cache(maxsize=1024)
def _form_class(shape: tuple[Any, ...]) -> type[SignForm]:
    choices, default, affiliation, questions = shape
    fields: dict[str, Any] = {"visibility": ChoiceField(allowed=choices, default=default, validators=[required])}
    if affiliation is not None:
        fields["affiliation"] = _public_line(asked=affiliation)
    for key, asked, public in questions:
        fields[f"q_{key}"] = (_public_line if public else _own_line)(asked=asked)
    return type("CampaignSignForm", (SignForm,), fields)


def _own_line(*, asked: bool) -> StringField:
    return StringField(filters=[tidy_line], validators=[required, _check_line] if asked else [_check_line])


def _public_line(*, asked: bool) -> StringField:
    """One that is shown and delivered beside a name: of those who give none it is neither asked nor kept."""
    checks = [_required_beside_a_name, _check_line] if asked else [_check_line]
    return StringField(filters=[tidy_line], validators=checks)


def sign_form_for(terms: Terms) -> type[SignForm]:
    """The form of a campaign; made once for each shape of form."""
    return _form_class(_shape(terms, terms.visibility_choices, terms.visibility_default))


def own_form_for(terms: Terms, visibility: str) -> type[SignForm]:
    """The form of a signer's own page: everything but the address. It offers the `visibility` that the signer
    chose, even where the campaign offers it no more, and a form that says none means that one."""
    choices = terms.visibility_choices
    return _own_form_class(_shape(terms, choices if visibility in choices else (*choices, visibility), visibility))


@lru_cache(maxsize=1024)
def _own_form_class(shape: tuple[Any, ...]) -> type[SignForm]:
    absent = dict.fromkeys(("email", "statement", "email_checked", "website", "source"))  # None takes a field away
    return type("CampaignOwnForm", (_form_class(shape),), absent)


def _shape(terms: Terms, choices: tuple[str, ...], default: str) -> tuple[Any, ...]:
    return (
        choices,
        default,
        terms.affiliation.required if terms.affiliation else None,
        tuple((question.key, question.required, question.public) for question in terms.questions),
    )


def check_consent(form: SignForm, wording: str) -> bool:
    """Whether the words beside the ticked box are still those that the visitor read, and the box was not ticked
    for a consent that was taken back meanwhile. If not, it is empty again and says so. To be called after
    `validate`, which forgets what it says."""
    shown = form.updates_words.data
    if not form.updates.data or not shown or shown == wording_key(wording).hex():
        return True
    form.updates.data = False
    form.updates.errors = [
        N_("These words were changed since you opened the page. Please tick the box again if you agree.")
    ]
    return False


def said_in(form: SignForm, terms: Terms) -> Said:
    """What a form that was found right says. Of those who sign without a name nothing is kept that is shown and
    delivered nowhere."""
    anonymous = form.visibility.data == "anonymous"
    public = {question.key for question in terms.questions if question.public}
    answers = {
        field.name[2:]: field.data
        for field in form.question_fields
        if field.data and not (anonymous and field.name[2:] in public)
    }
    affiliation = form["affiliation"].data if "affiliation" in form else None
    return Said(
        name=None if anonymous else form.name.data,
        country=form.country.data or "",
        city=None if anonymous else form.city.data or None,
        affiliation=None if anonymous else affiliation or None,
        comment=None if anonymous else form.comment.data or None,
        answers=answers or None,
        visibility=form.visibility.data or "",
        updates=bool(form.updates.data),
    )
