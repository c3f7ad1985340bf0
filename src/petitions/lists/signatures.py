"""The signatures of a list, as rows of the store: who is in it, and what of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, cast

from babel import Locale
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Table,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    select,
    type_coerce,
)
from sqlalchemy import (
    cast as sql_cast,
)
from sqlalchemy.orm import Session

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.campaigns.terms import text_in
from petitions.i18n import N_, Message, Translator
from petitions.lists.columns import Column, Kind, Page
from petitions.lists.plans import Plan, Profile
from petitions.lists.profiles import ANSWER, columns_of, questions_of
from petitions.lists.serials import Serials
from petitions.names import initials
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, Refusal, Signature

#: Rows of one read: more do not fit the processor's cache, and cost a fifth more each.
PAGE_SIZE = 2_000
_HEADINGS: Mapping[str, tuple[Message, Kind]] = {
    "number": (N_("Number"), Kind.NUMBER),
    "place": (N_("Number"), Kind.NUMBER),
    "name": (N_("Name"), Kind.TEXT),
    "email": (N_("Mail address"), Kind.TEXT),
    "visibility": (N_("Shown as"), Kind.CHOICE),
    "affiliation": (N_("Affiliation"), Kind.TEXT),
    "city": (N_("City"), Kind.TEXT),
    "country": (N_("Country"), Kind.CHOICE),
    "comment": (N_("Comment"), Kind.TEXT),
    "comment_state": (N_("State of the words"), Kind.CHOICE),
    "date": (N_("Date"), Kind.DATE),
    "language": (N_("Language"), Kind.TEXT),
    "wording": (N_("Signed wording"), Kind.TEXT),
    "signed": (N_("Form sent"), Kind.MOMENT),
    "confirmed": (N_("Confirmed"), Kind.MOMENT),
    "updates": (N_("Wants news"), Kind.CHOICE),
    "agreed": (N_("Agreed to news"), Kind.MOMENT),
    "name_hidden": (N_("Name hidden"), Kind.CHOICE),
    "removed": (N_("Removed"), Kind.MOMENT),
    "removed_reason": (N_("Reason for removing"), Kind.TEXT),
}
_columns = cast("Table", Signature.__table__).c
#: Who signed with less than their name shows none of this either.
_BESIDE_A_NAME = ("affiliation", "city", "comment")


def plan_columns(campaign: CampaignSnapshot, plan: Plan, words: Translator) -> tuple[Column, ...]:
    """The columns that a list may have, those first that somebody asked for; headings in its language."""
    terms, language = campaign.terms, plan.language or campaign.default_language
    may = columns_of(plan.profile, terms)
    keys = tuple(key for key in plan.columns if key in may) or may
    labels = {ANSWER + q.key: q.label for q in questions_of(plan.profile, terms)}
    choices = _choices(language, words)
    columns = []
    for key in keys:
        if key in labels:
            columns.append(Column(key, text_in(labels[key], language, campaign.default_language)))
            continue
        heading, kind = _HEADINGS[key]
        text = words.translate(heading)
        if key == "affiliation" and terms.affiliation is not None:
            text = text_in(terms.affiliation.label, language, campaign.default_language)
        columns.append(Column(key, text, kind, choices.get(key, {})))
    return tuple(columns)


def country_names(language: str) -> Mapping[str, str]:
    """By their codes, in any language that CLDR has: a campaign's own need not be one of the interface."""
    return dict(Locale.parse(language, sep="-").territories)


def _choices(language: str, words: Translator) -> Mapping[str, Mapping[str, str]]:
    yes_and_no = {"yes": words.gettext("yes"), "no": words.gettext("no")}
    return {
        "country": country_names(language),
        "visibility": {
            "public": words.gettext("full name"),
            "initials": words.gettext("initials"),
            "addressee": words.gettext("full name, for the addressee alone"),
            "anonymous": words.gettext("without a name"),
        },
        "comment_state": {
            "unread": words.gettext("not read yet"),
            "approved": words.gettext("approved"),
            "hidden": words.gettext("hidden"),
        },
        "updates": yes_and_no,
        "name_hidden": yes_and_no,
    }


