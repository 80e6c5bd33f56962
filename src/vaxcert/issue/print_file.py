"""The files of a print run: their contents, then for each site a list to sign and its people's letters or sheets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from vaxcert.issue import card_page, lists, sheet
from vaxcert.issue.lists import Stretch
from vaxcert.issue.typesetting import Part, typeset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from vaxcert.issue.card import Card

Layout = Literal["letters", "sheets"]

CARDS_PER_FILE: Final[Mapping[Layout, int]] = {"letters": 500, "sheets": 1000}
"""A document is set in memory: a letter takes about 0.4 MB of it, a wallet card 0.1 MB."""


_ALL = "Tất cả các tệp · All files"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCards:
    """Cards of one site, in the order in which they are handed out."""

    site: str | None
    cards: tuple[Card, ...]
    first: int = 1
    """The number that the first of them has at the site: above 1, an earlier file has those before it."""

    @property
    def label(self) -> str:
        """What lists call the site."""
        return lists.site_label(self.site, continued=self.first > 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintFile:
    """What one file holds."""

    name: str
    layout: Layout
    sites: tuple[SiteCards, ...]
    verify_at: str | None = None
    """Where readers can have a certificate checked; letters say it."""

    def __post_init__(self) -> None:
        if not self.sites or not all(each.cards for each in self.sites):
            raise ValueError("a file to print has at least one site, and each at least one card")

    @property
    def made_at(self) -> datetime:
        """The instant of its latest certificate: the same file is always as old."""
        return max(card.issued_at for each in self.sites for card in each.cards)

    def stretches(self) -> list[Stretch]:
        """Return where each site's certificates stand in the file, their list included."""
        found = []
        page = lists.page_count(len(self.sites))
        for each in self.sites:
            count = len(each.cards)
            pages = lists.page_count(count) + (count if self.layout == "letters" else sheet.page_count(count))
            found.append(Stretch(each.site, each.first > 1, self.name, page + 1, page + pages, count))
            page += pages
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentsFile:
    """The contents of a whole run, or a part of them."""

    name: str
    stretches: tuple[Stretch, ...]
    made_at: datetime


def render_print_file(file: PrintFile | ContentsFile) -> bytes:
    """Return *file* as a PDF; the same file always makes the same bytes.

    Raises:
        QrError: A card's text does not fit into a QR code.
    """
    if isinstance(file, ContentsFile):
        part = lists.contents(file.stretches, _ALL, with_files=True)
        return typeset([part], title=file.name, made_at=file.made_at)
    return typeset(_parts(file), title=file.name, made_at=file.made_at)


def _parts(file: PrintFile) -> Iterator[Part]:
    stretches = file.stretches()
    yield lists.contents(stretches, file.name)
    for each, stretch in zip(file.sites, stretches, strict=True):
        first_page = stretch.first_page + lists.page_count(stretch.cards)
        yield lists.hand_out(each.label, _numbered(each, file.layout, first_page))
        if file.layout == "letters":
            yield Part("letters", (card_page.of(card, file.verify_at) for card in each.cards))
        else:
            yield sheet.sheets_of(each.cards, each.label, first=each.first)


def _numbered(site: SiteCards, layout: Layout, first_page: int) -> Iterator[tuple[int, int, Card]]:
    """Yield each card after its number at the site and its page in the file."""
    per_page = 1 if layout == "letters" else sheet.CARDS_PER_SHEET
    for index, card in enumerate(site.cards):
        yield site.first + index, first_page + index // per_page, card
