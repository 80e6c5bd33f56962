"""A map over chunks of work with several processes, its results in order.

Each worker has a pipe of its own. The standard library's executors share one for the results of all, and a worker that
is killed while it writes there leaves the others waiting for ever; here the loss shows at the pipe's end, and only what
this worker had is done again.

On Linux workers are forked: they have the trust list or the unlocked key from the start, which costs no time and puts
no secret into a pipe. That is safe because this package runs no threads beside the one that forks. Elsewhere they are
spawned, and the function and the initializer's arguments are pickled.
"""

from __future__ import annotations

import pickle
import signal
import sys
from collections import Counter, deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from vaxcert.errors import WorkerLostError
from vaxcert.service.pool_worker import NO_MORE, Job, pickled_error, result_of, serve

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from multiprocessing.process import BaseProcess

    from vaxcert.service.pool_worker import Pipe

C = TypeVar("C")
R = TypeVar("R")

MAX_REPEATS = 3
"""How often a chunk is done again after its worker was lost: one that ends every worker must not do so for ever."""

_SECONDS_TO_END = 5.0
FORKS: Final = sys.platform == "linux"
"""Whether a worker has what this process has, so that the initializer's arguments are not pickled."""

_CONTEXT = get_context("fork") if FORKS else get_context("spawn")


def ordered_map(
    function: Callable[[C], R],
    chunks: Iterable[C],
    *,
    workers: int,
    initializer: Callable[..., object] | None = None,
    initargs: tuple[object, ...] = (),
    on_loss: Callable[[str], object] | None = None,
    chunks_each: int = 2,
) -> Generator[R, None, None]:
    """Yield `function(chunk)` for each of *chunks*, in their order, worked out by so many processes.

    At most `chunks_each * workers + 2` chunks are under way, which is: read, and their results not yet taken. What
    *function* or *chunks* raises is raised here in its turn, as its own class. Whoever stops early closes the generator
    or lets it go, which ends the workers at once; they also end when this process does, however that ends.

    Args:
        function: Called in the workers, with the same chunk again where a worker is lost; chunks and results are
            pickled.
        chunks: Read a little ahead, in this process.
        workers: How many processes; one is this process itself, without a pool.
        initializer: Called first in every worker.
        initargs: The initializer's arguments.
        on_loss: Told how a worker ended whose chunks are done again, such as "signal 9".
        chunks_each: How many a worker has, one in work and the others in reserve: the more, the longer the caller may
            be busy with a result before a worker waits, and the longer the first result waits for a slow input.

    Raises:
        WorkerLostError: A chunk's worker was lost, and again each of `MAX_REPEATS` times that it was done again.
        ValueError: *workers* is below 1.
    """
    if workers < 1:
        raise ValueError("there has to be a worker")
    job = Job(function, initializer, initargs)
    if workers == 1:
        return _alone(job, chunks)
    return _Pool(job, size=workers, chunks_each=chunks_each, on_loss=on_loss).results(chunks)


def _alone(job: Job[C, R], chunks: Iterable[C]) -> Generator[R, None, None]:
    job.prepare()
    for chunk in chunks:
        yield job.function(chunk)


class _Source(Generic[C]):
    """The chunks, pickled as they are taken; an error of theirs is kept and ends them."""

    def __init__(self, chunks: Iterable[C]) -> None:
        self._chunks = iter(chunks)
        self.taken = 0
        self.exhausted = False
        self.error: Exception | None = None

    def take(self) -> bytes | None:
        """Return the next chunk, or None where there is no more."""
        try:
            chunk = pickle.dumps(next(self._chunks), pickle.HIGHEST_PROTOCOL)
        except StopIteration:
            self.exhausted = True
            return None
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised in its turn
            self.exhausted, self.error = True, error
            return None
        self.taken += 1
        return chunk


