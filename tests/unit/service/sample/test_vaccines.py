"""The vaccines: known by their names, and under lots of their own."""

from __future__ import annotations

from datetime import date

import pytest

from vaxcert.model.checks import MAX_TEXT_CHARACTERS
from vaxcert.model.valuesets import primary_doses, resolve_product
from vaxcert.service.sample.vaccines import FIRST_DAY, LAST_DAY, MONTHS, SECOND_INSTEAD, VACCINES

FIRST, LAST = FIRST_DAY.toordinal(), LAST_DAY.toordinal()
CODES = {
    "AZ": "EU/1/21/1529",
    "PFIZER": "EU/1/20/1528",
    "MODERNA": "EU/1/20/1507",
    "AZ-SII": "Covishield",
    "SINOPHARM": "BBIBP-CorV",
    "SPUTNIK": "Sputnik-V",
    "JANSSEN": "EU/1/20/1525",
    "ABDALA": "Abdala",
    "HAYAT": "Hayat-Vax",
    "COVAXIN": "Covaxin",
}


@pytest.mark.parametrize("key", list(VACCINES))
def test_every_name_stands_for_the_product(key: str) -> None:
    vaccine = VACCINES[key]
    for name in vaccine.names.values:
        assert resolve_product(name, manufacturer=vaccine.maker or None, vaccine=None).product == CODES[key]


@pytest.mark.parametrize("key", list(VACCINES))
def test_a_series_is_as_long_as_the_products(key: str) -> None:
    assert VACCINES[key].doses == primary_doses(CODES[key])


@pytest.mark.parametrize("key", list(VACCINES))
def test_intervals_are_no_shorter_than_allowed(key: str) -> None:
    vaccine = VACCINES[key]
    least, most = vaccine.interval
    weeks = {"AZ": 4, "AZ-SII": 4, "PFIZER": 3, "MODERNA": 4, "SINOPHARM": 3, "SPUTNIK": 3, "HAYAT": 3, "COVAXIN": 4}
    assert vaccine.early <= least <= most
    assert vaccine.early >= {"ABDALA": 14, "JANSSEN": 0}.get(key, 7 * weeks.get(key, 0))


def test_no_lot_is_of_two_vaccines() -> None:
    lots = [
        {vaccine.lot(day, chance / 12) for day in range(FIRST, LAST + 1) for chance in range(12)}
        for vaccine in VACCINES.values()
    ]
    assert sum(map(len, lots)) == len(set().union(*lots))
    assert all(len(lot) < MAX_TEXT_CHARACTERS for found in lots for lot in found)


def test_a_lot_is_in_use_for_a_month() -> None:
    for vaccine in VACCINES.values():
        days: dict[str, list[int]] = {}
        for day in range(FIRST, LAST + 1):
            for chance in range(12):
                days.setdefault(vaccine.lot(day, chance / 12), []).append(day)
        assert all(max(used) - min(used) < 30 for used in days.values())


def test_lots_read_as_they_do() -> None:
    assert VACCINES["AZ"].lot(date(2021, 8, 1).toordinal(), 0.0).startswith("NJ")
    assert len(VACCINES["AZ"].lot(date(2021, 8, 1).toordinal(), 0.0)) == 6


def test_only_mixes_that_were_allowed_are_made() -> None:
    keys = {vaccine: key for key, vaccine in VACCINES.items()}
    mixes = {(keys[first], keys[second]) for first, second in SECOND_INSTEAD.items()}
    assert mixes <= {
        ("AZ", "PFIZER"), ("AZ", "MODERNA"), ("AZ-SII", "PFIZER"), ("PFIZER", "MODERNA"), ("MODERNA", "PFIZER"),
    }  # fmt: skip


def test_months_follow_each_other() -> None:
    starts = [month.start for month in MONTHS.values]
    assert starts == sorted(set(starts))
    assert date.fromordinal(starts[0]) == date(2021, 3, 1)
