"""Sets of serial numbers: which signatures a list held, small enough to be kept."""

import re
import zlib
from collections.abc import Iterable, Iterator

_NOT_ALL = re.compile(rb"[^\xff]")


class Serials:
    """A set of numbers from 1; a bit for each, however many there are: a million take 125 kB, packed far less."""

    def __init__(self, numbers: Iterable[int] = ()) -> None:
        self.bits = bytearray()
        self.add_all(numbers)

    def add_all(self, numbers: Iterable[int]) -> None:
        """Numbers from 1, in any order."""
        bits = self.bits
        for number in numbers:
            if number < 1:
                raise ValueError("serials begin with 1")
            place = number >> 3
            if place >= len(bits):
                bits.extend(bytes(max(place + 1 - len(bits), len(bits))))
            bits[place] |= 1 << (number & 7)

    def update(self, other: "Serials") -> None:
        """Everything that is in the other one too."""
        longer = max(len(self.bits), len(other.bits))
        joined = int.from_bytes(self.bits, "little") | int.from_bytes(other.bits, "little")
        self.bits = bytearray(joined.to_bytes(longer, "little"))

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return number > 0 and place < len(self.bits) and bool(self.bits[place] & 1 << (number & 7))

    def __len__(self) -> int:
        return int.from_bytes(self.bits, "little").bit_count()

    def __iter__(self) -> Iterator[int]:
        for place, byte in enumerate(self.bits):
            if byte:
                yield from (place << 3 | bit for bit in range(8) if byte & 1 << bit)

    def first_missing(self, after: int) -> int:
        """The first number above `after` that is not in it."""
        number = after + 1
        if number & 7:
            while number & 7 and number in self:
                number += 1
            if number & 7 or number not in self:
                return number
        # Whole bytes at once: an earlier delivery may hold a million in a row.
        found = _NOT_ALL.search(self.bits, number >> 3)
        number = max(number, (found.start() if found else len(self.bits)) << 3)
        while number in self:
            number += 1
        return number

    def pack(self) -> bytes:
        """As it is kept."""
        return zlib.compress(bytes(self.bits).rstrip(b"\0"), 6)

    @classmethod
    def unpack(cls, packed: bytes | None) -> "Serials":
        """None: the empty set."""
        serials = cls()
        if packed:
            serials.bits = bytearray(zlib.decompress(packed))
        return serials
