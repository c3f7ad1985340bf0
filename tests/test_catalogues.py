"""The catalogues of the interface are complete, exact and in step with the code."""

import ast
import re
from pathlib import Path

import pytest
from babel import Locale
from babel.messages.catalog import Catalog, Message

import petitions
from petitions.i18n import LANGUAGES, SOURCE_LANGUAGE, translator
from tests import catalogues

TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]
_PLACEHOLDER = re.compile(r"%\((\w+)\)([sd])|%%|%(?!\()")
#: Plural rules of CLDR, as many forms as a catalogue must give.
FORMS = {"es": 2, "fr": 2, "de": 2, "it": 2, "ru": 3, "ar": 6, "eu": 2, "ga": 5}


@pytest.fixture(scope="module")
def wanted() -> Catalog:
    """Every text that the code and the templates show."""
    return catalogues.extract()


def entries(language: str) -> dict[object, Message]:
    return {message.id: message for message in catalogues.read_catalogue(language) if message.id}


def forms(text: object) -> list[str]:
    """The one form of a text, or each of its plural forms."""
    return [text] if isinstance(text, str) else [str(form) for form in text]  # type: ignore[attr-defined]


def placeholders(text: str) -> set[str]:
    return {match[0] for match in _PLACEHOLDER.finditer(text) if match[1]}


def test_the_catalogues_can_find_every_text_that_code_looks_up() -> None:
    """What comes from a variable nobody collects: such texts are marked by N_, and translated."""
    hidden = [
        f"{file.name}:{node.lineno}"
        for file in sorted(Path(petitions.__file__).parent.rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("gettext", "ngettext")
        and not isinstance(node.args[0], ast.Constant)
        and file.name not in ("i18n.py", "templating.py")  # which translate what others marked
    ]
    assert hidden == []


def test_there_is_a_catalogue_for_every_language() -> None:
    assert [language for language in TRANSLATED if not catalogues.catalogue_file(language).is_file()] == []
    assert set(TRANSLATED) == set(FORMS)


def test_texts_are_found_in_code_and_templates(wanted: Catalog) -> None:
    found = [message.id for message in wanted if message.id]
    assert len(found) > 100
    files = {location[0].partition("/")[0] for message in wanted for location in message.locations}
    assert files == {"src", "templates"}


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_in_step_with_the_code(wanted: Catalog, language: str) -> None:
    """`python -m tests.catalogues` brings them in step."""
    there, needed = set(entries(language)), {message.id for message in wanted if message.id}
    assert (sorted(map(str, needed - there)), sorted(map(str, there - needed))) == ([], [])


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_complete(language: str) -> None:
    missing = [
        str(message.id)
        for message in entries(language).values()
        if message.fuzzy or not all(form.strip() for form in forms(message.string or ""))
    ]
    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_text_has_as_many_forms_as_its_language(language: str) -> None:
    catalogue = catalogues.read_catalogue(language)
    assert catalogue.num_plurals == FORMS[language]
    wrong = [
        str(message.id)
        for message in catalogue
        if message.id and message.pluralizable and len(forms(message.string)) != FORMS[language]
    ]
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_are_those_of_the_text(language: str) -> None:
    wrong = []
    for message in entries(language).values():
        ids = forms(message.id)
        most, least = placeholders(ids[-1]), set.intersection(*map(placeholders, ids))
        for form in forms(message.string or ""):
            # A form for one, two or none may leave the number out.
            allowed = (
                placeholders(form) == most if len(ids) == 1 else least - {"%(num)s"} <= placeholders(form) <= most
            )
            if form and not allowed:
                wrong.append((str(message.id), form))
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_text_can_be_filled_in(language: str) -> None:
    """No stray per cent sign breaks a page in one language alone."""
    for message in entries(language).values():
        if not message.python_format and not any(placeholders(form) for form in forms(message.id)):
            continue
        values = dict.fromkeys(re.findall(r"%\((\w+)\)", " ".join(forms(message.id))), 1)
        for form in forms(message.string or ""):
            assert form % values is not None


@pytest.mark.parametrize("language", TRANSLATED)
def test_edges_of_a_text_are_kept(language: str) -> None:
    """Spaces and line ends at the edges are part of the page; so are the elements inside."""
    element = re.compile(r"</?[a-z]+[^>]*>")
    for message in entries(language).values():
        for form in forms(message.string or ""):
            source = forms(message.id)[-1]
            if not form:
                continue
            assert (form[:1].isspace(), form[-1:].isspace()) == (source[:1].isspace(), source[-1:].isspace()), form
            assert sorted(element.findall(form)) == sorted(element.findall(source)), form


@pytest.mark.parametrize("language", TRANSLATED)
def test_plural_forms_are_chosen_as_cldr_says(language: str) -> None:
    """Numbers of one CLDR category get one form, those of different ones different forms."""
    catalogue = translator(language)._catalogue
    rule = Locale.parse(language).plural_form
    seen: dict[str, set[int]] = {}
    for number in (*range(205), 1000):
        category = rule(number)
        seen.setdefault(category, set()).add(catalogue.plural(number))  # type: ignore[attr-defined]
    assert {category: len(chosen) for category, chosen in seen.items()} == dict.fromkeys(seen, 1)
    assert len({next(iter(chosen)) for chosen in seen.values()}) == len(seen)
