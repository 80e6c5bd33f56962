"""Files appear whole or not at all, and never in the place of others."""

from __future__ import annotations

import errno
import os
import pathlib
import stat
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import StorageError
from vaxcert.service.files import check_is_new, read_file, whole_file, whole_folder

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO, Never


def break_off(stream: IO[bytes], error: type[BaseException]) -> Never:
    stream.write(b"half")
    stream.flush()
    raise error


def write_in_the_way(path: Path, stream: IO[bytes], *, is_folder: bool) -> None:
    stream.write(b"mine")
    if is_folder:
        path.mkdir()
    else:
        path.write_bytes(b"theirs")


def refuse_links(monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    def refuse(self: Path, target: Path) -> Never:  # noqa: ARG001 - the signature of `Path.hardlink_to`
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(pathlib.Path, "hardlink_to", refuse)


def write_theirs(path: Path) -> None:
    path.mkdir()
    (path / "theirs").write_bytes(b"2")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- a file --------------------------------------------------------------------------------------------------------


def test_a_file_appears_whole_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    with whole_file(path) as stream:
        stream.write(b"half")
        stream.flush()
        assert not path.exists()
    assert path.read_bytes() == b"half"
    assert names(tmp_path) == ["out.jsonl"]


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    with whole_file(tmp_path / "out.txt"):
        pass
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == 0o600


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_after_an_error_there_is_no_file(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), whole_file(tmp_path / "out.txt") as stream:
        break_off(stream, error)
    assert names(tmp_path) == []


def test_a_file_in_the_way_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out.txt"
    path.write_bytes(b"before")
    with pytest.raises(StorageError, match="exists") as caught, whole_file(path):
        pytest.fail("the file was opened")
    assert caught.value.hint == "choose a new name: nothing is overwritten"
    assert path.read_bytes() == b"before"


def test_a_file_is_replaced_only_on_demand_and_only_by_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_bytes(b"before")
    with pytest.raises(KeyError), whole_file(path, replace=True) as stream:
        break_off(stream, KeyError)
    assert path.read_bytes() == b"before"
    with whole_file(path, replace=True) as stream:
        stream.write(b"after")
    assert path.read_bytes() == b"after"
    assert names(tmp_path) == ["list.json"]


@pytest.mark.parametrize("kind", ["folder", "link", "dangling link"])
def test_anything_in_the_way_is_refused(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "out.txt", tmp_path / "other"
    if kind == "folder":
        path.mkdir()
    else:
        if kind == "link":
            other.write_bytes(b"before")
        path.symlink_to(other)
    with pytest.raises(StorageError, match="exists"):
        check_is_new(path)


def test_a_file_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no folder"), whole_file(tmp_path / "missing" / "out.txt"):
        pytest.fail("the file was opened")
    assert names(tmp_path) == []


@pytest.mark.parametrize("error", [None, errno.EPERM, errno.EOPNOTSUPP])
@pytest.mark.parametrize("is_folder", [True, False])
def test_what_turns_up_on_the_way_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int | None, *, is_folder: bool
) -> None:
    if error is not None:
        refuse_links(monkeypatch, error)
    path = tmp_path / "out.txt"
    with pytest.raises(StorageError, match=r"out\.txt exists"), whole_file(path) as stream:
        write_in_the_way(path, stream, is_folder=is_folder)
    assert names(tmp_path) == ["out.txt"]
    assert path.is_dir() if is_folder else path.read_bytes() == b"theirs"


@pytest.mark.parametrize("error", [errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    refuse_links(monkeypatch, error)
    with whole_file(tmp_path / "out.txt") as stream:
        stream.write(b"whole")
    assert (tmp_path / "out.txt").read_bytes() == b"whole"
    assert names(tmp_path) == ["out.txt"]


def test_another_failure_of_the_link_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refuse_links(monkeypatch, errno.EIO)
    with pytest.raises(StorageError, match="cannot be written: Input/output error"), whole_file(tmp_path / "out.txt"):
        pass
    assert names(tmp_path) == []


@pytest.mark.parametrize("mode", [0o600, 0o644])
@pytest.mark.parametrize("replace", [True, False])
def test_a_file_has_the_permissions_asked_for(tmp_path: Path, mode: int, *, replace: bool) -> None:
    with whole_file(tmp_path / "out.txt", mode=mode, replace=replace):
        pass
    assert stat.S_IMODE((tmp_path / "out.txt").stat().st_mode) == mode


def test_permissions_that_cannot_be_set_leave_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def chmod(*_: object, **__: object) -> Never:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    path = tmp_path / "list.json"
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "chmod", chmod)
    with pytest.raises(StorageError, match="cannot be written: Operation"), whole_file(path, replace=True, mode=0o644):
        pass
    assert path.read_bytes() == b"before"
    assert names(tmp_path) == ["list.json"]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written: No space left on device"), whole_file(tmp_path / "out"):
        raise OSError(28, "No space left on device")
    assert names(tmp_path) == []


# --- a folder ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [False, True])
def test_a_folder_appears_whole_at_the_end(tmp_path: Path, *, before: bool) -> None:
    path = tmp_path / "a" / "out"
    if before:
        path.mkdir(parents=True)
    with whole_folder(path) as folder:
        (folder / "x").write_bytes(b"1")
        (folder / "sub").mkdir()
        assert not path.exists() or names(path) == []
    assert names(path) == ["sub", "x"]
    assert names(path.parent) == ["out"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o700


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_after_an_error_there_is_no_folder(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), whole_folder(tmp_path / "out") as folder, (folder / "x").open("wb") as stream:
        break_off(stream, error)
    assert names(tmp_path) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x").write_bytes(b"before")
    with pytest.raises(StorageError, match="exists and is not empty"), whole_folder(tmp_path / "out"):
        pytest.fail("the folder was opened")
    assert names(tmp_path) == ["out"]


def test_a_folder_filled_by_another_meanwhile_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with pytest.raises(StorageError, match="cannot be written"), whole_folder(path):
        write_theirs(path)
    assert names(path) == ["theirs"]
    assert names(tmp_path) == ["out"]


def test_a_file_that_turns_up_in_the_way_of_a_folder_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with pytest.raises(StorageError, match="cannot be written"), whole_folder(path):
        path.write_bytes(b"theirs")
    assert path.read_bytes() == b"theirs"
    assert names(tmp_path) == ["out"]


def test_a_file_in_the_way_of_a_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"before")
    with pytest.raises(StorageError, match="exists and is not empty"), whole_folder(tmp_path / "out"):
        pytest.fail("the folder was opened")
    with pytest.raises(StorageError, match="cannot be written"), whole_folder(tmp_path / "out" / "sub"):
        pytest.fail("the folder was opened")
    assert (tmp_path / "out").read_bytes() == b"before"


def test_the_folder_one_stands_in_can_be_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    relative = here.relative_to(here)  # "."
    with whole_folder(relative) as folder:
        (folder / "x").write_bytes(b"1")
    assert names(here) == ["x"]


# --- reading -------------------------------------------------------------------------------------------------------


def test_a_file_is_read_up_to_its_bound(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_file(path, limit=5) == b"12345"
    with pytest.raises(StorageError, match="larger than 4 bytes"):
        read_file(path, limit=4)


@pytest.mark.parametrize("name", ["missing", "."])
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(StorageError, match="cannot be read"):
        read_file(tmp_path / name, limit=1)
