"""The personal QR code of the national platforms: written, masked and read.

    SoGiayTo|HoTen|NgaySinh|LoaiDinhDanh|QID|EXT

It identifies, it does not prove: it carries no signature that anybody could check, so what was scanned is compared with
the registry and with the person.

Spec: Decision 1405/QĐ-BTTTT (2021-09-11), version 1.1. Its published example breaks the rule of the citizen number (it
tells 1993, beside a birth date in 1987), so the two are not compared here: `Identifier.warnings_against` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from vaxcert.errors import CodecError, PersonalQrError
from vaxcert.model.icao import FILLER
from vaxcert.model.identifiers import HIDDEN_CHARACTERS, MASK, parse_identifier
from vaxcert.model.names import MAX_NAME_LENGTH, transliterate
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.qr_extension import QrExtension

if TYPE_CHECKING:
    from vaxcert.model.identifiers import Identifier
    from vaxcert.model.names import PersonName

MAX_CHARACTERS = 2_953
"""No symbol holds more bytes (ISO/IEC 18004 table 7, version 40-L): what is longer was not scanned."""

MAX_NAME = 2 * MAX_NAME_LENGTH + 1
"""Two parts of a name and the blank between them."""

_FIELDS = ("SoGiayTo", "HoTen", "NgaySinh", "LoaiDinhDanh", "QID", "EXT")
_NUMBER = re.compile(r"\*{5,6}|\*{6}[A-Z0-9]{1,14}|[A-Z0-9]{5,20}")
_QID = re.compile(r"[A-Za-z0-9_-]{0,64}")
_DATE = re.compile(r"([0-9]{4})-(?:([0-9]{2})|\*\*)-(?:([0-9]{2})|\*\*)")


class DeclaredBy(StrEnum):
    """Who typed the person's data (LoaiDinhDanh)."""

    SELF = "0"
    OTHER = "1"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PersonalQr:
    """What one code says.

    Attributes:
        number: The number of the identity document, in a masked code with its first six characters hidden.
        name: The name in A to Z, its parts parted by single blanks.
        birth_date: The birth date; in a masked code the year alone.
        declared_by: Who declared it.
        qid: What the national platform names the person by; empty before it has.
        extension: The values after it.

    Raises:
        PersonalQrError: A field has not the form of the decision.
    """

    number: str
    name: str
    birth_date: PartialDate
    declared_by: DeclaredBy = DeclaredBy.SELF
    qid: str = ""
    extension: QrExtension = field(default_factory=QrExtension)

    def __post_init__(self) -> None:
        if not _NUMBER.fullmatch(self.number):
            raise _wrong("SoGiayTo")
        if len(self.name) > MAX_NAME or not _is_name(self.name):
            raise _wrong("HoTen")
        if not _QID.fullmatch(self.qid):
            raise _wrong("QID")

    def __repr__(self) -> str:
        return f"PersonalQr(declared_by={self.declared_by.name}, is_masked={self.is_masked})"

    @classmethod
    def of(
        cls,
        identifier: Identifier,
        name: PersonName,
        birth_date: PartialDate,
        *,
        declared_by: DeclaredBy = DeclaredBy.SELF,
        qid: str = "",
        extension: QrExtension | None = None,
    ) -> Self:
        """Return the full code of a person."""
        spelled = FILLER.join(filter(None, (name.family_std, name.given_std)))
        return cls(
            number=identifier.number,
            name=spelled.replace(FILLER, " "),
            birth_date=birth_date,
            declared_by=declared_by,
            qid=qid,
            extension=extension or QrExtension(),
        )

    @property
    def is_masked(self) -> bool:
        """Whether the number is hidden in part, so that the QID alone names the person."""
        return self.number.startswith(MASK)

    @property
    def identifier(self) -> Identifier | None:
        """The number as what it is the number of; None in a masked code.

        Raises:
            IdentifierError: It is the number of nothing known.
        """
        return None if self.is_masked else parse_identifier(self.number)

    def masked(self) -> Self:
        """Return the code as an application shows it at first: number and birth date hidden in part, and no extension.

        The decision hides no more. The extension has the insurance number and the phone, so it is left out.
        """
        hidden = min(HIDDEN_CHARACTERS, len(self.number))
        return type(self)(
            number=MASK * hidden + self.number[hidden:],
            name=self.name,
            birth_date=PartialDate(self.birth_date.iso[:4]),
            declared_by=self.declared_by,
            qid=self.qid,
        )

    def format(self) -> str:
        """Return the text of the code."""
        year, month, day = (*self.birth_date.iso.split("-"), "**", "**")[:3]
        born = f"{year}-{month}-{day}"
        return f"{self.number}|{self.name}|{born}|{self.declared_by}|{self.qid}|{self.extension.format()}"

    def matches(self, identifier: Identifier, birth_date: PartialDate) -> bool:
        """Say whether the code, masked or not, can be that of somebody with this number and birth date."""
        shown = identifier.masked if self.is_masked else identifier.number
        ours, theirs = self.birth_date.iso, birth_date.iso  # a part of a date begins all the dates that it can be
        return self.number == shown and (ours.startswith(theirs) or theirs.startswith(ours))


def parse_personal_qr(text: str) -> PersonalQr:
    """Return what the *text* of a scanned code says.

    Blanks around it and a line's end, which scanners add, are no part of it. A name that an application wrote with its
    accents or in small letters is spelled as the decision says.

    Raises:
        PersonalQrError: The text is longer than any symbol holds, or is not of this form; the message names the field.
    """
    if len(text) > MAX_CHARACTERS:
        raise PersonalQrError(f"the text is longer than the {MAX_CHARACTERS} characters of a QR code")
    fields = text.strip(" \r\n").split("|")
    if len(fields) != len(_FIELDS):
        raise PersonalQrError(f"a personal QR code has {len(_FIELDS)} fields, not {len(fields)}")
    number, name, birth_date, declared_by, qid, extension = fields
    if declared_by not in set(DeclaredBy):
        raise _wrong("LoaiDinhDanh")
    return PersonalQr(
        number=number,
        name=_spelled(name),
        birth_date=_parse_date(birth_date),
        declared_by=DeclaredBy(declared_by),
        qid=qid,
        extension=QrExtension.parse(extension),
    )


def _parse_date(text: str) -> PartialDate:
    match = _DATE.fullmatch(text)
    if match is None or (match[2] is None and match[3] is not None):
        raise _wrong("NgaySinh")
    try:
        return PartialDate("-".join(filter(None, match.groups())))
    except CodecError as error:
        raise _wrong("NgaySinh") from error


def _spelled(name: str) -> str:
    if _is_name(name):
        return name
    try:
        return transliterate(name).replace(FILLER, " ")
    except CodecError as error:
        raise _wrong("HoTen") from error


def _is_name(name: str) -> bool:
    letters = name.replace(" ", "")
    is_spelled = letters.isascii() and letters.isalpha() and letters.isupper()
    return is_spelled and name == " ".join(name.split())


def _wrong(field: str) -> PersonalQrError:
    return PersonalQrError(f"the field {field} of a personal QR code has another form")
