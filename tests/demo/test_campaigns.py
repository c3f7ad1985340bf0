"""The sample campaigns are those of the acceptance table, with what each of them is there to show."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from petitions import paths
from petitions.campaigns.files import CampaignFiles, read_campaign
from petitions.campaigns.queries import CampaignSnapshot, get_snapshot, list_snapshots
from petitions.campaigns.terms import Initiator
from petitions.db import Database
from petitions.signatures.importing import import_files

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
#: Slug, languages with the default first.
TABLE = {
    "hands-off-our-campuses": ("en", "es", "ar"),
    "defend-solidarity-britain": ("en",),
    "stop-the-swiss-witch-hunt": ("de", "fr", "it", "en"),
    "wabtec-strike": ("en", "es"),
    "hands-off-the-pcv": ("es", "en"),
    "free-boris-kagarlitsky": ("en", "ru", "es", "fr", "de"),
    "solidarity-mugimendu-sozialista": ("eu", "es", "en"),
    "irish-climate-trial": ("en", "ga"),
    "ontario-mass-work-refusals": ("en", "fr"),
}
BOTH = ("individuals", "organisations")


def read(slug: str) -> CampaignFiles:
    return read_campaign(paths.DEMO_CAMPAIGNS / slug, NOON)


def folders() -> list[Path]:
    return sorted(folder for folder in paths.DEMO_CAMPAIGNS.iterdir() if folder.is_dir())


def test_the_demo_holds_the_campaigns_of_the_table() -> None:
    assert {folder.name for folder in folders()} == set(TABLE)


@pytest.mark.parametrize("slug", TABLE)
def test_a_campaign_is_complete_in_its_languages(slug: str) -> None:
    files = read(slug)
    assert files.slug == slug
    assert files.default_language == TABLE[slug][0]
    assert set(files.wordings) == set(TABLE[slug])
    demands = {len(wording.demands) for wording in files.wordings.values()}
    assert len(demands) == 1, "each language has the same demands"
    assert demands != {0}
    for wording in files.wordings.values():
        paragraphs = [part for part in wording.body.split("\n\n") if part.strip()]
        assert 3 <= len(paragraphs) <= 6
    titles = [wording.title for wording in files.wordings.values()]
    assert len(set(titles)) == len(titles)
    for address in (files.terms.responsible.email, files.terms.reply_to or ""):
        assert address.endswith("@example.org")


def test_all_are_imported_and_open(database: Database) -> None:
    for folder in folders():
        with database.writing() as session:
            assert import_files(session, read_campaign(folder, NOON), NOON).created
    for folder in folders():
        with database.writing() as session:
            assert import_files(session, read_campaign(folder, NOON), NOON).created is False
    with database.reading() as session:
        campaigns: dict[str, CampaignSnapshot] = {campaign.slug: campaign for campaign in list_snapshots(session)}
        assert {slug: set(campaign.languages) for slug, campaign in campaigns.items()} == {
            slug: set(languages) for slug, languages in TABLE.items()
        }
        assert {slug: campaign.default_language for slug, campaign in campaigns.items()} == {
            slug: languages[0] for slug, languages in TABLE.items()
        }
        assert {campaign.status(NOON) for campaign in campaigns.values()} == {"open"}
        boris = get_snapshot(session, "free-boris-kagarlitsky")
    assert set(boris.background_languages) >= {"en", "ru"}
    assert [slug for slug, campaign in campaigns.items() if campaign.background_languages] == [
        "free-boris-kagarlitsky"
    ]


def test_campuses_ask_for_the_campus_and_hide_names_by_default() -> None:
    terms = read("hands-off-our-campuses").terms
    assert terms.affiliation is not None
    assert terms.affiliation.label["en"] == "Campus"
    assert terms.visibility_default != "public"
    assert terms.signers == BOTH


def test_britain_takes_individuals_and_organisations() -> None:
    assert read("defend-solidarity-britain").terms.signers == BOTH


def test_wabtec_asks_for_the_union_local_and_links_to_the_strike_fund() -> None:
    terms = read("wabtec-strike").terms
    assert [question.label["en"] for question in terms.questions] == ["Union local"]
    assert [link.url for link in terms.links] == ["https://example.org/strike-fund"]
    assert terms.signers == BOTH


def test_the_pcv_is_defended_by_an_organisation_before_a_court() -> None:
    terms = read("hands-off-the-pcv").terms
    assert terms.initiator == Initiator("Lucha de Clases", "https://example.org/lucha-de-clases")
    assert [name["en"] for name in terms.addressees] == ["The Supreme Court of Venezuela"]


def test_boris_s_signers_are_safe_by_default() -> None:
    """Names are hidden, the mail is neutral: it names neither him nor the cause, in any language."""
    files = read("free-boris-kagarlitsky")
    assert files.terms.visibility_default == "initials"
    mail = files.terms.mail
    assert mail is not None
    for text in (mail.subject, mail.sender_name):
        assert set(text) >= set(TABLE["free-boris-kagarlitsky"])
        for words in text.values():
            for telling in ("Boris", "Kagarl", "Борис", "Кагарл", "petition", "sign"):
                assert telling.lower() not in words.lower()
    assert [name["en"] for name in files.terms.addressees] == ["The embassies of the Russian Federation"]


def test_the_mugimendu_statement_is_for_organisations_only() -> None:
    assert read("solidarity-mugimendu-sozialista").terms.signers == ("organisations",)


def test_the_irish_trial_closes_on_a_date() -> None:
    files = read("irish-climate-trial")
    assert files.closes_at == NOON + timedelta(days=14)
    assert [name["en"] for name in files.terms.addressees] == ["The court trying Orla Murphy and Zac Lumley"]


def test_ontario_s_letter_has_several_addressees_questions_and_growing_goals() -> None:
    terms = read("ontario-mass-work-refusals").terms
    assert len(terms.addressees) == 3
    assert [(question.label["en"], question.required) for question in terms.questions] == [
        ("Workplace", False),
        ("Union", False),
    ]
    assert len(terms.goal_steps) == 7
