"""What is left to do beside pydyf, which writes the objects of a PDF file and what finds them."""

from datetime import UTC, datetime
from typing import Protocol

import pydyf

_NAME = "petitions"


class Output(Protocol):
    """Where a file goes."""

    def write(self, data: bytes, /) -> int:
        """Raises OSError."""
        ...


class _Written(pydyf.Object):  # type: ignore[misc]
    """An object as it stands in the file."""

    data, compressible = b"", False

    def __init__(self, done: pydyf.Object) -> None:
        super().__init__()
        self.number, self.data, self.compressible = done.number, done.data, done.compressible


def keep_written(pdf: pydyf.PDF, done: pydyf.Object) -> None:
    """Keep of an object of the file only how it is written: a list has a hundred thousand, and pydyf asks for the
    bytes of each more than once."""
    pdf.objects[done.number] = _Written(done)


def describe(title: str, author: str, at: datetime) -> dict[str, pydyf.String]:
    """What a file says about itself."""
    moment = pydyf.String(f"D:{at.astimezone(UTC):%Y%m%d%H%M%S}Z")
    return {
        "Title": pydyf.String(title),
        "Author": pydyf.String(author),
        "Producer": pydyf.String(_NAME),
        "Creator": pydyf.String(_NAME),
        "CreationDate": moment,
        "ModDate": moment,
    }
