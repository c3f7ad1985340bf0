"""What changed between two contents of a campaign, in a form that people can read."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any, Literal

from petitions.campaigns.content import Content, Texts, content_of, to_files
from petitions.campaigns.values import TermsError
from petitions.campaigns.wordings import tidy_wording
from petitions.i18n import N_, Message, language_name

Kind = Literal["same", "added", "removed"]
#: Where comparing piece by piece would take too long (pieces of one text times those of the other), the whole is
#: shown as replaced.
_MOST_PAIRS = 250_000
_WORD = re.compile(r"\w+|\s+|[^\w\s]")


@dataclass(frozen=True)
class Piece:
    """A stretch of a text that stayed, came or went."""

    kind: Kind
    text: str


@dataclass(frozen=True)
class TextChange:
    """A text of one language that is another now."""

    language: str
    part: Message
    pieces: Sequence[Piece]


@dataclass(frozen=True)
class SettingChange:
    """A setting that says something else now; lines are made of texts and of messages to translate."""

    label: Message
    removed: Sequence[Sequence[str]]
    added: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Difference:
    """Everything that changed."""

    added_languages: Sequence[str]
    removed_languages: Sequence[str]
    texts: Sequence[TextChange]
    settings: Sequence[SettingChange]

    def __bool__(self) -> bool:
        return bool(self.added_languages or self.removed_languages or self.texts or self.settings)


_PARTS: Mapping[str, Message] = {
    "title": N_("Title"),
    "summary": N_("Summary"),
    "body": N_("Text"),
    "demands": N_("Demands"),
    "background": N_("Background"),
}
_SETTINGS: Mapping[str, Message] = {
    "default_language": N_("Main language"),
    "opens_at": N_("Opens"),
    "closes_at": N_("Closes"),
    "signers": N_("Who signs"),
    "goal": N_("Goal"),
    "goal_steps": N_("Goal steps"),
    "addressees": N_("Addressees"),
    "initiator": N_("Initiator"),
    "responsible": N_("Responsible in law"),
    "reply_to": N_("Address for replies"),
    "links": N_("Links"),
    "retention": N_("How long names are kept"),
    "visibility": N_("Who may see the names"),
    "public_list": N_("Public list"),
    "affiliation": N_("Affiliation"),
    "questions": N_("Questions"),
    "updates": N_("Words beside the box for mails"),
    "mail": N_("Neutral subject and sender"),
    "reminder": N_("Reminder"),
    "comments": N_("Reading comments first"),
    "organisations": N_("Approving organisations"),
    "after_signing": N_("After signing"),
}
#: Words of campaign files, as people say them.
_WORDS: Mapping[str, Message] = {
    "individuals": N_("people"),
    "organisations": N_("organisations"),
    "full": N_("everybody who chose to be shown"),
    "latest": N_("the latest only"),
    "none": N_("nobody"),
    "public": N_("public"),
    "initials": N_("initials only"),
    "addressee": N_("addressees only"),
    "anonymous": N_("anonymous"),
}
_TOLD_IN_WORDS = ("signers", "public_list", "visibility")
_KEYS: Mapping[str, Message] = {
    "name": N_("name"),
    "email": N_("mail address"),
    "address": N_("postal address"),
    "url": N_("address"),
    "label": N_("words"),
    "key": N_("key"),
    "required": N_("has to be answered"),
    "public": N_("answers are public"),
    "choices": N_("choices"),
    "default": N_("first choice"),
    "subject": N_("subject"),
    "sender_name": N_("sender"),
    "until": N_("until"),
    "months_after_closing": N_("months after the closing"),
    "enabled": N_("switched on"),
    "thanks": N_("thanks"),
    "share": N_("for passing it on"),
}
_YES, _NO = N_("yes"), N_("no")


def normal(content: Content, slug: str, now: datetime) -> Content:
    """The content as it would be published at `now`, so that nothing looks changed which says the same."""
    try:
        return content_of(to_files(slug, content, now))
    except TermsError:
        return content


def compare(old: Content, new: Content) -> Difference:
    """What changed from one content to the other."""
    return Difference(
        added_languages=[language for language in new.languages if _has(new, language) > _has(old, language)],
        removed_languages=[language for language in old.languages if _has(old, language) > _has(new, language)],
        texts=[
            TextChange(language, label, diff_words(before, after))
            for language in dict.fromkeys((*new.languages, *old.languages))
            for (label, before), (_, after) in zip(_parts(old, language), _parts(new, language), strict=True)
            if before != after
        ],
        settings=list(_compare_settings(old, new)),
    )


def diff_words(old: str, new: str) -> Sequence[Piece]:
    """The way from one text to the other, line by line and in a changed line word by word."""
    pieces: list[Piece] = []
    for kind, before, after in _steps(old.splitlines(keepends=True), new.splitlines(keepends=True)):
        if kind == "equal":
            pieces.append(Piece("same", "".join(before)))
        else:
            pieces += _diff_lines("".join(before), "".join(after))
    grouped = groupby((piece for piece in pieces if piece.text), key=lambda piece: piece.kind)
    return [Piece(kind, "".join(piece.text for piece in group)) for kind, group in grouped]


def _diff_lines(old: str, new: str) -> Iterator[Piece]:
    """Words that changed one after the other are one change, with the blanks between them."""
    gone, come = "", ""
    for kind, before, after in _steps(_WORD.findall(old), _WORD.findall(new)):
        same = "".join(before)
        if kind == "equal" and (not (gone or come) or not same.isspace()):
            yield from (Piece("removed", gone), Piece("added", come), Piece("same", same))
            gone, come = "", ""
        else:
            gone, come = gone + same, come + "".join(after)
    if gone.isspace() and gone == come:
        yield Piece("same", gone)
    else:
        yield from (Piece("removed", gone), Piece("added", come))


def _steps(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """What difflib says, without what both begin and end with: texts mostly change in one place."""
    first = 0
    while first < min(len(old), len(new)) and old[first] == new[first]:
        first += 1
    last = 0
    while last < min(len(old), len(new)) - first and old[-1 - last] == new[-1 - last]:
        last += 1
    before, after = old[first : len(old) - last], new[first : len(new) - last]
    yield "equal", old[:first], new[:first]
    if len(before) * len(after) > _MOST_PAIRS:
        yield "replace", before, after
    else:
        for kind, a, b, c, d in difflib.SequenceMatcher(None, before, after).get_opcodes():
            yield kind, before[a:b], after[c:d]
    yield "equal", old[len(old) - last :], new[len(new) - last :]


def _has(content: Content, language: str) -> bool:
    return language in content.texts


def _parts(content: Content, language: str) -> list[tuple[Message, str]]:
    texts = content.texts.get(language, Texts())
    wording = tidy_wording(texts.title, texts.summary, texts.body, texts.demands, texts.background)
    said = vars(wording) | {"demands": "\n".join(wording.demands), "background": wording.background or ""}
    return [(label, said[part]) for part, label in _PARTS.items()]


def _compare_settings(old: Content, new: Content) -> Iterator[SettingChange]:
    before, after = _settings(old), _settings(new)
    for key in dict.fromkeys((*_SETTINGS, *before, *after)):
        lines, new_lines = before.get(key, []), after.get(key, [])
        if lines != new_lines:
            removed = [line for line in lines if line not in new_lines]
            added = [line for line in new_lines if line not in lines]
            same = not removed and not added  # they stand in another order
            label = _SETTINGS.get(key) or Message(key)
            yield SettingChange(label, lines if same else removed, new_lines if same else added)


def _settings(content: Content) -> dict[str, list[tuple[str, ...]]]:
    """By key, the lines that say it: as much as can be said of settings that are not right yet."""
    moments = {"opens_at": content.opens_at, "closes_at": content.closes_at}
    said: dict[str, list[tuple[str, ...]]]
    said = {key: [(_moment(moment),)] for key, moment in moments.items() if moment is not None}
    said["default_language"] = [(language_name(content.default_language),)]
    return said | {key: list(_lines(value, key in _TOLD_IN_WORDS)) for key, value in content.terms.items()}


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _lines(value: Any, in_words: bool, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lines(inner, in_words, (*before, _KEYS.get(key) or language_name(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from _lines(inner, in_words, before)
    elif isinstance(value, bool):
        yield (*before, _YES if value else _NO)
    elif value is not None:
        yield (*before, _WORDS.get(value, value) if in_words and isinstance(value, str) else str(value))
