"""What the pages about signatures on paper call things."""

from collections.abc import Mapping

from petitions.i18n import N_, Message
from petitions.signatures.paper import COUNTED, ONLINE, TWICE, WAITING

STATE_WORDS: Mapping[str, Message] = {
    COUNTED: N_("counts"),
    WAITING: N_("waits for a decision"),
    ONLINE: N_("signed online"),
    TWICE: N_("stands on paper twice"),
}
#: Above the list of those in a state; the first: all of them.
TABS: Mapping[str, Message] = {
    "": N_("All"),
    COUNTED: N_("Count"),
    WAITING: N_("Wait for a decision"),
    ONLINE: N_("Signed online"),
    TWICE: N_("Twice on paper"),
}
ERASED = N_("The data of the signers are being erased or are gone, so nothing can come in or change any more.")
NOT_PUBLISHED = N_("The campaign is not published yet, so there is no wording that anybody could sign.")
NOT_FOR_THEM = N_("Only organisations can sign this campaign, so there are no sheets for people.")
GONE = N_("This row is gone: somebody took it out, or its signer withdrew online.")
MEANWHILE = N_("Somebody else has changed this row since the page was shown to you. Nothing was stored.")
