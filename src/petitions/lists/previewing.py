"""The first rows of a list, before anybody makes it: a bounded number of rows is looked at, whatever is asked."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from petitions.campaigns.queries import CampaignSnapshot
from petitions.lists.columns import Column, Page
from petitions.lists.cuts import Cut
from petitions.lists.gathering import Known, list_translator
from petitions.lists.organisation_rows import plan_organisation_columns, read_organisations
from petitions.lists.paper_rows import PROFILES, plan_paper_columns, read_paper
from petitions.lists.plans import Plan
from petitions.lists.serials import Serials
from petitions.lists.signatures import midnight, plan_columns, read_signatures
from petitions.signatures.models import Signature

#: Serials that are looked at together, at first and at most, and in all.
_FIRST_LOOK, _LONG_LOOK, _MOST = 500, 16_000, 200_000
#: Confirmations of one moment may be stored in another order, by so many serials at most.
_DISORDER = 2_000


@dataclass(frozen=True)
class FirstRows:
    """The beginning of a section."""

    key: str
    title: str
    columns: tuple[Column, ...]  # those with content in these rows; where there are no rows, all
    rows: tuple[tuple[str, ...], ...] = field(repr=False)  # as somebody reads them
    is_all: bool  # the section has no other rows
    #: So many rows were looked at without finding enough: there may be others, further on.
    gave_up: bool


@dataclass(frozen=True)
class Preview:
    """What a list begins with."""

    sections: tuple[FirstRows, ...]


#: Reads rows with serials above the first number and up to the second.
_Read = Callable[[int, int], Iterator[tuple[list[int], Page]]]


def preview(
    session: Session, campaign: CampaignSnapshot, plan: Plan, cut: Cut, known: Known, rows: int = 10
) -> Preview:
    """The first rows of each section, as `gather` would give them."""
    words = list_translator(campaign, plan)
    columns = plan_columns(campaign, plan, words)
    sections = [
        _look(
            "signatures",
            words.gettext("Signatures"),
            columns,
            lambda after, through: read_signatures(
                session, campaign, plan, through, columns, known.serials, after
            ),
            _Way(session, campaign, plan, cut.through_serial, known.serials),
            rows,
        )
    ]
    if plan.on_paper and plan.profile in PROFILES:
        paper_columns = plan_paper_columns(campaign, plan, words)
        sections.append(
            _look(
                "paper",
                words.gettext("Signatures on paper"),
                paper_columns,
                lambda after, through: read_paper(
                    session, campaign, plan, through, paper_columns, known.paper_numbers, after
                ),
                _Steps(cut.through_number, known.paper_numbers),
                rows,
            )
        )
    if plan.organisations:
        found = [page for _, page in read_organisations(session, campaign, plan, cut, rows + 1)]
        columns_of_organisations = plan_organisation_columns(campaign, plan, words)
        title = words.gettext("Organisations")
        sections.append(_first("organisations", title, columns_of_organisations, found, rows, gave_up=False))
    return Preview(tuple(sections))


class _Steps:
    """Which numbers to look at next."""

    def __init__(self, through: int, known: Serials) -> None:
        self.through, self._known = through, known

    def next_after(self, after: int) -> int:
        """Everything up to this number is in no list of the plan."""
        return self._known.first_missing(after) - 1


class _Way(_Steps):
    """The same for serials, where indices say more."""

    def __init__(
        self, session: Session, campaign: CampaignSnapshot, plan: Plan, through: int, known: Serials
    ) -> None:
        super().__init__(through, known)
        self._session, self._plan = session, plan
        self._of_campaign = Signature.campaign_id == campaign.id
        self._begin = self._last_before(plan.since) - _DISORDER if plan.since else 0
        if plan.until and plan.until < date.max:
            self.through = min(through, self._last_before(plan.until + timedelta(days=1)) + _DISORDER)

    def next_after(self, after: int) -> int:
        """Everything up to this number is in no list of the plan."""
        after = super().next_after(max(after, self._begin))
        if not self._plan.countries:
            return after
        first = [
            self._session.scalar(
                select(func.min(Signature.serial)).where(
                    self._of_campaign, Signature.country == country, Signature.serial > after
                )
            )
            for country in self._plan.countries
        ]
        return min((serial for serial in first if serial is not None), default=self.through + 1) - 1

    def _last_before(self, day: date) -> int:
        """The last serial that was confirmed before a day, or near it; found by halving."""
        moment, low, high = midnight(day), 0, self.through
        while low < high:
            middle = (low + high) // 2
            row = self._session.execute(
                select(Signature.serial, Signature.confirmed_at)
                .where(self._of_campaign, Signature.serial > middle, Signature.serial <= high)
                .order_by(Signature.serial)
                .limit(1)
            ).one_or_none()
            if row is None or row.confirmed_at >= moment:
                high = middle
            else:
                low = row.serial
        return low


def _look(key: str, title: str, columns: tuple[Column, ...], read: _Read, way: _Steps, rows: int) -> FirstRows:
    """The first rows and one more, if so many looks find them."""
    found: list[Page] = []
    looked_at = after = count = 0
    step = _FIRST_LOOK
    while count <= rows and (after := way.next_after(after)) < way.through and looked_at < _MOST:
        through = min(after + step, way.through)
        for _, page in read(after, through):
            found.append(page)
            count += len(page[0])
            if count > rows:
                break
        looked_at += through - after
        after, step = through, min(2 * step, _LONG_LOOK)
    gave_up = count <= rows and after < way.through
    return _first(key, title, columns, found, rows, gave_up=gave_up)


def _first(
    key: str, title: str, columns: Sequence[Column], pages: Sequence[Page], rows: int, *, gave_up: bool
) -> FirstRows:
    cells = [[cell for page in pages for cell in page[n]] for n in range(len(columns))]
    is_all = not gave_up and len(cells[0]) <= rows
    cells = [column[:rows] for column in cells]
    kept = [n for n, column in enumerate(cells) if not column or any(cell not in (None, "") for cell in column)]
    texts = [[columns[n].say(cell) for cell in cells[n]] for n in kept]
    shown = tuple(columns[n] for n in kept)
    return FirstRows(key, title, shown, tuple(zip(*texts, strict=True)), is_all=is_all, gave_up=gave_up)
