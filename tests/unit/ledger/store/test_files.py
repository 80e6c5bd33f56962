"""Files appear whole or not at all, in the place of no other unless that is meant, and are read up to a bound."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Never

import pytest

from vaxcert.errors import StorageError
from vaxcert.ledger.store.files import OWNER_ALONE, place_new, read_bounded, sync_file, sync_folder, write_whole

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_text("older, and longer")
    write_whole(path, b"newer", mode=OWNER_ALONE)
    assert path.read_bytes() == b"newer"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["note"]


def test_a_file_that_cannot_be_replaced_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "note").mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        write_whole(tmp_path / "note", b"newer", mode=OWNER_ALONE)
    assert [found.name for found in tmp_path.iterdir()] == ["note"]
    with pytest.raises(StorageError, match="cannot be written"):
        write_whole(tmp_path / "none" / "note", b"newer", mode=OWNER_ALONE)


def test_a_new_file_takes_no_others_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    with pytest.raises(StorageError, match="exists"):
        place_new(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two").read_text() == "two"
    place_new(tmp_path / "one", tmp_path / "three")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["three", "two"]


@pytest.mark.parametrize("error", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    refuse_links(monkeypatch, error)
    for name in ("one", "two"):
        (tmp_path / name).write_text(name)
    with pytest.raises(StorageError, match="exists"):
        place_new(tmp_path / "one", tmp_path / "two")
    assert (tmp_path / "two").read_text() == "two"
    place_new(tmp_path / "one", tmp_path / "three")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["three", "two"]


def test_another_failure_of_the_link_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_links(monkeypatch, errno.EIO)
    (tmp_path / "one").write_text("one")
    with pytest.raises(StorageError, match="Input/output error"):
        place_new(tmp_path / "one", tmp_path / "two")
    assert [found.name for found in tmp_path.iterdir()] == ["one"]


def refuse_links(monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    """Have the operating system answer with *error* where a hard link is asked for."""

    def refuse(*_: object, **__: object) -> Never:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "link", refuse)


def test_nothing_is_read_past_the_bound(tmp_path: Path) -> None:
    path = tmp_path / "note"
    path.write_bytes(bytes(10))
    assert read_bounded(path, 10) == bytes(10)
    with pytest.raises(StorageError, match="over 9 bytes"):
        read_bounded(path, 9)
    assert read_bounded(tmp_path / "none", 9) is None
    with pytest.raises(StorageError, match="cannot be read"):
        read_bounded(tmp_path, 9)


def test_what_is_not_there_cannot_be_synced(tmp_path: Path) -> None:
    for attempt in (sync_file, sync_folder):
        with pytest.raises(StorageError):
            attempt(tmp_path / "none")
