"""The list of signatures as CSV: a row for each who may be named in the delivery, without mail addresses."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TextIO, cast

from babel import Locale
from sqlalchemy import ColumnElement, Select, String, Table, bindparam, case, func, select, type_coerce
from sqlalchemy.orm import Session

from petitions.campaigns.queries import CampaignSnapshot
from petitions.campaigns.terms import text_in
from petitions.db import Database
from petitions.i18n import LANGUAGES, SOURCE_LANGUAGE, translator
from petitions.names import initials
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, Signature

#: Rows of one read: more do not fit the processor's cache, and cost a fifth more each.
_PAGE = 2_000
BOM = "\ufeff"
#: With these a formula begins.
_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
#: Whatever has none of these stands as it is; few texts have one, and a look costs a tenth of a microsecond.
_SUSPICIOUS = re.compile(rf'{_FORMULA.pattern}|[\t\r\n",]')
_QUOTED = re.compile(r'[",\r\n]')
_END_OF_LINE = "\r\n"
#: Where a cell may begin with one: also behind what some other spreadsheet separates by (in half of Europe `;`),
#: and behind spaces and quotation marks, which it skips.
_BEGINNING = re.compile(rf'((?:^|[;,|\t\r\n])(?:[^\S\t\r\n]|")*)(?={_FORMULA.pattern})')


_columns = cast("Table", Signature.__table__).c


@dataclass(frozen=True)
class Layout:
    """The columns of a list: those that have anything in them."""

    header: tuple[str, ...]
    fields: tuple[str, ...]
    answers: tuple[str, ...]  # keys of public questions


def plan_layout(session: Session, campaign: CampaignSnapshot) -> Layout:
    """Find the columns that are not empty, with headings in the campaign's language."""
    words = translator(campaign.default_language if campaign.default_language in LANGUAGES else SOURCE_LANGUAGE)
    terms = campaign.terms
    affiliation = words.gettext("Affiliation")
    if terms.affiliation is not None:
        affiliation = text_in(terms.affiliation.label, words.language, campaign.default_language)
    headings = {
        "number": words.gettext("Number"),
        "name": words.gettext("Name"),
        "affiliation": affiliation,
        "city": words.gettext("City"),
        "country": words.gettext("Country"),
        "comment": words.gettext("A few words of your own"),
        "date": words.gettext("Date"),
        "language": words.gettext("Language"),
    }
    questions = [question for question in terms.questions if question.public]
    named = Signature.visibility != "initials"
    counted = session.execute(
        select(
            *(func.count(_columns[field]).filter(named) for field in ("affiliation", "city")),
            func.count(_columns.comment).filter(named, _delivers_comment(campaign)),
            *(func.count(_answer(question.key)).filter(named) for question in questions),
        ).where(*_listed(campaign.id))
    ).one()
    filled = dict(zip(("affiliation", "city", "comment", *(q.key for q in questions)), counted, strict=True))
    fields = tuple(field for field in headings if filled.get(field, 1))
    answered = [question for question in questions if filled[question.key]]
    labels = [text_in(q.label, words.language, campaign.default_language) for q in answered]
    return Layout(
        header=(*(headings[field] for field in fields), *labels),
        fields=fields,
        answers=tuple(question.key for question in answered),
    )


def _answer(key: str) -> ColumnElement[str]:
    answer: ColumnElement[str] = Signature.answers[key].as_string()
    return answer


def _listed(campaign_id: int) -> tuple[ColumnElement[bool], ...]:
    """Confirmed, not removed, and not by somebody who wishes to be counted without a name, or whose name a
    moderator hid."""
    return (
        _columns.campaign_id == campaign_id,
        _columns.removed_at.is_(None),
        _columns.visibility != "anonymous",
        _columns.name_hidden.is_(False),
    )


def _delivers_comment(campaign: CampaignSnapshot) -> ColumnElement[bool]:
    """Whether the comment of a row goes along."""
    if campaign.terms.review_comments:
        return _columns.comment_state == COMMENT_APPROVED
    return _columns.comment_state != COMMENT_HIDDEN


