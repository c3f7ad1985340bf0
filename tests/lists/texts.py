"""Texts that files of lists have to carry as they are."""

import unicodedata

#: What a spreadsheet may take for something else than a text.
TEMPTING = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "x\r=1",
    '=HYPERLINK("http://x.example";"y")',
    "＝1+1",
    "'=1",
    "'quoted",
    '"quoted"',
    "1e5",
    "007",
    "1/2",
    "2026-01-01",
    "12:30",
    "TRUE",
    "$5",
    "5%",
    "a,b;c|d",
    "_x0041_",
    "_x000D_",
    "<b>&amp;</b>",
    "]]>",
    "{{ name }}",
    "a\nb",
    "  spaces  ",
    "Ana-Luz O’Neill",
)
#: Writers of which direction, marks and joiners decide how a name looks.
DIRECTIONS = (
    "محمد علي",
    "שרה כהן",
    "علي Smith",
    "Ana (محمد)",
    "क्षितिज",
    "नरेन्द्र",
    "ภูมิพล",
    "👩‍👩‍👧 Ana",
    "e\u0301",
    "ﷺ",
)


def _sample() -> tuple[str, ...]:
    """A name of each stretch of 128 code points of Unicode in which there is anything that a name may hold."""
    names = []
    for first in range(0, 0x110000, 0x80):
        characters = [
            chr(code)
            for code in range(first, first + 0x80)
            if unicodedata.category(chr(code)) not in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp", "Zs")
        ]
        if characters:
            names.append("Ana " + "".join(characters[:2] + characters[-2:]) + " B.")
    return tuple(names)


BLOCKS = _sample()
LONGEST = "long " * 6553 + "xy"  # as much as a cell of a workbook takes
assert len(LONGEST) == 32_767
TOO_LONG = "x" + LONGEST
