"""The form of a campaign's texts in one language."""

import re
from typing import Any

from wtforms import BooleanField, Field, StringField
from wtforms.validators import StopValidation

from petitions.campaigns.content import Texts
from petitions.campaigns.files import MAX_FILE, MAX_SUMMARY, MAX_TITLE, section_marker
from petitions.campaigns.values import TermsError, read_text
from petitions.i18n import N_, Message
from petitions.web.forms import Check, PlainForm

#: Of one language, as a campaign file may be; what the file adds around the texts is taken off.
MAX_BYTES = MAX_FILE - 1_000
UNREADABLE = N_("It holds characters that cannot be shown. Please type it again.")
#: What a list begins its items with: leads paste lists.
_ITEM = re.compile(r"(?:\d{1,3}[.)]|[-*+•–])\s+")

LABELS: dict[str, Message] = {
    "title": N_("Title"),
    "summary": N_("Summary"),
    "body": N_("Text"),
    "demands": N_("Demands"),
    "background": N_("Background"),
    "checked": N_("This translation is up to date"),
}


def plain_line(text: str | None) -> str:
    """One line. Nothing of it is cut off, so that the form can show it again whole; the narrow spaces of French
    stay what they are."""
    return re.sub(r"[ \t\r\n]+", " ", text or "").strip()


def plain_lines(text: str | None) -> str:
    """Lines as a browser sends them, with the ends that files have."""
    return (text or "").replace("\r\n", "\n").replace("\r", "\n").rstrip().lstrip("\n")


def split_demands(text: str) -> tuple[str, ...]:
    """One for each line that has something in it, without numbers or dashes before it."""
    lines = (_ITEM.sub("", plain_line(line), count=1).strip() for line in text.split("\n"))
    return tuple(line for line in lines if line)


def check_line(longest: int) -> Check:
    """Makes a validator: empty, or a line that a campaign file can hold."""

    def check(_form: Any, field: Field) -> None:
        if len(field.data) > longest:
            raise StopValidation(N_("Please keep it to %(most)s characters.", most=longest))
        try:
            if field.data:
                read_text(field.data, field.name, longest)
        except TermsError:
            raise StopValidation(UNREADABLE) from None

    return check


def check_markdown(_form: Any, field: Field) -> None:
    """Validator: text that can be stored, and that a campaign file can hold."""
    if any(c != "\n" and c != "\t" and (c < " " or "\x7f" <= c <= "\x9f") for c in field.data):
        raise StopValidation(UNREADABLE)
    if any(section_marker(line) for line in field.data.split("\n")):
        raise StopValidation(
            N_("A line like <!-- demands --> has a meaning of its own in campaign files. Please take it out.")
        )


class TextForm(PlainForm):
    """`number` and `digest` say what somebody saw when they opened it, `shown` which wording of the default
    language stood beside it."""

    title = StringField(LABELS["title"], [check_line(MAX_TITLE)], filters=[plain_line])
    summary = StringField(LABELS["summary"], [check_line(MAX_SUMMARY)], filters=[plain_line])
    body = StringField(LABELS["body"], [check_markdown], filters=[plain_lines])
    demands = StringField(LABELS["demands"], [check_markdown], filters=[plain_lines])
    background = StringField(LABELS["background"], [check_markdown], filters=[plain_lines])
    checked = BooleanField(LABELS["checked"])
    number = StringField()
    digest = StringField()
    shown = StringField()

    def validate(self, extra_validators: Any = None) -> bool:
        """Every field, and all of them together: a language is one file."""
        if not super().validate(extra_validators):
            return False
        sizes = {field.name: len((field.data or "").encode()) for field in (self.body, self.background)}
        if sum(sizes.values()) + len((self.demands.data or "").encode()) > MAX_BYTES:
            longest = self.background if sizes["background"] > sizes["body"] else self.body
            longest.errors = [N_("The texts of one language are too long together. Please shorten this one.")]
            return False
        return True

    def texts(self, follows: str) -> Texts:
        """What was typed."""
        return Texts(
            title=self.title.data or "",
            summary=self.summary.data or "",
            body=self.body.data or "",
            demands=split_demands(self.demands.data or ""),
            background=self.background.data or "",
            follows=follows,
        )


def form_of(texts: Texts, number: int, default: Texts, *, lags: bool) -> TextForm:
    """The form of texts as they are in the copy of this number."""
    return TextForm(
        data={
            "title": texts.title,
            "summary": texts.summary,
            "body": texts.body,
            "demands": "\n".join(texts.demands),
            "background": texts.background,
            "checked": not lags,
            "number": str(number),
            "digest": texts.digest(),
            "shown": default.digest(),
        }
    )
