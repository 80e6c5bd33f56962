"""Corrections asked for: in one lane who somebody is, in the other what was injected, each with evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from vaxcert.errors import AlreadyAskedError, EvidenceError, FieldProblem, RequestError
from vaxcert.model.checks import MAX_DOSE
from vaxcert.model.names import MAX_NAME_LENGTH
from vaxcert.registry.corrections.evidence import MAX_PIECES, check_amount, media_type_of
from vaxcert.registry.corrections.life import CorrectionState, Decision, Lane, state_after
from vaxcert.registry.corrections.store import CONTENT_PLACE, WISH_PLACE
from vaxcert.registry.corrections.tables import corrections, evidence
from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.sites.store import site_by_id
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.corrections.applied import corrected_dose, corrected_person
from vaxcert.service.registry.corrections.found import CorrectionCard, card_of, find_correction
from vaxcert.service.registry.doses.given import dose_by_id
from vaxcert.service.registry.people.access import allowed_person
from vaxcert.service.registry.people.register import fields_of
from vaxcert.service.registry.request import Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vaxcert.service.registry.work import Work

NameText = Annotated[str, Meta(max_length=MAX_NAME_LENGTH)]
EvidenceFiles = Annotated[
    tuple[bytes, ...], Meta(max_length=MAX_PIECES, description="photographs or scans: JPEG, PNG or PDF")
]
NoteText = Annotated[str, Meta(max_length=500, description="what is wrong, in your own words; kept sealed")]


class AskIdentityCorrection(Request, frozen=True, kw_only=True):
    """What is wrong about who somebody is; what is left out is right."""

    person: Annotated[UUID, Meta(description="whose record")]
    family_name: Annotated[NameText, Meta(description="family name, as on the identity card")] | None = None
    given_name: Annotated[NameText, Meta(description="middle and given names")] | None = None
    family_name_standardised: Annotated[NameText, Meta(description="in A-Z and <, as in the passport")] | None = None
    given_name_standardised: Annotated[NameText, Meta(description="the same for the given names")] | None = None
    birth_date: Annotated[str, Meta(max_length=10, description="1984-03-18, or 1984-03 or 1984")] | None = None
    sex: Annotated[str, Meta(max_length=10, description="male, female or other")] | None = None
    nationality: Annotated[str, Meta(max_length=40, description="country, code or name")] | None = None
    evidence: EvidenceFiles = ()
    note: NoteText | None = None


class AskHealthCorrection(Request, frozen=True, kw_only=True):
    """What is wrong about an injection; what is left out is right."""

    dose: Annotated[UUID, Meta(description="which injection")]
    product: Annotated[str, Meta(max_length=80, description="EU code or known name of the product")] | None = None
    lot_number: Annotated[str, Meta(min_length=1, max_length=40, description="as on the vial")] | None = None
    given_on: Annotated[date, Meta(description="the day of the injection")] | None = None
    number: Annotated[int, Meta(ge=1, le=MAX_DOSE, description="which dose it was")] | None = None
    of: Annotated[int, Meta(ge=1, le=MAX_DOSE, description="of how many")] | None = None
    place: Annotated[str, Meta(max_length=80, description="where, for an injection from elsewhere")] | None = None
    is_not_theirs: Annotated[bool, Meta(description="the person was not given it at all")] = False
    evidence: EvidenceFiles = ()
    note: NoteText | None = None


class OneCorrection(Request, frozen=True, kw_only=True):
    """Which request."""

    correction: Annotated[UUID, Meta(description="its id")]


_SAYS_NOTHING = (None, False)
_BESIDE = frozenset(("person", "dose", "evidence", "note"))


@use_case(Right.ASK_CORRECTIONS)
def ask_identity_correction(work: Work, request: AskIdentityCorrection) -> CorrectionCard:
    """Ask for a correction of who somebody is: name, birth date, sex or nationality.

    Raises:
        AlreadyAskedError: There is an open request about this person.
        EvidenceError: A file is too large or of another kind; or there is none, and a citizen asks.
        NotRegisteredError: There is no such person, or the citizen who asks may not act for them.
        RequestError: Nothing is to be different, or fields are wrong; all of them are named.
    """
    person = allowed_person(work, request.person)
    wish, now = _wish(request), fields_of(person)
    for part in ("family_name", "given_name"):
        if part in wish and getattr(now, f"{part}_standardised"):  # the spelling of the old name is not the new one's
            wish.setdefault(f"{part}_standardised", "")
    corrected_person(work, person, wish)
    return _ask(work, request, wish, lane=Lane.IDENTITY, person=person.id, area=person.area)


@use_case(Right.ASK_CORRECTIONS)
def ask_health_correction(work: Work, request: AskHealthCorrection) -> CorrectionCard:
    """Ask for a correction of what was injected: product, lot, day or number.

    Raises:
        AlreadyAskedError: There is an open request about this injection.
        EvidenceError: A file is too large or of another kind; or there is none, and a citizen asks.
        NotRegisteredError: There is no such injection, or the citizen who asks may not act for its person.
        RequestError: Nothing is to be different, or fields are wrong; all of them are named.
    """
    dose = dose_by_id(work, request.dose)
    person = allowed_person(work, dose.person)
    wish = _wish(request)
    corrected_dose(work, dose, wish)
    site = None if dose.site is None else site_by_id(work.connection, dose.site)
    area = person.area if site is None else site.area
    return _ask(work, request, wish, lane=Lane.HEALTH, person=dose.person, area=area, dose=dose.id, site=dose.site)


@use_case(Right.ASK_CORRECTIONS)
def withdraw_correction(work: Work, request: OneCorrection) -> CorrectionCard:
    """Withdraw a request that was not decided.

    Raises:
        CorrectionStateError: It was decided.
        NotRegisteredError: There is no such request, or it is another's.
    """
    row = find_correction(work, request.correction)
    state = state_after(row.state, Decision.WITHDRAW)
    end = {"state": state, "decided_by": work.actor.account, "decided_at": work.at}
    version = work.update_version(corrections, row.id, row.version, **end)
    work.note("correction.withdrawn", row.id, person=row.person)
    return card_of(replace(row, version=version, state=state, decided_at=work.at))


def _wish(request: AskIdentityCorrection | AskHealthCorrection) -> dict[str, object]:
    given = msgspec.structs.asdict(request)
    wish = {name: value for name, value in given.items() if name not in _BESIDE and value not in _SAYS_NOTHING}
    if not wish:
        problem = FieldProblem("", "nothing_to_correct", "says nothing that is to be different")
        raise RequestError("there is nothing to correct", problems=[problem])
    return wish


def _ask(
    work: Work,
    request: AskIdentityCorrection | AskHealthCorrection,
    wish: Mapping[str, object],
    *,
    lane: Lane,
    person: UUID,
    area: str,
    dose: UUID | None = None,
    site: UUID | None = None,
) -> CorrectionCard:
    _check_evidence(work, request.evidence)
    correction = work.new_id()
    row = {
        "id": correction,
        "version": 1,
        "lane": lane,
        "state": CorrectionState.OPEN,
        "person": person,
        "dose": dose,
        "site": site,
        "area": area,
        "asked_by": work.actor.account,
        "asked_at": work.at,
        "wish": work.seal(person, WISH_PLACE, correction, {"wish": wish, "note": request.note}),
    }
    if not insert_new(work.connection, corrections, row):
        raise AlreadyAskedError("there is an open request for this correction")
    for content in request.evidence:
        _keep(work, content, correction, person)
    work.note("correction.asked", correction, after=wish, person=person)
    return card_of(find_correction(work, correction))


def _check_evidence(work: Work, contents: Sequence[bytes]) -> None:
    check_amount(contents)
    for content in contents:
        media_type_of(content)
    if not contents and work.actor.kind is ActorKind.CITIZEN:
        raise EvidenceError("there is no evidence", hint="send a photograph of the paper that says it right")


def _keep(work: Work, content: bytes, correction: UUID, person: UUID) -> None:
    piece = work.new_id()
    work.insert(
        evidence,
        id=piece,
        correction=correction,
        person=person,
        media_type=media_type_of(content),
        size=len(content),
        digest=sha256(content).digest(),
        content=work.seal(person, CONTENT_PLACE, piece, content),
    )
