import pytest

from vaxcert.errors import IdentifierError
from vaxcert.model.person import Sex
from vaxcert.model.personal_number import NumberWarning, PersonalNumber


@pytest.mark.parametrize(
    ("digits", "sex", "year"),
    [
        ("001000000000", Sex.MALE, 1900),
        ("001199000000", Sex.FEMALE, 1999),
        ("001200000000", Sex.MALE, 2000),
        ("001321000000", Sex.FEMALE, 2021),
        ("001450000000", Sex.MALE, 2150),
        ("001799000000", Sex.FEMALE, 2299),
        ("001899000000", Sex.MALE, 2399),
    ],
)
def test_century_sex_and_year_are_told(digits: str, sex: Sex, year: int) -> None:
    number = PersonalNumber(digits)
    assert (number.birthplace_code, number.sex, number.birth_year) == ("001", sex, year)


@pytest.mark.parametrize(
    "digits", ["", "00100000000", "0010000000000", "00100000000x", "00100000000\u0660", "001000000000\n"]
)
def test_anything_but_twelve_digits_is_refused(digits: str) -> None:
    with pytest.raises(IdentifierError, match="12 digits"):
        PersonalNumber(digits)


@pytest.mark.parametrize("place", ["024", "080", "091", "046", "096"])
def test_a_code_of_2016_stays_good_whatever_became_of_the_province(place: str) -> None:
    assert PersonalNumber(f"{place}084000999").warnings == ()


@pytest.mark.parametrize("place", ["003", "005", "028", "097", "099", "000"])
def test_no_other_province_has_a_code(place: str) -> None:
    assert [warning.code for warning in PersonalNumber(f"{place}084000999").warnings] == ["unknown_birthplace"]


def test_what_is_not_known_is_not_compared() -> None:
    assert PersonalNumber("001084000999").differences(None, None) == ()
    assert PersonalNumber("001084000999").differences(Sex.OTHER, None) == ()


def test_a_warning_hides_the_number_that_was_likely_meant() -> None:
    assert "999" not in repr(NumberWarning(code="leading_zero_lost", message="has 11 digits", likely="001084000999"))
