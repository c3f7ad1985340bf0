"""Details: who may sign, to whom it goes, who is behind it, what else helps."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from petitions.campaigns.content import Content
from petitions.console.details_forms import (
    Entered,
    Group,
    Item,
    Part,
    Rows,
    Values,
    in_languages,
    in_order,
    local_values,
    row_values,
    table,
    without_empty,
)
from petitions.i18n import N_

_SIGNERS = (("individuals", N_("People")), ("organisations", N_("Organisations")))
_OWNS = frozenset({"signers", "addressees", "initiator", "responsible", "reply_to", "links"})


def _groups(languages: Sequence[str], rows: Rows) -> list[Group]:
    return [
        Group(N_("Who signs"), [Item("signers", N_("Who may sign"), "boxes", choices=_SIGNERS)]),
        *(
            Group(
                N_("Addressee %(n)s", n=n + 1),
                in_languages(f"addressees-{n}-name", N_("Addressee"), languages),
                hint=N_("To whom the signatures are handed over. Clear a row to remove it.") if n == 0 else None,
                is_row=True,
                add=N_("Add an addressee") if n else None,
            )
            for n in range(rows["addressees"])
        ),
        Group(
            N_("Initiator"),
            [
                Item("initiator_name", N_("Organisation")),
                Item("initiator_url", N_("Website"), "url", most=500),
            ],
            hint=N_("The organisation that started the campaign, if it is to be named."),
        ),
        Group(
            N_("Responsible in law"),
            [
                Item("responsible_name", N_("Person or organisation")),
                Item("responsible_email", N_("Mail address"), "email", most=254),
                Item("responsible_address", N_("Postal address"), most=300),
            ],
            hint=N_("Who answers for the campaign and for the data of those who sign. It is shown on the page."),
        ),
        Group(
            N_("Answers"),
            [
                Item(
                    "reply_to",
                    N_("Where answers to our mails go"),
                    "email",
                    N_("It stands in every mail: nothing political in it where that could harm somebody."),
                    most=254,
                )
            ],
        ),
        *(
            Group(
                N_("Link %(n)s", n=n + 1),
                [
                    *in_languages(f"links-{n}-label", N_("Words"), languages),
                    Item(f"links-{n}-url", N_("Address"), "url", most=500),
                ],
                hint=N_("What else helps: a strike fund. Clear a row to remove it.") if n == 0 else None,
                is_row=True,
                add=N_("Add a link") if n else None,
            )
            for n in range(rows["links"])
        ),
    ]


def _values(content: Content) -> Values:
    values: Values = {"signers": content.terms.get("signers", ["individuals"])}
    for n, row in row_values(content, "addressees"):
        values |= local_values(f"addressees-{n}-name", row.get("name"))
    values |= {f"initiator_{key}": value for key, value in table(content, "initiator").items()}
    values |= {f"responsible_{key}": value for key, value in table(content, "responsible").items()}
    values["reply_to"] = content.terms.get("reply_to", "")
    for n, row in row_values(content, "links"):
        values |= local_values(f"links-{n}-label", row.get("label")) | {f"links-{n}-url": row.get("url", "")}
    return values


def _write(entered: Entered, content: Content) -> Content:
    addressees = [{"name": entered.local(f"{place}name")} for place in entered.places("addressees")]
    links = [
        without_empty({"label": entered.local(f"{place}label"), "url": entered.text(f"{place}url")})
        for place in entered.places("links")
    ]
    written: dict[str, Any] = {
        "signers": in_order(entered.chosen("signers"), _values(content)["signers"]),
        "addressees": [row for row in addressees if row["name"]],
        "initiator": without_empty({key: entered.text(f"initiator_{key}") for key in ("name", "url")}),
        "responsible": without_empty(
            {key: entered.text(f"responsible_{key}") for key in ("name", "email", "address")}
        ),
        "reply_to": entered.text("reply_to"),
        "links": [row for row in links if row],
    }
    kept = {key: value for key, value in content.terms.items() if key not in _OWNS}
    return replace(content, terms=kept | without_empty(written))


BASICS = Part(
    key="basics",
    title=N_("Basics"),
    about=N_("Who may sign, to whom it goes, who is behind it and who is responsible."),
    owns=_OWNS,
    groups=_groups,
    values=_values,
    write=_write,
    rows=("addressees", "links"),
)
