"""The confirmation slip: its rows and its words."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from tests.given_doses import AZ, PFIZER, course, given
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.doses.dose import DoseKind, DoseState
from vaxcert.registry.visits.slip import ROWS, Slip, slip_number, slip_rows

SITE = UUID(int=5)
PLACES = {SITE: "Trạm y tế phường Bình Minh"}


def slip() -> Slip:
    doses = [replace(dose, site=SITE) for dose in course(AZ)]
    booster = replace(given(PFIZER, "2022-01-15", 3, 3, DoseKind.BOOSTER), place="Bệnh viện tỉnh")
    return Slip(
        number="20220115-0000000001",
        name=PersonName.of("Nguyễn", "Thị Ánh"),
        birth_date=PartialDate("1984-03-18"),
        rows=slip_rows([*doses, booster], PLACES),
        issued_on=date(2022, 1, 15),
    )


def test_s14_the_form_has_three_basic_one_additional_and_three_booster_rows() -> None:
    kinds = [kind for kind, _nth in ROWS]
    assert [kinds.count(kind) for kind in DoseKind] == [3, 1, 3]


def test_s14_the_slip_says_what_was_given_in_vietnamese() -> None:
    text = slip().text("vi")
    assert text.splitlines()[:4] == [
        "GIẤY XÁC NHẬN ĐÃ TIÊM VẮC XIN PHÒNG COVID-19",
        "Số giấy: 20220115-0000000001",
        "Họ và tên: Nguyễn Thị Ánh",
        "Ngày sinh: 18/03/1984",
    ]
    first = "Liều cơ bản 1: 01/08/2021, AstraZeneca (Vaxzevria), lô ABX1234, tại Trạm y tế phường Bình Minh"
    booster = "Liều nhắc lại 1: 15/01/2022, Pfizer (Comirnaty), lô ABX1234, tại Bệnh viện tỉnh"
    assert first in text
    assert booster in text
    assert "19009095" in text


def test_s14_the_slip_says_the_same_in_english() -> None:
    text = slip().text("en")
    assert "Name: Nguyễn Thị Ánh" in text
    assert "Basic dose 2: 01/09/2021, Vaxzevria, lot ABX1234, at Trạm y tế phường Bình Minh" in text
    assert "Issued on: 15/01/2022" in text


@pytest.mark.parametrize("state", [state for state in DoseState if state is not DoseState.CONFIRMED])
def test_only_confirmed_doses_are_on_it(state: DoseState) -> None:
    assert slip_rows([given(PFIZER, "2022-01-15", state=state)], {}) == ()


def test_a_dose_without_a_row_is_left_out() -> None:
    fourth = given(PFIZER, "2025-01-15", 7, 7, DoseKind.BOOSTER, 4)
    assert slip_rows([fourth], {}) == ()


def test_a_paper_without_lot_and_place_leaves_them_out() -> None:
    rows = slip_rows([replace(given(PFIZER, "2022-01-15"), lot_number=None)], {})
    text = replace(slip(), rows=rows).text("vi")
    assert "Liều cơ bản 1: 15/01/2022, Pfizer (Comirnaty)\n" in text


def test_rows_stand_in_the_order_of_the_form() -> None:
    booster = given(PFIZER, "2022-01-15", 3, 3, DoseKind.BOOSTER)
    rows = slip_rows([booster, *reversed(course())], {})
    assert [(row.kind, row.nth) for row in rows] == [
        (DoseKind.BASIC, 1),
        (DoseKind.BASIC, 2),
        (DoseKind.BOOSTER, 1),
    ]


def test_the_number_tells_the_day_and_nothing_of_the_person() -> None:
    assert slip_number(UUID("019cac0f-2680-7a17-aaf7-e1252006dacf"), date(2026, 3, 2)) == "20260302-252006DACF"


def test_a_slip_shows_nothing_of_itself_in_a_log() -> None:
    assert repr(slip()) == "Slip(number='20220115-0000000001')"
