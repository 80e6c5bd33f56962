"""What a card says about the vaccination, the test or the recovery."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from vaxcert.issue.card_entry import Line, RecoveryEntry, TestEntry, VaccinationEntry, format_day, format_instant

DOSE = VaccinationEntry(
    disease="COVID-19",
    dose_number=2,
    total_doses=2,
    vaccination_date=date(2021, 3, 8),
    lot="NJ0342",
    vaccine="mRNA",
    product="Comirnaty",
    manufacturer="Biontech",
    country="Việt Nam",
)
TEST = TestEntry(
    disease="COVID-19", test_type="NAAT", sampled_at=datetime(2021, 12, 31, 20, 5, tzinfo=UTC), result="-", country="VN"
)
RECOVERY = RecoveryEntry(
    disease="COVID-19",
    first_positive_date=date(2021, 12, 1),
    valid_from=date(2021, 12, 12),
    valid_until=date(2022, 5, 30),
    country="VN",
)


def line(entry: VaccinationEntry | TestEntry | RecoveryEntry, label: str) -> Line:
    (found,) = [line for line in (*entry.numbered_lines(), *entry.other_lines()) if line.label.en == label]
    return found


def test_a_dose_has_fields_4_to_10_of_the_decision_in_its_order() -> None:
    assert [line.label.vi for line in DOSE.numbered_lines()] == [
        "Bệnh dịch mà chứng nhận nhắm tới",
        "Số mũi tiêm đã nhận",
        "Ngày tiêm",
        "Liều số · Số lô",
        "Vắc xin",
        "Sản phẩm vắc xin",
        "Nhà cung cấp hoặc sản xuất vắc xin",
    ]


def test_the_lot_is_not_signed() -> None:
    found = line(DOSE, "Dose number · Lot number")
    assert (found.value, found.signed) == ("2 · NJ0342", False)


def test_without_a_lot_all_of_the_line_is_signed() -> None:
    found = line(replace(DOSE, lot=None), "Dose number · Lot number")
    assert (found.value, found.signed) == ("2 · —", True)


def test_the_site_of_a_dose_is_not_signed() -> None:
    assert not line(DOSE, "Vaccination site").signed


def test_the_centre_of_a_test_is_signed() -> None:
    assert line(TEST, "Testing centre").signed


def test_a_sampling_time_is_shown_in_vietnamese_time() -> None:
    assert line(TEST, "Date and time of sampling").value == "01/01/2022 03:05 (UTC+7)"


def test_a_naive_sampling_time_is_refused() -> None:
    with pytest.raises(ValueError, match="sampled_at needs a time zone"):
        replace(TEST, sampled_at=datetime(2021, 12, 31, 20, 5))  # noqa: DTZ001 - the point


def test_a_recovery_shows_its_window() -> None:
    values = [line.value for line in RECOVERY.numbered_lines()]
    assert values == ["COVID-19", "01/12/2021", "12/12/2021", "30/05/2022"]


def test_days_are_written_day_first() -> None:
    assert format_day(date(2021, 3, 8)) == "08/03/2021"


def test_an_instant_of_another_zone_is_converted() -> None:
    instant = datetime(2026, 11, 22, 23, 59, 59, tzinfo=timezone(timedelta(hours=-5)))
    assert format_instant(instant) == "23/11/2026 11:59 (UTC+7)"
