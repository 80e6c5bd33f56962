"""The end of a run: its rejects, its print files, its one file if that was asked for, and the manifest."""

from __future__ import annotations

import shutil
import zipfile
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, Final

from vaxcert.service.batch.journal_rows import WrittenFile
from vaxcert.service.batch.manifest import FILES, MANIFEST, SIGNATURE, write_manifest
from vaxcert.service.batch.run import about_rejects
from vaxcert.service.files import storage_errors, whole_file
from vaxcert.service.rejects import header_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from vaxcert.service.batch.job import Job
    from vaxcert.service.batch.journal_rows import Run
    from vaxcert.service.batch.workbench import Workbench

REJECTS: Final = "rejects.csv"

_COPIED_BYTES: Final = 1024 * 1024
_PACKED_ALREADY: Final = (".png", ".pdf")


def write_rejects(path: Path, job: Job, run: Run, bench: Workbench) -> bool:
    """Write what was wrong with the rows of *run* so far to the file *path*; without a reject there is none.

    Returns:
        Whether there is one.

    Raises:
        SealError: The journal was altered.
        StorageError: The file cannot be written.
    """
    with storage_errors(path):
        path.unlink(missing_ok=True)  # those of the run before it was cut off
    sealed = job.journal.rejects(run.number)
    first = next(sealed, None)
    if first is None:
        return False
    with whole_file(path, replace=True) as stream:
        stream.write(header_line())
        for number, content in chain((first,), sealed):
            stream.write(bench.secret.open(content, about=about_rejects(number)))
    return True


def write_run_manifest(
    job: Job, run: Run, bench: Workbench, *, finished_at: int, log: Mapping[str, object] | None
) -> None:
    """Write the signed manifest of the job folder after *run*."""
    total = job.journal.tally()
    last = job.journal.tally(run.number)
    plan = bench.plan
    facts = {
        "run": run.number,
        "kind": run.kind,
        "type": plan.kind.value,
        "country": plan.country,
        "issuer": plan.issuer,
        "kid": str(bench.signer.kid),
        "started_at": _instant(run.started_at),
        "finished_at": _instant(finished_at),
        "input_sha256": run.input,
        "counts": last._asdict(),
        "all_runs": total._asdict(),
        "log": log,
    }
    write_manifest(job.folder, facts, job.journal.files(), bench.signer)


def join_lines(job: Job, run: Run, form: str, path: Path) -> None:
    """Write the lines of all segments of *run* into the one new file *path*.

    Raises:
        StorageError: There is something at *path* already, or it cannot be written.
    """
    with whole_file(path) as stream:
        for number in job.journal.segments_done(run.number):
            segment = job.folder / form / f"{number:06}.{form}"
            if segment.exists():  # of rows that were all rejected there is none
                with segment.open("rb") as lines:
                    shutil.copyfileobj(lines, stream, _COPIED_BYTES)


def pack(job: Job, path: Path) -> None:
    """Write all files of the job into the one new ZIP archive *path*, with the manifest.

    Raises:
        StorageError: There is something at *path* already, or it cannot be written.
    """
    with whole_file(path) as stream, zipfile.ZipFile(stream, "w", allowZip64=True) as archive:
        for name in _names(job):
            packing = zipfile.ZIP_STORED if name.endswith(_PACKED_ALREADY) else zipfile.ZIP_DEFLATED
            archive.write(job.folder / name, name, compress_type=packing, compresslevel=1)


def written(folder: Path, names: Iterable[str]) -> Iterator[WrittenFile]:
    """Yield the files in *folder* called *names* as the journal keeps them."""
    from hashlib import file_digest  # noqa: PLC0415 - for print runs alone

    for name in names:
        with storage_errors(folder / name, "read"), (folder / name).open("rb") as stream:
            digest = file_digest(stream, "sha256").digest()
        yield WrittenFile(name, (folder / name).stat().st_size, digest)


def _instant(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _names(job: Job) -> Iterator[str]:
    yield from (file.path for file in job.journal.files())
    yield from (MANIFEST, FILES, SIGNATURE)
