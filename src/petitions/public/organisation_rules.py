"""What the rules against false signatures say of the words of an organisation."""

from collections.abc import Sequence

from starlette.requests import Request

from petitions.abuse.rules import Facts
from petitions.organisations.requesting import Entry
from petitions.web.clients import client_address
from petitions.web.site import Site


async def is_held(
    request: Request, site: Site, campaign_id: int, email: str, entry: Entry, more: Sequence[str] = ()
) -> bool:
    """Whether a rule is about what it says in public, `more` words, its address or the sender's network. Raises
    StoreUnavailable."""
    rules = await site.rules.get(campaign_id)
    website = entry.website.url if entry.website is not None else None
    texts = [text for text in (entry.name, entry.city, website, entry.comment, *more) if text]
    address = client_address(request, site.settings.trusted_proxies)
    verdict = rules.judge(Facts(email, address, texts))
    return verdict is not None and verdict.holds
