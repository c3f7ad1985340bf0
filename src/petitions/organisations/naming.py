"""By what two spellings of one organisation's name are known to be the same."""

from petitions.folding import words_of

MAX_NAME = 160

#: Words that say in which legal form somebody is organised, folded.
_LEGAL_FORMS = frozenset(("ev", "ltd", "inc", "sa", "gmbh"))


def name_key(name: str) -> str:
    """The name without case, accents, punctuation and legal forms."""
    words = words_of(name)
    return " ".join([word for word in words if word not in _LEGAL_FORMS] or words)[:MAX_NAME]


def is_other_branch(one: str, other: str) -> bool:
    """Whether two names tell two local branches of one organisation apart: by a number."""
    numbers = [{word for word in words_of(name) if any(c.isdigit() for c in word)} for name in (one, other)]
    return numbers[0] != numbers[1]
