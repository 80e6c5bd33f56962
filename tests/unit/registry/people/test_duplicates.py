import pytest

from tests.invented_people import NUMBER, PHONE, person
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.registry.people.demographics import Demographics
from vaxcert.registry.people.duplicates import POINTS, Comparison, Likeness, Reason, compare, swapped


def reasons(one: Demographics, other: Demographics) -> list[str]:
    return [reason.value for reason in compare(one, other).reasons]


def test_the_same_number_name_and_birth_date_are_certain() -> None:
    found = compare(person(numbers=(NUMBER,)), person("NGUYEN", "THI ANH", numbers=(NUMBER,)))
    assert found.reasons == (Reason.SAME_NUMBER, Reason.SAME_NAME, Reason.SAME_BIRTH_DATE)
    assert found.likeness is Likeness.CERTAIN


def test_the_same_name_on_the_same_day_is_only_possible() -> None:
    found = compare(person(), person())
    assert found.likeness is Likeness.POSSIBLE
    assert found.is_candidate


def test_a_shared_phone_makes_it_likely() -> None:
    assert compare(person(phones=(PHONE,)), person(phones=(PHONE,))).likeness is Likeness.LIKELY


def test_two_citizen_numbers_make_it_unlikely() -> None:
    found = compare(person(numbers=(NUMBER,)), person(numbers=("051184000999",)))
    assert Reason.DIFFERENT_NUMBER in found.reasons
    assert found.likeness is Likeness.UNLIKELY
    assert not found.is_candidate


def test_a_family_that_shares_a_phone_is_no_candidate() -> None:
    mother, son = person(phones=(PHONE,)), person("Nguyễn", "Văn Bình", "2015-06-01", sex=Sex.MALE, phones=(PHONE,))
    assert not compare(mother, son).is_candidate


def test_twins_are_not_likely_one_person() -> None:
    one = person("Trần", "Minh Anh", "2016-05-04", phones=(PHONE,), address="12 Lê Lợi")
    other = person("Trần", "Minh An", "2016-05-04", phones=(PHONE,), address="12 LE LOI")
    found = compare(one, other)
    assert Reason.SAME_ADDRESS in found.reasons
    assert found.likeness is not Likeness.CERTAIN


def test_one_number_for_two_different_people_is_looked_at() -> None:
    found = compare(person(numbers=(NUMBER,)), person("Lê", "Văn Tám", "1950", sex=Sex.MALE, numbers=(NUMBER,)))
    assert found.likeness is Likeness.UNLIKELY
    assert found.is_candidate


def test_an_old_card_and_a_citizen_card_tell_no_difference() -> None:
    assert "different_number" not in reasons(person(numbers=(NUMBER,)), person(numbers=("271234567",)))


def test_one_insurance_and_two_citizen_numbers_speak_for_and_against() -> None:
    one, other = person(numbers=(NUMBER, "7916012345")), person(numbers=("051184000999", "DN4797916012345"))
    assert {"same_number", "different_number"} <= set(reasons(one, other))


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ("1984-03-08", "1984-08-03", Reason.SWAPPED_BIRTH_DATE),
        ("1984-03-18", "1984", Reason.COMPATIBLE_BIRTH_DATE),
        ("1984-03", "1984-03-18", Reason.COMPATIBLE_BIRTH_DATE),
        ("1984-03-18", "1985", Reason.DIFFERENT_BIRTH_DATE),
        ("1984-03-18", "1984-03-19", Reason.DIFFERENT_BIRTH_DATE),
    ],
)
def test_birth_dates_compared(one: str, other: str, reason: Reason) -> None:
    assert reason in compare(person(born=one), person(born=other)).reasons


@pytest.mark.parametrize(
    ("born", "other"),
    [("1984-03-08", "1984-08-03"), ("1984-03-18", None), ("1984-03-03", None), ("1984-03", None), ("1984", None)],
)
def test_day_and_month_swapped(born: str, other: str | None) -> None:
    assert swapped(PartialDate(born)) == (None if other is None else PartialDate(other))


def test_an_unknown_sex_speaks_neither_for_nor_against() -> None:
    assert "different_sex" not in reasons(person(sex=None), person())
    assert "different_sex" in reasons(person(sex=Sex.MALE), person())


def test_two_empty_addresses_are_not_the_same_address() -> None:
    assert "same_address" not in reasons(person(), person())


def test_every_reason_is_worth_something() -> None:
    assert set(POINTS) == set(Reason)
    assert all(POINTS.values())


def test_no_points_are_unlikely() -> None:
    assert Comparison(points=0, reasons=()).likeness is Likeness.UNLIKELY
