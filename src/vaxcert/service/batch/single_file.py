"""A batch into one file: it works in a folder beside it, a workshop, which is gone when the file is there.

    .out.jsonl.job/             the workshop: a job folder
    .out.jsonl.job/out.jsonl    the whole file, until it stands at out.jsonl
    .out.jsonl.job/placed       its other name, by which it is known again there

The file is put together in the workshop, so that a run which is killed while it does so leaves nothing elsewhere, and
one that is killed after it knows its own file again.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from vaxcert.service.files import check_is_new, place_new, storage_errors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def workshop_of(path: Path) -> Path:
    """Return the folder in which a batch into the file *path* works."""
    return path.with_name(f".{path.name}.job")


def check_place(path: Path) -> None:
    """Check that a file can be made at *path*, or that it is there as the work of its own workshop.

    Raises:
        StorageError: There is something else, or no folder to put it in.
    """
    if not _is_placed(path):
        shutil.rmtree(_rest(path), ignore_errors=True)  # of a batch that was killed when it was done
        check_is_new(path)


def finish_file(path: Path, assemble: Callable[[Path], object]) -> None:
    """Have *assemble* write the whole file in the workshop of *path*, and then let it stand at *path*.

    Args:
        path: The file.
        assemble: Called with the new file's name; what it leaves out, as a PDF without a page, is no file at *path*.

    Raises:
        StorageError: There is something else at *path*, or it cannot be written.
    """
    if _is_placed(path):
        return
    whole, placed = workshop_of(path) / path.name, _placed(path)
    with storage_errors(path):
        for attempt in (whole, placed):  # that was cut off
            attempt.unlink(missing_ok=True)
        assemble(whole)
        if whole.exists():
            with suppress(OSError):  # a file system without hard links: who is killed next has to look by himself
                placed.hardlink_to(whole)
            place_new(whole, path)


def close_workshop(path: Path) -> None:
    """Remove the workshop of *path*: first out of the way of the next batch, then file by file."""
    folder = workshop_of(path)
    rest = _rest(path)
    with storage_errors(folder):
        shutil.rmtree(rest, ignore_errors=True)  # of an attempt that was cut off
        if folder.exists():  # a batch without a row has left none
            folder.rename(rest)
            shutil.rmtree(rest)


def _rest(path: Path) -> Path:
    return workshop_of(path).with_name(f".{path.name}.job.done")


def _is_placed(path: Path) -> bool:
    placed = _placed(path)
    return path.exists() and placed.exists() and path.samefile(placed)


def _placed(path: Path) -> Path:
    return workshop_of(path) / "placed"
