"""Vital signs: what was measured, and what of it is not normal."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.registry.visits.screening_form import Range

MEASURES: Final = {
    "temperature": ("temperature",),
    "pulse": ("pulse",),
    "blood_pressure": ("systolic", "diastolic"),
    "respiration": ("respiration",),
}
"""By measure: the values that it gives."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Vitals:
    """What was measured at one time; None for what was not.

    Attributes:
        temperature: In degrees Celsius.
        pulse: Beats a minute.
        systolic: Blood pressure in mmHg.
        diastolic: Likewise.
        respiration: Breaths a minute.
        usual_systolic: What is usual for somebody treated for high blood pressure.
    """

    temperature: float | None = None
    pulse: int | None = None
    systolic: int | None = None
    diastolic: int | None = None
    respiration: int | None = None
    usual_systolic: int | None = None

    def __repr__(self) -> str:
        return "Vitals(...)"  # a diagnosis is no matter for a log

    @property
    def is_empty(self) -> bool:
        """Whether nothing was measured."""
        return not any(self.has(measure) for measure in MEASURES)

    def has(self, measure: str) -> bool:
        """Say whether *measure* was taken whole."""
        return all(getattr(self, name) is not None for name in MEASURES[measure])

    def abnormal(self, normal: Mapping[str, Range]) -> tuple[str, ...]:
        """Return the names of the values that are outside of *normal*."""
        values = {name: value for name, value in asdict(self).items() if value is not None}
        if self.systolic is not None and self.usual_systolic is not None:
            values["systolic_over_usual"] = self.systolic - self.usual_systolic
        return tuple(name for name, value in values.items() if name in normal and value not in normal[name])
