"""Importing again: what was signed is kept, what was not gives way."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from petitions.campaigns.content import read_content
from petitions.campaigns.files import CampaignFiles, Wording
from petitions.campaigns.importing import Imported
from petitions.campaigns.models import Background, Campaign, Revision, Statement
from petitions.campaigns.queries import (
    CampaignSnapshot,
    find_background,
    find_slug,
    get_snapshot,
    list_snapshots,
)
from petitions.campaigns.terms import Retention
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignFileError, CampaignPurged
from petitions.settings import Settings
from petitions.signatures.drafting import store_drafts
from petitions.signatures.importing import import_files
from petitions.signatures.models import Draft, Signature, Tally
from tests.factories import WORDING, campaign_files, make_draft, sign, sign_and_confirm
from tests.organisations.acting import ask

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
CHANGED = replace(WORDING, title="Free Boris now")


def bring(database: Database, files: CampaignFiles, now: datetime = NOON) -> Imported:
    with database.writing() as session:
        return import_files(session, files, now)


def wordings(**changes: Wording) -> CampaignFiles:
    return campaign_files(wordings=changes)


def snapshot(database: Database, slug: str = "free-boris") -> CampaignSnapshot:
    with database.reading() as session:
        return get_snapshot(session, slug)


def versions(database: Database) -> list[tuple[str, int, str, bool]]:
    """Language, version, title and whether it is in force, of every wording."""
    with database.reading() as session:
        rows = session.scalars(select(Statement).order_by(Statement.language, Statement.version))
        return [(row.language, row.version, row.title, row.retired_at is None) for row in rows]


def test_a_new_campaign_is_published_with_its_tally(database: Database) -> None:
    files = campaign_files(
        languages=("en", "es"), opens_at=NOON, closes_at=LATER, reply_to="contact@example.org", goal_steps=[5]
    )
    imported = bring(database, files)
    assert imported == Imported(imported.campaign_id, created=True, new_versions=())
    campaign = snapshot(database)
    assert (campaign.id, campaign.slug, campaign.default_language) == (imported.campaign_id, "free-boris", "en")
    assert (campaign.opens_at, campaign.closes_at, campaign.terms) == (NOON, LATER, files.terms)
    assert (campaign.languages, campaign.background_languages) == (("en", "es"), ())
    statement = campaign.statements["es"]
    assert (statement.title, statement.summary, statement.body, tuple(statement.demands)) == (
        WORDING.title,
        WORDING.summary,
        WORDING.body,
        WORDING.demands,
    )
    with database.reading() as session:
        tally = session.get_one(Tally, imported.campaign_id)
        assert (tally.counted, tally.last_serial, tally.rolled_up_serial) == (0, 0, 0)
        assert session.scalars(select(Campaign.published_at)).all() == [NOON]


def test_the_default_language_comes_first(database: Database) -> None:
    bring(database, replace(campaign_files(languages=("ar", "en", "es")), default_language="es"))
    assert snapshot(database).languages == ("es", "ar", "en")


def test_importing_the_same_again_changes_nothing(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign_and_confirm(database, settings, campaign)
    before = {language: row.id for language, row in campaign.statements.items()}
    imported = bring(database, campaign_files(), LATER)
    assert imported == Imported(campaign.id, created=False, new_versions=())
    assert {language: row.id for language, row in snapshot(database).statements.items()} == before
    with database.reading() as session:
        assert session.scalar(select(Tally.counted)) == 1
        assert session.scalar(select(func.count()).select_from(Campaign)) == 1
        assert session.scalars(select(Campaign.created_at)).all() != [LATER]


def test_importing_again_updates_the_terms(database: Database) -> None:
    bring(database, campaign_files(opens_at=NOON, closes_at=LATER, reply_to="contact@example.org"))
    changed = campaign_files(goal_steps=[7], public_list="none")
    bring(database, changed, LATER)
    campaign = snapshot(database)
    assert (campaign.opens_at, campaign.closes_at, campaign.terms) == (None, None, changed.terms)


def test_a_wording_that_nobody_signed_gives_way(database: Database) -> None:
    bring(database, wordings(en=WORDING))
    assert bring(database, wordings(en=CHANGED), LATER).new_versions == ()
    assert versions(database) == [("en", 1, "Free Boris now", True)]


def test_every_part_of_a_wording_makes_it_another(database: Database, settings: Settings) -> None:
    bring(database, wordings(en=WORDING))
    changes = [
        replace(WORDING, title="Other"),
        replace(WORDING, summary="Other"),
        replace(WORDING, body="Other"),
        replace(WORDING, demands=("Other",)),
        replace(WORDING, demands=()),
    ]
    for number, wording in enumerate(changes, 2):
        sign(database, settings, snapshot(database))
        assert bring(database, wordings(en=wording)).new_versions == ("en",)
        assert snapshot(database).statements["en"].version == number


def test_a_wording_that_was_signed_is_kept(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    bring(database, wordings(en=WORDING, es=WORDING))
    campaign = snapshot(database)
    signed = sign_and_confirm(database, settings, campaign)
    assert bring(database, wordings(en=CHANGED, es=CHANGED), LATER).new_versions == ("en",)
    assert versions(database) == [
        ("en", 1, "Free Boris", False),
        ("en", 2, "Free Boris now", True),
        ("es", 1, "Free Boris now", True),
    ]
    newer = sign_and_confirm(database, settings, snapshot(database))
    with database.reading() as session:
        seen = dict(
            session.execute(
                select(Signature.id, Statement.title).join(Statement, Statement.id == Signature.statement_id)
            ).all()
        )
    assert seen == {signed.id: "Free Boris", newer.id: "Free Boris now"}


def test_a_draft_keeps_its_wording_too(database: Database, settings: Settings, campaign: CampaignSnapshot) -> None:
    draft = sign(database, settings, campaign)
    assert bring(database, wordings(en=CHANGED), LATER).new_versions == ("en",)
    with database.reading() as session:
        title = session.scalar(select(Statement.title).join(Draft, Draft.statement_id == Statement.id))
        assert session.scalar(select(Draft.statement_id)) == draft.statement_id
    assert title == "Free Boris"


def test_the_third_wording_follows_the_second(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    sign(database, settings, campaign)
    bring(database, wordings(en=CHANGED))
    third = replace(WORDING, title="Third")
    assert bring(database, wordings(en=third)).new_versions == ()  # nobody signed the second
    assert versions(database) == [("en", 1, "Free Boris", False), ("en", 2, "Third", True)]
    sign(database, settings, snapshot(database))
    assert bring(database, wordings(en=WORDING)).new_versions == ("en",)
    assert versions(database)[-1] == ("en", 3, "Free Boris", True)


def test_an_id_of_a_wording_is_never_used_again(database: Database) -> None:
    """A page that was read before the change must not pass for the new text."""
    ids = set()
    for number in range(4):
        bring(database, wordings(en=replace(WORDING, title=f"Title {number}")))
        ids.add(snapshot(database).statements["en"].id)
    assert len(ids) == 4


def test_a_language_that_is_taken_away_is_retired_and_can_come_back(
    database: Database, settings: Settings
) -> None:
    bring(database, wordings(en=WORDING, es=WORDING))
    spanish = snapshot(database).statements["es"].id
    sign_and_confirm(database, settings, snapshot(database), statement_id=spanish)
    bring(database, wordings(en=WORDING), LATER)
    assert snapshot(database).languages == ("en",)
    assert versions(database) == [("en", 1, "Free Boris", True), ("es", 1, "Free Boris", False)]
    bring(database, wordings(en=WORDING, es=WORDING), LATER)
    assert snapshot(database).statements["es"].id == spanish
    bring(database, wordings(en=WORDING), LATER)
    assert bring(database, wordings(en=WORDING, es=CHANGED), LATER).new_versions == ("es",)
    assert versions(database)[1:] == [("es", 1, "Free Boris", False), ("es", 2, "Free Boris now", True)]


def test_the_background_comes_changes_and_goes(database: Database) -> None:
    def background(language: str) -> str | None:
        with database.reading() as session:
            return find_background(session, snapshot(database).id, language)

    bring(database, wordings(en=replace(WORDING, background="He is."), es=WORDING))
    assert snapshot(database).background_languages == ("en",)
    assert (background("en"), background("es")) == ("He is.", None)
    version = snapshot(database).statements["en"].id

    bring(
        database,
        wordings(en=replace(WORDING, background="He was."), es=replace(WORDING, background="Es.")),
        LATER,
    )
    assert snapshot(database).background_languages == ("en", "es")
    assert (background("en"), background("es")) == ("He was.", "Es.")
    assert snapshot(database).statements["en"].id == version  # it is not what is signed
    with database.reading() as session:
        assert set(session.scalars(select(Background.updated_at))) == {LATER}

    bring(database, wordings(en=WORDING), LATER)
    assert snapshot(database).background_languages == ()
    assert (background("en"), background("es")) == (None, None)


def test_importing_one_campaign_leaves_another_alone(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    bring(database, campaign_files("other", wordings={"en": CHANGED}), LATER)
    bring(database, campaign_files("other", wordings={"es": CHANGED}), LATER)
    assert snapshot(database).statements["en"].id == campaign.statements["en"].id
    assert snapshot(database, "other").languages == ("es",)


def test_snapshots_are_listed_the_newest_first(database: Database) -> None:
    for number, slug in enumerate(["first", "second", "third"]):
        bring(database, campaign_files(slug), NOON + timedelta(minutes=number))
    with database.reading() as session:
        listed = list_snapshots(session)
        assert [campaign.slug for campaign in listed] == ["third", "second", "first"]
        assert find_slug(session, listed[1].id) == "second"


def test_a_draft_of_a_wording_that_gave_way_cannot_be_stored(database: Database, settings: Settings) -> None:
    """The page that showed it is too old: better no draft than one without its text."""
    bring(database, wordings(en=WORDING))
    draft = make_draft(snapshot(database), settings)
    bring(database, wordings(en=CHANGED))
    with pytest.raises(IntegrityError), database.writing() as session:
        store_drafts(session, [draft], None)


def test_retention_and_the_words_of_the_consent_come_into_the_store_and_change(database: Database) -> None:
    label = {"en": "Write to me about Boris: ¡sí!"}
    for changes, retention in (
        ({"retention": {"until": "2027-06-30"}, "updates": {"label": label}}, Retention(until=date(2027, 6, 30))),
        ({"retention": {"months_after_closing": 0}}, Retention(0)),
        ({}, Retention()),
    ):
        terms: dict[str, Any] = changes
        bring(database, campaign_files(**terms))
        stored = snapshot(database).terms
        assert stored.retention == retention
        assert stored.updates_label == (label if "updates" in terms else None)


@pytest.mark.parametrize("purged", [False, True], ids=["that began", "that is done"])
def test_a_purge_leaves_nothing_to_import_into(database: Database, settings: Settings, purged: bool) -> None:
    """The keys by which nobody is counted twice are gone, or going: no file opens the campaign again."""
    other = bring(database, campaign_files("other"), NOON)
    bring(database, campaign_files(closes_at=NOON), NOON)
    sign(database, settings, snapshot(database))
    with database.writing() as session:
        this = update(Campaign).where(Campaign.slug == "free-boris")
        session.execute(this.values(purge_began_at=NOON, purged_at=NOON if purged else None))
    before, kept = snapshot(database), versions(database)
    with pytest.raises(CampaignPurged, match=r"^free-boris: the data of its signers are erased"):
        bring(database, campaign_files(closes_at=None, goal_steps=[7], wordings={"en": CHANGED, "es": CHANGED}))
    after = snapshot(database)
    assert (after.closes_at, after.terms, after.purge_began_at) == (NOON, before.terms, NOON)
    assert versions(database) == kept
    assert after.status(NOON - timedelta(days=1)) == "closed"
    assert bring(database, campaign_files("other"), LATER) == Imported(other.campaign_id, False, ())


def test_files_let_nobody_s_name_go_within_days(database: Database, settings: Settings) -> None:
    now = utc_now()
    bring(database, campaign_files(), now)
    soon = campaign_files(closes_at=now + timedelta(days=2), retention={"months_after_closing": 0})
    later = campaign_files(closes_at=now + timedelta(days=6, hours=1), retention={"months_after_closing": 0})
    sign_and_confirm(database, settings, snapshot(database))
    with pytest.raises(CampaignFileError, match="at least 7 days from now"):
        bring(database, soon, now)
    assert snapshot(database).closes_at is None
    bring(database, later, now)
    bring(database, later, now + timedelta(days=5))  # what goes soon anyway may be said again
    assert snapshot(database).closes_at == later.closes_at


def test_files_let_the_contact_of_no_organisation_go_within_days(database: Database, settings: Settings) -> None:
    now = utc_now()
    bring(database, campaign_files(), now)
    ask(database, settings, snapshot(database))
    soon = campaign_files(closes_at=now + timedelta(days=2), retention={"months_after_closing": 0})
    with pytest.raises(CampaignFileError, match="at least 7 days from now"):
        bring(database, soon, now)


def test_words_that_an_organisation_read_are_kept(database: Database, settings: Settings) -> None:
    """Whether it is shown, waits, or was declined: its row points at them."""
    bring(database, campaign_files(languages=("en", "es")))
    before = snapshot(database)
    ask(database, settings, before)
    assert bring(database, wordings(en=CHANGED, es=CHANGED), LATER).new_versions == ("en",)
    with database.reading() as session:
        kept = session.get(Statement, before.statements["en"].id)
        assert kept is not None
        assert kept.retired_at == LATER
        assert session.get(Statement, before.statements["es"].id) is None


def test_files_of_a_campaign_that_nobody_signed_say_what_they_like(database: Database) -> None:
    bring(database, campaign_files())
    bring(database, campaign_files(closes_at=LATER, retention={"months_after_closing": 0}))
    assert snapshot(database).closes_at == LATER


def test_what_stood_before_there_was_a_history_is_kept(database: Database, settings: Settings) -> None:
    bring(database, campaign_files())
    with database.writing() as session:
        session.execute(delete(Revision))
    bring(database, wordings(en=CHANGED), LATER)
    with database.reading() as session:
        kept = session.scalars(select(Revision).order_by(Revision.number)).all()
        titles = [read_content(revision.content).texts["en"].title for revision in kept]
        told = [(revision.number, revision.published_by, revision.published_at) for revision in kept]
    assert titles == [WORDING.title, CHANGED.title]
    assert told == [(1, "", NOON), (2, "", LATER)]
