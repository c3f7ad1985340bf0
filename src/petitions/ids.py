"""Identifiers: of rows, made before they are stored, and of requests."""

import os
import random
import time
from uuid import UUID


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562): its first 48 bits are Unix milliseconds, so that new rows stay
    together in an index; the other 74 are random."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | (0x7 << 76)
    value = value & ~(0x3 << 62) | (0x2 << 62)
    return UUID(int=value)


def new_request_id() -> str:
    """16 hexadecimal digits that tie an answer to its lines in the log. No secret: asking the system for random
    bytes gives the processor away, and cost a twentieth of a small answer."""
    return f"{random.getrandbits(64):016x}"
