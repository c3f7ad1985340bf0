"""A campaign as a folder of files: campaign.toml and one Markdown file for each language.

Everything is read and checked before anything is used: a broken file is refused whole.
"""

import contextlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from petitions.campaigns.lifecycle import purge_due_at
from petitions.campaigns.naming import is_slug
from petitions.campaigns.reading import TermsError, read_terms
from petitions.campaigns.terms import Retention, Terms
from petitions.errors import CampaignFileError
from petitions.i18n import is_language_tag

MAX_TITLE = 200
MAX_SUMMARY = 500
#: Bytes of one file.
MAX_FILE = 200_000
_SECTION = re.compile(r"<!--\s*(\w+)\s*-->")
_QUOTED = re.compile(r"^[>\s]+")
_ITEM = re.compile(r"(?:\d{1,3}[.)]|[-*+])\s+(.*)")


@dataclass(frozen=True)
class Wording:
    """The texts of a campaign in one language."""

    title: str
    summary: str
    body: str
    demands: tuple[str, ...]
    background: str | None = None


@dataclass(frozen=True)
class CampaignFiles:
    """A folder that was read and found right."""

    slug: str
    default_language: str
    opens_at: datetime | None
    closes_at: datetime | None
    terms: Terms
    wordings: Mapping[str, Wording]  # by language


def read_campaign(folder: Path, now: datetime) -> CampaignFiles:
    """Read a campaign's folder; relative dates count from `now`. Raises CampaignFileError."""
    settings_file = folder / "campaign.toml"
    if not folder.is_dir():
        raise CampaignFileError(str(folder), "folder", "expected a folder with a campaign.toml")
    wordings = _read_wordings(folder)
    data = _read_toml(settings_file)
    try:
        slug = check_slug(data.pop("slug", None))
        default_language = data.pop("default_language", None)
        if not isinstance(default_language, str) or default_language not in wordings:
            raise TermsError("default_language", f"expected a language with a text; found {_listed(wordings)}")
        opens_at = _moment(data.pop("opens", None), "opens", now)
        closes_at = _moment(data.pop("closes", None), "closes", now)
        check_dates(opens_at, closes_at)
        terms = read_terms(_with_retention(data, now), sorted(wordings))
        check_retention(terms.retention, closes_at, now)
    except TermsError as error:
        raise CampaignFileError(str(settings_file), error.key, error.expected) from None
    return CampaignFiles(slug, default_language, opens_at, closes_at, terms, wordings)


def _listed(wordings: Mapping[str, Wording]) -> str:
    return ", ".join(sorted(wordings)) or "none"


