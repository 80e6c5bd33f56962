"""Statements compiled once: their text as PostgreSQL takes it, and how values are written and rows are read.

SQLAlchemy builds and compiles every statement anew. When one is executed again, all that is known.
"""

# ruff: noqa: ANN401 - rows are of any shape, as in SQLAlchemy itself

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from vaxcert.registry.database.metadata import Instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from psycopg.pq.abc import PGresult
    from sqlalchemy.engine import Dialect
    from sqlalchemy.sql.compiler import SQLCompiler

    from vaxcert.registry.database.prepared import Answer

_LONGEST_LIST: Final = 3
"""Values of one parameter; a longer list is SQLAlchemy's to write, since each length is a text of its own."""


class _Places(dict[str, str]):
    """The place that each value has in a statement, given out as the names are met."""

    def __missing__(self, name: str) -> str:
        self[name] = place = f"${len(self) + 1}"
        return place


class _Text(NamedTuple):
    """A statement as the server takes it, for lists of certain lengths."""

    text: str
    order: list[str]
    """The names of its values."""
    constants: dict[str, Any]
    lists: Sequence[tuple[str, list[str], Callable[[Any], Any] | None]]
    """The lists, the names of their values, and what writes each of these."""


class Statement:
    """A statement, compiled for parameters with these names."""

    def __init__(self, compiled: SQLCompiler, names: frozenset[str], dialect: Dialect) -> None:
        self._compiled, self._dialect = compiled, dialect
        binds = compiled.bind_names
        writers = {name: _writer(bind.type, dialect) for bind, name in binds.items()}
        self._lists = sorted({name for bind, name in binds.items() if bind.expanding and name in names})
        self._is_theirs = any(isinstance(bind.type, sa.types.TupleType | sa.ARRAY) for bind in binds)
        self._list_writers = {name: writers.pop(name) for name in self._lists}
        known = [(name, write) for name, write in writers.items() if write is not None]
        self._writers = [(name, write) for name, write in known if name in names]
        self._constant_writers = [(name, write) for name, write in known if name not in names]
        self._texts: dict[tuple[int, ...], _Text] = {}
        self._types = [column.type for column in compiled.statement.exported_columns]  # type: ignore[union-attr]
        self._make: Callable[[Sequence[Any]], Any] | None = None
        """Of the values of a row as the driver reads them."""

    def text_and_values(self, parameters: Mapping[str, Any]) -> tuple[str, list[Any]] | None:
        """Return the statement's text and what it is executed with; None where SQLAlchemy has to write it."""
        lengths = tuple([len(parameters[name]) for name in self._lists])
        if self._is_theirs or not all(0 < length <= _LONGEST_LIST for length in lengths):
            return None
        if lengths not in self._texts:
            self._texts[lengths] = self._text(parameters)
        text = self._texts[lengths]
        values = {**text.constants, **parameters}
        for name, write in self._writers:
            values[name] = write(values[name])
        for name, names, write_each in text.lists:
            for each, value in zip(names, parameters[name], strict=True):
                values[each] = value if write_each is None else write_each(value)
        return text.text, [values[name] for name in text.order]

    def _text(self, parameters: Mapping[str, Any]) -> _Text:
        state = self._compiled.construct_expanded_state(dict(parameters))
        expansion = state.parameter_expansion
        lists = [(name, expansion[name], self._list_writers[name]) for name in self._lists]
        theirs = {each for _name, names, _write in lists for each in names}
        constants = {name: value for name, value in state.parameters.items() if name not in {*parameters, *theirs}}
        for name, write in (*self._constant_writers, *state.processors.items()):
            if name in constants:
                constants[name] = write(constants[name])
        places = _Places()
        text = state.statement % places
        return _Text(text, list(places), constants, lists)

    def rows(self, answer: Answer) -> Sequence[Any]:
        """Return the rows of an *answer*, read and with names."""
        if not answer.result.ntuples:
            return []
        if self._make is None:
            self._make = self._read_description(answer.result)
        return answer.rows(self._make)

    def _read_description(self, result: PGresult) -> Callable[[Sequence[Any]], Any]:
        readers = [_reader(kind, result.ftype(place), self._dialect) for place, kind in enumerate(self._types)]
        converted = [(place, read) for place, read in enumerate(readers) if read is not None]
        names = [(result.fname(place) or b"").decode() for place in range(result.nfields)]
        row = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024
        make: Callable[[Sequence[Any]], Any] = row._make

        def make_converted(row: Sequence[Any]) -> Any:
            values = list(row)
            for place, read in converted:
                values[place] = read(values[place])
            return make(values)

        return make_converted if converted else make


def _writer(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, sa.LargeBinary):
        return None  # for psycopg's cursor bytes would be wrapped
    write: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return write


def _reader(kind: sa.types.TypeEngine[Any], oid: int, dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, Instant):
        return None  # psycopg gives it in UTC, which is the connection's time zone
    read: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, oid)
    return read


_SEEN: Final[WeakKeyDictionary[Any, dict[tuple[str, ...], Statement | None]]] = WeakKeyDictionary()
"""The statements that were executed, by the names of their parameters: compiled, and kept, when they come again."""


def known_statement(statement: Any, parameters: Mapping[str, Any], dialect: Dialect) -> Statement | None:
    """Return *statement* compiled; None for one that is not one of those that come again and again."""
    names, by_names = tuple(parameters), _SEEN.get(statement)
    if by_names is None:
        if isinstance(statement, sa.Select | sa.CompoundSelect | sa.Insert | sa.Update | sa.Delete):
            _SEEN[statement] = {names: None}
        return None
    if names not in by_names:
        by_names[names] = None
        return None
    known = by_names[names]
    if known is None:
        compiled = statement.compile(dialect=dialect, column_keys=sorted(names))
        known = by_names[names] = Statement(compiled, frozenset(names), dialect)
    return known
