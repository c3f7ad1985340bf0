"""Details: the mails to signers, and what they read after signing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from petitions.campaigns.content import Content
from petitions.campaigns.values import MAX_THANKS
from petitions.console.details_forms import (
    Entered,
    Group,
    Item,
    Part,
    Rows,
    Values,
    in_languages,
    local_values,
    table,
    without_empty,
)
from petitions.i18n import N_

_MAIL_OWNS = frozenset({"mail", "reminder"})
_THANKS_OWNS = frozenset({"after_signing"})


def _mail_groups(languages: Sequence[str], _rows: Rows) -> list[Group]:
    return [
        Group(
            N_("Mails that name nothing"),
            [
                *in_languages("subject", N_("Subject"), languages),
                *in_languages("sender_name", N_("Sender"), languages),
            ],
            hint=N_(
                "For signers whose mailbox somebody else may look into: subject, sender and text then name "
                "neither the campaign nor anything political. Leave both empty for the usual mails."
            ),
        ),
        Group(
            N_("Reminder"),
            [Item("reminder", N_("Remind whoever has not confirmed after a day, once"), "box")],
        ),
    ]


def _mail_values(content: Content) -> Values:
    mail = table(content, "mail")
    return {
        **local_values("subject", mail.get("subject")),
        **local_values("sender_name", mail.get("sender_name")),
        "reminder": table(content, "reminder").get("enabled", True),
    }


def _write_mail(entered: Entered, content: Content) -> Content:
    written: dict[str, Any] = {
        "mail": without_empty({key: entered.local(key) for key in ("subject", "sender_name")}),
        "reminder": {} if entered.is_ticked("reminder") else {"enabled": False},
    }
    kept = {key: value for key, value in content.terms.items() if key not in _MAIL_OWNS}
    return replace(content, terms=kept | without_empty(written))


def _thanks_groups(languages: Sequence[str], _rows: Rows) -> list[Group]:
    return [
        Group(
            N_("Thanks"),
            in_languages(
                "thanks",
                N_("What whoever has confirmed reads"),
                languages,
                "lines",
                N_("Markdown, at most %(most)s characters: what comes next, where to meet.", most=MAX_THANKS),
                most=MAX_THANKS,
            ),
        ),
        Group(
            N_("Passing it on"),
            in_languages(
                "share",
                N_("What the links to pass it on say"),
                languages,
                hint=N_("The address of the page follows it. Leave it empty for the title."),
            ),
        ),
    ]


def _thanks_values(content: Content) -> Values:
    after = table(content, "after_signing")
    return {**local_values("thanks", after.get("thanks")), **local_values("share", after.get("share"))}


def _write_thanks(entered: Entered, content: Content) -> Content:
    after = without_empty({key: entered.local(key) for key in ("thanks", "share")})
    kept = {key: value for key, value in content.terms.items() if key not in _THANKS_OWNS}
    return replace(content, terms=kept | without_empty({"after_signing": after}))


MAILS = Part(
    key="mails",
    title=N_("Mails"),
    about=N_("Mails that name nothing, for signers at risk, and the reminder."),
    owns=_MAIL_OWNS,
    groups=_mail_groups,
    values=_mail_values,
    write=_write_mail,
)
THANKS = Part(
    key="thanks",
    title=N_("After signing"),
    about=N_("The words of thanks, and what the links to pass it on say."),
    owns=_THANKS_OWNS,
    groups=_thanks_groups,
    values=_thanks_values,
    write=_write_thanks,
)
