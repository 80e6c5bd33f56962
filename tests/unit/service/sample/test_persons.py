"""Invented people: of all ages, and with numbers that agree with who they are."""

from __future__ import annotations

from collections import Counter
from datetime import date
from random import Random

import pytest

from vaxcert.service.sample.persons import birth_day, invent, written
from vaxcert.service.sample.provinces import PROVINCES

MANY = 20_000
CHANCE = Random(11)
BIRTHS = [date.fromordinal(birth_day(CHANCE)) for _ in range(MANY)]
PEOPLE = [(born, invent(CHANCE, born=born.toordinal(), number=number)) for number, born in enumerate(BIRTHS)]
CITIZENS = [(born, person.fields) for born, person in PEOPLE if person.fields["nationality"] == "VN"]


def test_ages_are_a_pyramid() -> None:
    ages = Counter((2021 - born.year) // 15 for born in BIRTHS)
    young, middle, old = ages[1], ages[3], ages[5]
    assert young > middle > old > 0
    assert min(BIRTHS) > date(1920, 1, 1)
    assert max(BIRTHS) <= date(2017, 7, 1)


def test_more_women_grow_old() -> None:
    shares = []
    for first, last in ((1920, 1945), (1990, 2017)):
        sexes = [fields["sex"] for born, fields in CITIZENS if first <= born.year <= last]
        shares.append(sexes.count("female") / len(sexes))
    assert shares[0] > 0.58
    assert 0.45 < shares[1] < 0.51


def test_citizens_numbers_agree_with_birth_and_sex() -> None:
    seen = 0
    for born, fields in CITIZENS:
        number = fields["citizen_id"]
        if len(number) == 12:
            seen += 1
            assert number.isdigit()
            assert int(number[3]) == 2 * (born.year // 100 - 19) + (fields["sex"] == "female")
            assert number[4:6] == f"{born.year % 100:02}"
    assert seen / len(CITIZENS) > 0.93


def test_citizens_numbers_begin_with_every_province_and_nothing_else() -> None:
    starts = {fields["citizen_id"][:3] for _, fields in CITIZENS if len(fields["citizen_id"]) == 12}
    assert starts == {f"0{province.code}" for province in PROVINCES.values}


def test_one_in_twenty_has_the_old_card_alone() -> None:
    old = [(born, fields["citizen_id"]) for born, fields in CITIZENS if len(fields["citizen_id"]) == 9]
    assert 0.04 < len(old) / len(CITIZENS) < 0.06
    assert max(born.year for born, _ in old) < 2002, "a child had no card when they were given out"
    assert {number[:2] for _, number in old} <= {province.old_card for province in PROVINCES.values}


def test_no_two_people_have_one_number() -> None:
    numbers = Counter((person.fields["nationality"], person.fields["citizen_id"]) for _, person in PEOPLE)
    assert numbers.most_common(1)[0][1] == 1
    assert not any(number == "" for _, number in numbers)


def test_one_in_a_hundred_is_a_foreigner() -> None:
    assert 0.007 < 1 - len(CITIZENS) / MANY < 0.013


def test_some_of_the_old_know_only_their_year() -> None:
    short = [born for born, fields in CITIZENS if len(fields["birth_date"]) == 4]
    assert 0.004 < len(short) / len(CITIZENS) < 0.012
    assert max(short).year < 1960


def test_both_forms_of_dates_are_met() -> None:
    local = [person.fields["birth_date"] for _, person in PEOPLE if person.has_local_dates]
    assert 0.27 < len(local) / MANY < 0.33
    assert not any("-" in text for text in local)


@pytest.mark.parametrize(("is_local", "text"), [(True, "03/09/1984"), (False, "1984-09-03")])
def test_a_day_is_written_in_either_form(*, is_local: bool, text: str) -> None:
    assert written(date(1984, 9, 3), is_local=is_local) == text
