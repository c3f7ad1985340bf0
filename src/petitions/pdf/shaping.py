"""From characters to glyphs: runs of one font, one script and one direction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import uharfbuzz as hb
from fontTools.unicodedata import mirrored

from petitions.pdf.characters import INVISIBLE
from petitions.pdf.fonts import Font, Shelf, Style, script_of

_SHARED = ("Zyyy", "Zinh")
#: Whose shapes of Chinese characters a language has; the simplified ones otherwise.
_REGIONS = {"zh-hant": "TC", "zh-tw": "TC", "zh-hk": "HK", "ja": "JP", "ko": "KR"}


@dataclass(frozen=True)
class Glyphs:
    """A shaped run, its glyphs from the left to the right."""

    font: Font
    text: str
    is_from_right: bool
    glyphs: tuple[int, ...]
    #: Of each glyph, in units of the font: how far it moves on, and how it is shifted to the right and up.
    moves: tuple[tuple[int, int, int], ...]
    #: Of each glyph: the text that it stands for.
    meanings: tuple[str, ...]
    is_tangled: bool  # whether letters change their places, so that the meanings one by one are not the text
    #: Of each character: how much room it takes, in ems; what belongs together stands at its first.
    advances: Sequence[float]


@dataclass
class _Run:
    start: int
    end: int
    font: Font
    script: str
    level: int


class Shaper:
    """Shapes clean texts."""

    def __init__(self, shelf: Shelf, language: str) -> None:
        self._shelf, self._language = shelf, language
        tag = language.lower()
        self._region = next((region for start, region in _REGIONS.items() if tag.startswith(start)), "SC")

    def shape(self, text: str, styles: Sequence[Style], levels: Sequence[int] | None) -> list[Glyphs]:
        """The runs of a text, in the order in which they are read."""
        return [self._shape(text, run) for run in self._runs(text, styles, levels)]

    def _runs(self, text: str, styles: Sequence[Style], levels: Sequence[int] | None) -> Iterator[_Run]:
        region = _region(text, self._region)
        last: _Run | None = None
        letters: Font | None = None  # of the last letter that belongs to a script
        for place, character in enumerate(text):
            script = "Zinh" if INVISIBLE.match(character) else script_of(character)
            if place and styles[place] != styles[place - 1]:
                letters = None
            font = self._font(character, script, styles[place], region, last.font if last else None, letters)
            if script not in _SHARED:
                letters = font
            elif last is not None:
                script = last.script
            level = levels[place] if levels else 0
            if last is not None and (font, script, level) == (last.font, last.script, last.level):
                last.end += 1
                continue
            if last is not None and last.script in _SHARED and (font, level) == (last.font, last.level):
                last.script, last.end = script, place + 1  # what comes before the first letter goes with it
                continue
            if last is not None:
                yield last
            last = _Run(place, place + 1, font, script, level)
        if last is not None:
            yield last

    def _font(
        self,
        character: str,
        script: str,
        style: Style,
        region: str,
        last: Font | None,
        letters: Font | None,
    ) -> Font:
        if script == "Zinh" and last is not None and (character in last or INVISIBLE.match(character)):
            return last  # a mark belongs to its letter, in whatever font that is
        if script in _SHARED and letters is not None and character in letters:
            return letters  # as signs and digits go with the letters before them
        font = self._shelf.find(character, style, region) or self._shelf.primary(style)
        assert font is not None, "texts are set only where there are fonts"
        return font

    def _shape(self, text: str, run: _Run) -> Glyphs:
        from_right = run.level % 2 == 1
        buffer = hb.Buffer()
        # With what stands beside it: letters join across a change of fonts.
        buffer.cluster_level = hb.BufferClusterLevel.MONOTONE_CHARACTERS
        buffer.add_codepoints([ord(c) for c in text], run.start, run.end - run.start)
        buffer.direction = "rtl" if from_right else "ltr"
        buffer.script = run.script
        buffer.language = self._language
        hb.shape(run.font.shaper, buffer, {})
        infos = [(info.codepoint, info.cluster) for info in buffer.glyph_infos]
        moves = tuple((p.x_advance, p.x_offset, p.y_offset) for p in buffer.glyph_positions)
        return _result(text, run, from_right, infos, moves)


def _result(
    text: str,
    run: _Run,
    from_right: bool,
    infos: list[tuple[int, int]],
    moves: tuple[tuple[int, int, int], ...],
) -> Glyphs:
    starts = sorted({cluster for _, cluster in infos} | {run.start})
    ends = dict(zip(starts, [*starts[1:], run.end], strict=True))
    advances = [0.0] * (run.end - run.start)
    by_cluster: dict[int, list[int]] = {}
    for (_, cluster), (advance, _, _) in zip(infos, moves, strict=True):
        advances[cluster - run.start] += advance / run.font.upem
    for place, (_, cluster) in enumerate(infos):
        by_cluster.setdefault(cluster, []).append(place)
    meanings = [""] * len(infos)
    is_tangled = False
    for cluster, places in by_cluster.items():
        words = text[cluster : ends[cluster]]
        if len(places) == 1:
            # Brackets are turned round: what stands in the file for one is how it looks.
            meanings[places[0]] = _turned(words) if from_right else words
        else:
            is_tangled = True
            _tell_apart(run.font, words, places, infos, meanings)
    return Glyphs(
        run.font,
        text[run.start : run.end],
        from_right,
        tuple(glyph for glyph, _ in infos),
        moves,
        tuple(meanings),
        is_tangled and not from_right,
        advances,
    )


def _turned(words: str) -> str:
    return "".join(chr(mirrored(ord(character)) or ord(character)) for character in words)


def _tell_apart(
    font: Font, words: str, places: list[int], infos: list[tuple[int, int]], meanings: list[str]
) -> None:
    """Which of several glyphs stands for which of the letters that they are made of."""
    plain = {font.glyph(character): character for character in words}
    rest = "".join(c for c in words if font.glyph(c) not in {infos[place][0] for place in places})
    for place in places:
        meanings[place] = plain.get(infos[place][0], "")
        if not meanings[place]:
            meanings[place], rest = rest, ""


def _region(text: str, usual: str) -> str:
    """Whose shapes of Chinese characters a text has: Japanese and Korean letters beside them tell."""
    for character in text:
        if "\u3041" <= character <= "\u30ff":
            return "JP"
        if "\uac00" <= character <= "\ud7a3":
            return "KR"
    return usual
