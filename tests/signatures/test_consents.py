"""The words of a consent: kept once, found again, and those of each campaign for themselves."""

import threading
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.i18n import LANGUAGES, translator
from petitions.public.campaigns import DEFAULT_UPDATES_LABEL
from petitions.settings import Settings
from petitions.signatures.consents import find_wording, store_wordings, wording_key
from petitions.signatures.drafting import store_drafts
from petitions.signatures.models import ConsentWording, Draft
from tests.factories import make_campaign, make_draft


def stored(database: Database) -> set[tuple[int, str]]:
    with database.reading() as session:
        rows = session.execute(select(ConsentWording.campaign_id, ConsentWording.text)).all()
        assert len(rows) == len(set(rows))
        return {(campaign_id, text) for campaign_id, text in rows}


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_key_is_equal_for_equal_words_alone(one: str, other: str) -> None:
    assert len(wording_key(one)) == 16
    assert (wording_key(one) == wording_key(other)) == (one == other)


def test_words_are_kept_once_for_each_campaign(database: Database, campaign: CampaignSnapshot) -> None:
    other = make_campaign(database, slug="other")
    words = [(campaign.id, "Write to me"), (other.id, "Write to me"), (campaign.id, "Escribidme: ¡sí! 写信")]
    for _ in range(2):
        with database.writing() as session:
            store_wordings(session, words + words)
            store_wordings(session, [])
    assert stored(database) == set(words)
    with database.reading() as session:
        assert find_wording(session, campaign.id, wording_key("Escribidme: ¡sí! 写信")) == "Escribidme: ¡sí! 写信"
        assert find_wording(session, other.id, wording_key("Escribidme: ¡sí! 写信")) is None
        assert find_wording(session, campaign.id, None) is None


def test_a_draft_points_at_the_words_of_its_consent(
    database: Database, settings: Settings, campaign: CampaignSnapshot
) -> None:
    """Drafts of one batch that read different words, and one that did not agree."""
    drafts = [
        make_draft(campaign, settings, updates=words is not None, updates_wording=words)
        for words in ("Write to me", "Escribidme", None, "Write to me")
    ]
    with database.writing() as session:
        store_drafts(session, drafts, None)
    assert stored(database) == {(campaign.id, "Write to me"), (campaign.id, "Escribidme")}
    with database.reading() as session:
        keys = {draft.id: draft.updates_key for draft in session.scalars(select(Draft))}
        found = [find_wording(session, campaign.id, keys[draft.id]) for draft in drafts]
    assert found == ["Write to me", "Escribidme", None, "Write to me"]


def test_the_longest_words_find_room(database: Database, campaign: CampaignSnapshot) -> None:
    """A campaign's own may have 200 characters; the default ones are translated."""
    words = ["ü" * 200, *(translator(language).gettext(DEFAULT_UPDATES_LABEL) for language in LANGUAGES)]
    assert len(set(words)) == len(LANGUAGES) + 1
    with database.writing() as session:
        store_wordings(session, [(campaign.id, text) for text in words])
    assert stored(database) == {(campaign.id, text) for text in words}


def test_threads_that_store_the_same_words_in_any_order_do_not_lock_each_other_up(
    database: Database, campaign: CampaignSnapshot
) -> None:
    campaigns = [campaign, *(make_campaign(database, slug=slug) for slug in ("two", "three"))]
    start = threading.Barrier(4)
    errors: list[BaseException] = []

    def store(order: int) -> None:
        try:
            for turn in range(15):
                words = [(where.id, f"{turn} {word}") for where in campaigns for word in "abcdef"]
                start.wait(30)
                with database.writing() as session:
                    store_wordings(session, words[:: -1 if order % 2 else 1])
        except BaseException as error:
            errors.append(error)
            start.abort()

    threads = [threading.Thread(target=store, args=(order,)) for order in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    expected: set[Any] = {
        (where.id, f"{turn} {word}") for where in campaigns for turn in range(15) for word in "abcdef"
    }
    assert stored(database) == expected
