"""A ledger's state as a person reads it, and as a line of JSON."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import click

from vaxcert.ledger.store.instants import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.store.outbox_rows import AnchorRow
    from vaxcert.service.anchor_state import Anchoring
    from vaxcert.service.ledgers import LedgerCheck, LedgerStatus


def status_json(status: LedgerStatus) -> dict[str, object]:
    """Return *status* for a line of JSON."""
    checkpoint, anchoring = status.checkpoint, status.anchoring
    return {
        "origin": status.description.origin,
        "vkey": status.description.vkey,
        "log_id": status.description.log_id.hex(),
        "size": status.size,
        "unsigned": status.unsigned,
        "erased": status.erased,
        "checkpoint": None
        if checkpoint is None
        else {"size": checkpoint.size, "root": checkpoint.root.hex(), "at": _instant_of(checkpoint.at)},
        "cosigned_size": status.cosigned_size,
        "state": "halted" if status.halted else "restored" if status.is_restored else "writable",
        "halted": status.halted,
        "anchoring": None if anchoring is None else _anchoring_json(anchoring),
    }


def status_lines(status: LedgerStatus) -> Iterator[str]:
    """Yield the lines that show *status*."""
    checkpoint = status.checkpoint
    yield status.description.origin
    erased = f", of which erased: {status.erased:,}" if status.erased else ""
    yield f"  entries     {status.size:,}{erased}"
    if checkpoint is None:
        yield "  checkpoint  none yet: nothing can be proved"
    else:
        behind = f"; entries that are newer: {status.unsigned:,}" if status.unsigned else ""
        yield f"  checkpoint  of {entries(checkpoint.size)}, {minute(moment_of(checkpoint.at))}{behind}"
    if status.cosigned_size is not None:
        yield f"  cosigned    of {entries(status.cosigned_size)}"
    yield from _anchoring_lines(status.anchoring)
    if status.halted is not None:
        yield f"  state       {click.style('HALTED', fg='red', bold=True)}: {status.halted}"
    elif status.is_restored:
        yield f"  state       {click.style('RESTORED', fg='yellow', bold=True)}, not compared with its chain"
    yield f"  key         {status.description.vkey}"


def check_json(check: LedgerCheck) -> dict[str, object]:
    """Return what `ledger verify` found for a line of JSON."""
    problem = check.problem
    return {
        "outcome": "valid" if problem is None else "rejected",
        "part": None if problem is None else problem.part,
        "index": None if problem is None else problem.index,
        "level": None if problem is None else problem.level,
        "message": None if problem is None else problem.message,
        "sealed": check.sealed,
    }


def check_line(check: LedgerCheck) -> str:
    """Return what `ledger verify` found, in one line."""
    if check.problem is None:
        return f"{click.style('VALID', fg='green', bold=True)}  the log is what it was built as"
    return f"{click.style('CHANGED', fg='red', bold=True)}  {check.problem}"


def _anchoring_json(anchoring: Anchoring) -> dict[str, object]:
    return {
        "driver": anchoring.identity.driver,
        "chain_id": anchoring.identity.chain_id,
        "final": None if anchoring.final is None else _row_json(anchoring.final),
        "pending": None if anchoring.pending is None else _row_json(anchoring.pending),
    }


def _anchoring_lines(anchoring: Anchoring | None) -> Iterator[str]:
    if anchoring is None:
        yield "  anchored    nowhere: there is no anchor.json"
        return
    place = chain_name(anchoring.identity)
    final, pending = anchoring.final, anchoring.pending
    if final is None:
        yield f"  anchored    nothing yet, {place}"
    else:
        yield f"  anchored    {entries(final.size)}, anchor {final.seq}, {minute(final.since)}, {place}"
    if pending is not None:
        reason = f" ({pending.reason})" if pending.reason else ""
        yield f"  waiting     {entries(pending.size)}: {pending.state} since {minute(pending.since)}{reason}"


def entries(count: int) -> str:
    """Return how many entries *count* is, in words."""
    return "1 entry" if count == 1 else f"{count:,} entries"


def chain_name(identity: ChainIdentity) -> str:
    """Return where anchors stand."""
    return "in a file (no chain stands behind it)" if identity.driver == "file" else f"on chain {identity.chain_id}"


def _row_json(row: AnchorRow) -> dict[str, object]:
    return {
        "size": row.size,
        "root": row.root.hex(),
        "state": row.state,
        "since": instant(row.since),
        "reason": row.reason,
        "seq": row.seq,
    }


def instant(moment: datetime) -> str:
    """Return *moment* (aware) as JSON has it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _instant_of(seconds: int) -> str:
    return instant(moment_of(seconds))


def minute(moment: datetime) -> str:
    """Return *moment* (aware) as a person reads it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
