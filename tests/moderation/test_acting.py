"""What moderators do to single signatures, and that two of them never undo each other unseen."""

import threading
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from petitions.audit.models import AuditEntry
from petitions.audit.recording import Actor
from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.moderation.acting import Act, Acted, Target, act, digest_of, list_acts
from petitions.moderation.removing import lock_tally
from petitions.privacy.purging import purge
from petitions.settings import Settings
from petitions.signatures.counting import find_count
from petitions.signatures.drafting import NewDraft
from petitions.signatures.listing import list_latest, search
from petitions.signatures.models import COMMENT_APPROVED, COMMENT_HIDDEN, COMMENT_UNREAD, Signature
from petitions.signatures.rollups import roll_up
from petitions.signatures.withdrawing import Withdraw, withdraw
from tests import factories
from tests.factories import change, link_to, make_campaign, sign_and_confirm
from tests.signatures.truth import assert_true

MONA, OLGA = Actor(new_id(), "Mona Moderator"), Actor(new_id(), "Olga Owner")


def get(database: Database, draft: NewDraft) -> Signature:
    with database.reading() as session:
        return session.get_one(Signature, (draft.campaign_id, draft.id))


def seen(database: Database, *drafts: NewDraft) -> list[Target]:
    """What a page says of them at this moment."""
    rows = [get(database, draft) for draft in drafts]
    return [Target(row.id, row.moderated, digest_of(row)) for row in rows]


def do(database: Database, campaign: CampaignSnapshot, action: Act, targets: list[Target], **more: Any) -> Acted:
    reason = more.get("reason", "abuse" if action is Act.REMOVE else None)
    with database.writing() as session:
        return act(session, campaign.id, action, targets, more.get("actor", MONA), utc_now(), reason)


def history(database: Database, draft: NewDraft) -> list[tuple[int, str, str | None, str]]:
    with database.reading() as session:
        acts = list_acts(session, draft.campaign_id, draft.id)
        return [(one.number, one.action, one.reason, one.by_name) for one in acts]


