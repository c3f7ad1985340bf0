"""Jobs in words: what is done, to which signatures or forms, and how far it is."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from petitions.console.held_words import REASONS, by_words
from petitions.console.search_form import STATE_WORDS
from petitions.i18n import N_, Message, Translator, language_name
from petitions.moderation.conditions import Conditions
from petitions.moderation.jobs import CANCELLED, DONE, DROP, RELEASE, REMOVE, RESTORE, RUNNING, WAITING
from petitions.moderation.models import Job
from petitions.signatures.holding import Group
from petitions.signatures.holds import HELD_RULE

KIND_WORDS: Mapping[str, Message] = {
    REMOVE: N_("Remove signatures"),
    RESTORE: N_("Bring signatures back"),
    RELEASE: N_("Let held forms go on"),
    DROP: N_("Drop held forms"),
}
STATE_OF_JOB: Mapping[str, Message] = {
    WAITING: N_("begins in a moment"),
    RUNNING: N_("under way"),
    DONE: N_("done"),
    CANCELLED: N_("stopped"),
}

#: By condition, in the order in which they are said: what it is called, and its value in words.
_SAID: Mapping[str, tuple[Message, Callable[[Any, Translator], str]]] = {
    "name": (N_("Name"), lambda value, _: value),
    "email_key": (N_("Mail address"), lambda _value, words: words.gettext("one, which is not kept here")),
    "domain": (N_("Domain of the address"), lambda value, _: value),
    "country": (N_("Country"), lambda value, words: words.country(value)),
    "language": (N_("Language of the mails"), lambda value, _: language_name(value)),
    "state": (N_("State"), lambda value, words: words.translate(STATE_WORDS[value])),
    "since": (N_("Confirmed from"), lambda value, words: words.moment(datetime.fromisoformat(value))),
    "until": (N_("Confirmed before"), lambda value, words: words.moment(datetime.fromisoformat(value))),
}


def say_conditions(conditions: Conditions, words: Translator) -> Sequence[tuple[str, str]]:
    """What is asked for, as (label, value)."""
    asked = conditions.to_json()
    if asked.get("state") == "counted":
        del asked["state"]  # nothing else can be removed
    return [
        (words.translate(label), say(asked[key], words)) for key, (label, say) in _SAID.items() if key in asked
    ]


def say_which(job: Job, words: Translator) -> Sequence[tuple[str, str]]:
    """What a job is about, as (label, value); nothing where it undoes another one."""
    if job.conditions is None:
        return ()
    if job.kind == REMOVE:
        return say_conditions(Conditions.from_json(job.conditions), words)
    group = Group(job.conditions["reason"], job.conditions["for"])
    said = [(words.gettext("Held"), words.translate(REASONS.get(group.reason, Message(group.reason))))]
    shared = "" if group.reason == HELD_RULE else by_words(group, {})  # whatever has become of the rule since
    return [*said, (words.gettext("Held for"), words.translate(shared))] if shared else said
