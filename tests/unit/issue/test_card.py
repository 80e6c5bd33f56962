"""The printed card: what stands on the page, and that it can be read back from it."""

import ctypes
import subprocess
import sys
import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from math import hypot
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.printed_cards import CARD, DOSE, FULL_PAGE, ISSUED, LONG_NAMES, RECOVERY, TEST, WIDE_WORDS, hc1
from vaxcert.errors import QrError, UnprintableTextError
from vaxcert.issue import card_page, typeface
from vaxcert.issue.card import MAX_CARDS, MAX_TEXT_CHARACTERS, Card, render_cards
from vaxcert.issue.card_entry import RecoveryEntry, TestEntry, VaccinationEntry, Words
from vaxcert.issue.card_fit import COLUMNS, SMALL, TYPE_POINTS
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate

MM = 72 / 25.4
Boxes = np.ndarray[Any, np.dtype[np.float64]]
MARKUP = ["#panic()", '"] #panic("', "*a* _b_ `c`", "$x$ <y> @z", "\\u{41} // --", "#[ ]{ }", "= a", "- b"]


def pages(*cards: Card, **options: str) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(render_cards(cards, **options))


def changed(field: str, value: object) -> Card:
    return replace(CARD, **{field: value})  # type: ignore[arg-type]


def lines(card: Card, **options: str) -> list[str]:
    """Return the lines of the page's text, in the order in which a screen reader has them."""
    (page,) = pages(card, **options)
    text: str = page.get_textpage().get_text_bounded()
    assert text == unicodedata.normalize("NFC", text)
    return text.splitlines()


def after(label: str, found: list[str]) -> str:
    """Return what stands after the English *label*."""
    return found[found.index(label) + 1]


def printed(card: Card) -> str:
    """Return the page's text without its line ends and blanks, which depend on where lines break."""
    return "".join("".join(lines(card)).split())


def boxes_of(page: pypdfium2.PdfPage, kind: int) -> Boxes:
    """Return left, bottom, right and top of every object of this kind, in points: its ink, without blanks."""
    boxes: Boxes = np.array([found.get_bounds() for found in page.get_objects(filter=[kind])])
    wide: Boxes = boxes[boxes[:, 2] - boxes[:, 0] > 0.5]
    return wide


def lowest(page: pypdfium2.PdfPage) -> float:
    """Return how far above the lower edge of the page its last text ends."""
    height: float = boxes_of(page, pdfium.FPDF_PAGEOBJ_TEXT)[:, 1].min()
    return height


def place_of(text: str, page: pypdfium2.PdfPage) -> tuple[float, float, float, float]:
    """Return the box of the first letter of *text*."""
    reader = page.get_textpage()
    found = reader.search(text).get_next()
    assert found
    box: tuple[float, float, float, float] = reader.get_charbox(found[0])
    return box


# --- what stands on the page --------------------------------------------------------------------------------------


def test_a_vaccination_has_the_eleven_fields_in_both_languages() -> None:
    found = lines(CARD)
    expected = [
        ("1 Họ và tên", "Full name", "Nguyễn Thị Ngữ Đỗ Ằẵ ễ ộ"),
        ("Họ tên chuẩn hóa (ICAO 9303)", "Standardised name (ICAO 9303)", "NGUYEN<<THI<NGU<DO<AA<E<O"),
        ("2 Ngày tháng năm sinh", "Date of birth", "12/03/1984"),
        ("3 Quốc tịch", "Nationality", "Việt Nam · Viet Nam†"),
        ("4 Bệnh dịch mà chứng nhận nhắm tới", "Disease targeted", "COVID-19"),
        ("5 Số mũi tiêm đã nhận", "Doses received", "2/2"),
        ("6 Ngày tiêm", "Date of vaccination", "18/03/2021"),
        ("7 Liều số · Số lô", "Dose number · Lot number", "2 · NJ0342†"),
        ("8 Vắc xin", "Vaccine", "Vắc xin mRNA phòng COVID-19", "SARS-CoV-2 mRNA vaccine"),
        ("9 Sản phẩm vắc xin", "Vaccine product", "Comirnaty"),
        ("10 Nhà cung cấp hoặc sản xuất vắc xin", "Vaccine supplier or manufacturer", "Biontech Manufacturing GmbH"),
        ("11 Mã số của chứng nhận", "Certificate identifier", "URN:UVCI:01:VN:FFFE3D31FABD035899134A9D3BAE9BCF"),
        ("Cơ sở tiêm chủng", "Vaccination site", "Trạm Y tế phường Nghĩa Lộ†"),
        ("Quốc gia tiêm chủng", "Country of vaccination", "Việt Nam", "Viet Nam"),
        ("Thời điểm cấp", "Issued at", "22/11/2026 14:05 (UTC+7)"),
        ("Mã QR có giá trị đến", "QR code valid until", "22/11/2027 14:05 (UTC+7)"),
        ("Cơ quan cấp", "Issued by", "Bộ Y tế"),
    ]
    start = found.index("1 Họ và tên")
    assert found[start : start + sum(map(len, expected))] == [line for field in expected for line in field]


