"""Languages in which somebody may write a campaign: any that CLDR knows, the common ones in a list."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from wtforms import Field
from wtforms.validators import StopValidation

from petitions.i18n import LANGUAGES, N_, is_language_tag, language_name

#: Beside those of the interface. The list is a help: whatever CLDR knows can be typed.
_COMMON = (
    "pt pt-BR ca gl nl pl cs sk sl hr sr bs mk bg ro hu el tr ku ckb he fa ur hi bn pa ta id ms vi th ja ko zh "
    "zh-Hant uk be ka hy az kk sq fi sv nb da is et lv lt mt cy gd br oc co sw am so ha yo zu af eo fil my ne si"
).split()
_LONGEST = 35


@cache
def common_languages() -> Sequence[tuple[str, str]]:
    """Tags and the names in the languages themselves, those of the interface first."""
    rest = sorted(set(_COMMON) - set(LANGUAGES), key=lambda tag: language_name(tag).casefold())
    return [(tag, language_name(tag)) for tag in (*LANGUAGES, *rest)]


def tidy_tag(text: str | None) -> str:
    """A tag as it is usually written: "PT_br" becomes "pt-BR". "es – Español", as the list offers it, is "es"."""
    words = (text or "")[:200].strip().split(maxsplit=1)
    parts = words[0].replace("_", "-").split("-") if words else [""]
    return "-".join([parts[0].lower(), *(_tidy_part(part) for part in parts[1:])])


def _tidy_part(part: str) -> str:
    return part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower()


def is_language(tag: str) -> bool:
    """Whether a campaign may be written in it."""
    return len(tag) <= _LONGEST and is_language_tag(tag)


def check_language(_form: Any, field: Field) -> None:
    """Validator: a language that CLDR knows."""
    if not is_language(field.data):
        raise StopValidation(N_("We do not know this language. Please give its code, like pt-BR."))
