"""What an export says of itself, and where in it each bundle of leaves starts."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerDamagedError, LedgerFormatError
from vaxcert.ledger.log.tile import TILE_WIDTH
from vaxcert.ledger.log.tree import MAX_TREE_SIZE
from vaxcert.ledger.store.auditor_writer import EXPORT_NAME, EXPORT_VERSION
from vaxcert.ledger.store.export_lines import LEAVES, MAX_LINE_BYTES
from vaxcert.ledger.store.files import read_bounded, storage_errors

if TYPE_CHECKING:
    from pathlib import Path

_MAX_ABOUT_BYTES: Final = 4096
_MEMBERS: Final = {"version": int, "origin": str, "vkey": str, "size": int}


def read_about(folder: Path) -> tuple[str, str, int]:
    """Return origin, key and size of the log that the export in *folder* says it is of.

    Raises:
        LedgerFormatError: There is no export, or one of another version.
        StorageError: It cannot be read.
    """
    content = read_bounded(folder / EXPORT_NAME, _MAX_ABOUT_BYTES)
    if content is None:
        raise LedgerFormatError(f"{folder} is no export of a log: it has no {EXPORT_NAME}")
    try:
        about = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise LedgerFormatError(f"{EXPORT_NAME} is not JSON") from error
    if type(about) is not dict or {name: type(value) for name, value in about.items()} != _MEMBERS:
        raise LedgerFormatError(f"{EXPORT_NAME} has not the members {', '.join(_MEMBERS)}")
    if about["version"] != EXPORT_VERSION or not 0 <= about["size"] <= MAX_TREE_SIZE:
        raise LedgerFormatError(f"{EXPORT_NAME} is of another version, or of a size that no log has")
    return about["origin"], about["vkey"], about["size"]


def bundle_starts(folder: Path, size: int) -> array[int]:
    """Return where in the file of leaves each bundle starts; one number for 256 leaves.

    Raises:
        LedgerDamagedError: There are more or fewer leaves than *size*, or a line is too long.
    """
    path, starts, count = folder / LEAVES.name, array("Q"), 0
    with storage_errors(path, "read"), path.open("rb") as stream:
        start = 0
        while line := stream.readline(MAX_LINE_BYTES):
            if count % TILE_WIDTH == 0:
                starts.append(start)
            count += 1
            start += len(line)
    if count != size:
        raise LedgerDamagedError(f"{LEAVES.name} has {count} lines and not {size}")
    return starts
