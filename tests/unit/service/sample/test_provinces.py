"""The provinces of the time, under the codes that citizens' numbers begin with."""

from __future__ import annotations

import pytest

from vaxcert.model.checks import MAX_TEXT_CHARACTERS
from vaxcert.service.sample.provinces import PROVINCES

CODES = (
    "01 02 04 06 08 10 11 12 14 15 17 19 20 22 24 25 26 27 30 31 33 34 35 36 37 38 40 42 44 45 46 48 49 51 52 54 56 58"
    " 60 62 64 66 67 68 70 72 74 75 77 79 80 82 83 84 86 87 89 91 92 93 94 95 96"
)
BY_CODE = {province.code: province for province in PROVINCES.values}


def test_there_are_the_63_codes_of_the_citizens_numbers() -> None:
    assert [province.code for province in PROVINCES.values] == CODES.split()


def test_no_name_is_there_twice() -> None:
    assert len({province.name for province in PROVINCES.values}) == 63


@pytest.mark.parametrize("code", CODES.split())
def test_every_province_has_places_that_fit_into_a_record(code: str) -> None:
    province = BY_CODE[code]
    sites = {ward.site(chance) for ward in province.wards for chance in (0.0, 0.7, 0.99)}
    assert len(sites) == 2 * len(province.wards) + 1, "a station and a mobile point each, and one hospital"
    assert len(province.wards) >= 4
    assert all(site.endswith(province.name) and len(site) <= MAX_TEXT_CHARACTERS for site in sites)


@pytest.mark.parametrize(("code", "is_southern"), [("01", False), ("42", False), ("44", True), ("96", True)])
def test_the_south_begins_at_quang_binh(code: str, *, is_southern: bool) -> None:
    assert BY_CODE[code].is_southern is is_southern


@pytest.mark.parametrize(
    ("code", "hospital"), [("79", "Bệnh viện đa khoa TP. Hồ Chí Minh"), ("51", "Bệnh viện đa khoa tỉnh Quảng Ngãi")]
)
def test_a_city_is_no_tinh(code: str, hospital: str) -> None:
    assert BY_CODE[code].wards[0].hospital == hospital


def test_old_cards_begin_with_two_digits() -> None:
    assert all(len(province.old_card) == 2 and province.old_card.isdigit() for province in PROVINCES.values)
