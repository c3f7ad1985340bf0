"""What leads do that organisations hear nothing of: notes for each other, and the order of the public page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.audit.recording import Actor, record
from petitions.organisations import counting
from petitions.organisations.confirming import log
from petitions.organisations.deciding import Decided, Seen, add_note
from petitions.organisations.models import APPROVED, Organisation

#: Of a note that somebody writes; with a day and a name before it, it stays below what a row holds.
MAX_NOTE = 500
MOST_PINS = 999


def signed_note(text: str, actor: Actor, now: datetime) -> str:
    """A note with who wrote it, and when; nothing for nothing."""
    return f"{now:%Y-%m-%d} {actor.name}: {text}" if text else ""


def note(session: Session, campaign_id: int, seen: Seen, text: str, actor: Actor, now: datetime) -> Decided:
    """Add a note, whatever else became of it. The answer of one that is shown is read by that, if it stood on the
    page: it goes to the notes, and waits for nobody any more. Raises CampaignPurged."""
    _tally, organisation = counting.lock_one(session, campaign_id, seen.id)
    if organisation is None:
        return Decided(gone=1)
    has_read = organisation.revision == seen.revision and organisation.answer is not None
    if organisation.state == APPROVED and has_read:
        organisation.note = add_note(organisation.note, f"{organisation.question} – {organisation.answer}")
        organisation.question = organisation.answer = None
    organisation.note = add_note(organisation.note, signed_note(text, actor, now))
    organisation.revision += 1
    log(session, actor, "organisation.noted", organisation, now)
    return Decided(done=[organisation.number])


def look(session: Session, campaign_id: int, seen: Sequence[Seen], actor: Actor, now: datetime) -> Decided:
    """A lead has looked at some that are shown, as they stood on the page, and leaves them as they are. Those that
    wait for no look are in no list. Raises CampaignPurged."""
    decided = Decided()
    counting.lock(session, campaign_id)
    for one in sorted(seen, key=lambda each: each.id):
        organisation = counting.find_locked(session, campaign_id, one.id)
        if organisation is None:
            object.__setattr__(decided, "gone", decided.gone + 1)
        elif organisation.revision != one.revision:
            decided.changed.append(organisation.number)
        elif needs_a_look(organisation):
            organisation.look = None
            organisation.revision += 1
            log(session, actor, "organisation.looked", organisation, now)
            decided.done.append(organisation.number)
    return decided


def needs_a_look(organisation: Organisation) -> bool:
    """Whether it is shown, and no lead has looked at it, or at what became of it."""
    return organisation.state == APPROVED and organisation.look is not None


def pin(session: Session, campaign_id: int, pins: Mapping[UUID, int | None], actor: Actor, now: datetime) -> int:
    """Put some of those that are shown first, by their numbers; None: by the alphabet. How many changed; who saves
    last wins. Raises CampaignPurged."""
    tally = counting.lock(session, campaign_id)
    query = select(Organisation).where(Organisation.campaign_id == campaign_id, Organisation.state == APPROVED)
    changed = [each for each in session.scalars(query) if pins.get(each.id, each.pin) != each.pin]
    for organisation in changed:
        organisation.pin = pins[organisation.id]
    if changed:
        tally.revision += 1
        numbers = sorted(each.number for each in changed)
        record(session, actor, "organisation.pinned", now, campaign_id, organisations=numbers)
    return len(changed)
