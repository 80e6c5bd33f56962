"""How anchoring stands, as a person reads it, and as a line of JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes
from vaxcert.commands.ledger_rows import chain_name, entries, instant, minute
from vaxcert.errors import AnchorError
from vaxcert.ledger.anchor.progress import Reason
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vaxcert.ledger.anchor.progress import Progress
    from vaxcert.ledger.anchor.status import AnchorStatus, HeadStatus
    from vaxcert.service.anchor_state import Anchoring

_STOPPED = frozenset((AnchorState.NEEDS_OPERATOR, AnchorState.CONFLICT))
_GOES_ON = frozenset((None, Reason.AWAITING_FINALITY, Reason.HEAD_PENDING, Reason.REORGANISED))
"""What a head waits for without anything being wrong."""


def progress_json(progress: Progress, anchoring: Anchoring) -> dict[str, object]:
    """Return what a run came to for a line of JSON."""
    final = anchoring.final
    return {
        "driver": anchoring.identity.driver,
        "chain_id": anchoring.identity.chain_id,
        "idle": _is_over(progress),
        "size": progress.size,
        "state": progress.state,
        "reason": progress.reason,
        "message": None if progress.reason is None else progress.reason.sentence,
        "final": None if final is None else {"size": final.size, "seq": final.seq, "root": final.root.hex()},
    }


def progress_line(progress: Progress, anchoring: Anchoring) -> str:
    """Return what a run came to, in one line."""
    place = chain_name(anchoring.identity)
    final = anchoring.final
    if _is_over(progress) and final is None:
        return f"nothing to anchor {place}: no checkpoint is signed"
    if _is_over(progress) and final is not None:
        word = click.style("FINAL", fg="green", bold=True)
        return f"{word}  {entries(final.size)}, anchor {final.seq}, {place}"
    stopped = progress.state in _STOPPED
    word = click.style("STOPPED", fg="red", bold=True) if stopped else click.style("WAITING", fg="yellow", bold=True)
    head = "" if progress.size is None else f"  {entries(progress.size)}, {progress.state}"
    reason = "" if progress.reason is None else f": {progress.reason.sentence} [{progress.reason}]"
    return f"{word}{head}{reason}"


def exit_code_of(progress: Progress, *, has_to_be_final: bool) -> int:
    """Return the exit code of a run: whether its heads are final, or at least on their way where that is enough."""
    if _is_over(progress):
        return exit_codes.OK
    if progress.state in _STOPPED:
        return exit_codes.of_error(AnchorError)
    return exit_codes.OK if progress.reason in _GOES_ON and not has_to_be_final else exit_codes.UNDETERMINED


def _is_over(progress: Progress) -> bool:
    """Return whether every head is final or covered; the last step may have been the one that made it so."""
    return progress.is_idle or progress.state is AnchorState.FINAL


def status_json(status: AnchorStatus) -> dict[str, object]:
    """Return *status* for a line of JSON."""
    return {
        "driver": status.chain,
        "at": instant(status.at),
        "final": None if status.newest_final is None else _head_json(status.newest_final),
        "heads": [_head_json(head) for head in status.heads],
        "leased_until": None if status.leased_until is None else instant(status.leased_until),
        "chain_problem": None if status.problem is None else status.problem.code,
        "affordable_anchors": status.affordable_anchors,
        "low_on_funds": status.is_low_on_funds,
    }


def status_lines(status: AnchorStatus) -> Iterator[str]:
    """Yield the lines that show *status*: the newest heads, newest first."""
    for head in status.heads:
        number = "" if head.seq is None else f"  anchor {head.seq}"
        yield f"{entries(head.size):>20}  {head.state:<14}  since {minute(head.since)}{number}"
        if head.reason is not None and head.reason_since is not None:
            since = minute(head.reason_since)
            yield f"  {head.reason.sentence} [{head.reason}] since {since}; times sent: {head.tries}"
    if not status.heads:
        yield "no head is queued: sign a checkpoint first"
    if status.leased_until is not None:
        yield f"a process anchors this log now, or did until it ended: its lease runs to {minute(status.leased_until)}"
    if status.problem is not None:
        word = click.style("CHAIN", fg="red", bold=True)
        yield f"{word}  {status.problem.message} [{status.problem.code}]"
    elif status.affordable_anchors is not None:
        yield f"anchors that the account can pay for at today's fees: {status.affordable_anchors:,}"
    elif status.chain != "file":
        yield "for how many anchors the funds last is not known, or nothing is paid"


def _head_json(head: HeadStatus) -> dict[str, object]:
    return {
        "size": head.size,
        "root": head.root.hex(),
        "state": head.state,
        "since": instant(head.since),
        "reason": head.reason,
        "reason_since": None if head.reason_since is None else instant(head.reason_since),
        "tries": head.tries,
        "seq": head.seq,
    }
