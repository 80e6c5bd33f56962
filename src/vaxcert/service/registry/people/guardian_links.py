"""Guardianships written: on the terms of the law, with the consent that somebody could know of."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final
from uuid import UUID

from vaxcert.errors import GuardianshipError
from vaxcert.registry.database.inserting import insert_new
from vaxcert.registry.people import guardian_store
from vaxcert.registry.people.guardianship import ConsentEvidence, LinkNote, LinkState, Relation, check_link
from vaxcert.registry.people.tables import guardianships
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.people.finding import person_ids
from vaxcert.service.registry.request import Answer

if TYPE_CHECKING:
    from vaxcert.registry.people.guardianship import Guardianship
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work

_OFFICERS_SEE: Final = frozenset((ConsentEvidence.IN_PERSON, ConsentEvidence.SIGNED_PAPER))


class GuardianshipTold(Answer, frozen=True, kw_only=True):
    """On which terms somebody may act for another."""

    id: UUID
    version: int
    guardian: UUID
    dependant: UUID
    relation: Relation
    state: LinkState
    since: date
    ends_on: date | None
    notes: list[LinkNote]
    source: str | None


def write_link(
    work: Work,
    guardian: PersonRecord,
    dependant: PersonRecord,
    relation: Relation,
    evidence: ConsentEvidence | None,
) -> GuardianshipTold:
    """Let *guardian* act for *dependant* from today on, and return the terms.

    Raises:
        GuardianshipError: The guardian is a child, the dependant was not asked, or there is such a guardianship.
    """
    terms = check_link(
        relation,
        guardian_born=guardian.birth_date,
        dependant_born=dependant.birth_date,
        day=work.day,
        consent=evidence,
    )
    guardian_store.end_run_out(work.connection, guardian.id, dependant.id, day=work.day, at=work.at)
    row_id = work.new_id()
    row: dict[str, object] = {
        "id": row_id,
        "version": 1,
        "guardian": guardian.id,
        "dependant": dependant.id,
        "relation": relation,
        "state": LinkState.ACTIVE,
        "evidence": evidence,
        "since": work.day,
        "ends_on": terms.ends_on,
    }
    if not insert_new(work.connection, guardianships, row):
        raise GuardianshipError("the guardian may act for the dependant already")
    link = guardian_store.find_link(work.connection, row_id)
    assert link is not None  # it was written above
    work.note("guardianship.declared", link.id, after=link, person=dependant.id)
    return tell_link(link, notes=terms.notes, source=terms.source)


def known_evidence(work: Work, dependant: PersonRecord, told: ConsentEvidence | None) -> ConsentEvidence | None:
    """Return how *dependant* agreed: of others a citizen cannot tell, and an officer tells what an officer saw.

    Raises:
        GuardianshipError: Somebody tells what they cannot know.
    """
    if work.actor.kind is ActorKind.CITIZEN:
        is_own = work.actor.person is not None and dependant.id in person_ids(work, work.actor.person)
        if told is not None and not is_own:
            raise GuardianshipError("the consent of another is noted by an officer", hint="come to a site together")
        return ConsentEvidence.DECLARED if is_own else None
    if told is not None and told not in _OFFICERS_SEE:
        raise GuardianshipError("an officer notes a consent that was given in person or on paper")
    return told


def tell_link(
    link: Guardianship,
    *,
    version: int | None = None,
    state: LinkState | None = None,
    notes: tuple[LinkNote, ...] = (),
    source: str | None = None,
) -> GuardianshipTold:
    """Return what is told of *link*, with what has just changed about it."""
    return GuardianshipTold(
        id=link.id,
        version=version or link.version,
        guardian=link.guardian,
        dependant=link.dependant,
        relation=link.relation,
        state=state or link.state,
        since=link.since,
        ends_on=link.ends_on,
        notes=list(notes),
        source=source,
    )
