"""The confirmation slip: given out once the observation is over, and whenever it is asked for after that."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.errors import NotRegisteredError, VisitStateError
from vaxcert.registry.doses.dose import DoseKind
from vaxcert.registry.doses.store import doses_of_person
from vaxcert.registry.sites.store import site_by_id
from vaxcert.registry.visits import store
from vaxcert.registry.visits.slip import Slip, slip_number, slip_rows
from vaxcert.registry.visits.visit import VisitState
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.people.finding import person_by_id
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.doses.dose import Dose
    from vaxcert.service.registry.work import Work


class ShowSlip(Request, frozen=True, kw_only=True):
    """The slip of which visit."""

    visit: Annotated[UUID, Meta(description="the visit's id")]


class SlipLine(Answer, frozen=True, kw_only=True):
    """One row of the form."""

    kind: DoseKind
    nth: int
    given_on: date
    product: str
    lot_number: str | None
    place: str


class ConfirmationSlip(Answer, frozen=True, kw_only=True):
    """The slip, as data and as a page of text in two languages."""

    number: str
    family_name: str
    given_name: str
    birth_date: str
    rows: list[SlipLine]
    issued_on: date
    vi: str
    en: str


@use_case(Right.GIVE_SLIPS, reads=True)
def confirmation_slip(work: Work, request: ShowSlip) -> ConfirmationSlip:
    """Give out the confirmation slip of a visit that is over.

    Raises:
        NotRegisteredError: There is no such visit, or a citizen asks for a stranger's.
        NotAllowedError: It is another site's.
        VisitStateError: It ended without an injection, or the observation is not over.
    """
    visit = store.visit_by_id(work.connection, request.visit).visit
    if work.actor.kind is ActorKind.CITIZEN:
        try:
            check_person(work, visit.person)
        except NotRegisteredError:
            raise NotRegisteredError("there is no such visit") from None  # the words for one that is not there
    else:
        work.scope.check_site(visit.site, visit.area)
    if visit.state is not VisitState.COMPLETED:
        raise VisitStateError(f"the visit is {visit.state}: the slip is given out once the observation is over")
    person = person_by_id(work, visit.person)
    doses = doses_of_person(work.connection, person.id)
    slip = Slip(
        number=slip_number(visit.id, visit.day),
        name=person.name,
        birth_date=person.birth_date,
        rows=slip_rows(doses, site_names(work, doses)),
        issued_on=work.day,
    )
    return ConfirmationSlip(
        number=slip.number,
        family_name=slip.name.family,
        given_name=slip.name.given,
        birth_date=slip.birth_date.iso,
        rows=[
            SlipLine(
                kind=row.kind,
                nth=row.nth,
                given_on=row.given_on,
                product=row.product,
                lot_number=row.lot_number,
                place=row.place,
            )
            for row in slip.rows
        ],
        issued_on=slip.issued_on,
        vi=slip.text("vi"),
        en=slip.text("en"),
    )


def site_names(work: Work, doses: list[Dose]) -> dict[UUID, str]:
    """Return what the sites of *doses* are called."""
    ids = {dose.site for dose in doses if dose.site is not None}
    found = {site: site_by_id(work.connection, site) for site in ids}
    return {site: "" if known is None else known.name for site, known in found.items()}
