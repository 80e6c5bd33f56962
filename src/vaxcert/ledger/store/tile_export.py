"""The log as static files for a web server (C2SP tlog-tiles): what is written once never changes.

Only what is public is written: hashes of the tree and the signed checkpoint. Bundles of entries are for auditors; they
are commitments, which without their salts say nothing, and still nobody else has any use for them.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerDamagedError, LedgerRolledBackError, LedgerStateError
from vaxcert.ledger.log.entry import ENTRY_BYTES
from vaxcert.ledger.log.tile import ENTRIES, TILE_HEIGHT, TILE_WIDTH, bundles_of, entry_bundle, tiles_of
from vaxcert.ledger.log.tree import HASH_BYTES
from vaxcert.ledger.store.checkpoints import CheckpointFile
from vaxcert.ledger.store.create import CHECKPOINT_NAME
from vaxcert.ledger.store.files import OWNER_ALONE, PUBLIC, read_bounded, storage_errors, sync_folder, write_file
from vaxcert.ledger.store.identity import read_verifier

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.log.tile import TileAddress
    from vaxcert.ledger.store.reader import LoggedCheckpoint, LogReader

_MAX_FILE_BYTES: Final = TILE_WIDTH * (ENTRY_BYTES + 2)
"""A full bundle: each entry behind two bytes of length. A full tile is smaller."""


def export_tiles(log: LogReader, directory: Path, *, entries: bool = False) -> LoggedCheckpoint:
    """Write what the newest checkpoint covers to *directory*, and return that checkpoint.

    A directory that has an older export is brought up to date: new files are added, none is changed or removed but
    `checkpoint`, which is replaced last. So a client finds at each moment what the checkpoint it has read speaks of.

    Args:
        log: The log.
        directory: Where; it is made where there is none.
        entries: Whether the bundles of entries are written too, for auditors.

    Raises:
        LedgerStateError: The log has no checkpoint.
        LedgerRolledBackError: *directory* has a newer checkpoint of the log, or one of another history.
        LedgerDamagedError: A file that is there already is not what the log has.
        NoteError: The checkpoint in *directory* is of another log.
        StorageError: Something cannot be read or written.
    """
    newest = log.checkpoint()
    if newest is None:
        raise LedgerStateError("the log has no checkpoint yet", hint="sign one first")
    file = CheckpointFile(directory / CHECKPOINT_NAME, read_verifier(log.origin, log.vkey, log.log_id))
    before = _exported_size(log, file, newest.size)
    with storage_errors(directory):
        directory.mkdir(parents=True, exist_ok=True)
    folders: set[Path] = set()
    for tile in chain(tiles_of(newest.size), bundles_of(newest.size) if entries else ()):
        path = directory / tile.path
        if path.exists():
            if not _is_within(tile, before):
                _check_same(path, _content(log, tile))
            continue
        with storage_errors(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, _content(log, tile), mode=OWNER_ALONE if tile.level == ENTRIES else PUBLIC)
        folders.update(parent for parent in path.parents if parent.is_relative_to(directory))
    for folder in sorted(folders):
        sync_folder(folder)
    file.write(newest.note)
    return newest


def _exported_size(log: LogReader, file: CheckpointFile, size: int) -> int:
    """Return the size of the checkpoint that is in the directory: the files under it were checked when it was made."""
    exported = file.read()
    if exported is None:
        return 0
    if exported.size > size:
        raise LedgerRolledBackError(f"the export has a checkpoint of size {exported.size}, and the log one of {size}")
    if log.root(exported.size) != exported.root:
        raise LedgerRolledBackError(f"the export has another history at size {exported.size}")
    return exported.size


def _is_within(tile: TileAddress, size: int) -> bool:
    """Return whether *tile* was full in a tree of *size*, or the bundle in a log of it."""
    height = TILE_HEIGHT * (1 if tile.level == ENTRIES else tile.level + 1)
    return tile.width == TILE_WIDTH and (tile.n + 1) << height <= size


def _content(log: LogReader, tile: TileAddress) -> bytes:
    if tile.level == ENTRIES:
        entries = log.bundle(tile.n).cut(0, tile.width).entries
        starts = range(0, len(entries), ENTRY_BYTES)
        content = entry_bundle([entries[start : start + ENTRY_BYTES] for start in starts])
        expected = tile.width * (ENTRY_BYTES + 2)
    else:
        content = log.tile(tile.level, tile.n)[: tile.width * HASH_BYTES]
        expected = tile.width * HASH_BYTES
    if len(content) != expected:
        raise LedgerDamagedError(f"{tile.path} is shorter in the log than its checkpoint says")
    return content


def _check_same(path: Path, content: bytes) -> None:
    if read_bounded(path, _MAX_FILE_BYTES) != content:
        raise LedgerDamagedError(
            f"{path} is there already and is not what the log has",
            hint="clients may hold the file: find out which of the two was changed",
        )
