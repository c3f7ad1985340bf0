"""Races: what happens at the same moment is as if one had come after the other, and nobody waits in a ring."""

import random
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.mail.models import Outbox
from petitions.settings import Rate, Settings
from petitions.signatures import rollups
from petitions.signatures.changing import Unsubscription
from petitions.signatures.confirming import Confirmation, Outcome, store_confirmations
from petitions.signatures.counting import find_count, recount
from petitions.signatures.drafting import NewDraft, store_drafts
from petitions.signatures.models import Draft, Refusal, Signature, Tally
from petitions.signatures.own import Action, Done
from petitions.signatures.refusing import Standing, refuse, take_back
from petitions.signatures.relinking import LinkWish, NewLink, store_wishes
from petitions.signatures.rollups import roll_up
from petitions.signatures.withdrawing import Withdraw, withdraw
from tests.factories import act, change, confirm, link_to, make_campaign, make_draft, sign, sign_and_confirm
from tests.signatures.truth import assert_true

Result = TypeVar("Result")
ROUNDS = 20


def race(*sides: Callable[[int], Result]) -> list[list[Result]]:
    """Let each side do its part of every round in a thread of its own, all of a round at once. The results of
    each side, by round."""
    start = threading.Barrier(len(sides))
    results: list[list[Result]] = [[] for _ in sides]
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            for turn in range(ROUNDS):
                start.wait(60)
                results[number].append(sides[number](turn))
        except BaseException as error:
            errors.append(error)
            start.abort()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(sides))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return results


