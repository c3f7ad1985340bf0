"""What pages say that each role may do."""

from collections.abc import Mapping

from petitions.accounts.roles import Role
from petitions.i18n import N_, Message

#: From accounts/roles.py in words.
ROLE_MEANINGS: Mapping[Role, Message] = {
    Role.OWNER: N_("does everything, downloads the list and decides who else works on the campaign"),
    Role.EDITOR: N_("writes texts and settings, and publishes them"),
    Role.MODERATOR: N_("looks through signatures and comments, hides, removes, releases what is held, sets rules"),
    Role.DELIVERY: N_("sees the campaign and downloads the list for the delivery"),
    Role.VIEWER: N_("sees the campaign and changes nothing"),
}
