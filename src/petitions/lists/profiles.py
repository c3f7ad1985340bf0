"""What a list of each profile may hold: the one place that decides it. docs/delivery.md has the same in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from petitions.accounts.roles import Permission
from petitions.campaigns.terms import Question, Terms
from petitions.i18n import N_, Message
from petitions.lists.plans import Profile

#: An answer to a question of the campaign's own is a column of this name and its key.
ANSWER = "answer_"


@dataclass(frozen=True)
class Rules:
    """What a profile is."""

    name: Message
    meaning: Message
    permission: Permission
    columns: tuple[str, ...]  # as they stand, unless somebody wants others; answers come where ANSWER stands
    needs_reason: bool = False
    all_answers: bool = False  # also to questions that are not public


PROFILES: Mapping[Profile, Rules] = {
    Profile.DELIVERY: Rules(
        N_("For the addressee"),
        N_("Names as each signer allowed, with what they said beside them. No mail addresses."),
        Permission.DOWNLOAD,
        ("number", "name", "affiliation", "city", "country", "comment", ANSWER, "date", "language"),
    ),
    Profile.PUBLIC: Rules(
        N_("For everybody"),
        N_("Only what the site shows to everybody."),
        Permission.DOWNLOAD,
        ("place", "name", "affiliation", "city", "country", "comment"),
    ),
    Profile.CONTACTS: Rules(
        N_("Addresses for news"),
        N_("Mail addresses of those who agreed to news about this campaign, and of nobody else."),
        Permission.CONTACTS,
        ("name", "email", "language", "country", "agreed"),
        needs_reason=True,
    ),
    Profile.FULL: Rules(
        N_("Everything"),
        N_("Everything that is stored of every signature, those that were removed too."),
        Permission.CONTACTS,
        (
            *(
                "number",
                "name",
                "email",
                "visibility",
                "affiliation",
                "city",
                "country",
                "comment",
                "comment_state",
            ),
            *(ANSWER, "language", "wording", "signed", "confirmed", "updates", "agreed"),
            *("name_hidden", "removed", "removed_reason"),
        ),
        needs_reason=True,
        all_answers=True,
    ),
}


def questions_of(profile: Profile, terms: Terms) -> tuple[Question, ...]:
    """The questions whose answers a list of this profile may hold."""
    if ANSWER not in PROFILES[profile].columns:
        return ()
    return tuple(q for q in terms.questions if q.public or PROFILES[profile].all_answers)


def columns_of(profile: Profile, terms: Terms) -> tuple[str, ...]:
    """The keys of the columns that a list of this profile may have, in their usual order."""
    answers = [ANSWER + question.key for question in questions_of(profile, terms)]
    keys: list[str] = []
    for key in PROFILES[profile].columns:
        keys += answers if key == ANSWER else [key]
    return tuple(keys)
