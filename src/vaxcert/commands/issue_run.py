"""What `vaxcert issue` does once its options are understood: run the batch, and tell how it goes."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes
from vaxcert.commands.issue_target import standard_output
from vaxcert.commands.issue_telling import Telling
from vaxcert.commands.options import now, say
from vaxcert.commands.progress import Progress
from vaxcert.errors import SecretMissingError, VaxcertError
from vaxcert.model.fields import FIELDS_OF
from vaxcert.service.batch.book import BatchBook
from vaxcert.service.batch.engines import local_engine
from vaxcert.service.batch.issue import Order, Summary, Watch, issue_batch
from vaxcert.service.batch.job import JOURNAL
from vaxcert.service.batch.own_log import open_own_log
from vaxcert.service.batch.sequencer import Mode
from vaxcert.service.batch.stream import issue_stream
from vaxcert.service.batch.workbench import Recipe
from vaxcert.service.files import check_is_new, read_secret_line
from vaxcert.service.input_digest import count_lines, file_digest
from vaxcert.service.record_files import read_rows
from vaxcert.service.rejects import rejects_file
from vaxcert.service.revocation_book import BOOK_NAME
from vaxcert.service.sources import STDIN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

    from vaxcert.commands.issue_target import Target
    from vaxcert.service.batch.journal_rows import Tally
    from vaxcert.service.batch.run import Engine
    from vaxcert.service.batch.workbench import Plan, Workbench
    from vaxcert.service.row import Row
    from vaxcert.service.signers import SignerSource

GO_ON = "go on with the same command and --resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the options of `vaxcert issue` said."""

    source: str | None
    target: Target
    plan: Plan
    mode: Mode
    signing: SignerSource
    secret: Path | None
    at: datetime | None
    ignored: tuple[str, ...]
    sheet: str | None
    rejects: Path | None
    within: timedelta
    ledger: Path | None
    ledger_passphrase_file: Path | None
    book: Path | None
    workers: int
    cluster: str | None
    resume: bool
    accept_changed_input: bool
    dry_run: bool

    @property
    def moment(self) -> datetime:
        """The issue time of what is signed now."""
        return self.at or now()

    def rows(self) -> Iterator[Row]:
        """Yield the records in the source."""
        assert self.source is not None  # unless it is a renewal
        fields = FIELDS_OF[self.plan.kind]
        return read_rows(self.source, fields, ignored_columns=self.ignored, sheet=self.sheet)


def run(request: Request) -> int:
    """Issue what *request* says, and return the exit code."""
    if request.ledger is not None and request.ledger_passphrase_file is not None and not request.dry_run:
        from vaxcert.service.ledgers import check_passphrase  # noqa: PLC0415 - only where there is a ledger

        check_passphrase(request.ledger, _ledger_passphrase(request))
    with ExitStack() as stack:
        recipe = Recipe(
            plan=request.plan,
            source=request.signing,
            secret=_secret_path(request),
            at=request.moment,
            seals=request.ledger is not None,
        )
        try:
            bench = recipe.make(stack)
        except ValueError as error:
            raise click.UsageError(str(error)) from error
        with _engine(request, bench, recipe) as engine, Progress("issued", total=_total(request)) as progress:
            telling = Telling(progress)
            if request.target.is_stream or request.dry_run:
                tally = _to_stream(request, bench, engine, telling)
                kept = request.rejects is not None and not request.dry_run
                summary = Summary(tally, is_stopped=False, has_rejects=kept)
            else:
                summary = _to_job(request, bench, engine, telling)
    _sum_up(request, summary, telling)
    if request.ledger is not None and not request.dry_run and not summary.is_stopped:
        _sign(request)
    if summary.is_stopped:
        return exit_codes.INTERRUPTED
    return 1 if summary.tally.rejected else 0


def _total(request: Request) -> int | None:
    """Return about how many records there are, where that is quickly told."""
    return None if request.source in {None, STDIN} else count_lines(str(request.source))


def _secret_path(request: Request) -> Path:
    path = request.secret or request.signing.secret_path
    if path is None:
        raise SecretMissingError(
            "a token keeps no issuer's secret", hint="name its file with --secret; `vaxcert keys secret FILE` makes one"
        )
    return path


@contextmanager
def _engine(request: Request, bench: Workbench, recipe: Recipe) -> Iterator[Engine]:
    if request.cluster is None:
        yield local_engine(
            bench,
            recipe,
            workers=request.workers,
            on_loss=lambda how: say("warning", f"a worker ended by {how}; what it had is done again"),
        )
        return
    from vaxcert.service.batch.cluster import cluster_engine  # noqa: PLC0415 - an extra

    with cluster_engine(bench, recipe, request.cluster, warn=lambda text: say("warning", text)) as engine:
        yield engine


