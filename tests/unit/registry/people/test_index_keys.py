import pytest

from vaxcert.model.identifiers import IdentifierKind, parse_identifier
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.people.index_keys import birth_key, number_key, searched_numbers


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("051184000123", None), ("51184000123", None)),  # a spreadsheet dropped the zero
        (("051184000123", "cmnd"), ("051184000123", "cccd")),
        (("DN4797916012345", None), ("7916012345", None)),
        (("0116012345", None), ("116012345", "bhyt_number")),
        (("b1234567", None), ("B1234567", "passport")),
    ],
)
def test_forms_of_one_number_have_one_key(one: tuple[str, str | None], other: tuple[str, str | None]) -> None:
    keys = {
        number_key(parse_identifier(text, None if kind is None else IdentifierKind(kind)))
        for text, kind in (one, other)
    }
    assert len(keys) == 1


def test_numbers_of_different_kinds_have_different_keys() -> None:
    old, passport = parse_identifier("271234567"), parse_identifier("271234567", IdentifierKind.PASSPORT)
    assert number_key(old) != number_key(passport)


def test_the_country_of_a_passport_is_no_part_of_its_key() -> None:
    assert number_key(parse_identifier("B1234567", country="VN")) == number_key(parse_identifier("B1234567"))


def test_digits_are_searched_as_what_they_are_and_as_a_passport() -> None:
    assert searched_numbers("271 234 567") == ("vn:271234567", "passport:271234567")
    assert searched_numbers("B1234567") == ("passport:B1234567",)


@pytest.mark.parametrize("text", ["", "an", "1" * 21, "x" * 100, "Nguyễn Thị Ánh"])
def test_what_is_no_number_is_searched_as_none(text: str) -> None:
    assert searched_numbers(text) == ()


def test_the_key_of_a_birth_has_the_date_as_it_is_known() -> None:
    name = PersonName.of("Nguyễn", "Thị Ánh")
    assert birth_key(name, PartialDate("1984")) == "ANHNGUYENTHI|1984"
    assert birth_key(name, PartialDate("1984-03-18")) == "ANHNGUYENTHI|1984-03-18"
