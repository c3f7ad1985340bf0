"""The variables PETITIONS_*: read one by one, with everything that is wrong collected."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
D = TypeVar("D")


class Reader:
    """Reads `variables`, the `secrets` among them from files too. Names are without the prefix; `problems` are
    lines for whoever set them, and never repeat a value."""

    def __init__(self, environ: Mapping[str, str], variables: Collection[str], secrets: Collection[str]) -> None:
        self._environ = environ
        self._secrets = secrets
        known = {f"PETITIONS_{name}" for name in variables} | {f"PETITIONS_{name}_FILE" for name in secrets}
        unknown = sorted(name for name in environ if name.startswith("PETITIONS_") and name not in known)
        self.problems = [f"{name}: there is no such setting" for name in unknown]

    def is_given(self, name: str) -> bool:
        """Rightly or wrongly."""
        return bool(self._environ.get(f"PETITIONS_{name}") or self._file_of(name))

    def read(self, name: str, parse: Callable[[str], T], default: D) -> T | D:
        """What the variable says; `default` where it is not given, or wrong."""
        value = self._raw(name)
        if value is None:
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.problems.append(f"PETITIONS_{name}: {error}")
            return default

    def _raw(self, name: str) -> str | None:
        value, file = self._environ.get(f"PETITIONS_{name}"), self._file_of(name)
        if value and file:
            self.problems.append(f"PETITIONS_{name}: set it or PETITIONS_{name}_FILE, not both")
        if value or not file:
            return value or None
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            self.problems.append(f"PETITIONS_{name}_FILE: cannot be read ({type(error).__name__})")
            return None
        if not text:
            self.problems.append(f"PETITIONS_{name}_FILE: is empty")
        return text or None

    def _file_of(self, name: str) -> str | None:
        return self._environ.get(f"PETITIONS_{name}_FILE") if name in self._secrets else None


def parse_count(text: str) -> int:
    """From 1 to 1000000. Raises ValueError."""
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise ValueError("expected a whole number from 1 to 1000000")
    return int(text)


def parse_folder(text: str) -> Path:
    """A folder that is there. Raises ValueError."""
    if not Path(text).is_dir():
        raise ValueError("expected a folder that is there")
    return Path(text).absolute()


def parse_log_level(text: str) -> str:
    """Raises ValueError."""
    if text not in ("debug", "info", "warning", "error"):
        raise ValueError("expected debug, info, warning or error")
    return text


def parse_name(text: str) -> str:
    """1 to 80 characters on one line. Raises ValueError."""
    if not text.strip() or not text.isprintable() or len(text) > 80:
        raise ValueError("expected a name of 1 to 80 characters on one line")
    return text.strip()


def parse_token(text: str) -> str:
    """At least 16 characters. Raises ValueError."""
    if len(text) < 16:
        raise ValueError("expected at least 16 characters")
    return text
