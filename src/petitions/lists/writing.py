"""Which writer makes which kind of file."""

from pathlib import Path

from petitions.lists.csv_files import write_csv
from petitions.lists.documents import Document, Folder, Watcher
from petitions.lists.plans import Format, Plan


def write_files(
    document: Document,
    plan: Plan,
    folder: Folder,
    watcher: Watcher,
    *,
    fonts_dir: Path | None,
    scratch: Path,
) -> None:
    """Every file of a plan, one format after the other. `fonts_dir`: where fonts for PDF lie, besides those of the
    system; `scratch`: a folder of our own for what must not stay. Raises OSError, SealBroken, ScriptsWithoutFont
    before anything is made, and what the watcher raises."""
    for wanted in plan.formats:
        if wanted is Format.CSV:
            write_csv(document, folder, watcher, bom=plan.bom)
