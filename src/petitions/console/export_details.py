"""What the log says of lists, in words."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from petitions.console.export_words import FORMATS
from petitions.i18n import N_, Message, Translator, language_name
from petitions.lists.plans import Format, Profile
from petitions.lists.profiles import PROFILES


def _said(label: Message, value: str, words: Translator) -> str:
    return words.translate(N_("%(group)s: %(label)s", group=label, label=value))


def _filters(value: Any, words: Translator) -> str:
    """What was left out of a list."""
    said = [
        *(words.country(code) for code in value.get("countries", ())),
        *(language_name(code) for code in value.get("languages", ())),
    ]
    for key, label in (("since", N_("from")), ("until", N_("until"))):
        if key in value:
            said.append(_said(label, words.date(date.fromisoformat(value[key])), words))
    if value.get("without"):
        said.append(words.gettext("without what was delivered before"))
    return _said(N_("Only"), ", ".join(said), words)


#: By key of an entry, in the order in which they are said: a value in words; empty where it says nothing.
EXPORT_DETAILS: Mapping[str, Callable[[Any, Translator], str]] = {
    "profile": lambda value, words: words.translate(PROFILES[Profile(value)].name),
    "formats": lambda value, words: ", ".join(words.translate(FORMATS[Format(one)][0]) for one in value),
    "with_pack": lambda value, words: words.gettext("as a delivery pack") if value else "",
    "with_organisations": lambda value, words: words.gettext("with organisations") if value else "",
    "with_on_paper": lambda value, words: words.gettext("with signatures on paper") if value else "",
    "columns": lambda value, words: _said(N_("Columns"), ", ".join(value), words),
    "filters": _filters,
    "cut_off": lambda value, words: _said(N_("until"), words.moment(datetime.fromisoformat(value)), words),
    "why": lambda value, words: _said(N_("Needed for"), value, words),
    "problem": lambda value, words: _said(N_("Problem"), value, words),
}
