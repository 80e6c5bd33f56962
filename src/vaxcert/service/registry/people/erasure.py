"""People erased: their data key is destroyed, nothing finds them, and what is counted stays.

Doses, certificates' leaves and the trail stay as facts under an id that leads to nobody. What is sealed about the
person anywhere in the registry cannot be opened from then on. Only backups made before still hold the key: they have to
run out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID

from vaxcert.registry.people import duplicate_store, guardian_store, store
from vaxcert.registry.people.merging import PersonState
from vaxcert.registry.people.tables import people
from vaxcert.registry.registrations.states import OPEN, RegistrationEvent
from vaxcert.registry.registrations.store import registrations_of
from vaxcert.service.registry.certificates.revoked import erase_certificates
from vaxcert.service.registry.people.access import allowed_person
from vaxcert.service.registry.people.finding import person_ids
from vaxcert.service.registry.people.register import ReasonText, VersionRead
from vaxcert.service.registry.registrations.open_registrations import give_up_appointment, step_registration
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from collections.abc import Collection

    from vaxcert.service.registry.work import Work

_MOST_REGISTRATIONS: Final = 1_000
"""Of one person; there is one open for each dose at most."""


class ErasePerson(Request, frozen=True, kw_only=True):
    """Whom to erase, and why."""

    person: UUID
    version: VersionRead
    reason: ReasonText


class PersonErased(Answer, frozen=True, kw_only=True):
    """The ids that lead to nobody any more: the person's, and those of entries merged into it."""

    ids: list[UUID]


@use_case(Right.ERASE_PEOPLE)
def erase_person(work: Work, request: ErasePerson) -> PersonErased:
    """Erase a person, for ever: names, numbers, phones, addresses, history, and what else is sealed about them.

    Open registrations are withdrawn, and the places of appointments given back. Doses stay counted.

    Raises:
        NotRegisteredError: There is no such person.
        PersonErasedError: The person was erased already.
        StaleVersionError: Somebody else has changed the person meanwhile.
        NotAllowedError: The person lives outside of the account's area.
        AppointmentStateError: The person is at a site at this moment.
    """
    record = allowed_person(work, request.person)
    ids = person_ids(work, record.id)
    _give_up_plans(work, ids)
    work.note("person.erased", record.id, reason=request.reason, person=NOBODY)
    work.update_version(people, record.id, request.version, state=PersonState.ERASED, sealed=None)
    for alias in ids[1:]:
        work.update_version(people, alias, None, sealed=None)
    guardian_store.revoke_all(work.connection, ids, at=work.at)
    duplicate_store.close_pairs_of(work.connection, ids, at=work.at, account=work.actor.account)
    erase_certificates(work, ids)
    for each in ids:
        store.forget_person(work.connection, each)
        work.erase_subject(each)
    return PersonErased(ids=list(ids))


def _give_up_plans(work: Work, people: Collection[UUID]) -> None:
    """Withdraw the open registrations of *people*, with the appointments that they led to."""
    for registration in registrations_of(work.connection, people, _MOST_REGISTRATIONS):
        if registration.state in OPEN:
            step_registration(work, registration, RegistrationEvent.WITHDRAW)
            give_up_appointment(work, registration, None)