def test_a_test_says_what_was_found() -> None:
    found = lines(replace(CARD, entry=TEST))
    assert "CHỨNG NHẬN XÉT NGHIỆM COVID-19" in found
    assert after("Type of test", found) == "Xét nghiệm nhanh miễn dịch"
    assert after("Test result", found) == "Không phát hiện"
    assert after("Không phát hiện", found) == "Not detected"
    assert after("Date and time of sampling", found) == "22/11/2026 14:05 (UTC+7)"
    assert "Doses received" not in found


def test_a_recovery_says_when_it_counts() -> None:
    found = lines(replace(CARD, entry=RECOVERY))
    assert "CHỨNG NHẬN KHỎI BỆNH COVID-19" in found
    assert after("Certificate valid until", found) == "30/05/2022"
    assert "8 Mã số của chứng nhận" in found
    assert "Vaccine" not in found


def test_a_name_in_two_forms_of_unicode_is_printed_the_same() -> None:
    spelled = PersonName("Nguyễn", unicodedata.normalize("NFD", "Thị Ngữ"), "NGUYEN", "THI<NGU")
    assert after("Full name", lines(replace(CARD, name=spelled))) == "Nguyễn Thị Ngữ"


def test_what_is_missing_is_a_dash() -> None:
    found = lines(replace(CARD, nationality=None, birth_date=None, entry=replace(DOSE, lot=None, site=None)))
    assert after("Nationality", found) == "—"
    assert after("Date of birth", found) == "—"
    assert after("Dose number · Lot number", found) == "2 · —"
    assert after("Vaccination site", found) == "—"


def test_a_single_name_has_no_separator() -> None:
    found = lines(replace(CARD, name=PersonName.of("", "Suharto")))
    assert after("Full name", found) == "Suharto"
    assert after("Standardised name (ICAO 9303)", found) == "SUHARTO"


def test_a_partial_birth_date_stays_partial() -> None:
    assert after("Date of birth", lines(replace(CARD, birth_date=PartialDate.parse("1951-07")))) == "07/1951"


def test_the_same_words_in_both_languages_are_printed_once() -> None:
    found = lines(replace(CARD, entry=replace(DOSE, product=Words("Comirnaty", "Comirnaty"))))
    assert found.count("Comirnaty") == 1


def test_a_citizen_id_is_not_printed_unless_given() -> None:
    assert "Personal identification number" not in lines(CARD)


@pytest.mark.parametrize(
    ("number", "shown"), [("087084000999", "******000999†"), ("123456789", "******789†"), ("12345", "*****†")]
)
def test_a_citizen_id_is_masked(number: str, shown: str) -> None:
    found = lines(replace(CARD, citizen_id=number))
    assert after("Personal identification number", found) == shown
    assert number not in "".join(found)


def test_what_is_not_signed_is_marked() -> None:
    note = "† For information only: not in the QR code."
    assert note in lines(CARD)
    bare = replace(CARD, nationality=None, entry=replace(DOSE, lot=None, site=None))
    found = lines(bare)
    assert note not in found
    assert "†" not in "".join(found)


def test_the_heading_of_the_state_is_for_its_own_certificates() -> None:
    motto = "Độc lập - Tự do - Hạnh phúc"
    assert motto in lines(CARD)
    foreign = lines(replace(CARD, issuing_country="DE", issuer="Robert Koch-Institut"))
    assert motto not in foreign
    assert {"ĐỨC", "Germany", "ROBERT KOCH-INSTITUT"} <= set(foreign)


