"""What an organisation that is shown wants to be shown instead, until a lead takes it or not."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from petitions.organisations.logos import Logo, drop_logo
from petitions.organisations.models import Organisation, OrganisationTally
from petitions.organisations.naming import name_key, skeleton
from petitions.organisations.websites import InvalidWebsite, Website, check_website, is_proven

#: What it says of itself, besides its logo.
FIELDS = ("name", "kind", "country", "city", "website", "members", "comment")
#: Who it is, and where the link leads, is always approved first.
_APPROVED_FIRST = ("name", "website")
#: More members than these are nothing that one says in passing.
MANY_MEMBERS = 1000


def to_be_approved(organisation: Organisation, said: Mapping[str, Any], *, held: bool) -> dict[str, Any]:
    """What of a change has to be approved first; `held`: a rule of the campaign wants somebody to look at all."""
    return {
        name: said[name]
        for name in FIELDS
        if said[name] != getattr(organisation, name)
        and (held or name in _APPROVED_FIRST or (name == "members" and _is_leap(organisation, said[name])))
    }


def _is_leap(organisation: Organisation, members: int | None) -> bool:
    """Whether so many are too many to be believed at once: more than twice as many; or more at all, while nobody
    has looked at what changed last."""
    before, after = organisation.members or 0, members or 0
    return after > MANY_MEMBERS and after > (2 * before if organisation.look is None else before)


def has_to_be_seen(organisation: Organisation, said: Mapping[str, Any]) -> bool:
    """Whether a lead should look at a change that is shown at once: at all but fewer members, and a few more."""
    if any(said[name] != getattr(organisation, name) for name in said if name != "members"):
        return True
    return (said.get("members") or 0) > max(organisation.members or 0, MANY_MEMBERS)


def proposed_logo(organisation: Organisation, logo: Logo | None, *, drops_logo: bool) -> dict[str, str | None]:
    """The picture that a change wants, or none; one that was proposed before stays so, if the form is silent."""
    if logo is not None:
        return {"logo": logo.digest} if logo.digest != organisation.logo else {}
    if drops_logo:
        return {"logo": None} if organisation.logo is not None else {}
    before = organisation.proposed or {}
    return {"logo": before["logo"]} if "logo" in before else {}


def propose(session: Session, organisation: Organisation, proposed: Mapping[str, Any]) -> None:
    """Let this be what it wants to be shown, in the place of what it wanted before."""
    before = (organisation.proposed or {}).get("logo")
    organisation.proposed = dict(proposed) or None
    if before is not None and before != proposed.get("logo"):
        drop_logo(session, organisation.campaign_id, before)


def may_take(organisation: Organisation) -> bool:
    """Whether there is something to take, and the website is still one that we link to."""
    proposed = organisation.proposed
    if proposed is None:
        return False
    try:
        _website(proposed)
    except InvalidWebsite:
        return False
    return True


def _website(proposed: Mapping[str, Any]) -> Website | None:
    """Raises InvalidWebsite."""
    return check_website(proposed["website"]) if proposed.get("website") else None


def take_proposal(session: Session, tally: OrganisationTally, organisation: Organisation) -> None:
    """Let what is proposed be what is shown; under the lock, and where `may_take` says so."""
    proposed: dict[str, Any] = organisation.proposed or {}
    website = _website(proposed)
    organisation.proposed = None
    if "members" in proposed:
        tally.members += (proposed["members"] or 0) - (organisation.members or 0)
    for name in FIELDS:
        if name in proposed:
            setattr(organisation, name, proposed[name])
    if "name" in proposed:
        organisation.name_key = name_key(organisation.name)
        organisation.name_skeleton = skeleton(organisation.name)
    if "website" in proposed:
        organisation.website = website.url if website else None
        organisation.domain = website.domain if website else None
        email = organisation.email
        organisation.domain_proven = email is not None and is_proven(email, organisation.domain)
    if "logo" in proposed:
        before, organisation.logo = organisation.logo, proposed["logo"]
        drop_logo(session, organisation.campaign_id, before)


def drop_proposal(session: Session, organisation: Organisation) -> None:
    """Forget what was proposed."""
    proposed, organisation.proposed = organisation.proposed, None
    if proposed and proposed.get("logo"):
        drop_logo(session, organisation.campaign_id, proposed["logo"])
