"""Families: children registered by those who answer for them, and who may act for whom."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from msgspec import Meta, structs

from vaxcert.errors import GuardianshipError, NotAllowedError, NotRegisteredError
from vaxcert.registry.people import guardian_store
from vaxcert.registry.people.guardianship import (
    MAX_OWN_DEPENDANTS,
    ConsentEvidence,
    LinkState,
    Relation,
    may_revoke,
)
from vaxcert.registry.people.masking import Sight
from vaxcert.registry.people.record import Declarer
from vaxcert.registry.people.tables import guardianships
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.people.access import allowed_person, sight_of
from vaxcert.service.registry.people.answers import PersonCard, card_of
from vaxcert.service.registry.people.fields import PersonFields, parse_person
from vaxcert.service.registry.people.finding import dependants_of, guardians_of, people_by_id, person_by_id, person_ids
from vaxcert.service.registry.people.guardian_links import GuardianshipTold, known_evidence, tell_link, write_link
from vaxcert.service.registry.people.register import ReasonText, VersionRead
from vaxcert.service.registry.people.writing import add_person
from vaxcert.service.registry.request import Answer, Request
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.use_case import use_case

if TYPE_CHECKING:
    from vaxcert.registry.people.guardianship import Guardianship
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.work import Work


class RegisterDependant(PersonFields, frozen=True, kw_only=True):
    """Whom somebody takes charge of: a child without any number or phone, or a relative who agreed."""

    guardian: Annotated[UUID, Meta(description="who takes charge")]
    relation: Annotated[Relation, Meta(description="what the guardian is to the person")]
    area: Annotated[str, Meta(max_length=16, description="by default where the guardian lives")] = ""
    consent: Annotated[ConsentEvidence, Meta(description="how the person agreed, if old enough to be asked")] | None = (
        None
    )
    is_another_person: Annotated[bool, Meta(description="whoever has the same number is somebody else")] = False


class DeclareGuardianship(Request, frozen=True, kw_only=True):
    """Who may act for whom, both registered."""

    guardian: UUID
    dependant: UUID
    relation: Annotated[Relation, Meta(description="what the guardian is to the dependant")]
    consent: Annotated[ConsentEvidence, Meta(description="how the dependant agreed")] | None = None


class RevokeGuardianship(Request, frozen=True, kw_only=True):
    """Which guardianship ends."""

    guardianship: UUID
    version: VersionRead
    reason: ReasonText


class ReadFamily(Request, frozen=True, kw_only=True):
    """Whose family."""

    person: UUID


class FamilyMember(Answer, frozen=True, kw_only=True):
    """Somebody who may act for the person, or for whom the person may act."""

    guardianship: UUID
    version: int
    relation: Relation
    consent: ConsentEvidence | None
    since: date
    ends_on: date | None
    person: PersonCard


class Family(Answer, frozen=True, kw_only=True):
    """Who may act for a person today, and for whom the person may act."""

    person: UUID
    guardians: list[FamilyMember]
    dependants: list[FamilyMember]


class DependantRegistered(Answer, frozen=True, kw_only=True):
    """The new person, and on which terms the guardian may act for them."""

    person: PersonCard
    guardianship: GuardianshipTold


@use_case(Right.KEEP_FAMILIES)
def register_dependant(work: Work, request: RegisterDependant) -> DependantRegistered:
    """Register somebody of whom another takes charge: a mother her child, without any number.

    Raises:
        RequestError: Fields are wrong; all of them are named.
        KnownPersonError: Somebody with one of the numbers is in the registry.
        GuardianshipError: The guardian is a child, or the dependant is old enough to be asked and was not.
        NotRegisteredError: There is no such guardian.
    """
    guardian = allowed_person(work, request.guardian)
    told = parse_person(work, structs.replace(request, area=request.area or guardian.area))
    _check_bound(work, guardian)
    record, candidates = add_person(work, told, declared_by=Declarer.OTHER, is_another_person=request.is_another_person)
    link = write_link(work, guardian, record, request.relation, known_evidence(work, record, request.consent))
    is_citizen = work.actor.kind is ActorKind.CITIZEN
    card = card_of(record, sight_of(work), warnings=told.warnings, candidates=() if is_citizen else candidates)
    return DependantRegistered(person=card, guardianship=link)


@use_case(Right.KEEP_FAMILIES)
def declare_guardianship(work: Work, request: DeclareGuardianship) -> GuardianshipTold:
    """Let somebody act for another; citizens grant it for themselves and for the children they answer for.

    Raises:
        GuardianshipError: The guardian is a child, the dependant was not asked, or there is such a guardianship.
        NotRegisteredError: There is no such person.
    """
    dependant = allowed_person(work, request.dependant)
    guardian = person_by_id(work, request.guardian)
    if guardian.id == dependant.id:
        raise GuardianshipError("nobody is their own guardian")
    return write_link(work, guardian, dependant, request.relation, known_evidence(work, dependant, request.consent))


@use_case(Right.KEEP_FAMILIES)
def revoke_guardianship(work: Work, request: RevokeGuardianship) -> GuardianshipTold:
    """Take back somebody's right to act for another.

    Raises:
        NotRegisteredError: There is no such guardianship.
        NotAllowedError: A citizen who is neither the guardian nor a dependant old enough asks.
        GuardianshipError: It was taken back already.
        StaleVersionError: Somebody else has changed it meanwhile.
    """
    link = guardian_store.find_link(work.connection, request.guardianship)
    if link is None:
        raise NotRegisteredError("there is no such guardianship")
    dependant = allowed_person(work, link.dependant)
    if work.actor.kind is ActorKind.CITIZEN:
        _check_may_revoke(work, link, dependant)
    if link.state is not LinkState.ACTIVE:
        raise GuardianshipError("the guardianship was taken back already")
    version = work.update_version(guardianships, link.id, request.version, state=LinkState.REVOKED, revoked_at=work.at)
    work.note("guardianship.revoked", link.id, reason=request.reason, person=dependant.id)
    return tell_link(link, version=version, state=LinkState.REVOKED)


@use_case(Right.READ_PEOPLE, reads=True)
def read_family(work: Work, request: ReadFamily) -> Family:
    """Read who may act for a person today, and for whom the person may act.

    Raises:
        NotRegisteredError: There is no such person.
    """
    record = allowed_person(work, request.person)
    above, below = guardians_of(work, record.id), dependants_of(work, record.id)
    people = people_by_id(work, {link.guardian for link in above} | {link.dependant for link in below})
    sight = sight_of(work)
    # A dependant sees who acts for them, and not all that is known of that person.
    sight_above = Sight.AT_WORK if sight is Sight.FULL else sight
    return Family(
        person=record.id,
        guardians=[_member(link, people[link.guardian], sight_above) for link in above if link.guardian in people],
        dependants=[_member(link, people[link.dependant], sight) for link in below if link.dependant in people],
    )


def _check_bound(work: Work, guardian: PersonRecord) -> None:
    """Refuse a citizen too many dependants; two requests at one time may pass it by one, which harms nobody."""
    if work.actor.kind is ActorKind.CITIZEN and len(dependants_of(work, guardian.id)) >= MAX_OWN_DEPENDANTS:
        raise GuardianshipError(
            f"the account has {MAX_OWN_DEPENDANTS} dependants already", hint="ask an officer at a site for more"
        )


def _check_may_revoke(work: Work, link: Guardianship, dependant: PersonRecord) -> None:
    assert work.actor.person is not None
    own = person_ids(work, work.actor.person)
    if not any(may_revoke(link, person=each, dependant_born=dependant.birth_date, day=work.day) for each in own):
        raise NotAllowedError("only the guardian or somebody old enough to be asked may take it back")


def _member(link: Guardianship, person: PersonRecord, sight: Sight) -> FamilyMember:
    return FamilyMember(
        guardianship=link.id,
        version=link.version,
        relation=link.relation,
        consent=link.evidence,
        since=link.since,
        ends_on=link.ends_on,
        person=card_of(person, sight),
    )