def _read_text(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_FILE:
            raise CampaignFileError(str(file), "file", f"expected at most {MAX_FILE} bytes")
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise CampaignFileError(str(file), "file", "expected this file to be there") from None
    except UnicodeDecodeError as error:
        raise CampaignFileError(str(file), f"byte {error.start}", "expected text in UTF-8") from None
    except OSError as error:
        raise CampaignFileError(str(file), "file", f"cannot be read ({type(error).__name__})") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise CampaignFileError(str(file), f"line {line}", "expected no NUL character")
    return plain_lines(text)


def plain_lines(text: str) -> str:
    """Text whose lines end as they do everywhere here."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tidy_summary(lines: Iterable[str]) -> str:
    """A summary on one line, of lines that may be quoted by a ">"."""
    return " ".join(_QUOTED.sub("", line).rstrip() for line in lines).strip()


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_read_text(file))
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"\(at (line \d+)", str(error))
        expected = f"expected TOML: {str(error).partition(' (at')[0]}"
        raise CampaignFileError(str(file), place[1] if place else "end of the file", expected) from None
    except (ValueError, RecursionError) as error:  # an impossible date, or tables nested without end
        raise CampaignFileError(str(file), "file", f"expected TOML ({type(error).__name__})") from None


def check_slug(value: object) -> str:
    """What may stand in an address. Raises TermsError."""
    if not isinstance(value, str) or not is_slug(value):
        raise TermsError("slug", "expected small letters, digits and single hyphens, like free-ana-sanchez")
    return value


def _moment(value: object, key: str, now: datetime) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime) and value.tzinfo is not None:
        with contextlib.suppress(OverflowError):  # the first and the last day that there are
            return value.astimezone(UTC)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    match = re.fullmatch(r"([+-]\d{1,4}) days?", value) if isinstance(value, str) else None
    if match:
        return now + timedelta(days=int(match[1]))
    raise TermsError(key, 'expected a date, a date-time with its zone, or days from now like "+60 days"')


def _with_retention(data: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The data with the usual retention where none is given, and with a day where it is days from now."""
    retention = data.get("retention", {})
    if not isinstance(retention, dict) or "until" not in retention:
        return data | {"retention": retention}
    until = _moment(retention["until"], "retention.until", now)
    return data | {"retention": retention | {"until": until.date() if until else None}}


def check_dates(opens_at: datetime | None, closes_at: datetime | None) -> None:
    """Raises TermsError."""
    if opens_at and closes_at and closes_at <= opens_at:
        raise TermsError("closes", "expected a date after `opens`")


def check_retention(retention: Retention | None, closes_at: datetime | None, now: datetime) -> None:
    """A wrong date must not erase anything. Raises TermsError."""
    if retention and retention.until and closes_at and retention.until < closes_at.date():
        raise TermsError("retention.until", "expected a date after `closes`")
    due_at = purge_due_at(retention, closes_at)
    if due_at is not None and due_at <= now:
        expected = "expected a day to come: the data of the signers would be erased at once"
        raise TermsError("retention", f"{expected} (to do that: petitions purge)")


def _read_wordings(folder: Path) -> dict[str, Wording]:
    wordings = {}
    for file in sorted(folder.glob("*.md")):
        if not is_language_tag(file.stem):
            raise CampaignFileError(str(file), "file name", "expected a language, like en.md or pt-BR.md")
        wordings[file.stem] = _read_wording(file)
    if not wordings:
        raise CampaignFileError(str(folder), "folder", "expected a Markdown file for each language, like en.md")
    return wordings


def _read_wording(file: Path) -> Wording:
    return read_wording(file, _read_text(file))


def read_wording(file: Path, text: str) -> Wording:
    """The texts that stand in a Markdown file. Raises CampaignFileError."""
    lines = text.split("\n")
    number = _skip_blank(lines, 0)
    if number == len(lines) or not lines[number].startswith("# ") or not lines[number][2:].strip():
        raise CampaignFileError(str(file), f"line {number + 1}", "expected the title, like: # Free Ana Sánchez")
    title = lines[number][2:].strip()
    if len(title) > MAX_TITLE:
        raise CampaignFileError(str(file), f"line {number + 1}", f"expected at most {MAX_TITLE} characters")
    number = start = _skip_blank(lines, number + 1)
    while number < len(lines) and lines[number].startswith(">"):
        number += 1
    summary = tidy_summary(lines[start:number])
    if not summary or len(summary) > MAX_SUMMARY:
        raise CampaignFileError(
            str(file),
            f"line {start + 1}",
            f"expected the summary, like: > One sentence of at most {MAX_SUMMARY} characters",
        )
    sections = _read_sections(file, lines, number)
    if not sections["body"][1].strip():
        raise CampaignFileError(str(file), f"line {number + 1}", "expected the text of the statement")
    background = sections.get("background", (0, ""))[1]
    return Wording(
        title=title,
        summary=summary,
        body=sections["body"][1],
        demands=_read_demands(file, *sections.get("demands", (0, ""))),
        background=background if background.strip() else None,
    )


def _read_sections(file: Path, lines: list[str], first: int) -> dict[str, tuple[int, str]]:
    """The line where each section begins (from 0) and its text; what stands before a marker is the body."""
    name, start = "body", first
    sections: dict[str, tuple[int, str]] = {}
    for number in range(first, len(lines) + 1):
        marker = section_marker(lines[number]) if number < len(lines) else None
        if number < len(lines) and not marker:
            continue
        while start < number and not lines[start]:
            start += 1
        sections[name] = (start, "\n".join(lines[start:number]).strip("\n"))
        if marker:
            if marker[1] not in ("demands", "background") or marker[1] in sections:
                expected = "expected <!-- demands --> or <!-- background -->, each once"
                raise CampaignFileError(str(file), f"line {number + 1}", expected)
            name, start = marker[1], number + 1
    return sections


def section_marker(line: str) -> re.Match[str] | None:
    """What begins a section, like <!-- demands -->."""
    return _SECTION.fullmatch(line.strip()) if "<!--" in line else None


def _read_demands(file: Path, start: int, text: str) -> tuple[str, ...]:
    demands: list[str] = []
    for offset, line in enumerate(text.split("\n")):
        item = _ITEM.fullmatch(line)
        if item and item[1].strip():
            demands.append(item[1].strip())
        elif line.strip() and demands and line.startswith(" "):
            demands[-1] += " " + line.strip()
        elif line.strip():
            expected = "expected a list of demands, like: 1. The release of Ana Sánchez."
            raise CampaignFileError(str(file), f"line {start + offset + 1}", expected)
    return tuple(demands)


def _skip_blank(lines: list[str], number: int) -> int:
    while number < len(lines) and not lines[number].strip():
        number += 1
    return number
