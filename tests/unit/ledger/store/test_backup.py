"""A backup is whole or is not there; what is restored from one writes nothing before it was compared."""

from __future__ import annotations

import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from tests.stored_log import AT, KEY, certificate, digests, fill, make_log, sql
from vaxcert.errors import LedgerDamagedError, LedgerFormatError, LedgerRolledBackError, NoteError, StorageError
from vaxcert.ledger.store.backup import backup, restore
from vaxcert.ledger.store.database import Database
from vaxcert.ledger.store.log import TransparencyLog

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Return a backup of a log of 300, which has grown to 310 since."""
    with make_log(tmp_path / "log") as log:
        fill(log, 300)
        log.append(digests(5))
        backup(log, tmp_path / "copy.sqlite")
        fill(log, 5, start=900)
    return tmp_path / "copy.sqlite"


def test_a_backup_is_one_file_of_its_owners_alone(copy: Path) -> None:
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert sorted(path.name for path in copy.parent.iterdir()) == ["copy.sqlite", "log"]
    with Database.open(copy, read_only=True) as database:
        assert database.row("SELECT size FROM log") == (305,)
    assert sorted(path.name for path in copy.parent.iterdir()) == ["copy.sqlite", "log"]


def test_a_backup_overwrites_nothing(copy: Path, tmp_path: Path) -> None:
    before = copy.read_bytes()
    with TransparencyLog.open(tmp_path / "log") as log:
        with pytest.raises(StorageError, match="exists"):
            backup(log, copy)
        with pytest.raises(StorageError):
            backup(log, tmp_path / "none" / "copy.sqlite")
    assert copy.read_bytes() == before
    assert sorted(path.name for path in copy.parent.iterdir()) == ["copy.sqlite", "log"]


def test_a_restored_log_is_whole_and_waits_for_its_chain(copy: Path, tmp_path: Path) -> None:
    restore(copy, tmp_path / "new")
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["checkpoint", "log.sqlite"]
    assert stat.S_IMODE((tmp_path / "new" / "log.sqlite").stat().st_mode) == 0o600
    with TransparencyLog.open(tmp_path / "new") as log:
        waited = log.is_restored
        assert log.size == 305
        assert log.receipt(7).verify(certificate(7).digest, [KEY.verifier]).tree_size == 300
        with pytest.raises(LedgerRolledBackError, match="restored"):
            log.append(digests(1))
        with pytest.raises(LedgerRolledBackError, match="restored"):
            log.sign_checkpoint(KEY, at=AT)
        log.erase(3, at=AT)
        log.confirm_restored()
        assert (waited, log.is_restored) == (True, False)
        assert log.append(digests(1)) == range(305, 306)
        log.sign_checkpoint(KEY, at=AT)
        assert log.check() is None


def test_a_checkpoint_that_survived_still_binds_the_restored_log(copy: Path, tmp_path: Path) -> None:
    """The log had promised 310 entries: who restored 305 of them must not promise others."""
    for path in (tmp_path / "log").glob("log.sqlite*"):
        path.unlink()
    note = (tmp_path / "log" / "checkpoint").read_bytes()
    restore(copy, tmp_path / "log")
    assert (tmp_path / "log" / "checkpoint").read_bytes() == note
    with TransparencyLog.open(tmp_path / "log") as log:
        log.confirm_restored()
        for attempt in (lambda: log.append(digests(1)), lambda: log.sign_checkpoint(KEY, at=AT)):
            with pytest.raises(LedgerRolledBackError, match="310 were promised"):
                attempt()


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_beside_a_ruined_checkpoint_nothing_is_restored(copy: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "checkpoint").write_bytes(content)
    with pytest.raises(NoteError):
        restore(copy, tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["checkpoint"]


@pytest.mark.parametrize("suffix", ["-wal", "-journal"])
def test_what_is_left_of_another_database_is_not_mixed_in(copy: Path, tmp_path: Path, suffix: str) -> None:
    """SQLite would take the write-ahead log of the lost database for that of the restored one."""
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / f"log.sqlite{suffix}").write_bytes(b"left over")
    with pytest.raises(StorageError, match=f"{suffix} exists"):
        restore(copy, tmp_path / "new")
    with pytest.raises(StorageError, match=f"{suffix} exists"):
        make_log(tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == [f"log.sqlite{suffix}"]


def test_a_log_that_is_not_admitted_is_not_placed(copy: Path, tmp_path: Path) -> None:
    def refuse(vkey: str) -> None:
        assert vkey == KEY.vkey
        raise LedgerFormatError("another log's")

    with pytest.raises(LedgerFormatError, match="another log's"):
        restore(copy, tmp_path / "new", admit=refuse)
    assert not list((tmp_path / "new").iterdir())


def test_a_log_is_never_restored_over_another(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="exists"):
        restore(copy, tmp_path / "log")
    with TransparencyLog.open(tmp_path / "log") as log:
        assert (log.size, log.is_restored) == (310, False)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("PRAGMA application_id = 7", LedgerFormatError),
        ("CREATE TRIGGER t AFTER INSERT ON segment BEGIN DELETE FROM certificate; END", LedgerDamagedError),
        ("UPDATE log SET frontier = zeroblob(length(frontier))", LedgerDamagedError),
        ("DELETE FROM certificate WHERE leaf_index = 299", LedgerDamagedError),
        ("UPDATE checkpoint SET root = zeroblob(32)", LedgerDamagedError),
        ("UPDATE log SET origin = 'other.example/vn'", LedgerDamagedError),
    ],
)
def test_a_backup_that_was_changed_is_not_restored(
    copy: Path, tmp_path: Path, statement: str, error: type[Exception]
) -> None:
    (tmp_path / "changed").mkdir()
    shutil.copy(copy, tmp_path / "changed" / "log.sqlite")
    sql(tmp_path / "changed", statement)
    with pytest.raises(error):
        restore(tmp_path / "changed" / "log.sqlite", tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


@pytest.mark.parametrize("content", [b"", b"nonsense", None])
def test_what_is_no_backup_is_not_restored(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "copy.sqlite").write_bytes(content)
    with pytest.raises(LedgerFormatError):
        restore(tmp_path / "copy.sqlite", tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


def test_a_cut_backup_is_not_restored(copy: Path, tmp_path: Path) -> None:
    content = copy.read_bytes()
    copy.write_bytes(content[: len(content) // 2])
    with pytest.raises(LedgerDamagedError):
        restore(copy, tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


def test_an_empty_log_is_restored_without_a_checkpoint(tmp_path: Path) -> None:
    with make_log(tmp_path / "log") as log:
        backup(log, tmp_path / "copy.sqlite")
    restore(tmp_path / "copy.sqlite", tmp_path / "new")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["log.sqlite"]
