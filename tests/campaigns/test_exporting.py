"""A campaign written as files says what it said."""

import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, event, example, given
from hypothesis import strategies as st

from petitions.campaigns.content import Content, Texts, content_of, to_files
from petitions.campaigns.exporting import write_campaign, write_settings, write_wording
from petitions.campaigns.files import MAX_FILE, MAX_SUMMARY, MAX_TITLE, Wording, read_campaign
from petitions.campaigns.terms import Retention
from petitions.campaigns.values import TermsError
from petitions.errors import CampaignFileError
from tests.campaigns.contents import NOW, TEXTS, content, contents, good_contents, lines

FULL = content(
    ("en", "es"),
    opens_at=NOW + timedelta(days=1, microseconds=5),
    closes_at=NOW + timedelta(days=30),
    reply_to="contact@example.org",
    initiator={"name": "The union", "url": "https://example.org/"},
    visibility={"choices": ["addressee", "public"], "default": "public"},
    affiliation={"label": "Union", "required": True},
    mail={"subject": {"en": "Please confirm", "es": "Confirme"}, "sender_name": "Letters"},
    questions=[{"key": "job", "label": {"en": "“Job” \\ #1", "es": "Trabajo"}, "required": True, "public": True}],
    links=[{"label": "More", "url": "https://example.org/?a=1&b='2'"}],
    retention={"until": "2027-06-30"},
    updates={"label": "Write to me"},
    public_list="latest",
    after_signing={"thanks": {"en": "Thanks.\n\nTell **others**.", "es": "Gracias."}, "share": "I signed"},
    reminder={"enabled": False},
)


def check_round_trip(content: Content) -> None:
    files = to_files("free-boris", content, NOW)
    with tempfile.TemporaryDirectory() as folder:
        write_campaign(Path(folder), files)
        assert read_campaign(Path(folder), NOW) == files
    assert to_files("free-boris", content_of(files), NOW) == files


def test_everything_that_a_campaign_can_say_is_written(tmp_path: Path) -> None:
    files = to_files("free-boris", FULL, NOW)
    written = write_campaign(tmp_path / "new" / "folder", files)
    assert [file.name for file in written] == ["campaign.toml", "en.md", "es.md"]
    again = read_campaign(tmp_path / "new" / "folder", NOW)
    assert again == files
    assert again.terms.retention == Retention(until=date(2027, 6, 30))
    assert (again.terms.reminder, again.terms.public_list) == (False, "latest")
    assert again.opens_at == NOW + timedelta(days=1, microseconds=5)


def test_a_text_is_written_as_people_write_it() -> None:
    wording = Wording("Free Boris", "Arrested.", "He spoke.\n\nWe answer.", ("Release.", "Charges."), "He is.")
    assert write_wording(wording) == (
        "# Free Boris\n\n> Arrested.\n\nHe spoke.\n\nWe answer.\n\n"
        "<!-- demands -->\n\n1. Release.\n2. Charges.\n\n<!-- background -->\n\nHe is.\n"
    )


def test_settings_are_written_as_people_write_them() -> None:
    terms: dict[str, Any] = {
        "retention": {"until": "2027-06-30"},
        "goal_steps": [],
        "addressees": [{"name": {"en": "The embassies"}}],
    }
    text = write_settings(to_files("free-boris", content(**terms, closes_at=NOW), NOW))
    assert text.startswith('slug = "free-boris"\ndefault_language = "en"\ncloses = 2026-11-22 12:00:00+00:00\n')
    assert '\naddressees = [\n    { name = { en = "The embassies" } },\n]\n' in text
    assert text.endswith("[retention]\nuntil = 2027-06-30\n")
    assert "goal_steps" not in text
    assert "questions" not in text


@given(content=good_contents)
@example(content=FULL)
@example(
    content=content(texts={"en": replace(TEXTS, demands=("a",) * 1_001, summary="> > a\r\n>b", title=" # #T ")})
)
@example(
    content=content(texts={"en": replace(TEXTS, summary="\u00a0> «\u202fLibre\u202f»", body="> Quoted\n  \n")})
)
def test_whatever_can_be_published_is_the_same_after_an_export(content: Content) -> None:
    try:
        to_files("free-boris", content, NOW)
    except TermsError:
        event("refused")
        assume(False)
    check_round_trip(content)


@given(content=contents)
def test_no_content_gets_past_with_what_a_file_could_not_say(content: Content) -> None:
    try:
        to_files("free-boris", content, NOW)
    except TermsError:
        return
    check_round_trip(content)


@given(title=lines, summary=lines, body=lines, demands=st.lists(lines, max_size=12), background=lines)
def test_a_text_of_any_letters_is_the_same_after_an_export(
    title: str, summary: str, body: str, demands: list[str], background: str
) -> None:
    texts = Texts(f"T{title}", f"S{summary}", f"B{body}", tuple(demands), background)
    try:
        to_files("free-boris", content(texts={"en": texts}), NOW)
    except TermsError:
        assume(False)
    check_round_trip(content(texts={"en": texts}))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"title": ""}, "en.title"),
        ({"title": "a\nb"}, "en.title"),
        ({"title": "a" * (MAX_TITLE + 1)}, "en.title"),
        ({"title": "a\0"}, "en.title"),
        ({"summary": " > "}, "en.summary"),
        ({"summary": "a" * (MAX_SUMMARY + 1)}, "en.summary"),
        ({"body": " \n"}, "en.body"),
        ({"body": "Text\n\n <!--demands--> \n"}, "en.body"),
        ({"body": "\ud800"}, "en.body"),
        ({"background": "<!-- x -->"}, "en.background"),
        ({"demands": ("a\r\nb",)}, "en.demands"),
        ({"body": "é" * (MAX_FILE // 2)}, "en.body"),
    ],
)
def test_what_a_file_could_not_hold_is_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(TermsError) as error:
        to_files("free-boris", content(texts={"en": replace(TEXTS, **changes)}), NOW)
    assert error.value.key == key


def test_a_text_that_just_fits_is_taken() -> None:
    check_round_trip(content(texts={"en": Texts("a" * MAX_TITLE, "b" * MAX_SUMMARY, "c" * (MAX_FILE - 800))}))


def test_a_slug_and_a_language_that_no_file_has_are_refused() -> None:
    for slug, languages, key in (("new", ("en",), "slug"), ("free-boris", ("en", "../x"), "texts")):
        with pytest.raises(TermsError) as error:
            to_files(slug, content(languages), NOW)
        assert error.value.key == key


def test_settings_that_no_file_can_hold_are_refused() -> None:
    for name in ({"en": "The embassies", "\ud800": "x"}, {"en": "x"} | {f"{n}": "y" * 200 for n in range(1_000)}):
        with pytest.raises(TermsError) as error:
            to_files("free-boris", content(addressees=[{"name": name}]), NOW)
        assert error.value.key == "terms"


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "fr.md").write_text("old")
    files = to_files("free-boris", FULL, NOW)
    with pytest.raises(CampaignFileError, match="empty or not there yet"):
        write_campaign(tmp_path, files)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["fr.md", "notes.txt"]
    write_campaign(tmp_path, files, overwrite=True)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["campaign.toml", "en.md", "es.md", "notes.txt"]
    assert read_campaign(tmp_path, NOW) == files


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CampaignFileError, match="cannot be written"):
        write_campaign(tmp_path / "file" / "folder", to_files("free-boris", FULL, NOW))
