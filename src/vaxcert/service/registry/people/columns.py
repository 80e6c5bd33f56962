"""Files of people: what their columns are called, and how a row of one becomes what is told of a person."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from vaxcert.errors import FieldProblem
from vaxcert.model import parsing
from vaxcert.model.fields import Field, FieldTable
from vaxcert.model.identifiers import IdentifierKind
from vaxcert.model.names import split_vietnamese
from vaxcert.service.registry.people.fields import PersonFields

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.service.registry.people.answers import Remark
    from vaxcert.service.row import Row

PEOPLE_COLUMNS: Final = FieldTable(
    Field("record_id", "your own number for the row", str, ("mã hồ sơ", "stt", "id")),
    Field("family_name", "family name; one of the two names is needed", str, ("họ", "surname", "last_name")),
    Field("given_name", "middle and given names", str, ("tên đệm và tên", "tên", "first_name")),
    Field("full_name", "both in one, family name first", str, ("họ và tên", "họ tên")),
    Field("family_name_standardised", "in A-Z and <, as in the passport, where the name does not tell", str),
    Field("given_name_standardised", "the same for the given names", str),
    Field(
        "birth_date",
        "date, month or year of birth",
        parsing.parse_partial_day,
        ("ngày sinh", "năm sinh", "ngày tháng năm sinh", "date_of_birth", "dob"),
        required=True,
    ),
    Field("sex", "male, female or other", str, ("giới tính", "gender")),
    Field(
        "citizen_id",
        "number of the citizen card, or of the identity card before it",
        str,
        ("số định danh", "số định danh cá nhân", "cccd", "số cccd", "cmnd/cccd"),
    ),
    Field("old_number", "number of an old identity card beside it", str, ("cmnd", "số cmnd", "cmnd cũ")),
    Field("insurance_number", "number or card of health insurance", str, ("bhyt", "số bhyt", "số thẻ bhyt", "mã bhxh")),
    Field("passport_number", "number of a passport", str, ("hộ chiếu", "số hộ chiếu", "passport")),
    Field("passport_country", "the passport's country, two letters", str, ("nước cấp hộ chiếu",)),
    Field("nationality", "country, code or name; default: VN", str, ("quốc tịch",)),
    Field("phone", "phone", str, ("điện thoại", "số điện thoại", "sđt", "mobile")),
    Field("second_phone", "another phone", str, ("điện thoại khác", "số điện thoại khác")),
    Field(
        "area", "code or name of the area where the person lives", str, ("tỉnh", "tỉnh/thành phố", "mã tỉnh", "địa bàn")
    ),
    Field("address", "address, on one line", str, ("địa chỉ", "nơi ở")),
    Field("occupation", "occupation", str, ("nghề nghiệp",)),
    Field("workplace", "place of work", str, ("nơi làm việc", "đơn vị công tác")),
    Field("ethnicity", "people that the person belongs to", str, ("dân tộc",)),
)
"""What a file may have; all but the name and the birth date may be missing."""

_AS_THEY_ARE: Final = (
    "family_name_standardised",
    "given_name_standardised",
    "birth_date",
    "address",
    "occupation",
    "workplace",
    "ethnicity",
)


class RowFields:
    """What one row says, and which column each field of it came from."""

    def __init__(self, row: Row, default_area: str) -> None:
        self.problems: list[FieldProblem] = [] if row.problem is None else [row.problem]
        self._texts = {name: self._text(name, value) for name, value in row.fields.items()}
        self._columns: dict[str, str] = {}
        self.told = self._told(default_area)

    def told_of(self, remarks: Iterable[Remark]) -> list[FieldProblem]:
        """Return *remarks* on the fields as problems of the columns."""
        return [FieldProblem(self._columns.get(each.field, each.field), each.code, each.message) for each in remarks]

    @property
    def identity(self) -> str:
        """What the row is known by: all that it says. The same row is taken in once, whichever file it stands in."""
        return "\0".join(f"{name}={text}" for name, text in sorted(self._texts.items()) if text)

    def _told(self, default_area: str) -> PersonFields:
        texts = self._texts
        family, given = texts.get("family_name", ""), texts.get("given_name", "")
        if full := texts.get("full_name"):
            if family or given:
                text = "stands beside family_name or given_name: leave one or the other out"
                self.problems.append(FieldProblem("full_name", "conflict", text))
            family, given = split_vietnamese(full)
            self._columns |= dict.fromkeys(("family_name", "given_name"), "full_name")
        area = texts.get("area") or default_area
        return PersonFields(
            family_name=family,
            given_name=given,
            sex=texts.get("sex") or None,
            numbers=self._numbers(),
            phones=self._several("phones", (("phone", ""), ("second_phone", ""))),
            nationality=texts.get("nationality") or "VN",
            area=area.zfill(2) if area.isdigit() else area,
            **{name: texts.get(name, "") for name in _AS_THEY_ARE},
        )

    def _numbers(self) -> tuple[str, ...]:
        country = self._texts.get("passport_country")
        insurance = self._texts.get("insurance_number", "")
        kind = IdentifierKind.BHYT_NUMBER if insurance.isdigit() else IdentifierKind.BHYT_CARD
        return self._several(
            "numbers",
            (
                ("citizen_id", ""),
                ("old_number", f"{IdentifierKind.CMND}:"),
                ("insurance_number", f"{kind}:"),
                ("passport_number", f"{IdentifierKind.PASSPORT}:" + (f"{country}:" if country else "")),
            ),
        )

    def _several(self, field: str, columns: Iterable[tuple[str, str]]) -> tuple[str, ...]:
        """Return the texts of *columns*, each with what goes before it, as those of the list *field*."""
        found: list[str] = []
        for column, before in columns:
            if text := self._texts.get(column):
                self._columns[f"{field}[{len(found)}]"] = column
                found.append(before + text)
        return tuple(found)

    def _text(self, name: str, value: object) -> str:
        """Return what a file would have for *value*, which JSON has typed."""
        if name not in PEOPLE_COLUMNS.parsers:
            near = PEOPLE_COLUMNS.nearest(name)
            text = "is no column of people" + (f": is it {near}?" if near else "")
            self.problems.append(FieldProblem(name[:40], "unknown_field", text))
            return ""
        match value:
            case None:
                return ""
            case str():
                return value.strip()
            case bool():
                pass
            case int():
                return str(value)
            case datetime() | date():
                return value.isoformat()
            case _:
                pass
        self.problems.append(FieldProblem(name, "wrong_type", "must be text, a whole number or a date"))
        return ""
