"""One record as it stands in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.errors import FieldProblem

_NO_FIELDS: Mapping[str, object] = {}


class Row(NamedTuple):  # made in a third of a dataclass's time
    """One record as it stands in its file: where, and its fields or what is wrong with it as a whole."""

    line: int
    """The line that it begins on; in a sheet, a JSON array or a Parquet file its number, in a sheet as shown there."""
    fields: Mapping[str, object] = _NO_FIELDS
    problem: FieldProblem | None = None
