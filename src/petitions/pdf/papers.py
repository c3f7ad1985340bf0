"""What is printed on."""

from enum import StrEnum


class Paper(StrEnum):
    """What a PDF is printed on."""

    A4 = "a4"
    LETTER = "letter"

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, in points."""
        return (595.28, 841.89) if self is Paper.A4 else (612.0, 792.0)
