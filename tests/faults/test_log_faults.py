"""A writer killed at any moment, a full disk, a database that may not be written: the log is as it was before."""

from __future__ import annotations

import os
import random
import resource
import select
import signal
import tempfile
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.stored_log import AT, KEY, certificate, certificates, digests, fill, make_log
from vaxcert.errors import LedgerUnavailableError, StorageError, VaxcertError
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.tree import root_of
from vaxcert.ledger.store.backup import backup
from vaxcert.ledger.store.edge import Edge
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.tile_export import export_tiles

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes of its own, which takes fork"),
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def child(work: Callable[[int], None]) -> tuple[int, int]:
    """Start a process that does *work* with the end of a pipe; return its id and the other end."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _end(work, writing)
    os.close(writing)
    return pid, reading


def _end(work: Callable[[int], None], writing: int) -> NoReturn:
    """Do *work*, and leave this process without whatever pytest has left to do in the other one."""
    code = 1
    try:
        work(writing)
        code = 0
    except VaxcertError as error:
        os.write(writing, repr(error).encode())
    finally:
        os._exit(code)


def end_of(pid: int) -> int:
    """Return how the process *pid* ended: its exit code, or the negative number of the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as stream:
        return stream.read()


def check(folder: Path) -> TransparencyLog:
    """Return the log, having checked that it is whole: what is stored, what follows from it, and what was signed."""
    log = TransparencyLog.open(folder)
    assert log.check() is None
    leaves = b"".join(entry.leaf for entry in log.entries())
    assert root_of(leaves) == log.root() == Edge.of_frontier(log.size, log.frontier).root
    rows = [row.leaf_index for row in log.certificates()]
    assert rows == [entry.index for entry in log.entries() if entry.has_row]
    if (folder / "checkpoint").exists():
        published = open_checkpoint((folder / "checkpoint").read_bytes(), verifier=KEY.verifier)
        assert log.root(published.size) == published.root
    return log


# Two writers, killed at any moment.


def issue_forever(folder: Path, pipe: int, *, first: int) -> None:
    """Log certificates and tell their indexes once they are committed; a few of them the other writer has too."""
    with TransparencyLog.open(folder) as log:
        for batch in count():
            start = first + batch * 100
            numbers = [*range(start, start + 1 + batch % 40), 5, batch % 1000]
            with log.transaction() as transaction:
                indexes = transaction.add_certificates([certificate(number) for number in numbers])
                transaction.append(digests(3))
            pairs = ",".join(f"{number}:{index}" for number, index in zip(numbers, indexes, strict=True))
            os.write(pipe, f"{pairs}\n".encode())
            if batch % 3 == 0:
                log.sign_checkpoint(KEY, at=AT)


def kill_writers(folder: Path, chance: random.Random, *, first: int) -> Iterator[tuple[int, int]]:
    """Have two writers issue until a moment of chance, kill both, and yield the leaves they had told of."""
    writers = [child(partial(issue_forever, folder, first=start)) for start in (first, first + 500_000)]
    heard = {pipe: b"" for _, pipe in writers}
    for _ in range(chance.randrange(1, 16)):
        for pipe in select.select(list(heard), [], [], 10)[0]:
            heard[pipe] += os.read(pipe, chance.choice((1, 65536)))
    for pid, pipe in writers:
        os.kill(pid, signal.SIGKILL)
        assert end_of(pid) == -signal.SIGKILL
        heard[pipe] += read_all(pipe)
    for text in heard.values():
        whole = text[: text.rfind(b"\n") + 1].decode()
        for pair in whole.replace("\n", ",").split(",")[:-1]:
            number, index = map(int, pair.split(":"))
            yield number, index


