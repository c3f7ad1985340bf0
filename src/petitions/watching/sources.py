"""Where a form came from: the name of a link that was passed on, or the site that had it; never a page, a person
or a search. It is counted and forgotten: no draft and no signature knows it."""

import hashlib
import hmac
import re
import unicodedata
from urllib.parse import parse_qsl, urlsplit

#: Characters that each half of a source keeps.
LONGEST = 40
#: Sources of a campaign that are counted by their name; whatever else comes is OTHER.
MOST = 200
#: Forms from which on a source has a name in the store.
NAMED_FROM = 5
#: Forms that came in without a source, and those past MOST. No name of a source has such signs.
DIRECT, OTHER = "(direct)", "(other)"

_NOT_KEPT = re.compile(r"[^a-z0-9._-]+")
_LONGEST_QUERY, _MOST_FIELDS = 2_000, 50


def find_source(page: str, field: str, own_host: str) -> str | None:
    """The source of a form: what the address of its page says (the Referer header of browsers), else what the form
    itself says (where scripts run). None for neither."""
    return _named_in(page, own_host) or _said(field, own_host)


def tidy(text: str) -> str:
    """Small letters, digits and "._-", at most LONGEST of them. Nothing of what looks like a mail address."""
    if "@" in text:
        return ""
    plain = unicodedata.normalize("NFKD", text[: 4 * LONGEST]).encode("ascii", "ignore").decode().lower()
    return _NOT_KEPT.sub("-", plain).strip("-._")[:LONGEST].rstrip("-._")


def source_key(campaign_id: int, source: str, secret: str) -> bytes:
    """16 bytes that stand for a source of a campaign, before it has a name in the store."""
    words = f"source\0{campaign_id}\0{source}".encode()
    return hmac.new(secret.encode(), words, hashlib.sha256).digest()[:16]


def _named_in(page: str, own_host: str) -> str | None:
    """utm_source, and utm_campaign if there is one, of a page of ours."""
    if "utm_source=" not in page:
        return None
    try:
        parts = urlsplit(page[:_LONGEST_QUERY])
        if parts.netloc.lower() != own_host:
            return None
        fields = dict(reversed(parse_qsl(parts.query, max_num_fields=_MOST_FIELDS)))
    except ValueError:
        return None
    return _joined(fields.get("utm_source", ""), fields.get("utm_campaign", ""))


def _said(field: str, own_host: str) -> str | None:
    """What the script wrote into the form: "newsletter/spring", or the host of another site."""
    source, _, campaign = field[:_LONGEST_QUERY].partition("/")
    if source.strip().lower() in (own_host, own_host.partition(":")[0]):
        return None
    return _joined(source, campaign)


def _joined(source: str, campaign: str) -> str | None:
    first, second = tidy(source), tidy(campaign)
    if not first:
        return None
    return f"{first}/{second}" if second else first
