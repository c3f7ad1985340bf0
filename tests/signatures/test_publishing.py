"""Publishing a working copy: what the site shows, what stays of before, who is told."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, update
from sqlalchemy.exc import IntegrityError

from petitions.campaigns.content import Content, content_of, read_content
from petitions.campaigns.editing import create_campaign, load_copy, save_copy
from petitions.campaigns.files import Wording
from petitions.campaigns.models import Campaign, Revision, Statement, WorkingCopy
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot
from petitions.campaigns.values import TermsError
from petitions.clock import utc_now
from petitions.db import Database
from petitions.errors import CampaignNotFound, CampaignPurged, EditConflict, MoveNotAllowed, NoteRequired
from petitions.settings import Settings
from petitions.signatures.importing import import_files
from petitions.signatures.publishing import Published, find_signed_languages, publish
from tests.campaigns.contents import NOW, TEXTS, content
from tests.factories import WORDING, campaign_files, make_campaign, sign, sign_and_confirm

ADDRESSEES = [{"name": "The embassies"}]


def start(database: Database, written: Content) -> int:
    with database.writing() as session:
        campaign_id = create_campaign(session, "free-boris", written, "Lea", NOW)
    assert campaign_id is not None
    return campaign_id


def save(database: Database, campaign_id: int, **changes: Any) -> int:
    """What a lead makes of the working copy."""
    with database.writing() as session:
        copy = load_copy(session, campaign_id)
        return save_copy(session, campaign_id, copy.number, replace(copy.content, **changes), "Lea", NOW)


def bring_out(database: Database, campaign_id: int, seen: int, note: dict[str, str] | None = None) -> Published:
    with database.writing() as session:
        return publish(session, campaign_id, seen, "Lea", NOW, note)


def snapshot(database: Database) -> CampaignSnapshot:
    with database.reading() as session:
        return get_snapshot(session, "free-boris")


def revisions(database: Database) -> list[Revision]:
    with database.reading() as session:
        return list(session.scalars(select(Revision).order_by(Revision.number)))


def test_nobody_sees_a_campaign_before_it_is_published(database: Database) -> None:
    written = content(("en", "es"))
    campaign_id = start(database, written)
    with pytest.raises(CampaignNotFound):
        snapshot(database)
    assert bring_out(database, campaign_id, 1) == Published(1, is_first=True, new_versions=())
    shown = snapshot(database)
    assert (shown.languages, shown.statements["es"].title, shown.notes) == (("en", "es"), "Free Boris", ())
    assert shown.terms.goal_steps == (10, 100)
    (revision,) = revisions(database)
    assert (revision.published_by, revision.published_at, revision.note) == ("Lea", NOW, None)
    assert read_content(revision.content) == written


def test_a_copy_that_is_not_whole_changes_nothing(database: Database) -> None:
    campaign_id = start(database, content(texts={"en": replace(TEXTS, body="")}))
    with pytest.raises(TermsError):
        bring_out(database, campaign_id, 1)
    assert revisions(database) == []
    with pytest.raises(CampaignNotFound):
        snapshot(database)


def test_what_somebody_saved_meanwhile_is_not_published_unseen(database: Database) -> None:
    campaign_id = start(database, content())
    save(database, campaign_id, texts={"en": replace(TEXTS, title="Another")})
    with pytest.raises(EditConflict) as conflict:
        bring_out(database, campaign_id, 1)
    assert (conflict.value.saved_by, conflict.value.saved_at) == ("Lea", NOW)
    assert revisions(database) == []


def test_a_purge_is_not_published_away(database: Database) -> None:
    campaign_id = start(database, content())
    bring_out(database, campaign_id, 1)
    with database.writing() as session:
        session.execute(update(Campaign).values(purge_began_at=NOW))
    with pytest.raises(CampaignPurged):
        bring_out(database, campaign_id, 1)


def test_signed_words_change_with_a_public_note_only(database: Database, settings: Settings) -> None:
    campaign_id = start(database, content(("en", "es"), addressees=ADDRESSEES))
    bring_out(database, campaign_id, 1)
    signed = sign_and_confirm(database, settings, snapshot(database))
    both = dict.fromkeys(("en", "es"), replace(TEXTS, title="Free Boris now"))
    number = save(database, campaign_id, texts=both)
    for note in (None, {}, {"en": ""}, {"es": "Sí"}):
        with pytest.raises(NoteRequired) as required:
            bring_out(database, campaign_id, number, note)
        assert required.value.languages == ("en",)
    assert snapshot(database).statements["es"].title == "Free Boris"
    published = bring_out(database, campaign_id, number, {"en": "A misprint.", "es": ""})
    assert published == Published(2, is_first=False, new_versions=("en",))
    shown = snapshot(database)
    assert [(note.changed_at, dict(note.text)) for note in shown.notes] == [(NOW, {"en": "A misprint."})]
    assert shown.statements["en"].version == 2
    with database.reading() as session:
        assert session.get_one(Statement, signed.statement_id).title == "Free Boris"


def test_a_draft_is_reason_enough_for_a_note(database: Database, settings: Settings) -> None:
    campaign = make_campaign(database)
    sign(database, settings, campaign)
    number = save(database, campaign.id, texts={"en": replace(TEXTS, title="Another")})
    with pytest.raises(NoteRequired):
        bring_out(database, campaign.id, number)


def test_no_note_is_needed_or_kept_where_no_signed_word_changes(database: Database, settings: Settings) -> None:
    campaign = make_campaign(database, languages=("en", "es"))
    sign_and_confirm(database, settings, campaign)
    with database.reading() as session:
        texts = load_copy(session, campaign.id).content.texts
    changes = {"en": replace(texts["en"], background="New."), "es": replace(texts["es"], title="Libertad")}
    number = save(database, campaign.id, texts=changes)
    wordings = {"en": WORDING, "es": replace(WORDING, title="Libertad"), "fr": WORDING}
    with database.reading() as session:
        assert find_signed_languages(session, campaign.id, wordings) == ()
        other = {"en": replace(WORDING, body="Other.")}
        assert find_signed_languages(session, campaign.id, other) == ("en",)
    assert bring_out(database, campaign.id, number, {"en": "Unasked."}).new_versions == ()
    assert [revision.note for revision in revisions(database)] == [None, None]
    assert snapshot(database).notes == ()


def test_signed_words_do_not_go_without_a_note_by_way_of_another_language(
    database: Database, settings: Settings
) -> None:
    campaign_id = start(database, content(("en", "es"), addressees=ADDRESSEES))
    bring_out(database, campaign_id, 1)
    sign_and_confirm(database, settings, snapshot(database))
    other = replace(TEXTS, title="Keep Boris where he is")
    number = save(database, campaign_id, default_language="en-GB", texts={"en-GB": other, "es": TEXTS})
    with pytest.raises(NoteRequired) as required:
        bring_out(database, campaign_id, number)
    assert required.value.languages == ("en",)
    assert snapshot(database).languages == ("en", "es")
    assert bring_out(database, campaign_id, number, {"en-GB": "We think otherwise now."}).new_versions == ()
    assert snapshot(database).languages == ("en-GB", "es")
    assert [note.text for note in snapshot(database).notes] == [{"en-GB": "We think otherwise now."}]
    number = save(database, campaign_id, texts={"en-GB": other})  # nobody signed the Spanish one
    assert bring_out(database, campaign_id, number).revision == 3


def test_notes_are_told_the_newest_first(database: Database, settings: Settings) -> None:
    campaign = make_campaign(database)
    for word in ("first", "second"):
        sign(database, settings, snapshot(database))
        number = save(database, campaign.id, texts={"en": replace(TEXTS, title=word)})
        bring_out(database, campaign.id, number, {"en": word})
    assert [note.text["en"] for note in snapshot(database).notes] == ["second", "first"]


def test_the_same_again_is_no_revision(database: Database) -> None:
    campaign_id = start(database, content())
    bring_out(database, campaign_id, 1)
    assert bring_out(database, campaign_id, 1) == Published(1, is_first=False, new_versions=(), is_same=True)
    assert len(revisions(database)) == 1


def test_who_saves_and_who_publishes_at_once(database: Database) -> None:
    """What comes out is what the one who published had seen, or nothing."""
    campaign_id = start(database, content())
    barrier = threading.Barrier(2)
    results: list[object] = []

    def run(change: str) -> None:
        barrier.wait()
        try:
            if change == "save":
                results.append(save(database, campaign_id, texts={"en": replace(TEXTS, title="Another")}))
            else:
                results.append(bring_out(database, campaign_id, 1))
        except EditConflict as conflict:
            results.append(conflict)

    threads = [threading.Thread(target=run, args=(change,)) for change in ("save", "publish")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    found = revisions(database)
    titles = [read_content(revision.content).texts["en"].title for revision in found]
    assert titles in ([], ["Free Boris"])
    assert bool(titles) == any(isinstance(result, Published) for result in results)
    with database.reading() as session:
        assert load_copy(session, campaign_id).content.texts["en"].title == "Another"


def sign_at(
    barrier: threading.Barrier, database: Database, settings: Settings, campaign: CampaignSnapshot, done: list[str]
) -> None:
    barrier.wait()
    try:
        sign(database, settings, campaign)
        done.append("signed")
    except IntegrityError:
        done.append("refused")


def test_a_signature_in_the_same_moment_points_at_the_words_it_saw(database: Database, settings: Settings) -> None:
    """Whoever signs while their wording gives way is counted under it, or not at all."""
    for attempt in range(5):
        campaign = make_campaign(database, slug=f"race-{attempt}")
        number = save(database, campaign.id, texts={"en": replace(TEXTS, title="Another")})
        done: list[str] = []
        barrier = threading.Barrier(2)
        thread = threading.Thread(target=sign_at, args=(barrier, database, settings, campaign, done))
        thread.start()
        barrier.wait()
        try:
            bring_out(database, campaign.id, number)
            done.append("published")
        except (NoteRequired, IntegrityError):
            done.append("not published")
        thread.join()
        assert sorted(done) in (["published", "refused"], ["not published", "signed"])
        with database.reading() as session:
            title = session.scalar(
                select(Statement.title).where(Statement.campaign_id == campaign.id, Statement.retired_at.is_(None))
            )
        assert title == ("Another" if "published" in done else "Free Boris")


# What an import does with the same


def test_who_reads_while_it_is_published_gets_a_campaign_with_words(database: Database) -> None:
    campaign_id = start(database, content())
    bring_out(database, campaign_id, 1)
    number = save(database, campaign_id, default_language="es", texts={"es": TEXTS})
    published: list[Published] = []

    def publish_in_between(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "FROM campaigns" in statement and not published:
            published.append(Published(0, is_first=False, new_versions=()))  # what follows looks there too
            published.append(bring_out(database, campaign_id, number))

    event.listen(database.engine, "after_cursor_execute", publish_in_between)
    try:
        read = asyncio.run(database.read(get_snapshot, "free-boris"))
    finally:
        event.remove(database.engine, "after_cursor_execute", publish_in_between)
    assert published[-1].revision == 2
    assert read.default_language in read.statements
    assert snapshot(database).languages == ("es",)


def test_an_import_is_a_revision_and_the_same_again_is_none(database: Database) -> None:
    files = campaign_files()
    for _ in range(2):
        with database.writing() as session:
            import_files(session, files, NOW)
    (revision,) = revisions(database)
    assert (revision.number, revision.published_by, revision.note) == (1, "", None)
    assert read_content(revision.content) == content_of(files)
    with database.writing() as session:
        import_files(session, campaign_files(goal_steps=[7]), NOW + timedelta(hours=1))
    assert [revision.number for revision in revisions(database)] == [1, 2]


def test_an_import_replaces_the_working_copy_and_its_editor_is_told(database: Database) -> None:
    campaign = make_campaign(database)
    number = save(database, campaign.id, texts={"en": replace(TEXTS, title="Mine")})
    files = campaign_files(wordings={"en": Wording("From the files", "S.", "B.", ())})
    with database.writing() as session:
        import_files(session, files, NOW)
    with database.reading() as session:
        copy = load_copy(session, campaign.id)
    assert (copy.number, copy.content) == (number + 1, content_of(files))
    with pytest.raises(EditConflict), database.writing() as session:
        save_copy(session, campaign.id, number, copy.content, "Lea", NOW)
    with database.writing() as session:
        import_files(session, files, NOW)
    with database.reading() as session:
        assert load_copy(session, campaign.id).number == number + 1


def test_an_import_makes_no_working_copy(database: Database) -> None:
    make_campaign(database)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(WorkingCopy)) == 0


def test_an_import_publishes_what_was_a_draft(database: Database) -> None:
    campaign_id = start(database, content(texts={"en": replace(TEXTS, title="Draft")}))
    with database.writing() as session:
        imported = import_files(session, campaign_files(), utc_now())
    assert (imported.campaign_id, imported.created) == (campaign_id, False)
    assert snapshot(database).statements["en"].title == "Free Boris"


def test_what_stood_before_there_was_a_history_is_its_beginning(database: Database) -> None:
    campaign = make_campaign(database, now=NOW - timedelta(days=9))
    with database.writing() as session:
        session.execute(delete(Revision))
    before = content_of(campaign_files())
    number = save(database, campaign.id, texts={"en": replace(TEXTS, title="Another")})
    assert bring_out(database, campaign.id, number).revision == 2
    first, second = revisions(database)
    assert read_content(first.content) == before
    assert (first.published_by, first.published_at) == ("", NOW - timedelta(days=9))
    assert read_content(second.content).texts["en"].title == "Another"
    assert bring_out(database, campaign.id, number).is_same
    assert len(revisions(database)) == 2


@pytest.mark.parametrize("change", ["opens_at", "closes_at", "retention"])
def test_days_of_what_is_published_change_only_by_those_who_may(database: Database, change: str) -> None:
    campaign = make_campaign(database)
    terms = content_of(campaign_files()).terms
    changes: dict[str, dict[str, Any]] = {
        "opens_at": {"opens_at": NOW},
        "closes_at": {"closes_at": NOW + timedelta(days=30)},
        "retention": {"terms": {**terms, "retention": {"months_after_closing": 3}}},
    }
    number = save(database, campaign.id, **changes[change])
    with pytest.raises(MoveNotAllowed):
        bring_out(database, campaign.id, number)
    assert len(revisions(database)) == 1
    with database.writing() as session:
        assert publish(session, campaign.id, number, "Lea", NOW, may_move=True).revision == 2


def test_no_day_that_comes_too_soon_is_published(database: Database) -> None:
    campaign = make_campaign(database)
    terms = content_of(campaign_files()).terms
    at_once = {**terms, "retention": {"months_after_closing": 0}}  # a day after the closing
    sixth = NOW + timedelta(days=6)
    for closes_at, kept in ((NOW, terms), (sixth - timedelta(seconds=1), at_once)):
        number = save(database, campaign.id, closes_at=closes_at, terms=kept)
        with pytest.raises(TermsError), database.writing() as session:
            publish(session, campaign.id, number, "Lea", NOW, may_move=True)
    number = save(database, campaign.id, closes_at=sixth, terms=at_once)
    with database.writing() as session:
        assert publish(session, campaign.id, number, "Lea", NOW, may_move=True).revision == 2
