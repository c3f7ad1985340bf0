"""Whatever organisations and leads do in whatever order, the count is what the rows say; nothing is left half."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LinkInvalid
from petitions.organisations import own
from petitions.organisations.deciding import Decision, Seen, is_known
from petitions.organisations.listing import find_shown
from petitions.organisations.merging import merge
from petitions.organisations.models import APPROVED, MERGED, Organisation, OrganisationLogo
from petitions.organisations.pictures import Logo
from petitions.organisations.requesting import Request
from petitions.settings import Settings
from tests import factories
from tests.organisations.acting import LEAD, ask, assert_true, find, judge, link, press, shown, waiting

_slugs = count(1)
_LOGOS = [None, Logo(b"red", 9, 9), Logo(b"blue", 9, 9)]
_WHAT = [*Decision, "press", "rename", "grow", "hold", "picture", "withdraw", "merge", "answer"]
ACTIONS = st.lists(
    st.tuples(st.sampled_from(_WHAT), st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=12
)


def act(database: Database, asked: Request, what: str, other: Request, amount: int) -> None:
    """One action, where the organisation is still there."""
    organisation = find(database, asked)
    if organisation is None:
        return
    if what in list(Decision):
        judge(database, asked, Decision(what), message="Why?")
        return
    if what == "press":
        press(database, asked, approves_proven=amount == 1)
        return
    with database.writing() as session:
        if what == "withdraw":
            own.withdraw(session, link(asked), utc_now())
        elif what == "answer":
            own.answer(session, link(asked), "So.", utc_now())
        elif what == "merge":
            beside = session.get(Organisation, (other.campaign_id, other.id))
            if beside is not None:
                seen = Seen(other.id, beside.revision), Seen(asked.id, organisation.revision)
                merge(session, asked.campaign_id, *seen, LEAD, utc_now())
        else:
            entry = factories.organisation_entry(
                name=f"Union {amount}" if what == "rename" else organisation.name,
                members=amount * 900 if what in ("grow", "hold") else organisation.members,
            )
            logo = _LOGOS[amount] if what == "picture" else None
            wish = own.Change(entry, logo, logo is None and what == "picture")
            own.change(session, link(asked), wish, utc_now(), held=what == "hold")


def make(database: Database, settings: Settings, campaign: CampaignSnapshot, number: int) -> Request:
    """Two that everybody sees, and one that waits."""
    begin = waiting if number == 2 else shown
    website = f"https://union{number}.example"
    return begin(database, settings, campaign, name=f"Union {number}", website=website, members=7, logo=_LOGOS[1])


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
@settings(max_examples=25)
@given(ACTIONS)
def test_the_count_is_true_whatever_is_done(
    database: Database, settings: Settings, actions: list[tuple[str, int, int]]
) -> None:
    campaign = factories.make_campaign(database, slug=f"campaign-{next(_slugs)}")
    asked = [make(database, settings, campaign, number) for number in range(3)]
    for what, which, amount in actions:
        act(database, asked[which], what, asked[amount], amount)
    standing = assert_true(database, campaign)
    with database.reading() as session:
        rows = session.scalars(select(Organisation).where(Organisation.campaign_id == campaign.id)).all()
        pictures = select(OrganisationLogo.digest).where(OrganisationLogo.campaign_id == campaign.id)
        listed = find_shown(session, campaign.id)
        kept = set(session.scalars(pictures))
    public = [row for row in rows if row.state == APPROVED]
    assert {one.number for one in listed.organisations} == {row.number for row in public}
    assert all(is_known(row) for row in public)
    assert kept == {
        digest for row in rows for digest in (row.logo, (row.proposed or {}).get("logo")) if digest is not None
    }
    assert all(row.proposed is None for row in rows if row.state != APPROVED)
    assert all((row.merged_into is not None) == (row.state == MERGED) for row in rows)
    assert standing.withdrawn <= 3 - len(rows)


def test_a_link_of_what_withdrew_is_dead(database: Database, settings: Settings) -> None:
    campaign = factories.make_campaign(database)
    asked = ask(database, settings, campaign)
    act(database, asked, "press", asked, 0)
    act(database, asked, "withdraw", asked, 0)
    with database.reading() as session, pytest.raises(LinkInvalid):
        own.find_own(session, link(asked))
