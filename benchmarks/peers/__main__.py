"""Compare vaxcert with its peers in issuing and verifying: `python -m benchmarks.peers [--json]`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.peers.client import Worker, WorkerError
from benchmarks.peers.crosscheck import CrossCheckError, cross_check
from benchmarks.peers.environments import DEFAULT_CACHE, PEERS, SetUpError, peer_commands, vaxcert_command
from benchmarks.peers.measure import RawSignature, pin_to_one_core, take_turns
from benchmarks.peers.population import VALIDITY, draw_corpus
from benchmarks.peers.report import PARSING, VAXCERT, Conditions, compare, heading, table, to_json
from benchmarks.peers.workers import vaxcert_fields_worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.peers.corpus import Corpus

MET, MISSED, COULD_NOT_WORK = 0, 1, 6
"""Exit codes; the last is the one that `vaxcert` itself uses."""

MIN_RECORDS = 500
"""Fewer are soon learnt by heart: on a repeated input a branch predictor halves the time of DEFLATE."""


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (SetUpError, WorkerError, CrossCheckError) as error:
        print(f"benchmarks.peers: error: {error}", file=sys.stderr)
        return COULD_NOT_WORK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--rounds", type=_at_least(1), default=7, help="rounds that count (default: 7)")
    parser.add_argument(
        "--records", type=_at_least(MIN_RECORDS), default=MIN_RECORDS, help="distinct records (default: 500)"
    )
    parser.add_argument(
        "--peer",
        action="append",
        choices=PEERS,
        help="a peer to compare with, bare and, if in Python, with the schema check (default: all)",
    )
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE, help="where the peers are installed")
    return parser


def _at_least(lowest: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        if int(text) < lowest:
            raise argparse.ArgumentTypeError(f"must be at least {lowest}")
        return int(text)

    return count


def _run(options: argparse.Namespace) -> int:
    commands: dict[str, tuple[str, ...]] = {}
    for name in PEERS:
        if name in (options.peer or PEERS):
            commands |= peer_commands(name, options.cache.resolve())
    core = pin_to_one_core()
    corpus, expired = _corpus(options.records, at=datetime.now(UTC).replace(microsecond=0))
    with TemporaryDirectory(prefix="vaxcert-peers-") as folder, ExitStack() as stack:
        path = Path(folder, "corpus.json")
        corpus.save(path)
        vaxcert = stack.enter_context(Worker(VAXCERT, vaxcert_command("vaxcert"), path))
        parsing = stack.enter_context(Worker(PARSING, vaxcert_command("vaxcert_fields"), path, operations=("issue",)))
        peers = [stack.enter_context(Worker(name, command, path)) for name, command in commands.items()]
        cross_check(vaxcert, peers, corpus, expired=expired)
        workers = (vaxcert, parsing, *peers)
        turns = list(take_turns(workers, RawSignature(corpus), rounds=options.rounds))
        versions = {worker.name: worker.versions for worker in workers}
    comparisons = compare(turns)
    conditions = Conditions(
        at=datetime.fromtimestamp(corpus.at, UTC).isoformat(),
        python=platform.python_version(),
        core=core,
        records=options.records,
        rounds=options.rounds,
        versions=versions,
    )
    if options.json:
        print(json.dumps(to_json(conditions, comparisons)))
    else:
        print(heading(conditions), *map(table, comparisons), sep="\n\n")
    return MET if all(comparison.bare.is_met for comparison in comparisons) else MISSED


def _corpus(count: int, *, at: datetime) -> tuple[Corpus, str]:
    """Return the whole corpus, whose texts are vaxcert's, and one more certificate that has expired."""
    drawn = draw_corpus(count, at=at)
    vaxcert = vaxcert_fields_worker.open_peer(drawn)
    texts = [vaxcert.issue(record) for record in drawn.records]
    payloads = [vaxcert.verify(text) for text in texts]
    long_ago = at - VALIDITY - timedelta(days=30)
    lapsed = replace(drawn, at=int(long_ago.timestamp()), expires_at=int((long_ago + VALIDITY).timestamp()))
    expired = vaxcert_fields_worker.open_peer(lapsed).issue(drawn.records[0])
    return replace(drawn, texts=texts, payloads=payloads), expired


if __name__ == "__main__":
    sys.exit(main())
