"""Invented records: seeded, plausible, and all of them issuable."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest

from vaxcert.model.records import VaccinationRecord
from vaxcert.service.sample import COLUMNS, sample_records, write_csv

RECORDS = [VaccinationRecord.from_mapping(row) for row in sample_records(1500, seed=2)]


def test_the_same_seed_makes_the_same_records() -> None:
    assert list(sample_records(20, seed=1)) == list(sample_records(20, seed=1))
    assert list(sample_records(20, seed=1)) != list(sample_records(20, seed=2))
    assert list(sample_records(5, seed=1)) == list(sample_records(20, seed=1))[:5]


@pytest.mark.parametrize("count", [0, -1])
def test_no_records_can_be_asked_for(count: int) -> None:
    assert list(sample_records(count)) == []


def test_they_are_made_one_at_a_time() -> None:
    assert next(sample_records(10**12))["record_id"] == "VN-000001"


def test_doses_lie_in_their_year_and_after_birth() -> None:
    days = [record.vaccination_date for record in RECORDS]
    assert date(2021, 3, 8) <= min(days)
    assert max(days) <= date(2021, 12, 31)
    assert not any(record.person.birth_date.latest > record.vaccination_date for record in RECORDS)
    assert len(set(days)) > 100


def test_no_two_records_have_one_number() -> None:
    assert len({record.record_id for record in RECORDS}) == len(RECORDS)


def test_names_are_not_all_of_one_pattern() -> None:
    families = [record.person.name.family for record in RECORDS]
    assert 0.25 < families.count("Nguyễn") / len(families) < 0.45
    assert "" in families  # a holder with one name
    assert any(not record.person.name.full.isascii() for record in RECORDS)
    assert {"DE", "IE", "RU", "SE", "VN"} == {record.person.nationality for record in RECORDS}


def test_a_lot_of_another_maker_has_that_makers_product() -> None:
    makers = {record.product.product: record.product.manufacturer for record in RECORDS}
    assert makers["Covishield"] == "ORG-100001981"
    assert makers["EU/1/21/1529"] == "ORG-100001699"


def test_identity_numbers_agree_with_birth_and_sex() -> None:
    numbers = [(record.person.citizen_id, record.person) for record in RECORDS if record.person.citizen_id]
    assert len(numbers) > 1000
    for number, person in numbers:
        assert len(number) == 12
        year = person.birth_date.earliest.year
        assert number[3] == str(2 * (year // 100 - 19) + (person.sex == "female"))
        assert number[4:6] == f"{year % 100:02}"


def test_a_csv_has_them_under_their_columns() -> None:
    text = io.StringIO(newline="")
    write_csv(text, 30, seed=3)
    rows = list(csv.DictReader(io.StringIO(text.getvalue(), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert rows == list(sample_records(30, seed=3))
