"""The print files of a run: what its segments have kept, as cards in the order in which they are handed out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Final

from vaxcert.issue.card import render_cards
from vaxcert.issue.documents import card_of
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.batch.job import JOB
from vaxcert.service.batch.segment_files import read_payloads
from vaxcert.service.batch.stored import PARSERS, certificate_of, fields_of
from vaxcert.service.files import storage_errors, whole_file
from vaxcert.service.pool import ordered_map
from vaxcert.service.print_run import PrintRun, use_one_core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from vaxcert.issue.card import Card
    from vaxcert.issue.print_file import Layout
    from vaxcert.service.batch.job import Job
    from vaxcert.service.batch.journal_rows import Run
    from vaxcert.service.batch.workbench import Workbench
    from vaxcert.service.print_run import PrintTask

LAYOUTS: Final[dict[str, Layout]] = {"pdf": "letters", "sheets": "sheets"}
"""The layout of each format that is printed."""


def print_run(
    job: Job, run: Run, bench: Workbench, form: str, *, workers: int, done: Callable[[int], object]
) -> list[str]:
    """Print the certificates of *run* in the format *form*, and return the names of the files in the job folder.

    Args:
        job: The job folder.
        run: The run.
        bench: Opens what is stored.
        form: One of `LAYOUTS`.
        workers: How many files are set at once.
        done: Told after each file how many there are.

    Raises:
        SealError: A stored certificate was altered.
        StorageError: A file cannot be written.
    """
    name = f"{form}/{run.number:04}"
    folder = job.folder / name
    with storage_errors(folder):
        shutil.rmtree(folder, ignore_errors=True)  # of an attempt that was cut off
        folder.mkdir(mode=0o700, parents=True)

    def rendered(function: Callable[[PrintTask], str], tasks: Iterable[PrintTask]) -> Iterator[str]:
        files = ordered_map(function, tasks, workers=workers, initializer=use_one_core if workers > 1 else None)
        for count, file in enumerate(files, 1):
            done(count)
            yield file

    with PrintRun(folder, LAYOUTS[form], work=job.folder / JOB) as printed:
        printed.add_many(_cards(job, run, bench))
        return [f"{name}/{file}" for file in printed.finish(rendered)]


def print_file(job: Job, run: Run, bench: Workbench, path: Path) -> None:
    """Print the certificates of *run*, no more than `MAX_CARDS`, as letters into the one new file *path*."""
    cards = [card for _, card in _cards(job, run, bench)]
    if cards:  # there is no PDF without a page
        content = render_cards(cards)
        with whole_file(path) as stream:
            stream.write(content)


def _cards(job: Job, run: Run, bench: Workbench) -> Iterator[tuple[str | None, Card]]:
    for number in job.journal.segments_done(run.number):
        for _, stored in read_payloads(job.folder, number, bench.secret):
            kind, fields = fields_of(stored.cose, stored.printed)
            record = PARSERS[kind](fields)
            site = record.site if isinstance(record, VaccinationRecord) else None
            yield site, card_of(record, certificate_of(stored.cose, level=bench.plan.level))
