"""What a file says of a list besides its rows: where it comes from, of when it is, how many signed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from petitions.i18n import Translator, translator
from petitions.lists.documents import Document


@dataclass(frozen=True)
class Fact:
    """One line of it."""

    label: str
    value: str | int | datetime


def list_facts(document: Document) -> tuple[Fact, ...]:
    """Everything but the statement itself, in the language of the list."""
    words = translator(document.language)
    return (
        Fact(words.gettext("Title"), document.title),
        *(Fact(words.gettext("Addressed to"), name) for name in document.addressees),
        Fact(words.gettext("Responsible"), document.responsible),
        Fact(words.gettext("Page of the statement"), document.url),
        Fact(words.gettext("As of"), document.cut_off),
        *count_facts(document),
        *(
            Fact(words.gettext("Rows of “%(title)s” in this list") % {"title": section.title}, section.rows)
            for section in document.sections
        ),
    )


def count_facts(document: Document) -> tuple[Fact, ...]:
    """How many signed, whatever a filter leaves of them: those with a name, with initials and without add up."""
    return tuple(_count(document, translator(document.language)))


def _count(document: Document, words: Translator) -> Iterator[Fact]:
    counts = document.counts
    yield Fact(words.gettext("Signatures"), counts.counted)
    if counts.counted != counts.named:
        yield Fact(words.gettext("With their full name"), counts.named)
    if counts.initials:
        yield Fact(words.gettext("With initials"), counts.initials)
    if unnamed := counts.unnamed + counts.names_hidden:
        yield Fact(words.gettext("Counted without a name"), unnamed)
    if counts.on_paper:
        yield Fact(words.gettext("Signatures on paper"), counts.on_paper)
    if counts.organisations:
        yield Fact(words.gettext("Organisations"), counts.organisations)
    if counts.members:
        yield Fact(words.gettext("Members represented"), counts.members)
