"""The difference of two contents, as people read it."""

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from petitions.campaigns.content import Content, Texts
from petitions.campaigns.history import Kind, Piece, compare, diff_words, normal
from tests.campaigns.contents import NOW, TERMS, TEXTS, anything, content, contents


def words_in(pieces: Iterable[Piece], kind: Kind) -> str:
    """One of the two texts of a difference: "removed" the old one, "added" the new one."""
    return "".join(piece.text for piece in pieces if piece.kind in ("same", kind))


def marked(old: str, new: str) -> str:
    """What went in [-…-], what came in {+…+}."""
    signs = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(signs[piece.kind].format(piece.text) for piece in diff_words(old, new))


@given(old=anything, new=anything)
def test_both_texts_stand_in_their_difference(old: str, new: str) -> None:
    pieces = diff_words(old, new)
    assert words_in(pieces, "removed") == old
    assert words_in(pieces, "added") == new
    assert all(piece.text for piece in pieces)


@given(
    old=st.lists(st.sampled_from(["a ", "b ", "c", "\n"])), new=st.lists(st.sampled_from(["a ", "b ", "c", "\n"]))
)
def test_texts_of_many_equal_words_too(old: list[str], new: list[str]) -> None:
    pieces = diff_words("".join(old), "".join(new))
    assert (words_in(pieces, "removed"), words_in(pieces, "added")) == ("".join(old), "".join(new))


def test_a_word_that_changed_is_marked_and_nothing_else() -> None:
    old = "He spoke freely.\n\nWe answer him, all of us.\n"
    assert (
        marked(old, old.replace("freely", "out")) == "He spoke [-freely-]{+out+}.\n\nWe answer him, all of us.\n"
    )
    assert marked(old, old + "\nNow.\n") == old + "{+\nNow.\n+}"
    assert marked("a b c", "a c") == "a [-b -]c"
    assert marked("one two three, four", "five six seven, four") == "[-one two three-]{+five six seven+}, four"
    assert marked("Free Boris", "Free Boris now") == "Free Boris{+ now+}"
    assert marked("", "a") == "{+a+}"
    assert marked("a", "a") == "a"


def test_long_texts_that_have_nothing_in_common_are_compared_at_once() -> None:
    """Whoever saves such a text must not be able to stop the server with it."""
    for old, new in (
        ("a b " * 15_000, "a c " * 15_000),
        ("a\n" * 30_000, "b\na\n" * 15_000),
        ("a b " * 120, "b c a " * 100),
        ("".join(f"{n}\n" for n in range(20_000)), "".join(f"{n}\n{n}a\n" for n in range(1, 20_000, 2))),
        (" ".join(map(str, range(400))), " ".join(map(str, range(400, 0, -1)))),
    ):
        began = time.perf_counter()
        pieces = diff_words(old, new)
        assert time.perf_counter() - began < 1
        assert words_in(pieces, "added") == new


def test_nothing_differs_from_itself() -> None:
    assert not compare(content(("en", "es")), content(("en", "es")))


@given(old=contents, new=contents)
def test_any_two_contents_can_be_compared(old: Content, new: Content) -> None:
    for change in (compare(old, new), compare(normal(old, "x", NOW), normal(new, "x", NOW))):
        assert bool(change) in (True, False)
    assert not compare(old, old)


def test_texts_are_compared_by_language_and_part() -> None:
    old = content(("en", "es"))
    changed = replace(TEXTS, title="Free Boris now", demands=("His release.",))
    new = content(texts={"en": TEXTS, "es": changed, "fr": TEXTS})
    found = compare(old, new)
    assert (found.added_languages, found.removed_languages, found.settings) == (["fr"], [], [])
    assert [(change.language, str(change.part)) for change in found.texts if change.language == "es"] == [
        ("es", "Title"),
        ("es", "Demands"),
    ]
    back = compare(new, old)
    assert (back.added_languages, back.removed_languages) == ([], ["fr"])


def settings_of(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, list[str], list[str]]]:
    def line(parts: Any) -> str:
        return ": ".join(parts)

    found = compare(content(**old), content(**new)).settings
    return [(str(c.label), [*map(line, c.removed)], [*map(line, c.added)]) for c in found]


def test_settings_are_compared_by_their_labels() -> None:
    assert settings_of({}, {"closes_at": NOW}) == [("Closes", [], ["2026-11-22 12:00 UTC"])]
    assert settings_of({"closes_at": NOW}, {"closes_at": NOW + timedelta(days=1)}) == [
        ("Closes", ["2026-11-22 12:00 UTC"], ["2026-11-23 12:00 UTC"])
    ]
    assert settings_of({"signers": ["individuals"]}, {"signers": ["individuals", "organisations"]}) == [
        ("Who signs", [], ["organisations"])
    ]
    assert settings_of({}, {"addressees": [{"name": {"en": "All", "es": "Las embajadas"}}]}) == [
        ("Addressees", ["name: English: The embassies"], ["name: English: All"])
    ]
    spanish = replace(content(("en", "es")), default_language="es")
    (setting,) = compare(content(("en", "es")), spanish).settings
    assert (setting.removed, setting.added) == ([("English",)], [("Español",)])
    question = {"key": "job", "label": {"en": "Job"}, "required": False}
    assert settings_of({"questions": [question]}, {"questions": [question | {"required": True}]}) == [
        ("Questions", ["has to be answered: no"], ["has to be answered: yes"])
    ]
    order = {"choices": ["public", "addressee"]}, {"choices": ["addressee", "public"]}
    assert settings_of({"visibility": order[0]}, {"visibility": order[1]}) == [
        (
            "Who may see the names",
            ["choices: public", "choices: addressees only"],
            ["choices: addressees only", "choices: public"],
        )
    ]


def test_what_says_the_same_in_other_words_does_not_differ() -> None:
    """What is filled in when it is published is no change: the usual retention, one name in every language."""
    typed = Content(
        "en", None, None, TERMS | {"addressees": [{"name": "All"}]}, {"en": replace(TEXTS, body="a\r\nb\n")}
    )
    shown = replace(
        typed,
        terms=TERMS | {"addressees": [{"name": {"en": "All"}}], "signers": ["individuals"], "questions": []},
        texts={"en": replace(TEXTS, body="a\nb")},
    )
    assert compare(typed, shown)
    assert not compare(normal(typed, "x", NOW), normal(shown, "x", NOW))
    unfinished = replace(typed, texts={"en": Texts()})
    assert normal(unfinished, "x", NOW) == unfinished