def test_where_to_verify_is_printed_when_it_is_known() -> None:
    found = lines(CARD, verify_at="https://kiemtra.example.vn")
    assert "Kiểm tra tại · Verify at https://kiemtra.example.vn" in found
    assert not any("Verify at" in line for line in lines(CARD))


@pytest.mark.parametrize("text", MARKUP)
def test_markup_is_printed_as_it_stands(text: str) -> None:
    name = PersonName(text, text, "A", "B")
    card = replace(CARD, name=name, issuer=text, certificate_id=text, entry=replace(DOSE, site=text, lot=text))
    found = lines(card, verify_at=text)
    assert after("Full name", found) == f"{text} {text}"
    assert after("Vaccination site", found) == f"{text}†"
    assert after("Certificate identifier", found) == text
    assert after("Issued by", found) == text


@pytest.mark.parametrize("note", [getattr(card_page, name) for name in dir(card_page) if name.endswith("_NOTE")])
def test_a_note_fits_on_half_a_line(note: Words) -> None:
    half = COLUMNS["heading"].width / (TYPE_POINTS / MM)
    assert max(map(typeface.width, note)) * SMALL < half


# --- what cannot be printed ---------------------------------------------------------------------------------------


def test_a_name_in_another_script_gives_way_to_its_standardised_form() -> None:
    found = lines(replace(CARD, name=PersonName("李", "小伟", "LI", "XIAO<WEI")))
    assert after("Full name", found) == "LI XIAO WEI"
    assert "Letters of the name cannot be printed: see the QR code." in found


def test_a_name_that_can_be_printed_has_no_such_note() -> None:
    assert "Letters of the name cannot be printed: see the QR code." not in lines(CARD)


@pytest.mark.parametrize("text", ["武汉", "two\nlines", "\u202eesrever", "\U0001f489"])
@pytest.mark.parametrize("field", ["certificate_id", "issuer", "nationality", "citizen_id"])
def test_other_text_in_another_script_is_refused(field: str, text: str) -> None:
    with pytest.raises(UnprintableTextError, match=f"{field} has a character") as caught:
        changed(field, text)
    assert caught.value.field == field
    assert text not in str(caught.value)


@pytest.mark.parametrize("field", ["lot", "site", "vaccine", "product", "manufacturer", "disease", "country"])
def test_a_text_of_the_entry_in_another_script_is_refused(field: str) -> None:
    entry = replace(DOSE, **{field: "武汉"})  # type: ignore[arg-type]
    with pytest.raises(UnprintableTextError) as caught:
        replace(CARD, entry=entry)
    assert caught.value.field == field


def test_a_translation_in_another_script_is_refused() -> None:
    with pytest.raises(UnprintableTextError, match="nationality"):
        replace(CARD, nationality=Words("Trung Quốc", "中国"))


def test_a_text_that_is_too_long_is_refused() -> None:
    assert replace(CARD, issuer="n" * MAX_TEXT_CHARACTERS)
    with pytest.raises(UnprintableTextError, match="issuer has 121 characters, and a card has room for 120"):
        replace(CARD, issuer="n" * (MAX_TEXT_CHARACTERS + 1))
    with pytest.raises(UnprintableTextError, match="issuer has 480 characters"):
        replace(CARD, issuer="\u33c2" * MAX_TEXT_CHARACTERS)  # each is printed as "a.m."


@pytest.mark.parametrize(
    "name",
    [
        PersonName("n" * 81, "n" * 82, "A", "B"),
        PersonName("n", "n", "A" * 81, "B" * 80),
        PersonName("李", "", "李", ""),
    ],
)
def test_a_name_that_cannot_be_printed_in_any_form_is_refused(name: PersonName) -> None:
    with pytest.raises(UnprintableTextError) as caught:
        replace(CARD, name=name)
    assert caught.value.field == "name"


def test_an_unprintable_address_is_refused() -> None:
    with pytest.raises(UnprintableTextError, match="verify_at"):
        render_cards([CARD], verify_at="https://武汉.example")


@pytest.mark.parametrize("field", ["issued_at", "expires_at"])
def test_a_naive_instant_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        changed(field, datetime(2026, 11, 22))  # noqa: DTZ001 - the point


