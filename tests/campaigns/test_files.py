"""Campaign files: all that they can say, and each way to be broken refused with its place."""

import tempfile
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from petitions.campaigns.files import CampaignFiles, Wording, read_campaign
from petitions.campaigns.terms import (
    Affiliation,
    Initiator,
    Link,
    NeutralMail,
    Question,
    Responsible,
    Retention,
    Terms,
)
from petitions.errors import CampaignFileError
from tests.factories import MARKDOWN, TOML, write_campaign

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

FULL_TOML = '''
slug = "free-boris"
default_language = "es"
signers = ["organisations", "individuals"]
goal = 5000
opens = 2026-11-01
closes = 2026-12-24T18:00:00+01:00
public_list = "latest"
reply_to = "contact@example.org"

[responsible]
name = "Example Committee"
email = "privacy@example.org"
address = "1 Example Street"

[initiator]
name = "Example Union"
url = "https://example.org/union"

[visibility]
choices = ["anonymous", "public"]
default = "anonymous"

[affiliation]
label = { en = "Campus", es = "Universidad" }
required = true

[mail]
subject = "Please confirm"
sender_name = { en = "Confirmation", es = "Confirmación" }

[[addressees]]
name = "The court"

[[addressees]]
name.en = "The minister"
name.es = "La ministra"

[[questions]]
key = "union_local"
label = { en = "Union local", es = "Sección sindical" }
required = true
public = true

[[questions]]
key = "workplace"
label = "Workplace"

[[links]]
label = "Strike fund"
url = "https://example.org/fund"

[retention]
until = 2027-06-30

[updates]
label = { en = "Write to me about Boris", es = "Escribidme sobre Boris" }

[after_signing]
thanks.en = """
Thank you.

Come on Friday.
"""
thanks.es = "Gracias."
share = "Sign for Boris"

[reminder]
enabled = false
'''
ENGLISH = """\ufeff

# Free Boris

> A sociologist is arrested.
> We answer.

He spoke **freely**.

    code stays indented

<!-- background -->

## Who he is

A sociologist.

<!-- demands -->

1. His release,
   at once.
2) The dropping of all charges.
- An apology.
* Damages.
+ A law.
"""


def read(folder: Path, toml: str = TOML, **texts: str) -> CampaignFiles:
    return read_campaign(write_campaign(folder, toml, **texts), NOON)


def refused(folder: Path) -> CampaignFileError:
    with pytest.raises(CampaignFileError) as caught:
        read_campaign(folder, NOON)
    error = caught.value
    assert str(error) == f"{error.file}: {error.place}: {error.expected}"
    return error


def test_everything_that_a_campaign_can_say(tmp_path: Path) -> None:
    files = read(tmp_path, FULL_TOML, en=ENGLISH, es="# Libertad\n> Una frase.\nTexto.")
    assert files == CampaignFiles(
        slug="free-boris",
        default_language="es",
        opens_at=datetime(2026, 11, 1, tzinfo=UTC),
        closes_at=datetime(2026, 12, 24, 17, tzinfo=UTC),
        terms=Terms(
            signers=("organisations", "individuals"),
            goal_steps=(5000,),
            public_list="latest",
            responsible=Responsible("Example Committee", "privacy@example.org", "1 Example Street"),
            addressees=({"en": "The court", "es": "The court"}, {"en": "The minister", "es": "La ministra"}),
            visibility_choices=("anonymous", "public"),
            visibility_default="anonymous",
            reply_to="contact@example.org",
            initiator=Initiator("Example Union", "https://example.org/union"),
            affiliation=Affiliation({"en": "Campus", "es": "Universidad"}, required=True),
            questions=(
                Question(
                    "union_local", {"en": "Union local", "es": "Sección sindical"}, required=True, public=True
                ),
                Question("workplace", {"en": "Workplace", "es": "Workplace"}, required=False, public=False),
            ),
            links=(Link({"en": "Strike fund", "es": "Strike fund"}, "https://example.org/fund"),),
            mail=NeutralMail(
                subject={"en": "Please confirm", "es": "Please confirm"},
                sender_name={"en": "Confirmation", "es": "Confirmación"},
            ),
            retention=Retention(until=date(2027, 6, 30)),
            updates_label={"en": "Write to me about Boris", "es": "Escribidme sobre Boris"},
            thanks={"en": "Thank you.\n\nCome on Friday.", "es": "Gracias."},
            share={"en": "Sign for Boris", "es": "Sign for Boris"},
            reminder=False,
        ),
        wordings={
            "en": Wording(
                title="Free Boris",
                summary="A sociologist is arrested. We answer.",
                body="He spoke **freely**.\n\n    code stays indented",
                demands=(
                    "His release, at once.",
                    "The dropping of all charges.",
                    "An apology.",
                    "Damages.",
                    "A law.",
                ),
                background="## Who he is\n\nA sociologist.",
            ),
            "es": Wording("Libertad", "Una frase.", "Texto.", ()),
        },
    )


