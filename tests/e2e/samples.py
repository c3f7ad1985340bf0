"""Campaigns of states that no sample campaign of the demo is in, as files."""

from collections.abc import Mapping
from pathlib import Path

CLOSED = "closed-sample"  # nobody can sign it any more
WHOLE = "whole-sample"  # asks for everything that a form can ask for
CHANGED = "changed-sample"  # its wording changes, and it closes, while there are signatures
PURGED = "purged-sample"  # is purged, whoever needs that first

#: Words for "sample" and "example" as names: nobody is called so.
NAMES = (
    ("Sample Signer", "IE"),
    ("Ana Muestra", "ES"),
    ("Erika Mustermann", "DE"),
    ("Jean Exemple", "FR"),
    ("Mario Esempio", "IT"),
    ("Иван Примеров", "KZ"),
    ("أمل مثال", "LB"),
    ("Adibide Etxe", "ES"),
    ("Sampla Ní Shampla", "IE"),
    ("Placeholder Jones", "GB"),
    ("Exemplo da Silva", "BR"),
    ("سامي نموذج", "EG"),
)


def _settings(slug: str, more: str) -> str:
    return f"""
slug = "{slug}"
default_language = "en"
signers = ["individuals"]
goal = 100
opens = "-30 days"
public_list = "full"
reply_to = "sample@example.org"
{more}

[responsible]
name = "Example Association"
email = "privacy@example.org"

[[addressees]]
name.en = "The addressee of a sample"
name.ar = "المُرسَل إليه"
"""


_ALL_CHOICES = """
[visibility]
choices = ["public", "initials", "addressee", "anonymous"]
default = "initials"
"""

_EVERYTHING = (
    _ALL_CHOICES
    + """
[affiliation]
label = { en = "Place of work", ar = "مكان العمل" }
required = false

[updates]
label = { en = "Tell me how it goes on", ar = "أخبروني بما يستجدّ" }

[[questions]]
key = "role"
label = { en = "What do you work as?", ar = "ما عملك؟" }
required = true
public = false

[[questions]]
key = "union"
label = { en = "Union", ar = "النقابة" }
required = false
public = true
"""
)

_CHANGED_EN = "# {} sample\n\n> Its wording changes.\n\n{} words.\n"
_CHANGED_AR = "# عيّنة {}\n\n> يتغيّر نصّها.\n\nالكلمات {}.\n"

#: By slug, the files of its folder.
SAMPLES: Mapping[str, Mapping[str, str]] = {
    CLOSED: {
        "campaign.toml": _settings(
            CLOSED, 'closes = "-2 days"\n[visibility]\nchoices = ["public", "anonymous"]\ndefault = "public"'
        ),
        "en.md": "# A sample that is closed\n\n> Nobody can sign this any more.\n\nIt was open once.\n",
        "ar.md": "# عيّنة مغلقة\n\n> لم يعد التوقيع ممكنًا.\n\nكانت مفتوحة.\n",
    },
    WHOLE: {
        "campaign.toml": _settings(
            WHOLE, 'closes = "+30 days"\n[retention]\nmonths_after_closing = 2\n' + _EVERYTHING
        ),
        "en.md": "# A sample of everything\n\n> It asks for a lot.\n\nSome *words* of a sample.\n\n"
        "<!-- demands -->\n\n1. This.\n2. And that.\n",
        "ar.md": "# عيّنة لكلّ شيء\n\n> تسأل عن الكثير.\n\nبعض *كلمات* العيّنة.\n\n"
        "<!-- demands -->\n\n1. هذا.\n2. وذاك.\n",
    },
    CHANGED: {
        "campaign.toml": _settings(CHANGED, _ALL_CHOICES),
        "en.md": _CHANGED_EN.format("The first", "First"),
        "ar.md": _CHANGED_AR.format("أولى", "الأولى"),
    },
    PURGED: {
        "campaign.toml": _settings(PURGED, _ALL_CHOICES),
        "en.md": "# A sample that is purged\n\n> Nobody is left in it.\n\nThere were people once.\n",
        "ar.md": "# عيّنة مُحيت بياناتها\n\n> لم يبقَ فيها أحد.\n\nكان فيها ناس.\n",
    },
}

#: What CHANGED becomes.
AFTERWARDS: Mapping[str, str] = {
    "campaign.toml": _settings(CHANGED, 'closes = "-1 days"\n' + _ALL_CHOICES),
    "en.md": _CHANGED_EN.format("The second", "Second"),
    "ar.md": _CHANGED_AR.format("ثانية", "الثانية"),
}


def write_sample(folder: Path, files: Mapping[str, str]) -> Path:
    """The folder with these files, as `petitions campaign import` reads it."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder
