"""By what two names are known to be of one organisation, and two parts of one to be two."""

import time
import unicodedata

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from petitions.names import is_blank
from petitions.organisations.naming import (
    MAX_NAME,
    find_trick,
    is_other_branch,
    is_tame,
    name_key,
    skeleton,
)

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
    [
        "Müller",
        "Muller GmbH",
        "Müller G.m.b.H.",
        "MÜLLER GmbH & Co. KG",
        "Müller GmbH und Co KGaA",
        "Müller & Co. OHG",
        "müller gGmbH",
        "Müller AG",
    ],
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
        ("Heinrich-Böll-Stiftung e.V.", "heinrich boll stiftung"),
        ("Kim & Co.", "kim co"),
        ("Marie Ug", "marie ug"),
        ("Un\u3164ion \u115f", "union"),
        ("Marie Se", "marie se"),
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


_LOOK_ALIKE = [
    "Union of Examples",
    "Uniоn of Examples",  # a Cyrillic о
    "Unіоn оf Ехаmрlеѕ",
    "UNΙΟΝ ΟF ΕΧΑΜΡLΕS",  # Greek capitals
    "Union of Examples\u3164",
    "Un\u115fion of Examples",
    "Unlon of Exarnples",
    "UnIon of Examp1es",
    "Uni0n of Examples",
    "Ｕｎｉｏｎ of Examples",
    "ꓴꓠꓲꓳꓠ of Examples",  # Lisu
    "Unıon of ɛxamples",
    "Union of Examples e.V.",
    "Union of Examples е.V.",  # a Cyrillic е
    "ᴜnion of Exampʻles",
]


@pytest.mark.parametrize("name", _LOOK_ALIKE)
def test_names_that_look_alike_have_one_skeleton(name: str) -> None:
    assert skeleton(name) == skeleton("Union of Examples")


def test_other_names_have_other_skeletons() -> None:
    others = [names[0] for names in _SAME] + [
        "Union of Samples",
        "Union Examples",
        "Local 1",
        "Local 11",
        "Local 2",
    ]
    assert len({skeleton(name) for name in others}) == len(others)
    # Its words are whole: what is part of another name is so by words.
    assert f" {skeleton('Union of Examples')} " in f" {skeleton('Union of Examples (official)')} "


@given(_names)
@example("★ ★")
@example("ʻ")
@example("s e v a " * 30)
def test_a_skeleton_is_as_long_as_a_key_and_one_for_each(name: str) -> None:
    assert skeleton(name) == skeleton(name_key(name))
    assert len(skeleton(name)) <= MAX_NAME
    assert bool(skeleton(name)) == bool(name_key(name))


@given(_words, st.data())
def test_any_letter_may_be_another_that_passes_for_it(words: list[str], data: st.DataObject) -> None:
    name = " ".join(words)
    likes = {"a": "аα", "c": "сᏟ", "e": "еɛ", "i": "іl1", "k": "кκ", "o": "оο0", "p": "рρ", "s": "ѕ", "x": "хχ"}
    mixed = "".join(data.draw(st.sampled_from(c + likes.get(c, ""))) for c in name)
    assume(name_key(name) == name)  # no word is a legal form by chance
    assert skeleton(mixed) == skeleton(name)


@pytest.mark.parametrize(
    "name",
    [
        "Union of Examples",
        "Nº 5 & Søn's, e.V. – (Berlin)",
        "Gewerkschaft „Übung“ + Co.",
        "Связь, профсоюз № 3",
        "Συνδικάτο",
        "نقابة ٥",
        "اتحادیه\u200cهای کارگری",
        "労働組合 ABC",
        "한국 노총",
        "สหภาพแรงงาน",
        "मज़दूर संघ",
        "איגוד",
    ],
)
def test_a_name_of_one_script_is_tame(name: str) -> None:
    assert is_tame(name)


@pytest.mark.parametrize(
    "name",
    [
        "Uniоn of Examples",
        "Союз IT",
        "ОРЕС",  # all of it passes for Latin letters
        "ꓴꓠꓲꓳꓠ",
        "ΟΧΙ",
        "✓ Union",
        "Union ★",
        "Union\u3164",
        "Un\u200bion",
        "Un\u200dion",
        "ʻ" * 9,
        "Union\u2800",
        "U\u0301\u0302\u0303nion",
        "ᴜnion",
        "Union ٥",
        "★ ★",
        "506",
        "ⵜⴰⵎⴰⵣⵉⵖⵜ",
    ],
)
def test_a_name_that_might_be_read_as_another_is_not_tame(name: str) -> None:
    assert not is_tame(name)


_UNSEEN, _MIXED = "There is something in this name that cannot be seen", "A word of this name mixes letters"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        *((f"Union{c}", _UNSEEN) for c in "\u115f\u1160\u3164\uffa0\u2800\u200b\u2060\u00ad\ufeff\U000e0041"),
        ("Uniоn of Examples", _MIXED),
        ("Unio\u0301о of Examples", _MIXED),
        ("L'οrange", _MIXED),
        ("Союz", _MIXED),
        ("2оf3", _MIXED),
        ("ꓴnion", _MIXED),
        ("Union１ｏо", _MIXED),
    ],
)
def test_tricks_with_letters_are_found(name: str, problem: str) -> None:
    assert str(find_trick(name)).startswith(problem)


@pytest.mark.parametrize(
    "name",
    [
        "Союз IT-специалистов",
        "Профсоюз «Wi-Fi»",
        "COVID19-кризис",
        "Hawaiʻi Union",
        "労働組合ABC",
        "ユニオンA",
        "한국GM노조",
        "สหภาพGM",
        "اتحادیه\u200cهای کارگری",
        "ש\u05c1לום\u200e (GmbH)",
        "मज़दूर",
        "Ⅳ. Internationale",
        "ⵜⴰⵎⴰⵣⵉⵖⵜ",
        "★ ❤️ ★",
        "Nº 5",
        "1º de Mayo",
        "Школа №А",
    ],
)
def test_honest_names_hold_no_trick(name: str) -> None:
    assert find_trick(name) is None


@given(_names)
def test_any_name_has_a_trick_or_none(name: str) -> None:
    if find_trick(name) is not None:
        assert not is_tame(name)


def test_the_nastiest_name_takes_no_time() -> None:
    started = time.perf_counter()
    for name in ("a\u0301\u0302\u0303" * 400, "аa" * 500, "\u3164" * 1_000, "ﷺ" * 160, "ʻ" * 1_000):
        assert skeleton(name) or is_blank(name)
        is_tame(name)
    assert time.perf_counter() - started < 1.0
