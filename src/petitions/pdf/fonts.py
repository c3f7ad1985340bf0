"""The fonts of this machine, and which of them writes a character."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from pathlib import Path

import uharfbuzz as hb
from fontTools import unicodedata
from fontTools.ttLib import TTFont

#: Where systems keep fonts.
SYSTEM_DIRS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_ENDINGS = (".ttf", ".otf", ".ttc", ".otc")
#: Whatever is written in this, and what goes with every script.
_EVERYWHERE = ("Zyyy", "Zinh", "Zzzz")
_EAST_ASIAN = ("Hani", "Hira", "Kana", "Hang", "Bopo")
#: For Latin letters where there is no Noto, the best first.
_OTHER_PRIMARY = {
    "sans": ("dejavusans", "liberationsans", "freesans"),
    "serif": ("dejavuserif", "liberationserif", "freeserif"),
}
#: For signs of no script.
_SYMBOLS = ("notosanssymbols", "notosanssymbols2", "notosansmath", "notomusic")
#: Families whose names are not "Noto Sans" and the script's.
_OTHER_NAMES = {
    "Mero": ("notosansmeroitic",),
    "Merc": ("notosansmeroitic",),
    "Hmnp": ("notoserifhmongnyiakeng",),
    "Kits": ("notoserifkhitansmallscript",),
    "Tibt": ("notoseriftibetan",),
    "Arab": ("notosansarabic", "notonaskharabic"),
}
#: Made for something else than running text: only where nothing else has a letter.
_ODD = ("display", "mono", "unjoined", "looped", "nastaliq", "kufi", "rashi", "condensed", "narrow", "opens___")


@cache
def script_of(character: str) -> str:
    """The code of its script: "Latn", or "Zyyy" of what goes with all."""
    return str(unicodedata.script(character))


class Style(StrEnum):
    """The faces of a document."""

    SANS = "sans"
    BOLD = "bold"
    SERIF = "serif"
    SERIF_BOLD = "serif-bold"
    SERIF_ITALIC = "serif-italic"


#: Endings of the names of families, and of files, for each.
_CUTS: dict[Style, tuple[str, str]] = {
    Style.SANS: ("sans", "regular"),
    Style.BOLD: ("sans", "bold"),
    Style.SERIF: ("serif", "regular"),
    Style.SERIF_BOLD: ("serif", "bold"),
    Style.SERIF_ITALIC: ("serif", "italic"),
}


class Font:
    """One face of a file."""

    def __init__(self, path: Path, index: int = 0) -> None:
        self.path, self.index = path, index
        self.face = hb.Face(hb.Blob.from_file_path(str(path)), index)
        self.shaper = hb.Font(self.face)
        self.upem: int = self.face.upem
        tags = set(self.face.table_tags)
        self.has_curves = "CFF " in tags
        #: Colours and bitmaps alone cannot be printed as text.
        self.is_usable = self.upem > 0 and ("glyf" in tags or self.has_curves) and "cmap" in tags
        self._ink: dict[int, tuple[float, float]] = {}

    def __contains__(self, character: str) -> bool:
        return ord(character) in self._characters

    @cached_property
    def _characters(self) -> hb.Set:
        return self.face.unicodes

    @cached_property
    def name(self) -> str:
        """As PostScript calls it."""
        name = self.face.get_name(hb.OTNameIdPredefined.POSTSCRIPT_NAME) or self.path.stem
        return "".join(c for c in name if c.isascii() and (c.isalnum() or c == "-")) or "Font"

    @cached_property
    def extents(self) -> tuple[float, float]:
        """How far it reaches above and below the line, in ems."""
        found = self.shaper.get_font_extents("ltr")
        return found.ascender / self.upem, -found.descender / self.upem

    @cached_property
    def box(self) -> tuple[int, ...]:
        """Around all of its glyphs, in thousandths of an em."""
        with self._read_tables() as tables:
            head = tables["head"]
            corners = (head.xMin, head.yMin, head.xMax, head.yMax)
        return tuple(round(n * 1000 / self.upem) for n in corners)

    @cached_property
    def is_keyed(self) -> bool:
        """Whether glyphs in it go by keys and not by names or numbers."""
        if not self.has_curves:
            return False
        with self._read_tables() as tables:
            return hasattr(tables["CFF "].cff[0], "ROS")

    def _read_tables(self) -> TTFont:
        return TTFont(self.path, fontNumber=self.index, lazy=True)

    def glyph(self, character: str) -> int:
        """Of one character alone; 0 is the empty box."""
        return int(self.shaper.get_nominal_glyph(ord(character)) or 0)

    def ink(self, glyph: int) -> tuple[float, float]:
        """How far a glyph reaches above and below the line, in ems."""
        if glyph not in self._ink:
            found = self.shaper.get_glyph_extents(glyph)
            top, height = (found.y_bearing, found.height) if found is not None else (0, 0)
            self._ink[glyph] = (top / self.upem, -(top + height) / self.upem)
        return self._ink[glyph]

    def width(self, glyph: int) -> int:
        """In thousandths of an em, as a file has it."""
        units: int = self.shaper.get_glyph_h_advance(glyph)
        return round(units * 1000 / self.upem)


@dataclass(frozen=True)
class _File:
    family: str  # small letters without spaces
    cut: str
    path: Path


class Shelf:
    """The fonts of a folder of one's own, before those of the system; each is opened when it is needed."""

    def __init__(self, fonts_dir: Path | None, system_dirs: Sequence[Path] = SYSTEM_DIRS) -> None:
        folders = ([fonts_dir] if fonts_dir is not None else []) + list(system_dirs)
        self._files: dict[tuple[str, str], _File] = {}
        for folder in folders:
            for file in _list_files(folder):
                self._files.setdefault((file.family, file.cut), file)
        self._fonts: dict[tuple[Path, int], Font] = {}
        self._found: dict[tuple[str, Style, str], Font | None] = {}
        self._last: list[_File] | None = None

    def find(self, character: str, style: Style = Style.SANS, region: str = "SC") -> Font | None:
        """The font that writes it, as near to the style as there is one. `region` says which shapes of the
        Chinese characters: "JP", "KR", "SC", "TC" or "HK"."""
        key = (character, style, region)
        if key not in self._found:
            self._found[key] = self._search(character, style, region)
        return self._found[key]

    def primary(self, style: Style = Style.SANS) -> Font | None:
        """What Latin letters are written with; None where there are no fonts at all."""
        return self.find("A", style)

    def _search(self, character: str, style: Style, region: str) -> Font | None:
        for font in self._candidates(script_of(character), style, region):
            if character in font:
                return font
        return None

    def _candidates(self, script: str, style: Style, region: str) -> Iterator[Font]:
        for wanted in dict.fromkeys((style, Style.BOLD if style is Style.SERIF_BOLD else style, Style.SANS)):
            form, cut = _CUTS[wanted]
            for family in _families(script, form):
                file = self._files.get((family, cut))
                if file is not None and (font := self._open(file, region)) is not None:
                    yield font
        for file in self._last_resort():
            if (font := self._open(file, region)) is not None:
                yield font

    def _last_resort(self) -> list[_File]:
        """Every regular cut, those for running text first."""
        if self._last is None:
            files = [file for file in self._files.values() if file.cut == "regular"]
            self._last = sorted(files, key=lambda one: (_oddness(one), one.family))
        return self._last

    def _open(self, file: _File, region: str) -> Font | None:
        key = (file.path, _face_index(file.path, region))
        if key not in self._fonts:
            self._fonts[key] = Font(*key)
        return self._fonts[key] if self._fonts[key].is_usable else None