def test_what_a_campaign_need_not_say(tmp_path: Path) -> None:
    files = read(tmp_path, TOML.replace("goal_steps = [10, 100]\n", ""))
    assert (files.opens_at, files.closes_at) == (None, None)
    assert files.terms == Terms(
        signers=("individuals",),
        goal_steps=(),
        public_list="full",
        responsible=Responsible("Example Committee", "privacy@example.org"),
        addressees=({"en": "The embassies"},),
        visibility_choices=("public", "initials", "addressee", "anonymous"),
        visibility_default="public",
        retention=Retention(months_after_closing=6, until=None),
        updates_label=None,
    )


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(tmp_path: Path, ending: str) -> None:
    (tmp_path / "campaign.toml").write_bytes(TOML.replace("\n", "\r\n").encode())
    (tmp_path / "en.md").write_bytes(MARKDOWN.replace("\n", ending).encode())
    assert read_campaign(tmp_path, NOON).wordings["en"] == Wording(
        title="Free Boris",
        summary="A sociologist is arrested.",
        body="He spoke **freely**.",
        demands=("His release.", "The dropping of all charges."),
    )


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-12-24", datetime(2026, 12, 24, tzinfo=UTC)),
        ("2026-12-24T18:00:00Z", datetime(2026, 12, 24, 18, tzinfo=UTC)),
        ("2026-12-24T18:00:00-05:00", datetime(2026, 12, 24, 23, tzinfo=UTC)),
        ('"+60 days"', NOON + timedelta(days=60)),
        ('"-1 day"', NOON - timedelta(days=1)),
        ('"+1 day"', NOON + timedelta(days=1)),
        ("9999-12-31", datetime(9999, 12, 31, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_dates(tmp_path: Path, written: str, moment: datetime) -> None:
    assert read(tmp_path, f"closes = {written}\n{TOML}").closes_at == moment


@pytest.mark.parametrize(
    ("written", "retention"),
    [
        ("months_after_closing = 0", Retention(0)),
        ("months_after_closing = 36", Retention(36)),
        ("until = 2027-06-30", Retention(until=date(2027, 6, 30))),
        ("until = 2026-11-23", Retention(until=date(2026, 11, 23))),
        ("until = 2027-06-30T23:00:00-05:00", Retention(until=date(2027, 7, 1))),
        ('until = "+90 days"', Retention(until=date(2027, 2, 20))),
        ("", Retention(6)),
    ],
)
def test_how_long_data_are_kept(tmp_path: Path, written: str, retention: Retention) -> None:
    assert read(tmp_path, f"{TOML}[retention]\n{written}\n").terms.retention == retention


def test_data_may_go_on_the_day_of_the_closing(tmp_path: Path) -> None:
    """The last drafts can be confirmed all the same: see purge_due_at."""
    files = read(tmp_path, f"closes = 2027-06-30T18:00:00Z\n{TOML}[retention]\nuntil = 2027-06-30\n")
    assert files.terms.retention == Retention(until=date(2027, 6, 30))


def test_the_words_of_the_consent_to_updates(tmp_path: Path) -> None:
    both = {"en": MARKDOWN, "es": MARKDOWN}
    files = read(tmp_path, f'{TOML}[updates]\nlabel = "Write to me"\n', **both)
    assert files.terms.updates_label == {"en": "Write to me", "es": "Write to me"}
    files = read(tmp_path, f'{TOML}[updates]\nlabel.en = "Write to me"\nlabel.es = "Escribidme"\n', **both)
    assert files.terms.updates_label == {"en": "Write to me", "es": "Escribidme"}


@pytest.mark.parametrize("tag", ["eu", "pt-BR", "zh-Hant", "ar"])
def test_languages_need_not_be_those_of_the_interface(tmp_path: Path, tag: str) -> None:
    files = read(tmp_path, TOML.replace('"en"', f'"{tag}"'), **{tag: MARKDOWN})
    assert (files.default_language, list(files.wordings)) == (tag, [tag])


def test_french_spaces_and_persian_joiners_are_letters_of_a_text(tmp_path: Path) -> None:
    label = "Qui\u202f?\u00a0: می\u200cخواهم"
    files = read(tmp_path, TOML + f'\n[affiliation]\nlabel = "{label}"\n')
    assert files.terms.affiliation == Affiliation({"en": label})


CHOICES = "public, initials, addressee, anonymous"
ONE_LINE = "expected a text of 1 to 200 characters on one line"
KEYS = (
    "there is no such key; the keys are addressees, affiliation, after_signing, comments, goal, goal_steps, "
    "initiator, links, mail, organisations, public_list, questions, reminder, reply_to, responsible, retention, "
    "signers, updates, visibility"
)
GOALS = "expected whole numbers above 0, each greater than the one before"
SLUG = "expected small letters, digits and single hyphens, like free-ana-sanchez"
MOMENT = 'expected a date, a date-time with its zone, or days from now like "+60 days"'
MONTHS = "expected a whole number from 0 to 36"
ERASED_AT_ONCE = (
    "expected a day to come: the data of the signers would be erased at once (to do that: petitions purge)"
)
URL = "expected an address that starts with https://"
LOCAL = "expected a text, or a table with a text for each language"
QUESTION = '\n[[questions]]\nkey = "a"\nlabel = "A"\n'


def replaced(old: str, new: str) -> str:
    assert old in TOML
    return TOML.replace(old, new)


BROKEN_TOML = [
    (replaced('slug = "free-boris"\n', ""), "slug", SLUG),
    *(
        (replaced('"free-boris"', value), "slug", SLUG)
        for value in ('"Free"', '"free--boris"', '"-free"', '"free/.."', '""', '"new"', f'"{"a" * 81}"', "7", "[]")
    ),
    *(
        (replaced('default_language = "en"', f"default_language = {value}"), "default_language", place)
        for place in ("expected a language with a text; found en",)
        for value in ('"es"', "[]", "{}", "1", '"EN"')
    ),
    *((f"opens = {value}\n{TOML}", "opens", MOMENT) for value in ('"soon"', "7", "12:00:00", '"60 days"', "[]")),
    (f"closes = 2026-12-24T18:00:00\n{TOML}", "closes", MOMENT),
    (f"closes = 0001-01-01T00:00:00+14:00\n{TOML}", "closes", MOMENT),
    (f"closes = 9999-12-31T23:00:00-14:00\n{TOML}", "closes", MOMENT),
    (f'opens = "+2 days"\ncloses = "+2 days"\n{TOML}', "closes", "expected a date after `opens`"),
    (f"colour = 1\n{TOML}", "colour", KEYS),
    (f"goal = 5\n{TOML}", "goal", "expected either goal or goal_steps, not both"),
    *(
        (replaced("goal_steps = [10, 100]", f"goal = {value}"), "goal", GOALS)
        for value in ("0", "-1", "1.5", "true", '"5"', "1000000001")
    ),
    *(
        (replaced("[10, 100]", value), "goal_steps", GOALS)
        for value in ("[10, 10]", "[100, 10]", "7", "[0]", f"{list(range(1, 52))}")
    ),
    *(
        (
            f"signers = {value}\n{TOML}",
            "signers",
            "expected a list of some of individuals, organisations, each once",
        )
        for value in ("[]", '"individuals"', '["people"]', '["individuals", "individuals"]', "[[]]")
    ),
    (f'public_list = "some"\n{TOML}', "public_list", "expected one of full, latest, none"),
    (f"public_list = []\n{TOML}", "public_list", "expected one of full, latest, none"),
    (f"visibility = 1\n{TOML}", "visibility", "expected a table"),
    (
        f"{TOML}[visibility]\nchoices = []\n",
        "visibility.choices",
        f"expected a list of some of {CHOICES}, each once",
    ),
    (
        f'{TOML}[visibility]\nchoices = ["public"]\ndefault = "initials"\n',
        "visibility.default",
        "expected one of public",
    ),
    (f"{TOML}[visibility]\ndefault = {{}}\n", "visibility.default", f"expected one of {CHOICES}"),
    (
        f"{TOML}[visibility]\nhidden = true\n",
        "visibility.hidden",
        "there is no such key; the keys are choices, default",
    ),
    (f'reply_to = "nobody"\n{TOML}', "reply_to", "expected a mail address"),
    (f"reply_to = 7\n{TOML}", "reply_to", "expected a text of 1 to 254 characters on one line"),
    (
        replaced('[responsible]\nname = "Example Committee"\nemail = "privacy@example.org"\n', ""),
        "responsible",
        "expected a table with the name and e-mail of who is responsible in law",
    ),
    (replaced('name = "Example Committee"\n', ""), "responsible.name", ONE_LINE),
    (replaced('"Example Committee"', '"  "'), "responsible.name", ONE_LINE),
    (replaced('"Example Committee"', '"a\\nb"'), "responsible.name", ONE_LINE),
    (replaced('"Example Committee"', '"a\\u0000b"'), "responsible.name", ONE_LINE),
    (replaced('"Example Committee"', f'"{"a" * 201}"'), "responsible.name", ONE_LINE),
    (replaced('"privacy@example.org"', '"privacy"'), "responsible.email", "expected a mail address"),
    (f"{TOML}[initiator]\nurl = 'https://example.org'\n", "initiator.name", ONE_LINE),
    *(
        (f'{TOML}[initiator]\nname = "A"\nurl = "{value}"\n', "initiator.url", URL)
        for value in (
            "javascript:alert(1)",
            "example.org",
            "https://",
            "https://[",
            "https://a b.org",
            "ftp://a.org",
            "https://user@a.org",
        )
    ),
    (f"{TOML}[affiliation]\nrequired = true\n", "affiliation.label", LOCAL),
    (f'{TOML}[affiliation]\nlabel = "A"\nrequired = 1\n', "affiliation.required", "expected true or false"),
    (
        f'{TOML}[affiliation]\nlabel = {{ es = "A" }}\n',
        "affiliation.label",
        "expected a text in each language; missing: en",
    ),
    (f'{TOML}[affiliation]\nlabel = {{ en = "A", es = 1 }}\n', "affiliation.label.es", ONE_LINE),
    (f'{TOML}[mail]\nsubject = "A"\n', "mail.sender_name", LOCAL),
    (f'{TOML}[mail]\nsender_name = "A"\n', "mail.subject", LOCAL),
    (
        f'{TOML}[mail]\nsubject = "A"\nsender_name = "B"\nbody = "C"\n',
        "mail.body",
        "there is no such key; the keys are sender_name, subject",
    ),
    (
        replaced('[[addressees]]\nname = "The embassies"\n', ""),
        "addressees",
        "expected a list of 1 to 50 tables, written [[addressees]]",
    ),
    (f"{TOML}[[addressees]]\n", "addressees[2].name", LOCAL),
    (f'{TOML}[[addressees]]\ntitle = "x"\n', "addressees[2].title", "there is no such key; the keys are name"),
    (f"links = [1]\n{TOML}", "links[1]", "expected a table"),
    (f"links = {{}}\n{TOML}", "links", "expected a list of 0 to 50 tables, written [[links]]"),
    (f'{TOML}[[links]]\nlabel = "A"\n', "links[1].url", "expected a text of 1 to 500 characters on one line"),
    (f'{TOML}[[links]]\nurl = "https://example.org"\n', "links[1].label", LOCAL),
    (
        TOML + QUESTION * 2,
        "questions[2].key",
        "expected a key that no other question has",
    ),
    *(
        (
            TOML + QUESTION.replace('"a"', value),
            "questions[1].key",
            "expected small letters, digits and _, beginning with a letter",
        )
        for value in ('"Union"', '"1a"', '""', '"a-b"', "7", f'"{"a" * 32}"')
    ),
    (TOML + QUESTION + "public = 'no'\n", "questions[1].public", "expected true or false"),
    (
        TOML + QUESTION + "help = 'no'\n",
        "questions[1].help",
        "there is no such key; the keys are key, label, public, required",
    ),
    *(
        (f"{TOML}[retention]\nmonths_after_closing = {value}\n", "retention.months_after_closing", MONTHS)
        for value in ("-1", "37", "1.5", "true", '"6"', "[]")
    ),
    *(
        (f"{TOML}[retention]\nuntil = {value}\n", "retention.until", MOMENT)
        for value in ('"soon"', "7", "12:00:00", '"60 days"', "2027-06-30T12:00:00", '"2027-06-30"')
    ),
    (
        f"{TOML}[retention]\nmonths_after_closing = 6\nuntil = 2027-06-30\n",
        "retention",
        "expected either until or months_after_closing, not both",
    ),
    (
        f"{TOML}[retention]\ndays = 60\n",
        "retention.days",
        "there is no such key; the keys are months_after_closing, until",
    ),
    (f"retention = 6\n{TOML}", "retention", "expected a table"),
    (
        f"closes = 2027-06-30\n{TOML}[retention]\nuntil = 2027-06-29\n",
        "retention.until",
        "expected a date after `closes`",
    ),
    *(
        (f"{TOML}[retention]\nuntil = {value}\n", "retention", ERASED_AT_ONCE)
        for value in ("2020-01-01", "2026-11-22", '"-1 day"', '"+0 days"')
    ),
    (f"closes = 2026-05-22T12:00:00Z\n{TOML}", "retention", ERASED_AT_ONCE),
    (f"closes = 0001-01-01\n{TOML}", "retention", ERASED_AT_ONCE),
    (
        f"closes = 2026-11-21T12:00:00Z\n{TOML}[retention]\nmonths_after_closing = 0\n",
        "retention",
        ERASED_AT_ONCE,
    ),
    (f'{TOML}[updates]\nlabel = "{"a" * 201}"\n', "updates.label", ONE_LINE),
    (f'{TOML}[updates]\nlabel = "a\\nb"\n', "updates.label", ONE_LINE),
    (f"{TOML}[updates]\n", "updates.label", LOCAL),
    (
        f'{TOML}[updates]\nlabel = {{ es = "A" }}\n',
        "updates.label",
        "expected a text in each language; missing: en",
    ),
    (
        f'{TOML}[updates]\nlabel = "A"\nticked = true\n',
        "updates.ticked",
        "there is no such key; the keys are label",
    ),
    (f"updates = true\n{TOML}", "updates", "expected a table"),
    (TOML + QUESTION * 51, "questions", "expected a list of 0 to 50 tables, written [[questions]]"),
]


@pytest.mark.parametrize(("toml", "place", "expected"), BROKEN_TOML)
def test_a_wrong_key_is_named(tmp_path: Path, toml: str, place: str, expected: str) -> None:
    error = refused(write_campaign(tmp_path, toml))
    assert (error.file, error.place, error.expected) == (str(tmp_path / "campaign.toml"), place, expected)


@pytest.mark.parametrize(
    ("toml", "place", "expected"),
    [
        ('slug = "free-boris"\ngoal = = 5\n', "line 2", "expected TOML: Invalid value"),
        ('slug = "free', "end of the file", "expected TOML: Unterminated string"),
        ("a = 1\na = 2\n", "line 2", "expected TOML: Cannot overwrite a value"),
        ("opens = 2026-02-30\n", "line 1", "expected TOML: Invalid date or datetime"),
        ("a = " + "[" * 5000, "file", "expected TOML (RecursionError)"),
        ("a = " + "9" * 5000, "file", "expected TOML (ValueError)"),
        ("a = 1\n\0", "line 2", "expected no NUL character"),
        ("#" * 200_001, "file", "expected at most 200000 bytes"),
    ],
)
def test_broken_toml_is_refused_with_its_line(tmp_path: Path, toml: str, place: str, expected: str) -> None:
    error = refused(write_campaign(tmp_path, toml))
    assert (error.file, error.place, error.expected) == (str(tmp_path / "campaign.toml"), place, expected)


LIST = "expected a list of demands, like: 1. The release of Ana Sánchez."
SECTIONS = "expected <!-- demands --> or <!-- background -->, each once"
SUMMARY = "expected the summary, like: > One sentence of at most 500 characters"
TITLE = "expected the title, like: # Free Ana Sánchez"
BODY = "expected the text of the statement"
HEAD = "# Title\n\n> Summary.\n\n"


@pytest.mark.parametrize(
    ("markdown", "place", "expected"),
    [
        ("", "line 2", TITLE),
        ("\n\n", "line 4", TITLE),
        ("\nText first.\n# Title\n", "line 2", TITLE),
        ("#\n> S\nText", "line 1", TITLE),
        ("#   \n> S\nText", "line 1", TITLE),
        ("## Title\n> S\nText", "line 1", TITLE),
        ("# " + "a" * 201 + "\n> S\nText", "line 1", "expected at most 200 characters"),
        ("# Title\n\nText.\n", "line 3", SUMMARY),
        ("# Title\n>\nText.\n", "line 2", SUMMARY),
        ("# Title\n\n> " + "a" * 501 + "\nText.\n", "line 3", SUMMARY),
        ("# Title\n\n> Summary.", "line 4", BODY),
        (HEAD + "   \n", "line 4", BODY),
        (HEAD + "<!-- demands -->\n\n1. One.\n", "line 4", BODY),
        (HEAD + "Text.\n\n<!-- wishes -->\n", "line 7", SECTIONS),
        (HEAD + "Text.\n<!-- demands -->\n1. A\n<!-- demands -->\n1. B\n", "line 8", SECTIONS),
        (HEAD + "Text.\n<!-- background -->\nA\n<!-- background -->\n", "line 8", SECTIONS),
        (HEAD + "Text.\n<!-- demands -->\nRelease him.\n", "line 7", LIST),
        (HEAD + "Text.\n<!-- demands -->\n\n\n1. A.\n\nRelease him.\n", "line 11", LIST),
        (HEAD + "Text.\n<!-- demands -->\n\nRelease him.\n", "line 8", LIST),
        (HEAD + "Text.\n<!-- demands -->\n1. \n", "line 7", LIST),
        (HEAD + "Text.\n<!-- demands -->\n1.Release\n", "line 7", LIST),
        (HEAD + "Text \0.\n", "line 5", "expected no NUL character"),
        ("a" * 200_001, "file", "expected at most 200000 bytes"),
    ],
)
def test_broken_markdown_is_refused_with_its_line(
    tmp_path: Path, markdown: str, place: str, expected: str
) -> None:
    error = refused(write_campaign(tmp_path, en=markdown))
    assert (error.file, error.place, error.expected) == (str(tmp_path / "en.md"), place, expected)


def test_text_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path)
    (folder / "en.md").write_bytes(b"# S\xe1nchez")
    error = refused(folder)
    assert (error.file, error.place, error.expected) == (str(folder / "en.md"), "byte 3", "expected text in UTF-8")
    write_campaign(folder)
    (folder / "campaign.toml").write_bytes(b"\xff")
    error = refused(folder)
    assert (error.file, error.place) == (str(folder / "campaign.toml"), "byte 0")


@pytest.mark.parametrize("name", ["english.md", "en_GB.md", "en.utf8.md", "README.md", ".md", "xx.md", "en@a.md"])
def test_a_text_must_be_named_for_its_language(tmp_path: Path, name: str) -> None:
    folder = write_campaign(tmp_path)
    (folder / name).write_text(MARKDOWN)
    error = refused(folder)
    expected = "expected a language, like en.md or pt-BR.md"
    assert (error.file, error.place, error.expected) == (str(folder / name), "file name", expected)


def test_a_folder_must_be_there_with_its_files(tmp_path: Path) -> None:
    missing = refused(tmp_path / "nowhere")
    assert (missing.file, missing.place) == (str(tmp_path / "nowhere"), "folder")
    no_text = refused(tmp_path)
    assert no_text.expected == "expected a Markdown file for each language, like en.md"
    (tmp_path / "en.md").write_text(MARKDOWN)
    no_toml = refused(tmp_path)
    assert (no_toml.file, no_toml.place) == (str(tmp_path / "campaign.toml"), "file")
    assert no_toml.expected == "expected this file to be there"
    (tmp_path / "campaign.toml").mkdir()
    assert refused(tmp_path).expected == "cannot be read (IsADirectoryError)"


def read_or_refuse(toml: bytes, markdown: bytes) -> CampaignFiles | None:
    """Read files of this content; nothing but CampaignFileError may come of it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "campaign.toml").write_bytes(toml)
        (folder / "en.md").write_bytes(markdown)
        try:
            return read_campaign(folder, NOON)
        except CampaignFileError as error:
            assert error.expected  # noqa: PT017 - both ends are right
            return None


@given(st.binary(max_size=400), st.booleans())
@example(b"\xef\xbb\xbf\xef\xbb\xbf", True)
def test_any_bytes_in_a_file_are_read_or_refused(content: bytes, as_toml: bool) -> None:
    read_or_refuse(content if as_toml else TOML.encode(), content if not as_toml else MARKDOWN.encode())


_pieces = st.sampled_from(
    [
        "# ",
        "> ",
        "\n",
        "\n\n",
        "1. ",
        "- ",
        "<!-- demands -->",
        "<!-- background -->",
        "<!-- x -->",
        " ",
        "\t",
        "A",
    ]
)


@given(st.lists(_pieces | st.text(max_size=5), max_size=30).map("".join))
def test_any_markdown_is_read_or_refused(text: str) -> None:
    files = read_or_refuse(TOML.encode(), text.encode("utf-8", "surrogatepass"))
    if files is not None:
        wording = files.wordings["en"]
        assert wording.title.strip()
        assert wording.summary.strip()
        assert wording.body.strip()
        assert all(demand.strip() for demand in wording.demands)
        assert wording.background is None or wording.background.strip()


def as_toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(c):08x}" for c in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{as_toml(key)} = {as_toml(item)}" for key, item in value.items()) + "}"
    return str(value)


_ZONES = [timezone(timedelta(minutes=m)) for m in (-14 * 60, -90, 0, 330, 14 * 60)]
_words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_scalars = (
    st.none().map(lambda _: "x@example.org")
    | st.sampled_from(["https://example.org", "en", "public", "individuals", "+3 days", "none"])
    | _words
    | st.integers()
    | st.booleans()
    | st.floats()
    | st.datetimes().map(lambda moment: moment.isoformat())
    | st.datetimes(timezones=st.sampled_from(_ZONES))
    | st.dates()
)
_keys = st.sampled_from(
    "name email url label key required public choices default subject sender_name address en es".split()
)
_values = st.recursive(
    _scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys | _words, inner, max_size=4),
    max_leaves=10,
)
_names = st.sampled_from(
    "slug default_language opens closes goal goal_steps signers public_list reply_to responsible initiator "
    "visibility affiliation mail addressees questions links".split()
)
GOOD = {
    "slug": "free-boris",
    "default_language": "en",
    "responsible": {"name": "A", "email": "a@example.org"},
    "addressees": [{"name": "The court"}],
}


@given(st.dictionaries(_names | _words, _values, max_size=4))
@hypothesis_settings(max_examples=300)
def test_any_toml_is_read_or_refused(changes: dict[str, Any]) -> None:
    data = GOOD | changes
    toml = "\n".join(f"{as_toml(key)} = {as_toml(value)}" for key, value in data.items())
    read_or_refuse(toml.encode(), MARKDOWN.encode())
