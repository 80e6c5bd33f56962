"""One record as it stands in its file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.errors import FieldProblem


@dataclass(frozen=True, slots=True)
class Row:
    """One record as it stands in its file: where, and its fields or what is wrong with it as a whole."""

    line: int
    """The line that it begins on; in a JSON array, its position from 1."""
    fields: Mapping[str, object] = field(default_factory=dict)
    problem: FieldProblem | None = None
