"""Which writer makes which kind of file."""

from pathlib import Path

from petitions.lists.csv_files import write_csv
from petitions.lists.documents import Document, Folder, Watcher
from petitions.lists.html_files import write_html
from petitions.lists.jsonl_files import write_jsonl
from petitions.lists.plans import Format, Plan


def write_files(
    document: Document,
    plan: Plan,
    folder: Folder,
    watcher: Watcher,
    *,
    fonts_dir: Path | None,
) -> None:
    """Every file of a plan, one format after the other. `fonts_dir`: where fonts for PDF lie, besides those of the
    system. Raises OSError, SealBroken, ScriptsWithoutFont before anything is made, and what the watcher raises."""
    if Format.PDF in plan.formats:
        # Imported here, for it takes a tenth of a second and 30 MB of whoever wants no PDF.
        from petitions.lists.pdf_files import check_fonts

        check_fonts(document, fonts_dir, spell_out=plan.spell_out)
    for wanted in plan.formats:
        _write(wanted, document, plan, folder, watcher, fonts_dir)


def _write(
    wanted: Format, document: Document, plan: Plan, folder: Folder, watcher: Watcher, fonts_dir: Path | None
) -> None:
    match wanted:
        case Format.CSV:
            write_csv(document, folder, watcher, bom=plan.bom)
        case Format.JSONL:
            write_jsonl(document, folder, watcher)
        case Format.XLSX:
            from petitions.lists.xlsx_files import write_xlsx

            write_xlsx(document, folder, watcher, paper=plan.paper)
        case Format.HTML:
            write_html(document, folder, watcher)
        case Format.PDF:
            from petitions.lists.pdf_files import write_pdf

            write_pdf(document, folder, watcher, fonts_dir=fonts_dir, paper=plan.paper)