def is_of_script(character: str) -> bool:
    """Whether it belongs to a writing system, and not to all of them."""
    return script_of(character) not in _EVERYWHERE


def name_of_script(character: str) -> str:
    """The English name, as Unicode has it: "Canadian Aboriginal"."""
    return str(unicodedata.script_name(script_of(character))).replace("_", " ")


def _families(script: str, form: str) -> Iterator[str]:
    """Families for a script, the best first."""
    own = str(unicodedata.script_name(script, default="")).replace("_", "").lower()
    if script in _EVERYWHERE or script in ("Latn", "Grek", "Cyrl"):
        yield f"noto{form}"
        if script in _EVERYWHERE:
            yield from _SYMBOLS
        yield from _OTHER_PRIMARY[form]
        if script in _EVERYWHERE:
            yield f"noto{form}cjk"
    elif script in _EAST_ASIAN:
        yield f"noto{form}cjk"
    else:
        if form == "serif" and script == "Arab":
            yield "notonaskharabic"
        yield f"noto{form}{own}"
        yield from _OTHER_NAMES.get(script, (f"notoserif{own}",))


def _list_files(folder: Path) -> Iterator[_File]:
    """The fonts in a folder and those below it, by their paths."""
    for at, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if name.lower().endswith(_ENDINGS) and "emoji" not in name.lower():
                stem = name.rsplit(".", 1)[0].split("[")[0]
                family, _, cut = stem.partition("-")
                yield _File(family.lower(), (cut or "regular").lower(), Path(at, name))


def _oddness(file: _File) -> int:
    if any(word in file.family for word in _ODD):
        return 2
    return 0 if file.family.startswith("notosans") else 1


@lru_cache(maxsize=256)
def _face_index(path: Path, region: str) -> int:
    """Which face of a collection; 0 in a file of one."""
    if path.suffix.lower() not in (".ttc", ".otc"):
        return 0
    blob = hb.Blob.from_file_path(str(path))
    for index in range(hb.Face(blob, 0).count):
        name = hb.Face(blob, index).get_name(hb.OTNameIdPredefined.FULL_NAME) or ""
        if "Mono" not in name and f" {region}" in name:
            return index
    return 0
