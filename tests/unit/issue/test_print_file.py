"""The files of a print run: every page is where the lists say it is."""

import ctypes
from dataclasses import replace

import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from tests.printed_cards import CARD, ISSUED, LONG_NAMES, RECOVERY, TEST, hc1
from vaxcert.errors import QrError
from vaxcert.issue import lists
from vaxcert.issue.card import Card
from vaxcert.issue.lists import ROWS_PER_PAGE, Stretch
from vaxcert.issue.print_file import ContentsFile, Layout, PrintFile, SiteCards, render_print_file

MM = 72 / 25.4
LAYOUTS: tuple[Layout, ...] = ("letters", "sheets")


def numbered(count: int, start: int = 0) -> tuple[Card, ...]:
    """Return cards whose ids end in a number of eight digits of their own."""
    return tuple(
        replace(CARD, certificate_id=f"URN:UVCI:01:VN:{start + each:08}", text=hc1(start + each, 300))
        for each in range(count)
    )


def texts(file: PrintFile | ContentsFile) -> list[str]:
    document = pypdfium2.PdfDocument(render_print_file(file))
    return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in document]


def file_of(layout: Layout, *sites: SiteCards) -> PrintFile:
    return PrintFile(name=f"{layout}-0001.pdf", layout=layout, sites=sites)


SITES = (
    SiteCards(site="Bệnh viện A", cards=numbered(3)),
    SiteCards(site="Trạm Y tế B", cards=numbered(ROWS_PER_PAGE + 2, 100), first=501),
    SiteCards(site=None, cards=numbered(11, 900)),
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_list_and_certificate_is_where_the_contents_say(layout: Layout) -> None:
    file = file_of(layout, *SITES)
    pages = texts(file)
    stretches = file.stretches()
    assert stretches[-1].last_page == len(pages)
    assert [stretch.first_page for stretch in stretches[1:]] == [stretch.last_page + 1 for stretch in stretches[:-1]]
    for each, stretch in zip(SITES, stretches, strict=True):
        assert stretch.cards == len(each.cards)
        assert "Danh sách trao chứng nhận" in pages[stretch.first_page - 1]
        printed = "".join(pages[stretch.first_page - 1 : stretch.last_page])
        assert all(card.certificate_id[-8:] in printed for card in each.cards)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_page_beside_a_name_is_the_one_with_the_certificate(layout: Layout) -> None:
    file = file_of(layout, *SITES)
    pages = texts(file)
    found = 0
    for text in pages:
        if "Danh sách trao" not in text:
            continue
        for line in text.splitlines():
            *_, ending, page = line.split() if line[:1].isdigit() and len(line.split()) > 2 else ("", "")
            if len(ending) == 8 and ending.isdigit():
                assert ending in pages[int(page) - 1].replace("\n", "")
                assert "Danh sách trao" not in pages[int(page) - 1]
                found += 1
    assert found == sum(len(each.cards) for each in SITES)


def test_the_contents_come_first_and_name_the_sites() -> None:
    first = texts(file_of("letters", *SITES))[0]
    assert first.startswith("Mục lục ")
    for line in ("letters-0001.pdf", "Bệnh viện A 2–5", "Trạm Y tế B (tiếp theo · continued) 6–43 36"):
        assert line in first
    assert "Chưa ghi cơ sở · No site stated 44–55 11" in first


def test_numbers_go_on_from_an_earlier_file() -> None:
    pages = texts(file_of("sheets", SITES[1]))
    assert "501 " in pages[1]
    assert "Trạm Y tế B (tiếp theo · continued) · 501–510" in pages[3]


def test_a_letter_says_where_to_verify() -> None:
    file = replace(file_of("letters", SITES[0]), verify_at="https://kiemtra.example.vn")
    assert [("https://kiemtra.example.vn" in text) for text in texts(file)] == [False, False, True, True, True]


def test_letters_keep_all_kinds_of_certificates() -> None:
    cards = (replace(CARD, entry=TEST), replace(CARD, entry=RECOVERY), LONG_NAMES)
    pages = texts(file_of("letters", SiteCards(site="A", cards=cards)))
    assert "COVID-19 test certificate" in pages[2]
    assert "COVID-19 recovery certificate" in pages[3]
    assert "".join(LONG_NAMES.name.full.split()) in "".join(pages[1].split())


@pytest.mark.parametrize("rows", [1, ROWS_PER_PAGE, ROWS_PER_PAGE + 1, 3 * ROWS_PER_PAGE])
def test_the_contents_of_a_run_take_as_many_pages_as_reckoned(rows: int) -> None:
    stretches = tuple(Stretch(f"Trạm {each}", False, "letters-0001.pdf", each, each + 1, 2) for each in range(rows))
    pages = texts(ContentsFile(name="contents.pdf", stretches=stretches, made_at=ISSUED))
    assert len(pages) == lists.page_count(rows)
    assert f"Trạm {rows - 1} " in pages[-1]
    assert pages[-1].count("letters-0001.pdf") == (rows - 1) % ROWS_PER_PAGE + 1


@pytest.mark.parametrize(
    "site", ["Trạm Y tế " * 11 + "phường Nghĩa", "W" * 120, "Ộ " * 60], ids=["long", "wide", "high"]
)
def test_a_long_site_is_whole_and_keeps_to_its_row(site: str) -> None:
    stretches = tuple(Stretch(site, True, "letters-0001.pdf", 1, 500, 499) for _ in range(ROWS_PER_PAGE))
    content = render_print_file(ContentsFile(name="contents.pdf", stretches=stretches, made_at=ISSUED))
    (page,) = pypdfium2.PdfDocument(content)
    text = "".join(page.get_textpage().get_text_bounded().split())
    assert text.count("".join(site.split())) == ROWS_PER_PAGE
    boxes = [each.get_bounds() for each in page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_TEXT])]
    assert min(bottom for _, bottom, _, _ in boxes) > 9 * MM
    inside = [right for left, bottom, right, _ in boxes if 50 * MM < left < 60 * MM and bottom < 250 * MM]
    assert len(inside) >= ROWS_PER_PAGE
    assert max(inside) < (15 + 38 + 86) * MM


