"""What the turns say: medians, ratios, and whether the targets are met."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.peers.client import OPERATIONS
from benchmarks.peers.environments import SCHEMA_CHECKED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.peers.client import Operation
    from benchmarks.peers.measure import Turn

TARGETS: Mapping[Operation, float] = {"issue": 3.0, "verify": 2.5}
"""How many times the fastest bare peer's speed vaxcert must have; the exit code goes by these."""

VAXCERT = "vaxcert"
PARSING = "vaxcert+parse"
"""vaxcert from the flat fields of a file, whose parsing and checking the peers' payloads have behind them."""

_RAW_NAMES: Mapping[Operation, str] = {"issue": "raw sign", "verify": "raw verify"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What the figures hold for."""

    at: str
    python: str
    core: int | None
    """The core that everything ran on, None where this system pins no process."""
    records: int
    rounds: int
    versions: Mapping[str, Mapping[str, str]]
    """The library versions of each worker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One library in one operation; `speedup` is vaxcert's speed over it (median and extremes of the rounds)."""

    name: str
    us: float
    raw_us: float
    times_raw: float
    speedup: float
    speedup_lowest: float
    speedup_highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """vaxcert's speed over that of the fastest of some peers, next to the target."""

    peer: str
    speedup: float
    target: float

    @property
    def is_met(self) -> bool:
        """Tell whether the target is met."""
        return self.speedup >= self.target


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One operation: vaxcert's lines, and the peers' from the fastest to the slowest."""

    operation: Operation
    vaxcert: tuple[Line, ...]
    peers: tuple[Line, ...]

    @property
    def bare(self) -> Verdict:
        """Return the verdict against the peers that check only the envelope."""
        return self._against([line for line in self.peers if not line.name.endswith(SCHEMA_CHECKED)])

    @property
    def same_job(self) -> Verdict | None:
        """Return the verdict against the peers that check the JSON Schema too, as vaxcert does; None without any."""
        checking = [line for line in self.peers if line.name.endswith(SCHEMA_CHECKED)]
        return self._against(checking) if checking else None

    def _against(self, lines: Sequence[Line]) -> Verdict:
        fastest = min(lines, key=lambda line: line.speedup)
        return Verdict(peer=fastest.name, speedup=fastest.speedup, target=TARGETS[self.operation])


def compare(turns: Sequence[Turn]) -> tuple[Comparison, ...]:
    """Return the comparison of each operation in *turns*, which have vaxcert's among them."""
    return tuple(
        _compare(operation, [turn for turn in turns if turn.operation == operation]) for operation in OPERATIONS
    )


def _compare(operation: Operation, turns: Sequence[Turn]) -> Comparison:
    by_worker: dict[str, list[Turn]] = {}
    for turn in turns:
        by_worker.setdefault(turn.worker, []).append(turn)
    lines = [_line(name, own, by_worker[VAXCERT]) for name, own in by_worker.items()]
    lines.sort(key=lambda line: line.us)
    return Comparison(
        operation=operation,
        vaxcert=tuple(line for line in lines if line.name in {VAXCERT, PARSING}),
        peers=tuple(line for line in lines if line.name not in {VAXCERT, PARSING}),
    )


def _line(name: str, turns: Sequence[Turn], vaxcert: Sequence[Turn]) -> Line:
    # Both figures of a quotient are of one round, so that a slow minute of the machine falls out.
    speedups = [turn.ns / reference.ns for turn, reference in zip(turns, vaxcert, strict=True)]
    return Line(
        name=name,
        us=median(turn.ns for turn in turns) / 1000,
        raw_us=median(turn.raw_ns for turn in turns) / 1000,
        times_raw=median(turn.ns / turn.raw_ns for turn in turns),
        speedup=median(speedups),
        speedup_lowest=min(speedups),
        speedup_highest=max(speedups),
    )


def heading(conditions: Conditions) -> str:
    """Return *conditions* as a paragraph for people."""
    run = asdict(conditions)
    versions = run.pop("versions")
    libraries = (", ".join(f"{name} {version}" for name, version in those.items()) for those in versions.values())
    facts = ", ".join(f"{name} {fact}" for name, fact in run.items())
    return "\n".join((facts, *(f"- {library}" for library in dict.fromkeys(libraries))))


def table(comparison: Comparison) -> str:
    """Return *comparison* as a table for people, with the two verdicts under it."""
    raw = f"{_RAW_NAMES[comparison.operation]} us"
    head = f"{comparison.operation:<14}{'us/op':>9}{raw:>15}{'times raw':>11}   vaxcert is faster by"
    own = [_row(line) for line in comparison.vaxcert]
    peers = [
        f"{_row(line)}{line.speedup:8.2f} ({line.speedup_lowest:.2f} to {line.speedup_highest:.2f})"
        for line in comparison.peers
    ]
    verdicts = (_verdict("bare", comparison.bare), _verdict("schema-checked", comparison.same_job))
    return "\n".join((head, *own, *peers, *verdicts))


def to_json(conditions: Conditions, comparisons: Sequence[Comparison]) -> dict[str, object]:
    """Return the whole run as one JSON object."""
    return asdict(conditions) | {
        comparison.operation: {
            "bare": _fields(comparison.bare),
            "same_job": _fields(comparison.same_job),
            "lines": [asdict(line) for line in (*comparison.vaxcert, *comparison.peers)],
        }
        for comparison in comparisons
    }


def _verdict(kind: str, verdict: Verdict | None) -> str:
    if verdict is None:
        return f"no {kind} peer was measured"
    outcome = "met" if verdict.is_met else "NOT met"
    target = f"target {verdict.target} times the fastest {kind} peer ({verdict.peer})"
    return f"{target}, measured {verdict.speedup:.2f}: {outcome}"


def _fields(verdict: Verdict | None) -> dict[str, object] | None:
    return None if verdict is None else asdict(verdict) | {"met": verdict.is_met}


def _row(line: Line) -> str:
    return f"{line.name:<14}{line.us:>9.1f}{line.raw_us:>15.1f}{line.times_raw:>11.2f}"
