"""Statements that one connection to PostgreSQL has prepared, executed by libpq.

psycopg's cursor finds anew for each execution what it knows of the last one: how values are written, whether the
statement is prepared, how its columns are read. That takes twice as long as the execution itself. Here it is known,
since the statements are ours, and so are the types of their values.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from psycopg import Binary, Error, OperationalError, adapt, generators
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, PipelineStatus, TransactionStatus
from psycopg.types.json import Json
from psycopg.waiting import Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg import Connection
    from psycopg.abc import PQGen, Transformer
    from psycopg.pq.abc import PGconn, PGresult

MOST: Final = 128
"""So many statements a connection keeps prepared, the last ones used: the server keeps a plan of each."""

_BINARY: Final = 1
_BEGIN: Final = b"BEGIN"
_AT_REST: Final = (TransactionStatus.IDLE, PipelineStatus.OFF)
_DONE: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


def _written_bool(value: object) -> bytes:
    return b"t" if value else b"f"


def _written_int(value: int) -> bytes:
    return b"%d" % value


def _written(value: object) -> bytes:
    return str(value).encode()


def _written_bytes(value: bytes) -> bytes:
    return b"\\x" + value.hex().encode()


def _written_binary(value: Binary) -> bytes:
    return _written_bytes(bytes(value.obj))


def _written_uuid(value: UUID) -> bytes:
    return b"%032x" % value.int


def _written_json(value: Json) -> bytes:
    written: str | bytes = (value.dumps or json.dumps)(value.obj)
    return written if isinstance(written, bytes) else written.encode()


class _Writers(dict[type, "Callable[[Any], bytes]"]):
    """What writes the values of each type, as text; subclasses, such as enumerations of texts, are met as they come."""

    def __missing__(self, kind: type) -> Callable[[Any], bytes]:
        for base in kind.__mro__[1:]:
            if base in self:
                self[kind] = self[base]
                return self[base]
        raise TypeError(f"a value of the type {kind.__name__}")


_WRITERS: Final = _Writers(
    {
        Binary: _written_binary,
        bool: _written_bool,
        bytes: _written_bytes,
        date: _written,
        datetime: _written,
        Decimal: _written,
        float: _written,
        int: _written_int,
        Json: _written_json,
        str: str.encode,
        UUID: _written_uuid,
    }
)


class Answer(NamedTuple):
    """What a statement gave."""

    result: PGresult
    reader: Transformer

    def rows(self, make: Callable[[Sequence[Any]], Any]) -> list[Any]:
        """Return what *make* makes of the values of each row."""
        self.reader.set_pgresult(self.result)
        found = self.reader.load_rows(0, self.result.ntuples, make)
        self.reader.set_pgresult(None)  # what was read is not kept until the statement comes again
        return found


class _Prepared(NamedTuple):
    name: bytes
    reader: Transformer


class PreparedStatements:
    """Those of one connection, which is open for as long as they are used.

    Attributes:
        error: What is raised where a statement fails.
    """

    error: Final = Error

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection
        self._libpq = connection.pgconn
        self._prepared: OrderedDict[str, _Prepared] = OrderedDict()
        self._made = 0

    def execute(self, text: str, values: Sequence[object]) -> Answer:
        """Execute a statement, and begin a transaction where none is and the connection does not commit by itself.

        Other threads work while it waits for the server, who may wait for a lock that one of them holds.

        Args:
            text: The statement, with ``$1`` and so on for values, and their types where the server cannot know them.
            values: The values.

        Raises:
            psycopg.Error: It failed.
            TypeError: A value is of a type that is not known here; nothing was executed.
        """
        written: list[Any] = [None if value is None else _WRITERS[type(value)](value) for value in values]
        known = self._prepared.get(text)
        if known is None:
            known = self._prepare(text)
        else:
            self._prepared.move_to_end(text)
        if self._connection.autocommit or self._libpq.transaction_status != TransactionStatus.IDLE:
            self._libpq.send_query_prepared(known.name, written, None, _BINARY)
            result = self._result()
        else:
            result = self._begin_and_execute(known.name, written)
        return Answer(result, known.reader)

    @property
    def is_closed(self) -> bool:
        """Whether the connection is: the server hung up, say."""
        return self._connection.closed

    def commit(self) -> None:
        """Commit the transaction, if there is one.

        Raises:
            psycopg.Error: It was not committed; or the server hung up, and nobody knows.
        """
        if self._libpq.transaction_status == TransactionStatus.IDLE:
            return
        self._libpq.send_query(b"COMMIT")
        if self._result().command_status != b"COMMIT":  # a statement had failed
            raise OperationalError("the transaction was rolled back")

    def roll_back(self) -> bool:
        """Roll the transaction back, if there is one; return whether the connection may be used again."""
        if self._libpq.transaction_status != TransactionStatus.IDLE:
            with suppress(Error):
                self._libpq.send_query(b"ROLLBACK")
                self._result()
        return (self._libpq.transaction_status, self._libpq.pipeline_status) == _AT_REST

    def _begin_and_execute(self, name: bytes, written: Sequence[Any]) -> PGresult:
        """Send both at once: a round trip less."""
        libpq = self._libpq
        libpq.enter_pipeline_mode()
        libpq.send_query_params(_BEGIN, None)
        libpq.send_query_prepared(name, written, None, _BINARY)
        libpq.pipeline_sync()
        begun, _end, result, _end, _sync = self._connection.wait(_results(libpq, 5))
        if begun is None or result is None:
            raise OperationalError("the server has hung up")
        libpq.exit_pipeline_mode()
        _check(begun)
        return _check(result)

    def _prepare(self, text: str) -> _Prepared:
        if len(self._prepared) >= MOST:
            _text, oldest = self._prepared.popitem(last=False)
            self._libpq.send_query(b"DEALLOCATE " + oldest.name)
            self._result()
        self._made += 1
        name = b"vaxcert_%d" % self._made
        self._libpq.send_prepare(name, text.encode())
        self._result()
        self._prepared[text] = made = _Prepared(name, adapt.Transformer(self._connection))
        return made

    def _result(self) -> PGresult:
        """Wait for the result of what was sent, as psycopg does: libpq's own waiting would stop all other threads."""
        (result,) = self._connection.wait(generators.execute(self._libpq))
        return _check(result)


def _check(result: PGresult) -> PGresult:
    if result.status not in _DONE:
        raise error_from_result(result)
    return result


def _results(libpq: PGconn, count: int) -> PQGen[list[PGresult | None]]:
    """Wait for so many results of a pipeline, the ends of statements among them, and return them."""
    while libpq.flush():
        yield Wait.W
    results: list[PGresult | None] = []
    while len(results) < count:
        while libpq.is_busy():
            yield Wait.R
            libpq.consume_input()
        results.append(libpq.get_result())
    return results