@pytest.mark.parametrize("code", ["", "vn", "Việt Nam", "ZZ"])
def test_an_issuing_country_that_is_no_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="issuing_country"):
        replace(CARD, issuing_country=code)


def test_a_text_that_no_qr_code_holds_is_refused() -> None:
    with pytest.raises(QrError):
        render_cards([replace(CARD, text=hc1(1, 5000))])


@pytest.mark.parametrize("count", [0, MAX_CARDS + 1])
def test_a_document_has_a_bounded_number_of_cards(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 500 cards"):
        render_cards([CARD] * count)


def test_a_card_does_not_show_its_holder_in_a_log() -> None:
    shown = repr(replace(CARD, citizen_id="087084000999"))
    for personal in ("Nguyễn", "1984", "Việt Nam", "087084", "HC1:", "NJ0342"):
        assert personal not in shown


# --- the page -----------------------------------------------------------------------------------------------------


ALL_KINDS = [
    CARD,
    LONG_NAMES,
    FULL_PAGE,
    replace(CARD, entry=TEST, citizen_id="087084000999"),
    replace(CARD, entry=RECOVERY, issuing_country="DE", name=PersonName("李", "伟", "LI", "WEI")),
]


@pytest.mark.parametrize("card", ALL_KINDS)
def test_a_card_is_one_page_with_nothing_in_its_margins(card: Card) -> None:
    (page,) = pages(card, verify_at=WIDE_WORDS)
    assert page.get_size() == pytest.approx((210 * MM, 297 * MM), abs=0.1)
    left, _, right, top = boxes_of(page, pdfium.FPDF_PAGEOBJ_TEXT).T
    assert left.min() > 17.5 * MM
    assert right.max() < 192.5 * MM
    assert lowest(page) > 9 * MM
    assert top.max() < 287 * MM


@pytest.mark.parametrize("card", ALL_KINDS)
def test_no_line_of_text_touches_another(card: Card) -> None:
    (page,) = pages(card, verify_at=WIDE_WORDS)
    left, bottom, right, top = boxes_of(page, pdfium.FPDF_PAGEOBJ_TEXT).T
    across = np.minimum.outer(right, right) - np.maximum.outer(left, left)
    upright = np.minimum.outer(top, top) - np.maximum.outer(bottom, bottom)
    shared = np.where(across > 0.3, upright, 0) / np.minimum.outer(top - bottom, top - bottom)
    np.fill_diagonal(shared, 0)
    assert shared.max() < 0.1  # a mark below one line may reach as high as a mark above the next


@pytest.mark.parametrize("card", ALL_KINDS)
def test_no_rule_runs_through_text(card: Card) -> None:
    (page,) = pages(card, verify_at=WIDE_WORDS)
    rules = boxes_of(page, pdfium.FPDF_PAGEOBJ_PATH)
    rules = rules[rules[:, 3] - rules[:, 1] < 3]
    assert len(rules) > 7
    _, bottom, _, top = boxes_of(page, pdfium.FPDF_PAGEOBJ_TEXT).T
    for _, low, _, high in rules:
        assert not ((bottom + 0.3 < high) & (top - 0.3 > low)).any()


@pytest.mark.parametrize("card", ALL_KINDS)
def test_the_parts_of_the_page_stand_where_they_belong(card: Card) -> None:
    (page,) = pages(card)
    (image,) = images(page)
    left, bottom, right, top = image.get_bounds()
    assert (left / MM, right / MM) == pytest.approx((146.7, 188.3), abs=0.2)
    reader = page.get_textpage()
    title = reader.search("CHỨNG NHẬN").get_next()
    assert title
    start, end = reader.get_charbox(title[0]), reader.get_charbox(reader.get_text_bounded().index("COVID-19\r") + 7)
    assert (start[0] + end[2]) / 2 / MM == pytest.approx(105, abs=1)
    assert start[1] > top
    assert bottom > place_of("Quét mã", page)[3]
    assert left < place_of("Quét mã", page)[0] < place_of("Scan to", page)[0] < (left + right) / 2


def test_labels_stand_in_a_column() -> None:
    (page,) = pages(CARD)
    for vi, en in (
        ("Quốc tịch", "Nationality"),
        ("Vắc xin", "Vaccine"),
        ("Mã số", "Certificate id"),
        ("Cơ sở", "Vaccination s"),
    ):
        assert place_of(vi, page)[0] == pytest.approx(25 * MM, abs=1.2)
        assert place_of(en, page)[0] == pytest.approx(25 * MM, abs=1.2)


@pytest.mark.parametrize("card", [LONG_NAMES, FULL_PAGE])
def test_long_texts_wrap_and_lose_nothing(card: Card) -> None:
    found = printed(card)
    for text in (
        card.name.full,
        card.issuer,
        card.certificate_id,
        f"{card.name.family_std}<<{card.name.given_std}",
    ):
        assert "".join(text.split()) in found


PRINTABLE = st.text(st.sampled_from("aWiđỘ gyj<,;:ẰẵMm-"), min_size=1, max_size=MAX_TEXT_CHARACTERS)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(PRINTABLE, PRINTABLE, PRINTABLE, PRINTABLE, st.booleans()), min_size=4, max_size=8))
def test_any_cards_are_a_page_each(texts: list[tuple[str, str, str, str, bool]]) -> None:
    cards = [
        replace(
            CARD,
            name=PersonName(one[:80], two[:80], "A" * len(one[:80]), "W" * len(two[:80])),
            issuer=three,
            citizen_id=four[:20] if long else None,
            entry=replace(DOSE, site=four, product=two, manufacturer=Words(three, one)),
        )
        for one, two, three, four, long in texts
    ]
    document = pages(*cards, verify_at=texts[0][0])
    assert len(document) == len(cards)
    assert min(map(lowest, document)) > 9 * MM


