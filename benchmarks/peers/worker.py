"""The line protocol between the benchmark and the libraries under test (only the standard library).

A worker is started with the path of the corpus as its last argument. It says `{"versions": {...}}`, then answers each
line with one line:

- `{"op": "make"}`: `{"texts": [...]}`, a certificate for every record of the corpus;
- `{"op": "read", "texts": [...]}`: `{"readings": [...]}`, for each text `{"payload": {...}}` or `{"refused": "why"}`;
- `{"op": "issue" | "verify", "passes": n}`: `{"cpu_ns_per_op": [...]}`, one figure a pass over the corpus.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from benchmarks.peers.corpus import Corpus, Document

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Input = TypeVar("Input")


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer(Generic[Input]):
    """One library in its best plain use: keys are loaded, only the work of each certificate is left."""

    versions: dict[str, str]
    inputs: Sequence[Input]
    """What `issue` takes, one by one."""
    issue: Callable[[Input], str]
    """Return the HC1 text of one input."""
    verify: Callable[[str], Document]
    """Return the payload of an HC1 text whose signature and expiry hold; raise for any other."""


def versions_of(*distributions: str) -> dict[str, str]:
    """Return the installed version of each of *distributions*."""
    return {name: version(name) for name in distributions}


def cpu_ns_per_op(operation: Callable[[Input], object], inputs: Sequence[Input], *, passes: int) -> list[float]:
    """Return the CPU time, over all threads, of one *operation*: a figure for each of *passes* over *inputs*."""
    figures = []
    for _ in range(passes):
        began = time.process_time_ns()
        for item in inputs:
            operation(item)
        figures.append((time.process_time_ns() - began) / len(inputs))
    return figures


def serve(open_peer: Callable[[Corpus], Peer[Input]]) -> None:
    """Answer the requests on standard input with the peer that *open_peer* makes from the corpus."""
    corpus = Corpus.load(Path(sys.argv[-1]))
    replies, sys.stdout = sys.stdout, sys.stderr  # what a library prints must not enter the protocol
    peer = open_peer(corpus)
    print(json.dumps({"versions": peer.versions}), file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(_answer(peer, corpus, json.loads(line))), file=replies, flush=True)


def _answer(peer: Peer[Input], corpus: Corpus, request: Document) -> Document:
    match request:
        case {"op": "make"}:
            return {"texts": [peer.issue(item) for item in peer.inputs]}
        case {"op": "read", "texts": list(texts)}:
            return {"readings": [_reading(peer, text) for text in texts]}
        case {"op": "issue", "passes": int(passes)}:
            return {"cpu_ns_per_op": cpu_ns_per_op(peer.issue, peer.inputs, passes=passes)}
        case {"op": "verify", "passes": int(passes)}:
            return {"cpu_ns_per_op": cpu_ns_per_op(peer.verify, corpus.texts, passes=passes)}
    raise ValueError(f"unknown request {sorted(request)}")


def _reading(peer: Peer[Input], text: str) -> Document:
    try:
        return {"payload": peer.verify(text)}
    except Exception as error:  # noqa: BLE001 - each library raises classes of its own
        return {"refused": f"{type(error).__name__}: {error}"}
