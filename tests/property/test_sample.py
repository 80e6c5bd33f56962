"""The invented population, whatever its seed: by the rules of its days, of one piece, and refused where it says so."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.authority import AT, issuer
from vaxcert.errors import SchemaError
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.sample.courses import Dose, course
from vaxcert.service.sample.records import ERROR_COLUMN, sample_records
from vaxcert.service.sample.slips import SLIPS
from vaxcert.service.sample.vaccines import AZ, FIRST_DAY, LAST_DAY, MODERNA, PFIZER, SECOND_INSTEAD

LAST = LAST_DAY.toordinal()
SEEDS = st.integers(0, 2**64)
COUNTS = st.integers(0, 600)
BIRTHS = st.dates(date(1921, 1, 1), date(2017, 7, 1)).map(date.toordinal)
CODES = {slip.name: slip.code for slip in SLIPS}


def doses_of(seed: int, born: int) -> list[Dose]:
    return course(Random(seed), born=born, until=LAST)


def age(born: int, day: int) -> int:
    birth, then = date.fromordinal(born), date.fromordinal(day)
    return then.year - birth.year - ((then.month, then.day) < (birth.month, birth.day))


# --- courses -------------------------------------------------------------------------------------------------------


@given(SEEDS, BIRTHS)
def test_no_vaccine_is_given_before_it_was_there(seed: int, born: int) -> None:
    for dose in doses_of(seed, born):
        assert max(dose.vaccine.since, FIRST_DAY.toordinal()) <= dose.day <= LAST


@given(SEEDS, BIRTHS)
def test_the_young_wait_for_their_turn_and_get_theirs(seed: int, born: int) -> None:
    for dose in doses_of(seed, born):
        years = age(born, dose.day)
        assert years >= 5
        if years < 12:
            assert dose.day >= date(2022, 4, 14).toordinal()
        if years < 17:
            assert dose.day >= date(2021, 11, 1).toordinal()
            assert dose.vaccine in {PFIZER, MODERNA}


@given(SEEDS, BIRTHS)
def test_doses_are_numbered_by_the_rule_for_certificates(seed: int, born: int) -> None:
    doses = doses_of(seed, born)
    assert [dose.number for dose in doses] == list(range(1, len(doses) + 1))
    for dose in doses:
        series = doses[0].vaccine.doses
        assert dose.total == (series if dose.number <= series or series == 1 else dose.number)


@given(SEEDS, BIRTHS)
def test_intervals_are_kept(seed: int, born: int) -> None:
    doses = doses_of(seed, born)
    series = doses[0].vaccine.doses if doses else 0
    for before, after in pairwise(doses):
        days = after.day - before.day
        if after.number <= series:
            assert doses[0].vaccine.early <= days <= doses[0].vaccine.interval[1]
        elif after.number == series + 1:
            assert days >= 90
            assert after.day >= date(2021, 12, 18).toordinal()
        else:
            assert days >= 120
            assert after.day >= date(2022, 5, 18).toordinal()


@given(SEEDS, BIRTHS)
def test_a_primary_series_is_mixed_only_as_allowed(seed: int, born: int) -> None:
    doses = doses_of(seed, born)
    for dose in doses[: doses[0].vaccine.doses] if doses else []:
        assert dose.vaccine in {doses[0].vaccine, SECOND_INSTEAD.get(doses[0].vaccine)}
    assert all(dose.vaccine in {AZ, PFIZER, MODERNA} for dose in doses[3:])


@given(SEEDS, BIRTHS, st.dates(FIRST_DAY - timedelta(9), LAST_DAY).map(date.toordinal))
def test_an_earlier_end_only_cuts_the_course(seed: int, born: int, until: int) -> None:
    whole = doses_of(seed, born)
    assert course(Random(seed), born=born, until=until) == [dose for dose in whole if dose.day <= until]


# --- records -------------------------------------------------------------------------------------------------------


@given(SEEDS, COUNTS, COUNTS, st.sampled_from([0.0, 0.1, 1.0]))
def test_a_smaller_count_is_the_beginning_of_a_larger(seed: int, less: int, more: int, errors: float) -> None:
    less, more = sorted((less, more))
    whole = list(sample_records(more, seed=seed, errors=errors))
    assert list(sample_records(less, seed=seed, errors=errors)) == whole[:less]


@given(SEEDS, COUNTS, COUNTS, st.sampled_from([0.0, 0.1]))
def test_parts_make_the_whole(seed: int, skip: int, count: int, errors: float) -> None:
    whole = list(sample_records(skip + count, seed=seed, errors=errors))
    assert list(sample_records(count, seed=seed, skip=skip, errors=errors)) == whole[skip:]


@pytest.mark.parametrize("seed", range(4))
def test_every_error_is_met_as_stated(seed: int) -> None:
    maker = issuer()
    at = AT + timedelta(days=31)
    met = set()
    for row in sample_records(1500, seed=seed, until=date(2021, 12, 31), errors=0.5, is_labelled=True):
        kind = row.pop(ERROR_COLUMN)
        codes = set()
        try:
            maker.issue(VaccinationRecord.from_mapping(row), at=at)
        except SchemaError as error:
            codes = {problem.code for problem in error.problems}
        expected = CODES[kind] if kind else None
        assert codes == ({expected} if expected else set()), kind
        met.add(kind)
    assert met == {"", *CODES}
