"""Contents of campaigns for the tests of what is published: right ones, and ones with anything wrong in them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from petitions.campaigns.content import Content, Texts

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEXTS = Texts(
    "Free Boris",
    "A sociologist is arrested.",
    "He spoke **freely**.\n\nWe answer.",
    ("His release.", "The dropping of all charges."),
    "He is a sociologist.",
)
TERMS: dict[str, Any] = {
    "responsible": {"name": "Example Committee", "email": "privacy@example.org"},
    "addressees": [{"name": {"en": "The embassies", "es": "Las embajadas"}}],
    "goal_steps": [10, 100],
    "retention": {},
}


def content(languages: tuple[str, ...] = ("en",), **changes: Any) -> Content:
    """A content that can be published. `changes`: those of terms by their keys, and opens_at, closes_at, texts."""
    texts = changes.pop("texts", dict.fromkeys(languages, TEXTS))
    moments = {key: changes.pop(key, None) for key in ("opens_at", "closes_at")}
    return Content("en", moments["opens_at"], moments["closes_at"], TERMS | changes, texts)


#: Letters that files, TOML and Markdown might take amiss.
_LETTERS = st.sampled_from(
    [*"aé>#-*+1.)<!\\\"'`=[]{}|~ \t\n\r", "<!-- demands -->", "\n<!-- x -->\n", "\u2028", "\x85"]
)
_ANY_LETTER = st.one_of(_LETTERS, st.characters(exclude_categories=()), st.sampled_from(["\0", "\x0b", "\ud800"]))
_LANGUAGES = ("en", "es", "pt-BR")
lines = st.lists(st.one_of(_LETTERS, st.characters(codec="utf-8")), max_size=30).map("".join)
anything = st.lists(_ANY_LETTER, max_size=30).map("".join)


def _texts(text: st.SearchStrategy[str]) -> st.SearchStrategy[Texts]:
    return st.builds(Texts, text, text, text, st.lists(text, max_size=3).map(tuple), text)


def _any_of(key: str, values: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    return {key: values}


_local = st.one_of(
    st.just("A label"),
    anything,
    st.dictionaries(st.sampled_from(_LANGUAGES), st.one_of(st.just("A label"), anything), max_size=3),
    st.just(dict.fromkeys(_LANGUAGES, "A label")),
    st.integers(),
)
_junk = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), anything),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(anything, inner, max_size=2)),
    max_leaves=4,
)
_settings: dict[str, st.SearchStrategy[Any]] = {
    "signers": st.one_of(st.just(["organisations"]), st.just([]), _junk),
    "goal": st.one_of(st.integers(-1, 9), _junk),
    "goal_steps": st.one_of(st.lists(st.integers(-1, 9), max_size=3), _junk),
    "public_list": st.one_of(st.sampled_from(["full", "none"]), anything),
    "reply_to": st.one_of(st.just("a@example.org"), anything),
    "responsible": st.one_of(
        st.just({"name": "A"}), st.just({"name": "Ü", "email": "a@b.org", "address": "x"}), _junk
    ),
    "initiator": st.one_of(st.just({"name": "A", "url": "https://example.org/"}), _junk),
    "visibility": st.one_of(st.just({"choices": ["public"], "default": "anonymous"}), _junk),
    "affiliation": st.one_of(st.fixed_dictionaries({"label": _local, "required": st.booleans()}), _junk),
    "mail": st.one_of(st.fixed_dictionaries({"subject": _local, "sender_name": _local}), _junk),
    "addressees": st.one_of(st.lists(st.fixed_dictionaries({"name": _local}), max_size=3), _junk),
    "questions": st.one_of(
        st.lists(st.fixed_dictionaries({"key": st.sampled_from(["a", "b", "B"]), "label": _local}), max_size=3),
        _junk,
    ),
    "links": st.one_of(
        st.lists(
            st.fixed_dictionaries({"label": _local, "url": st.sampled_from(["https://a.org", "ftp:"])}), max_size=2
        ),
        _junk,
    ),
    "retention": st.one_of(
        st.just({}),
        st.fixed_dictionaries({"months_after_closing": st.integers(-1, 40)}),
        st.fixed_dictionaries({"until": st.sampled_from(["2026-11-22", "2026-11-24", "2027-06-30", "never"])}),
        _junk,
    ),
    "updates": st.one_of(st.fixed_dictionaries({"label": _local}), _junk),
    "after_signing": st.one_of(st.fixed_dictionaries({"thanks": _local, "share": _local}), _junk),
    "comments": st.one_of(st.fixed_dictionaries({"review": st.booleans()}), _junk),
    "organisations": st.one_of(st.fixed_dictionaries({"approve_proven": st.booleans()}), _junk),
    "reminder": st.one_of(st.fixed_dictionaries({"enabled": st.booleans()}), _junk),
    "no such key": _junk,
}
_wrong_terms = st.fixed_dictionaries({}, optional=_settings).flatmap(
    lambda terms: st.sets(st.sampled_from(sorted(TERMS)), max_size=1).map(
        lambda gone: {key: value for key, value in (TERMS | terms).items() if key not in gone}
    )
)
_moments = st.one_of(
    st.none(), st.integers(-400, 400).map(lambda days: NOW + timedelta(days=days, microseconds=days % 7))
)
#: Everything that leads may have saved so far; most of it cannot be published.
contents = st.builds(
    Content,
    st.sampled_from(["en", "en", "en", "es", "../x"]),
    _moments,
    _moments,
    st.one_of(st.just(TERMS), st.just(TERMS), _wrong_terms),
    st.dictionaries(
        st.sampled_from([*_LANGUAGES, "en", "en", "../x", "EN!"]),
        st.one_of(st.just(TEXTS), _texts(anything), _texts(lines)),
        max_size=3,
    ),
)
#: What can mostly be published.
good_contents = st.builds(
    Content,
    st.just("en"),
    st.one_of(st.none(), st.integers(-400, -1).map(lambda days: NOW + timedelta(days=days, seconds=1))),
    st.one_of(st.none(), st.integers(1, 400).map(lambda days: NOW + timedelta(days=days, microseconds=1))),
    st.fixed_dictionaries(
        {"responsible": st.just(TERMS["responsible"]), "addressees": st.just(TERMS["addressees"])},
        optional={key: value for key, value in _settings.items() if key not in ("responsible", "addressees")},
    ),
    st.fixed_dictionaries(
        {
            "en": st.builds(
                Texts,
                lines.map("T".__add__),
                lines.map("S".__add__),
                lines.map("B".__add__),
                st.lists(lines, max_size=12).map(tuple),
                lines,
            )
        },
        optional={"es": st.just(TEXTS)},
    ),
)
