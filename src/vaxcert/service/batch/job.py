"""The job folder: where a batch keeps its place, so that it can be ended at any instant and gone on with.

jsonl/ txt/ png/ svg/ pdf/ sheets/   what was asked for, in the files of whole segments
rejects.csv                          what was wrong with the other rows of the last run
manifest.json manifest.cose          what is in the folder, signed
job/                                 the journal, and certificates sealed for renewal and printing
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vaxcert.errors import (
    InputChangedError,
    JobBusyError,
    JobMismatchError,
    JobUnfinishedError,
    NothingToResumeError,
    StorageError,
)
from vaxcert.service.batch.journal import Journal
from vaxcert.service.batch.journal_rows import Run
from vaxcert.service.batch.register import Register
from vaxcert.service.batch.rendering import FORMATS
from vaxcert.service.files import storage_errors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vaxcert.service.batch.sequencer import Mode
    from vaxcert.signing.issuer_secret import IssuerSecret

JOB: Final = "job"
"""The folder of what a batch keeps for itself."""

JOURNAL: Final = Path(JOB) / "journal.sqlite"

_CHECK: Final = b"the secret of a job"
_RESUME: Final = "go on with it: the same command with --resume"
_LASTING: Final = ("country", "ledger")
"""What a job keeps from its first run to its last; a ledger may come later, and then stays."""


@dataclass(frozen=True, slots=True)
class Job:
    """An open job folder."""

    folder: Path
    journal: Journal
    register: Register

    def begin(self, kind: Mode, plan: Mapping[str, object], *, input_digest: str | None, at: int) -> Run:
        """Begin a new run and return it.

        Raises:
            JobUnfinishedError: The last run was not finished.
            JobMismatchError: The folder's certificates are of another country, or stand in another ledger.
        """
        last = self.journal.last_run()
        if last is not None and last.finished_at is None:
            if self.journal.has_begun(last.number):
                raise JobUnfinishedError(f"an earlier run in {self.folder} was not finished", hint=_RESUME)
            self.journal.forget_run(last)  # it was killed before anything came of it
            last = self.journal.last_run()
        if last is not None:
            self._check_lasting(last.plan, plan)
        run = Run(
            number=1 if last is None else last.number + 1,
            kind=kind.value,
            plan=plan,
            input=input_digest,
            started_at=at,
            finished_at=None,
        )
        self.journal.begin_run(run)
        return run

    def _check_lasting(self, before: Mapping[str, object], plan: Mapping[str, object]) -> None:
        for name in _LASTING:
            if before.get(name, "") not in {plan.get(name, ""), ""}:
                raise JobMismatchError(
                    f"{self.folder} has certificates of another {name}",
                    hint="give the one of its first run, or choose a new folder: no record gets a second certificate",
                )

    def resume(
        self,
        kind: Mode,
        plan: Mapping[str, object],
        *,
        input_digest: str | None,
        at: int,
        accept_changed_input: bool = False,
    ) -> Run:
        """Return the run to go on with: the unfinished one, or a new one after it where the input has changed.

        Raises:
            NothingToResumeError: The last run was finished, or there was none.
            JobMismatchError: It was begun with other settings.
            InputChangedError: It was begun with another input, and *accept_changed_input* does not say that this is
                known.
        """
        last = self.journal.last_run()
        if last is None or last.finished_at is not None:
            raise NothingToResumeError(
                f"there is no unfinished run in {self.folder}", hint="leave --resume out to begin a run"
            )
        if last.kind != kind.value:
            raise JobMismatchError(f"the unfinished run in {self.folder} is to {last.kind}, not to {kind.value}")
        others = sorted(name for name in plan.keys() | last.plan.keys() if plan.get(name) != last.plan.get(name))
        if others:
            raise JobMismatchError(
                f"the unfinished run in {self.folder} was begun with another {', '.join(others)}",
                hint="give the options of its first command",
            )
        if last.input == input_digest and not accept_changed_input:
            return last
        if not accept_changed_input:
            raise InputChangedError(
                "the input is not the one that the run began with",
                hint="bring that one back; or say --accept-changed-input: every row is then looked at again, and what"
                " was issued keeps its certificate",
            )
        self.journal.abandon_run(last, at)
        return self.begin(kind, plan, input_digest=input_digest, at=at)


@contextmanager
def open_job(folder: Path, secret: IssuerSecret) -> Iterator[Job]:
    """Give the job in *folder*, a new one where there is none; one that nothing was issued into leaves nothing behind.

    Raises:
        JobBusyError: Another process works in it.
        JobDamagedError: Its journal cannot be read.
        JobMismatchError: It is another issuer's.
        StorageError: There is something else in *folder*, or it cannot be written.
    """
    is_new = not (folder / JOURNAL).exists()
    if is_new:
        check_is_free(folder)
    was_there = folder.exists()
    with storage_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / JOB).mkdir(mode=0o700, exist_ok=True)
    is_ours = is_new
    try:
        with Journal.open(folder / JOURNAL, secret_check=secret.identity(_CHECK)) as journal:
            try:
                yield Job(folder, journal, Register(journal))
            finally:
                last = journal.last_run()
                if last is not None and last.finished_at is None and not journal.has_begun(last.number):
                    journal.forget_run(last)
                is_ours = journal.last_run() is None
    except JobBusyError:
        is_ours = False  # the other process made it a moment ago
        raise
    finally:
        if is_ours:
            _clear(folder, was_there=was_there)


def check_is_free(folder: Path) -> None:
    """Check that a new job can be made in *folder*: there is nothing, or nothing but the start of a job.

    Raises:
        StorageError: There is something else.
    """
    with storage_errors(folder):
        if folder.exists() and not _is_start(folder):
            raise StorageError(
                f"{folder} exists and is no job folder", hint="choose a new name: nothing is overwritten"
            )


def _is_start(folder: Path) -> bool:
    """Whether *folder* has nothing but what the start of a job leaves that is killed before it has a journal."""
    if not folder.is_dir() or any(entry.name != JOB for entry in folder.iterdir()):
        return False
    job = folder / JOB
    return not job.exists() or (job.is_dir() and not any(job.iterdir()))


def _clear(folder: Path, *, was_there: bool) -> None:
    for path in [folder / name for name in (JOB, *FORMATS)] if was_there else [folder]:
        shutil.rmtree(path, ignore_errors=True)
