"""Reading the terms of a campaign, from its file and from the store alike: what was imported once can always
be read again."""

import itertools
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email

from petitions.campaigns.terms import (
    PUBLIC_LISTS,
    SIGNERS,
    VISIBILITIES,
    Affiliation,
    Initiator,
    Link,
    LocalText,
    NeutralMail,
    Question,
    Responsible,
    Retention,
    Terms,
)

_MAX_LABEL = 200
#: Whoever keeps political opinions for longer must say until which day.
_MAX_MONTHS = 36
_MAX_GOAL = 1_000_000_000


class TermsError(ValueError):
    """A term is wrong: `key` says which ("questions[2].label"), `expected` what it should be."""

    def __init__(self, key: str, expected: str) -> None:
        super().__init__(f"{key}: {expected}")
        self.key, self.expected = key, expected


_KEYS = frozenset(
    [
        "signers",
        "goal",
        "goal_steps",
        "public_list",
        "reply_to",
        "responsible",
        "initiator",
        "visibility",
        "affiliation",
        "mail",
        "addressees",
        "questions",
        "links",
        "retention",
        "updates",
    ]
)


def read_terms(data: Mapping[str, Any], languages: Sequence[str]) -> Terms:
    """Terms from a campaign.toml or from the store. `languages`: those that every text must have.
    Raises TermsError."""
    for key in data:
        if key not in _KEYS:
            raise TermsError(key, f"there is no such key; the keys are {', '.join(sorted(_KEYS))}")
    visibility = _table(data.get("visibility", {}), "visibility", {"choices", "default"})
    choices = _choices(visibility.get("choices", list(VISIBILITIES)), "visibility.choices", VISIBILITIES)
    default = visibility.get("default", choices[0])
    if default not in choices:
        raise TermsError("visibility.default", f"expected one of {', '.join(choices)}")
    public_list = data.get("public_list", "full")
    if public_list not in PUBLIC_LISTS:
        raise TermsError("public_list", f"expected one of {', '.join(PUBLIC_LISTS)}")
    return Terms(
        signers=_choices(data.get("signers", ["individuals"]), "signers", SIGNERS),
        goal_steps=_goal_steps(data),
        public_list=public_list,
        responsible=_responsible(data),
        addressees=tuple(
            _local(_table(item, f"addressees[{n}]", {"name"}).get("name"), f"addressees[{n}].name", languages)
            for n, item in _items(data, "addressees", least=1)
        ),
        visibility_choices=choices,
        visibility_default=default,
        reply_to=_email(data["reply_to"], "reply_to") if "reply_to" in data else None,
        initiator=_initiator(data),
        affiliation=_affiliation(data, languages),
        questions=_questions(data, languages),
        links=tuple(
            Link(
                label=_local(
                    _table(item, f"links[{n}]", {"label", "url"}).get("label"), f"links[{n}].label", languages
                ),
                url=_url(item.get("url"), f"links[{n}].url"),
            )
            for n, item in _items(data, "links")
        ),
        mail=_neutral_mail(data, languages),
        retention=_retention(data),
        updates_label=_updates_label(data, languages),
    )


