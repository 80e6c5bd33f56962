"""The file is a log's or refused; a transaction is whole or has never been; SQLite's errors have our names."""

from __future__ import annotations

import sqlite3
import traceback
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.stored_log import digests, make_log, sql
from vaxcert.errors import LedgerDamagedError, LedgerFormatError, LedgerUnavailableError, StorageError
from vaxcert.ledger.store.database import Database
from vaxcert.ledger.store.schema import APPLICATION_ID, FORMAT_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with make_log(tmp_path) as log:
        log.append(digests(600))
    return tmp_path / "log.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with Database.open(path) as database:
        yield database


def test_every_commit_is_on_the_disk_and_what_is_deleted_is_overwritten(database: Database) -> None:
    def pragma(name: str) -> object:
        row = database.row(f"PRAGMA {name}")
        return row and row[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2
    assert pragma("secure_delete") == 1
    assert pragma("trusted_schema") == 0
    assert pragma("application_id") == APPLICATION_ID
    assert pragma("user_version") == FORMAT_VERSION


def test_a_missing_file_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(LedgerFormatError, match="no log"):
        Database.open(tmp_path / "log.sqlite")
    (tmp_path / "log.sqlite").mkdir()
    with pytest.raises(LedgerFormatError, match="no log"):
        Database.open(tmp_path / "log.sqlite")


@pytest.mark.parametrize("content", [b"", b"nonsense" * 1000, b"SQLite format 3\0" + bytes(100)])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.sqlite"
    path.write_bytes(content)
    with pytest.raises((LedgerFormatError, LedgerDamagedError)):
        Database.open(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("PRAGMA application_id = 0", "not a log's"),
        ("PRAGMA application_id = 252006674", "not a log's"),
        ("PRAGMA user_version = 1", "format 1"),
        ("PRAGMA user_version = 0", "format 0"),
    ],
)
def test_a_database_with_other_marks_is_refused(path: Path, statement: str, message: str) -> None:
    sql(path.parent, statement)
    for read_only in (False, True):
        with pytest.raises(LedgerFormatError, match=message):
            Database.open(path, read_only=read_only)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE other (a)",
        "DROP TABLE erasure",
        "CREATE VIEW v AS SELECT * FROM log",
        "CREATE INDEX i ON certificate (kid)",
        "CREATE TRIGGER t AFTER INSERT ON segment BEGIN DELETE FROM certificate; END",
    ],
)
def test_a_database_with_other_tables_is_damaged(path: Path, statement: str) -> None:
    sql(path.parent, statement)
    for read_only in (False, True):
        with pytest.raises(LedgerDamagedError, match="other tables"):
            Database.open(path, read_only=read_only)


def test_statistics_of_sqlite_are_no_other_tables(path: Path) -> None:
    sql(path.parent, "ANALYZE")
    with Database.open(path) as database:
        assert database.row("SELECT size FROM log") == (600,)


@pytest.mark.parametrize("name", ["sqliteXstat1", "sqlite_stat1", "sqlite_stat9"])
def test_a_trigger_is_not_passed_off_as_statistics(path: Path, name: str) -> None:
    sql(path.parent, "CREATE TRIGGER t AFTER INSERT ON segment BEGIN DELETE FROM certificate; END")
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_schema SET name = ?, sql = replace(sql, ' t ', ?) WHERE type = 'trigger'",
            (name, f" {name} "),
        )
    with pytest.raises(LedgerDamagedError, match="other tables"):
        Database.open(path, read_only=True)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        make_log(tmp_path / "file" / "log")