def test_lists_are_tables_to_a_screen_reader() -> None:
    document = pypdfium2.PdfDocument(render_print_file(file_of("letters", SITES[0])))
    assert pdfium.FPDFCatalog_IsTagged(document)
    kinds = [kinds_of(document, page) for page in range(3)]
    for listed in kinds[:2]:
        assert {"H1", "Table", "TR", "TH", "TD"} <= listed
    assert "Table" not in kinds[2]


def kinds_of(document: pypdfium2.PdfDocument, page: int) -> set[str]:
    """Return the kinds of the elements in the page's structure."""
    tree = pdfium.FPDF_StructTree_GetForPage(document[page])
    queue = [
        pdfium.FPDF_StructTree_GetChildAtIndex(tree, at) for at in range(pdfium.FPDF_StructTree_CountChildren(tree))
    ]
    kinds = set()
    while queue:
        element = queue.pop()
        if not element:
            continue
        name = (ctypes.c_ushort * 32)()
        pdfium.FPDF_StructElement_GetType(element, name, ctypes.sizeof(name))
        kinds.add(bytes(name).decode("utf-16-le").split("\0")[0])
        count = pdfium.FPDF_StructElement_CountChildren(element)
        queue += [pdfium.FPDF_StructElement_GetChildAtIndex(element, at) for at in range(count)]
    pdfium.FPDF_StructTree_Close(tree)
    return kinds


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_same_file_makes_the_same_bytes(layout: Layout) -> None:
    content = render_print_file(file_of(layout, SITES[0]))
    assert render_print_file(file_of(layout, SITES[0])) == content
    assert render_print_file(file_of(layout, SITES[2])) != content


def test_the_title_is_the_name_of_the_file() -> None:
    document = pypdfium2.PdfDocument(render_print_file(file_of("sheets", SITES[0])))
    assert document.get_metadata_value("Title") == "sheets-0001.pdf"


@pytest.mark.parametrize("sites", [(), (SiteCards(site="A", cards=()),), (SITES[0], SiteCards(site=None, cards=()))])
def test_a_file_without_cards_is_refused(sites: tuple[SiteCards, ...]) -> None:
    with pytest.raises(ValueError, match="at least one"):
        file_of("letters", *sites)


def test_a_text_that_no_qr_code_holds_is_refused() -> None:
    site = SiteCards(site="A", cards=(replace(CARD, text=hc1(1, 5000)),))
    with pytest.raises(QrError):
        render_print_file(file_of("letters", site))


def test_a_file_does_not_show_its_people_in_a_log() -> None:
    assert "Nguyễn" not in repr(file_of("letters", *SITES))
