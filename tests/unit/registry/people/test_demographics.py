from dataclasses import replace

import pytest

from tests.invented_people import NUMBER, PHONE, person
from vaxcert.model.identifiers import parse_identifier
from vaxcert.model.person import Sex
from vaxcert.registry.people.demographics import MAX_IDENTIFIERS, MAX_PHONES, changed_fields


def test_the_citizen_number_is_shown_first() -> None:
    shown = person(numbers=("DN4797916012345", "B1234567", "271234567", NUMBER)).first_identifier
    assert shown == parse_identifier(NUMBER)
    assert person().first_identifier is None


def test_what_is_odd_about_a_number_is_told_and_refuses_nothing() -> None:
    somebody = person(numbers=("051084000123",))  # a man's number, on a woman
    assert [warning.code for _, warning in somebody.number_warnings()] == ["sex_mismatch"]
    assert person(numbers=(NUMBER,)).number_warnings() == ()


def test_what_changed_between_two_versions() -> None:
    before = person(numbers=(NUMBER, "271234567"), phones=(PHONE,))
    after = replace(person("Nguyễn", "Thị Anh", numbers=("271234567", NUMBER)), sex=Sex.OTHER)
    assert changed_fields(before, after) == {"name", "phones", "sex"}
    assert changed_fields(before, before) == frozenset()


def test_a_number_twice_or_too_many_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="twice"):
        person(numbers=(NUMBER, NUMBER))
    with pytest.raises(ValueError, match="too many numbers"):
        person(numbers=tuple(f"0511840001{number:02}" for number in range(MAX_IDENTIFIERS + 1)))
    with pytest.raises(ValueError, match="too many phones"):
        person(phones=tuple(f"09123456{number:02}" for number in range(MAX_PHONES + 1)))
