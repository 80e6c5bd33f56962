"""What a screening is told, and how it is read: every bad field is named at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.errors import FieldProblem, SchemaError
from vaxcert.model.parsing import FieldError, parse_partial_day
from vaxcert.model.valuesets import resolve_product
from vaxcert.registry.doses.plan import DoseProblem
from vaxcert.registry.registrations.declaration import Answer as Told
from vaxcert.registry.visits.screening import Findings
from vaxcert.registry.visits.screening_file import known_items
from vaxcert.registry.visits.screening_form import Conclusion
from vaxcert.registry.visits.vitals import Vitals
from vaxcert.service.registry.request import Request

if TYPE_CHECKING:
    from datetime import date

    from vaxcert.model.partial_date import PartialDate

_REASON = Meta(max_length=500)


class VitalsFields(Request, frozen=True, kw_only=True):
    """What was measured at one time."""

    temperature: Annotated[float, Meta(ge=25, le=45, description="in degrees Celsius")] | None = None
    pulse: Annotated[int, Meta(ge=0, le=300, description="beats a minute")] | None = None
    systolic: Annotated[int, Meta(ge=0, le=350, description="blood pressure, mmHg")] | None = None
    diastolic: Annotated[int, Meta(ge=0, le=250, description="blood pressure, mmHg")] | None = None
    respiration: Annotated[int, Meta(ge=0, le=120, description="breaths a minute")] | None = None
    usual_systolic: (
        Annotated[
            int, Meta(ge=0, le=350, description="what is usual for somebody treated for high blood pressure, mmHg")
        ]
        | None
    ) = None

    def vitals(self) -> Vitals:
        """Return what was measured."""
        return Vitals(
            temperature=self.temperature,
            pulse=self.pulse,
            systolic=self.systolic,
            diastolic=self.diastolic,
            respiration=self.respiration,
            usual_systolic=self.usual_systolic,
        )


class ScreenVisitor(VitalsFields, frozen=True, kw_only=True):
    """What the screening found."""

    visit: Annotated[UUID, Meta(description="the visit's id")]
    product: Annotated[str, Meta(min_length=1, max_length=80, description="the vaccine, code or name")]
    answers: Annotated[dict[str, Told], Meta(max_length=40, description="by item of the form: yes, no or unknown")] = (
        msgspec.field(default_factory=dict)
    )
    other_answers: Annotated[Told, Meta(description="the answer to every item that `answers` does not name")] | None = (
        None
    )
    pregnancy_weeks: Annotated[int, Meta(ge=1, le=45, description="the week of pregnancy")] | None = None
    infected_on: (
        Annotated[str, Meta(max_length=10, description="when COVID-19 was last found, whole or not")] | None
    ) = None
    reacted_to: Annotated[str, Meta(max_length=80, description="the vaccine that an anaphylaxis followed")] | None = (
        None
    )
    note: Annotated[str, Meta(max_length=500, description="what else is to be known, such as the allergen")] = ""
    decision: (
        Annotated[Conclusion, Meta(description="what the doctor decides instead of the rules' conclusion")] | None
    ) = None
    decision_reason: Annotated[str, _REASON, Meta(description="why")] = ""
    override_interval: Annotated[str, _REASON, Meta(description="why the dose is given too early all the same")] = ""
    override_mixing: Annotated[str, _REASON, Meta(description="why another vaccine is given all the same")] = ""
    local_decision: Annotated[
        str, Meta(max_length=80, description="the act by which the province shortened the interval in an outbreak")
    ] = ""
    version: Annotated[int, Meta(description="the version that was read")] | None = None

    def dose_overrides(self) -> dict[DoseProblem, str]:
        """Return the rules of doses that the screener overrides, each with the reason."""
        given = {DoseProblem.INTERVAL: self.override_interval, DoseProblem.MIXING: self.override_mixing}
        return {problem: reason for problem, reason in given.items() if reason.strip()}

    def _answered(self) -> dict[str, Told]:
        others = {} if self.other_answers is None else dict.fromkeys(known_items(), self.other_answers)
        return others | self.answers

    def findings(self, day: date, problems: list[FieldProblem]) -> Findings:
        """Return what was found on *day*; what cannot be read is added to *problems*."""
        if unknown := self.answers.keys() - known_items():
            problems.append(FieldProblem("answers", "unknown_item", f"has {len(unknown)} that are on no form"))
        if self.decision is not None and not self.decision_reason.strip():
            problems.append(FieldProblem("decision_reason", "missing", "must say why the doctor decides so"))
        return Findings(
            answers=self._answered(),
            vitals=self.vitals(),
            pregnancy_weeks=self.pregnancy_weeks,
            infected_on=_past_day("infected_on", self.infected_on, day, problems),
            reacted_to=None if self.reacted_to is None else read_product("reacted_to", self.reacted_to, problems),
        )


def read_product(field: str, text: str, problems: list[FieldProblem]) -> str:
    """Return the code of the product that *text* names; where it names none, that is one more problem of *field*."""
    try:
        return resolve_product(text, manufacturer=None, vaccine=None).product
    except SchemaError as error:
        problems.extend(FieldProblem(field, problem.code, problem.message) for problem in error.problems)
        return ""


def _past_day(field: str, text: str | None, day: date, problems: list[FieldProblem]) -> PartialDate | None:
    if text is None:
        return None
    try:
        found = parse_partial_day(text)
    except FieldError as error:
        problems.append(FieldProblem(field, error.code, str(error)))
        return None
    if found.earliest > day:
        problems.append(FieldProblem(field, "in_future", "lies in the future"))
    return found
