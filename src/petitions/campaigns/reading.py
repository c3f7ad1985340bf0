"""Reading the terms of a campaign, from its file and from the store alike: what was imported once can always
be read again."""

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any

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
from petitions.campaigns.values import (
    TermsError,
    read_bool,
    read_choices,
    read_day,
    read_email,
    read_items,
    read_local,
    read_paragraphs,
    read_table,
    read_text,
    read_url,
)

__all__ = ["TermsError", "read_terms"]

#: Whoever keeps political opinions for longer must say until which day.
_MAX_MONTHS = 36
_MAX_GOAL = 1_000_000_000


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
        "after_signing",
        "reminder",
        "comments",
        "organisations",
    ]
)


def read_terms(data: Mapping[str, Any], languages: Sequence[str]) -> Terms:
    """Terms from a campaign.toml or from the store. `languages`: those that every text must have.
    Raises TermsError."""
    for key in data:
        if key not in _KEYS:
            raise TermsError(key, f"there is no such key; the keys are {', '.join(sorted(_KEYS))}")
    visibility = read_table(data.get("visibility", {}), "visibility", {"choices", "default"})
    choices = read_choices(visibility.get("choices", list(VISIBILITIES)), "visibility.choices", VISIBILITIES)
    default = visibility.get("default", choices[0])
    if default not in choices:
        raise TermsError("visibility.default", f"expected one of {', '.join(choices)}")
    public_list = data.get("public_list", "full")
    if public_list not in PUBLIC_LISTS:
        raise TermsError("public_list", f"expected one of {', '.join(PUBLIC_LISTS)}")
    after_signing = read_table(data.get("after_signing", {}), "after_signing", {"thanks", "share"})
    return Terms(
        signers=read_choices(data.get("signers", ["individuals"]), "signers", SIGNERS),
        goal_steps=_goal_steps(data),
        public_list=public_list,
        responsible=_responsible(data),
        addressees=tuple(
            read_local(
                read_table(item, f"addressees[{n}]", {"name"}).get("name"), f"addressees[{n}].name", languages
            )
            for n, item in read_items(data, "addressees", least=1)
        ),
        visibility_choices=choices,
        visibility_default=default,
        reply_to=read_email(data["reply_to"], "reply_to") if "reply_to" in data else None,
        initiator=_initiator(data),
        affiliation=_affiliation(data, languages),
        questions=_questions(data, languages),
        links=tuple(
            Link(
                label=read_local(
                    read_table(item, f"links[{n}]", {"label", "url"}).get("label"), f"links[{n}].label", languages
                ),
                url=read_url(item.get("url"), f"links[{n}].url"),
            )
            for n, item in read_items(data, "links")
        ),
        mail=_neutral_mail(data, languages),
        retention=_retention(data),
        updates_label=_updates_label(data, languages),
        thanks=_thanks(after_signing, languages),
        share=_share(after_signing, languages),
        reminder=_reminder(data),
        review_comments=_review_comments(data),
        approve_proven=_approve_proven(data),
    )


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
    table = read_table(data["responsible"], "responsible", {"name", "email", "address"})
    return Responsible(
        name=read_text(table.get("name"), "responsible.name"),
        email=read_email(table.get("email"), "responsible.email"),
        address=read_text(table["address"], "responsible.address", 300) if "address" in table else None,
    )


def _initiator(data: Mapping[str, Any]) -> Initiator | None:
    if "initiator" not in data:
        return None
    table = read_table(data["initiator"], "initiator", {"name", "url"})
    return Initiator(
        name=read_text(table.get("name"), "initiator.name"),
        url=read_url(table["url"], "initiator.url") if "url" in table else None,
    )


def _affiliation(data: Mapping[str, Any], languages: Sequence[str]) -> Affiliation | None:
    if "affiliation" not in data:
        return None
    table = read_table(data["affiliation"], "affiliation", {"label", "required"})
    return Affiliation(
        label=read_local(table.get("label"), "affiliation.label", languages),
        required=read_bool(table.get("required", False), "affiliation.required"),
    )


def _questions(data: Mapping[str, Any], languages: Sequence[str]) -> tuple[Question, ...]:
    questions: list[Question] = []
    for n, item in read_items(data, "questions"):
        place = f"questions[{n}]"
        table = read_table(item, place, {"key", "label", "required", "public"})
        key = table.get("key")
        if not isinstance(key, str) or not re.fullmatch(r"[a-z][a-z0-9_]{0,30}", key):
            raise TermsError(f"{place}.key", "expected small letters, digits and _, beginning with a letter")
        if any(key == question.key for question in questions):
            raise TermsError(f"{place}.key", "expected a key that no other question has")
        questions.append(
            Question(
                key=key,
                label=read_local(table.get("label"), f"{place}.label", languages),
                required=read_bool(table.get("required", False), f"{place}.required"),
                public=read_bool(table.get("public", False), f"{place}.public"),
            )
        )
    return tuple(questions)


def _neutral_mail(data: Mapping[str, Any], languages: Sequence[str]) -> NeutralMail | None:
    if "mail" not in data:
        return None
    table = read_table(data["mail"], "mail", {"subject", "sender_name"})
    return NeutralMail(
        subject=read_local(table.get("subject"), "mail.subject", languages),
        sender_name=read_local(table.get("sender_name"), "mail.sender_name", languages),
    )


def _retention(data: Mapping[str, Any]) -> Retention | None:
    if "retention" not in data:
        return None
    table = read_table(data["retention"], "retention", {"until", "months_after_closing"})
    if len(table) > 1:
        raise TermsError("retention", "expected either until or months_after_closing, not both")
    if "until" in table:
        return Retention(until=read_day(table["until"], "retention.until"))
    months = table.get("months_after_closing", Retention.months_after_closing)
    if isinstance(months, bool) or not isinstance(months, int) or not 0 <= months <= _MAX_MONTHS:
        raise TermsError("retention.months_after_closing", f"expected a whole number from 0 to {_MAX_MONTHS}")
    return Retention(months_after_closing=months)


def _updates_label(data: Mapping[str, Any], languages: Sequence[str]) -> LocalText | None:
    if "updates" not in data:
        return None
    return read_local(read_table(data["updates"], "updates", {"label"}).get("label"), "updates.label", languages)


def _thanks(table: Mapping[str, Any], languages: Sequence[str]) -> LocalText | None:
    if "thanks" not in table:
        return None
    return read_local(table["thanks"], "after_signing.thanks", languages, read_paragraphs) or None


def _share(table: Mapping[str, Any], languages: Sequence[str]) -> LocalText | None:
    return read_local(table["share"], "after_signing.share", languages) or None if "share" in table else None


def _review_comments(data: Mapping[str, Any]) -> bool:
    table = read_table(data.get("comments", {}), "comments", {"review"})
    return read_bool(table.get("review", False), "comments.review")


def _reminder(data: Mapping[str, Any]) -> bool:
    table = read_table(data.get("reminder", {}), "reminder", {"enabled"})
    return read_bool(table.get("enabled", True), "reminder.enabled")


def _approve_proven(data: Mapping[str, Any]) -> bool:
    table = read_table(data.get("organisations", {}), "organisations", {"approve_proven"})
    return read_bool(table.get("approve_proven", False), "organisations.approve_proven")
