"""Any number of personal items in order, with little memory and nothing left readable on the disk.

Items are sorted by the thousand; each such run goes into a file of its own that has no name (on Windows, one that is
deleted when it is closed), sealed with a key that only this process has. In the end the runs are merged. A process that
is killed leaves nothing behind, and what a disk keeps of a deleted file cannot be opened.
"""

from __future__ import annotations

import heapq
import pickle
import tempfile
from contextlib import ExitStack
from itertools import count
from operator import itemgetter
from typing import IO, TYPE_CHECKING, Final, Generic, Self, TypeVar

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vaxcert.service.files import storage_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

T = TypeVar("T")
Key = tuple[object, ...]
Entry = tuple[Key, T]

RUN_ITEMS: Final = 4096
"""How many items are held before they are sorted and written."""

BLOCK_ITEMS: Final = 64
"""How many are sealed, and read again, at once."""

FAN_IN: Final = 64
"""How many runs are merged at once, a block of each in memory; twice as many files may be open."""

_KEY_BITS = 256
_NONCE_BYTES = 12


class _Seal:
    """AES-256-GCM under a key that is nowhere but here, with a new nonce for each block."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(_KEY_BITS))
        self._nonces = count()

    def close(self, plain: bytes) -> tuple[bytes, bytes]:
        """Return the nonce that was taken, and *plain* sealed."""
        nonce = next(self._nonces).to_bytes(_NONCE_BYTES, "big")
        return nonce, self._cipher.encrypt(nonce, plain, None)

    def open(self, nonce: bytes, sealed: bytes) -> bytes:
        """Return what was sealed with *nonce*."""
        return self._cipher.decrypt(nonce, sealed, None)


class SealedSorter(Generic[T]):
    """Takes items in any order and gives them back in the order of their keys; those of one key as they came.

    Items and keys are pickled. What is read back is what this process wrote: the seal would not open otherwise.
    """

    def __init__(
        self, folder: Path, *, key: Callable[[T], Key], run_items: int = RUN_ITEMS, fan_in: int = FAN_IN
    ) -> None:
        """Have runs of *run_items* on the disk of *folder*, of which no more than *fan_in* are merged at once."""
        self._folder, self._key, self._run_items, self._fan_in = folder, key, run_items, fan_in
        self._seal = _Seal()
        self._held: list[Entry[T]] = []
        self._levels: list[list[_Run[T]]] = [[]]
        """Runs of items as they came, runs merged from those, and so on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def add(self, item: T) -> None:
        """Take *item*.

        Raises:
            StorageError: The folder's disk takes no more.
        """
        self._held.append((self._key(item), item))
        if len(self._held) == self._run_items:
            self._write_held()

    def in_order(self) -> Iterator[T]:
        """Yield all items in order."""
        self._held.sort(key=itemgetter(0))
        # Older runs first: of equal keys, the merge takes those of the first.
        runs = [run.entries() for level in reversed(self._levels) for run in level]
        for _, item in heapq.merge(*runs, self._held, key=itemgetter(0)):
            yield item

    def close(self) -> None:
        """Delete what is on the disk, and forget what is held."""
        for run in (run for level in self._levels for run in level):
            run.close()
        self._levels = [[]]
        self._held = []

    def _write_held(self) -> None:
        self._held.sort(key=itemgetter(0))
        self._levels[0].append(self._written(self._held))
        self._held = []
        for depth, level in enumerate(self._levels):
            if len(level) < self._fan_in:
                break
            merged = self._written(heapq.merge(*(run.entries() for run in level), key=itemgetter(0)))
            for run in level:
                run.close()
            level.clear()
            if depth + 1 == len(self._levels):
                self._levels.append([])
            self._levels[depth + 1].append(merged)

    def _written(self, entries: Iterable[Entry[T]]) -> _Run[T]:
        with storage_errors(self._folder), ExitStack() as stack:
            stream = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - the run closes it
            run = stack.enter_context(_Run[T](stream, self._seal))
            block: list[Entry[T]] = []
            for entry in entries:
                block.append(entry)
                if len(block) == BLOCK_ITEMS:
                    run.append(block)
                    block = []
            if block:
                run.append(block)
            stream.flush()
            stack.pop_all()  # written: it stays open
        return run


class _Run(Generic[T]):
    """Sorted entries in a file that has no name."""

    def __init__(self, stream: IO[bytes], seal: _Seal) -> None:
        self._stream, self._seal = stream, seal
        self._blocks: list[tuple[int, bytes]] = []
        """The sealed length and the nonce of each block."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, block: list[Entry[T]]) -> None:
        nonce, sealed = self._seal.close(pickle.dumps(block, pickle.HIGHEST_PROTOCOL))
        self._stream.write(sealed)
        self._blocks.append((len(sealed), nonce))

    def entries(self) -> Iterator[Entry[T]]:
        at = 0
        for length, nonce in self._blocks:
            self._stream.seek(at)
            yield from pickle.loads(self._seal.open(nonce, self._stream.read(length)))  # noqa: S301 - sealed by ourselves
            at += length

    def close(self) -> None:
        self._stream.close()
