"""The measurement: interleaved rounds on one core, a raw signature or check right before each turn."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks.peers.client import OPERATIONS
from benchmarks.peers.envelope import from_text
from benchmarks.peers.worker import cpu_ns_per_op

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.peers.client import Operation, Worker
    from benchmarks.peers.corpus import Corpus

PASSES = 3
"""A turn is the median of so many passes over the corpus: the first finds the neighbour's code in the caches."""

_ES256 = ec.ECDSA(hashes.SHA256())


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One worker's figure in one round, and the raw operation's right before it, in ns of CPU time."""

    operation: Operation
    worker: str
    ns: float
    raw_ns: float


class RawSignature:
    """The floor: `cryptography` signing, and checking, messages of a certificate's size."""

    def __init__(self, corpus: Corpus) -> None:
        """Load the key of *corpus* and sign a message for each of its texts."""
        key = load_pem_private_key(corpus.key_pem.encode("ascii"), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._private_key, self._public_key = key, key.public_key()
        self._messages = [from_text(text) for text in corpus.texts]
        self._signed = [(self._sign(message), message) for message in self._messages]

    def cpu_ns_per_op(self, operation: Operation, *, passes: int) -> list[float]:
        """Return the CPU time of one raw *operation*, for each of *passes* over the corpus."""
        if operation == "issue":
            return cpu_ns_per_op(self._sign, self._messages, passes=passes)
        return cpu_ns_per_op(self._verify, self._signed, passes=passes)

    def _sign(self, message: bytes) -> bytes:
        return self._private_key.sign(message, _ES256)

    def _verify(self, signed: tuple[bytes, bytes]) -> None:
        signature, message = signed
        self._public_key.verify(signature, message, _ES256)


def pin_to_one_core() -> int | None:
    """Keep this process, and the workers that it starts from now on, on one core; return it, or None where none can."""
    if sys.platform != "linux":
        return None
    core = max(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    return core


def take_turns(workers: Sequence[Worker], raw: RawSignature, *, rounds: int) -> Iterator[Turn]:
    """Yield every worker's turn in each of *rounds*; a first round warms up and is not counted."""
    for number in range(rounds + 1):
        first = number % len(workers)  # nobody always runs in the wake of the same neighbour
        for operation in OPERATIONS:
            for worker in (*workers[first:], *workers[:first]):
                if operation not in worker.operations:
                    continue
                raw_ns = median(raw.cpu_ns_per_op(operation, passes=PASSES))
                ns = median(worker.cpu_ns_per_op(operation, passes=PASSES))
                if number > 0:
                    yield Turn(operation=operation, worker=worker.name, ns=ns, raw_ns=raw_ns)
