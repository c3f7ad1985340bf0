"""Where somebody goes after logging in, and what they had typed when their session ended."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import FormData, UploadFile

#: Names of the fields that carry what is kept from page to page.
_PATH, _FIELD = "kept_path", "kept."
_FALLBACK = "/console"
#: Forms that are about logging in, or hold nothing but passwords: they are never sent again.
_NEVER = tuple(
    f"/console/{page}" for page in ("login", "logout", "password", "forgot", "link", "first", "account/")
)
#: Forms in which somebody writes for long.
_WRITING = re.compile(r"/console/(campaigns/new|c/[^/]+/(texts/[^/]+|details/[^/]+|publish|rules)|rules)")


@dataclass(frozen=True)
class Kept:
    """A form that was sent when nobody was logged in any more."""

    path: str  # of the console
    fields: Sequence[tuple[str, str]]  # in their order; no passwords

    @property
    def carried(self) -> Sequence[tuple[str, str]]:
        """The fields by which another form carries it."""
        return [(_PATH, self.path), *((_FIELD + name, value) for name, value in self.fields)]


def safe_next(target: object) -> str:
    """Where to go after logging in: a page of the console of this site, whatever somebody wrote into a link."""
    if not isinstance(target, str) or not target or len(target) > 500:
        return _FALLBACK
    if not target.isprintable() or not target.isascii() or "\\" in target:
        return _FALLBACK
    try:
        parts = urlsplit(target)
    except ValueError:
        return _FALLBACK
    path = parts.path
    if parts.scheme or parts.netloc or not (path == "/console" or path.startswith("/console/")):
        return _FALLBACK
    if any(piece in (".", "..", "") for piece in path.split("/")[1:]) or "%" in path:
        return _FALLBACK
    return path + ("?" + parts.query if parts.query else "")


def holds_words(path: str) -> bool:
    """Whether the form of this path holds what somebody wrote, and nothing about accounts, roles or lists."""
    return _WRITING.fullmatch(path) is not None


def keep(path: str, data: FormData) -> Kept | None:
    """What was sent to a path of the console; None where it cannot be sent again."""
    if safe_next(path) != path or path.startswith(_NEVER):
        return None
    return Kept(path, [(name, value) for name, value in _texts(data) if not _is_secret(name)])


def kept_in(data: FormData) -> Kept | None:
    """What a log-in form carries."""
    path = data.get(_PATH)
    if not isinstance(path, str) or safe_next(path) != path:
        return None
    fields: list[tuple[str, str | UploadFile]] = [
        (name.removeprefix(_FIELD), value) for name, value in _texts(data) if name.startswith(_FIELD)
    ]
    return keep(path, FormData(fields))


def _texts(data: FormData) -> Sequence[tuple[str, str]]:
    return [(name, value) for name, value in data.multi_items() if isinstance(value, str)]


def _is_secret(name: str) -> bool:
    lowered = name.lower()
    return lowered == "csrf" or "password" in lowered or lowered.startswith(_FIELD)
