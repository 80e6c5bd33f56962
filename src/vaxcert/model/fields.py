"""The fields of a record: the outside contract of `issue`, how each is read, and what Vietnamese files call it."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from vaxcert.model import parsing
from vaxcert.model.certificate_type import CertificateType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NAME_FIELDS = frozenset(("family_name", "given_name", "full_name"))
"""A record needs one of these, whichever."""

_LIKENESS = 0.6  # how alike a name must be to be worth a hint: brith_date is, phone is not
_MAX_NAME_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a record: its name, how its text is read, and what else a column of it may be called."""

    name: str
    meaning: str
    parse: Callable[[str], object]
    aliases: tuple[str, ...] = ()
    required: bool = False
    remembers: int = 0
    """How many texts are kept with what they say, where many rows have the same; nothing of what is one person's own.
    """

    def reader(self) -> Callable[[str], object]:
        """Return what reads a text without blanks around it: as its value, or None where there is none."""
        parse = self.parse

        def read(text: str) -> object:
            return parse(text) if text else None

        return lru_cache(self.remembers)(read) if self.remembers else read


class FieldTable:
    """The fields that one kind of record has, ready to be looked up. Iterating gives them in their order."""

    def __init__(self, *fields: Field) -> None:
        self._fields = fields
        self.parsers: Mapping[str, Callable[[str], object]] = {field.name: field.parse for field in fields}
        """How the text of each field is parsed, by its name."""
        self.readers: Mapping[str, Callable[[str], object]] = {field.name: field.reader() for field in fields}
        """How the text of each field is read: see `Field.reader`."""
        self.required = frozenset(field.name for field in fields if field.required)
        self.names: Mapping[str, str] = {
            fold_name(name): field.name for field in fields for name in (field.name, *field.aliases)
        }
        """The field's name by everything that a column of it may be called, folded."""
        # A misspelt key is in every row of a file, and the search takes a millisecond.
        self._found = lru_cache(maxsize=256)(self._search)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields)

    def nearest(self, name: str) -> str | None:
        """Return the field that *name* is likely to mean, None where it resembles none."""
        return self._found(name[:_MAX_NAME_CHARACTERS])

    def describe(self) -> str:
        """Return the names of the fields on one line, those that may be missing in brackets."""
        return " ".join(field.name if field.required else f"[{field.name}]" for field in self)

    def _search(self, name: str) -> str | None:
        near = difflib.get_close_matches(fold_name(name), self.names, n=1, cutoff=_LIKENESS)
        return self.names[near[0]] if near else None


