"""What the columns of a file, or the keys of its objects, are to a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, InputError
from vaxcert.model.fields import fold_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vaxcert.model.fields import FieldTable

MAX_COLUMNS = 200

_MAX_SHOWN_CHARACTERS = 40
_MAX_SHOWN_COLUMNS = 10


class Columns:
    """The fields that a file of records may have, and the columns in it that are to be left out."""

    def __init__(self, fields: FieldTable, ignored: Iterable[str] = ()) -> None:
        self._fields = fields
        self._ignored = frozenset(map(fold_name, ignored))

    @property
    def expected(self) -> str:
        """The columns that a file may have, as a hint."""
        return f"expected columns: {self._fields.describe()}"

    def of_header(self, cells: Sequence[str]) -> list[str | None]:
        """Return the field of each column, None for one to leave out.

        Raises:
            InputError: There are unknown, nameless, repeated or missing columns, or more than `MAX_COLUMNS`.
        """
        if len(cells) > MAX_COLUMNS:
            raise InputError(f"the header has more than {MAX_COLUMNS} columns", hint=self.expected)
        folded = [fold_name(cell) for cell in cells]
        header = [None if name in self._ignored else self._fields.names.get(name) for name in folded]
        unknown = [
            position
            for position, (name, field) in enumerate(zip(folded, header, strict=True))
            if field is None and name not in self._ignored
        ]
        named = [field for field in header if field is not None]
        hint = f"{self.expected}; leave a column out with --ignore-column NAME"
        if unknown:
            raise InputError(self._unknown(cells, unknown, is_header=bool(named)), hint=hint)
        if twice := sorted({field for field in named if named.count(field) > 1}):
            raise InputError(f"the header names columns twice: {', '.join(twice)}", hint=hint)
        if missing := [field.name for field in self._fields if field.required and field.name not in named]:
            raise InputError(f"the header lacks columns: {', '.join(missing)}", hint=hint)
        return header

    def of_object(self, values: Mapping[str, object]) -> tuple[dict[str, object], FieldProblem | None]:
        """Return *values* by field, and the problem of a field that is there under two names."""
        parsers, names = self._fields.parsers, self._fields.names
        fields: dict[str, object] = {}
        problem = None
        for key, value in values.items():
            name = key
            if key not in parsers or self._ignored:
                folded = fold_name(key)
                if folded in self._ignored:
                    continue
                name = names.get(folded, key)
            if name in fields:
                problem = FieldProblem(name, "duplicate_field", "is there twice")
            fields[name] = value
        return fields, problem

    def _unknown(self, cells: Sequence[str], unknown: Sequence[int], *, is_header: bool) -> str:
        """Return what is wrong; a line without any known column is likely a record, and then nothing of it is shown."""
        shown = []
        for position in unknown:
            name = " ".join(cells[position].split())[:_MAX_SHOWN_CHARACTERS]
            near = self._fields.nearest(name) if name else None
            if not name:
                text = f"column {position + 1}, which has no name"
            elif near:
                text = f"{name!r} (did you mean {near!r}?)"
            elif is_header:
                text = repr(name)
            else:
                continue
            shown.append(text)
        if not shown:
            return "the first line names none of the columns"
        more = f" and {len(shown) - _MAX_SHOWN_COLUMNS} more" if len(shown) > _MAX_SHOWN_COLUMNS else ""
        return f"the header has unknown columns: {', '.join(shown[:_MAX_SHOWN_COLUMNS])}{more}"
