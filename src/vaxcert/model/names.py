"""People's names: as they are written, and as machine-readable travel documents spell them.

Names here never reach an error's message: it says which kind of sign or script is the trouble, not the name.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from functools import lru_cache
from typing import Self

import msgspec

from vaxcert.errors import PersonNameError, TransliterationError
from vaxcert.model.icao import FILLER, SIGNS, SPELLINGS, transcribe_greek

MAX_NAME_LENGTH = 80
"""The longest part of a name, written or spelled (DCC schema 1.3.0 and later: fn, gn, fnt, gnt)."""

MAX_INPUT_LENGTH = 1_000
"""No part of a name is longer, however its letters and marks are coded: bounds the work before normalising."""

_FILLERS = re.compile(f"{FILLER}+")
_STANDARDISED = re.compile(r"[A-Z]+(?:<[A-Z]+)*")
_SCRIPT = re.compile(r"(.+?) (?:SMALL|CAPITAL|LETTER|SYLLABLE|CHARACTER)\b")  # in a character's Unicode name
_JOINERS = "\u200c\u200d"  # invisible, and part of the spelling in some scripts
_REPLACEMENT = "\ufffd"
_GIVE_SPELLING = "give the standardised name as well, as the passport's machine-readable lines spell it"


def transliterate(name: str) -> str:
    """Return *name* in the letters A to Z, its parts joined by single fillers: ``Nguyễn Thị Ánh`` is NGUYEN<THI<ANH.

    Vietnamese and other Latin letters, Cyrillic and Greek are spelled, in NFC and NFD alike. A result that is too long
    ends with the last of the name's letters that fits whole.

    Raises:
        TransliterationError: The name has a letter that no table spells, a digit or another sign that no name has, or
            no letter at all. Nothing is guessed: for such a name somebody has to give the spelling.

    Spec:
        ICAO Doc 9303-3 §4.6 (signs; names have no digits) and §6 (letters); see `vaxcert.model.icao`.
    """
    if len(name) > MAX_INPUT_LENGTH:
        raise TransliterationError(f"the name is longer than {MAX_INPUT_LENGTH} characters")
    spelled = _spell(name)
    if not spelled:
        raise TransliterationError("the name has no letter")
    return spelled if len(spelled) <= MAX_NAME_LENGTH else _cut(name, spelled)


def fold(name: str) -> str:
    """Return what equal names have in common: their letters from A to Z, without breaks between parts.

    ``Hoà``, ``Hòa`` and ``HOA`` are equal, and so are ``Anne-Marie`` and ``Annemarie``.

    Raises:
        TransliterationError: As for `transliterate`.
    """
    return transliterate(name).replace(FILLER, "")


def split_vietnamese(full_name: str) -> tuple[str, str]:
    """Return the family name and the given names in *full_name*, by the rule for most Vietnamese names.

    The first word is the family name and the rest are the middle and given names. The rule is wrong for many names of
    ethnic minorities and for foreign names, so it serves only files that keep no two columns. A single word is the
    family name: Doc 9303-3 §4.6 makes it the primary identifier, and DCC schemas before 1.3.2 require it.
    """
    family, _, given = " ".join(full_name.split()).partition(" ")
    return family, given


class PersonName(msgspec.Struct, frozen=True):
    """A person's name, as written and as standardised; a part that the person does not have is empty.

    `of` makes one for issuing and checks it. Whoever reads a certificate can hold its issuer's own spelling here.
    """

    family: str
    given: str
    family_std: str
    given_std: str

    @classmethod
    def of(cls, family: str = "", given: str = "", *, family_std: str = "", given_std: str = "") -> Self:
        """Return the name with these parts: NFC, single blanks, and standardised where the caller has not done so.

        Args:
            family: The family name, or the only name.
            given: The given names, middle names among them.
            family_std: The family name as the passport's machine-readable lines spell it; it is then not derived.
            given_std: The same for the given names.

        Raises:
            PersonNameError: Both parts are empty, a part is too long or damaged, or a given spelling is not one.
            TransliterationError: A part cannot be standardised.
        """
        family, family_std = _part(family, family_std)
        given, given_std = _part(given, given_std)
        if not (family or given):
            raise PersonNameError("neither a family name nor a given name")
        return cls(family, given, family_std, given_std)

    @property
    def full(self) -> str:
        """The whole name in Vietnamese order: family name first."""
        return f"{self.family} {self.given}".strip()


@lru_cache(maxsize=8192)  # half a name is nobody's: a thousand family names are those of a nation
def _part(written: str, spelling: str) -> tuple[str, str]:
    """Return a part of a name as it is kept, and its standardised form: *spelling*, or what follows from it."""
    part = _clean(written)
    return part, _standardised(part, spelling)


def _clean(part: str) -> str:
    """Return *part* in NFC with single blanks, having refused what a screen or a printer would not show as it is."""
    if len(part) > MAX_INPUT_LENGTH:
        raise PersonNameError(f"a name is longer than {MAX_NAME_LENGTH} characters")
    text = unicodedata.normalize("NFC", " ".join(part.split()))
    if len(text) > MAX_NAME_LENGTH:
        raise PersonNameError(f"a name is longer than {MAX_NAME_LENGTH} characters")
    if _REPLACEMENT in text:
        raise PersonNameError("a name was damaged by a wrong encoding", hint="save the file as UTF-8")
    if not text.isprintable() and (
        hidden := [sign for sign in text if not sign.isprintable() and sign not in _JOINERS]
    ):
        raise PersonNameError(f"a name has a control or invisible character, U+{ord(hidden[0]):04X}")
    return text


def _standardised(part: str, spelling: str) -> str:
    if not spelling:
        return transliterate(part) if part else ""
    if not part:
        raise PersonNameError("a standardised name without the name itself")
    if len(spelling) > MAX_NAME_LENGTH or not _STANDARDISED.fullmatch(spelling):
        raise PersonNameError(
            "a standardised name has other characters than A to Z with single fillers, or is too long",
            hint="write it as NGUYEN or THI<ANH",
        )
    return spelling


def _spell(name: str) -> str:
    """Return *name* in A to Z with single inner fillers, whatever its length."""
    spelled = name.translate(SPELLINGS)
    if not _is_spelled(spelled.replace(FILLER, "")):
        spelled = _spell_out(name)
    spelled = spelled.strip(FILLER)
    return _FILLERS.sub(FILLER, spelled) if FILLER * 2 in spelled else spelled


def _cut(name: str, spelled: str) -> str:
    """Return the start of *spelled* that fits and ends where a letter of *name* does."""
    name = unicodedata.normalize("NFC", name)  # a decomposed letter could lose its mark
    # The spelling grows with the name, so the longest part of the name that fits can be searched for.
    end = bisect_right(range(len(name)), MAX_NAME_LENGTH, key=lambda end: len(_spell(name[:end]))) - 1
    while not spelled.startswith(start := _spell(name[:end])):  # a group of Greek letters was parted
        end -= 1
    return start


def _is_spelled(letters: str) -> bool:
    return letters.isascii() and letters.isalpha()  # the tables have capitals only


def _spell_out(name: str) -> str:
    """Do the work that few names need: decomposed letters, Greek, compatibility letters, and refusals."""
    for character in name:
        if ord(character) not in SPELLINGS:
            _check_kind(character)
    # Signs first: some decompose into a blank and a mark. The tables' letters are composed ones.
    text = unicodedata.normalize("NFKC", name.translate(SIGNS))
    text = transcribe_greek(text).translate(SPELLINGS)
    spelled = "".join(character for character in text if not unicodedata.combining(character))
    for character in spelled.replace(FILLER, ""):
        if not _is_spelled(character):
            raise _unknown_letter(character)
    return spelled


def _check_kind(character: str) -> None:
    """Refuse *character* unless it is a letter or a mark: the tables know the signs that names have."""
    match unicodedata.category(character)[0]:
        case "N":
            raise TransliterationError("a name has a digit", hint="write an ordinal in letters")
        case "C":
            raise TransliterationError(f"a name has a control or invisible character, U+{ord(character):04X}")
        case "P" | "S":
            raise TransliterationError(
                f"a name has the sign U+{ord(character):04X}, which no name has",
                hint="look whether the file lost a letter there",
            )


def _unknown_letter(character: str) -> TransliterationError:
    unicode_name = unicodedata.name(character, "unknown")
    match = _SCRIPT.match(unicode_name)
    script = (match[1] if match else unicode_name.split()[0]).title().replace("Cjk", "Han")
    return TransliterationError(
        f"no table spells the {script} letter U+{ord(character):04X}", script=script, hint=_GIVE_SPELLING
    )
