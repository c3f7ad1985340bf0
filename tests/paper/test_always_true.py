"""Whatever happens in whatever order, on both stores: nobody counts twice, and nobody is dropped."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from petitions.addresses import make_email_key
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.ids import new_id
from petitions.paper.changing import entry_of, remove, undo
from petitions.paper.deciding import Seen, Verdict, decide
from petitions.paper.later import compare_later
from petitions.settings import Settings
from petitions.signatures.paper import TWICE, WAITING, PaperBatch
from petitions.signatures.withdrawing import withdraw
from tests.factories import make_campaign, sign_and_confirm
from tests.paper.entering import LEAD, assert_true, change, csv, enter, rows_of

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
_COLUMNS = "name,city,country,mail,sheet,line"

_mails = st.sampled_from(["a@example.org", "b@example.org"])
_rows = st.builds(
    "{},Rome,IT,{},{}".format, st.sampled_from(["Ana", "Bea"]), st.just("") | _mails, st.sampled_from([",", "1,1"])
)
_which = st.integers(min_value=0, max_value=5)
_steps = st.one_of(
    st.tuples(st.just("enter"), st.lists(_rows, min_size=1, max_size=3)),
    st.tuples(st.just("change"), _which, _rows),
    st.tuples(st.just("remove"), _which),
    st.tuples(st.just("decide"), _which, st.sampled_from(Verdict)),
    st.tuples(st.just("undo"), _which),
    st.tuples(st.just("sign"), _mails, st.sampled_from(["Ana", "Bea"])),
    st.tuples(st.just("withdraw"), _mails),
    st.tuples(st.just("later")),
)


class Campaign:
    """A campaign to which things happen."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database, self.settings = database, settings
        self.campaign: CampaignSnapshot = make_campaign(database, slug=f"c-{new_id().hex}")
        self.signed: set[str] = set()

    def enter(self, rows: list[str]) -> None:
        enter(self.database, self.settings, self.campaign, csv(*rows, columns=_COLUMNS), again=True)

    def change(self, which: int, text: str) -> None:
        if row := self._find(which):
            change(self.database, self.settings, self.campaign, row.number, text)

    def remove(self, which: int) -> None:
        if row := self._find(which):
            self._write(remove, row.number, entry_of(row), "why", LEAD, NOON)

    def decide(self, which: int, verdict: Verdict) -> None:
        if row := self._find(which):
            self._write(decide, verdict, [Seen(row.number, row.state)], LEAD, NOON)

    def undo(self, which: int) -> None:
        query = select(PaperBatch.id).where(PaperBatch.campaign_id == self.campaign.id).order_by(PaperBatch.id)
        with self.database.reading() as session:
            ids = session.scalars(query).all()
        if ids:
            self._write(undo, ids[which % len(ids)], LEAD, NOON)

    def sign(self, mail: str, name: str) -> None:
        if mail not in self.signed:
            sign_and_confirm(self.database, self.settings, self.campaign, email=mail, name=name, city="Rome")
            self.signed.add(mail)

    def withdraw(self, mail: str) -> None:
        if mail in self.signed:
            key = make_email_key(mail, self.settings.email_key)
            self._write(withdraw, key, NOON)
            self.signed.remove(mail)
            assert key not in [row.email_key for row in rows_of(self.database, self.campaign)]

    def later(self) -> None:
        compare_later(self.database)

    def _find(self, which: int) -> Any:
        rows = rows_of(self.database, self.campaign)
        return rows[which % len(rows)] if rows else None

    def _write(self, act: Callable[..., Any], *arguments: Any) -> None:
        with self.database.writing() as session:
            act(session, self.campaign.id, *arguments)

    def check(self, *, is_quiet: bool = False) -> None:
        """The tally is true, and whoever follows what a row repeats comes to one that repeats nobody on paper: one
        that counts, waits, or signed online. `is_quiet`: the worker has looked, so nothing waits for what is
        gone."""
        assert_true(self.database, self.campaign)
        rows = {row.number: row for row in rows_of(self.database, self.campaign)}
        for row in rows.values():
            seen, last = {row.number}, row
            while last.state in (TWICE, WAITING) and last.like_number in rows:
                last = rows[last.like_number]
                assert last.number not in seen, "each repeats the other"
                seen.add(last.number)
            assert last.state != TWICE, "the repetition of nobody"
            assert not is_quiet or last.state != WAITING or last.like_number is None


@given(steps=st.lists(_steps, min_size=2, max_size=12))
@hypothesis_settings(max_examples=30)
def test_whatever_happens_the_count_is_true(
    database: Database, settings: Settings, steps: list[tuple[Any, ...]]
) -> None:
    it = Campaign(database, settings)
    for name, *arguments in steps:
        getattr(it, name)(*arguments)
        it.check()
    it.later()
    it.check(is_quiet=True)