def signed(database: Database, settings: Settings, campaign: CampaignSnapshot, **changes: Any) -> list[NewDraft]:
    """A signature for each round, half of them in the roll-ups."""
    drafts = [sign_and_confirm(database, settings, campaign, **changes) for _ in range(ROUNDS // 2)]
    roll_up(database, utc_now())
    return drafts + [sign_and_confirm(database, settings, campaign, **changes) for _ in range(ROUNDS // 2)]


def acting(
    database: Database, make: Callable[[NewDraft], Action], drafts: Sequence[NewDraft]
) -> Callable[[int], Done]:
    """Does the action of each round."""
    return lambda turn: act(database, make(drafts[turn]))[0]


def ids(database: Database) -> set[Any]:
    with database.reading() as session:
        return set(session.scalars(select(Signature.id)))


def tally(database: Database, campaign: CampaignSnapshot) -> tuple[int, int]:
    with database.reading() as session:
        row = session.get_one(Tally, campaign.id)
        return row.counted, row.withdrawn


def test_two_changes_at_once_are_one_after_the_other(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """What stays is one form whole, and the search and the shares are of that one."""
    drafts = signed(database, settings, campaign)
    forms: list[dict[str, Any]] = [
        {"name": "Ana Uno", "country": "FR", "city": "Lyon", "visibility": "public"},
        {"name": "Ana Dos", "country": "IE", "city": "Cork", "visibility": "initials"},
    ]
    sides = [acting(database, lambda draft, form=form: change(draft, **form), drafts) for form in forms]  # type: ignore[misc]
    assert race(*sides) == [[Done.DONE] * ROUNDS] * 2
    with database.reading() as session:
        rows = session.scalars(select(Signature)).all()
    for row in rows:
        assert {name: getattr(row, name) for name in forms[0]} in forms
    assert_true(database, campaign)
    roll_up(database, utc_now())
    assert_true(database, campaign)


def test_a_change_against_a_withdrawal_ends_erased(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = signed(database, settings, campaign)
    changed, withdrawn = race(
        acting(database, lambda draft: change(draft, name="Ana Nueva", country="FR", updates=True), drafts),
        acting(database, lambda draft: Withdraw(link_to(draft), utc_now()), drafts),
    )
    assert withdrawn == [Done.DONE] * ROUNDS
    assert set(changed) <= {Done.DONE, Done.GONE}
    assert ids(database) == set()
    assert tally(database, campaign) == (0, ROUNDS)
    assert_true(database, campaign)


def test_two_withdrawals_at_once_lower_the_count_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = signed(database, settings, campaign)
    button = acting(database, lambda draft: Withdraw(link_to(draft), utc_now()), drafts)
    assert race(button, button, button) == [[Done.DONE] * ROUNDS] * 3
    assert tally(database, campaign) == (0, ROUNDS)
    assert_true(database, campaign)


def test_the_button_against_the_operator_lowers_the_count_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = signed(database, settings, campaign)

    def by_address(turn: int) -> Done:
        with database.writing() as session:
            found = withdraw(session, campaign.id, drafts[turn].email_key, utc_now())
        return Done.DONE if found else Done.GONE

    for pair in zip(
        *race(acting(database, lambda draft: Withdraw(link_to(draft), utc_now()), drafts), by_address), strict=True
    ):
        assert set(pair) == {Done.DONE, Done.GONE}
    assert tally(database, campaign) == (0, ROUNDS)
    assert_true(database, campaign)


@pytest.mark.parametrize("same", [True, False], ids=["of the same draft", "of another draft of the address"])
def test_confirming_against_refusing_has_one_winner(
    database: Database, settings: Settings, campaign: CampaignSnapshot, same: bool
) -> None:
    """Either the signature counts and nothing is refused, or the other way round."""
    drafts = [sign(database, settings, campaign) for _ in range(ROUNDS)]
    others = drafts
    if not same:
        others = [sign(database, settings, campaign, email=draft.email, comment="Another") for draft in drafts]

    def say_no(turn: int) -> Standing:
        with database.writing() as session:
            return refuse(session, campaign.id, others[turn].id, utc_now())

    def press(turn: int) -> Outcome:
        return confirm(database, drafts[turn])

    results: list[list[Any]] = race(press, say_no)
    lost = Standing.SIGNED if same else Standing.GONE
    assert set(zip(*results, strict=True)) <= {(Outcome.COUNTED, lost), (Outcome.GONE, Standing.REFUSED)}
    with database.reading() as session:
        refused = set(session.scalars(select(Refusal.email_key)))
        counted = set(session.scalars(select(Signature.email_key)))
        assert session.scalars(select(Draft.id)).all() == []
    assert refused & counted == set()
    assert refused | counted == {draft.email_key for draft in drafts}
    assert_true(database, campaign)


def test_refusing_two_drafts_of_one_address_at_once_is_one_refusal(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Nobody waits for the other: each would hold one draft and want both."""
    first = [sign(database, settings, campaign) for _ in range(ROUNDS)]
    second = [sign(database, settings, campaign, email=draft.email, comment="Another") for draft in first]

    def say_no(drafts: Sequence[NewDraft]) -> Callable[[int], Standing]:
        def run(turn: int) -> Standing:
            with database.writing() as session:
                return refuse(session, campaign.id, drafts[turn].id, utc_now())

        return run

    pairs = list(zip(*race(say_no(first), say_no(second)), strict=True))
    assert {frozenset(pair) for pair in pairs} == {frozenset({Standing.REFUSED, Standing.GONE})}
    with database.reading() as session:
        refused = {row.draft_id for row in session.scalars(select(Refusal))}
        assert session.scalars(select(Draft.id)).all() == []
    winners = {
        (a if pair[0] is Standing.REFUSED else b).id for a, b, pair in zip(first, second, pairs, strict=True)
    }
    assert refused == winners


@pytest.mark.parametrize("kind", ["withdraw", "change", "confirm"])
def test_the_roll_up_counts_what_happens_meanwhile_once(
    database: Database, settings: Settings, campaign: CampaignSnapshot, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(rollups, "_STEP", 3)
    drafts = signed(database, settings, campaign)
    waiting = [sign(database, settings, campaign, country="IE") for _ in range(ROUNDS)]

    def do(turn: int) -> object:
        if kind == "withdraw":
            return act(database, Withdraw(link_to(drafts[turn]), utc_now()))
        if kind == "change":
            return act(database, change(drafts[turn], country="FR", visibility="addressee"))
        return confirm(database, waiting[turn])

    def roll(_turn: int) -> object:
        roll_up(database, utc_now())
        return None

    race(do, roll, roll)
    assert_true(database, campaign)
    roll_up(database, utc_now())
    assert_true(database, campaign)
    expected = {"withdraw": (0, ROUNDS), "change": (ROUNDS, 0), "confirm": (2 * ROUNDS, 0)}
    assert tally(database, campaign) == expected[kind]


def test_a_new_link_asked_for_twice_at_once_is_one_mail(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = signed(database, settings, campaign)
    button = acting(database, lambda draft: NewLink(link_to(draft), utc_now()), drafts)
    for pair in zip(*race(button, button), strict=True):
        assert set(pair) == {Done.DONE, Done.GONE}
    with database.reading() as session:
        assert set(session.scalars(select(Signature.link_epoch))) == {1}
        asked = session.execute(
            select(Outbox.subject_id, func.count()).where(Outbox.kind == "own_link").group_by(Outbox.subject_id)
        ).all()
    assert {tuple(row) for row in asked} == {(draft.id, 1) for draft in drafts}


def test_a_new_link_against_a_change_by_the_old_one(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The change came before it, or is not done at all."""
    drafts = signed(database, settings, campaign)
    links, changes = race(
        acting(database, lambda draft: NewLink(link_to(draft), utc_now()), drafts),
        acting(database, lambda draft: change(draft, name="Ana Nueva"), drafts),
    )
    assert links == [Done.DONE] * ROUNDS
    with database.reading() as session:
        for draft, done in zip(drafts, changes, strict=True):
            signature = session.get_one(Signature, (campaign.id, draft.id))
            assert signature.link_epoch == 1
            assert signature.name == {Done.DONE: "Ana Nueva", Done.GONE: "Ana Sánchez"}[done]
    assert_true(database, campaign)


def test_one_click_against_a_change_leaves_no_half_consent(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = signed(database, settings, campaign, updates=True, updates_wording="Write to me")
    results = race(
        acting(database, lambda draft: Unsubscription(link_to(draft)), drafts),
        acting(database, lambda draft: change(draft, wording="Newer words", name="Ana Nueva"), drafts),
    )
    assert results == [[Done.DONE] * ROUNDS] * 2
    with database.reading() as session:
        rows = session.scalars(select(Signature)).all()
    for row in rows:
        assert row.name == "Ana Nueva"
        assert row.updates is (row.updates_key is not None) is (row.updates_at is not None)
    assert_true(database, campaign)


def test_withdrawing_against_signing_again_keeps_one_at_most(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    drafts = signed(database, settings, campaign)
    again = [make_draft(campaign, settings, email=draft.email, comment="Again") for draft in drafts]

    def sign_again(turn: int) -> Outcome:
        with database.writing() as session:
            store_drafts(session, [again[turn]], None)
        return confirm(database, again[turn])

    def button(turn: int) -> Done:
        return act(database, Withdraw(link_to(drafts[turn]), utc_now()))[0]

    results: list[list[Any]] = race(button, sign_again)
    withdrawn, outcomes = results
    assert withdrawn == [Done.DONE] * ROUNDS
    assert set(outcomes) <= {Outcome.COUNTED, Outcome.GONE}
    counted = outcomes.count(Outcome.COUNTED)
    assert tally(database, campaign) == (counted, ROUNDS)
    assert len(ids(database)) == counted
    assert_true(database, campaign)


def test_mixed_batches_of_several_campaigns_do_not_lock_each_other_up(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of several servers and workers: signing, confirming, what signers do, "it wasn't me", wishes for links,
    roll-ups and recounts; each batch over all campaigns, in any order. Nothing is retried here."""
    monkeypatch.setattr(rollups, "_STEP", 5)
    campaigns = [make_campaign(database, slug=slug) for slug in ("one", "two", "three")]
    words = {"updates": True, "updates_wording": "Write to me"}
    drafts = [
        sign_and_confirm(database, settings, where, email=f"p{n}@example.org", **(words if n % 2 else {}))
        for n in range(20)
        for where in campaigns
    ]
    waiting = [
        sign(database, settings, where, email=f"w{n}@example.org") for n in range(20) for where in campaigns
    ]
    rate = Rate(10_000, timedelta(hours=1))

    def actions(turn: int, random_: random.Random) -> object:
        batch: list[Action] = []
        for draft in random_.sample(drafts, 8):
            made: Sequence[Action] = (
                change(draft, name=f"Ana {turn}", country=random_.choice(["FR", "IE"]), **said_updates(random_)),
                change(draft, epoch=1, visibility=random_.choice(["public", "initials"])),
                NewLink(link_to(draft), utc_now()),
                Unsubscription(link_to(draft)),
                Withdraw(link_to(draft, random_.randrange(4)), utc_now()),
            )
            batch.append(random_.choice(made))
        return act(database, *batch)

    def said_updates(random_: random.Random) -> dict[str, Any]:
        return {"updates": random_.random() < 0.5, "wording": "Write to me"}

    def signing(turn: int, random_: random.Random) -> object:
        batch = [
            make_draft(
                where,
                settings,
                email=f"{random_.choice('pw')}{random_.randrange(20)}@example.org",
                comment=str(random_.randrange(4)),
                network=f"192.0.2.{turn % 5}",
                **words,
            )
            for where in random_.sample(campaigns * 3, 9)
        ]
        with database.writing() as session:
            return store_drafts(session, batch, rate)

    def confirming(_turn: int, random_: random.Random) -> object:
        batch = [Confirmation(d.campaign_id, d.id, utc_now()) for d in random_.sample(waiting, 9)]
        with database.writing() as session:
            return store_confirmations(session, batch)

    def refusing(_turn: int, random_: random.Random) -> object:
        draft = random_.choice(waiting)
        with database.writing() as session:
            refuse(session, draft.campaign_id, draft.id, utc_now())
        with database.writing() as session:
            take_back(session, draft.campaign_id, draft.id)
        return None

    def asking(_turn: int, random_: random.Random) -> object:
        wishes = [LinkWish(d.email_key, None, utc_now()) for d in random_.sample(drafts + waiting, 5)]
        with database.writing() as session:
            return store_wishes(session, wishes)

    def working(_turn: int, random_: random.Random) -> object:
        roll_up(database, utc_now())
        for where in random_.sample(campaigns, 3):
            with database.writing() as session:
                assert recount(session, where.id, utc_now(), repair=True).drift == 0
        return None

    parts = (actions, actions, signing, confirming, refusing, asking, working)

    def side(number: int) -> Callable[[int], object]:
        random_ = random.Random(number)
        return lambda turn: parts[number](turn, random_)

    race(*(side(number) for number in range(len(parts))))
    assert_true(database, *campaigns)
    roll_up(database, utc_now())
    assert_true(database, *campaigns)
    with database.reading() as session:
        for where in campaigns:
            assert find_count(session, where.id) == session.scalar(
                select(func.count()).where(Signature.campaign_id == where.id)
            )
