"""Keys: what is one, and those that an installation makes for itself and keeps in files."""

import contextlib
import os
import re
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class EarlierKey:
    """A key that signed packs once."""

    fingerprint: str  # 64 hexadecimal digits, as of the key that signs now
    until: date  # the last day on which it did


def parse_earlier_keys(text: str) -> tuple[EarlierKey, ...]:
    """Fingerprints, each with its last day behind an @, separated by commas: `1f0c 93ab …@2027-03-01, …`; the
    newest comes first. Raises ValueError."""
    keys = []
    for part in filter(None, map(str.strip, text.split(","))):
        fingerprint, _, day = part.partition("@")
        fingerprint = "".join(fingerprint.split()).lower()
        if not re.fullmatch("[0-9a-f]{64}", fingerprint) or not re.fullmatch(r"\d{4}-\d\d-\d\d", day, re.ASCII):
            raise ValueError("expected fingerprints of 64 hexadecimal digits, each with a day: 1f0c…@2027-03-01")
        keys.append(EarlierKey(fingerprint, date.fromisoformat(day)))
    return tuple(sorted(keys, key=lambda key: key.until, reverse=True))


def parse_key(text: str) -> str:
    """Raises ValueError."""
    if len(text) < 32:
        raise ValueError("expected at least 32 characters; `openssl rand -hex 32` makes a good one")
    return text


def kept_key(path: Path, problems: list[str]) -> str:
    """The key in this file; made and kept (readable by its owner alone) when there is none."""
    if not path.exists():
        _keep_new_key(path)
    try:
        return parse_key(path.read_text(encoding="ascii").strip())
    except ValueError:
        problems.append(
            f"PETITIONS_DATA_DIR: {path} holds no whole key; put a copy of it back, or delete it if nobody has "
            "signed yet"
        )
        return ""


def _keep_new_key(path: Path) -> None:
    """Make the file whole or not at all, also when the power fails: with half a key, or another one after the
    restart, all links would be broken. When two processes make it at the same time, the first one's stays."""
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "w", encoding="ascii") as opened:
            opened.write(secrets.token_hex(32))
            opened.flush()
            os.fsync(opened.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        unfinished.unlink(missing_ok=True)