def _to_stream(request: Request, bench: Workbench, engine: Engine, telling: Telling) -> Tally:
    watch = Watch(clock=lambda: request.moment, seen=telling.seen, told=telling.told)
    with ExitStack() as stack:
        if request.rejects is not None and not request.dry_run:
            check_is_new(request.rejects)  # not only when the first row is wrong
            telling.into(stack.enter_context(rejects_file(request.rejects)))
        else:
            telling.tell_all()
        if request.dry_run:
            return issue_stream(request.rows(), bench, engine, watch, stream=None)
        log = book = None
        if request.ledger is not None:
            log = stack.enter_context(open_own_log(request.ledger, bench.secret, request.plan.country))
        if place := request.book or (request.ledger and request.ledger / BOOK_NAME):
            book = stack.enter_context(BatchBook(place, log))
            book.check_signer(bench.signer.kid.value, request.moment)
        return issue_stream(
            request.rows(),
            bench,
            engine,
            watch,
            stream=stack.enter_context(standard_output()),
            log=log,
            book=book,
            at_once=request.source == STDIN and request.workers == 1,
            mode=request.mode,
        )


def _to_job(request: Request, bench: Workbench, engine: Engine, telling: Telling) -> Summary:
    if request.mode is Mode.RENEW and request.ledger is None and not (request.target.path / JOURNAL).exists():
        raise click.UsageError("--renew needs what it renews: --ledger, or a job folder as --out")
    order = Order(
        mode=request.mode,
        out=request.target.path,
        single=request.target.single,
        rows=None if request.source is None else ((row, None) for row in request.rows()),
        input_digest=None if request.source in {None, STDIN} else file_digest(str(request.source)),
        renew_before=int((request.moment + request.within).timestamp()),
        workers=request.workers,
        ledger=request.ledger,
        book=request.book,
        rejects_file=request.rejects,
        resume=request.resume,
        accept_changed_input=request.accept_changed_input,
        reading={"sheet": request.sheet or "", "ignored columns": ", ".join(sorted(request.ignored))},
    )
    watch = Watch(
        clock=lambda: request.moment,
        started=telling.started,
        seen=telling.seen,
        told=telling.told,
        printed=telling.printed,
        left=telling.left,
    )
    with telling.stoppable():
        try:
            return issue_batch(order, bench, engine, watch)
        except VaxcertError as error:
            if telling.is_left:
                error.hint = f"{error.hint}; then {GO_ON}" if error.hint else GO_ON
            raise
        except KeyboardInterrupt:
            if telling.is_left:
                say("hint", f"the run is not finished: {GO_ON}")
            raise


def _ledger_passphrase(request: Request) -> Callable[[], bytes]:
    file = request.ledger_passphrase_file
    assert file is not None
    return lambda: read_secret_line(file, "passphrase")


def _sign(request: Request) -> None:
    assert request.ledger is not None
    if request.ledger_passphrase_file is None:
        say("note", f"they are in the log, and under its next checkpoint: `vaxcert ledger checkpoint {request.ledger}`")
        return
    from vaxcert.service.ledgers import sign_checkpoint  # noqa: PLC0415 - only where there is a ledger

    checkpoint = sign_checkpoint(request.ledger, passphrase=_ledger_passphrase(request), at=now())
    say("note", f"the log has {checkpoint.size} entries under a signed checkpoint")


def _sum_up(request: Request, summary: Summary, telling: Telling) -> None:
    tally, out = summary.tally, request.target.out
    if telling.untold:
        say("warning", f"and {telling.untold} more problems")
    if tally.rejected:
        place = f": see {_rejects(request)}" if summary.has_rejects else ""
        say("warning", f"rows not issued: {tally.rejected}{place}")
    if tally.same:
        say("note", f"records that have their certificate already: {tally.same}")
    if tally.superseding and request.mode is not Mode.RENEW:
        say("note", f"corrections: {tally.superseding}; the certificates before them are superseded")
    if request.dry_run:
        say("note", f"records that would be issued: {tally.issued}; nothing was written")
    elif not request.target.is_stream:
        say("note", f"certificates issued: {tally.issued}, to {out}")
    if summary.is_stopped:
        say("hint", f"the run is not finished: {GO_ON}")


def _rejects(request: Request) -> Path:
    if request.rejects is not None:
        return request.rejects
    path = request.target.path
    return path / "rejects.csv" if request.target.single is None else path.with_suffix(".rejects.csv")
