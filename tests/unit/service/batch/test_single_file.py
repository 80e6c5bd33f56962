"""A batch into one file works beside it, and leaves the file alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from vaxcert.errors import StorageError
from vaxcert.service.batch.single_file import check_place, close_workshop, finish_file, workshop_of


@pytest.fixture
def out(tmp_path: Path) -> Path:
    workshop_of(tmp_path / "out.jsonl").mkdir()
    return tmp_path / "out.jsonl"


def assemble(path: Path) -> None:
    path.write_bytes(b"whole")


def test_the_file_is_placed_and_the_workshop_closed(out: Path) -> None:
    check_place(out)
    finish_file(out, assemble)
    close_workshop(out)
    assert [path.name for path in out.parent.iterdir()] == ["out.jsonl"]
    assert out.read_bytes() == b"whole"


def test_what_was_placed_is_known_again(out: Path) -> None:
    finish_file(out, assemble)
    check_place(out)
    finish_file(out, lambda _path: pytest.fail("it was there"))
    assert out.read_bytes() == b"whole"


@pytest.mark.parametrize("before", ["nothing", "an attempt", "its own file"])
def test_anothers_file_is_not_overwritten(out: Path, before: str) -> None:
    if before == "an attempt":
        assemble(workshop_of(out) / out.name)
    elif before == "its own file":
        finish_file(out, assemble)
        out.unlink()
    out.write_bytes(b"mine")
    with pytest.raises(StorageError, match="exists"):
        check_place(out)
    with pytest.raises(StorageError, match="exists"):
        finish_file(out, assemble)
    assert out.read_bytes() == b"mine"


def test_an_attempt_that_was_cut_off_is_made_again(out: Path) -> None:
    (workshop_of(out) / out.name).write_bytes(b"half")
    finish_file(out, assemble)
    assert out.read_bytes() == b"whole"


def test_what_is_not_assembled_is_no_file(out: Path) -> None:
    finish_file(out, lambda _path: None)
    assert not out.exists()


def test_without_hard_links_the_file_is_placed_all_the_same(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_path: Path, _target: Path) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    finish_file(out, assemble)
    assert out.read_bytes() == b"whole"
    with pytest.raises(StorageError, match="exists"):
        check_place(out)


def test_a_workshop_is_closed_over_the_rest_of_another(out: Path) -> None:
    rest = out.parent / ".out.jsonl.job.done"
    rest.mkdir()
    (rest / "x").write_bytes(b"")
    close_workshop(out)
    close_workshop(out)  # once more does no harm
    assert list(out.parent.iterdir()) == []


def test_a_file_needs_its_folder(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no folder"):
        check_place(tmp_path / "nowhere" / "out.jsonl")
