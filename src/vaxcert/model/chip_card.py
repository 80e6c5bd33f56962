"""The QR code on the front of a chip-based citizen card, scanned where a person has no personal QR code.

    citizen number|old number|full name|ddmmyyyy|sex|address|ddmmyyyy of issue

It is printed on the card and not signed, so it spares typing and proves nothing. Newer cards have further fields, with
names and numbers of the holder's relatives: they are counted and not read, since nothing here needs them.

Spec: Circular 06/2021/TT-BCA names what the code holds, not its form: the order, the separator and the form of dates
are those of cards in use.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import ChipCardError, CodecError, IdentifierError
from vaxcert.model.identifiers import Identifier, IdentifierKind
from vaxcert.model.names import PersonName, split_vietnamese
from vaxcert.model.parsing import FieldError, parse_sex
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.model.personal_number import PERSONAL_DIGITS

if TYPE_CHECKING:
    from datetime import date

MAX_CHARACTERS = 2_953
"""No symbol holds more bytes (ISO/IEC 18004 table 7, version 40-L): what is longer was not scanned."""

MAX_ADDRESS = 300
"""No address on a card is longer."""

MAX_FIELDS = 16

_FIELDS = 7
_SEPARATOR = "|"
_DATE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4})")
_REPLACEMENT = "\ufffd"
_SEX_WORDS = {Sex.MALE: "Nam", Sex.FEMALE: "Nữ", Sex.OTHER: "Khác"}
_KEYBOARD_HINT = "set the scanner to UTF-8: one that types like a keyboard loses Vietnamese letters"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChipCard:
    """What one card says.

    Attributes:
        citizen_number: The number of twelve digits.
        old_number: The number of the identity card before it, where there was one.
        name: The name; the first word of it is taken for the family name.
        birth_date: The birth date; the year or month alone where a card has no more.
        sex: The sex.
        address: The place of residence, on one line.
        issued_on: The day of issue.
        unread: How many fields stood after these.

    Raises:
        ChipCardError: The name or the address has a separator, or the address is missing or too long.
    """

    citizen_number: Identifier
    old_number: Identifier | None
    name: PersonName
    birth_date: PartialDate
    sex: Sex
    address: str
    issued_on: date
    unread: int = 0

    def __post_init__(self) -> None:
        if not 0 < len(self.address) <= MAX_ADDRESS:
            raise ChipCardError("the address on the card is missing or too long")
        if any(_SEPARATOR in text or not text.isprintable() for text in (self.name.full, self.address)):
            raise ChipCardError("the name or the address on the card has a sign that no card has")

    def __repr__(self) -> str:
        return f"ChipCard(unread={self.unread})"

    def format(self) -> str:
        """Return the text of the code, without what was not read."""
        born = "".join(reversed(self.birth_date.iso.split("-"))).rjust(8, "0")
        old = self.old_number.number if self.old_number is not None else ""
        fields = (self.citizen_number.number, old, self.name.full, born, _SEX_WORDS[self.sex], self.address)
        return _SEPARATOR.join((*fields, f"{self.issued_on:%d%m%Y}"))


def parse_chip_card(text: str) -> ChipCard:
    """Return what the *text* of a card's QR code says. Blanks around it and a line's end are no part of it.

    Raises:
        ChipCardError: The text is longer than any symbol holds, or is not of this form; the message names the field.
    """
    if len(text) > MAX_CHARACTERS:
        raise ChipCardError(f"the text is longer than the {MAX_CHARACTERS} characters of a QR code")
    fields = [field.strip() for field in text.strip().split(_SEPARATOR)]
    if not _FIELDS <= len(fields) <= MAX_FIELDS:
        raise ChipCardError(f"the QR code of a citizen card has {_FIELDS} fields or more, not {len(fields)}")
    if any(_REPLACEMENT in field or not field.isprintable() for field in fields):
        raise ChipCardError("the text was damaged between the card and here", hint=_KEYBOARD_HINT)
    number, old, name, born, sex, address, issued = fields[:_FIELDS]
    return ChipCard(
        citizen_number=_citizen_number(number),
        old_number=_number(IdentifierKind.CMND, old, "old number") if old else None,
        name=_name(name),
        birth_date=_birth_date(born),
        sex=_sex(sex),
        address=unicodedata.normalize("NFC", " ".join(address.split())),
        issued_on=_day(issued),
        unread=len(fields) - _FIELDS,
    )


def _citizen_number(text: str) -> Identifier:
    identifier = _number(IdentifierKind.CCCD, text, "citizen number")
    if len(text) != PERSONAL_DIGITS:
        raise ChipCardError(f"the citizen number on the card has not {PERSONAL_DIGITS} digits")
    return identifier


def _number(kind: IdentifierKind, text: str, field: str) -> Identifier:
    try:
        return Identifier(kind=kind, number=text)
    except IdentifierError as error:
        raise ChipCardError(f"the {field} on the card is not one") from error


def _name(text: str) -> PersonName:
    try:
        return PersonName.of(*split_vietnamese(text))
    except CodecError as error:
        raise ChipCardError("the name on the card cannot be read", hint=_KEYBOARD_HINT) from error


def _birth_date(text: str) -> PartialDate:
    """Return the date; zeros stand for a day, or a day and a month, that nobody knows."""
    if match := _DATE.fullmatch(text):
        day, month, year = match.groups()
        known = [year] if month == day == "00" else [year, month] if day == "00" else [year, month, day]
        try:
            return PartialDate("-".join(known))
        except CodecError as error:
            raise ChipCardError("the birth date on the card is not one") from error
    raise ChipCardError("the birth date on the card is not of the form ddmmyyyy")


def _day(text: str) -> date:
    if match := _DATE.fullmatch(text):
        try:
            return PartialDate("-".join(reversed(match.groups()))).earliest
        except CodecError as error:
            raise ChipCardError("the day of issue on the card is not one") from error
    raise ChipCardError("the day of issue on the card is not of the form ddmmyyyy")


def _sex(text: str) -> Sex:
    try:
        return parse_sex(text)
    except FieldError as error:
        raise ChipCardError("the sex on the card is none", hint=_KEYBOARD_HINT) from error
