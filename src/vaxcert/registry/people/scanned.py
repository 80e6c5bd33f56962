"""What a scanned code says, beside what is known: codes identify and prove nothing, so differences are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.model.chip_card import ChipCard
from vaxcert.model.identifiers import HIDDEN_CHARACTERS, MASK
from vaxcert.model.personal_qr import PersonalQr
from vaxcert.registry.people.index_keys import number_key
from vaxcert.registry.people.names import NameLikeness, compare_names, name_parts

if TYPE_CHECKING:
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.registry.people.demographics import Demographics

NO_NUMBER = MASK * HIDDEN_CHARACTERS
"""What stands in a personal QR code for a number where the person has none: a hidden one."""


def differences(code: PersonalQr | ChipCard, known: Demographics) -> tuple[str, ...]:
    """Return the names of the fields in which *code* says something else than is *known*."""
    match code:
        case PersonalQr():
            return _of_qr(code, known)
        case ChipCard():
            return _of_card(code, known)


def _of_qr(code: PersonalQr, known: Demographics) -> tuple[str, ...]:
    shown = {each.masked if code.is_masked else each.number for each in known.identifiers}
    found = [
        ("numbers", code.number != NO_NUMBER and code.number not in shown),
        ("name", "".join(sorted(code.name.split())) != "".join(name_parts(known.name))),
        ("birth_date", not _may_be(code.birth_date, known.birth_date)),
        ("sex", None not in {code.extension.sex, known.sex} and code.extension.sex is not known.sex),
    ]
    return tuple(field for field, differs in found if differs)


def _of_card(card: ChipCard, known: Demographics) -> tuple[str, ...]:
    numbers = set(map(number_key, known.identifiers))
    found = [
        ("numbers", number_key(card.citizen_number) not in numbers),
        ("name", compare_names(card.name, known.name) is not NameLikeness.SAME),
        ("birth_date", not _may_be(card.birth_date, known.birth_date)),
        ("sex", known.sex is not None and card.sex is not known.sex),
    ]
    return tuple(field for field, differs in found if differs)


def _may_be(one: PartialDate, other: PartialDate) -> bool:
    return one.iso.startswith(other.iso) or other.iso.startswith(one.iso)
