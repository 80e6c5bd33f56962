"""Many records at once: the same as one by one, whatever is wrong with some of them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from tests.authority import RECOVERY, TEST, VACCINATION
from vaxcert.errors import SchemaError
from vaxcert.model import record_columns
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.record_columns import read_records
from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vaxcert.model.record import Record

V, T, R = CertificateType.VACCINATION, CertificateType.TEST, CertificateType.RECOVERY
KINDS: dict[CertificateType, Any] = {V: VaccinationRecord, T: TestRecord, R: RecoveryRecord}
GOOD: dict[str, object] = {**VACCINATION, "record_id": "VN-1", "site": "Trạm y tế 1"}


def comparable(record: Record | SchemaError) -> object:
    return record.problems if isinstance(record, SchemaError) else record


def alone(kind: CertificateType, row: Mapping[str, object]) -> object:
    try:
        return KINDS[kind].from_mapping(row)
    except SchemaError as error:
        return error.problems


def both_ways(rows: Sequence[Mapping[str, object]], kind: CertificateType = V) -> list[object]:
    """Return what *rows* are, having seen that it is the same both ways."""
    together = [comparable(record) for record in read_records(kind, rows)]
    assert together == [alone(kind, row) for row in rows]
    return together


@pytest.mark.parametrize(("kind", "fields"), [(V, GOOD), (T, TEST), (R, RECOVERY)])
def test_records_of_every_kind_are_read(kind: CertificateType, fields: dict[str, object]) -> None:
    bad = {**fields, "birth_date": "?"}
    first, wrong, last = both_ways([fields, bad, fields], kind)
    assert isinstance(first, KINDS[kind])
    assert first == last
    assert isinstance(wrong, tuple)
    assert read_records(kind, []) == []


def test_rows_that_are_alike_are_not_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{**GOOD, "record_id": f"VN-{number}", "lot": f"FF{number % 3}"} for number in range(50)]
    expected = both_ways(rows)
    monkeypatch.setattr(record_columns, "_read_alone", pytest.fail)
    assert read_records(V, rows) == expected


@pytest.mark.parametrize(
    "changes",
    [
        {"family_name": ""},
        {"family_name": "", "given_name": " "},
        {"family_name": "Nguyễn 2"},
        {"family_name_standardised": "nguyen"},
        {"birth_date": ""},
        {"birth_date": "31/02/1984"},
        {"birth_date": None},
        {"lot": " \t "},
        {"lot": "a" * 81},
        {"lot": "a\x00b"},
        {"record_id": "x" * 2_000},
        {"dose_number": "two"},
        {"dose_number": 3},
        {"dose_number": True},
        {"dose_number": 1.0},
        {"dose_number": b"1"},
        {"dose_number": [1]},
        {"dose_number": "1", "total_doses": "9"},
        {"product": "unknown"},
        {"product": "Comirnaty", "manufacturer": "AstraZeneca"},
        {"vaccination_date": "2021"},
        {"vaccination_date": "1984-01-01"},
        {"vaccination_date": date(2021, 9, 12)},
        {"nationality": "XX"},
        {"citizen_id": "1\u200b2"},
        {"sex": "?"},
        {"full_name": "Nguyễn Thị Ánh"},
        {"full_name": "Nguyễn Thị Ánh", "family_name": "", "given_name": ""},
        {"full_name": "", "country": "Việt Nam"},
        {"lott": "FF0042"},
        {"site": None},
    ],
    ids=str,
)
def test_a_row_that_is_different_is_what_it_is_by_itself(changes: dict[str, Any]) -> None:
    odd = {**GOOD, **changes}
    others = [{**GOOD, "record_id": f"VN-{number}"} for number in range(3)]
    alike = [{**dict.fromkeys(odd, ""), **other} for other in others]  # all columns that the odd one has
    for rows in ([odd], [*others, odd], [odd, *others], [*alike, odd, *alike], [odd, odd]):
        both_ways(rows)


def test_a_row_without_a_field_is_read_among_those_with_it() -> None:
    without = {name: value for name, value in GOOD.items() if name != "site"}
    renamed = {("place" if name == "site" else name): value for name, value in GOOD.items()}
    both_ways([GOOD, without, GOOD])
    both_ways([GOOD, renamed, GOOD])
    both_ways([{}, {}])


def test_equal_values_of_different_types_are_different() -> None:
    rows = [{**GOOD, "dose_number": number} for number in (1, True, 1.0, "1")]
    one, true, fraction, text = both_ways(rows)
    assert one == text
    assert isinstance(true, tuple)
    assert isinstance(fraction, tuple)
