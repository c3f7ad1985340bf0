"""How far an organisation is proven, as its own page says it: each step in words, and for whom it waits."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from petitions.i18n import N_, Message
from petitions.mailboxes import domain_of
from petitions.organisations.models import APPROVED, ASKED, DECLINED, MERGED, WAITING, Organisation

#: For whom a step waits, or how it came out.
STATES: dict[str, Message] = {
    "done": N_("Done"),
    "campaign": N_("Waits for the campaign"),
    "you": N_("Waits for you"),
    "no": N_("Not approved"),
}


@dataclass(frozen=True)
class Step:
    state: str  # one of STATES
    title: Message
    words: Message

    @property
    def state_words(self) -> Message:
        return STATES[self.state]


def steps_of(organisation: Organisation) -> list[Step]:
    """The steps in their order."""
    steps = [_mail(organisation), _domain(organisation), _decision(organisation)]
    if organisation.proposed is not None:
        words = N_("Until the campaign has approved it, everybody sees what was shown before.")
        steps.append(Step("campaign", N_("What you changed"), words))
    return steps


def _mail(organisation: Organisation) -> Step:
    title = N_("Your mail address")
    if organisation.confirmed_at is None:
        return Step("done", title, N_("The campaign brought your organisation in and answers for it."))
    return Step("done", title, N_("Confirmed by the button in our mail."))


def _domain(organisation: Organisation) -> Step:
    title = N_("Mail address and website")
    host = urlsplit(organisation.website).hostname if organisation.website else None
    mail = domain_of(organisation.email or "")
    if organisation.domain_proven:
        return Step("done", title, N_("Your mail address is of the same domain as %(host)s.", host=host))
    if host is None:
        words = N_("You gave no website that would speak for your mail address.")
    elif organisation.domain is None:
        words = N_("Many share %(host)s, so it cannot speak for your mail address.", host=host)
    else:
        words = N_("Your mail address at %(mail)s does not belong to %(host)s.", mail=mail, host=host)
    decided = organisation.state not in (WAITING, ASKED)
    tail = (
        N_("%(why)s The campaign decided with what else it knows of you.", why=words)
        if decided
        else N_("%(why)s The campaign decides with what else it knows of you.", why=words)
    )
    return Step("done" if decided else "campaign", title, tail)


def _decision(organisation: Organisation) -> Step:
    title = N_("The word of the campaign")
    state, words = {
        WAITING: ("campaign", N_("Somebody of the campaign looks at your request. You get a mail.")),
        ASKED: ("you", N_("The campaign has a question. Once you have answered it, it goes on.")),
        APPROVED: ("done", N_("Your organisation stands in the list that everybody sees, and counts.")),
        DECLINED: ("no", N_("Your organisation is not shown and does not count.")),
        MERGED: ("no", N_("Your organisation is in the list by another request; this one is not shown.")),
    }[organisation.state]
    return Step(state, title, words)
