"""The last field of a personal QR code: what an application added, its values parted by ``<``.

Decision 1405/QĐ-BTTTT names them in this order: the QID of whoever declared for the person, the sex, the health
insurance number, the phone, an electronic signature. Codes in use begin with the sex where people declared for
themselves. Nothing else is known of them, so the values are kept as they were, and one is read as what it is only where
its form is that of it: for all else there is no answer, not a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from vaxcert.errors import PersonalQrError
from vaxcert.model.person import Sex

MAX_CHARACTERS = 2_000
"""No extension is longer; with the other fields it fills the largest symbol."""

MAX_VALUES = 16
"""The decision names five."""

SEPARATOR = "<"

_SEXES = {"1": Sex.MALE, "2": Sex.FEMALE}  # 0: not told
_SEX = re.compile(r"[012]")
_FORMS = {
    "insurance": re.compile(r"[A-Z]{2}[0-9]{13}|[0-9]{10}"),
    "phone": re.compile(r"\+?[0-9]{9,15}"),
}


@dataclass(frozen=True, slots=True, repr=False)
class QrExtension:
    """The values as they were written.

    Raises:
        PersonalQrError: A value has a separator or a sign that does not print, or they are too many or too long.
    """

    values: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if len(self.values) > MAX_VALUES or sum(len(value) + 1 for value in self.values) > MAX_CHARACTERS:
            raise PersonalQrError("the extension of a personal QR code is too long")
        if not all(value.isprintable() and SEPARATOR not in value and "|" not in value for value in self.values):
            raise PersonalQrError("the extension of a personal QR code has a sign that no value has")

    def __repr__(self) -> str:
        return f"QrExtension(<{len(self.values)} values>)"

    @classmethod
    def of(cls, *, declarer_qid: str = "", sex: Sex | None = None, insurance_number: str = "", phone: str = "") -> Self:
        """Return the extension with these values in the decision's order; what is unknown is empty, and sex is 0."""
        code = next((code for code, meant in _SEXES.items() if meant is sex), "0")
        values = (declarer_qid, code, insurance_number, phone)
        return cls() if not any((declarer_qid, sex, insurance_number, phone)) else cls(values)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the values that *text* parts.

        Raises:
            PersonalQrError: As for the class.
        """
        if len(text) > MAX_CHARACTERS:
            raise PersonalQrError("the extension of a personal QR code is too long")
        return cls(tuple(text.split(SEPARATOR)) if text else ())

    def format(self) -> str:
        """Return the values in one text."""
        return SEPARATOR.join(self.values)

    @property
    def declarer_qid(self) -> str | None:
        """The QID of whoever declared for the person; None if nobody did."""
        return None if self._begins_with_sex else self._at(0)

    @property
    def sex(self) -> Sex | None:
        """The sex, where it is told."""
        return _SEXES.get(self._after_qid(0) or "")

    @property
    def insurance_number(self) -> str | None:
        """The number of the health insurance, where one of that form stands in its place."""
        return self._of_form("insurance", 1)

    @property
    def phone(self) -> str | None:
        """The phone as it was written, where one stands in its place."""
        return self._of_form("phone", 2)

    @property
    def _begins_with_sex(self) -> bool:
        return bool(self.values) and _SEX.fullmatch(self.values[0]) is not None

    def _at(self, position: int) -> str | None:
        return (self.values[position] or None) if position < len(self.values) else None

    def _after_qid(self, position: int) -> str | None:
        return self._at(position + (0 if self._begins_with_sex else 1))

    def _of_form(self, form: str, position: int) -> str | None:
        value = self._after_qid(position)
        return value if value is not None and _FORMS[form].fullmatch(value) else None
