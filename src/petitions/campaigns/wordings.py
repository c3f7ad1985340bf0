"""The texts of one language as they are published: tidied, and nothing in them that a file could not hold."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from petitions.campaigns.exporting import write_wording
from petitions.campaigns.files import (
    MAX_FILE,
    MAX_SUMMARY,
    MAX_TITLE,
    Wording,
    plain_lines,
    read_wording,
    section_marker,
    tidy_summary,
)
from petitions.errors import CampaignFileError
from petitions.i18n import N_, Message

#: NUL, which no store takes, and halves of characters.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


@dataclass(frozen=True)
class Flaw:
    """What keeps a text from being published: in which part of it, and why."""

    part: str  # "title", "summary", "body", "demands" or "background"
    message: Message


def tidy_wording(title: str, summary: str, body: str, demands: Sequence[str], background: str) -> Wording:
    """Texts as they were typed, without the blanks around them."""
    background = plain_lines(background).strip("\n")
    tidied = (plain_lines(demand).strip() for demand in demands)
    return Wording(
        title=plain_lines(title).strip(),
        summary=tidy_summary(plain_lines(summary).split("\n")),
        body=plain_lines(body).strip("\n"),
        demands=tuple(demand for demand in tidied if demand),
        background=background if background.strip() else None,
    )


def find_flaws(wording: Wording) -> Iterator[Flaw]:
    """Everything that keeps this wording from being published."""
    flaws = [*_line_flaws(wording), *_section_flaws(wording), *_letter_flaws(wording)]
    yield from flaws
    if not flaws:
        text = write_wording(wording)
        if len(text.encode()) > MAX_FILE:
            yield Flaw("body", N_("All texts together are longer than %(most)s bytes.", most=MAX_FILE))
        elif not _reads_the_same(text, wording):
            yield Flaw("body", N_("These texts cannot be written to a file and read again."))


def _line_flaws(wording: Wording) -> Iterator[Flaw]:
    if not wording.title:
        yield Flaw("title", N_("The title is missing."))
    elif "\n" in wording.title:
        yield Flaw("title", N_("The title has to stand on one line."))
    elif len(wording.title) > MAX_TITLE:
        yield Flaw("title", N_("The title is longer than %(most)s characters.", most=MAX_TITLE))
    if not wording.summary:
        yield Flaw("summary", N_("The summary is missing."))
    elif len(wording.summary) > MAX_SUMMARY:
        yield Flaw("summary", N_("The summary is longer than %(most)s characters.", most=MAX_SUMMARY))
    if any("\n" in demand for demand in wording.demands):
        yield Flaw("demands", N_("Each demand has to stand on one line."))


def _section_flaws(wording: Wording) -> Iterator[Flaw]:
    if not wording.body.strip():
        yield Flaw("body", N_("The text of the statement is missing."))
    marker = N_("A line looks like <!-- this -->, which begins a section in a file. Please write it otherwise.")
    for part, text in (("body", wording.body), ("background", wording.background or "")):
        if any(section_marker(line) for line in text.split("\n")):
            yield Flaw(part, marker)


def _letter_flaws(wording: Wording) -> Iterator[Flaw]:
    texts = {
        "title": wording.title,
        "summary": wording.summary,
        "body": wording.body,
        "demands": "\n".join(wording.demands),
        "background": wording.background or "",
    }
    for part, text in texts.items():
        if _UNWRITABLE.search(text):
            yield Flaw(part, N_("It holds characters that cannot be shown. Please type it again."))


def _reads_the_same(text: str, wording: Wording) -> bool:
    try:
        return read_wording(Path("text.md"), text) == wording
    except CampaignFileError:
        return False