def write_csv(
    database: Database,
    campaign: CampaignSnapshot,
    out: TextIO,
    *,
    bom: bool = False,
    progress: Callable[[int], None] = lambda rows: None,
) -> int:
    """Write the list, page by page, and return the number of rows. `progress` is told the rows of each page.

    Numbers are serials: they stay the same in every export, and those of unnamed signers are missing."""
    if bom:
        out.write(BOM)
    with database.reading() as session:
        layout = plan_layout(session, campaign)
    out.write(",".join(_field(heading) for heading in layout.header) + _END_OF_LINE)
    total = 0
    for lines in _pages(database, campaign, layout):
        out.write(_END_OF_LINE.join(lines) + _END_OF_LINE)
        total += len(lines)
        progress(len(lines))
    return total


def _pages(database: Database, campaign: CampaignSnapshot, layout: Layout) -> Iterator[list[str]]:
    """Lines in the order of their serials. Each page is a transaction of its own, so that a long export holds
    no snapshot; whatever is confirmed meanwhile has a higher serial and comes last."""
    shape = _Shape(layout, campaign.default_language)
    query = _page_query(campaign, layout, is_sqlite=database.is_sqlite)
    after = 0
    while True:
        with database.reading() as session:
            # The driver's own tuples: the columns need no conversion, and a million Row objects take a second.
            result = session.connection().execute(query, {"after": after})
            rows = result.cursor.fetchall() if result.cursor is not None else []
        if not rows:
            return
        after = rows[-1][1]
        yield shape.lines(rows)


def _page_query(campaign: CampaignSnapshot, layout: Layout, *, is_sqlite: bool) -> Select[Any]:
    """Visibility and then the cells of a page, the number first; of those who show initials alone the store
    gives nothing else."""
    named = _columns.visibility != "initials"
    moment = _columns.confirmed_at
    day = func.substr(type_coerce(moment, String), 1, 10) if is_sqlite else func.to_char(moment, "YYYY-MM-DD")
    columns: dict[str, ColumnElement[Any]] = {
        "number": _columns.serial,
        "name": _columns.name,
        "country": _columns.country,
        "date": day,
        "language": _columns.language,
    }
    for field in ("affiliation", "city"):
        columns[field] = case((named, _columns[field]))
    columns["comment"] = case((named & _delivers_comment(campaign), _columns.comment))
    answers = [case((named, _columns.answers[key].as_string())) for key in layout.answers]
    return (
        select(_columns.visibility, *(columns[field] for field in layout.fields), *answers)
        .where(*_listed(campaign.id), _columns.serial > bindparam("after"))
        .order_by(_columns.serial)
        .limit(_PAGE)
    )


class _Shape:
    """Turns rows of the store into lines, a column at a time: a third of the cost of a row at a time with the
    csv module, whose form (RFC 4180) this has."""

    def __init__(self, layout: Layout, language: str) -> None:
        # The campaign's own language need not be one of the interface: CLDR has names in far more.
        territories = Locale.parse(language, sep="-").territories
        self._countries = {code: _field(name) for code, name in territories.items()}
        self._country = layout.fields.index("country")
        self._name = layout.fields.index("name")
        fields = (*layout.fields, *layout.answers)
        texts = {"name", "affiliation", "city", "comment", *layout.answers}
        self._texts = [place for place, field in enumerate(fields) if field in texts]

    def lines(self, rows: Sequence[Sequence[Any]]) -> list[str]:
        visibilities, *columns = (list(column) for column in zip(*rows, strict=True))
        names = columns[self._name]
        columns[self._name] = [
            initials(name or "") if visibility == "initials" else name
            for visibility, name in zip(visibilities, names, strict=True)
        ]
        for place in self._texts:
            columns[place] = [
                (_field(text) if _SUSPICIOUS.search(text) else text) if text else "" for text in columns[place]
            ]
        known = self._countries
        columns[self._country] = [known.get(code, code) for code in columns[self._country]]
        columns[0] = [str(number) for number in columns[0]]
        return [",".join(cells) for cells in zip(*columns, strict=True)]


def _field(text: str) -> str:
    """A text as a field of a line."""
    text = safe_cell(text)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def safe_cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula, nor any part of it."""
    text = _BEGINNING.sub(r"\1'", text)
    return "'" + text if text.startswith(("\t", "\r", "\n")) else text
