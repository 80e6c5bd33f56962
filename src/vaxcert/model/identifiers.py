"""Numbers that people have: citizen numbers, old identity cards, health insurance, passports.

None has a check digit, so that little can be refused: what is odd is a warning, which somebody looks at. A number never
reaches a message, a log or a `repr`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from vaxcert.errors import IdentifierError
from vaxcert.model.area_table import birthplace_codes
from vaxcert.model.person import Sex
from vaxcert.model.personal_number import PERSONAL_DIGITS, NumberWarning, PersonalNumber
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from vaxcert.model.partial_date import PartialDate

MAX_INPUT_LENGTH = 64
"""No number is longer, however it is spaced: what is longer is not looked at."""

HIDDEN_CHARACTERS = 6
"""So many characters from the start are hidden in a masked number (Decision 1405/QĐ-BTTTT, SoGiayTo)."""

MASK = "*"

_SHOWN = 4
"""So many characters at the end are what a screen may show."""

_OLD_CARD_DIGITS, _INSURANCE_DIGITS = 9, 10


class IdentifierKind(StrEnum):
    """What a number is the number of."""

    CCCD = "cccd"
    """The personal number of twelve digits, on the citizen card and before it on some identity cards."""
    CMND = "cmnd"
    """The identity card of nine digits, or of twelve; given out until 2020, of legal force until 2024-12-31."""
    BHYT_CARD = "bhyt_card"
    """The health insurance card: two letters and thirteen digits, the last ten of them the insurance number."""
    BHYT_NUMBER = "bhyt_number"
    """The social insurance number of ten digits, the only one on cards since 2021."""
    PASSPORT = "passport"
    """A passport of any country: in Vietnam a letter and seven digits, or eight on newer ones."""


_FORMS = {
    # A spreadsheet drops the zeros before a number, so one digit less is read too, and warned of.
    IdentifierKind.CCCD: re.compile(r"[0-9]{10,12}"),
    IdentifierKind.CMND: re.compile(r"[0-9]{8,9}|[0-9]{11,12}"),
    IdentifierKind.BHYT_CARD: re.compile(r"[A-Z]{2}[0-9]{13}"),
    IdentifierKind.BHYT_NUMBER: re.compile(r"[0-9]{9,10}"),
    IdentifierKind.PASSPORT: re.compile(r"[A-Z0-9]{5,20}"),
}
_TOLD_BY_LENGTH = {
    8: IdentifierKind.CMND,
    9: IdentifierKind.CMND,
    10: IdentifierKind.BHYT_NUMBER,
    11: IdentifierKind.CCCD,
    12: IdentifierKind.CCCD,
}
_VIETNAMESE_PASSPORT = re.compile(r"[A-Z][0-9]{7,8}")
_ICAO_LENGTH = 9
"""The longest number in the machine-readable lines of a passport (ICAO Doc 9303-4 §4.2.2)."""

_FLOATED = re.compile(r"([0-9]+)\.0")
_ROUNDED = re.compile(r"[0-9](?:[.,][0-9]+[Ee]\+?|[Ee]\+)[0-9]+")
_GROUPING = str.maketrans("", "", " \t\u00a0\u202f.-'\u2019")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identifier:
    """A number and what it is the number of. Two are equal if both are, and the country of passports.

    Attributes:
        kind: What it is the number of.
        number: Capital letters and digits, without what grouped them.
        country: Of a passport the country that gave it out, where it is known (ISO 3166-1 alpha-2).
    """

    kind: IdentifierKind
    number: str
    country: str | None = None

    def __post_init__(self) -> None:
        if not _FORMS[self.kind].fullmatch(self.number):
            raise IdentifierError(f"not a number of the kind {self.kind}")
        if self.country is None:
            return
        if self.kind is not IdentifierKind.PASSPORT:
            raise IdentifierError("only a passport has a country")
        if self.country not in value_set("country").codes:
            raise IdentifierError("the country of a passport is not a two-letter code of ISO 3166-1")

    def __repr__(self) -> str:
        return f"Identifier(kind={self.kind.value!r})"

    @property
    def personal_number(self) -> PersonalNumber | None:
        """The number as one that tells of its holder; None if it is of another kind, or digits are missing."""
        if self.kind in {IdentifierKind.CCCD, IdentifierKind.CMND} and len(self.number) == PERSONAL_DIGITS:
            return PersonalNumber(self.number)
        return None

    @property
    def insurance_number(self) -> str | None:
        """The ten digits that name the insured person, on a card of either form."""
        insured = self.kind in {IdentifierKind.BHYT_CARD, IdentifierKind.BHYT_NUMBER}
        return self.number[-_INSURANCE_DIGITS:] if insured and len(self.number) >= _INSURANCE_DIGITS else None

    @property
    def masked(self) -> str:
        """The number as a personal QR code shows it at first: ``******000999``."""
        return MASK * min(HIDDEN_CHARACTERS, len(self.number)) + self.number[HIDDEN_CHARACTERS:]

    @property
    def display(self) -> str:
        """The number as a screen may show it, its last four characters alone; of a short one, fewer."""
        shown = min(_SHOWN, len(self.number) // 2)
        return MASK * (len(self.number) - shown) + self.number[-shown:]

    @property
    def warnings(self) -> tuple[NumberWarning, ...]:
        """What is odd about the number by itself."""
        own = self.personal_number.warnings if self.personal_number is not None else ()
        return (*own, *_lost_zeros(self), *_odd_card(self), *_odd_passport(self))

    def warnings_against(self, sex: Sex | None, birth_date: PartialDate | None) -> tuple[NumberWarning, ...]:
        """Return what is odd about the number, by itself and beside its holder's *sex* and *birth_date*."""
        if self.personal_number is not None:
            return self.warnings + self.personal_number.differences(sex, birth_date)
        return self.warnings + _maybe_personal(self, sex, birth_date)


