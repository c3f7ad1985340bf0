"""Why forms are held, in words."""

from collections.abc import Mapping

from petitions.abuse.rules import Rule
from petitions.i18n import N_, Message
from petitions.signatures.holding import Group
from petitions.signatures.holds import (
    HELD_DISPOSABLE,
    HELD_DOMAIN,
    HELD_HONEYPOT,
    HELD_NETWORK,
    HELD_RATE,
    HELD_RULE,
    OF_NETWORKS,
)
from petitions.signatures.proving import HELD_WORK

#: By reason: what it is called.
REASONS: Mapping[str, Message] = {
    HELD_HONEYPOT: N_("Filled in a field that people do not see"),
    HELD_RULE: N_("A rule holds them"),
    HELD_DISPOSABLE: N_("Addresses made to be thrown away"),
    HELD_WORK: N_("No proof of work from the browser"),
    HELD_RATE: N_("Very many from one network"),
    HELD_NETWORK: N_("From a network of suspicious forms"),
    HELD_DOMAIN: N_("Many of one mail domain, and hardly any confirmed"),
}
#: By reason: what a moderator may want to know before they decide.
MEANINGS: Mapping[str, Message] = {
    HELD_HONEYPOT: N_("Programs fill in every field they find. Now and then the browser of a person does too."),
    HELD_RULE: N_("One of the rules of this campaign or of the site is about them."),
    HELD_DISPOSABLE: N_("Programs like such addresses, and so do people who are careful."),
    HELD_WORK: N_(
        "While the campaign asks browsers for some work, only a few forms without it go on. "
        "People without scripts are among them."
    ),
    HELD_RATE: N_("A university or a rally shares one network; so does a program."),
    HELD_NETWORK: N_("Much of what came from there was of domains from which hardly anybody confirms."),
    HELD_DOMAIN: N_(
        "They go on by themselves as soon as enough people with addresses of this domain have confirmed. "
        "If you know the domain, let them go on, and write a rule that allows it."
    ),
}
_DIGITS = 8


def by_words(group: Group, rules: Mapping[str, Rule]) -> str | Message:
    """What the forms of a group share: a domain, a rule, a network by the first digits of its hash; or nothing."""
    if group.by is None:
        of_networks = group.reason in (*OF_NETWORKS, HELD_RULE)
        return N_("networks that are forgotten by now") if of_networks else ""
    if group.reason == HELD_RULE:
        rule = rules.get(group.by)
        return rule.text if rule is not None else N_("a rule that is gone")
    if group.reason in OF_NETWORKS:
        return N_("network %(digits)s", digits=group.by[:_DIGITS])
    return group.by
