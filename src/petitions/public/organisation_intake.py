"""What is stored of organisations that ask to co-sign, and how many a place or a campaign may bring at once."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.abuse import rates
from petitions.abuse.allowances import take_places
from petitions.abuse.networks import get_day_key, hash_network
from petitions.organisations import requesting
from petitions.organisations.models import UNCONFIRMED, Organisation
from petitions.settings import Rate
from petitions.signatures.refusing import find_refusals

_HOUR = timedelta(hours=1)
#: Of one network. Each is a mail to somebody and a picture in the store; signatures are not counted among them.
OF_NETWORK = Rate(10, _HOUR)
#: While the campaign lets browsers work before they sign: this form has no such work, so it takes few.
OF_NETWORK_DEFENDED, OF_CAMPAIGN_DEFENDED = Rate(3, _HOUR), Rate(20, _HOUR)
#: So many requests that nobody confirmed keep a logo in one campaign; later ones add theirs on the own page.
MOST_LOGOS = 200

#: Why it is not stored: too many from this network; too many in all, while the campaign defends itself.
TOO_MANY, BUSY = "too_many", "busy"


def receive(
    session: Session, asked: requesting.Request, network: str | None, *, defended: bool, limited: bool
) -> str | None:
    """Store the request and queue its mail. Why not; None also where the address wants no more mails about this
    campaign: then nothing of it is stored, and nobody learns that here. `limited`: the site counts what networks
    send. Raises CampaignPurged, NotPossible."""
    if not _has_place(session, asked, network, defended=defended, limited=limited):
        return BUSY if defended else TOO_MANY
    email_key = asked.contact.email_key
    if find_refusals(session, [email_key]) & {(asked.campaign_id, email_key)}:
        rates.write_nothing(session, asked.arrived_at)  # or the time of the answer would tell
        return None
    if asked.logo is not None and _count_logos(session, asked.campaign_id) >= MOST_LOGOS:
        asked = replace(asked, logo=None)
    requesting.request(session, asked)
    return None


def _has_place(
    session: Session, asked: requesting.Request, network: str | None, *, defended: bool, limited: bool
) -> bool:
    day_key = get_day_key(session, asked.arrived_at)
    rate = OF_NETWORK_DEFENDED if defended else OF_NETWORK
    keys = []
    if network is not None and (defended or limited):
        keys.append((hash_network(f"organisations of {network}", day_key), rate.count))
    if defended:
        of_campaign = hash_network(f"organisations in {asked.campaign_id}", day_key)
        keys.append((of_campaign, OF_CAMPAIGN_DEFENDED.count))
    return bool(take_places(session, {asked.id: keys}, rate.period, asked.arrived_at))


def _count_logos(session: Session, campaign_id: int) -> int:
    """How many requests that nobody confirmed have one; MOST_LOGOS for more."""
    some = (
        select(Organisation.id)
        .where(
            Organisation.campaign_id == campaign_id,
            Organisation.state == UNCONFIRMED,
            Organisation.logo.is_not(None),
        )
        .limit(MOST_LOGOS)
    )
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0
