"""The terms of a campaign: everything that a campaign file says besides its texts and dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

LocalText = Mapping[str, str]

SIGNERS = ("individuals", "organisations")
PUBLIC_LISTS = ("full", "latest", "none")
#: From the most visible to the least.
VISIBILITIES = ("public", "initials", "addressee", "anonymous")


@dataclass(frozen=True)
class Responsible:
    """Who answers in law for the campaign and its data."""

    name: str
    email: str
    address: str | None = None


@dataclass(frozen=True)
class Initiator:
    """The organisation that started the campaign."""

    name: str
    url: str | None = None


@dataclass(frozen=True)
class Affiliation:
    label: LocalText
    required: bool = False


@dataclass(frozen=True)
class Question:
    """A question of the campaign's own; `public` answers may be shown and delivered."""

    key: str
    label: LocalText
    required: bool = False
    public: bool = False


@dataclass(frozen=True)
class Link:
    label: LocalText
    url: str


@dataclass(frozen=True)
class NeutralMail:
    """What a signer's mailbox shows, where somebody else may look into it."""

    subject: LocalText
    sender_name: LocalText


@dataclass(frozen=True)
class Retention:
    """How long personal data are kept: until a day, or so many months after the closing."""

    months_after_closing: int = 6
    until: date | None = None  # goes before the months


@dataclass(frozen=True)
class Terms:
    """The terms of a campaign."""

    signers: tuple[str, ...]
    goal_steps: tuple[int, ...]
    public_list: str
    responsible: Responsible
    addressees: tuple[LocalText, ...]
    visibility_choices: tuple[str, ...]
    visibility_default: str
    reply_to: str | None = None
    initiator: Initiator | None = None
    affiliation: Affiliation | None = None
    questions: tuple[Question, ...] = ()
    links: tuple[Link, ...] = ()
    mail: NeutralMail | None = None
    retention: Retention | None = None  # None: imported before campaigns had to say it
    updates_label: LocalText | None = None  # the words of the consent to mails about the campaign
    thanks: LocalText | None = None  # Markdown, for whoever has confirmed
    share: LocalText | None = None  # what the links to pass the page on say; else the title
    reminder: bool = True  # one more mail to whoever has not confirmed after a day
    review_comments: bool = False  # they are shown and delivered only after a moderator has read them
    approve_proven: bool = False  # organisations whose mail and website agree are shown without a look

    @property
    def open_to_individuals(self) -> bool:
        return "individuals" in self.signers

    @property
    def open_to_organisations(self) -> bool:
        return "organisations" in self.signers

    def next_goal(self, count: int) -> int | None:
        """The first step above `count`; the last step once all are reached; None without a goal."""
        return next((step for step in self.goal_steps if step > count), None) or (
            self.goal_steps[-1] if self.goal_steps else None
        )


def text_in(text: LocalText, language: str, default_language: str) -> str:
    """The text in this language, else in the campaign's own, else in any."""
    return text.get(language) or text.get(default_language) or next(iter(text.values()))


def write_terms(terms: Terms) -> dict[str, Any]:
    """What `read_terms` reads, as plain JSON."""
    data: dict[str, Any] = {
        "signers": list(terms.signers),
        "goal_steps": list(terms.goal_steps),
        "public_list": terms.public_list,
        "responsible": _without_none(vars(terms.responsible)),
        "addressees": [{"name": dict(name)} for name in terms.addressees],
        "visibility": {"choices": list(terms.visibility_choices), "default": terms.visibility_default},
        "questions": [vars(question) | {"label": dict(question.label)} for question in terms.questions],
        "links": [{"label": dict(link.label), "url": link.url} for link in terms.links],
    }
    if terms.reply_to:
        data["reply_to"] = terms.reply_to
    if terms.initiator:
        data["initiator"] = _without_none(vars(terms.initiator))
    if terms.affiliation:
        data["affiliation"] = {
            "label": dict(terms.affiliation.label),
            "required": terms.affiliation.required,
        }
    if terms.mail:
        data["mail"] = {"subject": dict(terms.mail.subject), "sender_name": dict(terms.mail.sender_name)}
    if terms.updates_label:
        data["updates"] = {"label": dict(terms.updates_label)}
    after_signing = {"thanks": terms.thanks, "share": terms.share}
    if any(after_signing.values()):
        data["after_signing"] = {key: dict(text) for key, text in after_signing.items() if text}
    if not terms.reminder:
        data["reminder"] = {"enabled": False}
    if terms.review_comments:
        data["comments"] = {"review": True}
    if terms.approve_proven:
        data["organisations"] = {"approve_proven": True}
    if terms.retention:
        until, months = terms.retention.until, terms.retention.months_after_closing
        data["retention"] = {"until": until.isoformat()} if until else {"months_after_closing": months}
    return data


def _without_none(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
