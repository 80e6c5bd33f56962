from datetime import UTC, date, datetime

import pytest

from vaxcert.errors import PartialDateError
from vaxcert.model.partial_date import PartialDate


@pytest.mark.parametrize("text", ["1984-03-18", "1984-03", "1984", "2024-02-29", "1900-01-01", "2099-12-31", "2000"])
def test_an_iso_date_comes_back_as_it_was(text: str) -> None:
    assert str(PartialDate.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1984-03-18 ",
        " 1984",
        "1984-03-18\n",
        "1984\n",
        "18/03/1984",
        "03/1984",
        "1984-3-18",
        "1984-03-1",
        "1984/03/18",
        "1984.03.18",
        "19840318",
        "198403",
        "84-03-18",
        "84",
        "1984-W11-7",
        "1984-W11",
        "1984-078",
        "1984-03-18T00:00:00Z",
        "+1984-03-18",
        "1984-03-",
        "1984-",
        "-984",
        "+984",
        "19 4",
        "1_84",
        "1984-+3",
        "1984- 3-18",
        "1984-03\u201018",
        "\u0661\u0669\u0668\u0664",
        "\uff11\uff19\uff18\uff14-03-18",
        "abcd",
        "abcd-ef-gh",
        "unknown",
    ],
)
def test_anything_but_an_iso_date_is_refused(text: str) -> None:
    with pytest.raises(PartialDateError):
        PartialDate.parse(text)


@pytest.mark.parametrize(
    "text", ["1984-02-30", "2023-02-29", "1900-02-29", "1984-13-01", "1984-00", "1984-13", "1984-03-00", "1984-04-31"]
)
def test_a_date_that_no_calendar_has_is_refused(text: str) -> None:
    with pytest.raises(PartialDateError, match="no such date in the calendar"):
        PartialDate.parse(text)


@pytest.mark.parametrize("text", ["1899-12-31", "2100-01-01", "1899", "2100", "1815-08", "0001", "9999-12-31"])
def test_a_year_that_no_certificate_can_hold_is_refused(text: str) -> None:
    with pytest.raises(PartialDateError, match="the year is not within 1900 to 2099"):
        PartialDate.parse(text)


def test_a_wrong_date_cannot_be_constructed_either() -> None:
    with pytest.raises(PartialDateError):
        PartialDate("18 March 1984")


@pytest.mark.parametrize("text", ["1984-03-40", "31/02/1984", "somewhen in 1984"])
def test_an_error_does_not_repeat_the_date(text: str) -> None:
    with pytest.raises(PartialDateError) as caught:
        PartialDate.parse_local(text)
    assert "1984" not in caught.value.message


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("18/03/1984", "1984-03-18"),
        ("5/3/1984", "1984-03-05"),
        ("05/3/1984", "1984-03-05"),
        ("03/1984", "1984-03"),
        ("3/1984", "1984-03"),
        ("1984", "1984"),
        ("1984-03", "1984-03"),
        ("1984-03-18", "1984-03-18"),
        (" 18/03/1984\u00a0\n", "1984-03-18"),
    ],
)
def test_a_file_s_date_is_read_day_first(text: str, iso: str) -> None:
    assert PartialDate.parse_local(text) == PartialDate.parse(iso)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "//",
        "03/18/1984",
        "13/1984",
        "0/1984",
        "31/04/1984",
        "29/02/2023",
        "18/03/84",
        "18/03/19845",
        "018/03/1984",
        "18/003/1984",
        "18/03/1984/",
        "/03/1984",
        "18//1984",
        "18/03",
        "18-03-1984",
        "18.03.1984",
        "18/03/1984 00:00",
        "18 / 03 / 1984",
        "1984/03/18",
        "18/03/1899",
        "\u0661\u0668/03/1984",
        "30759",
        "18/03/1984" + " " * 30,
        "1/" * 1_000_000,
    ],
)
def test_a_file_s_text_that_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(PartialDateError):
        PartialDate.parse_local(text)


def test_a_refusal_says_how_to_write_a_date() -> None:
    with pytest.raises(PartialDateError) as iso:
        PartialDate.parse("18/03/1984")
    with pytest.raises(PartialDateError) as local:
        PartialDate.parse_local("18/03/84")
    assert "1984-03-18" in (iso.value.hint or "")
    assert "18/03/1984" in (local.value.hint or "")


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("1984-03-18", date(1984, 3, 18), date(1984, 3, 18)),
        ("1984-02", date(1984, 2, 1), date(1984, 2, 29)),
        ("1983-02", date(1983, 2, 1), date(1983, 2, 28)),
        ("1984-04", date(1984, 4, 1), date(1984, 4, 30)),
        ("1984-12", date(1984, 12, 1), date(1984, 12, 31)),
        ("1984", date(1984, 1, 1), date(1984, 12, 31)),
        ("2099", date(2099, 1, 1), date(2099, 12, 31)),
    ],
)
def test_a_partial_date_spans_all_days_that_it_can_be(text: str, earliest: date, latest: date) -> None:
    partial = PartialDate.parse(text)
    assert (partial.earliest, partial.latest) == (earliest, latest)


@pytest.mark.parametrize(("text", "is_full"), [("1984-03-18", True), ("1984-03", False), ("1984", False)])
def test_only_a_whole_day_is_full(text: str, *, is_full: bool) -> None:
    assert PartialDate.parse(text).is_full is is_full


@pytest.mark.parametrize(
    ("text", "local"),
    [("1984-03-18", "18/03/1984"), ("1984-03", "03/1984"), ("1984", "1984"), ("2001-01-02", "02/01/2001")],
)
def test_a_date_is_shown_day_first(text: str, local: str) -> None:
    assert PartialDate.parse(text).format_local() == local


def test_a_date_object_becomes_a_full_date() -> None:
    assert PartialDate.of_date(date(2021, 3, 8)) == PartialDate("2021-03-08")
    assert PartialDate.of_date(datetime(2021, 3, 8, 23, 59, tzinfo=UTC)) == PartialDate("2021-03-08")


def test_a_date_object_outside_the_years_is_refused() -> None:
    with pytest.raises(PartialDateError, match="the year"):
        PartialDate.of_date(date(999, 1, 1))


def test_a_year_does_not_equal_its_first_day() -> None:
    assert PartialDate.parse("1984") != PartialDate.parse("1984-01-01")


def test_partial_dates_have_no_order() -> None:
    with pytest.raises(TypeError):
        sorted([PartialDate("1984"), PartialDate("1983")])  # type: ignore[type-var]
