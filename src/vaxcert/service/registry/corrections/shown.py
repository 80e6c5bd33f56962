"""Requests for corrections as those who decide about them see them, and the citizens who asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import NotRegisteredError
from vaxcert.registry.corrections import store
from vaxcert.registry.corrections.evidence import MediaType
from vaxcert.registry.corrections.life import CorrectionState, Lane
from vaxcert.registry.corrections.store import CONTENT_PLACE, NOTE_PLACE
from vaxcert.service.registry.corrections.asked import OneCorrection
from vaxcert.service.registry.corrections.decided import read_wish
from vaxcert.service.registry.corrections.found import CorrectionCard, card_of, find_correction
from vaxcert.service.registry.doses.given import dose_by_id
from vaxcert.service.registry.paging import page_of, read_after
from vaxcert.service.registry.people.access import allowed_person
from vaxcert.service.registry.people.finding import person_by_id, person_ids
from vaxcert.service.registry.people.register import fields_of
from vaxcert.service.registry.request import Answer, Document, Page, PageRequest, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.corrections.store import Correction
    from vaxcert.service.registry.work import Work

KEPT_AFTER_DECISION: Final = timedelta(days=30)
"""So long the evidence of a decided request is kept: whoever disagrees has time to say so."""

_ENDINGS: Final = {MediaType.JPEG: "jpg", MediaType.PNG: "png", MediaType.PDF: "pdf"}


class ListCorrections(PageRequest, frozen=True, kw_only=True):
    """Which requests to list."""

    lane: Annotated[Lane, Meta(description="what they are about")]
    state: Annotated[CorrectionState, Meta(description="what became of them")] = CorrectionState.OPEN


class CorrectionsOfPerson(Request, frozen=True, kw_only=True):
    """Whose requests."""

    person: Annotated[UUID, Meta(description="the person's id")]


class CorrectionEvidence(OneCorrection, frozen=True, kw_only=True):
    """Which file of which request."""

    number: Annotated[int, Meta(ge=1, description="which of its files, from 1")]


class Corrections(Answer, frozen=True, kw_only=True):
    """What was asked for about somebody, the newest first."""

    corrections: list[CorrectionCard]


class EvidenceCard(Answer, frozen=True, kw_only=True):
    """A file that came with a request."""

    number: int
    media_type: MediaType
    size: int
    is_kept: bool


class FieldChange(Answer, frozen=True, kw_only=True):
    """One field: what the record says, and what it is to say."""

    field: str
    now: str
    wished: str


class ShownCorrection(Answer, frozen=True, kw_only=True):
    """A request: what is to be different, and by what evidence."""

    card: CorrectionCard
    changes: list[FieldChange]
    note: str | None
    decision_note: str | None
    evidence: list[EvidenceCard]


class ForgetEvidence(Request, frozen=True, kw_only=True):
    """Nothing has to be told."""


class Forgotten(Answer, frozen=True, kw_only=True):
    """How many files are not kept any more."""

    files: int


@use_case(Right.LIST_CORRECTIONS, reads=True)
def list_corrections(work: Work, request: ListCorrections) -> Page[CorrectionCard]:
    """List requests for corrections, the oldest first: the day's work of those who decide about them.

    Raises:
        RequestError: The place to begin at is none.
    """
    found = store.in_state(
        work.connection,
        request.state,
        request.lane,
        site=work.actor.site,
        areas=work.scope.areas(),
        after=read_after(request),
        limit=request.limit + 1,
    )
    return page_of([card_of(row) for row in found], request.limit)


@use_case(Right.READ_CORRECTIONS, reads=True)
def corrections_of_person(work: Work, request: CorrectionsOfPerson) -> Corrections:
    """Tell what was asked for about somebody, and what became of it.

    Raises:
        NotAllowedError: The person lives outside of the area of the authority that asks.
        NotRegisteredError: There is no such person, or the citizen who asks may not act for them.
    """
    ids = person_ids(work, allowed_person(work, request.person).id)
    return Corrections(corrections=[card_of(row) for row in store.of_people(work.connection, ids)])


@use_case(Right.READ_CORRECTIONS, reads=True)
def show_correction(work: Work, request: OneCorrection) -> ShownCorrection:
    """Show a request: for each field what the record says now and what it is to say, and which files came with it.

    Raises:
        NotRegisteredError: There is no such request, or it is not the citizen's to see.
        PersonErasedError: The person was erased.
    """
    row = find_correction(work, request.correction)
    asked = read_wish(work, row)
    now = _now(work, row)
    return ShownCorrection(
        card=card_of(row),
        changes=[
            FieldChange(field=name, now=now.get(name, ""), wished=str(value)) for name, value in asked.wish.items()
        ],
        note=asked.note,
        decision_note=None if row.note is None else work.unseal(str, row.person, NOTE_PLACE, row.id, row.note),
        evidence=[
            EvidenceCard(number=number, media_type=each.media_type, size=each.size, is_kept=each.content is not None)
            for number, each in enumerate(store.evidence_of(work.connection, row.id), 1)
        ],
    )


@use_case(Right.READ_CORRECTIONS, reads=True)
def correction_evidence(work: Work, request: CorrectionEvidence) -> Document:
    """Give out a file that came with a request.

    Raises:
        NotRegisteredError: There is no such request or file, or it is not kept any more.
        PersonErasedError: The person was erased.
    """
    row = find_correction(work, request.correction)
    files = store.evidence_of(work.connection, row.id)
    piece = files[request.number - 1] if request.number <= len(files) else None
    if piece is None or piece.content is None:
        raise NotRegisteredError("there is no such file, or it is not kept any more")
    return Document(
        name=f"evidence-{request.number}.{_ENDINGS[piece.media_type]}",
        media_type=piece.media_type,
        content=work.unseal(bytes, piece.person, CONTENT_PLACE, piece.id, piece.content),
    )


@use_case(Right.KEEP_REGISTRY)
def forget_evidence(work: Work, request: ForgetEvidence) -> Forgotten:  # noqa: ARG001 - every use case has a request
    """Forget the files of requests that were decided thirty days ago; that there were some stays."""
    files = store.forget_evidence(work.connection, work.at - KEPT_AFTER_DECISION, work.at)
    return Forgotten(files=files)


def _now(work: Work, row: Correction) -> dict[str, str]:
    """Return what the record says now, by the names of the fields."""
    if row.dose is not None:
        dose = dose_by_id(work, row.dose)
        known = {name: getattr(dose, name) for name in ("product", "lot_number", "given_on", "number", "of", "place")}
    else:
        told = fields_of(person_by_id(work, row.person))
        known = {name: getattr(told, name) for name in told.__struct_fields__}
    return {name: "" if value is None else str(value) for name, value in known.items()}
