"""Keeps the gettext catalogues in step with the texts of the code and the templates.

python -m tests.catalogues        writes new texts into every catalogue, and drops those that are gone
"""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from petitions import paths
from petitions.i18n import LANGUAGES

ROOT = Path(__file__).resolve().parent.parent
_KEYWORDS = {"gettext": None, "ngettext": (1, 2), "N_": None, "_": None}
_METHODS = [("src/petitions/**.py", "python"), ("templates/**.*", "jinja2")]
_OPTIONS = {
    "templates/**.*": {
        "trimmed": "true",
        "newstyle_gettext": "true",
        "trim_blocks": "true",
        "lstrip_blocks": "true",
    }
}


def extract() -> Catalog:
    """Every text that the code and the templates show to people."""
    catalogue = Catalog(project="petitions", charset="utf-8", fuzzy=False)
    for file, line, message, comments, context in sorted(_texts(), key=lambda found: (found[0], found[1])):
        catalogue.add(message, None, [(file, line)], auto_comments=comments, context=context)
    return catalogue


def _texts() -> Iterator[tuple[str, int, str | tuple[str, ...], list[str], str | None]]:
    yield from extract_from_dir(ROOT, _METHODS, _OPTIONS, keywords=_KEYWORDS, comment_tags=["TRANSLATORS:"])


def catalogue_file(language: str) -> Path:
    """Where a language's catalogue lies."""
    return paths.LOCALE / language / "LC_MESSAGES" / "petitions.po"


def read_catalogue(language: str) -> Catalog:
    """A language's catalogue as it lies on disk."""
    with catalogue_file(language).open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> None:
    """Bring one catalogue up to date; texts that are new are left empty."""
    file = catalogue_file(language)
    catalogue = (
        read_catalogue(language) if file.is_file() else Catalog(locale=language, project="petitions", fuzzy=False)
    )
    catalogue.update(extract(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.header_comment = "# petitions: the texts of the interface and the mails."
    catalogue.msgid_bugs_address = catalogue.copyright_holder = "petitions"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        write_po(out, catalogue, width=100, no_location=True, ignore_obsolete=True, sort_output=True)


if __name__ == "__main__":
    for language in LANGUAGES:
        if language != "en":
            update(language)
