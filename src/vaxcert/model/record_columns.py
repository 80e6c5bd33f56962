"""Many records at once: vaccinations a column at a time, in two thirds of the time that they take one by one.

Only rows in which nothing is out of the ordinary are read so. All others are left to `from_mapping`, which knows what
is wrong with them.
"""

from __future__ import annotations

from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from vaxcert.errors import CodecError, SchemaError
from vaxcert.model.cells import Cells
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import VACCINATION_FIELDS
from vaxcert.model.mapping import text_of
from vaxcert.model.names import PersonName, split_vietnamese
from vaxcert.model.parsing import FieldError
from vaxcert.model.person import Person
from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord
from vaxcert.model.valuesets import resolve_product

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date

    from vaxcert.model.fields import FieldTable
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.model.person import Sex
    from vaxcert.model.record import Record

    _SomeRecord = TypeVar("_SomeRecord", VaccinationRecord, TestRecord, RecoveryRecord)
    _Name: TypeAlias = tuple[str | None, str | None, str | None, str | None, str | None]
    _Holder: TypeAlias = tuple[PartialDate, Sex | None, str | None, str | None]
    _Product: TypeAlias = tuple[str, str | None, str | None]
    _Dose: TypeAlias = tuple[str, int, int, date, str | None, str | None, str | None, str | None]

_NAME = ("full_name", "family_name", "given_name", "family_name_standardised", "given_name_standardised")
_HOLDER = ("birth_date", "sex", "citizen_id", "nationality")
_PRODUCT = ("product", "manufacturer", "vaccine")
_DOSE = ("lot", "dose_number", "total_doses", "vaccination_date", "site", "country", "issuer", "record_id")


def read_records(kind: CertificateType, rows: Sequence[Mapping[str, object]]) -> Sequence[Record | SchemaError]:
    """Return for each of *rows* the record that `from_mapping` of this *kind* returns, or the error that it raises."""
    match kind:
        case CertificateType.VACCINATION:
            return _read_vaccinations(rows)
        case CertificateType.TEST:
            return [_read_alone(TestRecord, row) for row in rows]
        case CertificateType.RECOVERY:
            return [_read_alone(RecoveryRecord, row) for row in rows]


def _read_alone(kind: type[_SomeRecord], row: Mapping[str, object]) -> _SomeRecord | SchemaError:
    try:
        return kind.from_mapping(row)
    except SchemaError as error:
        return error


def _read_vaccinations(rows: Sequence[Mapping[str, object]]) -> list[VaccinationRecord | SchemaError]:
    columns = _Columns(rows, VACCINATION_FIELDS)
    names = cast("Iterator[_Name]", columns.values(_NAME))
    holders = cast("Iterator[_Holder]", columns.values(_HOLDER))
    products = cast("Iterator[_Product]", columns.values(_PRODUCT))
    doses = cast("Iterator[_Dose]", columns.values(_DOSE))
    records: list[VaccinationRecord | SchemaError] = []
    for number, values in enumerate(zip(names, holders, products, doses, strict=True)):
        record = None if number in columns.odd else _record(*values)
        records.append(_read_alone(VaccinationRecord, rows[number]) if record is None else record)
    return records


def _record(name: _Name, holder: _Holder, codes: _Product, dose: _Dose) -> VaccinationRecord | None:
    """Return the record of these values, None where anything is wrong with them."""
    full, family, given, family_std, given_std = name
    birth_date, sex, citizen_id, nationality = holder
    product, manufacturer, vaccine = codes
    lot, dose_number, total_doses, vaccination_date, site, country, issuer, record_id = dose
    if full is not None:
        if family or given:
            return None
        family, given = split_vietnamese(full)
    try:
        return VaccinationRecord(
            person=Person(
                name=PersonName.of(family or "", given or "", family_std=family_std or "", given_std=given_std or ""),
                birth_date=birth_date,
                sex=sex,
                citizen_id=citizen_id,
                nationality=nationality,
            ),
            product=resolve_product(product, manufacturer=manufacturer, vaccine=vaccine),
            lot=lot,
            dose_number=dose_number,
            total_doses=total_doses,
            vaccination_date=vaccination_date,
            site=site,
            country=country,
            issuer=issuer,
            record_id=record_id,
        )
    except (CodecError, SchemaError):
        return None


class _Columns:
    """The values of rows by field, and the numbers of the `odd` rows, of whose values some could not be read."""

    def __init__(self, rows: Sequence[Mapping[str, object]], known: FieldTable) -> None:
        self.odd: set[int] = set()
        self._absent = [None] * len(rows)
        self._columns: dict[str, Sequence[object]] = {}
        names = tuple(rows[0]) if rows else ()
        cells = _cells(rows, names) if known.required <= set(names) <= known.readers.keys() else None
        if cells is None:
            self.odd.update(range(len(rows)))
            return
        for name, column in zip(names, zip(*cells, strict=True), strict=True):
            self._columns[name] = self._read(column, known.readers[name], is_required=name in known.required)

    def values(self, names: Sequence[str]) -> Iterator[tuple[object, ...]]:
        """Yield of each row the values with these *names*, None for one that is absent."""
        return zip(*[self._columns.get(name, self._absent) for name in names], strict=True)

    def _read(self, column: Sequence[object], read: Callable[[str], object], *, is_required: bool) -> Sequence[object]:
        with suppress(FieldError, TypeError):  # the latter where it is not all text
            texts = list(map(str.strip, cast("Sequence[str]", column)))
            if not (is_required and "" in texts):
                return list(map(read, texts))
        values: list[object] = []
        for number, each in enumerate(column):
            value, is_wrong = None, True
            with suppress(FieldError):
                value, is_wrong = read(text_of(each).strip()), False
            if is_wrong or (is_required and value is None):
                self.odd.add(number)
            values.append(value)
        return values


def _cells(rows: Sequence[Mapping[str, object]], names: Sequence[str]) -> Sequence[Sequence[object]] | None:
    """Return the cells of *rows* in the order of *names*, None unless every row has these and no others."""
    first = rows[0]
    if type(first) is Cells:
        cells = [row.cells for row in rows if type(row) is Cells and row.names is first.names]
        if len(cells) == len(rows):
            return cells
    if {*map(len, rows)} != {len(names)}:
        return None
    try:
        return list(map(itemgetter(*names), rows))
    except KeyError:
        return None
