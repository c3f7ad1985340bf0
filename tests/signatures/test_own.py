"""What a link of the own page leads to, and what becomes of a batch of actions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, update
from sqlalchemy.exc import IntegrityError

from petitions.campaigns.models import Campaign, Statement
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import LinkInvalid
from petitions.ids import new_id
from petitions.settings import Settings
from petitions.signatures import own
from petitions.signatures.drafting import NewDraft
from petitions.signatures.importing import import_files
from petitions.signatures.models import Signature, Tally, Withdrawal
from petitions.signatures.own import Action, Done, find_own, is_waiting, store_actions, was_withdrawn
from petitions.signatures.withdrawing import Withdraw, forget_withdrawals
from petitions.tokens import Named
from tests.factories import (
    act,
    campaign_files,
    change,
    confirm,
    link_to,
    make_campaign,
    sign,
    sign_and_confirm,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def looked_up(database: Database, link: Named) -> tuple[bool, bool, bool]:
    """Whether the link leads to a signature, to a draft that waits, to one that was withdrawn."""
    with database.reading() as session:
        try:
            find_own(session, link, {})
            found = True
        except LinkInvalid as error:
            assert str(error) == ""  # noqa: PT017 - the same for every reason
            found = False
        return found, is_waiting(session, link), was_withdrawn(session, link)


def test_a_link_leads_to_everything_that_is_stored(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(
        database,
        settings,
        campaign,
        comment="With you.",
        affiliation="UE",
        answers={"union": "506"},
        updates=True,
        updates_wording="Write to me",
        language="es",
        arrived_at=NOON,
    )
    with database.reading() as session:
        found = find_own(session, link_to(draft), {})
    for name in (
        "campaign_id id email email_key name country city affiliation comment answers visibility updates "
        "language statement_id consent_version"
    ).split():
        assert getattr(found.signature, name) == getattr(draft, name), name
    assert (found.signature.drafted_at, found.signature.updates_at) == (NOON, NOON)
    assert found.signature.confirmed_at == NOON + timedelta(minutes=1)
    assert (found.slug, found.updates_wording) == ("free-boris", "Write to me")
    assert (found.statement.id, found.statement.title) == (draft.statement_id, "Free Boris")


def test_a_wording_is_read_once_and_kept_within_bounds(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row never changes, so it need not be read for each visit; it outlives its transaction."""
    monkeypatch.setattr(own, "_MOST_WORDINGS", 2)
    wordings: dict[int, Statement] = {}
    drafts = [sign_and_confirm(database, settings, make_campaign(database, slug=f"c{n}")) for n in range(3)]
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM statements" in statement:
            asked.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)

    def look(draft: NewDraft) -> int:
        """How many wordings are kept afterwards."""
        with database.reading() as session:
            found = find_own(session, link_to(draft), wordings)
        assert (found.statement.id, found.statement.title) == (draft.statement_id, "Free Boris")
        return len(wordings)

    assert [look(drafts[n]) for n in (0, 0, 1, 0, 1)] == [1, 1, 2, 2, 2]
    assert len(asked) == 2
    assert [look(drafts[n]) for n in (2, 2, 0)] == [1, 1, 2]
    assert len(asked) == 4


def test_the_wording_is_the_one_that_was_signed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    newer = campaign_files()
    with database.writing() as session:
        session.execute(update(Statement).values(title="As it was"))
        import_files(session, newer, utc_now())
        current = get_snapshot(session, "free-boris").statements["en"]
    with database.reading() as session:
        statement = find_own(session, link_to(draft), {}).statement
    assert (statement.title, statement.version, statement.id) == ("As it was", 1, draft.statement_id)
    assert (current.title, current.version) == ("Free Boris", 2)


