"""Sheets to sign on paper, read by poppler."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import segno
from PIL import Image

from petitions.campaigns.files import Wording
from petitions.campaigns.queries import CampaignSnapshot
from petitions.db import Database
from petitions.errors import ScriptsWithoutFont
from petitions.i18n import LANGUAGES
from petitions.paper.sheets import LINES, make_sheets
from petitions.pdf.fonts import Shelf
from petitions.pdf.papers import Paper
from tests.factories import make_campaign
from tests.pdf.reading import letters, list_fonts, needs_fonts, read_info, read_text

pytestmark = needs_fonts

SITE = "https://petitions.example.org"
TITLES = {
    "ar": "الحرية لبوريس",
    "ru": "Свободу Борису",
    "he": "חירות לבוריס",
    "zh": "释放鲍里斯",
    "hi": "बोरिस को आज़ाद करो",
}


def wording(title: str, body: str = "He spoke **freely**.\n\nWe answer.") -> Wording:
    return Wording(title, "A summary.", body, ("His release.", "The dropping of all charges."))


@pytest.fixture
def many(database: Database) -> CampaignSnapshot:
    """A campaign in every language of the interface and three more."""
    languages = (*LANGUAGES, "he", "zh", "hi")
    return make_campaign(
        database, wordings={code: wording(TITLES.get(code, f"Title {code}")) for code in languages}
    )


def make(
    campaign: CampaignSnapshot, language: str = "en", first: int = 1, count: int = 1, **options: object
) -> bytes:
    fonts_dir = options.get("fonts_dir")
    assert fonts_dir is None or isinstance(fonts_dir, Path)
    paper = Paper(str(options.get("paper", "a4")))
    return make_sheets(campaign, language, paper, first, count, SITE, fonts_dir)


def test_every_sheet_has_its_number_its_lines_and_the_statement(campaign: CampaignSnapshot) -> None:
    data = make(campaign, first=42, count=3)
    pages = read_text(data).split("\f")[:-1]
    assert [re.findall(r"Sheet (\d+)", page) for page in pages] == [["0042"], ["0043"], ["0044"]]
    for page in pages:
        text = " ".join(page.split())
        for words in (
            "Free Boris",
            "A sociologist is arrested.",
            "He spoke freely.",
            "1. His release.",
            "2. The dropping of all charges.",
            "Addressed to: The embassies",
            "petitions.example.org/c/free-boris",
            "By signing I agree that Example Committee keeps my signature",
            "privacy@example.org",
            f"lines 1 to {LINES}",
            "English",
        ):
            assert words in text
        assert [str(line) for line in range(1, LINES + 1)] == re.findall(r"^(\d+)$", page, re.MULTILINE)


@pytest.mark.parametrize("paper", list(Paper))
def test_a_sheet_is_one_page_in_every_language(many: CampaignSnapshot, paper: Paper) -> None:
    for language in many.languages:
        data = make(many, language, paper=paper)
        assert read_info(data)["Pages"] == "1"
        assert all(is_within for _, is_within in list_fonts(data))
        title = TITLES.get(language, f"Title {language}")
        assert set(letters(title)) <= set(letters(read_text(data)))


def test_a_language_that_the_campaign_has_not_gives_its_own(campaign: CampaignSnapshot) -> None:
    assert make(campaign, "fr") == make(campaign, "en")


def test_a_sheet_from_the_right_has_its_names_at_the_right(many: CampaignSnapshot) -> None:
    def place_of(language: str, word: str) -> float:
        boxes = read_text(make(many, language), "-bbox")
        found = re.search(rf'xMin="([\d.]+)"[^>]*>{word}</word>', boxes)
        assert found is not None
        return float(found[1])

    assert place_of("ar", "12") > 400
    assert place_of("es", "12") < 100


@pytest.mark.parametrize("words", [40, 400, 4_000])
def test_a_statement_that_is_too_long_gives_way_to_the_lines(database: Database, words: int) -> None:
    long = wording("A title " * 10, "word " * words)
    data = make(make_campaign(database, wordings={"en": long}))
    text = read_text(data)
    assert read_info(data)["Pages"] == "1"
    assert text.count("word") == (words if words < 4_000 else 0)
    assert ("The whole statement stands at" in text) == (words == 4_000)
    assert "His release." in text


def test_a_camera_finds_the_page(campaign: CampaignSnapshot, tmp_path: Path) -> None:
    (tmp_path / "sheet.pdf").write_bytes(make(campaign))
    subprocess.run(["pdftoppm", "-r", "144", "-gray", tmp_path / "sheet.pdf", tmp_path / "page"], check=True)
    code = segno.make(f"{SITE}/c/free-boris?lang=en", error="m", micro=False)
    size = code.symbol_size(border=0)[0]
    with Image.open(tmp_path / "page-1.pgm") as picture:
        width, pixels = picture.width, picture.tobytes()

    def is_black(x: float, y: float) -> bool:
        return pixels[int(y) * width + int(x)] < 128

    # At the upper right, 92 points wide; a point is two pixels.
    right = (595.28 - 42) * 2
    left, field = right - 184, 184 / int(size)
    top = next(y for y in range(75, 400) if is_black(right - 5, y))
    middles = [(place + 0.5) * field for place in range(int(size))]
    found = [[is_black(left + x, top + y) for x in middles] for y in middles]
    assert found == [[bool(module) for module in row] for row in code.matrix]


def test_the_same_sheets_are_the_same_bytes(campaign: CampaignSnapshot) -> None:
    assert make(campaign, count=2) == make(campaign, count=2)
    assert make(campaign, first=1) != make(campaign, first=2)


def test_a_script_without_a_font_is_named(
    many: CampaignSnapshot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", tmp_path)
    monkeypatch.setattr(Shelf.__init__, "__defaults__", ((),))
    with pytest.raises(ScriptsWithoutFont, match="Hebrew"):
        make(many, "he", fonts_dir=tmp_path)
    assert make(many, "ru", fonts_dir=tmp_path)
