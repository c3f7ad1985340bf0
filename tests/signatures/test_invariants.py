"""Signers do whatever they like in any order, in batches of any mixture: what each is told, what is stored of
them, and what is counted is what a simple model says, at every moment."""

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from petitions.db import Database
from petitions.mail.limits import PERIOD
from petitions.mail.models import Outbox
from petitions.settings import Settings
from petitions.signatures import rollups
from petitions.signatures.changing import Change, Said, Unsubscription
from petitions.signatures.confirming import Confirmation, Outcome, store_confirmations
from petitions.signatures.consents import find_wording
from petitions.signatures.counting import recount
from petitions.signatures.drafting import NewDraft, content_key
from petitions.signatures.models import Draft, Refusal, Signature, Tally, Withdrawal
from petitions.signatures.own import Action, Done
from petitions.signatures.refusing import Standing, refuse, take_back
from petitions.signatures.relinking import NewLink
from petitions.signatures.rollups import roll_up
from petitions.signatures.withdrawing import Withdraw, withdraw
from petitions.tokens import Named
from tests.factories import act, link_to, make_campaign, remove, said, sign
from tests.signatures.truth import assert_true

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PEOPLE = 5
NAMES = ("Ana Sánchez", "Ana Pérez", "Boris B.", "安娜")
COUNTRIES = ("ES", "IE", "CH")
VISIBILITIES = ("public", "initials", "addressee", "anonymous")
WORDINGS = ("Write to me", "Escribidme")

_numbers = itertools.count()
_several = st.integers(0, 1_000)


@dataclass
class Row:
    """A signature, as the model has it."""

    draft: NewDraft
    said: Said
    serial: int
    consent: tuple[str, datetime] | None  # words and time
    epoch: int = 0
    removed: bool = False


@dataclass
class Model:
    """What should be in the store."""

    waiting: dict[UUID, NewDraft] = field(default_factory=dict)
    signed: dict[UUID, Row] = field(default_factory=dict)
    refused: dict[tuple[int, bytes], UUID | None] = field(default_factory=dict)
    withdrawals: dict[UUID, int] = field(default_factory=dict)  # id and epoch of those that links withdrew
    withdrawn: Counter[int] = field(default_factory=Counter)
    serials: Counter[int] = field(default_factory=Counter)

    def of_address(self, draft: NewDraft) -> Row | None:
        return next((row for row in self.signed.values() if row.draft.key == draft.key), None)

    def drop_drafts(self, key: tuple[int, bytes]) -> None:
        self.waiting = {i: draft for i, draft in self.waiting.items() if draft.key != key}

    def by_link(self, link: Named) -> Row | None:
        row = self.signed.get(link.row_id)
        works = row is not None and row.draft.campaign_id == link.campaign_id and row.epoch == link.epoch
        return row if works else None

    def erase(self, row: Row) -> None:
        del self.signed[row.draft.id]
        self.drop_drafts(row.draft.key)
        if row.removed:
            self.refused[row.draft.key] = None
        else:
            self.withdrawn[row.draft.campaign_id] += 1


def said_by(name: str, country: str, visibility: str, updates: bool, comment: str | None) -> dict[str, Any]:
    """What a form says; of those who stay unnamed it keeps nothing."""
    named = visibility != "anonymous"
    return {
        "name": name if named else None,
        "city": "Madrid" if named else None,
        "comment": comment if named else None,
        "country": country,
        "visibility": visibility,
        "updates": updates,
    }


forms = st.builds(
    said_by,
    st.sampled_from(NAMES),
    st.sampled_from(COUNTRIES),
    st.sampled_from(VISIBILITIES),
    st.booleans(),
    st.sampled_from([None, "Hello."]),
)
#: Kind, whose, how far the link's epoch is from the one that works, whether it names another campaign, the form.
action_plans = st.tuples(
    st.sampled_from(["change", "change", "withdraw", "new_link", "unsubscribe"]),
    _several,
    st.sampled_from([0, 0, 0, 0, -1, 1]),
    st.sampled_from([False] * 9 + [True]),
    forms,
    st.sampled_from(WORDINGS),
)


