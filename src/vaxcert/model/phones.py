"""Telephone numbers, as E.164 has them: what people type, and the one form that is stored, sent to and compared.

A number is nobody's: families share one, so it finds people and never tells one from another. It never reaches a
message, a log or a `repr`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from vaxcert.errors import PhoneNumberError

MAX_INPUT_LENGTH = 40
"""No number is longer, however it is spaced: what is longer is not looked at."""

_TABLE = """
120 70  121 79  122 77  126 76  128 78
123 83  124 84  125 85  127 81  129 82
162 32  163 33  164 34  165 35  166 36  167 37  168 38  169 39
186 56  188 58
199 59
"""
_OLD_AND_NEW = _TABLE.split()
RENUMBERED = dict(zip(_OLD_AND_NEW[::2], _OLD_AND_NEW[1::2], strict=True))
"""The prefixes of Vietnamese mobiles of eleven digits, and what they became from 2018-09-15 on; the seven digits after
them stayed (Decision 798/QĐ-BTTTT, 2018-05-25). By line: MobiFone, VinaPhone, Viettel, Vietnamobile, Gmobile.
"""

_BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u202f"), " ")
_VIETNAM = 84
_OLD_PREFIX, _OLD_LENGTH = 3, 10  # without the trunk zero
_MOBILE = frozenset((PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE))
_SERVICES = frozenset(
    (PhoneNumberType.PREMIUM_RATE, PhoneNumberType.TOLL_FREE, PhoneNumberType.SHARED_COST, PhoneNumberType.UAN)
)
"""Numbers of services, such as 1900 and 1800: nobody lives there, and a code sent to one may be paid for by the sender.
"""

_SHOWN = 3


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """A number that is in use. Two are equal if they ring at the same telephone, however they were typed.

    Attributes:
        e164: ``+84912345678``.
        was_renumbered: Whether a mobile number of eleven digits was typed, out of use since 2018.
    """

    e164: str
    was_renumbered: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        try:
            number = phonenumbers.parse(self.e164, None)
        except NumberParseException as error:
            raise PhoneNumberError("not a telephone number in E.164") from error
        if phonenumbers.format_number(number, PhoneNumberFormat.E164) != self.e164:
            raise PhoneNumberError("not a telephone number in E.164")
        if not phonenumbers.is_valid_number(number):
            raise PhoneNumberError("no telephone has this number", hint=_hint(number))
        if phonenumbers.number_type(number) in _SERVICES:
            raise PhoneNumberError("the number of a service, not of a person")

    @classmethod
    def stored(cls, e164: str) -> PhoneNumber:
        """Return the number *e164*, which was checked before it was stored.

        Numbering plans change: what was in use then must stay readable, and is not checked against the plan of today.
        """
        number = object.__new__(cls)
        object.__setattr__(number, "e164", e164)
        object.__setattr__(number, "was_renumbered", False)
        return number

    def __repr__(self) -> str:
        return "PhoneNumber(...)"

    @property
    def is_vietnamese(self) -> bool:
        """Whether the number is one of Vietnam."""
        return self._number.country_code == _VIETNAM

    @property
    def is_mobile(self) -> bool:
        """Whether it may take an SMS: where a country does not tell mobiles from others, it may."""
        return phonenumbers.number_type(self._number) in _MOBILE

    @property
    def national(self) -> str:
        """The number as it is written in its country: ``0912 345 678``."""
        return phonenumbers.format_number(self._number, PhoneNumberFormat.NATIONAL)

    @property
    def masked(self) -> str:
        """The number as a screen may show it: the country and the last three digits."""
        shown = f"+{self._number.country_code}"
        return shown + "*" * (len(self.e164) - len(shown) - _SHOWN) + self.e164[-_SHOWN:]

    @property
    def _number(self) -> phonenumbers.PhoneNumber:
        return phonenumbers.parse(self.e164, None)


def parse_phone(text: str, *, region: str = "VN") -> PhoneNumber:
    """Return the number that *text* writes, with or without blanks, dots, hyphens and the country's code.

    A Vietnamese mobile of eleven digits, as they were until 2018, is taken as what it became, and says so. So is one
    whose first zero a spreadsheet has dropped: nothing else is nine digits here.

    Args:
        text: What somebody typed.
        region: The country of numbers that are written without its code.

    Raises:
        PhoneNumberError: The text is longer than `MAX_INPUT_LENGTH`, is no number, or one that no telephone has.
    """
    if len(text) > MAX_INPUT_LENGTH:
        raise PhoneNumberError(f"the number is longer than {MAX_INPUT_LENGTH} characters")
    text = text.strip().translate(_BLANKS)
    if not text.isprintable() or any(sign.isalpha() for sign in text):  # 1800-VACXIN is no number of a person
        raise PhoneNumberError("not a telephone number")
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        raise PhoneNumberError("not a telephone number", hint="write it as 0912 345 678 or +84 912 345 678") from error
    if number.extension:
        raise PhoneNumberError("a telephone number with an extension")
    renumbered = _renumbered(number)
    return PhoneNumber(
        phonenumbers.format_number(renumbered or number, PhoneNumberFormat.E164), was_renumbered=renumbered is not None
    )


def _renumbered(number: phonenumbers.PhoneNumber) -> phonenumbers.PhoneNumber | None:
    """Return what became of an old Vietnamese mobile number; None if *number* is none."""
    digits = str(number.national_number)
    if number.country_code != _VIETNAM or len(digits) != _OLD_LENGTH or digits[:_OLD_PREFIX] not in RENUMBERED:
        return None
    current = RENUMBERED[digits[:_OLD_PREFIX]] + digits[_OLD_PREFIX:]
    return phonenumbers.PhoneNumber(country_code=_VIETNAM, national_number=int(current))


def _hint(number: phonenumbers.PhoneNumber) -> str | None:
    if number.country_code != _VIETNAM:
        return None
    return "a mobile number here has ten digits and begins with 03, 05, 07, 08 or 09"
