"""The counts beside a list: of its moment and its rows, and nobody is missing from their sum."""

from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.lists.counts import count_all
from petitions.lists.cuts import Cut, cut_now
from petitions.lists.documents import Counts
from petitions.lists.plans import Plan, Profile
from petitions.moderation.hiding import set_name_hidden
from petitions.settings import Settings
from petitions.signatures.paper import ONLINE, TWICE, WAITING
from petitions.signatures.withdrawing import Withdraw
from tests import factories
from tests.lists.cast import NOON, add_paper, sign_all
from tests.lists.made import read, take


def count(database: Database, campaign: CampaignSnapshot, cut: Cut | None = None) -> Counts:
    with database.reading() as session:
        counts = count_all(session, campaign.id, cut or cut_now(session, campaign.id, utc_now()))
    assert counts.confirmed == counts.counted + sum(counts.removed.values()) + counts.withdrawn
    return counts


def test_everybody_is_counted_as_they_stand_in_a_delivery(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    campaign = sign_all(database, settings)
    factories.cosign(database, settings, campaign, members=300)
    factories.cosign(database, settings, campaign, name="Others")
    for state in (WAITING, ONLINE, TWICE, TWICE):
        add_paper(database, campaign, state=state)
    add_paper(database, campaign)
    assert asdict(count(database, campaign)) == {
        "confirmed": 11,
        "named": 5,
        "initials": 2,
        "unnamed": 1,
        "names_hidden": 1,
        "removed": {"fake": 2},
        "withdrawn": 0,
        "on_paper": 1,
        "on_paper_waiting": 1,
        "on_paper_repeated": 3,
        "organisations": 2,
        "members": 300,
    }
    document = take(database, campaign, tmp_path / "s", Plan(on_paper=True, organisations=True)).document
    assert document.counts == count(database, campaign)
    assert [section.rows for section in document.sections] == [7, 1, 2]


def test_a_campaign_without_anybody_counts_nobody(database: Database, campaign: CampaignSnapshot) -> None:
    assert count(database, campaign) == Counts()


def test_another_campaign_does_not_count(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_all(database, settings, slug="other")
    assert count(database, campaign) == Counts()


def test_who_came_after_the_cut_does_not_count(database: Database, settings: Settings) -> None:
    campaign = sign_all(database, settings)
    add_paper(database, campaign)
    add_paper(database, campaign)
    counts = count(database, campaign, Cut(NOON, 5, 1))
    assert (counts.confirmed, counts.named, counts.initials, counts.unnamed) == (5, 2, 1, 1)
    assert (counts.removed, counts.on_paper) == ({"fake": 1}, 1)


@given(
    st.lists(
        st.sampled_from(["sign", "initials", "anonymous", "addressee", "withdraw", "remove", "hide"]), max_size=12
    )
)
@hypothesis_settings(max_examples=20)
def test_counts_add_up_whatever_happens(
    database: Database, settings: Settings, tmp_path: Path, acts: list[str]
) -> None:
    campaign = factories.make_campaign(database, slug=f"c-{new_id().hex}")
    drafts = []
    gone = 0
    for act in acts:
        if act in ("initials", "anonymous", "addressee", "sign"):
            visibility = "public" if act == "sign" else act
            name = None if act == "anonymous" else "Ana"
            drafts.append(
                factories.sign_and_confirm(database, settings, campaign, visibility=visibility, name=name)
            )
        elif drafts and act == "withdraw":
            factories.act(database, Withdraw(factories.link_to(drafts.pop()), utc_now()))
            gone += 1
        elif drafts and act == "remove":
            factories.remove(database, drafts.pop())
            gone += 1
        elif drafts:
            with database.writing() as session:
                set_name_hidden(session, campaign.id, [drafts[-1].id], hidden=True)
    counts = count(database, campaign)
    assert counts.counted == len(drafts)
    assert counts.withdrawn + sum(counts.removed.values()) == gone
    document = take(database, campaign, tmp_path / "s").document
    assert document.rows == len(read(document.sections[0])) == counts.named + counts.initials
    full = take(database, campaign, tmp_path / "s", Plan(profile=Profile.FULL)).document
    assert full.rows == counts.confirmed - counts.withdrawn


@pytest.mark.parametrize("visibility", ["public", "addressee", "initials", "anonymous"])
def test_a_hidden_name_is_counted_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot, visibility: str
) -> None:
    name = None if visibility == "anonymous" else "Ana"
    draft = factories.sign_and_confirm(database, settings, campaign, visibility=visibility, name=name)
    with database.writing() as session:
        set_name_hidden(session, campaign.id, [draft.id], hidden=True)
    counts = count(database, campaign)
    assert counts.counted == 1
    assert (counts.unnamed, counts.names_hidden) == ((1, 0) if visibility == "anonymous" else (0, 1))
