"""The contract of files: which columns there are, and what they may be called."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import FIELDS_OF, RECOVERY_FIELDS, TEST_FIELDS, VACCINATION_FIELDS, fold_name
from vaxcert.model.mapping import Values

if TYPE_CHECKING:
    from vaxcert.model.fields import FieldTable

TABLES = pytest.mark.parametrize("table", FIELDS_OF.values(), ids=FIELDS_OF)


def test_each_kind_of_certificate_has_its_fields() -> None:
    assert FIELDS_OF == {
        CertificateType.VACCINATION: VACCINATION_FIELDS,
        CertificateType.TEST: TEST_FIELDS,
        CertificateType.RECOVERY: RECOVERY_FIELDS,
    }


def test_the_vaccination_has_the_fields_of_the_contract() -> None:
    assert VACCINATION_FIELDS.describe() == (
        "[record_id] [family_name] [given_name] [full_name] [family_name_standardised] [given_name_standardised] "
        "birth_date [sex] [citizen_id] [nationality] product [manufacturer] [vaccine] lot dose_number total_doses "
        "vaccination_date [site] [country] [issuer]"
    )


def test_tests_and_recoveries_have_their_own() -> None:
    assert TEST_FIELDS.required == {"birth_date", "test_type", "sampled_at", "result"}
    assert RECOVERY_FIELDS.required == {"birth_date", "first_positive_date", "valid_from", "valid_until"}


def test_every_field_has_a_type() -> None:
    assert {field.name for table in FIELDS_OF.values() for field in table} == set(Values.__annotations__)


@TABLES
def test_no_two_fields_share_a_name(table: FieldTable) -> None:
    names = [fold_name(name) for field in table for name in (field.name, *field.aliases)]
    assert len(names) == len(set(names))
    assert all(names)


@TABLES
def test_every_field_says_what_it_means(table: FieldTable) -> None:
    for field in table:
        assert field.meaning
        assert not field.meaning.endswith(".")
        assert unicodedata.is_normalized("NFC", "".join(field.aliases))


@pytest.mark.parametrize(
    "text", ["Ngày sinh", "  NGÀY   SINH ", "ngày_sinh", unicodedata.normalize("NFD", "ngày sinh")]
)
def test_a_name_is_known_in_any_case_and_form(text: str) -> None:
    assert VACCINATION_FIELDS.names[fold_name(text)] == "birth_date"


@pytest.mark.parametrize("text", ["Ngay sinh", "Ho", "Ten", "So lo", "ngaysinh", "birth-date", "birth date?"])
def test_another_spelling_is_another_name(text: str) -> None:
    assert fold_name(text) not in VACCINATION_FIELDS.names


@pytest.mark.parametrize(
    ("text", "near"),
    [
        ("birthdate", "birth_date"),
        ("Ngay sinh", "birth_date"),
        ("manufaturer", "manufacturer"),
        ("vaccination date (dd/mm/yyyy)", "vaccination_date"),
        ("Số lô vắc xin", "lot"),
        ("phone", None),
        ("", None),
        ("ghi chú", None),
        ("x" * 1_000_000, None),
    ],
)
def test_the_nearest_name_is_a_hint(text: str, near: str | None) -> None:
    assert VACCINATION_FIELDS.nearest(text) == near
