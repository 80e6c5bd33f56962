"""The one door to typst: pages as JSON in, a PDF out.

`print.typ` sets a document of any parts; values reach it as JSON and are never read as its source.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from vaxcert.issue import sheet_card, typeface
from vaxcert.issue.card_fit import COLUMNS, SMALL, TYPE_POINTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import typst

_TEMPLATE = Path(__file__).with_name("print.typ")

_WORTH_KEEPING = 20
"""Up to so many pages, what typst remembers of one document is worth keeping for the next."""

_REMEMBERED_DOCUMENTS = 11


class Part(NamedTuple):
    """Pages of one kind, as their template takes them."""

    kind: Literal["letters", "lists", "sheets"]
    pages: Sequence[Mapping[str, object]]


def typeset(parts: Sequence[Part], *, title: str, made_at: datetime) -> bytes:
    """Return *parts* as one PDF; the same parts always make the same bytes."""
    import typst  # noqa: PLC0415 - 81 MB of library, for those who print

    compiler = typst.Compiler(_TEMPLATE, font_paths=_fonts(), ignore_system_fonts=True)
    pdf = compiler.compile(
        format="pdf",
        sys_inputs={"title": title, "parts": _to_json([part._asdict() for part in parts]), **_measures()},
        # For the archive (ISO 19005-2) and for screen readers (ISO 14289-1); both forbid text that the face lacks.
        pdf_standards=["a-2a", "ua-1"],
        timestamp=int(made_at.timestamp()),
    )
    assert isinstance(pdf, bytes)  # a list is for formats with a file a page
    if sum(len(part.pages) for part in parts) > _WORTH_KEEPING:
        _forget()
    return pdf


def _forget() -> None:
    """Let go of what typst remembers of the pages: it keeps the work of its last ten documents, and their texts."""
    import typst  # noqa: PLC0415 - as above

    for _ in range(_REMEMBERED_DOCUMENTS):
        typst.compile(b"", format="svg", font_paths=_fonts(), ignore_system_fonts=True)


@cache
def _fonts() -> typst.Fonts:
    """Return the bundled face and nothing else: no font of this system, and none of typst's own."""
    import typst  # noqa: PLC0415 - as above

    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[typeface.FOLDER])


@cache
def _measures() -> Mapping[str, str]:
    """Return what the templates take from the modules that reckon with the same measures."""
    columns = {name: {"width": column.width, "size": column.size} for name, column in COLUMNS.items()}
    letter = {"type": TYPE_POINTS, "small": SMALL, "columns": columns}
    return {"letter": _to_json(letter), "sheet": _to_json(sheet_card.MEASURES)}


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
