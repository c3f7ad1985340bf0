"""Letters that look like others: of which script they are, which cannot be seen, which pass for which."""

import re
import unicodedata
from functools import lru_cache

from petitions.folding import fold

#: The scripts that languages of today are commonly written in, by the first words of the names of their letters
#: (UAX 31, table 5). In the others are hardly any sites, and many letters that pass for Latin ones.
RECOMMENDED = frozenset(
    """
    LATIN ARABIC ARMENIAN BENGALI BOPOMOFO CJK CYRILLIC DEVANAGARI ETHIOPIC GEORGIAN GREEK GUJARATI GURMUKHI
    HANGUL HEBREW HIRAGANA IDEOGRAPHIC KANNADA KATAKANA KATAKANA-HIRAGANA KHMER LAO MALAYALAM MYANMAR ORIYA
    SINHALA TAMIL TELUGU THAANA THAI TIBETAN
    """.split()
)
#: Scripts that are written together. Latin stands in words of the three in the East.
_TOGETHER = (
    frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "LATIN"}),
    frozenset({"CJK", "HANGUL", "LATIN"}),
    frozenset({"CJK", "BOPOMOFO", "LATIN"}),
)
#: Letters that fill a place and show nothing, as in names.is_blank; and a sign that is as empty.
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
#: These cannot be seen either, and join or part letters; or belong to how a text runs in two directions.
_JOINERS, _DIRECTIONS = frozenset("\u200c\u200d"), frozenset("\u200e\u200f\u061c")
#: Scripts that do not part words, so that Latin ones stand in theirs; and those whose letters nothing joins.
_UNSPACED, _JOIN_NOTHING = frozenset("THAI LAO KHMER TIBETAN".split()), frozenset("LATIN CYRILLIC GREEK".split())
#: So begins the name of a letter that stands beside others of any script.
_CHANGES_OTHERS = "MODIFIER"
#: Of Latin letters, and in names of every script.
_NUMERO = "№"
_WORD = re.compile(r"\w+")
#: Accents in a heap; three on one letter are more than any language has.
_MANY_MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]{3}")
#: Latin letters of phonetic alphabets that pass for those of every day; no language is written with them.
PHONETIC = frozenset("ɑɡɩɪʀʏʙɢʜʟɴʋꭓʹʻʼ") | {chr(code) for code in range(0x1D00, 0x1DC0)}
#: Strokes through the letter before them.
STROKES = frozenset("\u0335\u0336\u0337\u0338\u0321\u0322\u0327\u0328")

#: What passes for each letter, folded: Cyrillic, Greek, Armenian, Georgian and Hebrew; after a space Coptic,
#: Cherokee, Lisu, Tifinagh, runes and Canadian syllabics; after another Latin letters that few languages know.
_PASS_FOR = {
    "a": "аα ⲁᎪꓮᗩ ɑɐᴀ",
    "b": "вьβ ⲃᏏᏴꓐᛒᗷ ʙɓƅᴃ",
    "c": "сσ ⲥᏟꓚᑕ ᴄƈ",
    "d": "ԁ ᎠᏧꓒꓓᗞᗪ ᴅɗɖ",
    "e": "еєԑҽε ⲉᎬꓰⴹᗴ ɛəǝᴇɘ",
    "f": "ϝ ꓝᖴ ƒꜰ",
    "g": "ԍց ᏀᏳꓖᘜ ɡɢɠᵹ",
    "h": "нңӈӊһћђηհ ⲏᎻᏂꓧᚻᕼ ʜɦ",
    "j": "јϳյ Ꭻꓙᒍ ᴊʝ",
    "k": "кқҝҟԟκ ⲕᏦꓗ ᴋƙ",
    "l": "іӏιլון ⲓᎥᏞꓡꓲⵏᒪᛁ ɩɪɨʟɫɭƚǀil1",
    "m": "мμ ⲙᎷꓟᛖᗰ ᴍɱ",
    "n": "пνոռח ⲛꓠᑎ ɴɲŋƞ",
    "o": "оөѳѻοօסჿഠଠဝ ⲟᎾꓳⵔⵙᗝᐤ ᴏ0",
    "p": "рρ ⲣᏢꓑᑭ ᴘƥƿ",
    "q": "ԛզգ ᑫ ʠ",
    "r": "гґ ᎡᏒꓣᚱᖇ ʀᴦ",
    "s": "ѕꙅտ ᏕᏚꓢᔕ ꜱʂ",
    "t": "тτ ⲧᎢꓔᛏ ᴛƭʈ",
    "u": "ս ꓴᑌ ᴜʊ",
    "v": "ѵ Ꮩꓦᐯⴸ ʋᴠ",
    "w": "ԝѡωա ⲱᎳᏔꓪ ᴡ",
    "x": "хҳχ ⲭꓫⵝᚷᕁ ꭓ",
    "y": "уүυγყ ⲩᎽꓬ ʏƴ",
    "z": "ζ ⲍᏃꓜ ᴢʐȥ",
    "3": "зӡ ʒȝ",
}
_LATIN_FOR = {like: latin for latin, likes in _PASS_FOR.items() for like in likes if like != " "}
_ACROSS = str.maketrans({like: latin for like, latin in _LATIN_FOR.items() if like not in "il10"})
_WITHIN = str.maketrans({"i": "l", "1": "l", "0": "o"})
_PAIRS = re.compile("rn|vv")


