"""What one wallet card shows and where, as the template `sheet.typ` takes it.

A wallet card has the size of a bank card, and half of it is the QR code. Its lines are broken here, from the widths of
the letters, and its type is made smaller until all of it fits: no name is cut. The template only places what it gets.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

from vaxcert.codec import qr
from vaxcert.issue import card_page, line_breaks, typeface
from vaxcert.issue.card_entry import MISSING, Line, Words, format_instant
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from vaxcert.issue.card import Card
    from vaxcert.issue.card_entry import Text
    from vaxcert.issue.typeface import Weight

WIDTH_MM, HEIGHT_MM = 85.6, 54.0
"""ISO/IEC 7810, ID-1: what wallets and laminating pouches are made for."""

SYMBOL_MM: Final = 41.6
"""The symbol's side, as on the letter: a diagonal of 58.8 mm, within the 35 to 60 mm of hcert-spec §4.2.2.

As large as the card allows: out of focus at 150 dpi, versions up to 23 are read, of 36 mm those up to 19. And of the
sizes from 40 to 42.4 mm, the one at which readers see every version from 11 to 26 at first sight at 140 to 180 dpi: at
42 mm the modules of version 17 fall onto the dots of 150 dpi so badly that none is read without another try.
"""

MARGIN_MM: Final = 2.8
"""White around the symbol: four modules (ISO/IEC 18004 §9.1) of any symbol that has at least 60 a side."""

COLUMN_MM: Final = WIDTH_MM - SYMBOL_MM - 4 * MARGIN_MM + 1.2
"""What is left of the symbol: the text, from a little more than the margin to the symbol's white."""

TYPE_POINTS: Final = 7.0
LABEL: Final = 0.7
"""The size of a label, of the type's."""

_COLUMN_TOP_MM = 8.7
_COLUMN_HEIGHT_MM = 51.4 - _COLUMN_TOP_MM
_FIRST_HALF = 0.58
"""The part of the column that the first of two values on a line gets."""

_COUNTRY_MM = 34.0
_COUNTRY_POINTS = 6.0

_STEP = 0.96
"""By so much the type is made smaller until everything fits."""
_NAME_SIZES = (1.25, 1.0)
"""A name that takes many lines stands out by its weight alone, before all type is made smaller."""

_BELOW_LABEL = LABEL * line_breaks.height(1) + 0.42
"""From a label's capitals to the value's, in ems of the type: room for tails, and for the marks on a capital."""
_BELOW_VALUE = 0.6

MEASURES: Final = {
    "width": WIDTH_MM,
    "height": HEIGHT_MM,
    "symbol": SYMBOL_MM,
    "margin": MARGIN_MM,
    "column_top": _COLUMN_TOP_MM,
    "type": TYPE_POINTS,
    "label": LABEL,
}
"""What `sheet.typ` takes from here."""

_NAME = Words("Họ và tên", "Full name")
_STANDARDISED_NAME = Words("Họ tên chuẩn hóa", "Standardised name")


class _Cell(NamedTuple):
    """A value in its place, with the size and the weight that it has when there is room."""

    line: Line
    size: float = 1.0
    weight: Weight = "regular"


def of(card: Card) -> dict[str, object]:
    """Return what the template needs for one card.

    Raises:
        QrError: The card's text does not fit into a QR code.
    """
    symbol = qr.encode(card.text)
    points, rows = _fitted(_name_line(card), _other_lines(card))
    return {
        "qr": card_page.picture(symbol),
        "symbol": min(SYMBOL_MM, MARGIN_MM / qr.QUIET_ZONE * symbol.side),
        "title": card.entry.title._asdict(),
        "country": _country(card.issuing_country),
        "size": points,
        "rows": rows,
    }


def _name_line(card: Card) -> Line:
    whole = typeface.printable(card.name.full) is not None
    return Line(_NAME if whole else _STANDARDISED_NAME, card_page.shown_name(card.name))


def _other_lines(card: Card) -> list[tuple[_Cell, ...]]:
    birth_date = card.birth_date.format_local() if card.birth_date else None
    return [
        (_Cell(Line(Words("Ngày tháng năm sinh", "Date of birth"), birth_date)),),
        *(tuple(map(_Cell, lines)) for lines in card.entry.brief_lines()),
        (_Cell(Line(Words("Cơ quan cấp", "Issued by"), card.issuer)),),
        (_Cell(Line(Words("Mã QR có giá trị đến", "QR valid until"), format_instant(card.expires_at))),),
        (_Cell(Line(Words("Mã số", "Certificate identifier"), card.certificate_id), 0.8),),
    ]


def _fitted(name: Line, others: list[tuple[_Cell, ...]]) -> tuple[float, list[dict[str, object]]]:
    """Return the largest size of the type at which all lines fit, in points, and what is placed."""
    points = TYPE_POINTS
    while True:  # all type fits at some size
        em = points * line_breaks.POINT_MM
        for size in _NAME_SIZES:
            height, rows = _placed([(_Cell(name, size, "bold"),), *others], COLUMN_MM / em)
            if height * em <= _COLUMN_HEIGHT_MM:
                return points, rows
        points *= _STEP


def _placed(lines: list[tuple[_Cell, ...]], room: float) -> tuple[float, list[dict[str, object]]]:
    """Return how high the lines are in a column of this width, both in ems, and each value in its place."""
    rows: list[dict[str, object]] = []
    top = 0.0
    for cells in lines:
        lowest = left = 0.0
        for cell, width in zip(cells, (room,) if len(cells) == 1 else (_FIRST_HALF * room, room), strict=False):
            value = line_breaks.broken(_text(cell.line.value), cell.weight, (width - left) / cell.size)
            rows.append(
                {
                    "x": left,
                    "y": top,
                    **cell.line.label._asdict(),
                    "down": top + _BELOW_LABEL,
                    "value": "\n".join(value),
                    "size": cell.size,
                    "weight": cell.weight,
                }
            )
            lowest = max(lowest, _BELOW_LABEL + line_breaks.height(len(value)) * cell.size)
            left = width
        top += lowest + _BELOW_VALUE
    return top - _BELOW_VALUE, rows


def _text(value: Text | None) -> str:
    texts = dict.fromkeys(value if isinstance(value, Words) else (value or MISSING,))
    shown = " · ".join(texts)
    printed = typeface.printable(shown)
    assert printed is not None  # a card is checked when it is made
    return printed


@cache
def _country(code: str) -> dict[str, object]:
    names = value_set("country")
    vi, en = names.display(code, "vi").upper(), names.display(code, "en")
    points = line_breaks.one_line_points(vi, "bold", _COUNTRY_MM, most=_COUNTRY_POINTS)
    return {"vi": vi, "en": en, "size": line_breaks.one_line_points(en, "regular", _COUNTRY_MM, most=points)}
