"""Statements that one connection to PostgreSQL has prepared, executed by libpq.

psycopg's cursor finds anew for each execution what it knows of the last one: how values are written, whether the
statement is prepared, how its columns are read. That takes twice as long as the execution itself. Here it is known,
since the statements are ours, and so are the types of their values.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from psycopg import Error, OperationalError, adapt, generators
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus
from psycopg.waiting import Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from psycopg import Connection
    from psycopg.abc import PQGen, Transformer
    from psycopg.pq.abc import PGconn, PGresult

    from vaxcert.registry.database.wire import Written

MOST: Final = 128
"""So many statements a connection keeps prepared, the last ones used: the server keeps a plan of each."""

_BINARY: Final = 1
_BEGIN: Final = b"BEGIN"
_COMMIT: Final = b"COMMIT"
_AT_REST: Final = (TransactionStatus.IDLE, PipelineStatus.OFF)
_DONE: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


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

    def execute(self, asked: Sequence[tuple[str, Written]], *, commits: bool = False) -> list[Answer]:
        """Execute statements in one round trip, and begin a transaction first where none is and one is needed.

        Other threads work while it waits for the server, who may wait for a lock that one of them holds.

        Args:
            asked: Each statement, with ``$1`` and so on for values, and their types where the server cannot know them;
                and its values, written (see `wire`). Where one fails, those after it are not executed.
            commits: Whether to commit at the end, in the same round trip; nothing is where a statement fails.

        Raises:
            psycopg.Error: One failed.
        """
        known = [self._known(text) for text, _values in asked]
        begins = not (self._connection.autocommit or self.is_begun)
        if len(asked) == 1 and not begins and not commits:
            self._libpq.send_query_prepared(known[0].name, asked[0][1], None, _BINARY)
            results = [self._result()]
        else:
            sent = [(each.name, values) for each, (_text, values) in zip(known, asked, strict=True)]
            results = self._pipeline(sent, begins=begins, commits=commits)
        return [Answer(result, each.reader) for result, each in zip(results, known, strict=True)]

    @property
    def is_begun(self) -> bool:
        """Whether there is a transaction."""
        return self._libpq.transaction_status != TransactionStatus.IDLE

    @property
    def is_closed(self) -> bool:
        """Whether the connection is: the server hung up, say."""
        return self._connection.closed

    def commit(self) -> None:
        """Commit the transaction, if there is one.

        Raises:
            psycopg.Error: It was not committed; or the server hung up, and nobody knows.
        """
        if self.is_begun:
            self._libpq.send_query(_COMMIT)
            _check_committed(self._result())

    def roll_back(self) -> bool:
        """Roll the transaction back, if there is one; return whether the connection may be used again."""
        if self.is_begun:
            with suppress(Error):
                self._libpq.send_query(b"ROLLBACK")
                self._result()
        return (self._libpq.transaction_status, self._libpq.pipeline_status) == _AT_REST

    def _pipeline(self, sent: Sequence[tuple[bytes, Written]], *, begins: bool, commits: bool) -> list[PGresult]:
        """Send it all at once, and return the results of the statements."""
        libpq = self._libpq
        libpq.enter_pipeline_mode()
        if begins:
            libpq.send_query_params(_BEGIN, None)
        for name, values in sent:
            libpq.send_query_prepared(name, values, None, _BINARY)
        if commits:
            libpq.send_query_params(_COMMIT, None)
        libpq.pipeline_sync()
        results = self._connection.wait(_results(libpq, begins + len(sent) + commits))
        libpq.exit_pipeline_mode()
        for result in results:
            _check(result)
        if commits:
            _check_committed(results.pop())
        return results[begins:]

    def _known(self, text: str) -> _Prepared:
        known = self._prepared.get(text)
        if known is None:
            return self._prepare(text)
        self._prepared.move_to_end(text)
        return known

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


def _check_committed(result: PGresult) -> None:
    if result.command_status != b"COMMIT":  # a statement had failed
        raise OperationalError("the transaction was rolled back")


def _results(libpq: PGconn, count: int) -> PQGen[list[PGresult]]:
    """Wait for the results of so many statements of a pipeline and for its end, and return them."""
    while libpq.flush():
        yield Wait.W
    results: list[PGresult] = []
    while True:
        while libpq.is_busy():
            yield Wait.R
            libpq.consume_input()
        result = libpq.get_result()
        if result is None:
            if libpq.status == ConnStatus.BAD:
                raise OperationalError("the server has hung up")
        elif len(results) == count:
            return results  # it is the pipeline's end
        else:
            results.append(result)
