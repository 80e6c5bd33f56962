"""Sheets of wallet cards: what stands on them, that nothing leaves its card, and that every code can be read."""

import ctypes
from dataclasses import replace
from datetime import timedelta
from math import hypot
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.printed_cards import CARD, DOSE, FULL_PAGE, ISSUED, LONG_NAMES, RECOVERY, TEST, hc1
from vaxcert.codec import qr_reader
from vaxcert.errors import QrError
from vaxcert.issue import sheet_card
from vaxcert.issue.card import Card
from vaxcert.issue.card_entry import Words
from vaxcert.issue.sheet import CARDS_PER_SHEET, MAX_CARDS, page_count, render_sheets, sheets_of
from vaxcert.issue.typesetting import typeset
from vaxcert.model.names import PersonName

MM = 72 / 25.4
CORNER = ((210 - 2 * 85.6) / 2, (297 - 5 * 54) / 2)
"""Where the first card begins, from the left and the upper edge of the paper, in millimetres."""

WIDE_NAME = replace(CARD, name=PersonName.of("Ữ" * 80, "WỘ" * 40))
SHORT_CODE = replace(CARD, text=hc1(1, 60))
ALL_KINDS = [
    CARD,
    LONG_NAMES,
    FULL_PAGE,
    WIDE_NAME,
    SHORT_CODE,
    replace(CARD, entry=TEST, birth_date=None),
    replace(CARD, entry=RECOVERY, issuing_country="GB", name=PersonName("李", "伟", "LI", "WEI")),
    replace(CARD, entry=replace(TEST, test_type=Words("Xét nghiệm khuếch đại a-xít nucleic", "Nucleic acid test"))),
]


def sheets(*cards: Card) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(render_sheets(cards))


def lines(card: Card) -> list[str]:
    (page,) = sheets(card)
    text: str = page.get_textpage().get_text_bounded()
    return text.splitlines()


def after(label: str, found: list[str]) -> str:
    return found[found.index(label) + 1]


def boxes(page: pypdfium2.PdfPage, kind: int) -> list[tuple[float, float, float, float]]:
    """Return left, top, right and bottom of every object with ink, in millimetres from the upper left."""
    found = [each.get_bounds() for each in page.get_objects(filter=[kind])]
    return [(left / MM, 297 - top / MM, right / MM, 297 - bottom / MM) for left, bottom, right, top in found]


