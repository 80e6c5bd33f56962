"""Between which two instants a leaf came into the log, as its anchors show."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from vaxcert.ledger.audit.anchor import Anchor
    from vaxcert.ledger.audit.policy import AuditPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """What holds for the leaves between two anchors; instants in seconds since 1970, the skew allowed for."""

    start: int
    stop: int | None
    """The leaves from *start* up to and without *stop*; None is the log's end."""
    before: Anchor | None
    """The last anchor without these leaves."""
    covering: Anchor | None
    """The first anchor with them; None where none is."""
    signed_after: float
    """A certificate that says it was issued then or before, was issued before its own tree head was signed: never."""
    believed_after: float
    """One issued after *signed_after* and no later than this says so of a time in which an anchor was overdue."""
    until: float
    """One issued after this says that it is younger than the anchor that covers it."""


class AnchorTimes:
    """Finds the window of a leaf; leaves come in order, so that the last window nearly always serves again."""

    def __init__(
        self,
        anchors: Sequence[Anchor],
        *,
        signed_at: Mapping[int, int],
        policy: AuditPolicy,
        at: datetime,
    ) -> None:
        """Take *anchors*, in any order.

        Args:
            anchors: The anchors that are believed.
            signed_at: When the log says that it signed the heads of these anchors, by size, as far as it says.
            policy: How far clocks may be apart, and how long a head may wait for its anchor.
            at: The time of the audit, for leaves that no anchor covers.
        """
        self._anchors = sorted(anchors, key=lambda anchor: anchor.size)
        self._sizes = [anchor.size for anchor in self._anchors]
        said = (min(signed_at.get(anchor.size, anchor.time), anchor.time) for anchor in self._anchors)
        # The larger head was signed later, whatever the log says: an earlier time would only make room for back-dating.
        self._signed_at = list(accumulate(said, max))
        self._skew = policy.clock_skew.total_seconds()
        self._delay = policy.anchor_delay.total_seconds()
        self._at = at.timestamp()
        self._last: Window | None = None

    def window(self, index: int) -> Window:
        """Return the window of the leaf at *index*."""
        last = self._last
        if last is None or index < last.start or (last.stop is not None and index >= last.stop):
            self._last = last = self._find(index)
        return last

    def _find(self, index: int) -> Window:
        place = bisect_right(self._sizes, index)
        before = self._anchors[place - 1] if place else None
        covering = self._anchors[place] if place < len(self._anchors) else None
        signed = believed = float("-inf")
        if before is not None:
            # A head of this size was signed before any later leaf was there. Its anchor's time is the chain's; that of
            # the signature is the log's own word, and is believed for as long as an anchor may wait.
            signed_at = self._signed_at[place - 1]
            signed = signed_at - self._skew
            believed = max(signed_at, before.time - self._delay) - self._skew
        return Window(
            start=before.size if before else 0,
            stop=covering.size if covering else None,
            before=before,
            covering=covering,
            signed_after=signed,
            believed_after=believed,
            until=(covering.time if covering else self._at) + self._skew,
        )
