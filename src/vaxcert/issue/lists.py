"""Lists to go with what is printed: the contents of a file or of a whole run, and a site's list for handing out.

All rows have one height and all pages hold as many of them, so that the page on which something stands is known before
anything is set. `lists.typ` has the layout.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from vaxcert.issue import card_page, line_breaks, typeface
from vaxcert.issue.card_entry import Words
from vaxcert.issue.typesetting import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vaxcert.issue.card import Card

ROWS_PER_PAGE: Final = 34
"""Rows that are high enough to sign in, on what A4 leaves below a title."""

NO_SITE: Final = Words("Chưa ghi cơ sở", "No site stated")
CONTINUED: Final = Words("tiếp theo", "continued")

ID_CHARACTERS: Final = 8
"""The last characters of a certificate's id: they tell two people of the same name apart."""

_TEXT_MM = 5.8
"""The height that the text of a row may take, of the row's 7 mm."""
_CELL_INSET_MM = 1.0
_LONG_TEXT_POINTS = 9.0
_STEP = 0.94


class _Column(NamedTuple):
    label: Words
    width: float
    """In millimetres; a page has 180."""
    right: bool = False


class Stretch(NamedTuple):
    """Where a site's certificates stand: pages of one file, counted from 1."""

    site: str | None
    continued: bool
    """Whether an earlier stretch has the first of them."""
    file: str
    first_page: int
    last_page: int
    cards: int


_FILE = _Column(Words("Tệp", "File"), 38.0)
_SITE = _Column(Words("Cơ sở", "Site"), 124.0)
_SITE_BESIDE_FILE = _SITE._replace(width=_SITE.width - _FILE.width)
_PAGES = _Column(Words("Trang", "Pages"), 28.0, right=True)
_COUNT = _Column(Words("Số chứng nhận", "Certificates"), 28.0, right=True)
_NUMBER = _Column(Words("Số", "No."), 14.0, right=True)
_NAME = _Column(Words("Họ và tên", "Full name"), 74.0)
_ID = _Column(Words("Cuối mã số", "Identifier ends in"), 26.0)
_PAGE = _Column(Words("Trang", "Page"), 14.0, right=True)
_RECEIVED = _Column(Words("Đã nhận, ký tên", "Received, signature"), 52.0)

_CONTENTS_TITLE = Words("Mục lục", "Contents")
_HAND_OUT_TITLE = Words("Danh sách trao chứng nhận", "Hand-out list")


def page_count(rows: int) -> int:
    """Return how many pages a list of so many rows takes."""
    return -(-rows // ROWS_PER_PAGE)


def contents(stretches: Sequence[Stretch], about: str, *, with_files: bool = False) -> Part:
    """Return the list of *stretches*, of one file or *with_files* of all, under a line that says what it is *about*."""
    columns = (_FILE, _SITE_BESIDE_FILE, _PAGES, _COUNT) if with_files else (_SITE, _PAGES, _COUNT)
    site = columns[-3]
    rows = [
        [
            *([each.file] if with_files else []),
            _fitted(site_label(each.site, continued=each.continued), site.width),
            _span(each.first_page, each.last_page),
            str(each.cards),
        ]
        for each in stretches
    ]
    return _list(_CONTENTS_TITLE, about, columns, rows)


def hand_out(site: str, cards: Iterable[tuple[int, int, Card]]) -> Part:
    """Return the list on which the people at *site* sign for their certificates.

    Args:
        site: The site as `site_label` has it.
        cards: Each with its number at the site and its page in the file.
    """
    rows = [
        [
            str(number),
            _fitted(_printed(card_page.shown_name(card.name)), _NAME.width),
            _fitted(_printed(card.certificate_id[-ID_CHARACTERS:]), _ID.width),
            str(page),
            None,
        ]
        for number, page, card in cards
    ]
    return _list(_HAND_OUT_TITLE, site, (_NUMBER, _NAME, _ID, _PAGE, _RECEIVED), rows)


def site_label(site: str | None, *, continued: bool) -> str:
    """Return what lists call *site*, which can be printed."""
    label = " · ".join(NO_SITE) if site is None else _printed(site)
    return f"{label} ({CONTINUED.vi} · {CONTINUED.en})" if continued else label


def _list(title: Words, about: str, columns: Sequence[_Column], rows: Sequence[Sequence[object]]) -> Part:
    heads = [{**column.label._asdict(), "width": column.width, "right": column.right} for column in columns]
    pages = page_count(len(rows))
    return Part(
        "lists",
        [
            {
                "title": title._asdict(),
                "about": about,
                "number": f"{page + 1} / {pages}",
                "columns": heads,
                "rows": rows[page * ROWS_PER_PAGE : (page + 1) * ROWS_PER_PAGE],
            }
            for page in range(pages)
        ],
    )


def _fitted(text: str, width: float) -> str | dict[str, object]:
    """Return the cell of *text*, on several lines and in smaller type where it is long; it is never cut."""
    points = _LONG_TEXT_POINTS
    while True:  # all text fits at some size
        em = points * line_breaks.POINT_MM
        lines = line_breaks.broken(text, "regular", (width - 2 * _CELL_INSET_MM) / em)
        if len(lines) == 1 and points == _LONG_TEXT_POINTS:
            return text
        if line_breaks.height(len(lines)) * em <= _TEXT_MM:
            return {"value": "\n".join(lines), "size": points}
        points *= _STEP


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}\N{EN DASH}{last}"


def _printed(text: str) -> str:
    printed = typeface.printable(text)
    assert printed is not None  # cards and sites are checked before
    return printed