def test_a_torn_page_is_damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    for page in range(1, len(content) // 4096):
        content[page * 4096 : page * 4096 + 100] = b"\xff" * 100
    path.write_bytes(bytes(content))
    with pytest.raises(LedgerDamagedError, match="malformed") as caught, Database.open(path) as database:
        list(database.rows("SELECT * FROM segment"))
    assert caught.value.hint == "restore it from a backup"


def test_a_row_that_is_too_long_is_not_read(path: Path) -> None:
    sql(path.parent, "INSERT INTO certificate VALUES (0, 'a', zeroblob(32), zeroblob(17000000), x'', 0, 0)")
    with Database.open(path) as database, pytest.raises(LedgerDamagedError):
        database.row("SELECT cose FROM certificate")


def test_text_that_is_not_utf_8_is_damage_and_is_not_quoted(path: Path) -> None:
    sql(path.parent, "UPDATE log SET halted = CAST(x'534543524554ff' AS TEXT)")
    with Database.open(path) as database:
        for read in (database.row, lambda statement: list(database.rows(statement))):
            with pytest.raises(LedgerDamagedError, match="not UTF-8") as caught:
                read("SELECT halted FROM log")
            assert "SECRET" not in "".join(traceback.format_exception(caught.value))


def test_a_transaction_is_undone_by_an_error(database: Database) -> None:
    def write() -> None:
        with database.writing():
            database.run("UPDATE log SET halted = 'test'")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert database.row("SELECT halted FROM log") == (None,)


def test_reading_sees_one_moment(database: Database, path: Path) -> None:
    with database.reading():
        assert database.row("SELECT size FROM log") == (600,)
        sql(path.parent, "UPDATE log SET size = 601")
        with database.reading():
            assert database.row("SELECT size FROM log") == (600,)
    assert database.row("SELECT size FROM log") == (601,)


def test_a_transaction_inside_a_transaction_is_a_mistake(database: Database) -> None:
    with database.writing(), pytest.raises(ValueError, match="open already"), database.writing():
        pass  # pragma: no cover - never entered
    with database.reading(), pytest.raises(ValueError, match="open already"), database.writing():
        pass  # pragma: no cover - never entered


def test_a_lock_that_is_not_given_back_is_waited_for_and_then_named(database: Database, path: Path) -> None:
    database.run("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailableError, match="another process"), database.writing():
            pass  # pragma: no cover - never entered
        assert not database.empty_write_ahead_log()
    assert database.empty_write_ahead_log()


def test_what_another_has_changed_meanwhile_is_not_written_over(database: Database, path: Path) -> None:
    with database.reading():
        database.row("SELECT size FROM log")
        sql(path.parent, "UPDATE log SET halted = 'other'")
        with pytest.raises(LedgerUnavailableError):
            database.run("UPDATE log SET halted = 'mine'")
    assert database.row("SELECT halted FROM log") == ("other",)


def test_a_transaction_that_the_disk_has_ended_is_not_taken_for_written(database: Database) -> None:
    def write() -> None:
        with database.writing():
            database.run("UPDATE log SET halted = 'test'")
            database.run("ROLLBACK")  # as SQLite does by itself where a disk is full

    with pytest.raises(StorageError, match="not written"):
        write()
    assert database.row("SELECT halted FROM log") == (None,)


def test_a_broken_constraint_is_the_callers_to_understand(database: Database) -> None:
    with pytest.raises(sqlite3.IntegrityError), database.writing():
        database.run("INSERT INTO erasure VALUES (-1, 0)")
    with pytest.raises(sqlite3.IntegrityError), database.writing():
        database.run_many("INSERT INTO erasure VALUES (?, 0)", [(1,), (1,)])


def test_a_mistake_of_ours_is_not_taken_for_the_disks(database: Database) -> None:
    for sql_text, parameters in (("SELECT nothing FROM log", ()), ("SELECT ?", ())):
        with pytest.raises(sqlite3.Error):
            database.row(sql_text, parameters)
        with pytest.raises(sqlite3.Error):
            list(database.rows(sql_text, parameters))
        with pytest.raises(sqlite3.Error):
            database.run(sql_text, parameters)


def test_a_copy_needs_no_file_beside_it(database: Database, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    copy = tmp_path / "copy" / "copy.sqlite"
    database.copy_to(copy)
    with Database.open(copy, read_only=True) as other:
        assert other.row("SELECT size FROM log") == (600,)
        assert [path.name for path in copy.parent.iterdir()] == ["copy.sqlite"]
    with pytest.raises(StorageError):
        database.copy_to(tmp_path / "none" / "copy.sqlite")
