"""A log for an auditor: everything that the newest checkpoint covers, in files that need neither SQLite nor a node."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vaxcert.errors import StorageError
from vaxcert.ledger.store.export_lines import CERTIFICATES, CHECKPOINTS, ERASURES, LEAVES, PROOFS, STATEMENTS
from vaxcert.ledger.store.files import OWNER_ALONE, storage_errors, sync_file, sync_folder, write_file
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.tile_export import export_tiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vaxcert.ledger.store.export_lines import LineFormat
    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.reader import LoggedCheckpoint

EXPORT_VERSION: Final = 1
EXPORT_NAME: Final = "export.json"
"""Says that a folder is such an export, of which log, and how much of it."""


def export_for_auditor(
    log: TransparencyLog, directory: Path, *, attachments: Mapping[str, bytes] | None = None
) -> LoggedCheckpoint:
    """Write what the newest checkpoint covers to the new folder *directory*, and return that checkpoint.

    The folder is there once it is whole. It has the certificates and the salts, and is as confidential as
    the log itself.

    Args:
        log: The log.
        directory: A folder that is not there yet.
        attachments: Further files by their names: which chain the log is anchored to, and how.

    Raises:
        LedgerStateError: The log has no checkpoint.
        StorageError: *directory* is there already, or something cannot be written.
        ValueError: An attachment has no file's name, or one of the export's own.
    """
    if directory.exists():
        raise StorageError(f"{directory} exists", hint="choose a new name: nothing is overwritten")
    with storage_errors(directory):
        directory.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        with log.database.reading():
            checkpoint = _write(log, workshop)
        for name, content in (attachments or {}).items():
            _attach(workshop, name, content)
        sync_folder(workshop)
        with storage_errors(directory):
            workshop.rename(directory)
        sync_folder(directory.parent)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return checkpoint


def _write(log: TransparencyLog, folder: Path) -> LoggedCheckpoint:
    checkpoint = export_tiles(log, folder, entries=True)
    size = checkpoint.size
    # Later rows belong to leaves that no checkpoint covers yet.
    files: Sequence[tuple[LineFormat, Iterable[Sequence[object]]]] = (
        (LEAVES, ((entry.kind, entry.has_row, entry.salt, entry.digest) for entry in log.entries(0, size))),
        (CERTIFICATES, (row for row in log.certificates() if row.leaf_index < size)),
        (STATEMENTS, (row for row in log.statements() if row.leaf_index < size)),
        (ERASURES, (row for row in log.erasures() if row.leaf_index < size)),
        (CHECKPOINTS, log.checkpoints()),
        (PROOFS, _proofs(log)),
    )
    for lines, rows in files:
        _write_lines(folder / lines.name, lines, rows)
    about = {"version": EXPORT_VERSION, "origin": log.origin, "vkey": log.vkey, "size": size}
    write_file(folder / EXPORT_NAME, json.dumps(about, indent=2).encode() + b"\n", mode=OWNER_ALONE)
    return checkpoint


def _proofs(log: TransparencyLog) -> Iterator[tuple[object, ...]]:
    for anchor, bundle in Outbox(log.database, holder="").finals():
        yield anchor.seq, anchor.size, anchor.event, bundle


def _write_lines(path: Path, lines: LineFormat, rows: Iterable[Sequence[object]]) -> None:
    with storage_errors(path), path.open("xb") as stream:
        path.chmod(OWNER_ALONE)
        stream.writelines(map(lines.line, rows))
    sync_file(path)


def _attach(folder: Path, name: str, content: bytes) -> None:
    if name in {"", ".", ".."} or Path(name).name != name:
        raise ValueError(f"{name!r} is no name of a file")
    if (folder / name).exists():
        raise ValueError(f"an export has a file {name} of its own")
    write_file(folder / name, content, mode=OWNER_ALONE)
