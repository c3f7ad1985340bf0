"""What sorts of organisations there are."""

from collections.abc import Mapping

from petitions.i18n import N_, Message

#: In the order in which the public page has them.
KINDS: Mapping[str, Message] = {
    "union": N_("Union"),
    "students": N_("Student group"),
    "party": N_("Party"),
    "association": N_("Association"),
    "media": N_("Editorial board or publisher"),
    "company": N_("Company"),
    "other": N_("Other organisation"),
}
#: Above those of one kind.
HEADINGS: Mapping[str, Message] = {
    "union": N_("Unions"),
    "students": N_("Student groups"),
    "party": N_("Parties"),
    "association": N_("Associations"),
    "media": N_("Media"),
    "company": N_("Companies"),
    "other": N_("Other organisations"),
}
