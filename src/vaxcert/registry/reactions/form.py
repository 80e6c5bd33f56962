"""The form that staff fill in: WHO's core variables, as far as the person, the dose and the site do not hold them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

MAX_WORDS = 2_000
"""The longest free text."""

Line = Annotated[str, Meta(min_length=1, max_length=200)]
Words = Annotated[str, Meta(min_length=1, max_length=MAX_WORDS)]


class Reason(StrEnum):
    """Why a reaction is serious (WHO SMART Guidelines, IMMZ.D.DE107, and the form of 2015)."""

    DEATH = "death"
    LIFE_THREATENING = "life_threatening"
    DISABILITY = "disability"
    HOSPITALISATION = "hospitalisation"
    CONGENITAL_ANOMALY = "congenital_anomaly"
    IMPORTANT_EVENT = "important_event"

    __hash__ = str.__hash__


class ReactionOutcome(StrEnum):
    """What became of the person (WHO SMART Guidelines, IMMZ.D.DE115)."""

    DIED = "died"
    RECOVERED = "recovered"
    RECOVERED_WITH_SEQUELAE = "recovered_with_sequelae"
    RECOVERING = "recovering"
    NOT_RECOVERED = "not_recovered"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__


class Cause(StrEnum):
    """What a review finds (WHO, causality assessment of an AEFI, 2019)."""

    PRODUCT = "product"
    QUALITY_DEFECT = "quality_defect"
    IMMUNIZATION_ERROR = "immunization_error"
    ANXIETY = "anxiety"
    INDETERMINATE = "indeterminate"
    COINCIDENTAL = "coincidental"
    UNCLASSIFIABLE = "unclassifiable"

    __hash__ = str.__hash__


class Pregnancy(StrEnum):
    """Whether the person was pregnant or breastfeeding at the injection."""

    NO = "no"
    FIRST_TRIMESTER = "first_trimester"
    SECOND_TRIMESTER = "second_trimester"
    THIRD_TRIMESTER = "third_trimester"
    BREASTFEEDING = "breastfeeding"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__


class Autopsy(StrEnum):
    """Whether an autopsy was done."""

    DONE = "done"
    PLANNED = "planned"
    NO = "no"
    UNKNOWN = "unknown"

    __hash__ = str.__hash__


class CitizenWords(Struct, frozen=True, kw_only=True):
    """What a citizen told; it is sealed as a whole.

    Attributes:
        ticks: Codes of the tick list.
        temperature: What the thermometer showed, in degrees Celsius.
        began_at: When it began.
        words: What they wrote of their own.
    """

    ticks: tuple[str, ...] = ()
    temperature: float | None = None
    began_at: datetime | None = None
    words: str | None = None


class AefiForm(Struct, frozen=True, kw_only=True):
    """The form as it was filled in; it is sealed as a whole. The core variables that are not here the registry has."""

    events: Annotated[tuple[str, ...], Meta(min_length=1, max_length=20, description="codes of the form's events")]
    onset_at: Annotated[datetime, Meta(description="when it began")]
    outcome: Annotated[ReactionOutcome, Meta(description="what became of the person so far")]
    reporter_name: Annotated[Line, Meta(description="who reports")]
    reporter_role: Annotated[Line, Meta(description="their office, and the institution")]
    reporter_phone: Annotated[Line, Meta(description="their telephone")] | None = None
    onset_time_known: Annotated[bool, Meta(description="no, if only the day of the onset is known")] = True
    description: Annotated[Words, Meta(description="what happened, and what was done")] | None = None
    reasons: Annotated[tuple[Reason, ...], Meta(max_length=6, description="why it is serious; none if it is not")] = ()
    died_on: Annotated[date, Meta(description="day of death, if they died")] | None = None
    autopsy: Annotated[Autopsy, Meta(description="whether one was done, if they died")] | None = None
    pregnancy: Annotated[Pregnancy, Meta(description="at the injection")] | None = None
    history: Annotated[Words, Meta(description="earlier reactions, allergies, diseases, medicines")] | None = None
    other_vaccines: Annotated[Line, Meta(description="what else was injected on that day")] | None = None
    diluent_lot: Annotated[Line, Meta(description="lot of the diluent")] | None = None
    diluent_expires_on: Annotated[date, Meta(description="last day of use of the diluent")] | None = None
    mixed_at: Annotated[datetime, Meta(description="when the vaccine was mixed with it")] | None = None
    worldwide_id: Annotated[Line, Meta(description="number in the worldwide database")] | None = None
    national_receipt_on: Annotated[date, Meta(description="day of receipt at the national level")] | None = None
    investigation_on: Annotated[date, Meta(description="day of the investigation, if one is needed")] | None = None
    comments: Annotated[Words, Meta(description="anything else")] | None = None
