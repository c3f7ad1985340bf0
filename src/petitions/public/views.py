"""What a page is given about a campaign: everything resolved for one reader's language."""

from dataclasses import dataclass
from datetime import date, datetime

from petitions.campaigns.defence import Defence
from petitions.campaigns.terms import Initiator, Responsible


@dataclass(frozen=True)
class StatementView:
    """A wording in its own language, which may not be the interface's."""

    id: int
    language: str
    direction: str
    version: int
    title: str
    summary: str
    body: str  # Markdown
    demands: tuple[str, ...]  # Markdown, one line each


@dataclass(frozen=True)
class LinkView:
    label: str
    url: str


@dataclass(frozen=True)
class QuestionView:
    key: str  # the field is named q_<key>
    label: str
    required: bool
    public: bool


@dataclass(frozen=True)
class ShareLink:
    key: str  # "mail", "whatsapp", "telegram", "mastodon", "x", "facebook"
    label: str
    url: str


@dataclass(frozen=True)
class RetentionView:
    """How long personal data are kept."""

    purge_on: date | None  # the day on which they are erased at the latest; None while nobody can say
    months: int | None  # after the closing; None where a day is set
    fixed: bool  # a day is set


@dataclass(frozen=True)
class NoteView:
    """Why words changed that people had signed."""

    changed_at: datetime
    text: str
    language: str
    direction: str


@dataclass(frozen=True)
class CampaignView:
    slug: str
    url: str  # the statement page, absolute, without a language
    status: str  # "upcoming", "open" or "closed"
    opens_at: datetime | None
    closes_at: datetime | None
    count: int
    goal: int | None  # the next step; the last one once all are reached
    goal_is_step: bool  # more steps follow
    statement: StatementView
    languages: tuple[str, ...]  # of the statement
    addressees: tuple[str, ...]
    initiator: Initiator | None
    responsible: Responsible
    links: tuple[LinkView, ...]
    open_to_individuals: bool
    open_to_organisations: bool
    affiliation_label: str | None
    affiliation_required: bool
    questions: tuple[QuestionView, ...]
    visibility_choices: tuple[str, ...]
    public_list: str  # "full", "latest" or "none"
    has_background: bool
    retention: RetentionView
    updates_label: str | None  # the campaign's own words of the consent to updates
    thanks: str | None  # Markdown in the statement's language, for whoever has confirmed
    reminder: bool  # who has not confirmed after a day is reminded once
    share_text: str  # what the links to pass the page on say before its address
    updates_words: str  # a digest of the words beside its box, whoever's they are
    purged: bool  # the signers' data are erased; the count and the totals by country are left
    find_url: str
    outcome: str | None  # "won" or "lost", once it is closed
    notes: tuple[NoteView, ...]  # the newest first
    count_url: str | None  # how the count comes about
    defence: Defence | None  # what is switched on against a flood, where there is a form
    versions_url: str | None  # the wordings of before, where there are any
    organisations: int  # that co-signed
    members: int  # whom these represent, as far as they say
    organisations_url: str | None  # all of them; None where none can sign, and none has
    paper: int  # signatures on paper, which have a line of their own
    ask_url: str | None  # the form by which an organisation asks to co-sign, while there is one
