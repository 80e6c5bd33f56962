"""What of a person is shown to whom: in full, as it is needed at work, or hidden but for what tells entries apart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from vaxcert.model.identifiers import MASK

if TYPE_CHECKING:
    from vaxcert.model.identifiers import IdentifierKind
    from vaxcert.registry.people.demographics import Demographics

_HIDDEN: Final = MASK * 3  # always as many, so that not even the length of a part is told


class Sight(StrEnum):
    """How much of a person is shown."""

    FULL = "full"
    """All of it: to the person, to a guardian, and where a reason was given."""
    AT_WORK = "at_work"
    """Name and birth date, to tell who stands there; the last digits of numbers and phones."""
    MASKED = "masked"
    """First letters and the year of birth."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShownNumber:
    """A number, as far as it is shown."""

    kind: IdentifierKind
    number: str
    country: str | None


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShownPerson:
    """What is shown of a person: what is hidden altogether is empty."""

    family_name: str
    given_name: str
    birth_date: str
    identifiers: tuple[ShownNumber, ...]
    phones: tuple[str, ...]
    address: str = ""
    occupation: str = ""
    workplace: str = ""
    ethnicity: str = ""


def show(person: Demographics, sight: Sight) -> ShownPerson:
    """Return of *person* what *sight* shows."""
    in_full, is_masked = sight is Sight.FULL, sight is Sight.MASKED
    return ShownPerson(
        family_name=mask_words(person.name.family) if is_masked else person.name.family,
        given_name=mask_words(person.name.given) if is_masked else person.name.given,
        birth_date=person.birth_date.iso[:4] if is_masked else person.birth_date.iso,
        identifiers=tuple(
            ShownNumber(
                kind=each.kind,
                number=each.number if in_full else each.display,
                country=each.country if in_full else None,
            )
            for each in person.identifiers
        ),
        phones=tuple(phone.e164 if in_full else phone.masked for phone in person.phones),
        address=person.address if in_full else "",
        occupation=person.occupation if in_full else "",
        workplace=person.workplace if in_full else "",
        ethnicity=person.ethnicity if in_full else "",
    )


def mask_words(text: str) -> str:
    """Return *text* with of each word the first letter only: ``Nguyễn Thị Ánh`` is ``N*** T*** Á***``."""
    return " ".join(word[:1] + _HIDDEN for word in text.split())
