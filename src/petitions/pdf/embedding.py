"""Fonts within a PDF file: the glyphs that were used, and what text they stand for."""

import hashlib
from collections.abc import Iterator, Mapping

import pydyf
import uharfbuzz as hb

from petitions.pdf.files import keep_written
from petitions.pdf.fonts import Font

_LAYOUT_TABLES = ("GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "name", "post", "cmap", "OS/2", "kern")
#: Lines of one block of a character map.
_BLOCK = 100
_MAP_HEAD = (
    "/CIDInit/ProcSet findresource begin 12 dict begin begincmap"
    "/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def"
    "/CMapName/Adobe-Identity-UCS def/CMapType 2 def\n"
    "1 begincodespacerange <0000><FFFF> endcodespacerange"
)
_MAP_END = "endcmap CMapName currentdict/CMap defineresource pop end end"


def embed(pdf: pydyf.PDF, font: Font, glyphs: Mapping[int, str]) -> bytes:
    """Add a font with these glyphs, each with the text that it stands for; what refers to it."""
    used = sorted(glyphs)
    name = f"/{_tag(font, used)}+{font.name}"
    below = {
        "Type": "/Font",
        "Subtype": "/CIDFontType0" if font.has_curves else "/CIDFontType2",
        "BaseFont": name,
        "CIDSystemInfo": pydyf.Dictionary(
            {"Registry": pydyf.String("Adobe"), "Ordering": pydyf.String("Identity"), "Supplement": 0}
        ),
        "FontDescriptor": _describe(pdf, font, name, _cut_down(font, used)),
        "DW": 1000,
        "W": _widths(font, used),
    }
    if not font.has_curves:
        below["CIDToGIDMap"] = "/Identity"
    above = {
        "Type": "/Font",
        "Subtype": "/Type0",
        "BaseFont": name,
        "Encoding": "/Identity-H",
        "DescendantFonts": pydyf.Array([_add(pdf, pydyf.Dictionary(below))]),
        "ToUnicode": _add_stream(pdf, list(_meanings(glyphs))),
    }
    return _add(pdf, pydyf.Dictionary(above))


def _add(pdf: pydyf.PDF, added: pydyf.Object) -> bytes:
    """What refers to the object."""
    pdf.add_object(added)
    reference: bytes = added.reference
    return reference


def _add_stream(pdf: pydyf.PDF, data: list[str] | list[bytes], entries: dict[str, object] | None = None) -> bytes:
    stream = pydyf.Stream(data, entries, compress=True)
    reference = _add(pdf, stream)
    keep_written(pdf, stream)
    return reference


def _tag(font: Font, used: list[int]) -> str:
    """Six letters that are the same for the same glyphs."""
    digest = hashlib.sha256(f"{font.name} {used}".encode()).digest()
    return "".join(chr(ord("A") + byte % 26) for byte in digest[:6])


def _cut_down(font: Font, used: list[int]) -> bytes:
    """The file of the font with these glyphs alone, under their numbers."""
    wanted = hb.SubsetInput()
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NOTDEF_OUTLINE
    if not font.is_keyed:
        # Fonts with keys of their own say themselves which glyph is which; 65,535 empty ones weigh 100 kB.
        wanted.flags |= hb.SubsetFlags.RETAIN_GIDS
    wanted.glyph_set.update([0, *used])
    wanted.drop_table_tag_set.update(int.from_bytes(tag.encode(), "big") for tag in _LAYOUT_TABLES)
    if font.face.has_var_data:
        wanted.pin_all_axes_to_default(font.face)
    face = wanted.subset(font.face)
    return bytes(face.reference_table("CFF ").data if font.has_curves else face.blob.data)


def _describe(pdf: pydyf.PDF, font: Font, name: str, data: bytes) -> bytes:
    above, below = font.extents
    descriptor = {
        "Type": "/FontDescriptor",
        "FontName": name,
        "Flags": 4,
        "FontBBox": pydyf.Array(font.box),
        "ItalicAngle": 0,
        "Ascent": round(above * 1000),
        "Descent": round(-below * 1000),
        "CapHeight": 714,
        "StemV": 80,
    }
    if font.has_curves:
        descriptor["FontFile3"] = _add_stream(pdf, [data], {"Subtype": "/CIDFontType0C"})
    else:
        descriptor["FontFile2"] = _add_stream(pdf, [data], {"Length1": len(data)})
    return _add(pdf, pydyf.Dictionary(descriptor))


def _widths(font: Font, used: list[int]) -> pydyf.Array:
    """Neighbours share a list."""
    found, last = pydyf.Array(), -2
    for glyph in used:
        if glyph != last + 1:
            found += [glyph, pydyf.Array()]
        found[-1].append(font.width(glyph))
        last = glyph
    return found


def _meanings(glyphs: Mapping[int, str]) -> Iterator[str]:
    lines = [
        f"<{glyph:04X}><{words.encode('utf-16-be').hex()}>" for glyph, words in sorted(glyphs.items()) if words
    ]
    yield _MAP_HEAD
    for start in range(0, len(lines), _BLOCK):
        block = lines[start : start + _BLOCK]
        yield f"{len(block)} beginbfchar"
        yield from block
        yield "endbfchar"
    yield _MAP_END
