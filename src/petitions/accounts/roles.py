"""Who may do what: the one place that decides it. docs/leads.md has the same table in words."""

from collections.abc import Collection
from enum import StrEnum


class Role(StrEnum):
    """What somebody is in one campaign."""

    OWNER = "owner"
    EDITOR = "editor"
    MODERATOR = "moderator"
    DELIVERY = "delivery"
    VIEWER = "viewer"


class Permission(StrEnum):
    """What a page of the console needs."""

    VIEW = "view"  # the overview, the texts, the history, the poster
    EDIT = "edit"  # texts and settings, and the preview of what is not published
    PUBLISH = "publish"
    MANAGE = "manage"  # close, reopen, archive, won or lost
    MEMBERS = "members"  # who has which role
    DOWNLOAD = "download"  # lists without addresses, and what was delivered to whom
    CONTACTS = "contacts"  # lists with mail addresses
    PAPER = "paper"  # signatures on paper: sheets, rows that were typed, repetitions
    MODERATE = "moderate"  # look at signatures one by one, hide, remove, release what is held
    ORGANISATIONS = "organisations"  # who co-signs: look at requests, approve, decline, bring in
    GUARD = "guard"  # rules against false signatures, the switches for a flood
    AUDIT = "audit"  # who did what


_EVERYTHING_BUT_NAMES = frozenset(Permission) - {
    Permission.DOWNLOAD,
    Permission.CONTACTS,
    Permission.PAPER,
    Permission.MODERATE,
    Permission.ORGANISATIONS,
}

MAY: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(Permission),
    Role.EDITOR: frozenset({Permission.VIEW, Permission.EDIT, Permission.PUBLISH}),
    Role.MODERATOR: frozenset(
        {Permission.VIEW, Permission.MODERATE, Permission.ORGANISATIONS, Permission.GUARD, Permission.PAPER}
    ),
    Role.DELIVERY: frozenset({Permission.VIEW, Permission.DOWNLOAD, Permission.PAPER}),
    Role.VIEWER: frozenset({Permission.VIEW}),
}

#: Administrators look after every campaign, but hold no names: for a download, and to look at signatures, they
#: need a role, and that they gave it to themselves stands in the audit log of the campaign.
ADMIN = _EVERYTHING_BUT_NAMES


def permissions_of(role: Role | None, *, is_admin: bool) -> Collection[Permission]:
    """Everything that somebody may do in a campaign; nothing for a stranger."""
    held = MAY[role] if role is not None else frozenset[Permission]()
    return held | ADMIN if is_admin else held
