"""Details: what the signing form asks, and who may see what."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from petitions.campaigns.content import Content
from petitions.campaigns.naming import is_question_key, suggest_question_key
from petitions.campaigns.schedule import Schedule
from petitions.campaigns.terms import VISIBILITIES
from petitions.console.details_forms import (
    Entered,
    Group,
    Item,
    Part,
    Rows,
    Values,
    in_languages,
    in_order,
    local_values,
    row_values,
    table,
    without_empty,
)
from petitions.i18n import N_

_OWNS = frozenset(
    {"affiliation", "questions", "visibility", "public_list", "updates", "comments", "organisations"}
)
_WHO_SEES = (
    ("public", N_("Everyone")),
    ("initials", N_("Only initials")),
    ("addressee", N_("Only the addressees")),
    ("anonymous", N_("Nobody")),
)
_LISTS = (
    ("full", N_("A page with all who are shown, and a search")),
    ("latest", N_("The last few, on the statement page")),
    ("none", N_("None")),
)


def _groups(languages: Sequence[str], rows: Rows) -> list[Group]:
    return [
        Group(
            N_("Who may see a name"),
            [
                Item("choices", N_("What signers can choose"), "boxes", choices=_WHO_SEES),
                Item("default", N_("Chosen beforehand"), "radio", choices=_WHO_SEES),
                Item("public_list", N_("List of signatures on the site"), "radio", choices=_LISTS),
            ],
            hint=N_("Where somebody could be harmed, let “Everyone” out, or do not choose it beforehand."),
        ),
        Group(
            N_("Affiliation"),
            [
                *in_languages("affiliation", N_("What the form asks for"), languages),
                Item("affiliation_required", N_("It has to be answered"), "box"),
            ],
            hint=N_("Like “Union” or “University”. Leave it empty, and the form does not ask."),
        ),
        *(
            Group(
                N_("Question %(n)s", n=n + 1),
                [
                    *in_languages(f"questions-{n}-label", N_("Question"), languages),
                    Item(
                        f"questions-{n}-key",
                        N_("Key"),
                        hint=N_("The name of its column. Leave it as it is once people have signed."),
                        most=31,
                    ),
                    Item(f"questions-{n}-required", N_("It has to be answered"), "box"),
                    Item(f"questions-{n}-public", N_("Answers may be shown and handed over"), "box"),
                ],
                hint=N_("Ask for nothing that you do not need. Clear question and key to remove one.")
                if n == 0
                else None,
                is_row=True,
                add=N_("Add a question") if n else None,
            )
            for n in range(rows["questions"])
        ),
        Group(
            N_("Comments"),
            [Item("review_comments", N_("A moderator reads a comment before it is shown or handed over"), "box")],
            hint=N_("Without it they are shown at once, and moderators can hide one afterwards."),
        ),
        Group(
            N_("Organisations"),
            [
                Item(
                    "approve_proven",
                    N_("Show an organisation at once where its mail belongs to the domain of its website"),
                    "box",
                )
            ],
            hint=N_(
                "Without it one of you looks at each. Either way its contact confirms the mail first, and whoever "
                "looks like one that is there already waits for you. Whether organisations can sign is said under "
                "Basics."
            ),
        ),
        Group(
            N_("Mails about the campaign"),
            in_languages("updates", N_("Words beside the box"), languages),
            hint=N_("By ticking it somebody agrees to mails about the campaign. Leave it empty for our words."),
        ),
    ]


def _values(content: Content) -> Values:
    visibility, affiliation = table(content, "visibility"), table(content, "affiliation")
    choices = visibility.get("choices", list(VISIBILITIES))
    values: Values = {
        "choices": choices,
        "default": visibility.get("default", choices[0]),
        "public_list": content.terms.get("public_list", "full"),
        "affiliation_required": affiliation.get("required", False),
        "review_comments": table(content, "comments").get("review", False),
        "approve_proven": table(content, "organisations").get("approve_proven", False),
        **local_values("affiliation", affiliation.get("label")),
        **local_values("updates", table(content, "updates").get("label")),
    }
    for n, row in row_values(content, "questions"):
        values |= local_values(f"questions-{n}-label", row.get("label"))
        values |= {f"questions-{n}-{key}": row.get(key) for key in ("key", "required", "public")}
    return values


def _write(entered: Entered, content: Content) -> Content:
    affiliation, updates = entered.local("affiliation"), entered.local("updates")
    written: dict[str, Any] = {
        "visibility": _visibility(entered, content),
        "public_list": entered.text("public_list"),
        "questions": _questions(entered, content),
    }
    if affiliation:
        written["affiliation"] = {"label": affiliation, "required": entered.is_ticked("affiliation_required")}
    if updates:
        written["updates"] = {"label": updates}
    if entered.is_ticked("review_comments"):
        written["comments"] = {"review": True}
    if entered.is_ticked("approve_proven"):
        written["organisations"] = {"approve_proven": True}
    kept = {key: value for key, value in content.terms.items() if key not in _OWNS}
    return replace(content, terms=kept | without_empty(written))


def _visibility(entered: Entered, content: Content) -> dict[str, Any]:
    choices = in_order(entered.chosen("choices"), _values(content)["choices"])
    return {"choices": choices, "default": entered.text("default")}


def _questions(entered: Entered, content: Content) -> list[dict[str, Any]]:
    taken = {entered.text(f"{place}key") for place in entered.places("questions")}
    questions = []
    for place in entered.places("questions"):
        label, key = entered.local(f"{place}label"), entered.text(f"{place}key")
        if not label and not key:
            continue
        if not key:
            key = suggest_question_key(label.get(content.default_language) or next(iter(label.values())), taken)
            taken.add(key)
        required, public = entered.is_ticked(f"{place}required"), entered.is_ticked(f"{place}public")
        questions.append(without_empty({"key": key, "label": label}) | {"required": required, "public": public})
    return questions


def _check(entered: Entered, _content: Content, _now: datetime, _in_force: Schedule | None) -> None:
    if entered.text("default") not in entered.chosen("choices"):
        entered.refuse("default", N_("Please choose one of those that signers can choose."))
    seen: set[str] = set()
    for place in entered.places("questions"):
        key = entered.text(f"{place}key")
        if key and not is_question_key(key):
            entered.refuse(f"{place}key", N_("Small letters, digits and _, beginning with a letter, please."))
        if key in seen:
            entered.refuse(f"{place}key", N_("Another question has this key."))
        seen |= {key} - {""}


FORM = Part(
    key="form",
    title=N_("Signing form"),
    about=N_("What signers are asked, and who may see what they answer."),
    owns=_OWNS,
    groups=_groups,
    values=_values,
    write=_write,
    check=_check,
    rows=("questions",),
)
