"""What the console says of organisations that co-sign."""

from collections.abc import Mapping

from petitions.i18n import N_, Message
from petitions.organisations.deciding import Decision
from petitions.organisations.models import (
    APPROVED,
    ASKED,
    BY_CHANGE,
    BY_CONTACT,
    BY_RULE,
    DECLINED,
    MERGED,
    UNCONFIRMED,
    WAITING,
)

REMIND, NOTE, LOOKED = "remind", "note", "looked"
#: The parts of the queue, those first in which there is something to do.
TABS: Mapping[str, Message] = {
    WAITING: N_("To decide"),
    ASKED: N_("Asked back"),
    UNCONFIRMED: N_("Not confirmed yet"),
    APPROVED: N_("Shown"),
    DECLINED: N_("Declined"),
    MERGED: N_("Merged"),
}
STATE_WORDS: Mapping[str, Message] = {
    UNCONFIRMED: N_("mail not confirmed yet"),
    WAITING: N_("waits for you"),
    ASKED: N_("asked back"),
    APPROVED: N_("shown"),
    DECLINED: N_("declined"),
    MERGED: N_("merged"),
}
#: Why a lead should look at one that is shown.
LOOK_WORDS: Mapping[str, Message] = {
    BY_RULE: N_("The rule of the campaign approved it. None of you has looked at it yet."),
    BY_CONTACT: N_("Somebody else speaks for it now, whose mail address does not prove its domain."),
    BY_CHANGE: N_("It has changed what everybody sees, and none of you has looked at that yet."),
}
#: What stands in a part of the queue where nothing is.
EMPTY_WORDS: Mapping[str, Message] = {
    WAITING: N_("No organisation waits for you. Whoever asks to co-sign and confirms the mail comes here."),
    ASKED: N_("Nobody was asked back and has not answered yet."),
    UNCONFIRMED: N_("Every request that was sent is confirmed, or has run out after thirty days."),
    APPROVED: N_("No organisation is shown yet."),
    DECLINED: N_("None was declined."),
    MERGED: N_("None was merged with another one."),
}
#: What is said of a change that is wanted.
FIELD_WORDS: Mapping[str, Message] = {
    "name": N_("Name of the organisation"),
    "website": N_("Website"),
    "logo": N_("Logo"),
    "kind": N_("Kind"),
    "country": N_("Country"),
    "city": N_("City"),
    "members": N_("Members represented"),
    "comment": N_("Public words"),
}
NOTHING_TICKED = N_("Please tick the organisations that you mean.")
QUESTION_NEEDED = N_("Please write what you want to know: it goes to them by mail.")
REASON_NEEDED = N_(
    "Nothing but your word proves one of them: its mail address does not belong to the domain of its website. "
    "Please note how you know that it is the organisation."
)
NO_ADDRESS = N_("One of them has no mail address, so your question would reach nobody.")
NOTHING_TO_LOOK_AT = N_("None of these waits for you to look at it.")
NOTE_NEEDED = N_("Please write the note.")
TOO_LONG = N_("Please keep it to %(most)s characters.", most=500)
UNREADABLE = N_("It holds characters that cannot be shown. Please type it again.")
ERASED = N_("The data of the signers are being erased, so nothing of it can change any more.")

#: The decisions that make sense on the page of one organisation, by its state, in the order of the buttons.
BUTTONS: Mapping[str, tuple[Decision, ...]] = {
    UNCONFIRMED: (Decision.DECLINE,),
    WAITING: (Decision.APPROVE, Decision.ASK, Decision.DECLINE),
    ASKED: (Decision.APPROVE, Decision.ASK, Decision.DECLINE),
    APPROVED: (Decision.APPROVE, Decision.KEEP, Decision.ASK, Decision.DECLINE),
    DECLINED: (Decision.APPROVE, Decision.REOPEN),
    MERGED: (Decision.REOPEN,),
}
_LABELS: Mapping[Decision, Message] = {
    Decision.APPROVE: N_("Approve"),
    Decision.ASK: N_("Ask back"),
    Decision.DECLINE: N_("Decline"),
    Decision.KEEP: N_("Keep what is shown"),
    Decision.REOPEN: N_("Let it wait again"),
}
_LABELS_SHOWN: Mapping[Decision, Message] = {
    Decision.APPROVE: N_("Show the changes"),
    Decision.DECLINE: N_("Take it down"),
}


def label(decision: Decision, state: str) -> Message:
    """What a button says about an organisation in this state."""
    return _LABELS_SHOWN.get(decision, _LABELS[decision]) if state == APPROVED else _LABELS[decision]
