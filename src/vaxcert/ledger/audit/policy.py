"""What an auditor brings along, and by what is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from vaxcert.ledger.anchor.chain import Chain
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.store.sealed import Opener
    from vaxcert.trust.trust_list import TrustList


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything from outside the log that it is compared with; what is not given is not checked, which is told."""

    vkey: str | None = None
    """The log's key as the auditor knows it."""
    identity: ChainIdentity | None = None
    """The chain, the contract and the log that the anchors have to be of."""
    identity_is_pinned: bool = False
    """Whether *identity* comes from the auditor, and not from the log's own folder."""
    chain: Chain | None = None
    """The chain itself, where it can be asked."""
    bundles: Iterable[bytes] = ()
    """The proof bundles of the anchors, oldest first, as the log or its export keeps them."""
    confirmed_blocks: Collection[bytes] = ()
    """Hashes of blocks that the auditor has confirmed from a source of their own: for proofs without a chain."""
    notes: Iterable[str] = ()
    """Signed checkpoints that somebody kept outside the database: the last audit, a witness, the `checkpoint` file."""
    trust_list: TrustList | None = None
    """The document signers that may have signed the certificates."""
    revoked_kids: Mapping[bytes, datetime] = field(default_factory=dict)
    """Since when each revoked key is no longer believed (aware)."""
    opener: Opener | None = None
    """Opens the certificates that are sealed: their issuer's secret."""

    def __post_init__(self) -> None:
        if any(moment.tzinfo is None for moment in self.revoked_kids.values()):
            raise ValueError("the time of a revocation needs a time zone")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPolicy:
    """By what the times and the rows are judged."""

    clock_skew: timedelta = timedelta(minutes=5)
    """How far the issuer's clock and the chain's may be apart."""
    anchor_delay: timedelta = timedelta(hours=1)
    """How long a signed head may wait for its anchor. What was issued while one waited longer is undetermined."""
    rows_required: bool = True
    """Whether the log has to keep the certificates themselves; a log may be made of digests alone."""

    def __post_init__(self) -> None:
        if self.clock_skew < timedelta(0) or self.anchor_delay < timedelta(0):
            raise ValueError("a clock skew or a delay is not negative")

    def to_dict(self) -> dict[str, str]:
        """Return the policy as a report shows it."""
        return {
            "clock_skew": str(self.clock_skew),
            "anchor_delay": str(self.anchor_delay),
            "rows_required": "yes" if self.rows_required else "no",
        }
