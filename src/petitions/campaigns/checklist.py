"""What has to be done before a campaign can be published, and what is worth a second look."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from petitions.campaigns.content import Content, to_files, wording_of
from petitions.campaigns.files import CampaignFiles, check_dates, check_retention
from petitions.campaigns.lifecycle import purge_due_at
from petitions.campaigns.reading import read_terms
from petitions.campaigns.schedule import NOTICE, Schedule, check_closing, check_notice
from petitions.campaigns.terms import Retention
from petitions.campaigns.values import TermsError
from petitions.campaigns.wordings import find_flaws
from petitions.i18n import N_, Message, is_language_tag


@dataclass(frozen=True)
class Missing:
    """One thing to do. `area` is "texts" or a section of the details: where it is done."""

    area: str
    language: str | None  # None: in no language of its own
    message: Message
    blocking: bool = True
    place: str = ""  # which of several, as a campaign file names it: "questions[2].label"

    @property
    def path(self) -> str:
        """The page below the campaign's where it is done."""
        return f"/texts/{self.language}" if self.area == "texts" else f"/details/{self.area}"


#: For each setting: where it is written, and what to say if it is wrong, or has no words in a language.
_SETTINGS: Mapping[str, tuple[str, Message, Message | None]] = {
    "responsible": ("basics", N_("Say who is responsible in law: a name and a mail address."), None),
    "addressees": ("basics", N_("Say to whom it is addressed."), N_("An addressee has no name in this language.")),
    "signers": ("basics", N_("Say who signs."), None),
    "initiator": ("basics", N_("The initiator is not complete."), None),
    "reply_to": ("basics", N_("The address for replies is not a mail address."), None),
    "links": ("basics", N_("A link is not complete."), N_("A link has no words in this language.")),
    "goal": ("dates", N_("The goal is not a number above 0."), None),
    "goal_steps": ("dates", N_("The goal steps do not grow."), None),
    "retention": ("dates", N_("It is not clear for how long the names are kept."), None),
    "visibility": ("form", N_("Say who may see the names."), None),
    "public_list": ("form", N_("Say how much of the list is public."), None),
    "affiliation": (
        "form",
        N_("The question for the affiliation is not complete."),
        N_("The question for the affiliation has no words in this language."),
    ),
    "questions": ("form", N_("A question is not complete."), N_("A question has no words in this language.")),
    "updates": (
        "form",
        N_("The words beside the box for mails are missing."),
        N_("The words beside the box for mails are missing in this language."),
    ),
    "mail": (
        "mails",
        N_("The neutral subject and sender are not complete."),
        N_("The neutral subject or sender is missing in this language."),
    ),
    "reminder": ("mails", N_("Say whether people are reminded once."), None),
    "comments": ("form", N_("Say whether comments are read before they are shown."), None),
    "organisations": ("form", N_("Say whether proven organisations are approved without a look."), None),
    "after_signing": (
        "thanks",
        N_("The words of thanks or for passing it on are not right."),
        N_("The words of thanks or for passing it on are missing in this language."),
    ),
}
#: What keeps other days from following those of a published campaign.
CLOSES_TOO_EARLY = N_("This day has passed. To close the campaign now there is the page “State”.")
GOES_TOO_SOON = N_(
    "The names of those who signed would be erased within %(days)s days. Please choose a later day.",
    days=NOTICE.days,
)
_OTHER = ("basics", N_("Something in the settings is not right."), None)
_LISTS = ("addressees", "questions", "links")
#: Settings that are right, to hold each of the others against.
_RIGHT: Mapping[str, Any] = {
    "responsible": {"name": "-", "email": "a@example.org"},
    "addressees": [{"name": "-"}],
}


def missing(content: Content, slug: str, now: datetime) -> list[Missing]:
    """What to do: first what keeps it from being published, then what does not."""
    return examine(content, slug, now)[1]


def examine(
    content: Content, slug: str, now: datetime, in_force: Schedule | None = None
) -> tuple[CampaignFiles | None, list[Missing]]:
    """What would be published, or None, and what to do. `in_force`: the days of a published campaign, which not
    every other day may follow."""
    hints = [*_moves(content, now, in_force), *_hints(content, now)]
    try:
        return to_files(slug, content, now), hints
    except TermsError as error:
        found = [*_texts(content), *_dates(content), *_settings(content), *_retention(content, now)]
        if not found:  # nobody gets here with our own forms
            found.append(Missing("basics", None, _OTHER[1], place=str(error)))
        return None, [*dict.fromkeys(found), *hints]