def test_a_link_of_a_draft_a_signature_and_a_withdrawn_one(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign(database, settings, campaign)
    assert looked_up(database, link_to(draft)) == (False, True, False)
    confirm(database, draft)
    assert looked_up(database, link_to(draft)) == (True, False, False)
    assert act(database, Withdraw(link_to(draft), utc_now())) == [Done.DONE]
    assert looked_up(database, link_to(draft)) == (False, False, True)


@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_a_link_of_another_epoch_leads_to_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot, epoch: int
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Signature).values(link_epoch=2))
    assert looked_up(database, link_to(draft, 2)) == (True, False, False)
    assert looked_up(database, link_to(draft, epoch)) == (False, False, False)
    assert act(database, Withdraw(link_to(draft, epoch), utc_now())) == [Done.GONE]
    assert act(database, Withdraw(link_to(draft, 2), utc_now())) == [Done.DONE]
    assert looked_up(database, link_to(draft, 2)) == (False, False, True)
    assert looked_up(database, link_to(draft, epoch)) == (False, False, False)


def test_a_foreign_link_leads_to_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    draft = sign_and_confirm(database, settings, campaign)
    waiting = sign(database, settings, campaign)
    for link in (
        link_to(draft)._replace(row_id=new_id()),
        *(link_to(some)._replace(campaign_id=number) for some in (draft, waiting) for number in (other.id, 999)),
    ):
        assert looked_up(database, link) == (False, False, False)


def test_a_held_draft_does_not_wait(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """It has no link yet; a link that is there all the same confirms nothing."""
    draft = sign(database, settings, campaign, trapped=True)
    assert looked_up(database, link_to(draft)) == (False, False, False)


def test_a_withdrawal_is_remembered_for_a_day(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    act(database, Withdraw(link_to(draft), NOON))
    forget_withdrawals(database, NOON + timedelta(days=1))
    assert looked_up(database, link_to(draft)) == (False, False, True)
    assert act(database, Withdraw(link_to(draft), NOON + timedelta(days=1))) == [Done.DONE]
    forget_withdrawals(database, NOON + timedelta(days=1, seconds=1))
    assert looked_up(database, link_to(draft)) == (False, False, False)
    assert act(database, Withdraw(link_to(draft), NOON + timedelta(days=1, seconds=1))) == [Done.GONE]


def test_what_is_remembered_of_a_withdrawal_names_nobody() -> None:
    assert set(Withdrawal.__table__.columns.keys()) == {"campaign_id", "id", "link_epoch", "withdrawn_at"}


def test_nothing_to_do_is_nothing_done(database: Database, campaign: CampaignSnapshot) -> None:
    assert act(database) == []


def test_campaigns_are_locked_in_one_order(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Whatever the order of the actions, and each campaign once; or two batches could wait for each other."""
    campaigns = [campaign, *(make_campaign(database, slug=slug) for slug in ("two", "three"))]
    drafts = [sign_and_confirm(database, settings, where) for where in campaigns]
    locked: list[int] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith("SELECT tallies.rolled_up_serial"):
            locked.append(next(iter(values.values() if isinstance(values, dict) else values)))
            assert ("FOR UPDATE" in statement) is not database.is_sqlite

    event.listen(database.engine, "before_cursor_execute", note)
    actions: list[Action] = [change(draft) for draft in (drafts[2], drafts[0], drafts[1], drafts[2], drafts[0])]
    assert act(database, *actions) == [Done.DONE] * 5
    assert locked == sorted(where.id for where in campaigns)


def test_a_batch_that_fails_is_not_done_at_all(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The intake then finds the one that the store refuses."""
    draft = sign_and_confirm(database, settings, campaign)
    impossible = change(draft, country=None)  # no form sends it
    with pytest.raises(IntegrityError), database.writing() as session:
        store_actions(session, [change(draft, name="Changed"), impossible])
    with database.reading() as session:
        assert session.get_one(Signature, (campaign.id, draft.id)).name == "Ana Sánchez"


def test_a_campaign_without_a_tally_has_nothing_to_act_on(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(delete(Tally))
    assert act(database, change(draft, name="Changed")) == [Done.GONE]


def test_a_link_works_after_the_campaign_closed(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Campaign).values(closes_at=NOON - timedelta(days=365)))
    assert looked_up(database, link_to(draft)) == (True, False, False)
    assert act(database, change(draft, name="Changed"), Withdraw(link_to(draft), utc_now())) == [Done.DONE] * 2
