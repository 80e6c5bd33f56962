"""What a source of trust holds once it is read, before anything in it is judged."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vaxcert.errors import TrustEntryError
    from vaxcert.trust.certificate import Certificate
    from vaxcert.trust.dsc import Dsc

MAX_CLOCK_DIFFERENCE = timedelta(days=1)
"""How far a list's date may lie ahead of the reader's clock, which may be slow or in another zone."""


@dataclass(frozen=True, slots=True)
class RejectedEntry:
    """An entry that was left out: where it stood, why in a word and why in words."""

    source: str
    """``entry 3``, ``certificate 1``, ``as_of``, a file's name, or a kid."""
    reason: str
    message: str

    @classmethod
    def of_error(cls, source: str, error: TrustEntryError) -> Self:
        """Return the entry at *source* as left out because of *error*."""
        return cls(source, str(error.reason), error.message)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustMaterial:
    """Signers, CSCAs and the rest of one source."""

    dscs: tuple[Dsc, ...] = ()
    cscas: tuple[Certificate, ...] = ()
    rejected: tuple[RejectedEntry, ...] = ()
    has_cscas: bool = False
    """Whether the source names CSCAs, readable or not: then each of its DSCs has to chain to one."""
    as_of: datetime | None = None
    """The instant that the source speaks for, where it says so."""

    def located(self, source: str) -> Self:
        """Return the same with *source*, such as a file's name, before the place of each rejected entry."""
        rejected = tuple(replace(entry, source=f"{source}: {entry.source}") for entry in self.rejected)
        return replace(self, rejected=rejected)

    def believed(self, now: datetime | None) -> Self:
        """Return the same without its date, where that lies in the future as of *now*; None believes any date.

        A date to come would keep the source fresh until then, and says nothing of its age.
        """
        if now is None or self.as_of is None or self.as_of - now <= MAX_CLOCK_DIFFERENCE:
            return self
        entry = RejectedEntry("as_of", "future_date", "the list is dated in the future, so its age is unknown")
        return replace(self, as_of=None, rejected=(*self.rejected, entry))


def joined(parts: Iterable[TrustMaterial]) -> TrustMaterial:
    """Return *parts* as one source, as old as the oldest of them."""
    parts = tuple(parts)
    return TrustMaterial(
        dscs=tuple(dsc for part in parts for dsc in part.dscs),
        cscas=tuple(csca for part in parts for csca in part.cscas),
        rejected=tuple(entry for part in parts for entry in part.rejected),
        has_cscas=any(part.has_cscas for part in parts),
        as_of=oldest(part.as_of for part in parts if part.dscs),
    )


def oldest(dates: Iterable[datetime | None]) -> datetime | None:
    """Return the earliest of *dates*; None, an unknown date, is older than any."""
    known = []
    for date in dates:
        if date is None:
            return None
        known.append(date)
    return min(known, default=None)
