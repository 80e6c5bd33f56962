"""Where somebody stands: which doses count, whether the primary course is complete, what number is next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from vaxcert.registry.doses.dose import Dose, DoseKind, DoseState
from vaxcert.registry.doses.vaccines import family_of

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Series:
    """The doses that somebody has had, the oldest first, without those entered by mistake."""

    doses: tuple[Dose, ...]

    @classmethod
    def of(cls, doses: Iterable[Dose]) -> Self:
        """Return the series that *doses* make."""
        counting = (dose for dose in doses if dose.state is not DoseState.VOIDED)
        return cls(tuple(sorted(counting, key=lambda dose: (dose.given_on, dose.number))))

    @property
    def last(self) -> Dose | None:
        """The latest dose; None before the first."""
        return self.doses[-1] if self.doses else None

    @property
    def basic(self) -> tuple[Dose, ...]:
        """The doses of the primary course."""
        return self._of_kind(DoseKind.BASIC)

    @property
    def boosters(self) -> tuple[Dose, ...]:
        """The boosters."""
        return self._of_kind(DoseKind.BOOSTER)

    @property
    def has_additional(self) -> bool:
        """Whether there was an additional dose."""
        return bool(self._of_kind(DoseKind.ADDITIONAL))

    @property
    def is_primary_complete(self) -> bool:
        """Whether the primary course is complete.

        A later dose tells so even where an earlier one is not recorded, and so do as many doses as the course has: of a
        merged entry each may be the first.
        """
        if any(dose.kind is not DoseKind.BASIC or dose.completes_primary for dose in self.doses):
            return True
        return self.primary_total is not None and len(self.basic) >= self.primary_total

    @property
    def primary_total(self) -> int | None:
        """How many doses the primary course has, as its doses say; None before the first."""
        return max((dose.of for dose in self.basic), default=None)

    @property
    def next_number(self) -> int:
        """The number of the next dose: one more than there are, or than the highest that a paper gave."""
        return max(len(self.doses), *(dose.number for dose in self.doses), 0) + 1

    @property
    def family(self) -> str | None:
        """The vaccine of the doses before a booster: of the primary course or, after a booster, of that.

        None where the primary course mixed two.
        """
        base = self.boosters[-1:] or self.basic or self.doses
        families = {family_of(dose.product) for dose in base}
        return families.pop() if len(families) == 1 else None

    def _of_kind(self, kind: DoseKind) -> tuple[Dose, ...]:
        return tuple(dose for dose in self.doses if dose.kind is kind)