def read(page: pypdfium2.PdfPage) -> list[str]:
    """Return the codes that our own reader finds on the page at 150 dpi, in reading order."""
    seen = qr_reader.glance(page.render(scale=150 / 72, grayscale=True).to_pil())
    by_row = sorted(seen.readings, key=lambda each: ((each.box.top * 297 - CORNER[1]) // 54, each.box.left))
    return [each.text for each in by_row]


# --- what stands on a card ----------------------------------------------------------------------------------------


def test_a_vaccination_says_who_what_when_and_until_when() -> None:
    found = lines(CARD)
    assert found == [
        "Chứng nhận tiêm chủng COVID-19",
        "COVID-19 vaccination certificate",
        "VIỆT NAM",
        "Viet Nam",
        "Họ và tên · Full name",
        "Nguyễn Thị Ngữ Đỗ Ằẵ ễ ộ",
        "Ngày tháng năm sinh · Date of birth",
        "12/03/1984",
        "Vắc xin · Vaccine",
        "Comirnaty",
        "Ngày tiêm · Date",
        "18/03/2021",
        "Mũi · Dose",
        "2/2",
        "Cơ quan cấp · Issued by",
        "Bộ Y tế",
        "Mã QR có giá trị đến · QR valid until",
        "22/11/2027 14:05 (UTC+7)",
        "Mã số · Certificate identifier",
        *found[-2:],
    ]
    assert "".join(found[-2:]) == CARD.certificate_id


def test_a_test_says_what_was_found() -> None:
    found = lines(replace(CARD, entry=TEST))
    assert after("Kết quả · Result", found) == "Không phát hiện · Not detected"
    assert after("Thời điểm lấy mẫu · Sampled at", found) == "22/11/2026 14:05 (UTC+7)"
    assert not any("Mũi" in line for line in found)


def test_a_recovery_says_when_it_counts() -> None:
    found = lines(replace(CARD, entry=RECOVERY))
    assert after("Giá trị từ · Valid from", found) == "12/12/2021"
    assert after("đến · until", found) == "30/05/2022"


def test_what_is_missing_is_a_dash() -> None:
    assert "Ngày tháng năm sinh · Date of birth —" in " ".join(lines(replace(CARD, birth_date=None)))


def test_words_that_are_the_same_in_both_languages_stand_once() -> None:
    found = lines(replace(CARD, entry=replace(DOSE, product=Words("Comirnaty", "Comirnaty"))))
    assert after("Vắc xin · Vaccine", found) == "Comirnaty"


def test_a_name_in_another_script_is_labelled_as_standardised() -> None:
    found = lines(replace(CARD, name=PersonName("李", "小伟", "LI", "XIAO<WEI")))
    assert after("Họ tên chuẩn hóa · Standardised name", found) == "LI XIAO WEI"
    assert "Họ và tên · Full name" not in found


def test_another_country_is_named() -> None:
    assert {"ĐỨC", "Germany"} <= set(lines(replace(CARD, issuing_country="DE")))


@pytest.mark.parametrize("card", [LONG_NAMES, WIDE_NAME, FULL_PAGE], ids=["long", "wide", "full"])
def test_a_name_is_whole_whatever_its_length(card: Card) -> None:
    found = "".join("".join(lines(card)).split())
    for text in (card.name.full, card.issuer, card.certificate_id):
        assert "".join(text.split()) in found


def test_what_is_not_in_the_code_is_not_on_the_card() -> None:
    found = "".join(lines(replace(CARD, citizen_id="087084000999")))
    for text in ("000999", "NJ0342", "Nghĩa Lộ", "†"):
        assert text not in found


def test_usual_names_are_set_in_the_usual_size() -> None:
    for name in (PersonName.of("Nguyễn", "Thị Minh Khai"), PersonName.of("Công Tằng Tôn Nữ", "Huyền Trân")):
        assert sheet_card.of(replace(CARD, name=name))["size"] == sheet_card.TYPE_POINTS


def test_longer_texts_never_get_larger_type() -> None:
    sizes = [sheet_card.of(replace(CARD, name=PersonName.of("Tôn Nữ " * count)))["size"] for count in range(1, 12)]
    assert sizes == sorted(sizes, key=float, reverse=True)  # type: ignore[arg-type]
    assert sizes[-1] != sizes[0]


# --- the sheet ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("card", ALL_KINDS, ids=range(len(ALL_KINDS)))
def test_no_text_leaves_its_card_or_enters_the_white_around_the_code(card: Card) -> None:
    (page,) = sheets(card)
    ((left, top, right, bottom),) = boxes(page, pdfium.FPDF_PAGEOBJ_IMAGE)
    modules = next(iter(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]))).get_px_size()[0]
    white = 4 * (right - left) / modules
    assert right + white <= CORNER[0] + 85.6 + 0.01
    assert bottom + white <= CORNER[1] + 54 + 0.01
    texts = boxes(page, pdfium.FPDF_PAGEOBJ_TEXT)
    assert len(texts) > 15
    for x1, y1, x2, y2 in texts:
        assert x1 > CORNER[0] + 2.5
        assert y1 > CORNER[1] + 1
        assert x2 < CORNER[0] + 85.6 - 2.5
        assert y2 < CORNER[1] + 54 - 1.5
        assert x2 < left - white or y2 < top - white


@pytest.mark.parametrize("card", ALL_KINDS, ids=range(len(ALL_KINDS)))
def test_no_line_of_text_touches_another(card: Card) -> None:
    (page,) = sheets(card)
    found = np.array(boxes(page, pdfium.FPDF_PAGEOBJ_TEXT))
    found = found[found[:, 2] - found[:, 0] > 0.1]
    left, top, right, bottom = found.T
    across = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    upright = np.minimum.outer(bottom, bottom) - np.maximum.outer(top, top)
    shared = np.where(across > 0.1, upright, 0) / np.minimum.outer(bottom - top, bottom - top)
    np.fill_diagonal(shared, 0)
    assert shared.max() < 0.15  # a tail below one line may reach as high as a mark above the next


@settings(max_examples=8, deadline=None)
@given(st.lists(st.text(st.sampled_from("aWiđỘ gyj<,;:ẰẵMm-"), min_size=1, max_size=120), min_size=10, max_size=20))
def test_any_texts_stay_on_their_cards(texts: list[str]) -> None:
    cards = [
        replace(CARD, name=PersonName(one[:80], two[:80], "A", "B"), issuer=two, entry=replace(DOSE, product=one))
        for one, two in zip(texts, reversed(texts), strict=True)
    ]
    for page in sheets(*cards):
        for left, top, right, bottom in boxes(page, pdfium.FPDF_PAGEOBJ_TEXT):
            column, row = (left - CORNER[0]) // 85.6, (top - CORNER[1]) // 54
            assert right < CORNER[0] + (column + 1) * 85.6 - 2.5
            assert bottom < CORNER[1] + (row + 1) * 54 - 1.5


