"""The stream of records: seeded, of one piece however it is cut, and lifelike as a whole."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import tracemalloc
from collections import Counter, defaultdict, deque
from datetime import date
from itertools import pairwise

import pytest

from vaxcert.model.records import VaccinationRecord
from vaxcert.service.sample import COLUMNS, sample_records, write_csv
from vaxcert.service.sample.records import ERROR_COLUMN, WRITERS, write_json_lines
from vaxcert.service.sample.slips import SLIPS

MANY = 20_000
ROWS = list(sample_records(MANY, seed=2))
RECORDS = [VaccinationRecord.from_mapping(row) for row in ROWS]
IDENTITY = COLUMNS[1:9]
DIGEST = "8d8a7d9cf46df06f6be78b424ee462dd7acc52c9708aceba4e5572ba63c0f23b"
"""Of the first records of one seed: whoever has a seed from an older version may count on them."""


# --- seeds, counts and parts ---------------------------------------------------------------------------------------


def test_the_same_seed_makes_the_same_records() -> None:
    assert list(sample_records(20, seed=1)) == list(sample_records(20, seed=1))
    assert list(sample_records(20, seed=1)) != list(sample_records(20, seed=2))


def test_the_bytes_are_those_of_every_python_and_machine() -> None:
    text = io.StringIO(newline="")
    write_csv(text, sample_records(600, seed=7, errors=0.2))
    assert hashlib.sha256(text.getvalue().encode()).hexdigest() == DIGEST, (
        "the population has changed: say so in the changes"
    )


def test_the_seed_has_a_sign() -> None:
    assert list(sample_records(5, seed=-1)) != list(sample_records(5, seed=1))


@pytest.mark.parametrize("count", [0, -1])
def test_no_records_can_be_asked_for(count: int) -> None:
    assert list(sample_records(count)) == []


def test_they_are_made_one_block_at_a_time() -> None:
    assert next(sample_records(10**12))["record_id"] == "VN-000001"
    assert next(sample_records(10**12, skip=10**12))["record_id"] == "VN-1000000000001"


def test_memory_does_not_grow_with_the_count() -> None:
    deque(sample_records(1000), maxlen=0)  # what is loaded once
    peaks = []
    for count in (1000, 8000):
        tracemalloc.start()
        deque(sample_records(count, errors=0.2, is_labelled=True), maxlen=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] + 50_000


@pytest.mark.parametrize("until", [date(2021, 6, 29), date(2020, 1, 1)])
def test_a_time_before_the_campaign_is_refused(until: date) -> None:
    with pytest.raises(ValueError, match="too few were vaccinated"):
        sample_records(1, until=until)


@pytest.mark.parametrize("options", [{"skip": -1}, {"errors": -0.1}, {"errors": 12}])
def test_what_makes_no_sense_is_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="skip must not be negative"):
        sample_records(1, **options)  # type: ignore[arg-type] # whole numbers are what skip is given


@pytest.mark.parametrize("until", [date(2021, 6, 30), date(2021, 12, 31)])
def test_no_dose_is_later_than_asked_for(until: date) -> None:
    days = [VaccinationRecord.from_mapping(row).vaccination_date for row in sample_records(500, until=until)]
    assert max(days) <= until
    assert (until - max(days)).days < 7


# --- the whole -----------------------------------------------------------------------------------------------------


def test_no_two_records_have_one_number() -> None:
    assert [row["record_id"] for row in ROWS] == [f"VN-{number:06}" for number in range(1, MANY + 1)]


def test_the_doses_of_a_person_have_one_identity_and_stand_in_order() -> None:
    people: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, row in enumerate(ROWS):
        people[row["nationality"], row["citizen_id"]].append(number)
    several = [numbers for numbers in people.values() if len(numbers) > 1]
    assert len(several) / len(people) > 0.6
    for numbers in several:
        assert len({tuple(ROWS[number][column] for column in IDENTITY) for number in numbers}) == 1
        days = [RECORDS[number].vaccination_date for number in numbers]
        assert days == sorted(set(days))
        assert [RECORDS[number].dose_number for number in numbers] == list(range(1, len(numbers) + 1))
    assert any(later - earlier > 1 for numbers in several for earlier, later in pairwise(numbers))


def test_series_and_boosters_are_written_as_they_are() -> None:
    doses = Counter((record.dose_number, record.total_doses) for record in RECORDS)
    assert doses.keys() <= {(1, 1), (1, 2), (2, 2), (1, 3), (2, 3), (3, 3), (4, 4), (5, 5), (2, 1)}
    assert min(doses[kind] for kind in ((1, 1), (2, 1), (3, 3), (4, 4), (1, 3))) > 0
    assert doses[1, 2] > doses[2, 2] > doses[3, 3] > doses[4, 4]


def test_a_lot_of_another_maker_has_that_makers_product() -> None:
    makers = {record.product.product: record.product.manufacturer for record in RECORDS}
    assert makers["Covishield"] == "ORG-100001981"
    assert makers["EU/1/21/1529"] == "ORG-100001699"
    assert len(makers) >= 9


def test_names_are_not_all_of_one_pattern() -> None:
    families = [record.person.name.family for record in RECORDS]
    assert 0.29 < families.count("Nguyễn") / MANY < 0.38
    assert "" in families  # a holder with one name


def test_most_are_vaccinated_near_home_and_all_somewhere() -> None:
    kinds = Counter((record.site or "").split(" ", 2)[0] for record in RECORDS)
    assert kinds.keys() == {"Trạm", "Bệnh", "Điểm"}
    assert 0.58 < kinds["Trạm"] / MANY < 0.66


# --- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("percent", [8, 12, 20])
def test_the_share_of_errors_is_the_one_asked_for(percent: int) -> None:
    rows = sample_records(MANY, seed=3, errors=percent / 100, is_labelled=True)
    assert abs(sum(bool(row[ERROR_COLUMN]) for row in rows) / MANY * 100 - percent) < 0.8


def test_every_kind_of_error_has_about_its_weight() -> None:
    kinds = Counter(row[ERROR_COLUMN] for row in sample_records(MANY, seed=3, errors=1, is_labelled=True))
    assert kinds.keys() == {slip.name for slip in SLIPS}
    for slip in SLIPS:
        # Where one does not fit, name_typo or missing_lot is made in its place.
        assert 0.75 * slip.weight < kinds[slip.name] / MANY * 100 < 1.35 * slip.weight, slip.name


def test_a_record_without_an_error_is_as_it_would_be() -> None:
    labelled = sample_records(2000, seed=3, errors=0.2, is_labelled=True)
    for clean, row in zip(sample_records(2000, seed=3), labelled, strict=True):
        error = row.pop(ERROR_COLUMN)
        assert (row == clean) is (error == "")
        assert row["record_id"] == clean["record_id"]


def test_labels_change_no_record() -> None:
    labelled = [row | {ERROR_COLUMN: ""} for row in sample_records(500, errors=0.3)]
    assert labelled == [row | {ERROR_COLUMN: ""} for row in sample_records(500, errors=0.3, is_labelled=True)]
    assert not any(ERROR_COLUMN in row for row in sample_records(50, errors=0.3))
    assert {row[ERROR_COLUMN] for row in sample_records(50, is_labelled=True)} == {""}


def test_a_repeated_dose_is_that_of_the_row_before() -> None:
    clean = list(sample_records(3000, seed=3))
    seen = 0
    for number, row in enumerate(sample_records(3000, seed=3, errors=0.2, is_labelled=True)):
        if row[ERROR_COLUMN] == "duplicate_dose":
            seen += 1
            assert all(row[column] == clean[number - 1][column] for column in COLUMNS[1:])
    assert seen > 20


# --- files ---------------------------------------------------------------------------------------------------------


def test_a_csv_has_them_under_their_columns() -> None:
    text = io.StringIO(newline="")
    write_csv(text, sample_records(30, seed=3))
    rows = list(csv.DictReader(io.StringIO(text.getvalue(), newline="")))
    assert tuple(rows[0]) == COLUMNS
    assert rows == list(sample_records(30, seed=3))


def test_a_csv_of_none_has_its_header() -> None:
    text = io.StringIO(newline="")
    write_csv(text, [], ("a", "b"))
    assert text.getvalue() == "a,b\n"


def test_json_lines_have_the_same_without_what_is_empty() -> None:
    text = io.StringIO()
    columns = (*COLUMNS, ERROR_COLUMN)
    write_json_lines(text, sample_records(300, seed=3, errors=0.2, is_labelled=True), columns)
    lines = text.getvalue().splitlines()
    assert "Nguyễn" in text.getvalue()
    for line, row in zip(lines, sample_records(300, seed=3, errors=0.2, is_labelled=True), strict=True):
        assert json.loads(line) == {name: value for name, value in row.items() if value}


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_an_endless_population_is_written_as_it_comes(form: str) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            if self.tell() > 50_000:
                raise OSError(28, "No space left on device")
            return super().write(text)

    with pytest.raises(OSError, match="No space"):
        WRITERS[form](Full(), sample_records(10**12), COLUMNS)


def test_they_are_all_issuable_whatever_the_seed() -> None:
    for seed in range(5):
        assert all(VaccinationRecord.from_mapping(row) for row in sample_records(300, seed=seed))