def in_latin(text: str) -> str:
    """A folded text with the Latin letters that its letters pass for, and without those that show nothing."""
    return "".join(c for c in without_fillers(text) if not changes_others(c)).translate(_ACROSS)


def without_fillers(text: str) -> str:
    """The text without the letters that show nothing."""
    return text if text.isascii() else "".join(c for c in text if c not in _FILLERS)


def changes_others(character: str) -> bool:
    """Whether it stands beside letters of any script, such as a raised comma."""
    return unicodedata.name(character, "").startswith(_CHANGES_OTHERS)


def as_read(text: str) -> str:
    """A text in small Latin letters as a hurried reader takes it: l, I and 1 are one, "rn" is an m."""
    return _PAIRS.sub(lambda pair: "m" if pair[0] == "rn" else "w", text.translate(_WITHIN))


def has_invisible(text: str) -> bool:
    """Whether some of it cannot be seen, other than what some languages are written with."""
    return any(
        c in _FILLERS or (unicodedata.category(c) == "Cf" and c not in _JOINERS and c not in _DIRECTIONS)
        for c in text
    )


def is_mixed(scripts: frozenset[str]) -> bool:
    """Whether no language is written in all of these scripts."""
    return len(scripts) > 1 and not any(scripts <= together for together in _TOGETHER)


def mixes_scripts(text: str) -> bool:
    """Whether one of its words is of letters that no language has in one word."""
    text = unicodedata.normalize("NFKD", text.replace(_NUMERO, " "))
    plain = "".join(c for c in text if unicodedata.category(c)[0] != "M")
    return any(is_mixed(scripts_of(word) - _UNSPACED) for word in _WORD.findall(plain))


def is_of_one_script(text: str) -> bool:
    """Whether all of it is in one script that is commonly written, with digits and marks between the words, and
    does not as a whole pass for Latin letters."""
    text = unicodedata.normalize("NFKC", text.replace(_NUMERO, " "))
    scripts = scripts_of(text)
    if not scripts or is_mixed(scripts) or not scripts <= RECOMMENDED:
        return False
    if has_invisible(text) or _MANY_MARKS.search(unicodedata.normalize("NFD", text)) is not None:
        return False
    if not all(_is_plain(c, scripts) for c in text):
        return False
    letters = [c for c in fold(text) if c.isalpha()]
    return "LATIN" in scripts or not all(c in _LATIN_FOR for c in letters)


def _is_plain(character: str, scripts: frozenset[str]) -> bool:
    if character.isascii():
        return character.isprintable()
    if character in _JOINERS or character in _DIRECTIONS:
        return not scripts & _JOIN_NOTHING
    if character in PHONETIC or character in STROKES:
        return False
    return unicodedata.category(character)[0] in "LPMZ" or (character.isdecimal() and "LATIN" not in scripts)


@lru_cache(maxsize=1024)
def scripts_of(text: str) -> frozenset[str]:
    """In which scripts its letters are, by the first word of their names in Unicode."""
    letters = [c for c in text if unicodedata.category(c)[0] == "L"]
    scripts = {unicodedata.name(c, "UNKNOWN").split(" ")[0] for c in letters}
    return frozenset(scripts - {_CHANGES_OTHERS})
