"""A connection whose statements are executed by libpq, without what SQLAlchemy and psycopg do around each of them.

Once a statement is known (see `statements`), handing its text and its values to the server takes a tenth of the time;
one visit is dozens of statements.
"""

# ruff: noqa: ANN401 - rows are of any shape, as in SQLAlchemy itself

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import sqlalchemy as sa
from sqlalchemy import exc

from vaxcert.registry.database.statements import known_statement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy.pool import PoolProxiedConnection

    from vaxcert.registry.database.prepared import Answer, PreparedStatements
    from vaxcert.registry.database.statements import Statement
    from vaxcert.registry.database.wire import Written

    Question: TypeAlias = tuple[sa.Executable, Mapping[str, Any]]
    """A statement that reads, and its parameters."""

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


def direct(connection: sa.Connection | DirectConnection) -> sa.Connection:
    """Return what executes statements in the transaction of *connection*: on SQLite itself."""
    if not isinstance(connection, DirectConnection):
        if connection.dialect.name != "postgresql":
            return connection
        connection = DirectConnection(connection.engine, connection.connection, connection)
    return cast("sa.Connection", connection)


def read_together(connection: sa.Connection | DirectConnection, questions: Sequence[Question]) -> None:
    """Ask *questions* in one round trip; each is answered when its statement is executed next.

    The answers are forgotten with the next round trip: what was written or locked meanwhile is read anew. On SQLite,
    where there are no round trips, nothing happens.
    """
    if isinstance(connection, DirectConnection):
        connection.read_together(questions)


def execute_and_commit(
    connection: sa.Connection | DirectConnection, statement: sa.Executable, parameters: Mapping[str, Any]
) -> Any:
    """Execute *statement*, and commit unless it fails, on PostgreSQL in the same round trip where that is possible.

    Elsewhere the transaction is left to be committed, which is the end of it everywhere.
    """
    if isinstance(connection, DirectConnection):
        return connection.execute(statement, parameters, commits=True)
    return connection.execute(statement, parameters)


@contextmanager
def begun_directly(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Yield what executes statements in a transaction on PostgreSQL, which is committed at the end.

    Raises:
        sqlalchemy.exc.DBAPIError: The server cannot be reached, or the transaction cannot be committed.
    """
    try:
        pooled = engine.raw_connection()
    except engine.dialect.loaded_dbapi.Error as error:
        raise _told(error) from error
    connection = DirectConnection(engine, pooled)
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


class DirectConnection:
    """Stands in the place of SQLAlchemy's connection, which is made when something else is asked of it."""

    def __init__(self, engine: sa.Engine, pooled: PoolProxiedConnection, made: sa.Connection | None = None) -> None:
        self.engine = engine
        self.dialect = engine.dialect
        self._pooled = pooled
        self._made = made
        self._prepared = _prepared_on(pooled)
        self._read: list[tuple[str, Written, Answer]] = []
        """What was read together and is not asked for yet."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sqlalchemy, name)

    @property
    def _sqlalchemy(self) -> sa.Connection:
        self._read.clear()
        if self._made is None:
            self._made = sa.Connection(self.engine, self._pooled)
            self._made.begin()  # it is ours, and ended by us: psycopg begins it with the first statement
        return self._made

    def execute(self, statement: Any, parameters: Any = None, *, commits: bool = False) -> Any:
        """Execute *statement* once for its *parameters*, or for each of a list of them.

        Args:
            statement: The statement.
            parameters: Its parameters.
            commits: Whether the transaction may be committed in the same round trip, unless the statement fails. It is
                not where this is its first statement: a connection that was dropped meanwhile shows with that, and
                nobody could say whether it was carried out.
        """
        asked = self._asked(statement, parameters)
        if asked is None:
            return self._sqlalchemy.execute(statement, parameters)
        known, text, values = asked
        answer = self._answered(text, values)
        if answer is None:
            self._read.clear()
            (answer,) = self._send([(text, values)], commits=commits and self._prepared.is_begun)
        return _Rows(known.rows(answer), answer.result.command_tuples or 0)

    def read_together(self, questions: Sequence[Question]) -> None:
        """Ask *questions*, of which those count that came before: see the function of the same name."""
        asked = [found[1:] for question in questions if (found := self._asked(*question))]
        self._read = [(*each, answer) for each, answer in zip(asked, self._send(asked), strict=True)] if asked else []

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

    def _asked(self, statement: Any, parameters: Any) -> tuple[Statement, str, Written] | None:
        """Return the known statement, its text and its values; None where SQLAlchemy has to execute it."""
        if isinstance(parameters, list):
            return None
        given = parameters or {}
        known = known_statement(statement, given, self.dialect)
        written = None if known is None else known.text_and_values(given)
        return None if known is None or written is None else (known, *written)

    def _answered(self, text: str, values: Written) -> Answer | None:
        for place, (known_text, known_values, answer) in enumerate(self._read):
            if text == known_text and values == known_values:
                del self._read[place]
                return answer
        return None

    def _send(self, asked: Sequence[tuple[str, Written]], *, commits: bool = False) -> Sequence[Answer]:
        try:
            return self._prepared.execute(asked, commits=commits)
        except self._prepared.error as error:
            raise self._failed(error, is_committing=commits) from error

    def _failed(self, error: Exception, *, is_committing: bool = False) -> exc.DBAPIError:
        is_gone = self._prepared.is_closed
        if is_gone:
            self._pooled.invalidate(error)
        # A server that is gone has undone what it had not committed; whether it had, nobody knows.
        return _told(error, is_gone=is_gone, is_undone=is_gone and not is_committing)


def _told(error: Exception, *, is_gone: bool = False, is_undone: bool = False) -> exc.DBAPIError:
    kinds = (_ERRORS[base.__name__] for base in type(error).__mro__ if base.__name__ in _ERRORS)
    kind = exc.OperationalError if is_gone else next(kinds, exc.DBAPIError)
    return kind(None, None, error, hide_parameters=True, connection_invalidated=is_undone)


def _prepared_on(pooled: PoolProxiedConnection) -> PreparedStatements:
    """Return the statements that are prepared on a connection of the pool, for as long as that is open."""
    found: PreparedStatements | None = pooled.info.get("prepared")
    if found is None:
        from vaxcert.registry.database.prepared import PreparedStatements  # noqa: PLC0415 - it needs an extra

        driver: Any = pooled.driver_connection
        found = pooled.info["prepared"] = PreparedStatements(driver)
    return found
