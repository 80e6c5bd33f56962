"""What `benchmarks.ledger` measures: each stage is a process of its own that works on the log in one folder."""

from __future__ import annotations

import os
import resource
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import islice
from random import Random
from statistics import quantiles
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Final

from tests.simulator.anvil import Anvil, anvil_binary
from vaxcert.ledger.anchor.anchorer import Anchorer
from vaxcert.ledger.evm.deploy import deploy
from vaxcert.ledger.evm.driver import EvmChain
from vaxcert.ledger.evm.rpc import HttpNode
from vaxcert.ledger.evm.transaction_signer import KeystoreSigner
from vaxcert.ledger.log.bulk import TiledTree, receipts
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.log.proof import verify_inclusion
from vaxcert.ledger.log.receipt import verify_inclusion_receipt
from vaxcert.ledger.store.log import TransparencyLog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Figures = dict[str, float]

BATCH: Final = 2**16
"""The entries of a commit while the log is filled, and of one turn of the bare hashing beside it."""

AT: Final = datetime(2026, 11, 23, tzinfo=UTC)
ORIGIN: Final = "benchmark.example/log"
PROOFS: Final = 5000
LATER_ANCHORS: Final = 3
COMMITS: Final = {1: 1000, 10: 1000, 100: 1000, 1000: 100}
"""How many commits are made of each number of entries."""
WRITES: Final = 1000
NO_NODE: Final = "anvil is not installed: npm ci in contracts/, or put it on PATH"


def bare_hashing(leaves: int) -> float:
    """Return the seconds that SHA-256 of the leaves and nodes of a tree takes in a plain loop."""
    entries = [os.urandom(32) for _ in range(leaves)]
    start = perf_counter()
    level = [sha256(b"\0" + entry).digest() for entry in entries]
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [sha256(b"\1" + left + right).digest() for left, right in zip(level[0::2], level[1::2], strict=False)]
        level += odd
    return perf_counter() - start


def fill(folder: Path, leaves: int) -> Figures:
    """Return what it takes to log *leaves* entries durably, and to sign the checkpoint."""
    key = LogKey.create(ORIGIN)
    (folder / "key").write_bytes(key.to_pem(b"of no use"))
    bare = seconds = 0.0
    with TransparencyLog.create(folder / "log", origin=key.name, vkey=key.vkey, at=AT) as log:
        for size in _batches(leaves):
            digests = [os.urandom(32) for _ in range(size)]
            bare += bare_hashing(size)
            start = perf_counter()
            log.append(digests)
            seconds += perf_counter() - start
        start = perf_counter()
        log.sign_checkpoint(key, at=AT)
        signing = perf_counter() - start
    return {"bare_s": bare, "append_s": seconds, "checkpoint_s": signing, "memory_mb": _peak_memory()}


def make_receipts(folder: Path, leaves: int) -> Figures:
    """Return what it takes to make the COSE receipt of every entry, and how long one is."""
    key = _key(folder)
    bare, longest, made = 0.0, 0, 0
    with TransparencyLog.open(folder / "log", read_only=True) as log:
        checkpoint = log.checkpoint()
        if checkpoint is None or checkpoint.size != leaves:
            raise ValueError(f"the log has another size than {leaves}")
        start = perf_counter()
        tree = TiledTree.of_tiles(checkpoint.size, log.tile)
        stream = receipts(tree, signature=checkpoint.receipt_signature, key_id=key.key_id)
        seconds = perf_counter() - start
        for size in _batches(leaves):
            bare += bare_hashing(size)
            start = perf_counter()
            for receipt in islice(stream, size):
                longest = max(longest, len(receipt))
            seconds += perf_counter() - start
            made += size
            verify_inclusion_receipt(receipt, leaf=log.entry(made - 1).leaf, verifier=key.verifier)
    return {"bare_s": bare, "receipts_s": seconds, "longest": longest, "memory_mb": _peak_memory()}


