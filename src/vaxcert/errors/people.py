"""Values that the registry stands on, malformed: numbers, phones, scanned cards, areas, groups and messages.

They are no verdicts on certificates, so they are no `CodecError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors.base import VaxcertError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from vaxcert.errors.malformed import FieldProblem


class RegistryInputError(VaxcertError):
    """A value for the registry has not the form that it must have."""

    code = "registry_input"


class IdentifierError(RegistryInputError):
    """The text is no number of an identity document or health insurance."""

    code = "invalid_identifier"


class PhoneNumberError(RegistryInputError):
    """The text is no telephone number that is in use."""

    code = "invalid_phone"


class PersonalQrError(RegistryInputError):
    """The text is not the personal QR code of Decision 1405/QĐ-BTTTT."""

    code = "invalid_personal_qr"


class ChipCardError(RegistryInputError):
    """The text is not that of the QR code on a chip-based citizen card."""

    code = "invalid_chip_card"


class UnknownAreaError(RegistryInputError):
    """No administrative unit has this code on this day."""

    code = "unknown_area"

    def __init__(self, message: str, *, area: str, day: date, hint: str | None = None) -> None:
        """Keep the code of the *area* and the *day* it was looked up for."""
        super().__init__(message, hint=hint)
        self.area = area
        self.day = day


class AreaTableError(RegistryInputError):
    """A table of administrative units contradicts itself, or a row of it cannot be read."""

    code = "invalid_area_table"

    def __init__(self, message: str, *, problems: Sequence[FieldProblem] = (), hint: str | None = None) -> None:
        """Keep the *problems* of the row, one for each bad field."""
        super().__init__(message, hint=hint)
        self.problems = tuple(problems)


class UnknownPriorityGroupError(RegistryInputError):
    """No decision names this priority group."""

    code = "unknown_priority_group"


class MessageTextError(RegistryInputError):
    """The text cannot be sent as one message of the GSM alphabet."""

    code = "unsendable_text"
