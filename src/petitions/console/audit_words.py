"""What the log calls the actions of leads."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from petitions.accounts.roles import Role
from petitions.audit.models import AuditEntry
from petitions.console.details import PARTS
from petitions.console.export_details import EXPORT_DETAILS
from petitions.console.held_words import REASONS as HELD_REASONS
from petitions.console.job_words import KIND_WORDS
from petitions.console.organisation_words import FIELD_WORDS
from petitions.console.paper_words import STATE_WORDS as PAPER_STATES
from petitions.i18n import N_, Message, Translator, language_name
from petitions.moderation.removing import REASONS
from petitions.organisations.confirming import ORGANISATION
from petitions.paper.headings import COLUMNS as PAPER_COLUMNS

ACTIONS: Mapping[str, Message] = {
    "campaign.created": N_("started the campaign"),
    "campaign.saved": N_("saved texts or settings"),
    "campaign.published": N_("published"),
    "campaign.imported": N_("brought the campaign in from files"),
    "campaign.closed": N_("closed the campaign"),
    "campaign.reopened": N_("opened the campaign again"),
    "campaign.archived": N_("archived the campaign"),
    "campaign.unarchived": N_("took the campaign out of the archive"),
    "campaign.outcome": N_("said what came of the campaign"),
    "defence.set": N_("turned a switch against a flood"),
    "signature.name_hidden": N_("hid names"),
    "signature.name_shown": N_("showed names again"),
    "signature.comment_approved": N_("approved comments"),
    "signature.comment_hidden": N_("hid comments"),
    "signature.removed": N_("removed signatures"),
    "signature.restored": N_("brought signatures back"),
    "held.released": N_("let held forms go on"),
    "held.dropped": N_("dropped held forms"),
    "organisation.confirmed": N_("confirmed the mail of an organisation"),
    "organisation.approved": N_("approved an organisation"),
    "organisation.asked": N_("asked an organisation back"),
    "organisation.declined": N_("declined an organisation"),
    "organisation.kept": N_("kept what is shown of an organisation"),
    "organisation.reopened": N_("let an organisation wait again"),
    "organisation.merged": N_("made one of two organisations"),
    "organisation.told_apart": N_("said that two organisations are two"),
    "organisation.reminded": N_("reminded an organisation"),
    "organisation.looked": N_("looked at an organisation that is shown"),
    "organisation.noted": N_("noted something about an organisation"),
    "organisation.pinned": N_("changed the order of organisations"),
    "organisation.imported": N_("brought in organisations"),
    "organisation.changed": N_("changed what an organisation says"),
    "organisation.answered": N_("answered for an organisation"),
    "organisation.contact_proposed": N_("named another contact of an organisation"),
    "organisation.contact_refused": N_("said that they are not the contact of an organisation"),
    "organisation.contact_replaced": N_("became the contact of an organisation"),
    "organisation.contact_corrected": N_("corrected the contact of an organisation"),
    "organisation.refused": N_("said that a request was not theirs"),
    "organisation.renewed": N_("signed the new wording for an organisation"),
    "organisation.withdrawn": N_("withdrew an organisation"),
    "paper.looked": N_("had rows on paper compared"),
    "paper.imported": N_("brought in signatures on paper"),
    "paper.undone": N_("took a file of signatures on paper out again"),
    "paper.same": N_("said that signatures on paper repeat others"),
    "paper.other": N_("said that signatures on paper are of somebody else"),
    "paper.reopened": N_("let signatures on paper wait again"),
    "paper.changed": N_("changed a signature on paper"),
    "paper.removed": N_("took a signature on paper out"),
    "paper.sheets": N_("printed sheets for signatures"),
    "rules.saved": N_("saved rules"),
    "bulk.started": N_("began something for many at once"),
    "bulk.cancelled": N_("stopped something for many at once"),
    "bulk.undone": N_("began to undo something for many at once"),
    "bulk.ended": N_("something for many at once came to its end"),
    "member.invited": N_("invited somebody"),
    "member.role": N_("changed a role"),
    "member.removed": N_("took a role away"),
    "alerts.mails_on": N_("asked for mails about alerts"),
    "alerts.mails_off": N_("wanted no more mails about alerts"),
    "list.download_began": N_("began to download the list"),
    "list.downloaded": N_("downloaded the list"),
    "export.asked": N_("asked for a list"),
    "export.previewed": N_("looked at the first rows of a list"),
    "export.made": N_("a list was made"),
    "export.failed": N_("a list was not made"),
    "export.cancelled": N_("stopped a list"),
    "export.downloaded": N_("downloaded a list"),
    "export.removed": N_("deleted the file of a list"),
    "export.expired": N_("the file of a list was deleted after its time"),
    "delivery.recorded": N_("recorded a delivery"),
    "delivery.changed": N_("changed a delivery"),
    "delivery.taken_back": N_("took a delivery back"),
    "delivery.evidence_added": N_("added a file to a delivery"),
    "delivery.evidence_described": N_("said what a picture of a delivery shows"),
    "delivery.evidence_shown": N_("showed a picture of a delivery to everybody"),
    "delivery.evidence_hidden": N_("showed a picture of a delivery no more"),
    "delivery.evidence_downloaded": N_("downloaded a file of a delivery"),
    "delivery.evidence_removed": N_("deleted a file of a delivery"),
    "organisations.downloaded": N_("downloaded the list of organisations"),
    "audit.downloaded": N_("downloaded this log"),
    "audit.verified": N_("verified the chain"),
    "account.created": N_("made an account"),
    "account.name_changed": N_("changed their name"),
    "account.recovery_codes": N_("made new recovery codes"),
    "account.login": N_("logged in"),
    "account.logout": N_("logged out"),
    "account.password_changed": N_("changed their password"),
    "account.totp_on": N_("switched the second factor on"),
    "account.totp_off": N_("switched the second factor off"),
    "account.session_closed": N_("logged another browser out"),
    "account.invited": N_("invited somebody to this site"),
    "account.disabled": N_("closed an account"),
    "account.enabled": N_("opened an account again"),
    "account.may_start": N_("let somebody start campaigns"),
    "account.may_not_start": N_("let somebody start no more campaigns"),
    "account.reset_sent": N_("asked for a link to set another password"),
}
#: Details that say nothing to a reader, or nothing that does not stand beside them; they are in the file.
_UNSHOWN = frozenset({"user", "download", "number", "slug", "first", "last"})
_PAGES: Mapping[str, Message] = {
    "texts": N_("Texts"),
    "details": N_("Details"),
    "languages": N_("Languages"),
}
_ROLES: Mapping[str, Message] = {
    Role.OWNER: N_("Owner"),
    Role.EDITOR: N_("Editor"),
    Role.MODERATOR: N_("Moderator"),
    Role.DELIVERY: N_("Delivery"),
    Role.VIEWER: N_("Viewer"),
}
_DEFENCES: Mapping[str | None, Message] = {
    "work": N_("Browsers work before a form is taken"),
    "paused": N_("Signing is paused"),
    None: N_("Off"),
}
_VOUCHED = (N_("to be asked by mail"), N_("vouched for"))
_OUTCOMES: Mapping[str | None, Message] = {
    "won": N_("Won"),
    "lost": N_("Not won"),
    None: N_("Nothing to say yet"),
}


def _labelled(label: Message, value: Any) -> Message:
    return N_("%(group)s: %(label)s", group=label, label=value if isinstance(value, Message) else str(value))


def _languages(codes: list[str]) -> str:
    return ", ".join(language_name(code) for code in codes)


def _moment(text: str, words: Translator) -> str:
    return words.moment(datetime.fromisoformat(text))


#: By key, in the order in which they are said: a value in words; empty where it says nothing.
_SAID: Mapping[str, Callable[[Any, Translator], str]] = {
    "person": lambda value, _: value,
    "name": lambda value, _: value,
    "part": lambda value, words: words.translate(_PAGES[value]),
    "section": lambda value, words: words.translate(PARTS[value].title),
    "language": lambda value, _: language_name(value),
    "added": lambda value, words: f"{words.gettext('added:')} {language_name(value)}",
    "removed": lambda value, words: f"{words.gettext('removed:')} {language_name(value)}",
    "default": lambda value, words: words.translate(_labelled(N_("Main language"), language_name(value))),
    "revision": lambda value, words: words.translate(N_("Revision %(number)s", number=words.number(value))),
    "new_versions": lambda value, words: (
        words.translate(_labelled(N_("Signed words changed"), _languages(value))) if value else ""
    ),
    "closes_at": lambda value, words: words.translate(_labelled(N_("Closes"), _moment(value, words))),
    "outcome": lambda value, words: words.translate(_OUTCOMES[value]),
    "defence": lambda value, words: words.translate(_DEFENCES[value]),
    "was": lambda value, words: words.translate(_labelled(N_("before"), _DEFENCES[value])),
    "kind": lambda value, words: words.translate(KIND_WORDS[value]),
    # A job of the moderation has a number, one that makes a list an id, which stands in the file alone.
    "job": lambda value, words: (
        words.translate(N_("Job %(number)s", number=words.number(value))) if isinstance(value, int) else ""
    ),
    "delivery": lambda value, words: words.translate(N_("Delivery %(number)s", number=words.number(value))),
    "delivered_on": lambda value, words: words.date(date.fromisoformat(value)),
    "people": lambda value, words: words.translate(_labelled(N_("Signatures"), words.number(value))),
    **EXPORT_DETAILS,
    "undoes": lambda value, words: words.translate(_labelled(N_("Undoes job"), words.number(value))),
    "reason": lambda value, words: words.translate(_labelled(N_("Reason"), REASONS[value])),
    "signatures": lambda value, words: words.translate(_labelled(N_("Signatures"), words.number(len(value)))),
    "paper": lambda value, words: words.translate(
        _labelled(N_("Rows on paper"), ", ".join(words.number(number) for number in value))
    ),
    "states": lambda value, words: ", ".join(
        f"{words.translate(PAPER_STATES[state])}: {words.number(value[state])}"
        for state in PAPER_STATES
        if state in value
    ),
    "wrong": lambda value, words: (
        words.translate(_labelled(N_("Rows with mistakes that were left out"), words.number(value)))
        if value
        else ""
    ),
    "columns": lambda value, words: ", ".join(words.translate(PAPER_COLUMNS[name]) for name in value),
    "why": lambda value, words: words.translate(_labelled(N_("Reason"), value)),
    "sheets": lambda value, words: words.translate(
        _labelled(N_("Sheets"), f"{words.number(value[0])}–{words.number(value[1])}")
    ),
    "organisation": lambda value, words: words.translate(_labelled(N_("Organisation"), words.number(value))),
    "into": lambda value, words: words.translate(_labelled(N_("kept"), words.number(value))),
    "other": lambda value, words: words.translate(_labelled(N_("the other one"), words.number(value))),
    "organisations": lambda value, words: words.translate(
        _labelled(N_("Organisations"), ", ".join(words.number(number) for number in value))
    ),
    "fields": lambda value, words: ", ".join(words.translate(FIELD_WORDS[name]) for name in value),
    "vouched": lambda value, words: words.translate(_VOUCHED[bool(value)]),
    "role": lambda value, words: words.translate(_labelled(N_("Role"), _ROLES[value])),
    "before": lambda value, words: words.translate(_labelled(N_("Role before"), _ROLES[value])),
    "again": lambda value, words: words.gettext("once more") if value else "",
    "is_admin": lambda value, words: words.gettext("Administrator") if value else "",
    "held_for": lambda value, words: words.translate(HELD_REASONS[value]),
    "rules": lambda value, words: words.translate(_labelled(N_("Rules"), words.number(value))),
    "shown": lambda value, words: words.translate(_labelled(N_("Rows that were shown"), words.number(value))),
    "rows": lambda value, words: words.translate(_labelled(N_("Rows"), words.number(value))),
    "addresses": lambda value, words: words.translate(_labelled(N_("Mail addresses"), words.number(value))),
    "complete": lambda value, words: "" if value else words.gettext("not to its end"),
    "sha256": lambda value, _: f"SHA-256: {value}",
    "count": lambda value, words: words.translate(_labelled(N_("Entries"), words.number(value))),
    "broken_at": lambda value, words: words.translate(
        N_("The chain is broken at place %(place)s.", place=words.number(value))
    ),
    "browser": lambda value, words: words.gettext("all others") if value == "others" else value,
    "by": lambda value, words: words.gettext("by the link from a mail") if value == "link" else value,
}


def actor_of(entry: AuditEntry, words: Translator) -> str:
    """Who did it: the name that they had then, or what an organisation is called that acts by its private link."""
    if entry.user_id is None and entry.actor == ORGANISATION.name:
        return words.gettext("The organisation itself")
    return entry.actor


def words_of(details: Any, words: Translator) -> Sequence[str]:
    """The details of an entry one by one, in words where there are some."""
    if not isinstance(details, dict):  # somebody wrote into the store
        return [_plain(details)]
    known = [key for key in _SAID if key in details]
    others = [key for key in details if key not in _SAID and key not in _UNSHOWN]
    return [said for key in (*known, *others) if (said := _say(key, details[key], words))]


def _say(key: str, value: Any, words: Translator) -> str:
    if value == "" or (value is None and key not in ("outcome", "defence")):
        return ""
    if key in _SAID:
        # A value that no program of ours writes is shown as it is.
        with suppress(AttributeError, KeyError, TypeError, ValueError, ArithmeticError):
            return str(_SAID[key](value, words))
    return f"{key}: {_plain(value)}"


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(_plain(part) for part in value)
    if isinstance(value, dict):
        return " ".join(f"{key}={_plain(part)}" for key, part in value.items())
    return str(value)
