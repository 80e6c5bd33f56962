"""Forms of numbers as PDF: what is printed, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.filled_form import MADE_AT, columns, form
from vaxcert.errors import UnprintableTextError
from vaxcert.issue import forms
from vaxcert.issue.forms import grouped, render_form

if TYPE_CHECKING:
    from vaxcert.issue.forms import Form


def pages_of(filled: Form) -> list[str]:
    with pypdfium2.PdfDocument(render_form(filled)) as document:
        return [page.get_textpage().get_text_range() for page in document]


def test_a_form_is_printed_with_its_heading_rows_and_notes() -> None:
    (text,) = pages_of(form(("Trạm y tế Bình Minh", 1234, 0, None), total=("Tổng cộng", 1234, 0, None)))
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Tỉnh Quảng Ngãi",
        "3588/QĐ-BYT",
        "BÁO CÁO NGÀY",
        "02/03/2026",
        "Số mũi đã tiêm",
        "Trạm y tế Bình Minh",
        "1.234",
        "Tổng cộng",
        "Khớp sổ.",
        "Thủ trưởng đơn vị",
        "17:00 02/03/2026",
        "1 / 1",
    ):
        assert words in text


def test_the_head_stands_on_every_page() -> None:
    pages = pages_of(form(*(("Trạm y tế", 1, 2, 3),) * 120))
    assert len(pages) > 2
    assert all("Cơ sở" in page and "Mũi 2" in page for page in pages[:-1])
    assert f"{len(pages)} / {len(pages)}" in pages[-1]


def test_a_form_that_nobody_signs_has_no_room_to_sign() -> None:
    (text,) = pages_of(replace(form(("A", 1, 2, 3)), signed=False))
    assert "Thủ trưởng" not in text


def test_the_same_form_makes_the_same_bytes() -> None:
    filled = form(("Trạm y tế", 1, 2, 3))
    assert render_form(filled) == render_form(filled)


def test_a_number_that_is_too_wide_is_made_small_and_never_cut() -> None:
    (text,) = pages_of(form(("A", 123_456_789_012, "<5", 3)))
    assert "123.456.789.012" in text
    assert "<5" in text


def test_what_a_site_is_called_is_no_source_of_the_document() -> None:
    name = '#panic("x") $ * _ <b> \\ " ]'
    (text,) = pages_of(form((name, 1, 2, 3)))
    assert name in text.replace("\r\n", " ")


def test_a_character_that_the_face_lacks_is_named_by_its_column() -> None:
    with pytest.raises(UnprintableTextError) as caught:
        render_form(form(("Trạm 😷", 1, 2, 3)))
    assert caught.value.field == "site"


def test_more_rows_than_paper_is_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "MAX_PRINTED_ROWS", 2)
    with pytest.raises(ValueError, match="at most 2 rows, not 3"):
        render_form(form(*(("A", 1, 2, 3),) * 3))


def test_a_row_without_a_cell_for_each_column_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="a cell for each column"):
        form(("A", 1))
    with pytest.raises(ValueError, match="a cell for each column"):
        form(total=("A",))


def test_columns_that_do_not_fill_the_page_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="277"):
        replace(form(), columns=columns()[:-1], sections=[])


def test_an_instant_without_a_zone_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(form(), made_at=MADE_AT.replace(tzinfo=None))


@given(st.integers(0, 10**12))
def test_a_count_is_grouped_by_thousands(count: int) -> None:
    assert grouped(count).replace(".", "") == str(count)
    assert all(len(part) == 3 for part in grouped(count).split(".")[1:])
