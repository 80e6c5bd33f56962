"""The benchmark's end of the line protocol: a worker as a process."""

from __future__ import annotations

import json
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Literal, Self, get_args

from benchmarks.peers.environments import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.peers.corpus import Document

Operation = Literal["issue", "verify"]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)


class WorkerError(Exception):
    """A worker ended before it answered."""


class Worker:
    """A library under test, in a process that lives as long as the measurement."""

    def __init__(
        self, name: str, command: tuple[str, ...], corpus: Path, *, operations: tuple[Operation, ...] = OPERATIONS
    ) -> None:
        """Start *command* on the file *corpus* and wait until its keys are loaded; time it in *operations*."""
        self.name = name
        self.operations = operations
        self._process = subprocess.Popen(
            (*command, str(corpus)), cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
        )
        versions: dict[str, str] = self._receive()["versions"]
        self.versions = versions

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # closes its input, which ends it

    def make(self) -> list[str]:
        """Return the worker's own certificate for every record."""
        texts: list[str] = self._ask(op="make")["texts"]
        return texts

    def read(self, texts: list[str]) -> list[Document]:
        """Return `{"payload": ...}` or `{"refused": ...}` for each of *texts*."""
        readings: list[Document] = self._ask(op="read", texts=texts)["readings"]
        return readings

    def cpu_ns_per_op(self, operation: Operation, *, passes: int) -> list[float]:
        """Return the CPU time of one *operation*, for each of *passes* over the corpus."""
        figures: list[float] = self._ask(op=operation, passes=passes)["cpu_ns_per_op"]
        return figures

    def _ask(self, **request: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # the exit code, which _receive reports, says more
            print(json.dumps(request), file=self._process.stdin, flush=True)
        return self._receive()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise WorkerError(f"the worker of {self.name} ended with exit code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer
