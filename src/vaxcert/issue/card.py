"""The printable card: one A4 page a certificate, with all that it says and its QR code.

`letter.typ` has the layout, `card_page` and `card_entry` the words. What cannot be printed is refused when the `Card`
is made, so that a print run does not stop halfway. `sheet` prints the same cards to be cut out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from vaxcert.errors import UnprintableTextError
from vaxcert.issue import card_page, typeface
from vaxcert.issue.card_entry import Words
from vaxcert.issue.typesetting import Part, typeset
from vaxcert.model.valuesets import value_set

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vaxcert.issue.card_entry import Entry, Text
    from vaxcert.model.names import PersonName
    from vaxcert.model.partial_date import PartialDate

MAX_CARDS = 500
"""A document is set in memory, at about 0.4 MB a page."""

MAX_TEXT_CHARACTERS = 120
"""Above the longest name in the value sets (118). A page full of such texts is still one page."""

MAX_NAME_CHARACTERS = 162
"""Two parts of 80 (DCC schema, person_name) and `<<` between them."""

_COLLECTIVE_TITLE = Words("Chứng nhận COVID-19", "COVID-19 certificates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All that one card shows. It knows no codes but the issuing country's: values are as people read them.

    Raises:
        UnprintableTextError: A text is too long, or the face lacks a character of it. A name in another script gives
            way to its standardised form, and the card says so.
        ValueError: An instant is naive, or the issuing country is no code.
    """

    name: PersonName = field(repr=False)
    birth_date: PartialDate | None = field(repr=False)
    nationality: Text | None = field(default=None, repr=False)
    citizen_id: str | None = field(default=None, repr=False)
    """Printed only where given, and then with its first six characters hidden."""
    entry: Entry = field(repr=False)
    certificate_id: str
    issuer: str
    issuing_country: str
    """ISO 3166-1 alpha-2. Viet Nam's certificates bear the state's heading."""
    issued_at: datetime
    expires_at: datetime
    text: str = field(repr=False)
    """What the QR code carries, `HC1:...`."""

    def __post_init__(self) -> None:
        if self.issued_at.tzinfo is None or self.expires_at.tzinfo is None:
            raise ValueError("issued_at and expires_at need a time zone")
        if self.issuing_country not in value_set("country").codes:
            raise ValueError("issuing_country is no two-letter country code")
        for part in (self, self.entry):
            for slot in fields(part):
                if slot.name not in {"name", "text"}:
                    check_printable(slot.name, getattr(part, slot.name))
        for name in (card_page.shown_name(self.name), card_page.standardised_name(self.name)):
            check_printable("name", name, most=MAX_NAME_CHARACTERS)


def render_cards(cards: Sequence[Card], *, verify_at: str | None = None) -> bytes:
    """Return *cards* as one PDF, an A4 page each; the same cards always make the same bytes.

    Args:
        cards: At least one, at most `MAX_CARDS`.
        verify_at: Where readers can have a certificate checked, such as a web address; it is printed on every page.

    Raises:
        QrError: A card's text does not fit into a QR code.
        UnprintableTextError: *verify_at* cannot be printed.
        ValueError: There are no cards, or too many.
    """
    if not 0 < len(cards) <= MAX_CARDS:
        raise ValueError(f"a document has 1 to {MAX_CARDS} cards, not {len(cards)}")
    check_printable("verify_at", verify_at)
    letters = Part("letters", (card_page.of(card, verify_at) for card in cards))
    return typeset([letters], title=title_of(cards), made_at=max(card.issued_at for card in cards))


def title_of(cards: Sequence[Card]) -> str:
    """Return the title of a document with *cards*."""
    titles = {card.entry.title for card in cards}
    title = titles.pop() if len(titles) == 1 else _COLLECTIVE_TITLE
    return f"{title.vi} · {title.en}"


def check_printable(name: str, value: object, *, most: int = MAX_TEXT_CHARACTERS) -> None:
    """Check that *value*, where it is a text or one in both languages, can be printed.

    Raises:
        UnprintableTextError: It is longer than *most*, or the face lacks a character of it.
    """
    for text in value if isinstance(value, Words) else (value,):
        if not isinstance(text, str):
            continue
        shown = typeface.printable(text) if len(text) <= most else text
        if shown is None:
            raise UnprintableTextError(
                f"{name} has a character that the typeface lacks",
                field=name,
                hint="write it in Latin, Greek or Cyrillic letters, without control characters",
            )
        if len(shown) > most:
            message = f"{name} has {len(shown)} characters, and a card has room for {most}"
            raise UnprintableTextError(message, field=name)
