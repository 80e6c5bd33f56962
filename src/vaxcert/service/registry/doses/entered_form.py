"""What is told of a dose on paper, and what is answered."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.doses.paper import PaperKind
from vaxcert.registry.doses.tables import LOT_NUMBER_LENGTH, PLACE_LENGTH
from vaxcert.service.registry.doses.cards import DoseCard
from vaxcert.service.registry.people.answers import Remark
from vaxcert.service.registry.request import Answer, Request

_MAX_NUMBER: Final = 9


class DoseOnPaper(Request, frozen=True, kw_only=True):
    """What a paper says of a dose, and what paper it is."""

    person: Annotated[UUID, Meta(description="who received it")]
    product: Annotated[str, Meta(min_length=1, max_length=80, description="the vaccine, code or name")]
    given_on: Annotated[date, Meta(description="the day of the injection")]
    lot_number: Annotated[str, Meta(max_length=LOT_NUMBER_LENGTH, description="the number of the lot")] = ""
    number: Annotated[int, Meta(ge=1, le=_MAX_NUMBER, description="which dose it was, as the paper says")] | None = None
    of: Annotated[int, Meta(ge=1, le=_MAX_NUMBER, description="of how many, as the paper says")] | None = None
    kind: Annotated[DoseKind, Meta(description="basic, additional or booster, as the paper says")] | None = None
    place: Annotated[str, Meta(max_length=PLACE_LENGTH, description="where it was given")] = ""
    paper: Annotated[PaperKind, Meta(description="what it is entered from")]
    paper_number: Annotated[str, Meta(max_length=80, description="the number of the paper")] = ""
    issued_by: Annotated[str, Meta(max_length=120, description="who made the paper out")] = ""
    shown_by: Annotated[str, Meta(max_length=120, description="who showed it")] = ""


class EnterPaperDose(DoseOnPaper, frozen=True, kw_only=True):
    """A dose that was given in Vietnam."""

    site: Annotated[UUID, Meta(description="the site, where it is one of the registry's")] | None = None


class EnterForeignDose(DoseOnPaper, frozen=True, kw_only=True):
    """A dose that was given abroad."""

    country: Annotated[str, Meta(max_length=40, description="the country, code or name")]


class EnteredDose(Answer, frozen=True, kw_only=True):
    """The dose as it was entered. `warnings` are what somebody should look at; they refuse nothing."""

    dose: DoseCard
    warnings: list[Remark]


class OneDose(Request, frozen=True, kw_only=True):
    """Which dose."""

    dose: Annotated[UUID, Meta(description="the dose's id")]


class PaperShown(Answer, frozen=True, kw_only=True):
    """A dose and the paper it was entered from."""

    dose: DoseCard
    paper: PaperKind
    paper_number: str
    issued_by: str
    shown_by: str
    warnings: list[str]


class VoidDose(OneDose, frozen=True, kw_only=True):
    """Which dose was entered by mistake."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, description="why")]


class VerifiedDose(Answer, frozen=True, kw_only=True):
    """A dose whose paper was verified, and the certificate that is drafted for it."""

    dose: DoseCard
    certificate: UUID | None
