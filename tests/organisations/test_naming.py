"""By what two names are known to be of one organisation, and two parts of one to be two."""

import time
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from petitions.names import is_blank
from petitions.organisations.naming import MAX_NAME, is_other_branch, name_key

_SAME = [
    [
        "ver.di",
        "VER.DI",
        "ver.di e.V.",
        "ver.di e. V.",
        "ver.di eV",
        "„ver.di“ (e.V.)",
        "ver.di e V",
        "Oy ver.di e V AG",
    ],
    ["Müller", "Muller GmbH", "Müller G.m.b.H.", "MÜLLER GmbH & Co. KG", "müller gGmbH", "Müller AG"],
    ["Examples of Ireland", "Examples of Ireland Ltd", "Examples of Ireland Ltd.", "Examples of Ireland C.L.G."],
    ["Examples, Inc.", "EXAMPLES INC", "Examples LLC", "Examples L.L.C.", "Examples Corp."],
    ["Ejemplo", "Ejemplo S.A.", "Ejemplo, S. A.", "Ejemplo SL", "Ejemplo S. Coop.", "Ejemplo S.A. de C.V."],
    ["Esempio", "Esempio S.p.A.", "Esempio SpA", "Esempio S.r.l.", "Esempio ODV", "Esempio - Onlus"],
    ["L'Exemple", "L’Exemple ASBL", "ASBL L'Exemple", "L'Exemple SARL", "L'Exemple S.à r.l."],
    ["Příklad", "Příklad z.s.", "Příklad, z. s.", "PRIKLAD s.r.o."],
    ["Przykład", "Przykład Sp. z o.o.", "PRZYKLAD SP Z OO"],
    ["Esimerkki", "Esimerkki Oy", "Oy Esimerkki Ab", "Esimerkki ry"],
    ["Eksempel", "Eksempel A/S", "Eksempel AS", "Eksempel ASA"],
    ["Voorbeeld", "Voorbeeld V.Z.W.", "Voorbeeld B.V.", "vzw Voorbeeld"],
    ["Ромашка", "ООО «Ромашка»", 'АНО "РОМАШКА"', "О.О.О. Ромашка", "НКО Ромашка"],
    ["مثال", "مثال ش.م.م", "مِثال"],
    [
        "Art and Culture",
        "Art & Culture",
        "Art + Culture",
        "Art et Culture",
        "Art y Culture",
        "art und culture e.V.",
    ],
    ["U.G.T. Madrid", "UGT Madrid", "U. G. T. Madrid"],
    ["UE Local 506", "UE, Local 506", "UE Local ٥٠٦", "UE Local ５０６"],
    ["Łódź Øst", "Lodz Ost"],
]


@pytest.mark.parametrize("names", _SAME, ids=lambda names: names[0])
def test_spellings_of_one_name_have_one_key(names: list[str]) -> None:
    assert {name_key(name) for name in names} == {name_key(names[0])}
    assert not any(is_other_branch(one, other) for one in names for other in names)


def test_different_names_have_different_keys() -> None:
    keys = [name_key(names[0]) for names in _SAME]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("e.V.", "ev"),
        ("SA", "sa"),
        ("AG Soziales", "ag soziales"),
        ("SC Example", "sc example"),
        ("Generation Y", "generation y"),
        ("Plan A e.V.", "plan a"),
        ("U.S.A.", "usa"),
        ("And", "and"),
        ("★ ★", "★ ★"),
        ("Union of Examples e.V. Berlin", "union of examples berlin"),
        ("a" * 200, "a" * MAX_NAME),
        ("ab " * 80, ("ab " * 53).strip()),
    ],
)
def test_a_name_keeps_what_makes_it(name: str, key: str) -> None:
    assert name_key(name) == key


_names = st.text(max_size=60) | st.lists(
    st.sampled_from(
        "Union of Examples ver.di Local 506 & and y e e.V. e. V. GmbH AG S. A. S.A. s a Co. KG ООО АО Oy Ab A/S "
        "z s Ünïön ★ Sp. z o.o. SE نقابة ٥ «И» и".split(" ")
    ),
    max_size=30,
).map(" ".join)


@given(_names)
@example("e ev v Union")
@example("Union e GmbH V")
@example("y Union e y")
@example("\u0301")
@example("ﷺ" * 5)
@example("s e v a " * 30)
def test_a_key_is_its_own_key_and_never_empty(name: str) -> None:
    key = name_key(name)
    assert name_key(key) == key
    assert len(key) <= MAX_NAME
    assert key or is_blank(name)


_words = st.lists(st.text("abcdefghijklmnopqrstuvwxyzéüñ", min_size=4, max_size=9), min_size=1, max_size=5)
_FORMS = [
    "e.V.",
    "eV",
    "Ltd",
    "Ltd.",
    "Inc.",
    "S.A.",
    "S. A.",
    "GmbH & Co. KG",
    "S.p.A.",
    "z.s.",
    "SE",
    "A/S",
    "АО",
]


@given(_words, st.sampled_from(_FORMS), st.sampled_from([" ", ", ", " - ", " („", "  "]), st.booleans())
def test_case_accents_marks_and_legal_forms_do_not_count(
    words: list[str], form: str, between: str, upper: bool
) -> None:
    plain = " ".join(words)
    assume(name_key(plain) == name_key(plain + " x").removesuffix(" x"))  # no word is a legal form by chance
    written = f"«{'-'.join(words)}»{between}{form}"
    written = unicodedata.normalize("NFD", written.upper() if upper else written)
    assert name_key(written) == name_key(plain)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("UE Local 506", "UE Local 618"),
        ("UE Local 506", "UE Local 506-A 2"),
        ("ver.di Bezirk Berlin", "ver.di Bezirk Köln"),
        ("ver.di Berlin", "ver.di Bern e.V."),
        ("Union X", "Union X Local 3"),
        ("ver.di", "ver.di Jugend"),
        ("CGT", "CGT Sección Sindical Correos"),
        ("Профсоюз «Учитель»", "Профсоюз «Учитель», отделение в Казани"),
        ("Students of Cork", "Students of Galway"),
    ],
)
def test_parts_of_one_organisation_are_told_apart(one: str, other: str) -> None:
    assert is_other_branch(one, other)
    assert is_other_branch(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ver.di", "ver.di e.V."),
        ("UE Local 506", "U.E., local 0506"),
        ("UAW", "United Auto Workers"),
        ("Student Union of Berlin", "Berlin Student Union"),
        ("Gewerkschaft Erziehung", "Gewerkschaft Erziehnug"),
        ("Gewerkschaft Erziehung", "Gewerkschaft Erziehun"),
        ("Union of Examples", "The Union of Examples"),
    ],
)
def test_what_may_be_one_is_not_told_apart(one: str, other: str) -> None:
    assert not is_other_branch(one, other)
    assert not is_other_branch(other, one)


@given(_names, _names)
def test_telling_apart_has_no_direction(one: str, other: str) -> None:
    assert is_other_branch(one, other) == is_other_branch(other, one)
    if name_key(one) == name_key(other):
        assert not is_other_branch(one, other)


def test_a_name_of_nothing_but_forms_takes_no_time() -> None:
    started = time.perf_counter()
    assert name_key("AG e.V. " * 20)
    assert name_key("S. A. und " * 1_000)
    assert time.perf_counter() - started < 1.0
