# ruff: noqa: RUF001 (the tables are made of letters that look like others)
"""The transliteration tables of machine-readable travel documents, and what becomes of the signs in a name.

Spec: ICAO Doc 9303-3 (eighth edition) §4.6 for signs, §6 table A for Latin and table B for Cyrillic letters. Where a
table offers a choice, the first entry is taken; where it makes exceptions for one language, the general entry is.
Table C (Arabic) is left out on purpose: it spells the consonants letter by letter, while States put a transcription
with vowels into their passports, so that its result would seldom be the holder's. Doc 9303 has no table for Greek:
Greece and Cyprus follow ELOT 743, which is ISO 843 type 2.
"""

from __future__ import annotations

import re
import unicodedata

FILLER = "<"
"""What parts the components of a name (§4.6)."""

APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u02be\u02bf\u02c8\u2018\u2019\u201b\u2032\u055a\u05f3\ua78b\ua78c\uff07"
"""Dropped, and what they part is joined (§4.6): D'ARTAGNAN is DARTAGNAN."""

SEPARATORS = (
    " \t\n\v\f\r\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"  # white space
    "-\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\u058a\u05be\ufe58\ufe63\uff0d"  # hyphens and dashes
    ",\u060c\u3001\uff0c_\uff3f"  # commas, and the low line that files write for a blank
    "<\uff1c"  # the filler itself
)
"""Between two parts of a name, each run of these is one filler (§4.6)."""

OMITTED = (
    '.:;!/|()[]{}"\u00a1\u00ab\u00bb\u00b7\u2026\u2027\u201a\u201c\u201d\u201e\u2022\u2039\u203a\u2033\u30fb\uff0e'
)
"""Punctuation that does occur in names: dropped without a filler (§4.6). Other signs are refused, not dropped: ``?``
stands where an encoding lost a letter, ``*`` where one was hidden, digits where a cell slipped.
"""

# Table A's other letters are a base letter with marks, which it drops. Unicode's decomposition says the same of them,
# and carries the rule to letters that the table does not list, among them most of Vietnamese. The African letter U+0189
# is here because it looks like the D with stroke, and is typed for it.
_LATIN = """
Ä AE  Å AA  Æ AE  Ð D  Ö OE  Ø OE  Ü UE  Þ TH  ß SS  ẞ SS  Đ D  Ħ H  ı I  Ĳ IJ  Ŀ L  Ł L  Ŋ N  Œ OE  Ŧ T  Ɖ D
"""

# Table B prints the letter U+040B in the row of U+0402; here it is C, as its Latin counterpart is in table A.
_CYRILLIC = """
Ё E  Ђ D  Є IE  Ѕ DZ  І I  Ї I  Ј J  Љ LJ  Њ NJ  Ћ C  Ќ K  Ў U  Џ DZ
А A  Б B  В V  Г G  Д D  Е E  Ж ZH  З Z  И I  Й I  К K  Л L  М M  Н N  О O  П P  Р R  С S  Т T  У U  Ф F
Х KH  Ц TS  Ч CH  Ш SH  Щ SHCH  Ъ IE  Ы Y  Э E  Ю IU  Я IA  Ѫ U  Ѵ Y  Ґ G  Ғ G  Һ C
"""
_SILENT = "Ь"  # the soft sign has no row in table B; passports leave it out

_GREEK = """
Α A  Β V  Γ G  Δ D  Ε E  Ζ Z  Η I  Θ TH  Ι I  Κ K  Λ L  Μ M  Ν N  Ξ X  Ο O  Π P  Ρ R  Σ S  Τ T  Υ Y  Φ F  Χ CH
Ψ PS  Ω O
"""


def _pairs(table: str) -> dict[str, str]:
    words = table.split()
    return dict(zip(words[::2], words[1::2], strict=True))


_SPELLINGS = (
    {letter: letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
    | _pairs(_LATIN)
    | _pairs(_CYRILLIC)
    | dict.fromkeys(_SILENT, "")
)


def _spelling(letter: str) -> str | None:
    """Return what *letter* becomes, by the tables or else by the letter under its last mark; None if neither."""
    for form in (letter, letter.upper()):
        if form in _SPELLINGS:
            return _SPELLINGS[form]
    base, _, mark = unicodedata.decomposition(letter).partition(" ")
    return _spelling(chr(int(base, 16))) if mark and not base.startswith("<") else None


# Latin to the IPA extensions (some capitals' small letters), Cyrillic, and the block with most of Vietnamese.
_LETTERS = {
    point: spelling
    for points in (range(0x41, 0x5B), range(0x61, 0x7B), range(0xC0, 0x2B0), range(0x400, 0x530), range(0x1E00, 0x1F00))
    for point in points
    if (spelling := _spelling(chr(point))) is not None
}

SIGNS: dict[int, str] = {
    **{ord(sign): "" for sign in APOSTROPHES + OMITTED},
    **{ord(sign): FILLER for sign in SEPARATORS},
}
"""What becomes of each sign, for `str.translate`."""

SPELLINGS = _LETTERS | SIGNS
"""What becomes of each letter and sign in NFC, for `str.translate`; Greek needs `transcribe_greek` first."""

_MARK = "[\u0300-\u036f]"
_DIAERESIS = "\u0308"
_GREEK_RULES = (
    # MP is B where a word begins or ends; the letters in between keep their own values.
    (re.compile(r"(?<![\w\u0300-\u036f])ΜΠ|ΜΠ(?!\w)"), "B"),
    # AY, EY and IY end in a consonant, unless an accent on the first letter or a diaeresis parts them.
    (re.compile(rf"(?<=[ΑΕΗ])Υ(?!{_MARK}*{_DIAERESIS}){_MARK}*+(?=[ΘΚΞΠΣΤΦΧΨ]|\W|$)"), "F"),
    (re.compile(rf"(?<=[ΑΕΗ])Υ(?!{_MARK}*{_DIAERESIS})"), "V"),
    (re.compile(rf"(?<=Ο)Υ(?!{_MARK}*{_DIAERESIS})"), "U"),
    # G is N before a guttural, save before K.
    (re.compile(r"Γ(?=[ΓΞΧ])"), "N"),
)
_GREEK_LETTERS = str.maketrans(_pairs(_GREEK))
_ANY_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")


def transcribe_greek(text: str) -> str:
    """Return *text* in capitals with its Greek letters written in Latin ones, or as it is where it has none.

    Spec:
        ELOT 743 (ISO 843:1997 type 2, transcription), without its accents.
    """
    if not _ANY_GREEK.search(text):
        return text
    capitals = unicodedata.normalize("NFD", text).upper()
    for pattern, latin in _GREEK_RULES:
        capitals = pattern.sub(latin, capitals)
    return unicodedata.normalize("NFC", capitals.translate(_GREEK_LETTERS))
