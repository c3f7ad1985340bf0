"""Rendering a page: what every template needs, put together once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, RedirectResponse

from petitions import templating
from petitions.i18n import LANGUAGES, Translator, language_name
from petitions.web.caching import no_store
from petitions.web.site import Site


@dataclass(frozen=True)
class LanguageLink:
    code: str
    name: str  # in the language itself
    url: str
    current: bool


def language_links(
    path: str, languages: Sequence[str], current: str, query: Mapping[str, str] | None = None
) -> list[LanguageLink]:
    """Links to the same page in other languages."""
    before = f"{path}?{urlencode(query)}&lang=" if query else f"{path}?lang="
    return [LanguageLink(code, language_name(code), before + code, code == current) for code in languages]


def render(
    site: Site,
    words: Translator,
    template: str,
    path: str,
    *,
    indexed_in: Sequence[str] = (),
    switch: bool = True,
    query_string: Mapping[str, str] | None = None,
    **context: Any,
) -> str:
    """A page at `path`. `indexed_in`: the languages in which search engines may list it; none: they may not.
    `switch`: whether it can be had in another language by a link (not so the answer to a form)."""
    base_url = site.settings.base_url
    return templating.render(
        template,
        words,
        site_name=site.settings.site_name,
        base_url=base_url,
        home_url=f"/?lang={words.language}",
        mailbox_url=site.mailbox_url,
        language_links=language_links(path, LANGUAGES, words.language, query_string) if switch else [],
        canonical_url=f"{base_url}{path}?lang={_canonical(words.language, indexed_in)}" if indexed_in else None,
        alternates=language_links(f"{base_url}{path}", indexed_in, words.language) if indexed_in else [],
        noindex=not indexed_in,
        **context,
    )


def _canonical(language: str, indexed_in: Sequence[str]) -> str:
    """A page whose own words are in another language than the interface is listed as the former."""
    return language if language in indexed_in else indexed_in[0]


def answer(
    site: Site, words: Translator, template: str, path: str, status_code: int = 200, **context: Any
) -> HTMLResponse:
    """A page that follows an action or belongs to one person: nobody keeps it."""
    response = HTMLResponse(render(site, words, template, path, **context), status_code)
    response.headers["Content-Language"] = words.language
    no_store(response)
    return response


def see_other(url: str) -> RedirectResponse:
    """Where to go after an action; nobody keeps it."""
    response = RedirectResponse(url, 303)
    no_store(response)
    return response
