"""Documents of parts: pages as their modules make them in, a PDF out.

`print.typ` sets a document; values reach it as JSON and are never read as its source.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from vaxcert.issue import sheet_card, typst_process
from vaxcert.issue.card_fit import COLUMNS, SMALL, TYPE_POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


class Part(NamedTuple):
    """Pages of one kind, as their template takes them."""

    kind: Literal["letters", "lists", "sheets", "forms"]
    pages: Iterable[Mapping[str, object]]
    """Read once, and no page is kept: many small objects would cost the garbage collector a tenth of the whole."""

    def to_json(self) -> str:
        """Return the part as the template takes it."""
        return f'{{"kind":"{self.kind}","pages":[{",".join(map(_to_json, self.pages))}]}}'


def typeset(parts: Iterable[Part], *, title: str, made_at: datetime) -> bytes:
    """Return *parts* as one PDF; the same parts always make the same bytes."""
    inputs = {"title": title, "parts": f"[{','.join(part.to_json() for part in parts)}]", **_measures()}
    return typst_process.compiled(inputs, timestamp=int(made_at.timestamp()))


@cache
def _measures() -> Mapping[str, str]:
    """Return what the templates take from the modules that reckon with the same measures."""
    columns = {name: {"width": column.width, "size": column.size} for name, column in COLUMNS.items()}
    letter = {"type": TYPE_POINTS, "small": SMALL, "columns": columns}
    return {"letter": _to_json(letter), "sheet": _to_json(sheet_card.MEASURES)}


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
