"""Reading PDF files with poppler's tools, as a recipient's program would."""

import os
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path

import pytest

#: Where Debian's fonts-noto-core lies.
NOTO = Path("/usr/share/fonts/truetype/noto")
#: Tests of files need both; in CI nothing may be left out.
needs_fonts = pytest.mark.skipif(
    "CI" not in os.environ and not (NOTO.is_dir() and shutil.which("pdftotext")),
    reason="apt-get install fonts-noto-core fonts-noto-cjk poppler-utils",
)


def read_text(data: bytes, *options: str) -> str:
    """What stands in a file, page by page."""
    return _run("pdftotext", *options, "-", "-", data=data)


def read_info(data: bytes) -> dict[str, str]:
    """What pdfinfo says of a file, which has no fault."""
    lines = (line.partition(":") for line in _run("pdfinfo", "-", data=data).splitlines())
    return {key: value.strip() for key, _, value in lines}


def list_fonts(data: bytes) -> list[tuple[str, bool]]:
    """The fonts of a file, and whether they are in it."""
    lines = _run("pdffonts", "-", data=data).splitlines()[2:]
    found = [re.fullmatch(r"(\S+) .* (yes|no) +(yes|no) (yes|no) +\d+ +\d+", line) for line in lines]
    return [(match[1], match[2] == "yes") for match in found if match]


def read_structure(data: bytes) -> str:
    """The parts of a file as a reader that speaks finds them, a line each, and their words in quotation marks."""
    return _run("pdfinfo", "-struct-text", "-", data=data)


def letters(text: str) -> list[str]:
    """The letters of a text, whatever their order: a text from the right comes back in another."""
    plain = unicodedata.normalize("NFKC", text)
    return sorted(character for character in plain if unicodedata.category(character)[0] in "LMN")


def _run(program: str, *arguments: str, data: bytes) -> str:
    result = subprocess.run([program, *arguments], input=data, capture_output=True, check=True)
    assert result.stderr == b"", result.stderr
    return result.stdout.decode()
