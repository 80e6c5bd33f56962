"""How far the heads of a log have come on their way to the chain, for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from vaxcert.errors import LedgerError
from vaxcert.ledger.anchor.progress import Reason
from vaxcert.ledger.store.outbox_rows import AnchorState

if TYPE_CHECKING:
    from datetime import datetime

    from vaxcert.ledger.anchor.chain import Chain
    from vaxcert.ledger.anchor.policy import AnchorPolicy
    from vaxcert.ledger.store.outbox import Outbox
    from vaxcert.ledger.store.outbox_rows import AnchorRow

_SHOWN = 20


@runtime_checkable
class Purse(Protocol):
    """A chain on which anchoring costs, and that can tell how long the account's funds last."""

    def affordable_anchors(self) -> int | None:
        """Return how many anchors the account can pay for at present fees, or None where nothing is paid."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadStatus:
    """How far one head has come."""

    size: int
    root: bytes
    state: AnchorState
    since: datetime
    tries: int
    reason: Reason | None
    reason_since: datetime | None
    seq: int | None

    @property
    def needs_operator(self) -> bool:
        """Whether it goes on only after somebody has done something."""
        return self.state in (AnchorState.NEEDS_OPERATOR, AnchorState.CONFLICT)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorStatus:
    """How the anchoring of a log stands."""

    chain: str
    """The kind of chain."""
    at: datetime
    heads: tuple[HeadStatus, ...]
    """The newest heads, newest first."""
    newest_final: HeadStatus | None
    leased_until: datetime | None
    """Until when a process has the lease, if one has."""
    problem: LedgerError | None
    """Why the chain is not to be believed or asked now: it is another one, or away."""
    affordable_anchors: int | None
    """How many anchors the account can pay for; None where nothing is paid, or the chain cannot tell now."""
    is_low_on_funds: bool


def status_of(outbox: Outbox, chain: Chain, policy: AnchorPolicy, at: datetime) -> AnchorStatus:
    """Return how the anchoring of the log stands; the chain is asked who it is, and for the account's funds."""
    problem = _problem(chain)
    affordable = _affordable(chain) if problem is None else None
    final = outbox.newest_final()
    held = outbox.lease.held
    return AnchorStatus(
        chain=chain.name,
        at=at,
        heads=tuple(_status_of(row) for row in outbox.newest(_SHOWN)),
        newest_final=None if final is None else _status_of(final),
        leased_until=None if held is None or held[1] <= at else held[1],
        problem=problem,
        affordable_anchors=affordable,
        is_low_on_funds=affordable is not None and affordable < policy.low_balance_anchors,
    )


def _problem(chain: Chain) -> LedgerError | None:
    try:
        chain.check()
    except LedgerError as error:
        return error
    return None


def _affordable(chain: Chain) -> int | None:
    if not isinstance(chain, Purse):
        return None
    try:
        return chain.affordable_anchors()
    except LedgerError:
        return None  # it answers, and has no word for what it takes: the heads' own reasons tell what that means


def _status_of(row: AnchorRow) -> HeadStatus:
    return HeadStatus(
        size=row.size,
        root=row.root,
        state=row.state,
        since=row.since,
        tries=row.tries,
        reason=None if row.reason is None else Reason(row.reason),
        reason_since=row.reason_since,
        seq=row.seq,
    )
