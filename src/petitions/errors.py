"""The tree of errors. Features raise them and know no HTTP; web/errors.py maps each to a page once.

PetitionsError
├── SettingsError            the environment is wrong; names every wrong variable
├── StoreError
│   ├── SchemaOutdated       the store is older than the program
│   ├── EmailKeyMismatch     the store was filled under another e-mail key
│   └── StoreUnavailable     the store is away, locked or full
│       └── IntakeStopped    the process is ending
├── IntakeRejected           the store refuses this one item
├── CampaignFileError        a campaign file is broken; says file, place and what was expected
├── EditConflict             somebody else saved the same campaign meanwhile
├── NoteRequired             signed words would change, and nobody says why
├── NotPossible              the state of a campaign does not allow this
│   ├── DeliveredTwice       this list was recorded as delivered to them already
│   └── DeliveredTooEarly    this list was made after the day on which it is said to be delivered
├── TooOften                 one organisation did this as often as it may in a day
├── MoveNotAllowed           days would change, and whoever publishes may not change them
├── LastAdministrator        a site keeps somebody who looks after it
├── LastOwner                a campaign keeps somebody who decides about it
├── CampaignPurged           the signers' data are erased: the campaign is closed for good
├── SealBroken               an encrypted file is damaged, cut off, or of another key
├── ExportCancelled          nobody wants the list any more that is being made
├── ScriptsWithoutFont       a PDF needs fonts that are not there; names the scripts
├── NotFound
│   ├── CampaignNotFound
│   └── PageNotFound
├── IntakeFull               more drafts wait than the process can hold
├── LinkInvalid              a token is damaged, forged or for another purpose
│   └── LinkExpired          a token was right once
├── ForeignOrigin            a form was sent from another site
├── NotAllowed               an account may not do this, or the form is from another session
└── InvalidRequest           a path, a query or a body that no form of ours sends
"""

from collections.abc import Sequence
from datetime import datetime


class PetitionsError(Exception):
    """Anything this program refuses on purpose."""


class SettingsError(PetitionsError):
    """The environment is wrong; one line for every wrong variable."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreError(PetitionsError):
    """The store cannot serve."""


class SchemaOutdated(StoreError):
    """The store's schema is not the one that this program needs."""


class EmailKeyMismatch(StoreError):
    """The store was filled under another e-mail key; counting on would count people twice."""


class StoreUnavailable(StoreError):
    """The store is away, locked or full; nothing was stored."""


class IntakeStopped(StoreUnavailable):
    """The process is ending; nothing of this was stored."""


class IntakeRejected(PetitionsError):
    """The store refuses this one item, whatever stands beside it; `constraint`: because a row that it points at
    is gone, or one like it is there."""

    def __init__(self, cause: str, *, constraint: bool) -> None:
        super().__init__(cause)
        self.constraint = constraint


class CampaignFileError(PetitionsError):
    """A campaign file is broken."""

    def __init__(self, file: str, place: str, expected: str) -> None:
        """`file` is its path, `place` a line ("line 4") or a key ("goal_steps"), `expected` a clause."""
        super().__init__(f"{file}: {place}: {expected}")
        self.file, self.place, self.expected = file, place, expected


class EditConflict(PetitionsError):
    """Somebody else saved the same campaign meanwhile; nothing was changed."""

    def __init__(self, saved_by: str, saved_at: datetime) -> None:
        super().__init__("somebody else saved meanwhile")
        self.saved_by, self.saved_at = saved_by, saved_at


class NoteRequired(PetitionsError):
    """Signed words would change, in these languages, and nobody says why; nothing was changed."""

    def __init__(self, languages: Sequence[str]) -> None:
        super().__init__("signed words need a public note when they change")
        self.languages = tuple(languages)


class NotPossible(PetitionsError):
    """The state of a campaign does not allow this; nothing was changed."""


class DeliveredTwice(NotPossible):
    """This list was recorded as delivered to the same recipient already; nothing was changed."""


class DeliveredTooEarly(NotPossible):
    """This list holds signatures from after the day of the delivery; nothing was changed."""

    def __init__(self, cut_off: datetime) -> None:
        super().__init__("the list was made later")
        self.cut_off = cut_off


class TooOften(PetitionsError):
    """One organisation did this as often as it may in a day; nothing was changed."""


class MoveNotAllowed(PetitionsError):
    """When a campaign opens or closes, or how long names are kept, would change, and whoever publishes may not
    change it; nothing was changed."""


class LastAdministrator(PetitionsError):
    """Whose account is to be closed is the last administrator who can log in."""


class LastOwner(PetitionsError):
    """Whoever is to lose a role is the last owner who can log in."""


class CampaignPurged(PetitionsError):
    """The signers' data are erased, and with them the keys by which nobody is counted twice."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"{slug}: the data of its signers are erased, so it cannot be changed or opened again: people would "
            "be counted twice. Take another slug for a new campaign."
        )


class SealBroken(PetitionsError):
    """An encrypted file is damaged or cut off, or the key is another one's."""


class ExportCancelled(PetitionsError):
    """Nobody wants the list any more that is being made."""


class ScriptsWithoutFont(PetitionsError):
    """A PDF needs fonts that are not there; nothing was made."""

    def __init__(self, scripts: Sequence[str]) -> None:
        """`scripts` are their names as Unicode has them, in English: "Devanagari"."""
        super().__init__("no font has these scripts: " + ", ".join(scripts))
        self.scripts = tuple(scripts)


class NotFound(PetitionsError):
    """There is no such thing."""


class CampaignNotFound(NotFound):
    """No published campaign has this slug."""


class PageNotFound(NotFound):
    """The campaign has no such page."""


class IntakeFull(PetitionsError):
    """More drafts wait than the process can hold; come back in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("intake is full")
        self.retry_after = retry_after


class LinkInvalid(PetitionsError):
    """A token is damaged, forged or for another purpose."""


class LinkExpired(LinkInvalid):
    """A token was right once, and is too old; `campaign_id` says for which campaign it was."""

    def __init__(self, campaign_id: int) -> None:
        super().__init__("token is too old")
        self.campaign_id = campaign_id


class ForeignOrigin(PetitionsError):
    """A form was sent from another site."""


class NotAllowed(PetitionsError):
    """An account may not do this, or the form is from another session."""


class InvalidRequest(PetitionsError):
    """A path, a query or a body that no form of ours sends."""
