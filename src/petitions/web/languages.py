"""Which language a visitor gets: of the interface, and of the statement."""

from collections.abc import Sequence
from functools import lru_cache

from starlette.requests import HTTPConnection

from petitions.i18n import (
    LANGUAGES,
    SOURCE_LANGUAGE,
    Translator,
    choose_language,
    preferred_languages,
    translator,
)


@lru_cache(maxsize=8192)
def resolve(
    asked: str | None, accepted: str, offered: tuple[str, ...] = (), default: str = SOURCE_LANGUAGE
) -> tuple[str, str]:
    """The interface's language and the statement's. `asked` is ?lang=, `accepted` the Accept-Language header,
    `offered` the statement's languages, `default` the campaign's own."""
    wanted = preferred_languages(accepted)
    if asked is not None and len(asked) <= 35 and asked.isascii():
        wanted = (asked, *wanted)
    interface = choose_language(wanted, LANGUAGES) or choose_language((default,), LANGUAGES) or SOURCE_LANGUAGE
    return interface, choose_language(wanted, offered) or default


def resolve_for(
    request: HTTPConnection, offered: Sequence[str] = (), default: str = SOURCE_LANGUAGE
) -> tuple[str, str]:
    """`resolve` for a request."""
    asked = request.query_params.get("lang") if request.scope["query_string"] else None
    accepted = request.headers.get("accept-language", "")
    return resolve(asked and asked[:40], accepted[:400], tuple(offered), default)


def translator_for(request: HTTPConnection) -> Translator:
    """The interface's language where no campaign is known."""
    return translator(resolve_for(request)[0])
