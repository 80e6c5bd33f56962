"""What is written down in a visit and kept sealed: at the reception, each screening, each measurement, at the end."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from vaxcert.registry.doses.plan import DoseFlag, DoseProblem
from vaxcert.registry.registrations.declaration import Answer
from vaxcert.registry.visits.screening_form import Conclusion
from vaxcert.registry.visits.vitals import Vitals


class IdentityCheck(StrEnum):
    """By what the reception saw who the person is."""

    DOCUMENT = "document"
    CHIP_CARD = "chip_card"
    PERSONAL_QR = "personal_qr"
    """Self-declared as it may be: enough to find the record, and told as a warning."""
    GUARDIAN = "guardian"
    OFFICIAL = "official"
    """Somebody who may vouch does, as for people without papers."""


class ReceptionNote(msgspec.Struct, frozen=True, kw_only=True):
    """What the reception saw and heard."""

    identity: IdentityCheck | None
    declaration: UUID | None
    consents: bool
    declared: tuple[str, ...] = ()
    """The questions of the declaration that were answered with yes."""
    guardian: UUID | None = None
    guardian_name: str = ""
    agrees_to_mix: bool = False
    note: str = ""

    def __repr__(self) -> str:
        return "ReceptionNote(...)"


class ReasonNote(msgspec.Struct, frozen=True, kw_only=True):
    """One reason of a conclusion."""

    item: str
    conclusion: Conclusion
    source: str
    number: str = ""
    until: date | None = None
    details: tuple[str, ...] = ()


class ScreeningNote(msgspec.Struct, frozen=True, kw_only=True):
    """One screening, whole."""

    at: datetime
    account: str
    product: str
    birth_date: str
    """As it was known then: the injection that follows goes by it."""
    form: str
    answers: dict[str, Answer]
    vitals: Vitals
    conclusion: Conclusion
    reasons: tuple[ReasonNote, ...]
    pregnancy_weeks: int | None = None
    infected_on: str | None = None
    reacted_to: str | None = None
    note: str = ""
    overrides: Conclusion | None = None
    override_reason: str = ""
    dose_overrides: dict[DoseProblem, str] = {}
    local_decision: str = ""

    def __repr__(self) -> str:
        return "ScreeningNote(...)"

    @property
    def flags(self) -> frozenset[DoseFlag]:
        """What it says that changes the rules of the doses."""
        found = set()
        if self.answers.get("immunodeficiency") is Answer.YES:
            found.add(DoseFlag.IMMUNOCOMPROMISED)
        if self.local_decision:
            found.add(DoseFlag.LOCAL_DECISION)
        return frozenset(found)


class VitalsNote(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement of the observation."""

    at: datetime
    account: str
    vitals: Vitals

    def __repr__(self) -> str:
        return "VitalsNote(...)"


class EndingNote(msgspec.Struct, frozen=True, kw_only=True):
    """Why a visit ended as it did, or what was asked of who left early."""

    reason: str = ""
    follow_up: str = ""

    def __repr__(self) -> str:
        return "EndingNote(...)"
