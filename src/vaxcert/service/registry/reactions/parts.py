"""What the use cases about reactions share: who may see which, how one is opened and written on, who is alerted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vaxcert.errors import FieldProblem, NotRegisteredError
from vaxcert.registry.doses.dose import DoseState
from vaxcert.registry.reactions import store
from vaxcert.registry.reactions.case_code import case_code
from vaxcert.registry.reactions.follow_up import follow_up_plan
from vaxcert.registry.reactions.life import ReactionState
from vaxcert.registry.reactions.store import CONTENT_PLACE, Reaction
from vaxcert.registry.reactions.tables import reaction_versions, reactions
from vaxcert.service.registry.access import ActorKind
from vaxcert.service.registry.doses.given import dose_by_id
from vaxcert.service.registry.notifications.notify import notify_offices
from vaxcert.service.registry.people.access import check_person
from vaxcert.service.registry.people.finding import person_by_id
from vaxcert.service.registry.request import check
from vaxcert.service.registry.sites.access import read_site
from vaxcert.service.registry.work import NOBODY

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from vaxcert.registry.doses.dose import Dose
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.registry.reactions.life import ReactionAct
    from vaxcert.registry.reactions.tables import ReactionSource
    from vaxcert.registry.reactions.ticks import ReactionLevel
    from vaxcert.registry.sites.site import Site
    from vaxcert.service.registry.work import Work

UNKNOWN = "?"
"""What an alert calls a site or lot that nobody knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An injection, who had it, and where.

    Attributes:
        dose: The dose.
        person: Who had it.
        site: Where; None where that was elsewhere.
    """

    dose: Dose
    person: PersonRecord
    site: Site | None

    @property
    def area(self) -> str:
        """The area that looks after it: the site's, or else the person's."""
        return self.person.area if self.site is None else self.site.area


def given(work: Work, dose: UUID) -> Given:
    """Return the injection with the id *dose*, if the actor may speak of it.

    Staff at a site may, wherever it was: who falls ill goes to the nearest hospital, and that one reports.

    Raises:
        NotRegisteredError: There is no such dose, or a citizen asks for a stranger's.
        NotAllowedError: It lies outside of the area of the actor's authority.
        RequestError: The dose was entered by mistake.
    """
    found = dose_by_id(work, dose)
    check_person(work, found.person)
    site = None if found.site is None else read_site(work, found.site)
    this = Given(dose=found, person=person_by_id(work, found.person), site=site)
    if work.actor.kind is not ActorKind.CITIZEN and work.actor.site is None:
        work.scope.check_area(this.area)
    if found.state is DoseState.VOIDED:
        check([FieldProblem("dose", "voided", "was entered by mistake and does not count")])
    return this


def open_reaction(work: Work, this: Given, *, source: ReactionSource, level: ReactionLevel) -> Reaction:
    """Return a new reaction to the injection *this*, not yet written."""
    reaction, dose = work.new_id(), this.dose
    return Reaction(
        id=reaction,
        version=1,
        code=case_code(reaction),
        person=this.person.id,
        dose=dose.id,
        dose_number=dose.number,
        given_on=dose.given_on,
        product=dose.product,
        lot=dose.lot,
        lot_number=dose.lot_number,
        site=dose.site,
        area=this.area,
        source=source,
        level=level,
        state=ReactionState.TOLD,
        told_at=work.at,
        told_on=work.day,
        is_late=follow_up_plan(dose.given_on).is_late(dose.given_on, work.day),
    )


def insert_reaction(work: Work, reaction: Reaction, act: ReactionAct, content: object) -> None:
    """Write the new *reaction*, with what was told."""
    work.insert(reactions, **{name: getattr(reaction, name) for name in Reaction.__dataclass_fields__})
    _write_version(work, reaction, act, content)
    work.note(f"reaction.{act.value}", reaction.id, after=content, person=reaction.person)


def write_reaction(
    work: Work, before: Reaction, after: Reaction, act: ReactionAct, content: object, *, expected: int | None = None
) -> Reaction:
    """Write what *act* has made of a reaction, and return it with its new version.

    Args:
        work: The transaction.
        before: The reaction as it was read.
        after: The reaction as it is to be.
        act: What was done.
        content: What was told or decided.
        expected: The version that the actor has seen; None where they need not have seen one.

    Raises:
        StaleVersionError: Somebody else has changed it meanwhile.
    """
    changed = {
        name: getattr(after, name)
        for name in Reaction.__dataclass_fields__
        if name != "version" and getattr(after, name) != getattr(before, name)
    }
    version = work.update_version(reactions, before.id, before.version if expected is None else expected, **changed)
    written = replace(after, version=version)
    _write_version(work, written, act, content)
    work.note(f"reaction.{act.value}", before.id, before=_facts(before), after=content, person=before.person)
    return written


def own_reaction(work: Work, reaction: UUID) -> Reaction:
    """Return the reaction with this id, if the actor may see it.

    A citizen sees their own and their dependants', a site those after its own injections and those that the account
    itself has written on, an authority those of its area.

    Raises:
        NotRegisteredError: There is none, or a citizen asks for a stranger's.
        NotAllowedError: It is another site's or area's.
    """
    found = store.reaction_by_id(work.connection, reaction)
    if found is None:
        raise NotRegisteredError("there is no such reaction")
    if work.actor.kind is ActorKind.CITIZEN:
        check_person(work, found.person)
        return found
    if work.actor.site not in {None, found.site} and _has_written(work, found.id):
        return found
    # NOBODY is no site: what happened elsewhere is nobody's but the authorities'.
    work.scope.check_site(found.site or NOBODY, found.area)
    return found


def place_name(work: Work, reaction: Reaction) -> str:
    """Return what the site of *reaction* is called."""
    return UNKNOWN if reaction.site is None else read_site(work, reaction.site).name


def alert(work: Work, reaction: Reaction, template: str, **fields: str | datetime) -> int:
    """Tell the offices of the site and the areas around it of *reaction*, once; return how many are told."""
    return notify_offices(
        work,
        template,
        f"{template}:{reaction.id}",
        of_site=reaction.site,
        of_area=reaction.area,
        about=reaction.id,
        code=reaction.code,
        **fields,
    )


def _write_version(work: Work, reaction: Reaction, act: ReactionAct, content: object) -> None:
    row = work.new_id()
    work.insert(
        reaction_versions,
        id=row,
        reaction=reaction.id,
        version=reaction.version,
        act=act,
        account=work.actor.account,
        at=work.at,
        content=work.seal(reaction.person, CONTENT_PLACE, row, content),
    )


def _has_written(work: Work, reaction: UUID) -> bool:
    return any(each.account == work.actor.account for each in store.versions_of(work.connection, reaction))


def _facts(reaction: Reaction) -> dict[str, object]:
    return {"version": reaction.version, "state": reaction.state, "level": reaction.level, "cause": reaction.cause}