class Signers(RuleBasedStateMachine):
    def __init__(self, database: Database, app: Settings) -> None:
        super().__init__()
        self.database, self.app, self.now = database, app, NOON
        number = next(_numbers)
        self.campaigns = [make_campaign(database, slug=f"{name}-{number}") for name in ("one", "two")]
        self.addresses = [f"p{person}-{number}@example.org" for person in range(PEOPLE)]
        self.model = Model()
        self.known: list[NewDraft] = []  # everything that was ever sent, for links

    def pick(self, whose: int, *, waiting: bool = False) -> NewDraft:
        """What somebody sent once; mostly a signature, or mostly a draft that is `waiting`."""
        signed, drafts = [row.draft for row in self.model.signed.values()], list(self.model.waiting.values())
        likely, unlikely = (drafts, signed) if waiting else (signed, drafts)
        choices = (likely, likely, likely, unlikely, self.known)[whose % 5] or self.known
        return choices[whose // 5 % len(choices)]

    @initialize(form=forms)
    def begin(self, form: dict[str, Any]) -> None:
        """Some have signed already, half of them are rolled up, and mails to others wait to be read."""
        for person in range(PEOPLE - 1):
            self.sign(person % 2, person, form, WORDINGS[0], True)
            if person == 1:
                self.roll_up()
            for name in NAMES[:2]:
                self.sign(
                    1 - person % 2, person, form | {"name": name, "visibility": "public"}, WORDINGS[1], False
                )

    @rule(
        where=st.integers(0, 1),
        who=st.integers(0, PEOPLE - 1),
        form=forms,
        wording=st.sampled_from(WORDINGS),
        at_once=st.booleans(),
    )
    def sign(self, where: int, who: int, form: dict[str, Any], wording: str, at_once: bool) -> None:
        self.now += timedelta(hours=1)
        draft = sign(
            self.database,
            self.app,
            self.campaigns[where],
            email=self.addresses[who],
            arrived_at=self.now,
            updates_wording=wording if form["updates"] else None,
            **form,
        )
        self.known.append(draft)
        model = self.model
        known = any(
            other.key == draft.key and content_key(other) == content_key(draft) for other in model.waiting.values()
        )
        if model.of_address(draft) is None and draft.key not in model.refused and not known:
            model.waiting[draft.id] = draft
        if at_once:
            self.press([draft])

    @rule(whose=st.lists(_several, min_size=1, max_size=3))
    def confirm(self, whose: list[int]) -> None:
        self.press([self.pick(number, waiting=True) for number in whose])

    def press(self, drafts: list[NewDraft]) -> None:
        """The buttons of some mails; where an address has two, the first one counts."""
        expected: dict[UUID, Outcome] = {}
        model = self.model
        waiting = dict(model.waiting)
        signed_before = set(model.signed)
        for draft in drafts:
            if draft.id in expected:
                continue
            if draft.id in signed_before:
                is_current = model.signed[draft.id].epoch == 0
                expected[draft.id] = Outcome.COUNTED_BEFORE if is_current else Outcome.GONE
            elif draft.id not in waiting:
                expected[draft.id] = Outcome.GONE
            elif model.of_address(draft) is not None:
                expected[draft.id] = Outcome.COUNTED_BEFORE
            else:
                expected[draft.id] = Outcome.COUNTED
                model.serials[draft.campaign_id] += 1
                consent = (draft.updates_wording or "", draft.arrived_at) if draft.updates else None
                serial = model.serials[draft.campaign_id]
                model.signed[draft.id] = Row(draft, said(draft), serial, consent)
                model.drop_drafts(draft.key)
        batch = [
            Confirmation(draft.campaign_id, draft.id, self.now + timedelta(seconds=n))
            for n, draft in enumerate(drafts)
        ]
        with self.database.writing() as session:
            assert store_confirmations(session, batch) == [expected[draft.id] for draft in drafts]

    @rule(whose=_several)
    def refuse(self, whose: int) -> None:
        draft, model = self.pick(whose, waiting=True), self.model
        if draft.id in model.waiting:
            expected = Standing.REFUSED
            model.drop_drafts(draft.key)
            model.refused.setdefault(draft.key, draft.id)
        elif draft.id in model.refused.values():
            expected = Standing.REFUSED
        else:
            row = model.signed.get(draft.id)
            expected = Standing.SIGNED if row is not None and row.epoch == 0 else Standing.GONE
        with self.database.writing() as session:
            assert refuse(session, draft.campaign_id, draft.id, self.now) is expected

    @precondition(lambda self: self.model.refused)
    @rule(whose=_several)
    def take_back(self, whose: int) -> None:
        draft = self.pick(whose)
        self.model.refused = {key: i for key, i in self.model.refused.items() if i != draft.id}
        with self.database.writing() as session:
            take_back(session, draft.campaign_id, draft.id)

    @rule(plans=st.lists(action_plans, min_size=2, max_size=6))
    def act_often(self, plans: list[Any]) -> None:
        self.act(plans)

    @rule(plans=st.lists(action_plans, min_size=1, max_size=4))
    def act(self, plans: list[tuple[str, int, int, bool, dict[str, Any], str]]) -> None:
        """A batch of what signers do by their links, many of which work."""
        self.now += timedelta(hours=1)
        mails = self.recent_mails()
        actions: list[Action] = []
        links: list[Named] = []
        for kind, whose, epochs_away, foreign, form, wording in plans:
            draft = self.pick(whose)
            row = self.model.signed.get(draft.id)
            link = link_to(draft, max(0, (row.epoch if row else 0) + epochs_away))
            if foreign:
                link = link._replace(campaign_id=sum(c.id for c in self.campaigns) - link.campaign_id)
            links.append(link)
            if kind == "change":
                actions.append(Change(link, replace(said(draft), **form), wording, self.now))
            elif kind == "withdraw":
                actions.append(Withdraw(link, self.now))
            elif kind == "new_link":
                actions.append(NewLink(link, self.now))
            else:
                actions.append(Unsubscription(link))
        expected = [self.expect(action, mails) for action in actions]
        assert act(self.database, *actions) == expected
        assert self.recent_mails() == mails

    def recent_mails(self) -> Counter[tuple[int, bytes]]:
        """Mails of the last day, by campaign and address."""
        query = (
            select(Outbox.campaign_id, Outbox.email_key, func.count())
            .where(Outbox.created_at > self.now - PERIOD, Outbox.campaign_id.in_([c.id for c in self.campaigns]))
            .group_by(Outbox.campaign_id, Outbox.email_key)
        )
        with self.database.reading() as session:
            return Counter({(campaign or 0, key): count for campaign, key, count in session.execute(query)})

    def expect(self, action: Action, mails: Counter[tuple[int, bytes]]) -> Done:
        model, row = self.model, self.model.by_link(action.link)
        if isinstance(action, Unsubscription):
            any_epoch = model.signed.get(action.link.row_id)
            if any_epoch is not None and any_epoch.draft.campaign_id == action.link.campaign_id:
                any_epoch.said = replace(any_epoch.said, updates=False)
                any_epoch.consent = None
            return Done.DONE
        if row is None:
            was_mine = action.link.row_id in {draft.id for draft in self.known if self.names(action.link, draft)}
            again = was_mine and model.withdrawals.get(action.link.row_id) == action.link.epoch
            return Done.DONE if isinstance(action, Withdraw) and again else Done.GONE
        if isinstance(action, Withdraw):
            model.erase(row)
            mails.pop(row.draft.key, None)  # nothing was sent yet
            model.withdrawals[row.draft.id] = row.epoch
        elif isinstance(action, NewLink):
            mails[row.draft.key] += 1  # whatever the limits say
            row.epoch += 1
        elif isinstance(action, Change):
            if not action.said.updates:
                row.consent = None
            elif not row.said.updates:
                row.consent = (action.updates_wording, action.arrived_at)
            row.said = action.said
        return Done.DONE

    @staticmethod
    def names(link: Named, draft: NewDraft) -> bool:
        return (link.campaign_id, link.row_id) == (draft.campaign_id, draft.id)

    @rule(whose=_several)
    def withdraw_by_address(self, whose: int) -> None:
        draft, model = self.pick(whose), self.model
        row = model.of_address(draft)
        model.drop_drafts(draft.key)
        if row is not None:
            model.erase(row)
        with self.database.writing() as session:
            assert withdraw(session, draft.campaign_id, draft.email_key, self.now) is (row is not None)

    @precondition(lambda self: any(not row.removed for row in self.model.signed.values()))
    @rule(whose=_several)
    def remove(self, whose: int) -> None:
        rows = [row for row in self.model.signed.values() if not row.removed]
        row = rows[whose % len(rows)]
        row.removed = True
        remove(self.database, row.draft)

    @rule()
    def roll_up(self) -> None:
        roll_up(self.database, self.now)

    @rule()
    def recount(self) -> None:
        for campaign in self.campaigns:
            with self.database.writing() as session:
                assert recount(session, campaign.id, self.now, repair=True).drift == 0

    @invariant()
    def the_count_the_shares_and_the_search_are_what_the_rows_say(self) -> None:
        assert_true(self.database, *self.campaigns)

    @invariant()
    def the_store_is_what_the_model_says(self) -> None:
        ids = [campaign.id for campaign in self.campaigns]
        model = self.model
        with self.database.reading() as session:
            signatures = session.scalars(select(Signature).where(Signature.campaign_id.in_(ids))).all()
            drafts = set(session.scalars(select(Draft.id).where(Draft.campaign_id.in_(ids))))
            refusals = session.scalars(select(Refusal).where(Refusal.campaign_id.in_(ids))).all()
            withdrawals = session.scalars(select(Withdrawal).where(Withdrawal.campaign_id.in_(ids))).all()
            tallies = session.scalars(select(Tally).where(Tally.campaign_id.in_(ids))).all()
            words = {s.id: find_wording(session, s.campaign_id, s.updates_key) for s in signatures}
        assert {signature.id for signature in signatures} == set(model.signed)
        for signature in signatures:
            row = model.signed[signature.id]
            stored = {name: getattr(signature, name) for name in Said.__dataclass_fields__}
            assert stored == vars(row.said)
            consent = (words[signature.id], signature.updates_at) if signature.updates else None
            assert (signature.serial, signature.link_epoch, consent) == (row.serial, row.epoch, row.consent)
            assert (signature.removed_at is not None) == row.removed
            assert (signature.email, signature.email_key) == (row.draft.email, row.draft.email_key)
        assert drafts == set(model.waiting)
        assert {(r.campaign_id, r.email_key): r.draft_id for r in refusals} == model.refused
        assert {w.id: w.link_epoch for w in withdrawals} == model.withdrawals
        assert {t.campaign_id: t.withdrawn for t in tallies} == {i: model.withdrawn[i] for i in ids}
        assert {t.campaign_id: t.last_serial for t in tallies} == {i: model.serials[i] for i in ids}


def test_whatever_signers_do_the_count_stays_true(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollups, "_STEP", 2)

    class Here(Signers):
        def __init__(self) -> None:
            super().__init__(database, settings)

    run_state_machine_as_test(Here, settings=hypothesis_settings(max_examples=20, stateful_step_count=30))