def test_pages_on_both_sides_of_the_limit_fit() -> None:
    """The lines that a page has to spare are used up in different ways, a word at a time."""
    texts = ["WWW " * words for words in range(1, 40, 2)]
    cards = [replace(CARD, name=PersonName(text[:80], text[80:], "A", "")) for text in texts]
    cards += [replace(CARD, issuer=text[:MAX_TEXT_CHARACTERS]) for text in texts]
    cards += [replace(CARD, entry=replace(DOSE, site=text[:MAX_TEXT_CHARACTERS], product=text[:60])) for text in texts]
    cards += [replace(card, citizen_id="087084000999") for card in cards]
    document = pages(*cards, verify_at="https://kiemtra.example.vn")
    assert len(document) == len(cards)
    assert min(map(lowest, document)) > 9 * MM


def test_four_values_are_as_high_as_the_symbol() -> None:
    """The caption of the symbol ends above the fields, whatever the holder's name."""
    (page,) = pages(replace(CARD, name=PersonName.of("A"), nationality=None))
    assert place_of("Scan to verify", page)[1] > place_of("Bệnh dịch", page)[3]


# --- the QR code --------------------------------------------------------------------------------------------------


def images(page: pypdfium2.PdfPage) -> list[Any]:
    return list(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE]))


def scan(page: pypdfium2.PdfPage, dots_per_inch: int) -> list[str]:
    picture = page.render(scale=dots_per_inch / 72, grayscale=True).to_numpy()
    return [code.text for code in zxingcpp.read_barcodes(picture, text_mode=zxingcpp.TextMode.Plain)]


@pytest.mark.parametrize("entry", [DOSE, TEST, RECOVERY])
@pytest.mark.parametrize("length", [300, 490, 550, 825])
def test_the_qr_code_reads_from_a_page_of_150_dots_per_inch(
    entry: VaccinationEntry | TestEntry | RecoveryEntry, length: int
) -> None:
    text = hc1(length, length)
    (page,) = pages(replace(CARD, entry=entry, text=text))
    assert scan(page, 150) == [text]


def test_the_largest_qr_code_reads_from_a_page_of_200_dots_per_inch() -> None:
    text = hc1(9, 1090)
    (page,) = pages(replace(CARD, text=text))
    assert scan(page, 200) == [text]


def test_each_page_has_the_code_of_its_card() -> None:
    texts = [hc1(seed) for seed in range(5)]
    assert [scan(page, 150) for page in pages(*(replace(CARD, text=text) for text in texts))] == [
        [text] for text in texts
    ]


