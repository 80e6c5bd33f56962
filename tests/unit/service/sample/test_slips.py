"""Seeded errors: each what it says, and refused under the code that it states or not at all."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from vaxcert.service.sample.slips import SLIPS, spoil

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.service.sample.slips import Slip

BY_NAME = {slip.name: slip for slip in SLIPS}
RECORD = {
    "record_id": "VN-000002",
    "family_name": "Đỗ",
    "given_name": "Thị Ánh",
    "family_name_standardised": "",
    "given_name_standardised": "",
    "birth_date": "1983-10-10",
    "sex": "female",
    "citizen_id": "036183000001",
    "nationality": "VN",
    "product": "Vero Cell",
    "manufacturer": "",
    "lot": "2021000342",
    "dose_number": "2",
    "total_doses": "2",
    "vaccination_date": "2021-09-12",
    "site": "Trạm y tế xã An Khê, Quảng Ngãi",
}
BEFORE = RECORD | {"record_id": "VN-000001", "family_name": "Lê", "citizen_id": "036183000007"}


def spoiled(name: str, fields: Mapping[str, str] | None = None, *, seed: int = 0) -> dict[str, str] | None:
    """Return what the error changes in the record with *fields*, None where it does not fit."""
    clean = {**RECORD, **(fields or {})}
    record = clean.copy()
    if not BY_NAME[name].make(record, BEFORE, Random(seed)):
        assert record == clean, "what does not fit changes nothing"
        return None
    assert record.keys() == clean.keys()
    return {column: value for column, value in record.items() if value != clean[column]}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("names_swapped", {"family_name": "Thị Ánh", "given_name": "Đỗ"}),
        ("missing_id", {"citizen_id": ""}),
        ("wrong_id", {"citizen_id": "036083000001"}),
        ("duplicate_dose", {"family_name": "Lê", "citizen_id": "036183000007"}),
        ("missing_lot", {"lot": ""}),
        ("unknown_product", {"product": "Veo Cell"}),
        ("dose_past_series", {"dose_number": "3"}),
        ("future_date", {"vaccination_date": "2081-09-12"}),
        ("damaged_name", {"family_name": "??", "given_name": "Th? Ánh"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_changes_what_it_says(name: str, changed: dict[str, str]) -> None:
    assert spoiled(name) == changed


def test_a_typo_is_in_the_last_given_name() -> None:
    found = [spoiled("name_typo", seed=seed) for seed in range(40)]
    assert {tuple(changed.items()) for changed in found if changed} == {
        (("given_name", "Thị Anh"),), (("given_name", "Thị Áhn"),), (("given_name", "Thị Ánhh"),),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("family", "given", "typos"),
    [("", "Oanh", {"Oahn", "Oanhh"}), ("", "王", {"王王"}), ("", "Đoo", {"Doo", "Đooo"}), ("Kim", "", {"Kmi", "Kimm"})],
)
def test_a_typo_fits_every_name(family: str, given: str, typos: set[str]) -> None:
    names = {"family_name": family, "given_name": given}
    found = [spoiled("name_typo", names, seed=seed) for seed in range(60)]
    assert {value for changed in found if changed for value in changed.values()} == typos


@pytest.mark.parametrize(
    ("born", "others"),
    [
        ("1983-10-10", {"1973-10-10", "1982-10-10", "1984-10-10", "1993-10-10"}),
        ("29/02/1984", {"28/02/1974", "28/02/1983", "28/02/1985", "28/02/1994"}),
        ("1984-02-29", {"1974-02-28", "1983-02-28", "1985-02-28", "1994-02-28"}),
        ("1950", {"1940", "1949", "1951", "1960"}),
        ("2016-01-05", {"2006-01-05", "2015-01-05"}),
    ],
)
def test_a_wrong_birth_date_is_another_year_of_the_calendar(born: str, others: set[str]) -> None:
    found = {tuple((spoiled("wrong_birth_date", {"birth_date": born}, seed=seed) or {}).values()) for seed in range(60)}
    assert found == {(other,) for other in others}


@pytest.mark.parametrize(
    ("given", "born", "changed"),
    [
        ("2021-09-13", "1950", {"vaccination_date": "2021-13-09"}),
        ("13/09/2021", "1950", {"vaccination_date": "09/13/2021"}),
        ("2021-09-12", "1983-01-31", {"birth_date": "1983-31-01"}),
        ("12/09/2021", "31/01/1983", {"birth_date": "01/31/1983"}),
        ("2021-09-12", "1983-10-10", None),
        ("12/09/2021", "1950", None),
    ],
)
def test_day_and_month_are_swapped_only_where_no_such_date_is(given: str, born: str, changed: object) -> None:
    assert spoiled("day_month_swapped", {"vaccination_date": given, "birth_date": born}) == changed


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("wrong_id", {"citizen_id": "123456789"}),
        ("dose_past_series", {"dose_number": "2", "total_doses": "1"}),
        ("damaged_name", {"family_name": "Kim", "given_name": "Siân"}),
        ("damaged_name", {"family_name": "王", "family_name_standardised": "WANG"}),
    ],
)
def test_an_error_that_would_be_none_does_not_fit(name: str, fields: dict[str, str]) -> None:
    assert spoiled(name, fields) is None


def test_the_first_row_has_none_before_it_to_repeat() -> None:
    assert not BY_NAME["duplicate_dose"].make(RECORD.copy(), None, Random(1))


class OnlyThis(Random):
    """Draws the kind *slip*, and then as it likes."""

    def __init__(self, slip: Slip) -> None:
        super().__init__(1)
        below = sum(other.weight for other in SLIPS[: SLIPS.index(slip)])
        self._first: float | None = (below + slip.weight / 2) / sum(other.weight for other in SLIPS)

    def random(self) -> float:
        first, self._first = self._first, None
        return super().random() if first is None else first


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.name)
def test_the_kind_that_is_drawn_is_made(slip: Slip) -> None:
    record = RECORD | {"vaccination_date": "2021-09-13"}
    clean = record.copy()
    assert spoil(record, BEFORE, OnlyThis(slip)) is slip
    assert record != clean


@pytest.mark.parametrize(
    ("drawn", "instead"),
    [("wrong_id", "name_typo"), ("dose_past_series", "missing_lot"), ("damaged_name", "missing_lot")],
)
def test_one_that_does_not_fit_gives_way_to_another_of_its_sort(drawn: str, instead: str) -> None:
    record = RECORD | {"citizen_id": "", "total_doses": "1", "family_name": "Kim", "given_name": "Oanh"}
    assert spoil(record, None, OnlyThis(BY_NAME[drawn])).name == instead


def test_a_quarter_of_the_weight_is_refused() -> None:
    refused = sum(slip.weight for slip in SLIPS if slip.code)
    assert refused == 24
    assert sum(slip.weight for slip in SLIPS) == 100
    assert len(BY_NAME) == len(SLIPS)