def _table(value: object, key: str, allowed: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TermsError(key, "expected a table")
    for name in value:
        if name not in allowed:
            raise TermsError(f"{key}.{name}", f"there is no such key; the keys are {', '.join(sorted(allowed))}")
    return value


def _items(data: Mapping[str, Any], key: str, least: int = 0) -> list[tuple[int, Any]]:
    value = data.get(key, [])
    if not isinstance(value, list) or not least <= len(value) <= 50:
        raise TermsError(key, f"expected a list of {least} to 50 tables, written [[{key}]]")
    return list(enumerate(value, 1))


def _text(value: object, key: str, longest: int = _MAX_LABEL) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > longest or not _is_one_line(value):
        raise TermsError(key, f"expected a text of 1 to {longest} characters on one line")
    return value.strip()


def _is_one_line(text: str) -> bool:
    """Without control characters; the narrow spaces of French and the joiners of Persian are meant."""
    return all(unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") for c in text)


def _bool(value: object, key: str) -> bool:
    if not isinstance(value, bool):
        raise TermsError(key, "expected true or false")
    return value


def _choices(value: object, key: str, allowed: Sequence[str]) -> tuple[str, ...]:
    if (
        not isinstance(value, list)
        or not value
        or any(v not in allowed for v in value)
        or len(set(value)) < len(value)
    ):
        raise TermsError(key, f"expected a list of some of {', '.join(allowed)}, each once")
    return tuple(value)


def _local(value: object, key: str, languages: Sequence[str]) -> LocalText:
    """A text for each language; a plain string serves them all."""
    if isinstance(value, str):
        return {language: _text(value, key) for language in languages}
    if not isinstance(value, Mapping):
        raise TermsError(key, "expected a text, or a table with a text for each language")
    missing = [language for language in languages if language not in value]
    if missing:
        raise TermsError(key, f"expected a text in each language; missing: {', '.join(missing)}")
    return {language: _text(text, f"{key}.{language}") for language, text in value.items()}


def _email(value: object, key: str) -> str:
    try:
        return validate_email(_text(value, key, 254), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise TermsError(key, "expected a mail address") from None


def _url(value: object, key: str) -> str:
    text = _text(value, key, 500)
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError when it is no number
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or " " in text:
        raise TermsError(key, "expected an address that starts with https://")
    return text


def _goal_steps(data: Mapping[str, Any]) -> tuple[int, ...]:
    if "goal" in data and "goal_steps" in data:
        raise TermsError("goal", "expected either goal or goal_steps, not both")
    key = "goal" if "goal" in data else "goal_steps"
    steps = [data["goal"]] if "goal" in data else data.get("goal_steps", [])
    if (
        not isinstance(steps, list)
        or len(steps) > 50
        or any(isinstance(n, bool) or not isinstance(n, int) or not 0 < n <= _MAX_GOAL for n in steps)
        or any(a >= b for a, b in itertools.pairwise(steps))
    ):
        raise TermsError(key, "expected whole numbers above 0, each greater than the one before")
    return tuple(steps)


def _responsible(data: Mapping[str, Any]) -> Responsible:
    if "responsible" not in data:
        raise TermsError("responsible", "expected a table with the name and e-mail of who is responsible in law")
    table = _table(data["responsible"], "responsible", {"name", "email", "address"})
    return Responsible(
        name=_text(table.get("name"), "responsible.name"),
        email=_email(table.get("email"), "responsible.email"),
        address=_text(table["address"], "responsible.address", 300) if "address" in table else None,
    )


def _initiator(data: Mapping[str, Any]) -> Initiator | None:
    if "initiator" not in data:
        return None
    table = _table(data["initiator"], "initiator", {"name", "url"})
    return Initiator(
        name=_text(table.get("name"), "initiator.name"),
        url=_url(table["url"], "initiator.url") if "url" in table else None,
    )


def _affiliation(data: Mapping[str, Any], languages: Sequence[str]) -> Affiliation | None:
    if "affiliation" not in data:
        return None
    table = _table(data["affiliation"], "affiliation", {"label", "required"})
    return Affiliation(
        label=_local(table.get("label"), "affiliation.label", languages),
        required=_bool(table.get("required", False), "affiliation.required"),
    )


def _questions(data: Mapping[str, Any], languages: Sequence[str]) -> tuple[Question, ...]:
    questions: list[Question] = []
    for n, item in _items(data, "questions"):
        place = f"questions[{n}]"
        table = _table(item, place, {"key", "label", "required", "public"})
        key = table.get("key")
        if not isinstance(key, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", key):
            raise TermsError(f"{place}.key", "expected small letters, digits and _, beginning with a letter")
        if any(key == question.key for question in questions):
            raise TermsError(f"{place}.key", "expected a key that no other question has")
        questions.append(
            Question(
                key=key,
                label=_local(table.get("label"), f"{place}.label", languages),
                required=_bool(table.get("required", False), f"{place}.required"),
                public=_bool(table.get("public", False), f"{place}.public"),
            )
        )
    return tuple(questions)


def _neutral_mail(data: Mapping[str, Any], languages: Sequence[str]) -> NeutralMail | None:
    if "mail" not in data:
        return None
    table = _table(data["mail"], "mail", {"subject", "sender_name"})
    return NeutralMail(
        subject=_local(table.get("subject"), "mail.subject", languages),
        sender_name=_local(table.get("sender_name"), "mail.sender_name", languages),
    )


def _retention(data: Mapping[str, Any]) -> Retention | None:
    if "retention" not in data:
        return None
    table = _table(data["retention"], "retention", {"until", "months_after_closing"})
    if len(table) > 1:
        raise TermsError("retention", "expected either until or months_after_closing, not both")
    if "until" in table:
        return Retention(until=_day(table["until"], "retention.until"))
    months = table.get("months_after_closing", Retention.months_after_closing)
    if isinstance(months, bool) or not isinstance(months, int) or not 0 <= months <= _MAX_MONTHS:
        raise TermsError("retention.months_after_closing", f"expected a whole number from 0 to {_MAX_MONTHS}")
    return Retention(months_after_closing=months)


def _day(value: object, key: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise TermsError(key, "expected a date, like 2027-06-30") from None


def _updates_label(data: Mapping[str, Any], languages: Sequence[str]) -> LocalText | None:
    if "updates" not in data:
        return None
    return _local(_table(data["updates"], "updates", {"label"}).get("label"), "updates.label", languages)
