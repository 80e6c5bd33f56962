"""What people are found by: the text behind each entry of the blind index, and what a search looks up.

A key is the same for all forms of one number: with or without the zeros that spreadsheets drop, on an old card of
twelve digits or a new one, on either form of the health insurance card.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import IdentifierError
from vaxcert.model.identifiers import Identifier, IdentifierKind, parse_identifier
from vaxcert.registry.people.names import name_key

if TYPE_CHECKING:
    from vaxcert.model.names import PersonName
    from vaxcert.model.partial_date import PartialDate

_ZERO_LOST: Final = "leading_zero_lost"


def number_key(identifier: Identifier) -> str:
    """Return what all forms of one number have in common."""
    match identifier.kind:
        case IdentifierKind.PASSPORT:
            return f"passport:{identifier.number}"  # whatever the country: many people do not tell it
        case IdentifierKind.BHYT_CARD | IdentifierKind.BHYT_NUMBER:
            return f"bhyt:{identifier.insurance_number or _whole(identifier)}"
        case IdentifierKind.CCCD | IdentifierKind.CMND:
            return f"vn:{_whole(identifier)}"


def searched_numbers(text: str) -> tuple[str, ...]:
    """Return the keys of all numbers that *text* can be, none if it is no number.

    Digits alone can be those of a foreign passport as well as of anything else.
    """
    keys = []
    for kind in (None, IdentifierKind.PASSPORT):
        try:
            keys.append(number_key(parse_identifier(text, kind)))
        except IdentifierError:
            continue
    return tuple(dict.fromkeys(keys))


def birth_key(name: PersonName, birth_date: PartialDate) -> str:
    """Return what a name and a birth date are found by: the name's letters in any order of its parts, and the date."""
    return f"{name_key(name)}|{birth_date.iso}"


def _whole(identifier: Identifier) -> str:
    """Return the number with the zeros that a spreadsheet has likely dropped."""
    likely = (warning.likely for warning in identifier.warnings if warning.code == _ZERO_LOST)
    return next(likely, None) or identifier.number