@pytest.mark.parametrize("length", [100, 550, 1090])
def test_the_qr_code_is_a_picture_of_the_recommended_size(length: int) -> None:
    """35 to 60 mm in diagonal, one pixel a module (hcert-spec §4.2.2)."""
    (page,) = pages(replace(CARD, text=hc1(2, length)))
    (image,) = images(page)
    left, bottom, right, top = image.get_bounds()
    assert 35 < hypot(right - left, top - bottom) / MM < 60
    across, down = image.get_px_size()
    assert across == down
    assert across % 4 == 1  # 17 + 4 x version


# --- the file -----------------------------------------------------------------------------------------------------


def test_a_print_run_keeps_the_order_of_the_cards() -> None:
    cards = [replace(CARD, certificate_id=f"URN:UVCI:01:VN:{number}") for number in range(25)]
    found = [page.get_textpage().get_text_bounded() for page in pages(*cards)]
    assert [f"URN:UVCI:01:VN:{number}\r\n" in text for number, text in enumerate(found)] == [True] * 25


PRINT_RUNS = """
import resource
from dataclasses import replace
from tests.unit.issue.test_card import CARD, hc1, render_cards

peaks = []
for run in range(8):
    names = [f"Nguyen {run} {number}" for number in range(30)]
    render_cards([replace(CARD, certificate_id=name, issuer=name, text=hc1(run)) for name in names])
    peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
print(peaks[-1] - peaks[1])
"""


def test_one_print_run_after_another_takes_no_more_memory() -> None:
    """Left to itself, typst remembers the last ten documents: 12 MB for each of these."""
    root = Path(__file__).parents[3]
    found = subprocess.run([sys.executable, "-c", PRINT_RUNS], cwd=root, check=True, capture_output=True, text=True)
    assert int(found.stdout) < 30  # MB


def test_the_same_cards_make_the_same_bytes() -> None:
    cards = [CARD, replace(CARD, entry=TEST), LONG_NAMES]
    first = render_cards(cards)
    render_cards([replace(CARD, text=hc1(7))])
    assert render_cards(cards) == first


def test_other_cards_make_other_bytes() -> None:
    documents = [render_cards([replace(CARD, issued_at=ISSUED + timedelta(minutes=number))]) for number in range(3)]
    assert all(one != other for one, other in pairwise(documents))


def test_the_file_is_as_old_as_its_latest_card() -> None:
    document = pages(replace(CARD, issued_at=ISSUED - timedelta(days=9)), CARD)
    assert document.get_metadata_value("CreationDate") == "D:20261122070500Z"


@pytest.mark.parametrize(
    ("entries", "title"),
    [
        ([DOSE], "Chứng nhận tiêm chủng COVID-19 · COVID-19 vaccination certificate"),
        ([RECOVERY, RECOVERY], "Chứng nhận khỏi bệnh COVID-19 · COVID-19 recovery certificate"),
        ([DOSE, TEST], "Chứng nhận COVID-19 · COVID-19 certificates"),
    ],
)
def test_the_file_has_a_title_without_personal_data(
    entries: list[VaccinationEntry | TestEntry | RecoveryEntry], title: str
) -> None:
    document = pages(*(replace(CARD, entry=entry) for entry in entries))
    assert document.get_metadata_value("Title") == title
    assert [document.get_metadata_value(key) for key in ("Author", "Subject", "Keywords")] == ["", "", ""]


def test_the_file_is_tagged_and_says_its_language_and_standards() -> None:
    content = render_cards([CARD])
    document = pypdfium2.PdfDocument(content)
    language = (ctypes.c_ushort * 16)()
    pdfium.FPDFCatalog_GetLanguage(document, language, ctypes.sizeof(language))
    assert bytes(language).decode("utf-16-le").rstrip("\0") == "vi-VN"
    assert pdfium.FPDFCatalog_IsTagged(document)
    assert b"<pdfaid:part>2<" in content
    assert b"<pdfuaid:part>1<" in content


def test_only_the_bundled_face_is_in_the_file() -> None:
    names = set()
    for page in pages(CARD, LONG_NAMES, replace(CARD, entry=TEST)):
        for run in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT]):
            font = pdfium.FPDFTextObj_GetFont(run)
            assert pdfium.FPDFFont_GetIsEmbedded(font)
            name = ctypes.create_string_buffer(64)
            pdfium.FPDFFont_GetBaseFontName(font, name, 64)
            names.add(name.value.decode().partition("+")[2])
    assert names == {"NotoSans-Regular", "NotoSans-Bold"}
