"""Statements executed by libpq, without what SQLAlchemy and psycopg do around each execution.

SQLAlchemy builds and compiles every statement. When one is executed again, its text and how its values are written and
read are known, and handing these to the server takes a tenth of the time; one visit is dozens of statements.
"""

# ruff: noqa: ANN401 - rows are of any shape, as in SQLAlchemy itself

from __future__ import annotations

from collections import namedtuple
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy import exc

from vaxcert.registry.database.metadata import Instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from psycopg.pq.abc import PGresult
    from sqlalchemy.engine import Dialect
    from sqlalchemy.pool import PoolProxiedConnection
    from sqlalchemy.sql.compiler import SQLCompiler

    from vaxcert.registry.database.prepared import Answer, PreparedStatements

_LONGEST_LIST: Final = 3
"""Values of one parameter; a longer list is SQLAlchemy's to write, since each length is a text of its own."""

_ERRORS: Final = {
    kind.__name__: kind
    for kind in (
        exc.DataError,
        exc.IntegrityError,
        exc.InterfaceError,
        exc.InternalError,
        exc.NotSupportedError,
        exc.OperationalError,
        exc.ProgrammingError,
    )
}


def direct(connection: sa.Connection) -> sa.Connection:
    """Return what executes statements in the transaction of *connection*: on SQLite itself."""
    if isinstance(connection, _DirectConnection) or connection.dialect.name != "postgresql":
        return connection
    return cast("sa.Connection", _DirectConnection(connection.engine, connection.connection, connection))


@contextmanager
def begun_directly(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield what executes statements in a transaction on PostgreSQL, which is committed at the end.

    Raises:
        sqlalchemy.exc.DBAPIError: The server cannot be reached, or the transaction cannot be committed.
    """
    try:
        pooled = engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as error:
        raise _told(error, is_gone=False) from error
    connection = _DirectConnection(engine, pooled)
    try:
        yield cast("sa.Connection", connection)
        connection.commit()
    finally:
        connection.close()


class _Rows:
    """What a statement gave, with as much of `sqlalchemy.Result` as the registry uses."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Sequence[Any], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> Sequence[Any]:
        return self._rows

    def first(self) -> Any:
        return self._rows[0] if self._rows else None

    def one_or_none(self) -> Any:
        if len(self._rows) > 1:
            raise exc.MultipleResultsFound("there are several rows where one at most was asked for")
        return self.first()

    def one(self) -> Any:
        if not self._rows:
            raise exc.NoResultFound("there is no row where one was asked for")
        return self.one_or_none()

    def scalar(self) -> Any:
        return self._rows[0][0] if self._rows else None

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalar_one_or_none(self) -> Any:
        row = self.one_or_none()
        return None if row is None else row[0]

    def scalars(self) -> list[Any]:
        return [row[0] for row in self._rows]

    def mappings(self) -> list[dict[str, Any]]:
        return [row._asdict() for row in self._rows]


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


class _Statement:
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


class _DirectConnection:
    """Stands in the place of SQLAlchemy's connection, which is made when something is asked of it."""

    def __init__(self, engine: sa.Engine, pooled: PoolProxiedConnection, made: sa.Connection | None = None) -> None:
        self.engine = engine
        self.dialect = engine.dialect
        self._pooled = pooled
        self._made = made
        self._prepared = _prepared_on(pooled)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqlalchemy, name)

    @property
    def _sqlalchemy(self) -> sa.Connection:
        if self._made is None:
            self._made = sa.Connection(self.engine, self._pooled)
            self._made.begin()  # it is ours, and ended by us: psycopg begins it with the first statement
        return self._made

    def execute(self, statement: Any, parameters: Any = None) -> Any:
        """Execute *statement* once for its *parameters*, or for each of a list of them."""
        known = None if isinstance(parameters, list) else _known(statement, parameters or {}, self.dialect)
        asked = None if known is None else known.text_and_values(parameters or {})
        if known is None or asked is None:
            return self._sqlalchemy.execute(statement, parameters)
        try:
            answer = self._prepared.execute(*asked)
            return _Rows(known.rows(answer), answer.result.command_tuples or 0)
        except self._prepared.error as error:
            raise self._failed(error) from error

    def scalar(self, statement: Any, parameters: Any = None) -> Any:
        """Return the first value of the first row, None where there is none."""
        return self.execute(statement, parameters).scalar()

    def scalars(self, statement: Any, parameters: Any = None) -> Any:
        """Return the first values of all rows."""
        return self.execute(statement, parameters).scalars()

    def commit(self) -> None:
        """Commit what was begun, if anything was."""
        try:
            self._prepared.commit()
        except self._prepared.error as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Give the connection back, without what was not committed."""
        if not self._prepared.roll_back() and self._pooled.is_valid:
            self._pooled.invalidate()
        (self._made or self._pooled).close()

    def _failed(self, error: Exception) -> exc.DBAPIError:
        is_gone = self._prepared.is_closed
        if is_gone:
            self._pooled.invalidate(error)
        return _told(error, is_gone=is_gone)


def _told(error: Exception, *, is_gone: bool) -> exc.DBAPIError:
    kinds = (_ERRORS[base.__name__] for base in type(error).__mro__ if base.__name__ in _ERRORS)
    kind = exc.OperationalError if is_gone else next(kinds, exc.DBAPIError)
    return kind(None, None, error, hide_parameters=True, connection_invalidated=is_gone)


def _prepared_on(pooled: PoolProxiedConnection) -> PreparedStatements:
    """Return the statements that are prepared on a connection of the pool, for as long as that is open."""
    found: PreparedStatements | None = pooled.info.get("prepared")
    if found is None:
        from vaxcert.registry.database.prepared import PreparedStatements  # noqa: PLC0415 - it needs an extra

        driver: Any = pooled.driver_connection
        found = pooled.info["prepared"] = PreparedStatements(driver)
    return found


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


_SEEN: Final[WeakKeyDictionary[Any, dict[tuple[str, ...], _Statement | None]]] = WeakKeyDictionary()
"""The statements that were executed, by the names of their parameters: compiled, and kept, when they come again."""


def _known(statement: Any, parameters: Mapping[str, Any], dialect: Dialect) -> _Statement | None:
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
        known = by_names[names] = _Statement(compiled, frozenset(names), dialect)
    return known
