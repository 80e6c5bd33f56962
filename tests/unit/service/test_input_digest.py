"""A file is known by its content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import StorageError
from vaxcert.service.input_digest import file_digest

if TYPE_CHECKING:
    from pathlib import Path


def test_the_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "records.csv.gz"
    path.write_bytes(b"\x1f\x8b" + b"x" * 1_000_000)
    assert file_digest(str(path)) == file_digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("name", ["missing", "folder", "folder/x"])
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="cannot be read"):
        file_digest(tmp_path / name)