@dataclass(slots=True, eq=False)
class _Worker:
    """A process, the pipe to it, and the numbers of the chunks that it was given and has not answered, oldest first."""

    process: BaseProcess
    pipe: Pipe
    given: deque[int] = field(default_factory=deque)

    def end(self) -> str:
        """End it at once, and return how it ended."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        code = self.process.exitcode or 0
        return f"signal {-code}" if code < 0 else f"exit code {code}"


class _Pool(Generic[C, R]):
    """Gives chunks to workers, collects what they answer, and replaces those that are lost."""

    def __init__(self, job: Job[C, R], *, size: int, chunks_each: int, on_loss: Callable[[str], object] | None) -> None:
        self._job = job
        self._size = size
        self._chunks_each = chunks_each
        self._window = chunks_each * size + 2
        self._on_loss = on_loss
        self._workers: list[_Worker] = []
        self._chunks: dict[int, bytes] = {}
        """Those under way, by number and pickled: what is lost is given again from here."""
        self._waiting: deque[int] = deque()
        """Those that no worker has."""
        self._answers: dict[int, bytes] = {}
        self._losses: Counter[int] = Counter()

    def results(self, chunks: Iterable[C]) -> Generator[R, None, None]:
        """Yield the result of each chunk in order, and end the workers."""
        source = _Source(chunks)
        following = 0
        try:
            while self._chunks or not source.exhausted:
                has_room = not source.exhausted and len(self._chunks) < self._window
                self._collect(wait=not has_room and following not in self._answers)
                if following in self._answers:
                    del self._chunks[following], self._losses[following]
                    yield cast("R", result_of(self._answers.pop(following)))
                    following += 1
                elif has_room and (chunk := source.take()) is not None:
                    number = source.taken - 1
                    self._chunks[number] = chunk
                    self._waiting.append(number)
                self._give()
            self._dismiss()
        finally:
            for worker in self._workers:
                worker.end()
        if source.error is not None:
            raise source.error  # in its turn too: what was read before has gone out

    def _collect(self, *, wait: bool) -> None:
        """Take what the workers have answered; *wait* for something where there is nothing else to do."""
        by_pipe = {worker.pipe: worker for worker in self._workers}
        for pipe in connection.wait(by_pipe, None if wait else 0):
            worker = by_pipe[cast("Pipe", pipe)]
            try:
                self._answers[worker.given[0]] = worker.pipe.recv_bytes()
                worker.given.popleft()
            except (EOFError, OSError, IndexError):  # killed, also halfway through an answer or before the first chunk
                self._lose(worker)

    def _give(self) -> None:
        """Give the chunks that wait to workers that can take one."""
        while self._waiting and (worker := self._free_worker(self._waiting[0])) is not None:
            number = self._waiting.popleft()
            worker.given.append(number)
            try:
                worker.pipe.send_bytes(self._chunks[number])
            except OSError:
                self._lose(worker)

    def _free_worker(self, number: int) -> _Worker | None:
        """Return who can take the chunk *number*: somebody idle, a new worker, or the one with the least reserve."""
        for worker in self._workers:
            if not worker.given:
                return worker
        if len(self._workers) < self._size:
            return self._new_worker()
        if self._losses[number]:
            return None  # whether this chunk ends its worker is seen only where it is alone
        free = (
            worker
            for worker in self._workers
            if len(worker.given) < self._chunks_each and not self._losses[worker.given[0]]
        )
        return min(free, key=lambda worker: len(worker.given), default=None)

    def _new_worker(self) -> _Worker:
        # Until both know what to do about it, an interrupt waits.
        with _interrupts_held():
            ours, theirs = _CONTEXT.Pipe()
            # A forked worker gets a copy of every pipe's end here, by which its siblings would outlive this process.
            inherited = [*(worker.pipe for worker in self._workers), ours] if FORKS else []
            process = _CONTEXT.Process(target=serve, args=(theirs, inherited, self._job), daemon=True)
            process.start()
            theirs.close()
            worker = _Worker(process, ours)
            self._workers.append(worker)
        return worker

    def _lose(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        how = worker.end()
        if self._on_loss is not None:
            self._on_loss(how)
        if not worker.given:
            return
        first = worker.given[0]
        self._losses[first] += 1
        if self._losses[first] > MAX_REPEATS:
            self._answers[first] = pickled_error(WorkerLostError(how, times=self._losses[first]))
            worker.given.popleft()
        self._waiting.extendleft(reversed(worker.given))

    def _dismiss(self) -> None:
        """Let the workers, who have nothing left to do, end by themselves."""
        for worker in self._workers:
            with suppress(OSError):
                worker.pipe.send_bytes(NO_MORE)
        for worker in self._workers:
            worker.process.join(_SECONDS_TO_END)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Have an interrupt (Ctrl-C) that comes meanwhile wait until the end."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
