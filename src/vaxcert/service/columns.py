"""What the columns of a file, or the keys of its objects, are to a record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, InputError
from vaxcert.model.fields import NAME_FIELDS, fold_name

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

    def known(self, cells: Sequence[str]) -> int:
        """Return how many of *cells* name a field."""
        return sum(fold_name(cell) in self._fields.names for cell in cells)

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
        missing = [field.name for field in self._fields if field.required and field.name not in named]
        if NAME_FIELDS.isdisjoint(named):
            missing.insert(0, "family_name")
        if missing:
            raise InputError(f"the header lacks columns: {', '.join(missing)}", hint=hint)
        return header

    def of_object(self, values: Mapping[str, object]) -> tuple[Mapping[str, object], FieldProblem | None]:
        """Return *values* by field, and the problem of a field that is there under two names."""
        parsers, names = self._fields.parsers, self._fields.names
        if not self._ignored and values.keys() <= parsers.keys():
            return values, None
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
        """Return what is wrong. A line without any known column may be a record: then nothing of it is shown."""
        wrong = []
        for position in unknown:
            name = " ".join(cells[position].split())[:_MAX_SHOWN_CHARACTERS]
            shown = repr(name) if is_header and name else f"column {position + 1}"
            if not name:
                wrong.append(f"{shown}, which has no name")
            elif near := self._fields.nearest(name):
                wrong.append(f"{shown} (did you mean {near!r}?)")
            elif is_header:
                wrong.append(shown)
        if len(wrong) > _MAX_SHOWN_COLUMNS:
            wrong[_MAX_SHOWN_COLUMNS:] = [f"and {len(wrong) - _MAX_SHOWN_COLUMNS} more"]
        message = "the header has unknown columns" if is_header else "the first line names none of the columns"
        return f"{message}: {', '.join(wrong)}" if wrong else message
