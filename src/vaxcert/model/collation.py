"""The order of a Vietnamese dictionary, for texts and for names.

Unicode's own order is not it: there `Đ` and `Ô` come after `Z`, and `Á` after every `Az`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from unicodedata import normalize

TextKey = tuple[str, str]
NameKey = tuple[TextKey, TextKey]

_ALPHABET: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
"""With the four letters that only foreign words have, at their Latin places."""

_TONES: Final = "\u0300\u0309\u0303\u0301\u0323"
"""The marks in their order after the level tone: huyền, hỏi, ngã, sắc, nặng (Unicode CLDR, collation of `vi`)."""

_SHAPES: Final = "\u0302\u0306\u031b"
"""The marks that make another letter: circumflex, breve and horn."""

_DOTLESS_I: Final = "\N{LATIN SMALL LETTER DOTLESS I}"
_SPELLINGS: Final = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "ð": "d", "þ": "th", _DOTLESS_I: "i"})

_PARTS: Final = re.compile(r"0*([0-9]+)|([^\W\d_])([\u0300-\u036f]*)")
"""A number, or a letter with its marks. Hyphens and apostrophes count for nothing."""

_BLANK: Final = "\x01"
"""Sorts before any letter, so that `An Bình` comes before `Anh`."""
_FIRST_LETTER: Final = 0x40
"""Above all digits: numbers come before letters."""
_OTHER_SCRIPTS: Final = 0x100
_MAX_DIGITS: Final = 0x1F

_RANKS: Final = {letter: chr(_FIRST_LETTER + rank) for rank, letter in enumerate(_ALPHABET)}


def text_key(text: str) -> TextKey:
    """Return what *text* is compared by: its letters, and where those are the same its tones.

    Case does not count, and numbers go by their value: `Phường 2` comes before `Phường 10`.
    """
    keys = [_word_key(word) for word in text.split()]
    return _BLANK.join(letters for letters, _ in keys), _BLANK.join(tones for _, tones in keys)


def name_key(full_name: str) -> NameKey:
    """Return what a person's name is compared by: its last word, then the others from the first.

    Vietnamese lists of people go by the given name, which stands last, and then by the family name.
    """
    others, _, given = " ".join(full_name.split()).rpartition(" ")
    return text_key(given), text_key(others)


@lru_cache(maxsize=4096)  # names and places are made of few words
def _word_key(word: str) -> TextKey:
    letters = tones = ""
    for number, letter, marks in _PARTS.findall(normalize("NFD", word.casefold().translate(_SPELLINGS))):
        if number:
            letters += chr(min(len(number), _MAX_DIGITS) + 1) + number
            continue
        shaped = normalize("NFC", letter + "".join(mark for mark in marks if mark in _SHAPES))
        rank = _RANKS.get(shaped) or _RANKS.get(letter)
        letters += rank or chr(min(_OTHER_SCRIPTS + ord(letter), 0x10FFFF))
        tones += next((str(1 + _TONES.index(mark)) for mark in marks if mark in _TONES), "0")
    return letters, tones