def prove(folder: Path, leaves: int) -> Figures:
    """Return what one proof takes of the processor, and by the clock, and how long a holder's receipt is."""
    indexes = Random(leaves).sample(range(leaves), min(PROOFS, leaves))
    times, clock_times = [], []
    with TransparencyLog.open(folder / "log", read_only=True) as log:
        root = log.root()
        for index in indexes:
            clock, start = perf_counter(), process_time()
            path = log.inclusion_path(index, leaves)
            times.append(process_time() - start)
            clock_times.append(perf_counter() - clock)
            verify_inclusion(log.entry(index).leaf, index=index, tree_size=leaves, path=path, root=root)
        longest = max(len(log.receipt(index).to_cbor()) for index in indexes[:200])
    percent, by_the_clock = quantiles(times, n=100), quantiles(clock_times, n=100)
    return {"p50_s": percent[49], "p99_s": percent[98], "clock_p99_s": by_the_clock[98], "receipt_bytes": longest}


def anchor(folder: Path, _leaves: int) -> Figures:
    """Return how long the log's root takes to be final on a chain, and the gas of the anchors after it."""
    key = _key(folder)
    binary = anvil_binary()
    if binary is None:
        raise FileNotFoundError(NO_NODE)
    node = Anvil(binary)
    try:
        owner, writer = (KeystoreSigner(os.urandom(32)) for _ in range(2))
        for account in (owner, writer):
            node.fund(f"0x{account.address.hex()}")
        nodes = [HttpNode(node.url)]
        identity = deploy(nodes, owner=owner, writer=writer.address, log_id=key.log_id, wait=node.mine)
        with TransparencyLog.open(folder / "log") as log:
            anchorer = Anchorer(log, EvmChain(nodes, identity, signer=writer))
            start = perf_counter()
            _finish(anchorer, node)
            seconds = perf_counter() - start
            gas = []
            for _ in range(LATER_ANCHORS):
                log.append([os.urandom(32)])
                log.sign_checkpoint(key, at=datetime.now(UTC))
                _finish(anchorer, node)
                event = EvmChain(nodes, identity).head()
                assert event is not None
                assert event.root == log.root()
                receipt = node.rpc("eth_getTransactionReceipt", f"0x{event.transaction_hash.hex()}")
                gas.append(int(receipt["gasUsed"], 16))
    finally:
        node.stop()
    return {"first_s": seconds, "gas": max(gas)}


def _finish(anchorer: Anchorer, node: Anvil) -> None:
    """Step until the newest head is final; the node mines whenever there is nothing else to do."""
    progress = anchorer.run(
        deadline=datetime.now(UTC) + timedelta(minutes=1), now=lambda: datetime.now(UTC), wait=lambda _: node.finalize()
    )
    assert progress.is_idle


def append_in_batches(folder: Path, _leaves: int) -> Figures:
    """Return how many entries a second are appended to the filled log, each batch a durable commit of its own."""
    figures = {}
    with TransparencyLog.open(folder / "log") as log:
        for size, commits in COMMITS.items():
            batches = [[os.urandom(32) for _ in range(size)] for _ in range(commits)]
            start = perf_counter()
            for batch in batches:
                log.append(batch)
            figures[f"rate_{size}"] = size * commits / (perf_counter() - start)
    return figures | {"durable_write_us": _durable_write(folder / "bare") * 1e6}


def _durable_write(path: Path) -> float:
    """Return the seconds that it takes to add 32 KiB to a file and have them on the disk: no commit can be faster."""
    content = os.urandom(32 * 1024)
    with path.open("wb", buffering=0) as file:
        start = perf_counter()
        for _ in range(WRITES):
            file.write(content)
            os.fdatasync(file.fileno())
        return (perf_counter() - start) / WRITES


STAGES: Final[dict[str, Callable[[Path, int], Figures]]] = {
    "fill": fill,
    "receipts": make_receipts,
    "proofs": prove,
    "anchors": anchor,
    "rates": append_in_batches,
}
"""In this order: the later ones work on what the first one made, and the last two make it larger."""


def _batches(leaves: int) -> Iterator[int]:
    for done in range(0, leaves, BATCH):
        yield min(BATCH, leaves - done)


def _key(folder: Path) -> LogKey:
    return LogKey.from_pem((folder / "key").read_bytes(), ORIGIN, b"of no use")


def _peak_memory() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
