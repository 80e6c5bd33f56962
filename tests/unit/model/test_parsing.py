"""What people write into one field, and what it means."""

from __future__ import annotations

import unicodedata
from collections import Counter
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from vaxcert.model import parsing
from vaxcert.model.parsing import FieldError
from vaxcert.model.person import Sex
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from collections.abc import Callable


def code_of(parse: Callable[[str], object], text: str) -> str:
    with pytest.raises(FieldError) as caught:
        parse(text)
    assert len(text) < 3 or text not in caught.value.message
    return caught.value.code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("FF0042", "FF0042"),
        ("  Trạm  y\u00a0tế\t1 ", "Trạm y tế 1"),
        ("Trạm y tế\r\nphường Bình Minh", "Trạm y tế phường Bình Minh"),
        (unicodedata.normalize("NFD", "Bệnh viện đa khoa"), "Bệnh viện đa khoa"),
        (unicodedata.normalize("NFD", "ộ" * 80), "ộ" * 80),  # 240 characters before, 80 after
        ("'t Hooft =1+1", "'t Hooft =1+1"),
    ],
)
def test_a_text_is_one_line_in_nfc(text: str, value: str) -> None:
    assert parsing.parse_text(text) == value


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a" * 81, "too_long"),
        ("a" * 1_000_000, "too_long"),
        (" ".join("a" * 41), "too_long"),
        ("a\x00b", "invisible_character"),
        ("\x1b[31mred", "invisible_character"),
        ("a\u200bb", "invisible_character"),
        ("\ufeffa", "invisible_character"),
        ("\u202ea", "invisible_character"),
        ("\ud800", "invisible_character"),
        ("\U0010ffff", "invisible_character"),
    ],
)
def test_a_text_that_would_not_be_seen_is_refused(text: str, code: str) -> None:
    assert code_of(parsing.parse_text, text) == code


@pytest.mark.parametrize("text", ["2021-09-12", "12/09/2021", "12/9/2021"])
def test_a_day_is_iso_or_day_first(text: str) -> None:
    assert parsing.parse_day(text) == date(2021, 9, 12)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2021", "incomplete_date"),
        ("2021-09", "incomplete_date"),
        ("9/2021", "incomplete_date"),
        ("31/02/2021", "invalid_date"),
        ("09/13/2021", "invalid_date"),
        ("12/09/21", "invalid_date"),
        ("12.09.2021", "invalid_date"),
        ("12-09-2021", "invalid_date"),
        ("20210912", "invalid_date"),
        ("2021-09-12 00:00:00", "invalid_date"),
        ("44451", "invalid_date"),  # what Excel has inside
        ("２０２１-09-12", "invalid_date"),
        ("1899-12-31", "invalid_date"),
        ("2100-01-01", "invalid_date"),
        ("hôm qua", "invalid_date"),
        ("9" * 5000, "invalid_date"),
    ],
)
def test_what_is_no_day_is_refused(text: str, code: str) -> None:
    assert code_of(parsing.parse_day, text) == code


def test_a_birth_date_may_be_partial() -> None:
    assert [str(parsing.parse_partial_day(text)) for text in ("1984", "3/1984", "18/03/1984")] == [
        "1984",
        "1984-03",
        "1984-03-18",
    ]


def test_a_wrong_date_is_told_how_it_is_written() -> None:
    with pytest.raises(FieldError, match="18/03/1984"):
        parsing.parse_partial_day("18/03/84")
    with pytest.raises(FieldError, match="1984-03-18"):
        parsing.parse_partial_day("18.03.1984")
    with pytest.raises(FieldError, match="within 1900 to 2099"):
        parsing.parse_partial_day("1899")


@pytest.mark.parametrize(("text", "value"), [("2", 2), ("02", 2), ("0", 0), ("9999", 9999)])
def test_an_integer_is_its_digits(text: str, value: int) -> None:
    assert parsing.parse_integer(text) == value


@pytest.mark.parametrize(
    "text", ["2.0", "2,0", "-1", "+1", "1e1", "0x1", "２", "²", "١", "1 2", "mũi 2", "12345", "9" * 9999]
)
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    assert code_of(parsing.parse_integer, text) == "not_a_number"


@pytest.mark.parametrize(
    "text",
    ["2021-11-02T08:30+07:00", "2021-11-02T01:30:00Z", "2021-11-02 01:30:00.000+00:00", "2021-11-01T19:30-06:00"],
)
def test_an_instant_has_its_zone(text: str) -> None:
    assert parsing.parse_instant(text) == datetime(2021, 11, 2, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2021-11-02T08:30", "no_time_zone"),
        ("2021-11-02", "no_time_zone"),
        ("02/11/2021 08:30", "invalid_instant"),
        ("0001-01-01T00:00+14:00", "invalid_instant"),  # no such instant in UTC
        ("9999-12-31T23:59-12:00", "invalid_instant"),
        ("2100-01-01T00:00Z", "invalid_instant"),
        ("2021-13-02T08:30Z", "invalid_instant"),
        ("now", "invalid_instant"),
        ("Z" * 5000, "invalid_instant"),
    ],
)
def test_what_is_no_instant_is_refused(text: str, code: str) -> None:
    assert code_of(parsing.parse_instant, text) == code


@pytest.mark.parametrize(
    "text", ["VN", "vn", "Việt Nam", "việt nam", "Viet Nam", unicodedata.normalize("NFD", "Việt Nam")]
)
def test_a_country_is_its_code_or_name(text: str) -> None:
    assert parsing.parse_country(text) == "VN"


def test_no_two_countries_have_one_name() -> None:
    for names in value_set("country").displays.values():
        assert Counter(display.lower() for display in names.values()).most_common(1)[0][1] == 1
    english, vietnamese = value_set("country").displays["en"], value_set("country").displays["vi"]
    by_name = {display.lower(): code for code, display in english.items()}
    assert all(by_name.get(display.lower(), code) == code for code, display in vietnamese.items())


@pytest.mark.parametrize("text", ["ZZ", "VNM", "84", "EU", "ß", "Atlantis"])
def test_what_is_no_country_is_refused(text: str) -> None:
    assert code_of(parsing.parse_country, text) == "unknown_country"


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parsing.parse_sex, "Nam", Sex.MALE),
        (parsing.parse_sex, "NỮ", Sex.FEMALE),
        (parsing.parse_sex, unicodedata.normalize("NFD", "nữ"), Sex.FEMALE),
        (parsing.parse_sex, "x", Sex.OTHER),
        (parsing.parse_test_type, "RT-PCR", "LP6464-4"),
        (parsing.parse_test_type, "lp217198-3", "LP217198-3"),
        (parsing.parse_result, "Dương tính", "260373001"),
        (parsing.parse_result, "Not detected", "260415000"),
        (parsing.parse_device, "1232", "1232"),
    ],
)
def test_a_word_is_its_code(parse: Callable[[str], object], text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "code"),
    [
        (parsing.parse_sex, "1", "unknown_sex"),
        (parsing.parse_sex, "fe male", "unknown_sex"),
        (parsing.parse_test_type, "serology", "unknown_test_type"),
        (parsing.parse_result, "?", "unknown_result"),
        (parsing.parse_result, "am tinh", "unknown_result"),
        (parsing.parse_device, "9999", "unknown_device"),
        (parsing.parse_device, "1065", "deprecated_code"),
    ],
)
def test_another_word_is_refused(parse: Callable[[str], object], text: str, code: str) -> None:
    assert code_of(parse, text) == code
