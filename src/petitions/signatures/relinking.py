"""Links to what is stored of somebody: a new mail for whoever lost theirs, and a new link that makes the earlier
ones worthless."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.abuse import rates
from petitions.mail import outbox
from petitions.mail.limited import LimitedMails
from petitions.signatures.drafting import CONFIRM
from petitions.signatures.locked import Locked
from petitions.signatures.models import Draft, Signature
from petitions.signatures.own import Done
from petitions.tokens import Named

OWN_LINK = "own_link"


@dataclass(frozen=True, slots=True)
class LinkWish:
    """Somebody asked for the links of this address: of one campaign, or of all (None)."""

    email_key: bytes
    campaign_id: int | None
    arrived_at: datetime


@dataclass(frozen=True)
class NewLink:
    """The button "send me a new link" of the own page."""

    link: Named
    arrived_at: datetime

    def apply(self, session: Session, locked: Locked) -> Done:
        """Raise the epoch and queue the mail. Again: the link is worthless already, and nothing changes."""
        signature = locked.find(self.link)
        if signature is None:
            return Done.GONE
        if signature.email is None:
            return Done.TOO_MANY_MAILS  # a sealed address gets none, and then nobody would have a link that works
        # Beside the limits: strangers can use those up, and each press needs the link of the mail before.
        key, language = signature.email_key, signature.language
        mail = outbox.NewMail(OWN_LINK, signature.campaign_id, signature.id, key, language, outbox.LATER)
        outbox.queue(session, [mail], self.arrived_at)
        this = (Signature.campaign_id == signature.campaign_id, Signature.id == signature.id)
        epoch = Signature.link_epoch + 1
        session.execute(
            update(Signature).where(*this).values(link_epoch=epoch).execution_options(synchronize_session=False)
        )
        return Done.DONE


def store_wishes(session: Session, wishes: Sequence[LinkWish]) -> list[None]:
    """Queue a mail for each signature of these addresses, and for each draft that waits to be confirmed, within
    the limits of each address. Nobody learns from the answer, or from its time, whether there was any."""
    now = max(wish.arrived_at for wish in wishes)
    wanted = {(wish.email_key, wish.campaign_id) for wish in wishes}
    email_keys = {key for key, _ in wanted}

    def is_wanted(email_key: bytes, campaign_id: int) -> bool:
        return (email_key, None) in wanted or (email_key, campaign_id) in wanted

    mails = LimitedMails(session, email_keys, now)
    signed = set()
    for table, kind in ((Signature, OWN_LINK), (Draft, CONFIRM)):
        query = select(table.campaign_id, table.id, table.email_key, table.language).where(
            table.email_key.in_(email_keys)
        )
        if table is Draft:
            query = query.where(Draft.held_reason.is_(None))
        for row in session.execute(query.order_by(table.id.desc())):
            if not is_wanted(row.email_key, row.campaign_id) or (row.email_key, row.campaign_id) in signed:
                continue
            if table is Signature:
                signed.add((row.email_key, row.campaign_id))
            priority = outbox.LATER if kind == OWN_LINK else outbox.CONFIRMATION
            mails.add(kind, row.campaign_id, row.id, row.email_key, row.language, priority)
    if not mails.queue():
        rates.write_nothing(session, now)
    return [None] * len(wishes)
