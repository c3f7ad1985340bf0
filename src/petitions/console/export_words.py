"""Exports in words: what is in them, how far they are, and what to do where there is none."""

from collections.abc import Mapping, Sequence
from typing import Any

from petitions.delivery.jobs import CANCELLED, DONE, EXPIRED, FAILED, RUNNING, WAITING
from petitions.i18n import N_, Message, Translator, language_name
from petitions.lists.plans import Format, Paper, Plan
from petitions.lists.profiles import PROFILES

STATE_OF_EXPORT: Mapping[str, Message] = {
    WAITING: N_("begins in a moment"),
    RUNNING: N_("being made"),
    DONE: N_("ready"),
    FAILED: N_("not made"),
    CANCELLED: N_("stopped"),
    EXPIRED: N_("file deleted"),
}
#: What a format is called, and what it is good for.
FORMATS: Mapping[Format, tuple[Message, Message]] = {
    Format.CSV: (N_("CSV"), N_("A table that every program reads.")),
    Format.XLSX: (N_("Excel (XLSX)"), N_("A workbook for Excel and LibreOffice.")),
    Format.PDF: (N_("PDF"), N_("To print and hand over: a title page with the statement, then the list.")),
    Format.HTML: (N_("Web page (HTML)"), N_("To read in a browser, and to print from there.")),
    Format.JSONL: (N_("JSON Lines"), N_("For programmers.")),
}
PAPERS: Mapping[Paper, Message] = {Paper.A4: N_("A4"), Paper.LETTER: N_("Letter (US)")}
READING = "reading"
#: Why there is no file, and what helps.
_PROBLEMS: Mapping[str, Message] = {
    "disk_full": N_(
        "The disk of the server is full. Nothing was kept. Tell whoever looks after the server; then make the "
        "list anew."
    ),
    "scripts": N_(
        "The PDF needs fonts that the server does not have, for these scripts: %(scripts)s. Ask whoever looks "
        "after the server to install them and make the list anew, or have those letters written as codes."
    ),
    "store": N_("The database could not be reached. Make the list anew in a few minutes."),
    "died": N_(
        "The program that made it was ended three times in the middle. Tell whoever looks after the server: there "
        "may be too little memory."
    ),
    "delivery": N_(
        "It is no longer known who was in one of the deliveries that should be left out. Make a list without that."
    ),
}
_UNFORESEEN = N_(
    "Something went wrong that nobody foresaw. Tell whoever looks after the server: it is in their log."
)


def say_problem(problem: Mapping[str, Any] | None) -> Message | None:
    """Why there is no file; None where nothing went wrong."""
    if problem is None:
        return None
    words = _PROBLEMS.get(str(problem.get("code")), _UNFORESEEN)
    scripts = problem.get("scripts") or problem.get("names") or ()
    return Message(words, {"scripts": ", ".join(str(one) for one in scripts)})


def say_phase(phase: str | None) -> Message | None:
    """What is being done just now."""
    if phase is None:
        return None
    if phase == READING:
        return N_("reading the signatures")
    known = {str(one): words for one, (words, _meaning) in FORMATS.items()}
    return N_("writing: %(format)s", format=known.get(phase, Message(phase)))


def say_plan(plan: Plan, deliveries: Mapping[Any, str], words: Translator) -> Sequence[tuple[str, str]]:
    """What is in a list and what is left out, as (label, value); `deliveries`: what each is called, by its id."""
    said: list[tuple[Message, str]] = [
        (N_("For"), words.translate(PROFILES[plan.profile].name)),
        (N_("Files"), ", ".join(words.translate(FORMATS[one][0]) for one in plan.formats)),
    ]
    more = [words.gettext("Delivery pack")] if plan.pack else []
    more += [words.gettext("Organisations")] if plan.organisations else []
    more += [words.gettext("Signatures on paper")] if plan.on_paper else []
    said.append((N_("With"), ", ".join(more)))
    said.append((N_("Countries"), ", ".join(words.country(code) for code in plan.countries)))
    said.append((N_("Languages"), ", ".join(language_name(code) for code in plan.languages)))
    said.append((N_("Confirmed from"), words.date(plan.since) if plan.since else ""))
    said.append((N_("Confirmed until"), words.date(plan.until) if plan.until else ""))
    without = ", ".join(deliveries.get(one, words.gettext("one that was taken back")) for one in plan.without)
    said.append((N_("Without those of"), without))
    said.append((N_("Language of the headings"), language_name(plan.language) if plan.language else ""))
    said.append((N_("Letters without a font"), words.gettext("as codes") if plan.spell_out else ""))
    return [(words.translate(label), value) for label, value in said if value]