def test_two_writers_killed_at_any_moment_leave_one_whole_log(tmp_path: Path) -> None:
    """What a writer was told is committed is there; what it was not told is there whole or not at all."""
    folder = tmp_path / "log"
    make_log(folder).close()
    chance = random.Random(7)
    promised: dict[int, int] = {}
    for turn in range(1, 21):
        for number, index in kill_writers(folder, chance, first=turn * 1_000_000):
            assert promised.setdefault(number, index) == index
        with check(folder) as log:
            leaves = {row.id: row.leaf_index for row in log.certificates()}
        assert all(leaves[certificate(number).id] == index for number, index in promised.items())
    assert len(promised) > 100


def test_two_writers_at_once_never_get_the_same_index(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    make_log(folder).close()

    def write(pipe: int) -> None:
        with TransparencyLog.open(folder) as log:
            for size in range(1, 40):
                indexes = log.append(digests(size))
                os.write(pipe, f"{indexes.start} {indexes.stop}\n".encode())

    writers = [child(write) for _ in range(2)]
    ranges = []
    for pid, pipe in writers:
        ranges += [range(*map(int, line.split())) for line in read_all(pipe).decode().splitlines()]
        assert end_of(pid) == 0
    taken = sorted(index for indexes in ranges for index in indexes)
    with check(folder) as log:
        assert taken == list(range(log.size)) == list(range(2 * sum(range(1, 40))))


# Killed at a named point.


POINTS = {
    "issue": ("INSERT INTO certificate",),
    "append": ("INSERT INTO segment", "INSERT OR REPLACE INTO tile", "UPDATE log SET size", "COMMIT"),
    "checkpoint": ("INSERT INTO checkpoint", "INSERT INTO anchor", "COMMIT", "BEGIN IMMEDIATE"),
}
"""What SQLite is told at each point; the last one is after the commit, before the file is written."""


def kill_at(log: TransparencyLog, statement: str, number: int) -> None:
    """Have this process killed when SQLite begins the *number*-th such statement."""
    left = number

    def trace(sql: str) -> None:
        nonlocal left
        left -= sql.startswith(statement)
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    log.database._connection.set_trace_callback(trace)


@pytest.mark.parametrize("turn", range(20))
@pytest.mark.parametrize("point", POINTS)
def test_a_writer_killed_at_a_named_point_leaves_a_whole_log(tmp_path: Path, point: str, turn: int) -> None:
    folder = tmp_path / "log"
    with make_log(folder) as log:
        fill(log, 250)
    statements = POINTS[point]
    rows = certificates(20 + turn * 3, start=240)  # ten of them are in the log already

    def write(_: int) -> None:
        with TransparencyLog.open(folder) as log:
            if point == "checkpoint":
                with log.transaction() as transaction:
                    transaction.add_certificates(rows)
            kill_at(log, statements[turn % len(statements)], 1 + turn // len(statements) if point == "issue" else 1)
            if point != "checkpoint":
                with log.transaction() as transaction:
                    transaction.add_certificates(rows)
            log.sign_checkpoint(KEY, at=AT)

    pid, pipe = child(write)
    assert read_all(pipe) == b""
    assert end_of(pid) == -signal.SIGKILL
    with check(folder) as log:
        assert log.size == (240 + len(rows) if point == "checkpoint" else 250)
        with log.transaction() as transaction:  # the issuer tries again, as it was not told that it was done
            assert transaction.add_certificates(rows) == list(range(240, 240 + len(rows)))
        note = log.sign_checkpoint(KEY, at=AT)
        assert (folder / "checkpoint").read_text() == note
        assert log.receipt(240).verify(rows[0].digest, [KEY.verifier]).tree_size == log.size
    check(folder).close()


# No room, no permission.


@contextmanager
def no_file_over(limit: int) -> Iterator[None]:
    """Let this process write no file past *limit* bytes: to it, the disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TransparencyLog]:
    with make_log(tmp_path / "log") as log:
        fill(log, 300)
        yield log


def test_a_full_database_refuses_and_keeps_what_it_had(log: TransparencyLog, tmp_path: Path) -> None:
    pages = log.database.row("PRAGMA page_count")
    assert pages is not None
    log.database.run(f"PRAGMA max_page_count = {int(str(pages[0])) + 4}")
    with pytest.raises(StorageError, match="full"):
        log.append(digests(5000))
    with pytest.raises(StorageError, match="full"), log.transaction() as transaction:
        transaction.add_certificates(certificates(500, start=300))
    assert log.size == 300
    log.database.run("PRAGMA max_page_count = 1000000")
    assert log.append(digests(1)) == range(300, 301)
    check(tmp_path / "log").close()


def test_an_error_of_a_full_disk_that_was_caught_still_writes_nothing(log: TransparencyLog, tmp_path: Path) -> None:
    pages = log.database.row("PRAGMA page_count")
    assert pages is not None
    log.database.run(f"PRAGMA max_page_count = {int(str(pages[0])) + 4}")

    def write() -> None:
        with log.transaction() as transaction:
            transaction.append(digests(1))
            with pytest.raises(StorageError, match="full"):
                transaction.append(digests(5000))

    with pytest.raises(VaxcertError, match=r"lost|not written"):
        write()
    assert log.size == 300
    check(tmp_path / "log").close()


@pytest.mark.parametrize("room", [0, 4096, 20_000, 60_000, 100_000])
def test_a_full_disk_refuses_and_keeps_what_it_had(log: TransparencyLog, tmp_path: Path, room: int) -> None:
    log.database.empty_write_ahead_log()
    with no_file_over(room), pytest.raises(StorageError), log.transaction() as transaction:
        transaction.add_certificates(certificates(400, start=300))
    assert log.size == 300
    with no_file_over(1000), pytest.raises(StorageError):
        fill(log, 1, start=300)
    check(tmp_path / "log").close()
    with log.transaction() as transaction:
        assert transaction.add_certificates(certificates(1, start=300))[0] in (300, 301)
    log.sign_checkpoint(KEY, at=AT)
    check(tmp_path / "log").close()


def test_without_room_nothing_is_half_made(log: TransparencyLog, tmp_path: Path) -> None:
    with no_file_over(5000):
        for attempt in (
            lambda: make_log(tmp_path / "new"),
            lambda: backup(log, tmp_path / "copy.sqlite"),
            lambda: export_tiles(log, tmp_path / "site"),
        ):
            with pytest.raises(StorageError):
                attempt()
    assert not list((tmp_path / "new").iterdir())
    assert not (tmp_path / "copy.sqlite").exists()
    assert not (tmp_path / "site" / "checkpoint").exists()
    export_tiles(log, tmp_path / "site")


def test_a_database_that_may_not_be_written_refuses(log: TransparencyLog) -> None:
    """As seen by another user, who may read it and no more."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        backup(log, folder / "log.sqlite")
        (folder / "log.sqlite").chmod(0o444)

        def write(pipe: int) -> None:
            if os.geteuid() == 0:
                os.setuid(65534)
            with TransparencyLog.open(folder) as reader:
                os.write(pipe, b"opened")
                reader.append(digests(1))

        pid, pipe = child(write)
        said = read_all(pipe).decode()
        assert "StorageError" in said
        assert end_of(pid) == 1


def test_a_writer_that_hangs_is_not_waited_for_forever(log: TransparencyLog, tmp_path: Path) -> None:
    def hang(pipe: int) -> None:
        with TransparencyLog.open(tmp_path / "log") as other, other.transaction() as transaction:
            transaction.append(digests(3))
            os.write(pipe, b"!")
            signal.pause()

    pid, pipe = child(hang)
    assert os.read(pipe, 1) == b"!"
    log.database.run("PRAGMA busy_timeout = 30")
    with pytest.raises(LedgerUnavailableError, match="another process"):
        log.append(digests(1))
    os.kill(pid, signal.SIGKILL)
    end_of(pid)
    os.close(pipe)
    assert log.append(digests(1)) == range(300, 301)
    check(tmp_path / "log").close()
