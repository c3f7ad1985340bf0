"""Passing a statement on: plain links, and a QR code."""

import io
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote, urlencode

import segno

from petitions.i18n import Translator
from petitions.public.views import ShareLink


def share_links(words: Translator, title: str, url: str, said: str | None = None) -> Sequence[ShareLink]:
    """Links that open a service with the text filled in: what the campaign has `said` for it, else its title.
    None of them loads anything before it is pressed. Signal takes no text from a link: its users copy the
    address or use the phone's own share menu."""
    said = said or title
    text = f"{said} {url}"
    return (
        ShareLink("whatsapp", "WhatsApp", f"https://wa.me/?{urlencode({'text': text}, quote_via=quote)}"),
        ShareLink("telegram", "Telegram", "https://t.me/share/url?" + _query(url=url, text=said)),
        ShareLink("mail", words.gettext("Mail"), "mailto:?" + _query(subject=title, body=text)),
        ShareLink("mastodon", "Mastodon", "https://share.joinmastodon.org/#" + _query(text=text)),
        ShareLink("x", "X", "https://x.com/intent/post?" + _query(text=said, url=url)),
        ShareLink("facebook", "Facebook", "https://www.facebook.com/sharer/sharer.php?" + _query(u=url)),
    )


def _query(**values: str) -> str:
    return urlencode(values, quote_via=quote)


@lru_cache(maxsize=128)
def qr_svg(url: str) -> bytes:
    """The address as a QR code; black on white in both palettes, for cameras expect it."""
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", scale=8, border=4, light="#fff", dark="#000")
    return out.getvalue()


def qr_png(url: str) -> bytes:
    """The address as a QR code of about 1000 pixels, to print."""
    out = io.BytesIO()
    code = segno.make(url, error="m", micro=False)
    code.save(out, kind="png", scale=max(1, 1000 // (code.symbol_size()[0])), border=4)
    return out.getvalue()
