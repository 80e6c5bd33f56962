"""What is odd about a dose on paper, and what is impossible."""

from datetime import date

import pytest

from tests.given_doses import ADULT, PFIZER, VERO, given
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.doses.paper import DosePaper, PaperKind, day_problems, paper_warnings
from vaxcert.registry.doses.plan import plan_dose


def codes(product: str, on: str, number: int | None = None, lot: str | None = "ABX1") -> set[str]:
    given_on = date.fromisoformat(on)
    plan = plan_dose([given(PFIZER, "2021-10-01")], product, given_on, birth=ADULT)
    return {warning.code for warning in paper_warnings(plan, number=number, lot_number=lot, given_on=given_on)}


@pytest.mark.parametrize(
    ("product", "on", "number", "lot", "expected"),
    [
        (PFIZER, "2021-11-01", 2, "ABX1", set()),
        (PFIZER, "2021-11-01", None, "ABX1", set()),
        (PFIZER, "2021-11-01", 3, "ABX1", {"number_unexpected"}),
        (PFIZER, "2021-11-01", 2, None, {"lot_missing"}),
        (PFIZER, "2021-10-05", 2, "ABX1", {"dose_interval"}),
        (VERO, "2021-12-01", 2, "ABX1", {"dose_mixing"}),
        (PFIZER, "2020-12-01", 1, "ABX1", {"dose_approval", "dose_order", "too_early"}),
    ],
)
def test_what_is_odd_is_told(product: str, on: str, number: int | None, lot: str | None, expected: set[str]) -> None:
    assert codes(product, on, number, lot) == expected


@pytest.mark.parametrize(
    ("on", "born", "code"),
    [
        ("2026-03-02", "1984", None),
        ("2026-03-03", "1984", "in_future"),
        ("1983-12-31", "1984", "before_birth"),
        ("1984-01-01", "1984", None),
    ],
)
def test_an_impossible_day_is_refused(on: str, born: str, code: str | None) -> None:
    found = day_problems(date.fromisoformat(on), birth=PartialDate(born), today=date(2026, 3, 2))
    assert [problem.code for problem in found] == ([] if code is None else [code])


def test_a_paper_shows_nothing_of_itself_in_a_log() -> None:
    paper = DosePaper(kind=PaperKind.CONFIRMATION_SLIP, number="123/GXN", shown_by="Nguyễn Thị Ánh")
    assert "123" not in repr(paper)
    assert "Ánh" not in repr(paper)
