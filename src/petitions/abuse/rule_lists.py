"""The lists of rules in the store: of the whole site, and of each campaign."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from petitions.abuse.models import RuleList
from petitions.abuse.rules import Rules, RulesWrong, parse_rules
from petitions.db import Database, insert_ignoring

#: The scope of the list that holds for every campaign.
SITE = 0


@dataclass(frozen=True)
class Written:
    """A list as somebody wrote it."""

    number: int = 0  # 0: nobody has written one yet
    text: str = ""
    saved_at: datetime | None = None
    saved_by: str = ""


def find_list(session: Session, scope: int) -> Written:
    """The list of a campaign, or that of the SITE; an empty one where there is none."""
    found = session.get(RuleList, scope)
    return Written(found.number, found.text, found.saved_at, found.saved_by) if found is not None else Written()


def save_list(session: Session, scope: int, text: str, seen: int, by: str, now: datetime) -> bool:
    """Store a list in the place of the one with the number `seen`; False when somebody saved another meanwhile.
    Raises RulesWrong."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").rstrip()
    parse_rules(text)
    values = {"number": seen + 1, "text": text, "saved_at": now, "saved_by": by}
    if seen == 0:
        new = insert_ignoring(session, RuleList).values(scope=scope, **values).returning(RuleList.scope)
        return session.scalar(new) is not None
    changed = (
        update(RuleList)
        .where(RuleList.scope == scope, RuleList.number == seen)
        .values(**values)
        .returning(RuleList.scope)
    )
    return session.scalar(changed) is not None


class RuleBook:
    """The rules of each campaign, made ready once for every change of its list or the site's."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ready: dict[int, tuple[Mapping[int, int], Rules]] = {}

    async def load(self, campaign_id: int) -> Rules:
        """The rules that hold for a campaign now. Raises StoreUnavailable."""
        return await self._database.read(self._find, campaign_id)

    def _find(self, session: Session, campaign_id: int) -> Rules:
        numbers = find_numbers(session, campaign_id)
        known = self._ready.get(campaign_id)
        if known is not None and known[0] == numbers:
            return known[1]
        rules = make_rules(session, campaign_id) if numbers else Rules()
        self._ready[campaign_id] = (numbers, rules)
        return rules


def find_numbers(session: Session, campaign_id: int) -> Mapping[int, int]:
    """The numbers of the lists that hold for a campaign, by scope."""
    query = select(RuleList.scope, RuleList.number).where(RuleList.scope.in_((SITE, campaign_id)))
    return {row.scope: row.number for row in session.execute(query)}


def make_rules(session: Session, campaign_id: int) -> Rules:
    """The rules of the site and of a campaign, together."""
    texts = session.scalars(select(RuleList.text).where(RuleList.scope.in_((SITE, campaign_id))))
    rules = []
    for text in texts:
        try:
            rules += parse_rules(text)
        except RulesWrong:  # written by an older program that knew other rules, or past this one
            continue
    return Rules.of(rules)
