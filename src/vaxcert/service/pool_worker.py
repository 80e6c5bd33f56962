"""A worker of the pool: another process that answers the chunks of work that come through its pipe."""

from __future__ import annotations

import gc
import os
import pickle
import signal
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from traceback import format_tb
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from typing import TypeAlias

    Pipe: TypeAlias = Connection[bytes, bytes]

C = TypeVar("C")
R = TypeVar("R")

NO_MORE = b""
"""Instead of a chunk or an answer: there are no more. Nothing pickled is empty."""


class Job(NamedTuple, Generic[C, R]):
    """What every worker does."""

    function: Callable[[C], R]
    initializer: Callable[..., object] | None
    initargs: tuple[object, ...]

    def prepare(self) -> None:
        """Call the initializer, where there is one."""
        if self.initializer is not None:
            self.initializer(*self.initargs)


def serve(pipe: Pipe, inherited: Sequence[Pipe], job: Job[C, R]) -> None:
    """Answer the chunks that come through *pipe*, until there are no more: the life of a worker."""
    # Ctrl-C goes to every process of the terminal; what becomes of the work is for the first one to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    for other in inherited:
        other.close()
    gc.freeze()  # what was inherited is garbage at no time; looking it through would copy its pages
    chunks: SimpleQueue[bytes] = SimpleQueue()
    answers: SimpleQueue[bytes] = SimpleQueue()
    # Both ways have a thread, so that neither process ever waits for the other to read.
    Thread(target=_receive, args=(pipe, chunks), daemon=True).start()
    sender = Thread(target=_send, args=(pipe, answers), daemon=True)
    sender.start()
    for answer in answers_of(job, iter(chunks.get, NO_MORE)):
        answers.put(answer)
    answers.put(NO_MORE)
    sender.join()


def _receive(pipe: Pipe, chunks: SimpleQueue[bytes]) -> None:
    chunk = None
    while chunk != NO_MORE:
        try:
            chunk = pipe.recv_bytes()
        except (EOFError, OSError):
            os._exit(1)  # whoever gave the work has ended, and nobody waits for it
        chunks.put(chunk)


def _send(pipe: Pipe, answers: SimpleQueue[bytes]) -> None:
    with suppress(OSError):  # as above, which the other thread sees too
        for answer in iter(answers.get, NO_MORE):
            pipe.send_bytes(answer)


def answers_of(job: Job[C, R], chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the answer to each chunk: its result, or the error that is to be raised in its place."""
    failure: bytes | None = None
    try:
        job.prepare()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where the work was given
        failure = pickled_error(error)
    for chunk in chunks:
        if failure is not None:
            yield failure
            continue
        try:
            result = job.function(pickle.loads(chunk))  # noqa: S301 - from the process that forked this one
            yield pickle.dumps((True, result), pickle.HIGHEST_PROTOCOL)
        except Exception as error:  # noqa: BLE001 - as above
            yield pickled_error(error)


def pickled_error(error: Exception) -> bytes:
    """Return *error* as an answer, with the lines of code where it arose; one that cannot be pickled, by its name."""
    if error.__traceback__ is not None:
        error.add_note("in a worker:\n" + "".join(format_tb(error.__traceback__)))
    try:
        answer = pickle.dumps((False, error), pickle.HIGHEST_PROTOCOL)
        pickle.loads(answer)  # noqa: S301 - its own
    except Exception:  # noqa: BLE001 - classes choose freely how to fail here
        stand_in = RuntimeError(f"{type(error).__name__} in a worker, which cannot be pickled")
        return pickle.dumps((False, stand_in), pickle.HIGHEST_PROTOCOL)
    return answer


def result_of(answer: bytes) -> object:
    """Return the result in *answer*, or raise the error in it."""
    is_result, content = pickle.loads(answer)  # noqa: S301 - over a private pipe, from a process of our own
    if is_result:
        return content
    raise content
