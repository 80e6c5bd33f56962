"""Who came: read with the visit, as far as one statement tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.registry.doses import store as dose_store
from vaxcert.registry.visits import store
from vaxcert.service.registry.people.finding import person_by_id
from vaxcert.service.registry.people.records import read_record
from vaxcert.service.registry.visits.cards import check_here

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.registry.doses.dose import Dose
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.registry.visits.store import Visitor
    from vaxcert.service.registry.work import Work


def visitor_here(work: Work, visit: UUID, version: int | None = None) -> Visitor:
    """Return the visit with the id *visit*, at a site where the actor works, and who came.

    Raises:
        NotRegisteredError: There is none.
        NotAllowedError: It is another site's.
        StaleVersionError: It has another *version* than the caller has read.
    """
    visitor = store.visitor_by_visit(work.connection, visit)
    check_here(work, visitor.found, version)
    if visitor.is_whole:
        person = visitor.found.visit.person
        work.entries[person] = (person,)
    return visitor


def record_of(work: Work, visitor: Visitor) -> PersonRecord:
    """Return who came; of an entry that was merged meanwhile, whom it leads to.

    Raises:
        PersonErasedError: They were erased.
    """
    if visitor.entry.survivor is None:
        return read_record(work, visitor.entry)
    return person_by_id(work, visitor.found.visit.person)


def earlier_doses(work: Work, visitor: Visitor) -> list[Dose]:
    """Return the doses of who came, under whatever id they were entered, the oldest first."""
    person = visitor.found.visit.person
    if not visitor.is_whole:
        return dose_store.doses_of_person(work.connection, person)
    return dose_store.some_doses_of_person(work.connection, person) if visitor.has_doses else []
