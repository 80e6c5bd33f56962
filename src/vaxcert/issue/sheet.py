"""A4 sheets of wallet cards, to be cut out: `sheet.typ` has the layout, `sheet_card` the words.

They show less than the letters: who, which certificate, and until when. The QR code holds the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.issue import line_breaks, sheet_card
from vaxcert.issue.card import title_of
from vaxcert.issue.typesetting import Part, typeset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.issue.card import Card

CARDS_PER_SHEET: Final = 10

MAX_CARDS: Final = 1000
"""A document is set in memory, at about 0.1 MB a card."""

_HEADING_MM = 170.0
_HEADING_POINTS = 8.0


def render_sheets(cards: Sequence[Card]) -> bytes:
    """Return *cards* as one PDF of A4 sheets, ten to a page; the same cards always make the same bytes.

    Args:
        cards: At least one, at most `MAX_CARDS`.

    Raises:
        QrError: A card's text does not fit into a QR code.
        ValueError: There are no cards, or too many.
    """
    if not 0 < len(cards) <= MAX_CARDS:
        raise ValueError(f"a document has 1 to {MAX_CARDS} cards, not {len(cards)}")
    made_at = max(card.issued_at for card in cards)
    return typeset([sheets_of(cards)], title=title_of(cards), made_at=made_at)


def page_count(cards: int) -> int:
    """Return how many sheets so many cards take."""
    return -(-cards // CARDS_PER_SHEET)


def sheets_of(cards: Sequence[Card], heading: str = "", *, first: int = 1) -> Part:
    """Return *cards* on sheets; each shows *heading*, if there is one, and its cards' numbers, counted from *first*."""
    return Part("sheets", _sheets(cards, heading, first))


def _sheets(cards: Sequence[Card], heading: str, first: int) -> Iterator[dict[str, object]]:
    for start in range(0, len(cards), CARDS_PER_SHEET):
        group = cards[start : start + CARDS_PER_SHEET]
        numbers = f"{heading} · {first + start}\N{EN DASH}{first + start + len(group) - 1}" if heading else ""
        points = line_breaks.one_line_points(numbers, "regular", _HEADING_MM, most=_HEADING_POINTS)
        head = {"text": numbers, "size": points}
        yield {"heading": head, "cards": [sheet_card.of(card) for card in group]}
