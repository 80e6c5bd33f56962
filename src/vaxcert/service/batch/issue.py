"""Issue a batch: the one use case that puts the job, the workers, the log and the book together."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from vaxcert.errors import InputChangedError, VaxcertError
from vaxcert.issue.card import MAX_CARDS
from vaxcert.service.batch import finish, printing, renewal
from vaxcert.service.batch.book import BatchBook
from vaxcert.service.batch.job import open_job
from vaxcert.service.batch.own_log import open_own_log
from vaxcert.service.batch.rendering import PRINT_FORMATS
from vaxcert.service.batch.run import BatchRun
from vaxcert.service.batch.seat import calm_collector
from vaxcert.service.batch.single_file import check_place, close_workshop, finish_file, workshop_of
from vaxcert.service.rejects import check_rejects_place
from vaxcert.service.revocation_book import BOOK_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.service.batch.job import Job
    from vaxcert.service.batch.journal_rows import Run, Tally
    from vaxcert.service.batch.run import Engine, Source
    from vaxcert.service.batch.sequencer import Mode
    from vaxcert.service.batch.workbench import Plan, Workbench
    from vaxcert.service.rejects import Reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a batch is to do."""

    mode: Mode
    out: Path
    """The job folder, or the one file."""
    single: str | None = None
    """The format of the one file: jsonl, txt, pdf or zip."""
    workers: int = 1
    """How many print files are set at once."""
    rows: Source | None = None
    """The records; None for a renewal, whose records are those that lapse."""
    input_digest: str | None = None
    renew_before: int | None = None
    ledger: Path | None = None
    book: Path | None = None
    rejects_file: Path | None = None
    """Where the rejects go, if not beside the certificates."""
    resume: bool = False
    accept_changed_input: bool = False
    reading: Mapping[str, str] = field(default_factory=dict)
    """How the input is read, where that is not the usual way: a run is gone on with as it began."""

    @property
    def folder(self) -> Path:
        """Where the batch works."""
        return self.out if self.single is None else workshop_of(self.out)

    @property
    def rejects(self) -> Path:
        """Where the file of rejects is."""
        if self.rejects_file is not None:
            return self.rejects_file
        return self.out / finish.REJECTS if self.single is None else self.out.with_suffix(".rejects.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who is told what while a batch runs."""

    clock: Callable[[], datetime]
    started: Callable[[BatchRun, Tally], object] = lambda _run, _tally: None
    """Called with the run, which can be stopped, and with what it had done before it was interrupted."""
    seen: Callable[[Tally], object] = lambda _tally: None
    told: Callable[[Iterable[Reject]], object] = lambda _rejects: None
    printed: Callable[[int], object] = lambda _files: None
    """Told after each print file how many there are."""
    left: Callable[[], object] = lambda: None
    """Called where an error or an interruption leaves a run to be gone on with."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a batch has done."""

    tally: Tally
    """Of the whole run, what it did before an interruption included."""
    is_stopped: bool
    has_rejects: bool


class _Open(NamedTuple):
    """What a batch works with."""

    job: Job
    run: Run
    bench: Workbench
    log: TransparencyLog | None


def issue_batch(order: Order, bench: Workbench, engine: Engine, watch: Watch) -> Summary:
    """Issue what *order* says, and return what came of it.

    Args:
        order: What to do.
        bench: Signs corrections and the manifest.
        engine: Has the chunks worked out.
        watch: Who is told.

    Raises:
        JobError: The job folder is busy, damaged, unfinished or another's; the subclass says which.
        VaxcertError: The input as a whole, the signer, the log or the disk; what was done can be gone on with.
    """
    calm_collector()
    if order.single is not None:
        check_place(order.out)
    if order.rejects != order.folder / finish.REJECTS:  # where those of the run before it are replaced
        check_rejects_place(order.rejects, resume=order.resume)
    with ExitStack() as stack:
        summary = _issue_in(stack, order, bench, engine, watch)
    if order.single is not None and not summary.is_stopped:
        close_workshop(order.out)
    return summary


def _issue_in(stack: ExitStack, order: Order, bench: Workbench, engine: Engine, watch: Watch) -> Summary:
    log = (
        None
        if order.ledger is None
        else stack.enter_context(open_own_log(order.ledger, bench.secret, bench.plan.country))
    )
    job = stack.enter_context(open_job(order.folder, bench.secret))
    book = stack.enter_context(BatchBook(order.book or (order.ledger or order.folder) / BOOK_NAME, log))
    run = _begin(order, job, log, bench.plan, watch)
    opened = _Open(job, run, bench, log)
    batch = BatchRun(
        job,
        run,
        bench,
        clock=watch.clock,
        log=log,
        keep_payloads=log is None or not set(PRINT_FORMATS).isdisjoint(bench.plan.formats),
        supersede=book.supersede,
        is_revoked=book.is_revoked,
        check_signer=lambda at: book.check_signer(bench.signer.kid.value, at),
        most_rows=MAX_CARDS if order.single == "pdf" else None,
    )
    watch.started(batch, job.journal.tally(run.number))
    try:
        source = order.rows or _renewals(opened, book, before=order.renew_before or 0)
        batch.go(source, engine, seen=watch.seen, told=watch.told)
        has_rejects = finish.write_rejects(order.rejects, job, run, bench)
        is_stopped = batch.is_stopped  # and not later: what is printed then is not interrupted
        if is_stopped:
            watch.left()  # by now: another interruption may come while all is closed
        else:
            _finish(order, opened, watch)
    except BaseException:
        # What went wrong is what counts: that a full disk does not take the rejects either says nothing more.
        with suppress(VaxcertError):
            if job.journal.has_begun(run.number):
                watch.left()
                finish.write_rejects(order.rejects, job, run, bench)
        raise
    return Summary(job.journal.tally(run.number), is_stopped, has_rejects)


def _begin(order: Order, job: Job, log: TransparencyLog | None, plan: Plan, watch: Watch) -> Run:
    settings = {name: str(value) for name, value in asdict(plan).items()}
    settings["ledger"] = "" if log is None else log.log_id.hex()  # wherever its folder is by now
    settings |= order.reading
    at = int(watch.clock().timestamp())
    if not order.resume:
        return job.begin(order.mode, settings, input_digest=order.input_digest, at=at)
    if order.rows is not None and order.input_digest is None and not order.accept_changed_input:
        raise InputChangedError(
            "what came through a pipe cannot be known again",
            hint="say --accept-changed-input: every row is looked at again, and what was issued keeps its certificate",
        )
    if order.accept_changed_input and (order.single or not set(PRINT_FORMATS).isdisjoint(plan.formats)):
        raise InputChangedError(
            "one file, or a print run, cannot be of two inputs",
            hint="begin it anew under another name; with a ledger, records keep their certificates",
        )
    return job.resume(
        order.mode,
        settings,
        input_digest=order.input_digest,
        at=at,
        accept_changed_input=order.accept_changed_input,
    )


def _renewals(opened: _Open, book: BatchBook, *, before: int) -> Source:
    if opened.log is None:
        return renewal.from_job(opened.job, opened.run, opened.bench, before=before, is_revoked=book.is_revoked)
    own_from = opened.job.journal.log_first(opened.run.number)
    return renewal.from_log(
        opened.log,
        opened.job.register,
        opened.bench,
        before=before,
        own_from=opened.log.size if own_from is None else own_from,
        is_revoked=book.is_revoked,
    )


def _finish(order: Order, opened: _Open, watch: Watch) -> None:
    job, run, bench, log = opened
    if order.single != "pdf":
        for form in sorted(set(PRINT_FORMATS).intersection(bench.plan.formats)):
            names = printing.print_run(job, run, bench, form, workers=order.workers, done=watch.printed)
            job.journal.add_files(finish.written(job.folder, names))
    finished_at = int(watch.clock().timestamp())
    if order.single in {None, "zip"}:
        leaves = job.journal.log_range(run.number)
        place = None if log is None or leaves is None else {"origin": log.origin, "first": leaves[0], "end": leaves[1]}
        finish.write_run_manifest(job, run, bench, finished_at=finished_at, log=place)
    match order.single:
        case "jsonl" | "txt" as form:
            finish_file(order.out, lambda path: finish.join_lines(job, run, form, path))
        case "zip":
            finish_file(order.out, lambda path: finish.pack(job, path))
        case "pdf":
            finish_file(order.out, lambda path: printing.print_file(job, run, bench, path))
        case _:
            job.journal.finish_run(run, finished_at)  # the journal of one file goes with its workshop
