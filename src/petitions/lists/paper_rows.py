"""The signatures on paper of a list."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from petitions.campaigns.models import Statement
from petitions.campaigns.queries import CampaignSnapshot
from petitions.i18n import N_, Message, Translator
from petitions.lists.columns import Column, Kind, Page
from petitions.lists.plans import Plan, Profile
from petitions.lists.serials import Serials
from petitions.lists.signatures import PAGE_SIZE, country_names, on_days
from petitions.signatures.paper import COUNTED, ONLINE, TWICE, WAITING, PaperSignature

#: Lists of which profiles can hold them: nobody who signed on paper asked to be shown to everybody, or for news.
PROFILES = (Profile.DELIVERY, Profile.FULL)
_STATES: Mapping[str, Message] = {
    COUNTED: N_("counts"),
    WAITING: N_("waits for a decision"),
    ONLINE: N_("signed online too"),
    TWICE: N_("stands on another sheet too"),
}


def plan_paper_columns(campaign: CampaignSnapshot, plan: Plan, words: Translator) -> tuple[Column, ...]:
    """The columns of the paper signatures; headings in the language of the list."""
    countries = country_names(plan.language or campaign.default_language)
    columns = [
        Column("number", words.gettext("Number"), Kind.NUMBER),
        Column("sheet", words.gettext("Sheet"), Kind.NUMBER),
        Column("line", words.gettext("Line"), Kind.NUMBER),
        Column("name", words.gettext("Name")),
        Column("affiliation", words.gettext("Affiliation")),
        Column("city", words.gettext("City")),
        Column("country", words.gettext("Country"), Kind.CHOICE, countries),
        Column("date", words.gettext("Date"), Kind.DATE),
        Column("language", words.gettext("Language")),
    ]
    if plan.profile is Profile.FULL:
        states = {state: words.translate(text) for state, text in _STATES.items()}
        columns.append(Column("state", words.gettext("State"), Kind.CHOICE, states))
    return tuple(columns)


def read_paper(
    session: Session,
    campaign: CampaignSnapshot,
    plan: Plan,
    through: int,
    columns: Sequence[Column],
    without: Serials,
    after: int = 0,
) -> Iterator[tuple[list[int], Page]]:
    """The numbers and cells of the rows, in the order of the numbers, above `after` and up to `through`."""
    cells = {
        "number": PaperSignature.number,
        "sheet": PaperSignature.sheet,
        "line": PaperSignature.line,
        "name": PaperSignature.name,
        "affiliation": PaperSignature.affiliation,
        "city": PaperSignature.city,
        "country": PaperSignature.country,
        "date": PaperSignature.signed_on,
        "language": Statement.language,
        "state": PaperSignature.state,
    }
    query = (
        select(PaperSignature.number, *(cells[column.key] for column in columns))
        .join(Statement, Statement.id == PaperSignature.statement_id)
        .where(PaperSignature.campaign_id == campaign.id, PaperSignature.number <= through)
        .order_by(PaperSignature.number)
        .limit(PAGE_SIZE)
    )
    if plan.profile is not Profile.FULL:
        query = query.where(PaperSignature.state == COUNTED)
    if plan.countries:
        query = query.where(PaperSignature.country.in_(plan.countries))
    if plan.languages:
        query = query.where(Statement.language.in_(plan.languages))
    query = query.where(*on_days(PaperSignature.entered_at, plan))
    while rows := session.execute(query.where(PaperSignature.number > after)).all():
        after = rows[-1][0]
        kept = [row for row in rows if row[0] not in without]
        if kept:
            numbers, *page = (list(column) for column in zip(*kept, strict=True))
            yield numbers, page
