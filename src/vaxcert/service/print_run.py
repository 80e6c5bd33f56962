"""Print runs: cards in any order in; out come PDF files in the order of sites and names, each with its lists.

All cards are spooled and sorted first. Then the files are cut while the sorted cards go by, so that a run of a million
takes no more memory than two files. Each file is a task that `render` does by itself, here or in another process; the
process that holds the run typesets nothing, and may fork for as long as it lasts.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Self
from unicodedata import normalize

from vaxcert.issue.card import check_printable
from vaxcert.issue.card_page import shown_name
from vaxcert.issue.print_file import CARDS_PER_FILE, ContentsFile, PrintFile, SiteCards, render_print_file
from vaxcert.model.collation import name_key, text_key
from vaxcert.service.files import whole_file
from vaxcert.service.rejects import HEADER, csv_line
from vaxcert.service.sealed_sort import SealedSorter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.issue.card import Card
    from vaxcert.issue.lists import Stretch
    from vaxcert.issue.print_file import Layout

    Engine = Callable[[Callable[["PrintTask"], str], Iterable["PrintTask"]], Iterable[str]]

ROWS_PER_CONTENTS: Final = 5000
"""The rows of one file of contents, some 150 pages. A run in more pieces has more such files."""

CONTENTS_TABLE: Final = "contents.csv"

_COLUMNS = ("file", "site", "continued", "first_page", "last_page", "certificates")
_TYPST_THREADS = "RAYON_NUM_THREADS"


@dataclass(frozen=True, slots=True)
class PrintTask:
    """One file to make. It can be pickled, and then holds personal data."""

    folder: Path
    file: PrintFile | ContentsFile


def render(task: PrintTask) -> str:
    """Write the file of *task* and return its name. To do so again gives the same file.

    Raises:
        QrError: A card's text does not fit into a QR code.
        StorageError: The file cannot be written.
    """
    content = render_print_file(task.file)
    with whole_file(task.folder / task.file.name, replace=True) as stream:
        stream.write(content)
    return task.file.name


def use_one_core() -> None:
    """Keep this process's typesetting to one core: for workers, of which there is one for each core."""
    os.environ[_TYPST_THREADS] = "1"


class PrintRun:
    """Cards of many sites, to be printed in the order in which they are handed out.

    A site's cards go by given name; its people are in one file where they fit into one. The order in which the cards
    were added does not show.
    """

    def __init__(self, folder: Path, layout: Layout, *, work: Path, verify_at: str | None = None) -> None:
        """Have the files in *folder*, which exists.

        Args:
            folder: Where the files are to stand.
            layout: Letters of a page each, or sheets of wallet cards.
            work: A folder whose disk the cards are spooled to: encrypted, about 1 kB each, and under no name.
            verify_at: Where readers can have a certificate checked; letters say it.

        Raises:
            UnprintableTextError: *verify_at* cannot be printed.
        """
        check_printable("verify_at", verify_at)
        self._folder, self._layout, self._verify_at = folder, layout, verify_at
        self._sorter: SealedSorter[tuple[str | None, Card]] = SealedSorter(work, key=_order)
        self._stretches: list[Stretch] = []
        """Of all files so far; the run's memory grows with the number of its sites by these alone."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, site: str | None, card: Card) -> None:
        """Take *card*, to be handed out at *site*; with None, no site was stated.

        Raises:
            StorageError: The disk of the work folder takes no more.
            UnprintableTextError: The name of the site cannot be printed.
        """
        name = " ".join(normalize("NFC", site or "").split()) or None
        check_printable("site", name)
        self._sorter.add((name, card))

    def add_many(self, cards: Iterable[tuple[str | None, Card]]) -> None:
        """Take all of *cards*, each after its site, as `add` does."""
        for site, card in cards:
            self.add(site, card)

    def tasks(self) -> Iterator[PrintTask]:
        """Yield the files to make, each when the one before it is complete; the contents of all of them are last."""
        self._stretches.clear()
        made_at: datetime | None = None
        for file in self._files():
            self._stretches += file.stretches()
            made_at = file.made_at if made_at is None else max(made_at, file.made_at)
            yield PrintTask(self._folder, file)
        if made_at is None:
            return
        for index, start in enumerate(range(0, len(self._stretches), ROWS_PER_CONTENTS), start=1):
            stretches = tuple(self._stretches[start : start + ROWS_PER_CONTENTS])
            name = "contents.pdf" if index == 1 else f"contents-{index}.pdf"
            yield PrintTask(self._folder, ContentsFile(name=name, stretches=stretches, made_at=made_at))

    def finish(self, engine: Engine = map) -> tuple[str, ...]:
        """Make all files, forget the cards, and return the files' names; there is no file without a card.

        Args:
            engine: What calls `render` for each task and gives its results in order, such as a pool of processes.

        Raises:
            QrError: A card's text does not fit into a QR code.
            StorageError: A file cannot be written.
        """
        names = tuple(engine(render, self.tasks()))
        self.close()
        if not names:
            return names
        self._write_table()
        return (*names, CONTENTS_TABLE)

    def close(self) -> None:
        """Delete what is spooled."""
        self._sorter.close()

    def _files(self) -> Iterator[PrintFile]:
        limit = CARDS_PER_FILE[self._layout]
        sites: list[SiteCards] = []
        room, number = limit, 1
        for site, members in groupby(self._sorter.in_order(), key=itemgetter(0)):
            first, ahead = 1, _cards(members, limit + 1)
            while ahead:
                # A site that fits into one file is not parted; one that does not fills up what there is.
                if not room or (first == 1 and room < len(ahead) <= limit):
                    yield self._file(number, sites)
                    sites, room, number = [], limit, number + 1
                cards, ahead = ahead[:room], ahead[room:]
                sites.append(SiteCards(site=site, cards=cards, first=first))
                room -= len(cards)
                first += len(cards)
                ahead += _cards(members, limit + 1 - len(ahead))  # noqa: B031 - it goes on where it was
        if sites:
            yield self._file(number, sites)

    def _file(self, number: int, sites: list[SiteCards]) -> PrintFile:
        name = f"{self._layout}-{number:04}.pdf"
        return PrintFile(name=name, layout=self._layout, sites=tuple(sites), verify_at=self._verify_at)

    def _write_table(self) -> None:
        with whole_file(self._folder / CONTENTS_TABLE) as stream:
            stream.write(HEADER + csv_line(*_COLUMNS))
            for each in self._stretches:
                pages = str(each.first_page), str(each.last_page)
                continued = "yes" if each.continued else "no"
                stream.write(csv_line(each.file, each.site or "", continued, *pages, str(each.cards)))


def _cards(entries: Iterator[tuple[str | None, Card]], most: int) -> tuple[Card, ...]:
    return tuple(card for _, card in islice(entries, most))


def _order(entry: tuple[str | None, Card]) -> tuple[object, ...]:
    """Return what cards are sorted by: the last parts make one order of those whose names are the same."""
    site, card = entry
    name = shown_name(card.name)
    return (
        site is None,
        text_key(site or ""),
        site or "",
        name_key(name),
        name,
        str(card.birth_date or ""),
        card.certificate_id,
    )