def fold_name(name: str) -> str:
    """Return what equal names of columns have in common: case, blanks, low lines and the form of diacritics differ."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


_text = parsing.parse_text
_written = str  # `PersonName` cleans and checks a name, in its own way
_FEW, _MANY = 256, 8192
_DAYS = 32_768  # those of ninety years, which take some 8 MB
_PERSON = (
    Field("record_id", "your own number for the record, once in a file", _text, ("mã hồ sơ", "stt", "id")),
    Field("family_name", "family name; one of the two names is needed", _written, ("họ", "surname", "last_name")),
    Field("given_name", "middle and given names", _written, ("tên đệm và tên", "tên", "first_name")),
    Field(
        "full_name",
        "both in one, family name first, where a file keeps no two columns",
        _written,
        ("họ và tên", "họ tên"),
    ),
    Field("family_name_standardised", "in A-Z and <, as in the passport, where the name itself does not tell", _text),
    Field("given_name_standardised", "the same for the given names", _text),
    Field(
        "birth_date",
        "date, month or year of birth",
        parsing.parse_partial_day,
        ("ngày sinh", "năm sinh", "ngày tháng năm sinh", "date_of_birth", "dob"),
        required=True,
        remembers=_DAYS,
    ),
    Field("sex", "male, female or other; kept, not signed", parsing.parse_sex, ("giới tính", "gender"), remembers=_FEW),
    Field(
        "citizen_id",
        "number of the identity document; kept, not signed",
        _text,
        ("số định danh", "số định danh cá nhân", "cccd", "số cccd", "cmnd", "cmnd/cccd"),
    ),
    Field(
        "nationality",
        "country, code or name; printed, not signed",
        parsing.parse_country,
        ("quốc tịch",),
        remembers=_FEW,
    ),
)
_ISSUED_BY = (
    Field(
        "country",
        "country of the event, code or name; default: the issuer's",
        parsing.parse_country,
        ("quốc gia", "nước"),
        remembers=_FEW,
    ),
    Field(
        "issuer",
        "who answers for the certificate; default: the issuer's name",
        _text,
        ("cơ quan cấp", "đơn vị cấp"),
        remembers=_FEW,
    ),
)
VACCINATION_FIELDS = FieldTable(
    *_PERSON,
    Field(
        "product",
        "EU code or a known name of the vaccine product",
        _text,
        ("loại vắc xin", "tên vắc xin", "vắc xin", "vaccine_name"),
        required=True,
        remembers=_FEW,
    ),
    Field(
        "manufacturer",
        "EU code or known name of the lot's maker; default: the product's",
        _text,
        ("nhà sản xuất", "hãng sản xuất"),
        remembers=_FEW,
    ),
    Field("vaccine", "SNOMED CT code of the vaccine; default: the product's", _text, ("mã vắc xin",), remembers=_FEW),
    Field(
        "lot",
        "lot number; printed, not signed",
        _text,
        ("số lô", "lô vắc xin", "lot_number"),
        required=True,
        remembers=_MANY,
    ),
    Field(
        "dose_number",
        "which dose this was",
        parsing.parse_integer,
        ("mũi tiêm", "mũi số", "mũi"),
        required=True,
        remembers=_FEW,
    ),
    Field(
        "total_doses", "how many the series has", parsing.parse_integer, ("tổng số mũi",), required=True, remembers=_FEW
    ),
    Field("vaccination_date", "day of the dose", parsing.parse_day, ("ngày tiêm",), required=True, remembers=_MANY),
    Field(
        "site",
        "where it was given; printed, not signed",
        _text,
        ("nơi tiêm", "cơ sở tiêm", "cơ sở tiêm chủng"),
        remembers=_MANY,
    ),
    *_ISSUED_BY,
)
TEST_FIELDS = FieldTable(
    *_PERSON,
    Field(
        "test_type",
        "NAA (PCR), RAT (rapid antigen), or the LOINC code",
        parsing.parse_test_type,
        ("loại xét nghiệm",),
        required=True,
        remembers=_FEW,
    ),
    Field(
        "sampled_at",
        "when the sample was taken, ISO 8601 with time zone",
        parsing.parse_instant,
        ("thời điểm lấy mẫu",),
        required=True,
    ),
    Field(
        "result",
        "negative, positive, or the SNOMED CT code",
        parsing.parse_result,
        ("kết quả",),
        required=True,
        remembers=_FEW,
    ),
    Field("test_name", "name of the NAA test; a NAA test needs it", _text, ("tên xét nghiệm",), remembers=_FEW),
    Field(
        "device",
        "JRC code of the rapid test's device; a rapid test needs it",
        parsing.parse_device,
        ("sinh phẩm",),
        remembers=_FEW,
    ),
    Field("test_centre", "where it was done", _text, ("nơi xét nghiệm",), remembers=_MANY),
    *_ISSUED_BY,
)
RECOVERY_FIELDS = FieldTable(
    *_PERSON,
    Field(
        "first_positive_date",
        "day of the first positive test",
        parsing.parse_day,
        ("ngày dương tính",),
        required=True,
        remembers=_MANY,
    ),
    Field(
        "valid_from",
        "first day on which the recovery counts",
        parsing.parse_day,
        ("hiệu lực từ",),
        required=True,
        remembers=_MANY,
    ),
    Field(
        "valid_until",
        "last day on which it counts",
        parsing.parse_day,
        ("hiệu lực đến",),
        required=True,
        remembers=_MANY,
    ),
    *_ISSUED_BY,
)

FIELDS_OF = {
    CertificateType.VACCINATION: VACCINATION_FIELDS,
    CertificateType.TEST: TEST_FIELDS,
    CertificateType.RECOVERY: RECOVERY_FIELDS,
}
