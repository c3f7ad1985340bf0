"""Changing one's own signature: every field, the search and the shares with it, the consent with its words."""

import itertools
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from petitions.campaigns.queries import CampaignSnapshot
from petitions.clock import utc_now
from petitions.db import Database
from petitions.ids import new_id
from petitions.models import metadata
from petitions.privacy.purging import purge
from petitions.public.forms import own_form_for, said_in
from petitions.settings import Settings
from petitions.signatures.changing import Change, Said, Unsubscription
from petitions.signatures.consents import find_wording
from petitions.signatures.drafting import NewDraft
from petitions.signatures.listing import search
from petitions.signatures.models import Signature, SignatureWord, Tally
from petitions.signatures.own import Action, Done, find_own
from petitions.signatures.rollups import find_parts, roll_up
from petitions.signatures.withdrawing import Withdraw
from tests.factories import act, change, link_to, make_campaign, remove, said, sign, sign_and_confirm

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=3)
WORDS = "Write to me about this campaign"
CHANGES: dict[str, Any] = {
    "name": "Ana María Pérez",
    "country": "FR",
    "city": "Lyon",
    "affiliation": "Université",
    "comment": "With you.\nAlways.",
    "answers": {"union": "506", "workplace": "ليون"},
    "visibility": "initials",
    "updates": True,
}
#: What else a field brings with it.
WITH_IT: dict[str, set[str]] = {"updates": {"updates_key", "updates_at"}}


def row(database: Database, draft: NewDraft) -> dict[str, Any]:
    """Every column of a signature."""
    with database.reading() as session:
        signature = session.get_one(Signature, (draft.campaign_id, draft.id))
        return {column.name: getattr(signature, column.name) for column in Signature.__table__.columns}