def audited(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    with database.reading() as session:
        entries = session.query(AuditEntry).order_by(AuditEntry.id)
        return [(entry.action, entry.actor, entry.details) for entry in entries if "signature." in entry.action]


@pytest.fixture
def ana(database: Database, settings: Settings, campaign: CampaignSnapshot) -> NewDraft:
    return sign_and_confirm(database, settings, campaign, comment="Free him.")


def test_every_act_does_one_thing_and_its_counterpart_undoes_it(
    database: Database, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    expected: list[tuple[Act, dict[str, Any]]] = [
        (Act.HIDE_NAME, {"name_hidden": True}),
        (Act.HIDE_COMMENT, {"comment_state": COMMENT_HIDDEN}),
        (Act.SHOW_NAME, {"name_hidden": False}),
        (Act.APPROVE_COMMENT, {"comment_state": COMMENT_APPROVED}),
        (Act.REMOVE, {"removed_reason": "abuse"}),
        (Act.RESTORE, {"removed_reason": None, "removed_at": None}),
    ]
    state: dict[str, Any] = {"name_hidden": False, "comment_state": COMMENT_UNREAD, "removed_reason": None}
    for number, (action, changes) in enumerate(expected, start=1):
        assert do(database, campaign, action, seen(database, ana)) == Acted(done=(ana.id,))
        state |= changes | {"moderated": number}
        row = get(database, ana)
        assert {name: getattr(row, name) for name in state} == state
        with database.reading() as session:
            assert find_count(session, campaign.id) == (0 if action is Act.REMOVE else 1)
        assert_true(database, campaign)
    assert history(database, ana) == [
        (number, action, "abuse" if action is Act.REMOVE else None, "Mona Moderator")
        for number, (action, _changes) in reversed(list(enumerate(expected, start=1)))
    ]


def test_what_is_done_stands_in_the_log_without_names(
    database: Database, campaign: CampaignSnapshot, settings: Settings, ana: NewDraft
) -> None:
    bea = sign_and_confirm(database, settings, campaign, name="Bea Bot", email="bea@flood.example")
    do(database, campaign, Act.REMOVE, seen(database, ana, bea), reason="robot")
    do(database, campaign, Act.RESTORE, seen(database, ana), actor=OLGA)
    log = audited(database)
    assert log == [
        ("signature.removed", "Mona Moderator", {"signatures": [1, 2], "reason": "robot"}),
        ("signature.restored", "Olga Owner", {"signatures": [1]}),
    ]
    assert ana.id.hex[:12] not in repr(log)  # the moment of her form, to the millisecond


def test_who_was_overtaken_changes_nothing(database: Database, campaign: CampaignSnapshot, ana: NewDraft) -> None:
    target = seen(database, ana)
    do(database, campaign, Act.HIDE_NAME, target)
    for action in (Act.REMOVE, Act.HIDE_COMMENT, Act.APPROVE_COMMENT):
        assert do(database, campaign, action, target, actor=OLGA) == Acted(meanwhile=(ana.id,))
    do(database, campaign, Act.SHOW_NAME, seen(database, ana))
    assert do(database, campaign, Act.HIDE_NAME, target, actor=OLGA) == Acted(meanwhile=(ana.id,))
    row = get(database, ana)
    assert (row.moderated, row.name_hidden, row.removed_at, row.comment_state) == (2, False, None, COMMENT_UNREAD)
    assert [action for action, _actor, _details in audited(database)] == [
        "signature.name_hidden",
        "signature.name_shown",
    ]


def test_the_same_twice_is_done_once(database: Database, campaign: CampaignSnapshot, ana: NewDraft) -> None:
    target = seen(database, ana)
    for action in (Act.REMOVE, Act.HIDE_NAME):
        target = seen(database, ana)
        assert do(database, campaign, action, target).done == (ana.id,)
        assert do(database, campaign, action, target, actor=OLGA) == Acted(already=(ana.id,))
    assert do(database, campaign, Act.REMOVE, target, reason="robot") == Acted(meanwhile=(ana.id,))
    assert (len(history(database, ana)), get(database, ana).moderated) == (2, 2)
    assert_true(database, campaign)


def test_only_words_that_were_read_are_shown(
    database: Database, campaign: CampaignSnapshot, settings: Settings, ana: NewDraft
) -> None:
    """Their signer may change them at that moment; hiding holds whatever they say."""
    read = seen(database, ana)
    factories.act(database, change(ana, comment="An insult"))
    assert do(database, campaign, Act.APPROVE_COMMENT, read) == Acted(reworded=(ana.id,))
    assert do(database, campaign, Act.HIDE_COMMENT, read) == Acted(done=(ana.id,))
    do(database, campaign, Act.HIDE_NAME, seen(database, ana))
    read = seen(database, ana)
    factories.act(database, change(ana, comment="Sorry.", name="A. Slur"))
    assert do(database, campaign, Act.SHOW_NAME, read) == Acted(reworded=(ana.id,))
    assert get(database, ana).comment_state == COMMENT_HIDDEN
    assert do(database, campaign, Act.SHOW_NAME, seen(database, ana)) == Acted(done=(ana.id,))
    do(database, campaign, Act.REMOVE, seen(database, ana))
    read = seen(database, ana)
    factories.act(database, change(ana, name="Another Slur"))
    assert do(database, campaign, Act.RESTORE, read) == Acted(reworded=(ana.id,))
    assert_true(database, campaign)


def test_a_hidden_name_leaves_the_list_and_the_search_and_counts(
    database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    bea = sign_and_confirm(database, settings, campaign, name="Bea Byrne")
    roll_up(database, utc_now())
    do(database, campaign, Act.HIDE_NAME, seen(database, ana))
    for name in ("Ana Sánchez", "Other Name"):
        factories.act(database, change(ana, name=name))  # what a signer changes stays hidden
        with database.reading() as session:
            assert [signer.name for signer in list_latest(session, campaign.id, 5)] == ["Bea Byrne"]
            assert search(session, campaign.id, name, None).signers == ()
            assert find_count(session, campaign.id) == 2
        assert_true(database, campaign)
    do(database, campaign, Act.SHOW_NAME, seen(database, ana))
    with database.reading() as session:
        assert [signer.name for signer in search(session, campaign.id, "oth", None).signers] == ["Other Name"]
    do(database, campaign, Act.HIDE_NAME, seen(database, bea))
    factories.act(database, change(bea, visibility="initials"), Withdraw(link_to(ana), utc_now()))
    do(database, campaign, Act.SHOW_NAME, seen(database, bea))
    assert_true(database, campaign)


def test_a_hidden_comment_is_in_no_list(database: Database, campaign: CampaignSnapshot, ana: NewDraft) -> None:
    def shown(*, reviewed: bool) -> list[str | None]:
        with database.reading() as session:
            return [signer.comment for signer in list_latest(session, campaign.id, 5, reviewed=reviewed)]

    assert (shown(reviewed=False), shown(reviewed=True)) == (["Free him."], [None])
    do(database, campaign, Act.APPROVE_COMMENT, seen(database, ana))
    assert (shown(reviewed=False), shown(reviewed=True)) == (["Free him."], ["Free him."])
    factories.act(database, change(ana, comment="Free them all."))
    assert (shown(reviewed=False), shown(reviewed=True)) == (["Free them all."], [None])
    do(database, campaign, Act.HIDE_COMMENT, seen(database, ana))
    factories.act(database, change(ana, comment="Said otherwise."))
    assert (shown(reviewed=False), shown(reviewed=True)) == ([None], [None])


def test_nothing_is_done_to_what_was_withdrawn_or_is_of_another_campaign(
    database: Database, settings: Settings, campaign: CampaignSnapshot, ana: NewDraft
) -> None:
    other = sign_and_confirm(database, settings, make_campaign(database, slug="free-carla"))
    targets = seen(database, ana, other)
    with database.writing() as session:
        withdraw(session, campaign.id, ana.email_key, utc_now())
    for action in Act:
        assert do(database, campaign, action, targets) == Acted(gone=(ana.id, other.id))
    assert get(database, other).moderated == 0
    assert audited(database) == []


def test_a_removal_needs_one_of_the_reasons(database: Database, campaign: CampaignSnapshot, ana: NewDraft) -> None:
    for reason in (None, "", "because"):
        with pytest.raises(KeyError):
            do(database, campaign, Act.REMOVE, seen(database, ana), reason=reason)
    assert get(database, ana).removed_at is None


def test_what_was_done_goes_with_the_names(database: Database, campaign: CampaignSnapshot, ana: NewDraft) -> None:
    do(database, campaign, Act.HIDE_NAME, seen(database, ana))
    do(database, campaign, Act.REMOVE, seen(database, ana))
    assert purge(database, campaign.id, utc_now()).done
    assert history(database, ana) == []


def test_of_two_at_once_one_is_told(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    """Each saw the same; whoever comes second has changed nothing, and the count is right."""
    drafts = [sign_and_confirm(database, settings, campaign, comment="!") for _ in range(4)]
    targets = seen(database, *drafts)
    wanted = [(Act.REMOVE, targets), (Act.HIDE_NAME, targets[::-1]), (Act.APPROVE_COMMENT, targets)]
    became: list[Acted] = []
    barrier = threading.Barrier(len(wanted))

    def moderate(action: Act, order: list[Target]) -> None:
        barrier.wait()
        became.append(do(database, campaign, action, order))

    threads = [threading.Thread(target=moderate, args=each) for each in wanted]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((len(one.done), len(one.meanwhile)) for one in became) == [(0, 4), (0, 4), (4, 0)]
    assert [get(database, draft).moderated for draft in drafts] == [1] * 4
    assert [len(history(database, draft)) for draft in drafts] == [1] * 4
    assert len(audited(database)) == 1
    assert_true(database, campaign)


@pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("action", Act)
def test_whoever_acts_takes_the_tally_before_the_rows(
    database: Database, campaign: CampaignSnapshot, ana: NewDraft, action: Act
) -> None:
    """Like everybody who withdraws, changes or confirms: in another order, two would wait for each other."""
    do(database, campaign, _OPPOSITES[action], seen(database, ana))
    target, became = seen(database, ana), list[Acted]()
    acting = threading.Thread(target=lambda: became.append(do(database, campaign, action, target)))
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with database.writing() as session:  # somebody who withdraws
        lock_tally(session, campaign.id)
        acting.start()
        while acting.is_alive():
            with database.reading() as looking:
                if looking.scalar(waits):
                    break
        row = select(Signature.moderated).where(Signature.id == ana.id).with_for_update(nowait=True)
        assert session.scalar(row) == 1
    acting.join()
    assert became == [Acted(done=(ana.id,))]
    assert_true(database, campaign)


#: What makes room for each act.
_OPPOSITES = {
    Act.HIDE_NAME: Act.HIDE_COMMENT,
    Act.SHOW_NAME: Act.HIDE_NAME,
    Act.APPROVE_COMMENT: Act.HIDE_COMMENT,
    Act.HIDE_COMMENT: Act.APPROVE_COMMENT,
    Act.REMOVE: Act.HIDE_NAME,
    Act.RESTORE: Act.REMOVE,
}
_steps = st.lists(
    st.tuples(st.integers(0, 2), st.sampled_from(["sign", "change", "withdraw", *Act])), min_size=1, max_size=12
)


@given(_steps)
@hypothesis_settings(max_examples=20)
def test_whatever_is_done_in_whatever_order_the_count_and_the_searches_are_true(
    database: Database, settings: Settings, steps: list[tuple[int, str]]
) -> None:
    slug = f"campaign-{utc_now().timestamp():.6f}".replace(".", "-")
    campaign = make_campaign(database, slug=slug)
    people: list[NewDraft | None] = [None, None, None]
    numbers: dict[UUID, int] = {}
    for place, step in steps:
        person = people[place]
        if step == "sign" and person is None:
            visibility = ("public", "initials", "addressee")[place]
            people[place] = sign_and_confirm(database, settings, campaign, visibility=visibility, comment="!")
        elif person is not None and step == "change":
            factories.act(database, change(person, name="Ana Otherwise", visibility="public"))
        elif person is not None and step == "withdraw":
            factories.act(database, Withdraw(link_to(person), utc_now()))
            people[place] = None
        elif person is not None and step in list(Act):
            done = do(database, campaign, Act(step), seen(database, person)).done
            numbers[person.id] = numbers.get(person.id, 0) + len(done)
        if place == 1:
            roll_up(database, utc_now())
        assert_true(database, campaign)
    with database.reading() as session:
        rows = session.execute(select(Signature.id, Signature.moderated)).all()
    assert {row.id: row.moderated for row in rows if row.id in numbers} == {
        key: number for key, number in numbers.items() if key in {row.id for row in rows}
    }
