"""Rules of a campaign: whose forms are held, and whose never are."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from wtforms import StringField, TextAreaField

from petitions.abuse.rule_lists import Written, find_list, save_list
from petitions.abuse.rules import KINDS, Rule, RulesWrong, parse_rules
from petitions.accounts.roles import Permission
from petitions.audit.recording import record
from petitions.console.guard import Desk, Lead, for_desk
from petitions.console.pages import show
from petitions.signatures.queue import count_by_rule
from petitions.web.forms import PlainForm, read_number
from petitions.web.pages import see_other

#: Whoever may not see who signed is told no smaller number: a rule about somebody would say that they came.
_TOLD_FROM = 5


class RulesForm(PlainForm):
    """The list, and which one was seen when it was opened."""

    rules = TextAreaField()
    number = StringField()


@dataclass(frozen=True)
class Holding:
    """A rule, and how many forms it holds now."""

    rule: Rule
    count: int


@dataclass(frozen=True)
class Stored:
    """A list as it stands in the store."""

    written: Written
    held: Mapping[str, int]  # by the key of the rule
    is_exact: bool  # False: small numbers are kept back, and those of single addresses

    @property
    def holding(self) -> list[Holding]:
        """The rules of the list that hold something, as far as it is told."""
        try:
            rules = parse_rules(self.written.text)
        except RulesWrong:  # another program wrote it; saving says what is wrong
            return []
        holding = [Holding(rule, self.held.get(rule.key, 0)) for rule in rules if rule.holds]
        if self.is_exact:
            return [each for each in holding if each.count]
        return [each for each in holding if each.count >= _TOLD_FROM and each.rule.kind != "address"]


@dataclass(frozen=True)
class Conflict:
    """Somebody else saved meanwhile."""

    saved_by: str
    saved_at: datetime | None


@for_desk(Permission.GUARD)
async def show_rules(_request: Request, desk: Desk) -> Response:
    """The list, to be written."""
    return await show_list(desk, desk.campaign.id, "rules.html")


@for_desk(Permission.GUARD)
async def save_rules(_request: Request, desk: Desk) -> Response:
    """Put a list in the place of the one that was seen."""
    return await take_list(desk, await desk.form(), desk.campaign.id, "rules.html", f"{desk.path}/rules")


async def show_list(lead: Lead, scope: int, template: str) -> Response:
    """The page with the list of a campaign or of the site."""
    stored = await lead.site.database.read(_find, lead, scope)
    form = RulesForm(data={"rules": stored.written.text, "number": str(stored.written.number)})
    return show(lead, template, form=form, stored=stored, wrong=(), kinds=KINDS, conflict=None)


async def take_list(lead: Lead, data: FormData, scope: int, template: str, path: str) -> Response:
    """Save what was written, or show it again with what is wrong."""
    form = RulesForm(data)
    text = form.rules.data or ""
    try:
        saved = await lead.site.database.write(_save, lead, scope, text, read_number(form.number.data))
    except RulesWrong as error:
        stored = await lead.site.database.read(_find, lead, scope)
        return show(lead, template, 422, form=form, stored=stored, wrong=error.wrong, kinds=KINDS, conflict=None)
    if saved:
        return see_other(lead.url(path, saved="1"))
    stored = await lead.site.database.read(_find, lead, scope)
    conflict = Conflict(stored.written.saved_by, stored.written.saved_at)
    form.number.data = str(stored.written.number)  # who sends it once more has seen the other one
    return show(lead, template, 409, form=form, stored=stored, wrong=(), kinds=KINDS, conflict=conflict)


def _find(session: Session, lead: Lead, scope: int) -> Stored:
    is_exact = isinstance(lead, Desk) and lead.may(Permission.MODERATE)
    return Stored(find_list(session, scope), count_by_rule(session, scope or None), is_exact)


def _save(session: Session, lead: Lead, scope: int, text: str, seen: int) -> bool:
    """Raises RulesWrong."""
    if not save_list(session, scope, text, seen, lead.login.name, lead.now):
        return False
    record(session, lead.actor, "rules.saved", lead.now, scope or None, rules=len(parse_rules(text)))
    return True
