"""What is known of who somebody is: one version of it, and what changed between two."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

from vaxcert.model.identifiers import IdentifierKind

if TYPE_CHECKING:
    from vaxcert.model.identifiers import Identifier
    from vaxcert.model.names import PersonName
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.model.person import Sex
    from vaxcert.model.personal_number import NumberWarning
    from vaxcert.model.phones import PhoneNumber

MAX_IDENTIFIERS: Final = 12
"""Citizen card, old cards, insurance, passports: nobody has more."""

MAX_PHONES: Final = 5

IDENTITY_FIELDS: Final = frozenset(("name", "birth_date", "sex", "nationality"))
"""What a certificate says of its holder, or is compared with: a change of these goes through a correction once there is
a certificate (S13)."""

PROVED_FIELDS: Final = IDENTITY_FIELDS | {"identifiers"}
"""What is verified with an identity, and not any longer once it has changed."""

_FIRST_SHOWN = (
    IdentifierKind.CCCD,
    IdentifierKind.CMND,
    IdentifierKind.PASSPORT,
    IdentifierKind.BHYT_NUMBER,
    IdentifierKind.BHYT_CARD,
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Demographics:
    """One version of what is known of a person.

    Attributes:
        name: The name, its parts as the person has them.
        birth_date: The birth date, or the part of it that is known.
        sex: The sex, where it is told.
        identifiers: The numbers of identity documents and health insurance; none for many children.
        phones: The phones at which the person is reached, which may be others' too.
        nationality: The country (ISO 3166-1 alpha-2).
        address: Where the person lives, on one line; empty where it is not told.
        occupation: What the person does for a living.
        workplace: Where.
        ethnicity: The people that the person belongs to.
    """

    name: PersonName
    birth_date: PartialDate
    sex: Sex | None = None
    identifiers: tuple[Identifier, ...] = ()
    phones: tuple[PhoneNumber, ...] = ()
    nationality: str = "VN"
    address: str = ""
    occupation: str = ""
    workplace: str = ""
    ethnicity: str = ""

    def __post_init__(self) -> None:
        if len(self.identifiers) > MAX_IDENTIFIERS or len(set(self.identifiers)) != len(self.identifiers):
            raise ValueError("too many numbers, or one of them twice")
        if len(self.phones) > MAX_PHONES or len(set(self.phones)) != len(self.phones):
            raise ValueError("too many phones, or one of them twice")

    def __repr__(self) -> str:
        return f"Demographics({len(self.identifiers)} numbers, {len(self.phones)} phones)"

    @property
    def first_identifier(self) -> Identifier | None:
        """The number that a card or a code shows: the citizen number where there is one."""
        return min(self.identifiers, key=lambda each: _FIRST_SHOWN.index(each.kind), default=None)

    def number_warnings(self) -> tuple[tuple[Identifier, NumberWarning], ...]:
        """Return what is odd about the numbers, by themselves and beside sex and birth date; it refuses nobody."""
        return tuple(
            (number, warning)
            for number in self.identifiers
            for warning in number.warnings_against(self.sex, self.birth_date)
        )


def changed_fields(before: Demographics, after: Demographics) -> frozenset[str]:
    """Return the names of the fields in which two versions differ; the order of numbers and phones is none."""
    return frozenset(
        field.name
        for field in fields(Demographics)
        if _comparable(getattr(before, field.name)) != _comparable(getattr(after, field.name))
    )


def _comparable(value: object) -> object:
    return frozenset(value) if isinstance(value, tuple) else value
