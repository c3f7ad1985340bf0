"""Writing a campaign as the folder of files that `read_campaign` reads."""

from datetime import date
from pathlib import Path
from typing import Any

import tomli_w

from petitions.campaigns.files import MAX_FILE, CampaignFiles, Wording
from petitions.campaigns.terms import write_terms
from petitions.campaigns.values import TermsError
from petitions.errors import CampaignFileError
from petitions.i18n import is_language_tag

SETTINGS_FILE = "campaign.toml"
#: Numbers of demands have at most three digits.
_MOST_NUMBERED = 999


def write_wording(wording: Wording) -> str:
    """The Markdown file of one language."""
    parts = [f"# {wording.title}", f"> {wording.summary}", wording.body]
    if wording.demands:
        lines = (
            f"{f'{number}.' if number <= _MOST_NUMBERED else '-'} {demand}"
            for number, demand in enumerate(wording.demands, 1)
        )
        parts += ["<!-- demands -->", "\n".join(lines)]
    if wording.background:
        parts += ["<!-- background -->", wording.background]
    return "\n\n".join(parts) + "\n"


def write_settings(files: CampaignFiles) -> str:
    """The campaign.toml."""
    data: dict[str, Any] = {"slug": files.slug, "default_language": files.default_language}
    moments = {"opens": files.opens_at, "closes": files.closes_at}
    data |= {key: moment for key, moment in moments.items() if moment is not None}
    terms = write_terms(files.terms)
    data |= {key: value for key, value in terms.items() if value not in ([], {})}
    if "until" in terms.get("retention", {}):
        data["retention"] = {"until": date.fromisoformat(terms["retention"]["until"])}
    return tomli_w.dumps(data, multiline_strings=True)


def check_settings(files: CampaignFiles) -> None:
    """Raises TermsError where the settings cannot be written to a file, or only to one that is too large."""
    try:
        size = len(write_settings(files).encode())
    except UnicodeEncodeError:
        raise TermsError("terms", "expected characters that can be shown") from None
    if size > MAX_FILE:
        raise TermsError("terms", f"expected at most {MAX_FILE} bytes")


def write_campaign(folder: Path, files: CampaignFiles, *, overwrite: bool = False) -> list[Path]:
    """Write the folder; the files that were written. `overwrite`: a campaign may lie there already, and texts in
    languages that this one has not are taken away. Raises CampaignFileError."""
    texts = {f"{language}.md": write_wording(wording) for language, wording in files.wordings.items()}
    texts = {SETTINGS_FILE: write_settings(files)} | texts
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = sorted(folder.iterdir())
        if there and not overwrite:
            expected = "expected a folder that is empty or not there yet (to write into this one: --overwrite)"
            raise CampaignFileError(str(folder), "folder", expected)
        for name, text in texts.items():
            (folder / name).write_bytes(text.encode())
        for file in there:
            if file.suffix == ".md" and is_language_tag(file.stem) and file.name not in texts:
                file.unlink()
    except OSError as error:
        raise CampaignFileError(str(folder), "folder", f"cannot be written ({type(error).__name__})") from None
    return [folder / name for name in texts]
