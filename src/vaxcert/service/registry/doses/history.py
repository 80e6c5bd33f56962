"""What somebody has had and what is due: their own, their family's, and any person's for those who work with them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta

from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.doses.store import doses_of_person
from vaxcert.registry.visits.store import deferred_until
from vaxcert.service.registry.doses.cards import DoseCard, NextDue, dose_card, next_due_card
from vaxcert.service.registry.doses.given import next_due
from vaxcert.service.registry.people.access import allowed_person
from vaxcert.service.registry.people.finding import dependants_of, person_by_id
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work


class DosesOf(Request, frozen=True, kw_only=True):
    """Whose doses."""

    person: Annotated[UUID, Meta(description="the person")]


class DoseHistory(Answer, frozen=True, kw_only=True):
    """The doses of a person, the oldest first, without those entered by mistake; the next one, where one is due."""

    person: UUID
    doses: list[DoseCard]
    next_due: NextDue | None
    deferred_until: date | None


class FamilyHistory(Answer, frozen=True, kw_only=True):
    """The doses of a person and of all for whom they may act today."""

    people: list[DoseHistory]


@use_case(Right.READ_DOSES, reads=True)
def dose_history(work: Work, request: DosesOf) -> DoseHistory:
    """Show the doses of a person, and which is due next, when and with what.

    Raises:
        NotRegisteredError: There is no such person, or a citizen asks for a stranger.
        NotAllowedError: The person lives outside of the account's area.
    """
    return _history(work, allowed_person(work, request.person))


@use_case(Right.READ_DOSES, reads=True)
def family_history(work: Work, request: DosesOf) -> FamilyHistory:
    """Show the doses of a person and of their dependants.

    Raises:
        NotRegisteredError: There is no such person, or a citizen asks for a stranger.
        NotAllowedError: The person lives outside of the account's area.
    """
    person = allowed_person(work, request.person)
    family = [person_by_id(work, link.dependant) for link in dependants_of(work, person.id)]
    return FamilyHistory(people=[_history(work, each) for each in (person, *family)])


def _history(work: Work, person: PersonRecord) -> DoseHistory:
    doses = [dose for dose in doses_of_person(work.connection, person.id) if dose.state is not DoseState.VOIDED]
    return DoseHistory(
        person=person.id,
        doses=[dose_card(dose) for dose in doses],
        next_due=next_due_card(next_due(doses, person.birth_date, work.day)),
        deferred_until=deferred_until(work.connection, [person.id], work.day),
    )