def _texts(content: Content) -> Iterator[Missing]:
    if content.default_language not in content.texts:
        yield Missing("texts", content.default_language, N_("The texts are missing."))
    for language in content.languages:
        if language not in content.texts:
            continue
        if not is_language_tag(language):
            yield Missing("texts", language, N_("This is not a language that we know."))
        for flaw in find_flaws(wording_of(content.texts[language])):
            yield Missing("texts", language, flaw.message, place=flaw.part)


def _dates(content: Content) -> Iterator[Missing]:
    try:
        check_dates(content.opens_at, content.closes_at)
    except TermsError:
        yield Missing("dates", None, N_("It closes before it opens."))


def _settings(content: Content) -> Iterator[Missing]:
    """Each setting is read alone, so that the first mistake does not hide the others."""
    terms = {
        key: value for key, value in content.terms.items() if key != "goal" or "goal_steps" not in content.terms
    }
    if len(terms) < len(content.terms):
        yield Missing("dates", None, N_("Give either one goal or several steps."))
    for key in ("responsible", "addressees"):
        if key not in terms:
            yield Missing("basics", None, _SETTINGS[key][1], place=key)
    for key, value in terms.items():
        area, wrong, wordless = _SETTINGS.get(key, _OTHER)
        error = _error_in({key: value}, ())
        if error is not None:
            yield Missing(area, None, wrong, place=error.key)
            continue
        for place, part in _parts(key, value):
            for language in content.languages:
                error = _error_in(part, [language])
                if error is not None:
                    in_place = error.key.replace(f"{key}[1]", place)
                    yield Missing(area, language if wordless else None, wordless or wrong, place=in_place)


def _parts(key: str, value: Any) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The rows of a list, or else the setting as it is."""
    if key in _LISTS:
        return [(f"{key}[{number}]", {key: [row]}) for number, row in enumerate(value, 1)]
    return [(key, {key: value})]


def _error_in(terms: Mapping[str, Any], languages: Sequence[str]) -> TermsError | None:
    try:
        read_terms({**_RIGHT, **terms}, languages)
    except TermsError as error:
        return error
    return None


def _retention(content: Content, now: datetime) -> Iterator[Missing]:
    retention = _retention_of(content)
    try:
        check_retention(retention, content.closes_at, now)
    except TermsError:
        until_is_wrong = N_("The names would be erased at once, or before the campaign closes.")
        yield Missing("dates", None, until_is_wrong, place="retention")


def plan_of(content: Content) -> Schedule:
    """The days that it would have, as far as they are right."""
    return Schedule(content.opens_at, content.closes_at, _retention_of(content))


def _moves(content: Content, now: datetime, in_force: Schedule | None) -> Iterator[Missing]:
    """What is right for a new campaign, and not for one that people have signed."""
    try:
        check_closing(in_force, plan_of(content), now)
    except TermsError:
        yield Missing("dates", None, CLOSES_TOO_EARLY, place="closes")
    try:
        check_notice(in_force, plan_of(content), now)
    except TermsError:
        yield Missing("dates", None, GOES_TOO_SOON, place="retention")


def _retention_of(content: Content) -> Retention | None:
    try:
        return read_terms({**_RIGHT, "retention": content.terms.get("retention", {})}, ()).retention
    except TermsError:
        return None


def _hints(content: Content, now: datetime) -> Iterator[Missing]:
    """What can be published and is perhaps not meant."""
    default = content.texts.get(content.default_language)
    for language in sorted(content.lagging()):
        message = N_("The text was changed since this translation was looked at.")
        yield Missing("texts", language, message, blocking=False)
    for language in content.languages[1:]:
        texts = content.texts[language]
        if default is not None and len(default.demands) != len(texts.demands):
            message = N_("It has not as many demands as the text in the main language.")
            yield Missing("texts", language, message, blocking=False)
        if default is not None and default.background.strip() and not texts.background.strip():
            yield Missing("texts", language, N_("It has no background page."), blocking=False)
    if content.closes_at is None:
        yield Missing("dates", None, N_("It has no closing day."), blocking=False)
        if purge_due_at(_retention_of(content), None) is None:
            message = N_("Names are kept without an end until it gets a closing day or a day on which they go.")
            yield Missing("dates", None, message, blocking=False)
    elif content.closes_at <= now:
        yield Missing("dates", None, N_("Its closing day has passed: nobody can sign."), blocking=False)
