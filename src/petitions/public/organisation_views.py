"""What a page is given about an organisation: as everybody sees it, or would see it."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from petitions.i18n import Message
from petitions.organisations.kinds import KINDS
from petitions.organisations.logos import Logo
from petitions.organisations.models import Organisation
from petitions.organisations.requesting import Entry

#: Width and height in pixels, by the digest of a logo.
Sizes = Mapping[str, tuple[int, int]]
#: What can be proposed and is shown as it is stored; a kind has words, a logo an address.
_PROPOSED = ("name", "country", "city", "website", "members", "comment")


@dataclass(frozen=True)
class OrganisationView:
    """One organisation, for macros/organisation.html."""

    name: str
    kind: Message
    country: str
    city: str | None
    website: str | None
    members: int | None
    comment: str | None
    language: str
    logo_url: str | None
    logo_width: int | None
    logo_height: int | None


def data_url(logo: Logo) -> str:
    """The picture itself as an address: while nobody has confirmed it, it lies nowhere else."""
    return picture_url(logo.image)


def picture_url(image: bytes) -> str:
    """The same of one in the store."""
    return "data:image/webp;base64," + base64.b64encode(image).decode("ascii")


def view_entry(entry: Entry, logo: Logo | None, language: str) -> OrganisationView:
    """What a form says."""
    return OrganisationView(
        name=entry.name,
        kind=KINDS[entry.kind],
        country=entry.country,
        city=entry.city,
        website=entry.website.url if entry.website is not None else None,
        members=entry.members,
        comment=entry.comment,
        language=language,
        logo_url=data_url(logo) if logo is not None else None,
        logo_width=logo.width if logo is not None else None,
        logo_height=logo.height if logo is not None else None,
    )


def view_organisation(
    organisation: Organisation, sizes: Sizes, logo_url: Callable[[str], str]
) -> OrganisationView:
    """What the store says."""
    return _with_logo(
        OrganisationView(
            name=organisation.name,
            kind=KINDS[organisation.kind],
            country=organisation.country,
            city=organisation.city,
            website=organisation.website,
            members=organisation.members,
            comment=organisation.comment,
            language=organisation.language,
            logo_url=None,
            logo_width=None,
            logo_height=None,
        ),
        organisation.logo,
        sizes,
        logo_url,
    )


def view_proposed(
    organisation: Organisation, sizes: Sizes, logo_url: Callable[[str], str]
) -> OrganisationView | None:
    """What it would say once what it proposes is approved; None where it proposes nothing."""
    proposed: dict[str, Any] | None = organisation.proposed
    if proposed is None:
        return None
    words = {name: proposed[name] for name in _PROPOSED if name in proposed}
    if "kind" in proposed:
        words["kind"] = KINDS[proposed["kind"]]
    view = replace(view_organisation(organisation, sizes, logo_url), **words)
    return _with_logo(view, proposed["logo"], sizes, logo_url) if "logo" in proposed else view


def _with_logo(
    view: OrganisationView, digest: str | None, sizes: Sizes, logo_url: Callable[[str], str]
) -> OrganisationView:
    width, height = sizes.get(digest, (None, None)) if digest is not None else (None, None)
    url = logo_url(digest) if digest is not None and width is not None else None
    return replace(view, logo_url=url, logo_width=width, logo_height=height)
