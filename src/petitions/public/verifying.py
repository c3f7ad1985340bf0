"""How to check what a campaign of this site handed over, and the public key for it."""

import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from petitions.delivery.manifests import describe_key
from petitions.delivery.readme import COMMANDS, NOT_NAMED
from petitions.delivery.site_keys import PublicKey, grouped, signing_key
from petitions.errors import PageNotFound
from petitions.i18n import LANGUAGES, translator
from petitions.web.caching import CachedPage, make_page
from petitions.web.languages import resolve_for
from petitions.web.pages import render
from petitions.web.site import Site, site_of


async def show_verify(request: Request) -> Response:
    """The fingerprint of this site's key, and what to do with it."""
    site = site_of(request)
    words = translator(resolve_for(request)[0])
    key = _key_of(site)

    async def make() -> CachedPage:
        page = render(
            site,
            words,
            "public/verify.html",
            "/verify",
            indexed_in=LANGUAGES,
            fingerprint=grouped(key.fingerprint),
            earlier=[(grouped(one.fingerprint), one.until) for one in site.settings.earlier_keys],
            commands=COMMANDS,
            not_named=NOT_NAMED,
            key_url="/verify/key.pem",
            key_json_url="/verify/key.json",
        )
        language = [(b"content-language", words.language.encode())]
        return make_page(page.encode(), "text/html; charset=utf-8", language)

    return await site.pages.respond(("verify", words.language), make)


async def show_key(request: Request) -> Response:
    """The key as openssl reads it."""
    return await _file(site_of(request), "pem", "application/x-pem-file")


async def show_key_json(request: Request) -> Response:
    """The key as the manifest of a pack has it."""
    return await _file(site_of(request), "json", "application/json")


async def _file(site: Site, kind: str, media_type: str) -> Response:
    key = _key_of(site)
    earlier = [{"fingerprint": one.fingerprint, "until": f"{one.until}"} for one in site.settings.earlier_keys]
    said: dict[str, Any] = {**describe_key(key), "site": site.settings.base_url, "earlier": earlier}

    async def make() -> CachedPage:
        return make_page(key.pem if kind == "pem" else json.dumps(said).encode(), media_type)

    return await site.pages.respond(("verify", kind), make)


def _key_of(site: Site) -> PublicKey:
    if not site.settings.signing_key:
        raise PageNotFound
    return signing_key(site.settings).public
