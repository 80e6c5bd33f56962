"""The files of one segment in a job folder: lines in one file a format, pictures in one folder.

    jsonl/000001.jsonl  txt/000001.txt  png/000001/00001.png  svg/000001/00001.svg

What a print run or a renewal needs is kept sealed in job/payloads.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Final

from vaxcert.errors import StorageError
from vaxcert.service.batch.journal import WrittenFile
from vaxcert.service.batch.rendering import LINE_FORMATS, PICTURE_FORMATS, end_json_line
from vaxcert.service.files import storage_errors, sync, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.service.batch.workbench import Issued

PAYLOADS: Final = Path("job") / "payloads"
"""Where the sealed certificates of a job lie, in the files of their segments."""

_HEAD: Final = re.compile(rb"([0-9]{1,6}) ([ -~]{1,80})\n")
"""Before each sealed certificate: how many bytes it has, and whose id."""

_MAX_HEAD_BYTES: Final = 100
_MAX_PAYLOAD_BYTES: Final = 128 * 1024


def write_segment(
    folder: Path, number: int, formats: Sequence[str], entries: Sequence[tuple[Issued, int | None]], *, payloads: bool
) -> list[WrittenFile]:
    """Write the files of segment *number* into the job *folder*, over those of an attempt that was cut off.

    Args:
        folder: The job folder.
        number: The segment's number.
        formats: What `Issued.outputs` holds, in that order.
        entries: The certificates in the order of their rows, each with its leaf in the log if there is one.
        payloads: Whether to keep the sealed certificates too.

    Returns:
        The files of the output, without the payloads.

    Raises:
        StorageError: A file cannot be written; those that are there already are no harm.
    """
    written: list[WrittenFile] = []
    if not entries:
        with storage_errors(folder):
            _remove_segment(folder, number, formats)
        return written
    with storage_errors(folder):
        for place, form in enumerate(formats):
            if form in LINE_FORMATS:
                lines = [
                    end_json_line(issued.outputs[place], leaf) if form == "jsonl" else issued.outputs[place]
                    for issued, leaf in entries
                ]
                written.append(_write_whole(folder, f"{form}/{number:06}.{form}", b"".join(lines)))
            elif form in PICTURE_FORMATS:
                written += _write_pictures(folder, number, form, [issued.outputs[place] for issued, _ in entries])
        if payloads:
            pieces = [
                piece
                for issued, _ in entries
                for piece in (b"%d %s\n" % (len(issued.row.cose), issued.row.id.encode()), issued.row.cose)
            ]
            _write_whole(folder, (PAYLOADS / f"{number:06}.bin").as_posix(), b"".join(pieces))
    return written


def read_payloads(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the ids in the payload file *path*, each with its sealed certificate.

    Raises:
        StorageError: It cannot be read, or is cut off.
    """
    with storage_errors(path, "read"), path.open("rb") as stream:
        while head := stream.readline(_MAX_HEAD_BYTES):
            match = _HEAD.fullmatch(head)
            size = int(match[1]) if match else 0
            payload = stream.read(size) if size <= _MAX_PAYLOAD_BYTES else b""
            if match is None or not payload or len(payload) != size:
                raise StorageError(f"{path} is cut off or damaged")
            yield match[2].decode(), payload


def _write_whole(folder: Path, name: str, content: bytes) -> WrittenFile:
    """Write the file *name*: under another name until all of it is on the disk."""
    path = folder / name
    draft = path.with_name(f".{path.name}.draft")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(draft, "wb", opener=_for_owner) as stream:
        stream.write(content)
        sync(stream)
    draft.replace(path)
    sync_folder(path.parent)
    return WrittenFile(name, len(content), sha256(content).digest())


def _write_pictures(folder: Path, number: int, form: str, pictures: Sequence[bytes]) -> Iterator[WrittenFile]:
    name = f"{form}/{number:06}"
    if (folder / name).exists():
        rmtree(folder / name)  # of an attempt that was cut off
    (folder / name).mkdir(parents=True, mode=0o700)
    for place, picture in enumerate(pictures, 1):
        path = f"{name}/{place:05}.{form}"
        with open(folder / path, "wb", opener=_for_owner) as stream:
            stream.write(picture)
        yield WrittenFile(path, len(picture), sha256(picture).digest())
    os.sync()  # all of them at once: one by one they would wait for the disk thousands of times


def _remove_segment(folder: Path, number: int, formats: Sequence[str]) -> None:
    """Remove the files of an attempt at segment *number* that was cut off, and of which nothing is left to write."""
    for form in formats:
        (folder / form / f"{number:06}.{form}").unlink(missing_ok=True)
        rmtree(folder / form / f"{number:06}", ignore_errors=True)
    (folder / PAYLOADS / f"{number:06}.bin").unlink(missing_ok=True)


def _for_owner(name: str, flags: int) -> int:
    """Open a new file as its owner's alone: certificates are personal data."""
    return os.open(name, flags, 0o600)
