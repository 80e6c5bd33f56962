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
    from vaxcert.registry.database.wire import Written

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
    constants: Sequence[bytes | None]
    """Its values, None where one is to be put."""
    places: Sequence[tuple[int, str, Callable[[Any], Any] | None]]
    """Where each parameter is put, and what converts it."""
    lists: Sequence[tuple[str, Sequence[int], Callable[[Any], Any] | None]]
    """The lists, where the values of each are put, and what converts each of these."""


class Statement:
    """A statement, compiled for parameters with these names."""

    def __init__(self, compiled: SQLCompiler, names: frozenset[str], dialect: Dialect) -> None:
        from vaxcert.registry.database.wire import WRITERS  # noqa: PLC0415 - it needs an extra

        self._compiled, self._dialect = compiled, dialect
        binds = compiled.bind_names
        self._names = names
        self._lists = sorted({name for bind, name in binds.items() if bind.expanding and name in names})
        self._is_theirs = any(isinstance(bind.type, sa.types.TupleType | sa.ARRAY) for bind in binds)
        self._converters = {name: _converter(bind.type, dialect) for bind, name in binds.items()}
        self._writers = WRITERS
        self._texts: dict[tuple[int, ...], _Text] = {}
        self._types = [column.type for column in compiled.statement.exported_columns]  # type: ignore[union-attr]
        self._make: Callable[[Sequence[Any]], Any] | None = None
        """Of the values of a row as the driver reads them."""

    def text_and_values(self, parameters: Mapping[str, Any]) -> tuple[str, Written] | None:
        """Return the statement's text and its values, written; None where SQLAlchemy has to write it.

        Raises:
            TypeError: A value is of a type that cannot be written.
        """
        lengths = tuple([len(parameters[name]) for name in self._lists])
        if self._is_theirs or not all(0 < length <= _LONGEST_LIST for length in lengths):
            return None
        text = self._texts.get(lengths)
        if text is None:
            text = self._texts[lengths] = self._text(parameters)
        written = list(text.constants)
        writers = self._writers
        for place, name, convert in text.places:
            value = parameters[name]
            if convert is not None:
                value = convert(value)
            if value is not None:
                written[place] = writers[type(value)](value)
        for name, places, convert in text.lists:
            for place, value in zip(places, parameters[name], strict=True):
                written[place] = self._written(value if convert is None else convert(value))
        return text.text, written

    def _text(self, parameters: Mapping[str, Any]) -> _Text:
        state = self._compiled.construct_expanded_state(dict(parameters))
        expansion = state.parameter_expansion
        theirs = {each for name in self._lists for each in expansion[name]}
        places = _Places()
        text = state.statement % places
        put = {name: place for place, name in enumerate(places)}
        constants: list[bytes | None] = [None] * len(put)
        for name in put.keys() - self._names - theirs:
            convert = self._converters.get(name) or state.processors.get(name)
            value = state.parameters[name]
            constants[put[name]] = self._written(value if convert is None else convert(value))
        return _Text(
            text,
            constants,
            [(place, name, self._converters[name]) for name, place in put.items() if name in self._names],
            [(name, [put[each] for each in expansion[name]], self._converters[name]) for name in self._lists],
        )

    def _written(self, value: Any) -> bytes | None:
        return None if value is None else self._writers[type(value)](value)

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


def _converter(kind: sa.types.TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, sa.LargeBinary):
        return None  # for psycopg's cursor bytes would be wrapped
    convert: Callable[[Any], Any] | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return convert


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
