"""A worker's side of a cluster: its workbench for each run, and what it does there. Nothing of the cluster's is needed.

What comes here and goes back is pickled by this package itself: the cluster has bytes to carry, shows and logs nothing
of what is in them, and an error of a worker arrives as the one that it is.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from platform import node
from threading import Lock
from typing import TYPE_CHECKING, Final, Self, TypeVar
from weakref import finalize

from vaxcert.errors import ClusterError, ClusterMismatchError
from vaxcert.service.pool_worker import Job, answers_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vaxcert.service.batch.chunk import Chunk, ChunkResult
    from vaxcert.service.batch.workbench import Recipe, Workbench
    from vaxcert.service.signers import SignerSource

T = TypeVar("T")

DISTRIBUTION: Final = "vaxcert"

MAX_SEATS: Final = 4
"""For so many runs has a worker a workbench at once: a client that was killed does not say that its run is over."""

_QUESTION_BYTES = 16

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt (glibc, malloc.h)."""
_TRIM_BYTES, _MMAP_BYTES = 1 << 28, 1 << 25
"""The second is the largest that it takes."""


class Parcel:
    """Something pickled. Where a cluster shows or logs its tasks, this shows no more of it than its size."""

    __slots__ = ("_content",)

    def __init__(self, content: object) -> None:
        """Pack *content*."""
        self._content = pickle.dumps(content, pickle.HIGHEST_PROTOCOL)

    def answer(self, function: Callable[[T], object]) -> bytes:
        """Return what *function* makes of the content, or the error that it raises: for `pool_worker.result_of`."""
        return next(answers_of(Job(function, None, ()), [self._content]))

    def __repr__(self) -> str:
        return f"<{len(self._content)} bytes>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What one run expects of every worker: where the keys lie, never the keys, and how to tell that they are these."""

    recipe: Recipe
    version: str
    kid: str
    question: bytes
    """Random, so that no two runs have the same assignment."""
    answer: bytes
    """What the issuer's secret makes of the question; it tells nothing of the secret."""

    @classmethod
    def of(cls, bench: Workbench, recipe: Recipe) -> Self:
        """Return the assignment to issue as *bench* does, by *recipe*.

        Raises:
            ClusterError: The workers could not open the key without the passphrase, which this process alone has.
        """
        question = os.urandom(_QUESTION_BYTES)
        return cls(
            recipe=replace(recipe, source=_to_send(recipe.source), secret=recipe.secret.absolute()),
            version=version(DISTRIBUTION),
            kid=str(bench.signer.kid),
            question=question,
            answer=bench.secret.content(question),
        )

    def make(self, stack: ExitStack) -> Workbench:
        """Return a workbench that issues as the client's own does; what it opens is closed with *stack*.

        Raises:
            ClusterMismatchError: This worker's package, DSC or issuer's secret is another.
            SigningError: The key or the secret cannot be had here; the subclass says why.
            StorageError: A file cannot be read.
        """
        if (own := version(DISTRIBUTION)) != self.version:
            raise ClusterMismatchError(
                f"{node()} has vaxcert {own}, not {self.version}", hint="install the same version everywhere"
            )
        bench = self.recipe.make(stack)
        if str(bench.signer.kid) != self.kid:
            raise ClusterMismatchError(
                f"{node()} signs with the DSC {bench.signer.kid}, not {self.kid}",
                hint="give every worker the same keys",
            )
        if bench.secret.content(self.question) != self.answer:
            raise ClusterMismatchError(
                f"{node()} has another issuer's secret", hint="give every worker the same secret: ids follow from it"
            )
        return bench


def _to_send(source: SignerSource) -> SignerSource:
    """Return *source* as it may leave this process."""
    if source.passphrase is not None and source.passphrase_file is None:
        raise ClusterError(
            "the passphrase of the key is not sent to a cluster",
            hint="lay it into a file on every worker, at the same path as here, and name that with --passphrase-file",
        )
    return replace(
        source,
        passphrase=None,
        keys=_absolute(source.keys),
        key=_absolute(source.key),
        certificate=_absolute(source.certificate),
        passphrase_file=_absolute(source.passphrase_file),
        module=_absolute(source.module),
        pin_file=_absolute(source.pin_file),
    )


def _absolute(path: Path | None) -> Path | None:
    return path and path.absolute()


@dataclass(slots=True)
class _Seat:
    bench: Workbench
    lock: Lock = field(default_factory=Lock)
    """Threads that take turns sign faster than threads that wait for one another at every signature."""


_seats: dict[Assignment, _Seat] = {}
"""Those of this process, the oldest first."""
_door = Lock()


def take_seat(parcel: Parcel) -> bytes:
    """Make the workbench for the assignment in *parcel*, and answer None."""
    return parcel.answer(_taken)


def work(parcel: Parcel) -> bytes:
    """Answer what becomes of the chunk in *parcel*, which comes after its assignment."""
    return parcel.answer(_worked)


def leave_seat(parcel: Parcel) -> bytes:
    """Forget the workbench, and with it the key, for the assignment in *parcel*; answer None."""
    return parcel.answer(_left)


def _taken(assignment: Assignment) -> None:
    _seat_for(assignment)


def _worked(task: tuple[Assignment, Chunk]) -> ChunkResult:
    assignment, chunk = task
    seat = _seat_for(assignment)
    with seat.lock:
        return seat.bench.work(chunk)


def _left(assignment: Assignment) -> None:
    with _door:
        _seats.pop(assignment, None)


def _seat_for(assignment: Assignment) -> _Seat:
    with _door:
        seat = _seats.get(assignment)
        if seat is None:
            keep_freed_memory()
            with ExitStack() as stack:
                bench = assignment.make(stack)
                # Whoever is the last to need the workbench closes what it has open, a session of a token above all.
                finalize(bench, stack.pop_all().close)
            seat = _seats[assignment] = _Seat(bench)
            while len(_seats) > MAX_SEATS:
                del _seats[next(iter(_seats))]
        return seat


def keep_freed_memory() -> None:
    """Have the allocator keep what is freed, as it does where nothing else is said.

    Dask starts its workers with MALLOC_TRIM_THRESHOLD_=65536. Under glibc that has every compression get its memory
    from the system anew, and a certificate take twice its time.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc has it, musl has not and needs it not
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES)
        mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
