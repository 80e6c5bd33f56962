"""What a visit keeps: written step by step, and opened for the steps that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import StaleVersionError, VisitOpenError
from vaxcert.registry.doses.plan import DoseFlag
from vaxcert.registry.visits import store
from vaxcert.registry.visits.notes import EndingNote, ReceptionNote, ScreeningNote, VitalsNote
from vaxcert.registry.visits.tables import visits

if TYPE_CHECKING:
    from vaxcert.registry.visits.store import StoredVisit
    from vaxcert.registry.visits.visit import Visit
    from vaxcert.service.registry.work import Work

RECEPTION_PLACE: Final = "visits.reception"
SCREENING_PLACE: Final = "visits.screening"
VITALS_PLACE: Final = "visits.vitals"
ENDING_PLACE: Final = "visits.ending"


def reception_of(work: Work, found: StoredVisit) -> ReceptionNote:
    """Return what the reception of a visit saw."""
    assert found.reception is not None  # only who did not come has none
    return work.unseal(ReceptionNote, found.visit.person, RECEPTION_PLACE, found.visit.id, found.reception)


def screenings_of(work: Work, found: StoredVisit) -> list[ScreeningNote]:
    """Return the screenings of a visit, the last one last."""
    if found.screening is None:
        return []
    return work.unseal(list[ScreeningNote], found.visit.person, SCREENING_PLACE, found.visit.id, found.screening)


def measurements_of(work: Work, found: StoredVisit) -> list[VitalsNote]:
    """Return what was measured in the observation of a visit, the last last."""
    if found.vitals is None:
        return []
    return work.unseal(list[VitalsNote], found.visit.person, VITALS_PLACE, found.visit.id, found.vitals)


def ending_of(work: Work, found: StoredVisit) -> EndingNote:
    """Return why a visit ended as it did; blank where nothing was said."""
    if found.ending is None:
        return EndingNote()
    return work.unseal(EndingNote, found.visit.person, ENDING_PLACE, found.visit.id, found.ending)


def begin(work: Work, visit: Visit, **values: object) -> None:
    """Write the new *visit*, with the other *values* of its row, with the next statement of the transaction.

    Raises:
        VisitOpenError: When it is written: the person is in another one.
    """
    refused = VisitOpenError("the person is in a visit already")
    work.insert_new(visits, store.row_of(visit, **values), otherwise=refused)


def bring_on(work: Work, visit: Visit, **values: object) -> None:
    """Write *values* into the row of *visit* as a new version, with the next statement of the transaction.

    Raises:
        StaleVersionError: When it is written: somebody else has brought the visit on meanwhile.
    """
    stale = StaleVersionError("somebody else has brought the visit on meanwhile")
    work.change(*store.advance(visit, **values), otherwise=stale)


def flags_of(reception: ReceptionNote, screening: frozenset[DoseFlag]) -> frozenset[DoseFlag]:
    """Return what changes the rules of the doses for a person, as the reception and the screening say."""
    return screening | {DoseFlag.AGREES_TO_MIX} if reception.agrees_to_mix else screening
