"""What a transaction offers per gas (EIP-1559): enough to be mined soon or to replace what is stuck, within the cap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.ledger.anchor.settings import DEFAULT_FEE_CAP

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.chain import Attempt

_BASE_FEE_MARGIN = 2
"""The base fee can double within six full blocks: it grows by an eighth a block at most (EIP-1559)."""
_BUMP_NUMERATOR, _BUMP_DENOMINATOR = 9, 8
"""Nodes want 10 % more, some 12.5 %, to replace a transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """What a block takes per gas now, in wei."""

    base_fee: int
    """Of the newest block; it is burnt."""
    priority_fee: int
    """What is usual on top of it, for whoever makes the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What is offered per gas, in wei."""

    max_fee: int
    """The most, base fee included."""
    priority_fee: int
    """Of it, at most this to whoever makes the block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePolicy:
    """What may be offered."""

    cap: int = DEFAULT_FEE_CAP
    """The most per gas, in wei."""

    def fees_for(self, market: Market, *, earlier: Attempt | None = None) -> Fees | None:
        """Return what to offer, or None where the cap forbids an offer that would do.

        Args:
            market: What a block takes now.
            earlier: The stuck attempt that is to be replaced.
        """
        floor = _BASE_FEE_MARGIN * market.base_fee
        tip, least = market.priority_fee, floor
        if earlier is not None:
            tip = max(tip, _bumped(earlier.priority_fee))
            least = max(floor, _bumped(earlier.max_fee), tip)
        if least > self.cap:
            return None
        max_fee = max(least, min(floor + tip, self.cap))
        return Fees(max_fee=max_fee, priority_fee=min(tip, max_fee))


def _bumped(fee: int) -> int:
    """Return the least fee that replaces *fee*: an eighth more, rounded up, and more in any case."""
    return max(-(-fee * _BUMP_NUMERATOR // _BUMP_DENOMINATOR), fee + 1)
