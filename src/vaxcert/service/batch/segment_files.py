"""The files of one segment in a job folder: lines in one file a format, pictures in one folder.

    jsonl/000001.jsonl  txt/000001.txt  png/000001/00001.png  svg/000001/00001.svg

What a print run or a renewal needs is kept sealed in job/payloads.
"""

from __future__ import annotations

import io
import os
import re
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Final

from vaxcert.ledger.store.sealed import parse_stored
from vaxcert.service.batch.journal_rows import WrittenFile
from vaxcert.service.batch.rendering import LINE_FORMATS, PICTURE_FORMATS, end_json_line
from vaxcert.service.files import read_file, storage_errors, sync, sync_folder
from vaxcert.signing.issuer_secret import is_sealed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vaxcert.ledger.store.sealed import StoredCertificate
    from vaxcert.service.batch.chunk import Issued
    from vaxcert.signing.issuer_secret import IssuerSecret

PAYLOADS: Final = Path("job") / "payloads"
"""Where the sealed certificates of a job lie, in the files of their segments."""

_HEAD: Final = re.compile(rb"([0-9]{1,6}) ([ -~]{1,80})\n")
"""Before each certificate: how many bytes are stored of it, and its id."""

_MAX_HEAD_BYTES: Final = 100
_MAX_PAYLOADS_BYTES: Final = 1 << 30
"""Of a segment; one of 5,000 rows has some three megabytes."""


def write_segment(
    folder: Path,
    number: int,
    formats: Sequence[str],
    entries: Sequence[tuple[Issued, int | None]],
    *,
    keep_under: IssuerSecret | None,
) -> list[WrittenFile]:
    """Write the files of segment *number* into the job *folder*, over those of an attempt that was cut off.

    Args:
        folder: The job folder.
        number: The segment's number.
        formats: What `Issued.outputs` holds, in that order.
        entries: The certificates in the order of their rows, each with its leaf in the log if there is one.
        keep_under: Under what the certificates are kept beside them, sealed; None where they need not be.

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
                written.append(
                    _write_lines(folder, number, form, [(each.outputs[place], leaf) for each, leaf in entries])
                )
            elif form in PICTURE_FORMATS:
                written += _write_pictures(folder, number, form, [issued.outputs[place] for issued, _ in entries])
        if keep_under is not None:
            stored = [(issued.row.id.encode(), issued.row.cose) for issued, _ in entries]
            payloads = b"".join([b"%d %b\n%b" % (len(content), name, content) for name, content in stored])
            _write_whole(_payloads(folder, number), keep_under.seal(payloads, about=_about_payloads(number)))
    return written


def read_payloads(folder: Path, number: int, secret: IssuerSecret) -> Iterator[tuple[str, StoredCertificate]]:
    """Yield the ids of the certificates of segment *number* in the job *folder*, each with what is stored of it.

    Raises:
        SealError: It was stored under another secret, or altered.
        StorageError: It cannot be read.
    """
    path = _payloads(folder, number)
    if not path.exists():
        return  # of rows that were all rejected there are none
    content = io.BytesIO(secret.open(read_file(path, limit=_MAX_PAYLOADS_BYTES), about=_about_payloads(number)))
    while match := _HEAD.fullmatch(content.readline(_MAX_HEAD_BYTES)):
        certificate_id, stored = match[2].decode(), content.read(int(match[1]))
        if is_sealed(stored):
            stored = secret.open(stored, about=certificate_id.encode())
        yield certificate_id, parse_stored(stored)


def _write_lines(folder: Path, number: int, form: str, lines: Sequence[tuple[bytes, int | None]]) -> WrittenFile:
    """Write the file of *lines*, each with its leaf in the log if there is one."""
    ends = (end_json_line(line, leaf) for line, leaf in lines) if form == "jsonl" else (line for line, _ in lines)
    name, content = f"{form}/{number:06}.{form}", b"".join(ends)
    _write_whole(folder / name, content)
    return WrittenFile(name, len(content), sha256(content).digest())


def _write_whole(path: Path, content: bytes) -> None:
    """Write *content* to *path*: under another name until all of it is on the disk."""
    draft = path.with_name(f".{path.name}.draft")
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(draft, "wb", opener=_for_owner) as stream:
        stream.write(content)
        sync(stream)
    draft.replace(path)
    sync_folder(path.parent)


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
    _payloads(folder, number).unlink(missing_ok=True)


def _payloads(folder: Path, number: int) -> Path:
    return folder / PAYLOADS / f"{number:06}.bin"


def _about_payloads(number: int) -> bytes:
    return f"payloads {number}".encode()


def _for_owner(name: str, flags: int) -> int:
    """Open a new file as its owner's alone: certificates are personal data."""
    return os.open(name, flags, 0o600)