def parse_identifier(text: str, kind: IdentifierKind | None = None, *, country: str | None = None) -> Identifier:
    """Return the number that *text* writes, with blanks, dots or hyphens between its groups or without.

    Without a *kind* the text tells it: twelve digits are a citizen number, nine an old identity card, ten an insurance
    number, two letters and thirteen digits an insurance card, anything else with a letter a passport. A passport of
    digits alone has to be named one, or have a *country*.

    Raises:
        IdentifierError: The text is longer than `MAX_INPUT_LENGTH`, has other characters, or is no number of the kind.
    """
    if len(text) > MAX_INPUT_LENGTH:
        raise IdentifierError(f"the number is longer than {MAX_INPUT_LENGTH} characters")
    written = text.strip()
    if _ROUNDED.fullmatch(written):
        raise IdentifierError(
            "a spreadsheet has rounded the number, and digits are lost",
            hint="give the column the format text before numbers are typed into it",
        )
    whole = _FLOATED.fullmatch(written)
    number = (whole[1] if whole else written).translate(_GROUPING)
    if not (number.isascii() and number.isalnum()):
        raise IdentifierError("a number of an identity document has letters from A to Z and digits only")
    number = number.upper()  # after the check: some letters of other scripts have A to Z as their capitals
    if kind is None:
        kind = IdentifierKind.PASSPORT if country is not None else _kind_of(number)
    return Identifier(kind=kind, number=number, country=country)


def _kind_of(number: str) -> IdentifierKind:
    if number.isdigit():
        try:
            return _TOLD_BY_LENGTH[len(number)]
        except KeyError:
            hint = "a citizen number has 12, an old identity card 9, an insurance number 10; say so of a passport"
            raise IdentifierError(f"no Vietnamese number has {len(number)} digits", hint=hint) from None
    is_card = _FORMS[IdentifierKind.BHYT_CARD].fullmatch(number)
    return IdentifierKind.BHYT_CARD if is_card else IdentifierKind.PASSPORT


def _lost_zeros(identifier: Identifier) -> tuple[NumberWarning, ...]:
    """Return the warning that zeros before the number are lost, if it is shorter than its kind."""
    number = identifier.number
    match identifier.kind:
        case IdentifierKind.CCCD:
            length = PERSONAL_DIGITS
        case IdentifierKind.CMND:
            length = _OLD_CARD_DIGITS if len(number) <= _OLD_CARD_DIGITS else PERSONAL_DIGITS
        case IdentifierKind.BHYT_NUMBER:
            length = _INSURANCE_DIGITS
        case _:
            return ()
    if len(number) == length:
        return ()
    likely = number.zfill(length)
    if length == PERSONAL_DIGITS and likely[:3] not in birthplace_codes():
        return (NumberWarning(code="digits_missing", message=f"has {len(number)} digits and not {length}"),)
    text = f"has {len(number)} digits and not {length}: a spreadsheet has likely dropped the zeros before it"
    return (NumberWarning(code="leading_zero_lost", message=text, likely=likely),)


def _odd_card(identifier: Identifier) -> tuple[NumberWarning, ...]:
    if identifier.kind is not IdentifierKind.BHYT_CARD:
        return ()
    found: tuple[NumberWarning, ...] = ()
    if identifier.number[2] not in "12345":
        text = "has no benefit level from 1 to 5 as its third character"
        found += (NumberWarning(code="unknown_benefit_level", message=text),)
    if identifier.number[3:5] == "00":
        text = "has no province as its fourth and fifth character"
        found += (NumberWarning(code="unknown_insurance_office", message=text),)
    return found


def _odd_passport(identifier: Identifier) -> tuple[NumberWarning, ...]:
    if identifier.kind is not IdentifierKind.PASSPORT:
        return ()
    if identifier.country == "VN" and not _VIETNAMESE_PASSPORT.fullmatch(identifier.number):
        text = "is not a letter and seven or eight digits, as in Vietnamese passports"
    elif len(identifier.number) > _ICAO_LENGTH:
        text = f"is longer than the {_ICAO_LENGTH} characters of a passport number"
    else:
        return ()
    return (NumberWarning(code="unusual_passport", message=text),)


def _maybe_personal(
    identifier: Identifier, sex: Sex | None, birth_date: PartialDate | None
) -> tuple[NumberWarning, ...]:
    """Return the warning that ten digits are a personal number without its two zeros, if all that it tells agrees."""
    is_whole_number = identifier.kind is IdentifierKind.BHYT_NUMBER and len(identifier.number) == _INSURANCE_DIGITS
    if not is_whole_number or birth_date is None or sex not in {Sex.MALE, Sex.FEMALE}:
        return ()
    personal = PersonalNumber(identifier.number.zfill(PERSONAL_DIGITS))
    if personal.warnings or personal.differences(sex, birth_date):
        return ()
    text = "may be a personal number whose two zeros a spreadsheet has dropped: sex and year of birth agree"
    return (NumberWarning(code="leading_zero_lost", message=text, likely=personal.digits),)
