"""Whose data an actor may work with, and how much of it is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.errors import NotAllowedError, NotRegisteredError
from vaxcert.registry.people import guardian_store, store
from vaxcert.registry.people.masking import Sight
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.people.finding import person_by_id, person_ids
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work

_NOBODY: Final = "there is no such person"
_AT_SITES: Final = frozenset((Role.RECEPTIONIST, Role.SCREENER, Role.VACCINATOR, Role.OBSERVER, Role.SITE_ADMIN))
"""Who works with people who stand before them, wherever these live."""

_OVER_AREAS: Final = frozenset((Role.DISTRICT, Role.PROVINCE, Role.CENTRE))
"""Who works with people of their area."""


def check_person(work: Work, person: UUID) -> None:
    """Refuse a citizen who asks for somebody else than themselves and those whom they may act for; staff pass.

    Raises:
        NotRegisteredError: *person* is another: a citizen is not told whether there is one.
    """
    actor = work.actor
    if actor.kind is not ActorKind.CITIZEN or actor.person == person:
        return
    if actor.person is None:
        raise NotRegisteredError(_NOBODY)
    own = person_ids(work, actor.person)
    if person in own:
        return
    links = guardian_store.find_links_of_guardians(work.connection, own)
    dependants = {link.dependant for link in links if link.holds_on(work.day)}
    if person not in dependants and not _is_among(work, person, dependants):
        raise NotRegisteredError(_NOBODY)


def allowed_person(work: Work, person: UUID) -> PersonRecord:
    """Return the person that *person* leads to, if the actor may work with them.

    Raises:
        NotRegisteredError: There is no such person, or a citizen asks for a stranger.
        NotAllowedError: The person lives outside of the area of the actor's authority.
        PersonErasedError: The person was erased.
    """
    check_person(work, person)
    record = person_by_id(work, person)
    check_area(work, record)
    return record


def check_area(work: Work, record: PersonRecord) -> None:
    """Refuse an authority that asks for somebody outside of its area.

    Raises:
        NotAllowedError: It does.
    """
    roles = work.actor.roles
    if work.actor.kind is not ActorKind.CITIZEN and roles & _OVER_AREAS and not roles & _AT_SITES:
        work.scope.check_area(record.area)


def is_stranger(work: Work, record: PersonRecord) -> bool:
    """Say whether *record* is somebody with whom the actor may not work."""
    try:
        check_person(work, record.id)
        check_area(work, record)
    except (NotRegisteredError, NotAllowedError):
        return True
    return False


def sight_of(work: Work) -> Sight:
    """Return how much the actor sees of those whom they may work with."""
    if work.actor.kind is ActorKind.CITIZEN:
        return Sight.FULL
    return Sight.AT_WORK if work.actor.roles & (_AT_SITES | _OVER_AREAS) else Sight.MASKED


def _is_among(work: Work, person: UUID, dependants: Collection[UUID]) -> bool:
    """Say whether *person* and one of *dependants* are entries of one person."""
    lasting = {row.id for row in store.find_by_id(work.connection, dependants)}
    return not lasting.isdisjoint(store.find_all_ids(work.connection, person)[:1])
