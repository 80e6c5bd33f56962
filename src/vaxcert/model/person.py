"""The holder of a certificate."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from vaxcert.model.checks import country_problems, refuse, text_problems
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate


class Sex(StrEnum):
    """The holder's sex, for the registry and the printed card; it is not signed."""

    MALE = "male"
    FEMALE = "female"
    OTHER = "other"


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """The holder. Name and birth date are signed; the rest is printed or kept at most.

    Raises:
        SchemaError: The nationality is no country code, or the number of the identity document no plain text.
    """

    name: PersonName
    birth_date: PartialDate
    sex: Sex | None = None
    citizen_id: str | None = None
    nationality: str | None = None

    def __post_init__(self) -> None:
        if problems := country_problems("nationality", self.nationality) + text_problems(citizen_id=self.citizen_id):
            refuse(problems)