def store(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with database.reading() as session:
        return {
            name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
            for name, table in metadata.tables.items()
        }


def words(database: Database) -> list[tuple[int, str]]:
    """The index of the search: serials and words."""
    with database.reading() as session:
        rows = session.execute(select(SignatureWord.serial, SignatureWord.word))
        return sorted((serial, word) for serial, word in rows)


def shares(database: Database, campaign: CampaignSnapshot) -> tuple[dict[str, int], dict[str, int]]:
    """The roll-ups by country and by visibility."""
    with database.reading() as session:
        countries, visibilities = (
            dict(find_parts(session, campaign.id, name)) for name in ("country", "visibility")
        )
        return countries, visibilities


def test_every_field_of_the_form_is_tried() -> None:
    assert set(CHANGES) == {field.name for field in fields(Said)}


@pytest.mark.parametrize("field", CHANGES)
def test_a_change_of_one_field_is_stored_and_leaves_the_others(
    database: Database, settings: Settings, campaign: CampaignSnapshot, field: str
) -> None:
    draft = sign_and_confirm(database, settings, campaign, comment="Before.", answers={"union": "1"})
    other = sign_and_confirm(database, settings, campaign)
    before, others = row(database, draft), row(database, other)
    assert act(database, change(draft, **{field: CHANGES[field]})) == [Done.DONE]
    after = row(database, draft)
    assert after[field] == CHANGES[field] != before[field]
    differing = {name for name in after if after[name] != before[name]}
    assert differing == {field} | WITH_IT.get(field, set())
    assert row(database, other) == others


def test_everything_at_once_and_back_again(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    before = store(database)
    assert act(database, change(draft, **CHANGES)) == [Done.DONE]
    after = row(database, draft)
    assert {name: after[name] for name in CHANGES} == CHANGES
    assert act(database, change(draft)) == [Done.DONE]
    again = store(database)
    assert again.pop("consent_wordings") != before.pop("consent_wordings")  # words stay, nobody's name is by them
    assert again == before


@pytest.mark.parametrize("field", ["city", "affiliation", "comment", "answers"])
def test_what_is_taken_away_is_null(
    database: Database, settings: Settings, campaign: CampaignSnapshot, field: str
) -> None:
    taken_away: dict[str, Any] = {field: None}
    draft = sign_and_confirm(database, settings, campaign, **{field: CHANGES[field]})
    assert act(database, change(draft, **taken_away)) == [Done.DONE]
    with database.reading() as session:
        assert session.scalars(select(Signature.id).where(getattr(Signature, field).is_(None))).all() == [draft.id]


def test_the_same_change_twice_changes_nothing_more(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The form sent again, a day later or in the same batch."""
    draft = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    roll_up(database, utc_now())
    first = change(draft, **CHANGES, arrived_at=LATER)
    assert act(database, first) == [Done.DONE]
    before = store(database)
    second = change(draft, **CHANGES, wording="Other words", arrived_at=LATER + timedelta(days=1))
    assert act(database, second, first, second) == [Done.DONE] * 3
    assert store(database) == before


def test_the_last_of_several_changes_in_one_batch_stays(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    roll_up(database, utc_now())
    changes = [change(draft, name=f"Ana {n}", country=country) for n, country in enumerate(("FR", "IE", "CH"))]
    assert act(database, *changes) == [Done.DONE] * 3
    assert (row(database, draft)["name"], words(database)) == ("Ana 2", [(1, "2"), (1, "ana")])
    assert shares(database, campaign) == ({"CH": 1}, {"public": 1})


@pytest.mark.parametrize("rolled_up", [False, True], ids=["before the roll-up", "after the roll-up"])
def test_the_search_finds_the_new_name_and_no_longer_the_old(
    database: Database, settings: Settings, campaign: CampaignSnapshot, rolled_up: bool
) -> None:
    draft = sign_and_confirm(database, settings, campaign, name="Ana Sánchez")
    sign_and_confirm(database, settings, campaign, name="Boris Sanchez")
    if rolled_up:
        roll_up(database, utc_now())

    def found(text: str) -> list[str]:
        with database.reading() as session:
            return [signer.name for signer in search(session, campaign.id, text, None).signers]

    assert act(database, change(draft, name="Ana Maria Quiroga")) == [Done.DONE]
    assert words(database) == [(1, "ana"), (1, "maria"), (1, "quiroga"), (2, "boris"), (2, "sanchez")]
    assert (found("quiroga"), found("sanchez")) == (["Ana Maria Quiroga"], ["Boris Sanchez"])


@pytest.mark.parametrize("hidden", ["initials", "addressee", "anonymous"])
def test_only_a_public_name_can_be_searched(
    database: Database, settings: Settings, campaign: CampaignSnapshot, hidden: str
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    name = None if hidden == "anonymous" else draft.name
    assert act(database, change(draft, visibility=hidden, name=name)) == [Done.DONE]
    assert words(database) == []
    assert act(database, change(draft)) == [Done.DONE]  # the signer alone can make it visible again
    assert words(database) == [(1, "ana"), (1, "sanchez")]


def test_a_name_of_many_words_is_found_by_as_many_as_the_index_holds(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, name=" ".join(f"w{n}" for n in range(15)))
    assert len(words(database)) == 12
    act(database, change(draft, name="Ana"))
    assert words(database) == [(1, "ana")]


def test_a_change_before_the_roll_up_is_counted_by_it(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    assert act(database, change(draft, country="FR", visibility="addressee")) == [Done.DONE]
    assert shares(database, campaign) == ({}, {})
    roll_up(database, utc_now())
    assert shares(database, campaign) == ({"FR": 1}, {"addressee": 1})


def test_a_change_after_the_roll_up_moves_the_shares(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    sign_and_confirm(database, settings, campaign, country="FR")
    roll_up(database, utc_now())
    late = sign_and_confirm(database, settings, campaign, country="IE")
    assert act(database, change(draft, country="FR", visibility="initials"), change(late)) == [Done.DONE] * 2
    assert shares(database, campaign) == ({"FR": 2}, {"public": 1, "initials": 1})
    roll_up(database, utc_now())
    assert shares(database, campaign) == ({"FR": 2, "IE": 1}, {"public": 2, "initials": 1})


def test_a_change_of_a_removed_signature_is_stored_and_counts_nowhere(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    sign_and_confirm(database, settings, campaign)
    roll_up(database, utc_now())
    remove(database, draft)
    assert act(database, change(draft, country="FR", visibility="initials", name="Ana")) == [Done.DONE]
    assert shares(database, campaign) == ({"ES": 1}, {"public": 1})
    after = row(database, draft)
    assert (after["country"], after["name"], after["removed_reason"]) == ("FR", "Ana", "fake")
    assert after["removed_at"] is not None
    with database.reading() as session:
        assert session.scalar(select(Tally.counted)) == 1


def test_choosing_to_stay_unnamed_erases_who_it_was(database: Database, settings: Settings) -> None:
    """What the form says of somebody who is no longer to be named, and what of it is stored."""
    questions = [{"key": "union", "label": "Union", "public": True}, {"key": "size", "label": "T-shirt"}]
    campaign = make_campaign(
        database, slug="asking", affiliation={"label": "Campus"}, questions=questions, languages=("en",)
    )
    draft = sign_and_confirm(
        database,
        settings,
        campaign,
        name="Ana Geheim",
        affiliation="UE",
        comment="Hello.",
        answers={"union": "506", "size": "M"},
        updates=True,
        updates_wording=WORDS,
    )
    filled = {"name": "Ana Geheim", "country": "ES", "city": "Madrid", "affiliation": "UE", "comment": "Hello."}
    form = own_form_for(campaign.terms, "public")(
        data=filled | {"visibility": "anonymous", "q_union": "506", "q_size": "M", "updates": True}
    )
    action = Change(link_to(draft), said_in(form, campaign.terms), WORDS, utc_now())
    assert act(database, action) == [Done.DONE]
    after = row(database, draft)
    for field in ("name", "city", "affiliation", "comment"):
        assert after[field] is None, field
    assert (after["visibility"], after["country"], after["answers"]) == ("anonymous", "ES", {"size": "M"})
    assert (after["email"], after["updates"]) == (draft.email, True)
    assert words(database) == []
    if database.file is not None:
        database.scrub()
        assert b"Geheim" not in database.file.read_bytes()


def consent(database: Database, draft: NewDraft) -> tuple[bool, str | None, datetime | None]:
    """Given or not, in which words, when."""
    with database.reading() as session:
        signature = session.get_one(Signature, (draft.campaign_id, draft.id))
        wording = find_wording(session, draft.campaign_id, signature.updates_key)
        assert (signature.updates_key is None) == (wording is None)
        return signature.updates, wording, signature.updates_at


def test_a_consent_comes_from_the_draft_with_its_words_and_time(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    given = sign_and_confirm(database, settings, campaign, updates=True, updates_wording=WORDS, arrived_at=NOON)
    not_given = sign_and_confirm(database, settings, campaign, arrived_at=NOON)
    assert consent(database, given) == (True, WORDS, NOON)
    assert consent(database, not_given) == (False, None, None)


def test_a_consent_that_stays_keeps_its_words_and_time(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, updates=True, updates_wording=WORDS, arrived_at=NOON)
    act(database, change(draft, wording="Newer words", name="Ana S.", arrived_at=LATER))
    assert consent(database, draft) == (True, WORDS, NOON)


def test_a_consent_from_before_its_words_were_kept_is_not_given_others(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, updates=True, updates_wording=None, arrived_at=NOON)
    act(database, change(draft, wording="Newer words", name="Ana S.", arrived_at=LATER))
    assert consent(database, draft) == (True, None, NOON)


def test_a_consent_that_is_taken_back_and_given_anew_has_its_new_words_and_time(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, updates=True, updates_wording=WORDS, arrived_at=NOON)
    act(database, change(draft, updates=False, wording="Newer words", arrived_at=LATER))
    assert consent(database, draft) == (False, None, None)
    later = LATER + timedelta(days=1)
    act(database, change(draft, updates=True, wording="Newer words", arrived_at=later))
    assert consent(database, draft) == (True, "Newer words", later)


def test_unticked_words_are_not_stored(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    act(database, change(draft, wording="Never agreed to", city="Lyon"))
    assert store(database)["consent_wordings"] == []


def unsubscription(draft: NewDraft, **changes: Any) -> Unsubscription:
    return Unsubscription(link_to(draft)._replace(**changes))


def test_one_click_stops_the_mails_and_nothing_else(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    given = {"updates": True, "updates_wording": WORDS, "arrived_at": NOON}
    draft = sign_and_confirm(database, settings, campaign, **given)
    other = sign_and_confirm(database, settings, campaign, **given)
    before = row(database, draft)
    assert act(database, unsubscription(draft)) == [Done.DONE]
    after = row(database, draft)
    assert {name for name in after if after[name] != before[name]} == {"updates", "updates_key", "updates_at"}
    assert consent(database, draft) == (False, None, None)
    assert consent(database, other) == (True, WORDS, NOON)
    stored = store(database)
    assert act(database, unsubscription(draft), unsubscription(draft)) == [Done.DONE] * 2
    assert store(database) == stored


def test_the_one_click_works_after_a_new_link(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """It stands in mails of any age, and does no more than stop mails."""
    draft = sign_and_confirm(database, settings, campaign, updates=True, updates_wording=WORDS)
    with database.writing() as session:
        session.execute(update(Signature).values(link_epoch=3))
    assert act(database, unsubscription(draft)) == [Done.DONE]
    assert consent(database, draft) == (False, None, None)


def test_the_one_click_for_nothing_says_the_same_and_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    draft = sign_and_confirm(database, settings, campaign, updates=True, updates_wording=WORDS)
    waiting = sign(database, settings, campaign, updates=True, updates_wording=WORDS)
    before = store(database)
    nothing = [unsubscription(draft, campaign_id=other.id), unsubscription(draft, row_id=new_id())]
    assert act(database, *nothing, unsubscription(waiting)) == [Done.DONE] * 3
    assert store(database) == before


def test_a_consent_can_be_given_again_after_the_one_click(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign, updates=True, updates_wording=WORDS, arrived_at=NOON)
    done = act(database, unsubscription(draft), change(draft, wording="Newer words", arrived_at=LATER))
    assert done == [Done.DONE] * 2
    assert consent(database, draft) == (True, "Newer words", LATER)


@pytest.mark.parametrize("epoch", [0, 1, 3])
def test_a_link_of_another_epoch_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot, epoch: int
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    with database.writing() as session:
        session.execute(update(Signature).values(link_epoch=2))
    before = store(database)
    assert act(database, change(draft, epoch=epoch, **CHANGES)) == [Done.GONE]
    assert store(database) == before
    assert act(database, change(draft, epoch=2, **CHANGES)) == [Done.DONE]


def test_a_foreign_link_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Of no campaign, of another one, of nobody."""
    other = make_campaign(database, slug="other")
    draft = sign_and_confirm(database, settings, campaign)
    sign_and_confirm(database, settings, other)
    link = link_to(draft)
    before = store(database)
    for foreign in (
        link._replace(campaign_id=other.id + 1),
        link._replace(campaign_id=other.id),
        link._replace(row_id=new_id()),
    ):
        assert act(database, Change(foreign, said(draft, **CHANGES), WORDS, utc_now())) == [Done.GONE]
    assert store(database) == before


@pytest.mark.parametrize("confirmed", [False, True], ids=["a draft", "a withdrawn signature"])
def test_what_is_no_signature_cannot_be_changed(
    database: Database, settings: Settings, campaign: CampaignSnapshot, confirmed: bool
) -> None:
    draft = sign_and_confirm(database, settings, campaign) if confirmed else sign(database, settings, campaign)
    if confirmed:
        assert act(database, Withdraw(link_to(draft), utc_now())) == [Done.DONE]
    before = store(database)
    assert act(database, change(draft, **CHANGES)) == [Done.GONE]
    assert store(database) == before


def test_a_batch_does_each_in_its_order_and_fails_nobody_for_another(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    other = make_campaign(database, slug="other")
    ana = sign_and_confirm(database, settings, campaign, email="ana@example.org")
    there = sign_and_confirm(database, settings, other, email="ana@example.org")
    boris = sign_and_confirm(database, settings, campaign)
    actions: list[Action] = [
        change(there, name="There"),
        change(ana, name="First"),
        change(ana, epoch=7, name="Stale"),
        Withdraw(link_to(ana), utc_now()),
        change(ana, name="Too late"),
        change(boris, name="Boris"),
    ]
    done = act(database, *actions)
    assert done == [Done.DONE, Done.DONE, Done.GONE, Done.DONE, Done.GONE, Done.DONE]
    with database.reading() as session:
        assert set(session.scalars(select(Signature.name))) == {"There", "Boris"}


def test_what_somebody_changes_during_a_purge_is_erased_too(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """The words of the search go first; a new name brings new ones."""
    drafts = [sign_and_confirm(database, settings, campaign) for _ in range(3)]
    done: list[Done] = []
    looks = itertools.count()

    def is_told_to_stop() -> bool:
        """Asked before each batch: the second time that the search is empty, it is the turn of the rows."""
        if words(database) == [] and next(looks) == 1:
            done.extend(act(database, change(drafts[2], name="Planted Name", updates=True)))
            assert words(database) == [(3, "name"), (3, "planted")]
        return False

    report = purge(database, campaign.id, utc_now(), is_told_to_stop)
    assert (done, report.done, report.erased) == ([Done.DONE], True, 3)
    assert words(database) == []
    with database.reading() as session:
        assert session.scalars(select(Signature.id)).all() == []
        assert session.scalar(select(Tally.counted)) == 3


def test_the_own_page_shows_what_a_change_stored(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    draft = sign_and_confirm(database, settings, campaign)
    act(database, change(draft, **CHANGES, wording=WORDS))
    with database.reading() as session:
        own = find_own(session, link_to(draft), {})
    assert {name: getattr(own.signature, name) for name in CHANGES} == CHANGES
    assert own.updates_wording == WORDS
    assert asdict(said(draft, **CHANGES)) == CHANGES