def test_cut_marks_stand_outside_of_the_cards() -> None:
    (page,) = sheets(CARD)
    ink = np.asarray(page.render(scale=300 / 72, grayscale=True).to_pil()) < 128
    for x in (CORNER[0], CORNER[0] + 85.6, CORNER[0] + 171.2):
        column = ink[:, round(x / 25.4 * 300) - 2 : round(x / 25.4 * 300) + 3].any(axis=1)
        rows = np.flatnonzero(column) / 300 * 25.4
        assert ((rows > 6.5) & (rows < 12.5)).any()
        assert ((rows > 284.5) & (rows < 290.5)).any()
        assert not ((rows > CORNER[1] + 0.5) & (rows < 283)).any()


@pytest.mark.parametrize(("cards", "pages"), [(1, 1), (10, 1), (11, 2), (1000, 100)])
def test_a_sheet_has_ten_cards(cards: int, pages: int) -> None:
    assert page_count(cards) == pages


def test_the_last_sheet_has_what_is_left() -> None:
    found = [len(boxes(page, pdfium.FPDF_PAGEOBJ_IMAGE)) for page in sheets(*[CARD] * 12)]
    assert found == [10, 2]


def test_a_heading_tells_the_site_and_the_numbers() -> None:
    site = "Trạm Y tế" + " phường" * 15
    part = sheets_of([CARD] * 12, site, first=31)
    first, second = pypdfium2.PdfDocument(typeset([part], title="x", made_at=ISSUED))
    assert first.get_textpage().get_text_bounded().startswith(f"{site} · 31–40")
    assert "· 41–42" in second.get_textpage().get_text_bounded()
    assert max(right for _, top, right, _ in boxes(first, pdfium.FPDF_PAGEOBJ_TEXT) if top < 10) < 195


@pytest.mark.parametrize("count", [0, MAX_CARDS + 1])
def test_a_document_has_a_bounded_number_of_cards(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000 cards"):
        render_sheets([CARD] * count)


def test_a_text_that_no_qr_code_holds_is_refused() -> None:
    with pytest.raises(QrError):
        render_sheets([replace(CARD, text=hc1(1, 5000))])


# --- the codes ----------------------------------------------------------------------------------------------------


def test_each_card_has_its_own_code() -> None:
    cards = [replace(CARD, text=hc1(seed)) for seed in range(CARDS_PER_SHEET)]
    (page,) = sheets(*cards)
    assert read(page) == [card.text for card in cards]


def test_three_hundred_codes_of_all_lengths_are_read_at_150_dots_per_inch() -> None:
    cards = [replace(CARD, text=hc1(seed, 380 + 2 * seed)) for seed in range(300)]
    assert [text for page in sheets(*cards) for text in read(page)] == [card.text for card in cards]


@pytest.mark.parametrize("length", [300, 550, 1090])
def test_a_code_has_the_recommended_size(length: int) -> None:
    """35 to 60 mm in diagonal (hcert-spec §4.2.2)."""
    (page,) = sheets(replace(CARD, text=hc1(2, length)))
    ((left, top, right, bottom),) = boxes(page, pdfium.FPDF_PAGEOBJ_IMAGE)
    assert 35 < hypot(right - left, bottom - top) < 60


# --- the file -----------------------------------------------------------------------------------------------------


def test_the_same_cards_make_the_same_bytes() -> None:
    first = render_sheets([CARD, LONG_NAMES])
    assert render_sheets([CARD, LONG_NAMES]) == first
    assert render_sheets([LONG_NAMES, CARD]) != first


def test_the_file_is_tagged_and_says_its_language_and_standards() -> None:
    content = render_sheets([CARD, replace(CARD, issued_at=ISSUED - timedelta(days=3))])
    document = pypdfium2.PdfDocument(content)
    language = (ctypes.c_ushort * 16)()
    pdfium.FPDFCatalog_GetLanguage(document, language, ctypes.sizeof(language))
    assert bytes(language).decode("utf-16-le").rstrip("\0") == "vi-VN"
    assert pdfium.FPDFCatalog_IsTagged(document)
    assert b"<pdfaid:part>2<" in content
    assert b"<pdfuaid:part>1<" in content
    assert document.get_metadata_value("CreationDate") == "D:20261122070500Z"
    assert document.get_metadata_value("Title") == "Chứng nhận tiêm chủng COVID-19 · COVID-19 vaccination certificate"


def test_only_the_bundled_face_is_in_the_file() -> None:
    names = set()
    for run in sheets(CARD, LONG_NAMES)[0].get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
        font: Any = pdfium.FPDFTextObj_GetFont(run)
        assert pdfium.FPDFFont_GetIsEmbedded(font)
        name = ctypes.create_string_buffer(64)
        pdfium.FPDFFont_GetBaseFontName(font, name, 64)
        names.add(name.value.decode().partition("+")[2])
    assert names == {"NotoSans-Regular", "NotoSans-Bold"}