def read_signatures(
    session: Session,
    campaign: CampaignSnapshot,
    plan: Plan,
    through: int,
    columns: Sequence[Column],
    without: Serials,
    after: int = 0,
) -> Iterator[tuple[list[int], Page]]:
    """The serials and cells of the rows of a list, in the order of the serials, above `after` and up to
    `through`."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    query = _query(campaign, plan, columns, is_sqlite=is_sqlite)
    is_masked = plan.profile in (Profile.DELIVERY, Profile.PUBLIC)
    name = next((place for place, column in enumerate(columns) if column.key == "name"), None)
    place = next((place for place, column in enumerate(columns) if column.key == "place"), None)
    leaves_out = len(without) > 0
    so_far = 0
    while True:
        # The driver's own tuples: the columns need no conversion, and a million Row objects take a second.
        result = session.connection().execute(query, {"after": after, "through": through})
        rows = result.cursor.fetchall() if result.cursor is not None else []
        if not rows:
            return
        after = rows[-1][0]
        if leaves_out:
            rows = [row for row in rows if row[0] not in without]
            if not rows:
                continue
        serials, visibilities, *cells = (list(column) for column in zip(*rows, strict=True))
        if name is not None and is_masked:
            cells[name] = [
                (initials(text or "") or "·") if visibility == "initials" else text
                for visibility, text in zip(visibilities, cells[name], strict=True)
            ]
        if place is not None:
            cells[place] = list(range(so_far + 1, so_far + len(rows) + 1))
        so_far += len(rows)
        yield cast("list[int]", serials), cells


def _query(campaign: CampaignSnapshot, plan: Plan, columns: Sequence[Column], *, is_sqlite: bool) -> Select[Any]:
    """Serial, visibility and then the cells of a page; of those who show initials alone the store gives nothing
    else, unless the list holds everything."""
    cells = _Cells(campaign, plan, is_sqlite=is_sqlite)
    query = select(_columns.serial, _columns.visibility, *(cells.of(column.key) for column in columns)).where(
        *_listed(campaign, plan),
        _columns.serial > bindparam("after"),
        _columns.serial <= bindparam("through"),
    )
    return query.order_by(_columns.serial).limit(PAGE_SIZE)


def _listed(campaign: CampaignSnapshot, plan: Plan) -> list[ColumnElement[bool]]:
    """Whose signatures are in the list."""
    of_campaign = _columns.campaign_id == campaign.id
    there = _columns.removed_at.is_(None)
    by_profile: Mapping[Profile, tuple[ColumnElement[bool], ...]] = {
        # Not who wishes to be counted without a name, nor whose name a moderator hid.
        Profile.DELIVERY: (there, _columns.visibility != "anonymous", _columns.name_hidden.is_(False)),
        Profile.PUBLIC: (there, _columns.visibility.in_(("public", "initials")), _columns.name_hidden.is_(False)),
        Profile.CONTACTS: (
            there,
            _columns.updates.is_(True),
            _columns.email.is_not(None),
            # Nor an address of which somebody said since that nothing is to be mailed to it.
            ~exists().where(Refusal.email_key == _columns.email_key, Refusal.campaign_id == campaign.id),
        ),
        Profile.FULL: (),
    }
    conditions = [of_campaign, *by_profile[plan.profile]]
    if plan.countries:
        conditions.append(_columns.country.in_(plan.countries))
    if plan.languages:
        conditions.append(_columns.language.in_(plan.languages))
    conditions += on_days(_columns.confirmed_at, plan)
    return conditions


class _Cells:
    """What the store gives for each column."""

    def __init__(self, campaign: CampaignSnapshot, plan: Plan, *, is_sqlite: bool) -> None:
        self._is_sqlite, self._all = is_sqlite, plan.profile is Profile.FULL
        named = _columns.visibility != "initials"
        self._named = None if self._all else named
        delivered = (
            _columns.comment_state == COMMENT_APPROVED
            if campaign.terms.review_comments
            else _columns.comment_state != COMMENT_HIDDEN
        )
        self._comment = _columns.comment if self._all else case((and_(named, delivered), _columns.comment))

    def of(self, key: str) -> ColumnElement[Any]:
        """The expression of a column."""
        if key.startswith(ANSWER):
            return self._beside(_columns.answers[key.removeprefix(ANSWER)].as_string())
        if key in self._made:
            return self._made[key](self)
        found: ColumnElement[Any] = _columns[key]
        return self._beside(found) if key in _BESIDE_A_NAME else found

    _made: Mapping[str, Callable[["_Cells"], ColumnElement[Any]]] = {
        "number": lambda self: _columns.serial,
        "place": lambda self: literal(None),
        "comment": lambda self: self._comment,
        "comment_state": lambda self: case(
            (_columns.comment.is_(None), None),
            (_columns.comment_state == COMMENT_APPROVED, "approved"),
            (_columns.comment_state == COMMENT_HIDDEN, "hidden"),
            else_="unread",
        ),
        "date": lambda self: self._day(_columns.confirmed_at),
        "signed": lambda self: self._moment(_columns.drafted_at),
        "confirmed": lambda self: self._moment(_columns.confirmed_at),
        "agreed": lambda self: self._moment(_columns.updates_at),
        "removed": lambda self: self._moment(_columns.removed_at),
        "updates": lambda self: case((_columns.updates.is_(True), "yes"), else_="no"),
        "name_hidden": lambda self: case((_columns.name_hidden.is_(True), "yes")),
        "wording": lambda self: (
            select(Statement.language + " " + sql_cast(Statement.version, String))
            .where(Statement.id == _columns.statement_id)
            .scalar_subquery()
        ),
    }

    def _beside(self, cell: ColumnElement[Any]) -> ColumnElement[Any]:
        return cell if self._named is None else case((self._named, cell))

    def _day(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        if self._is_sqlite:
            return func.substr(type_coerce(moment, String), 1, 10)
        return func.to_char(moment, "YYYY-MM-DD")

    def _moment(self, moment: ColumnElement[Any]) -> ColumnElement[Any]:
        if self._is_sqlite:
            text = type_coerce(moment, String)
            return func.substr(text, 1, 10) + "T" + func.substr(text, 12, 8) + "Z"
        return func.to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')


def on_days(moment: Any, plan: Plan) -> list[ColumnElement[bool]]:
    """Whether a moment lies in the days of a plan."""
    conditions = []
    if plan.since:
        conditions.append(moment >= midnight(plan.since))
    if plan.until and plan.until < date.max:
        conditions.append(moment < midnight(plan.until + timedelta(days=1)))
    return conditions


def midnight(day: date) -> datetime:
    """The beginning of a day, in UTC."""
    return datetime.combine(day, time(), UTC)
