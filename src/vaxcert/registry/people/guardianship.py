"""Who may act for whom: parents and guardians for children, and grown-ups for each other where they agreed.

A mother registers her child without any number, follows its doses and holds its certificates. The right ends on the day
the child is of age, unless the child then agrees; it can be taken back at any time. The ages are data, by day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, TypedDict, cast

from vaxcert.data import load_json
from vaxcert.errors import GuardianshipError
from vaxcert.registry.people.ages import age_on, turns

if TYPE_CHECKING:
    from uuid import UUID

    from vaxcert.model.partial_date import PartialDate

MAX_OWN_DEPENDANTS: Final = 10
"""So many people somebody can take charge of without an officer: beyond it stands abuse more often than a family."""

_LEAST_PARENT_YEARS: Final = 12


class Relation(StrEnum):
    """What the guardian is to the dependant."""

    MOTHER = "mother"
    FATHER = "father"
    LEGAL_GUARDIAN = "legal_guardian"
    GRANDPARENT = "grandparent"
    SIBLING = "sibling"
    SPOUSE = "spouse"
    CHILD = "child"
    OTHER = "other"


_PARENTS: Final = frozenset((Relation.MOTHER, Relation.FATHER))
_REPRESENTATIVES: Final = _PARENTS | {Relation.LEGAL_GUARDIAN}
"""Who represents a child by law (Civil Code 91/2015/QH13 article 136); the others show a paper at the site."""


class ConsentEvidence(StrEnum):
    """How somebody agreed, as far as the registry knows."""

    DECLARED = "declared"
    """They ticked it in their own account."""
    ONE_TIME_CODE = "one_time_code"
    """They gave the code that was sent to their phone."""
    IN_PERSON = "in_person"
    """They said so to an officer."""
    SIGNED_PAPER = "signed_paper"
    """They signed a paper, which the officer keeps."""


class LinkState(StrEnum):
    """What has become of a guardianship."""

    ACTIVE = "active"
    REVOKED = "revoked"


class LinkNote(StrEnum):
    """One thing about a guardianship that somebody should look at; it refuses nothing."""

    NO_LEGAL_REPRESENTATIVE = "no_legal_representative"
    """The guardian of this child is neither a parent nor a guardian by law: ask for a paper."""
    PARENT_TOO_YOUNG = "parent_too_young"
    """The parent would have been under twelve at the birth: one of the dates is likely wrong."""
    AGE_UNCERTAIN = "age_uncertain"
    """A birth date is not whole, so that the age on this day is not certain."""


class _RulesRow(TypedDict):
    since: str
    adult_at: int
    consents_at: int
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeRules:
    """The ages of one law.

    Attributes:
        since: The first day that it is in force.
        adult_at: From so many years on, somebody decides alone.
        consents_at: From so many years on, a child's own consent is needed beside the guardian's.
        source: The law.
    """

    since: date
    adult_at: int
    consents_at: int
    source: str


@cache
def age_rules() -> tuple[AgeRules, ...]:
    """Return the rules, the oldest first."""
    rows = cast("list[_RulesRow]", load_json("registry/guardianship.json")["rules"])
    return tuple(
        AgeRules(
            since=date.fromisoformat(row["since"]),
            adult_at=row["adult_at"],
            consents_at=row["consents_at"],
            source=row["source"],
        )
        for row in sorted(rows, key=lambda row: row["since"])
    )


def age_rules_on(day: date) -> AgeRules:
    """Return the rules in force on *day*; before the first, that one."""
    return next((rules for rules in reversed(age_rules()) if rules.since <= day), age_rules()[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTerms:
    """On which terms a guardianship stands.

    Attributes:
        ends_on: The first day on which it no longer holds; None where it has no end.
        source: The law that its ages come from.
        notes: What somebody should look at.
    """

    ends_on: date | None
    source: str
    notes: tuple[LinkNote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guardianship:
    """One person's right to act for another.

    Attributes:
        id: Its own id.
        version: How many times it was written.
        guardian: Who acts.
        dependant: For whom.
        relation: What the guardian is to the dependant.
        state: Whether it was taken back.
        evidence: How the dependant agreed; None where nobody had to ask.
        since: The day on which it was declared.
        ends_on: The first day on which it no longer holds.
    """

    id: UUID
    version: int
    guardian: UUID
    dependant: UUID
    relation: Relation
    state: LinkState
    evidence: ConsentEvidence | None
    since: date
    ends_on: date | None

    def holds_on(self, day: date) -> bool:
        """Say whether the guardian may act on *day*."""
        return self.state is LinkState.ACTIVE and self.since <= day and (self.ends_on is None or day < self.ends_on)


def check_link(
    relation: Relation,
    *,
    guardian_born: PartialDate,
    dependant_born: PartialDate,
    day: date,
    consent: ConsentEvidence | None,
) -> LinkTerms:
    """Return the terms on which somebody may act for another from *day* on.

    Args:
        relation: What the guardian is to the dependant.
        guardian_born: The guardian's birth date.
        dependant_born: The dependant's.
        day: The day.
        consent: How the dependant agreed, None if nobody asked.

    Raises:
        GuardianshipError: The guardian is a child, or the dependant is old enough to be asked and was not.
    """
    rules = age_rules_on(day)
    guardian, dependant = age_on(guardian_born, day), age_on(dependant_born, day)
    if guardian.is_certainly_under(rules.adult_at):
        raise GuardianshipError(f"the guardian is younger than {rules.adult_at} years")
    if not dependant.is_certainly_under(rules.consents_at) and consent is None:
        raise GuardianshipError(
            "the consent of the dependant is missing",
            hint=f"from the age of {rules.consents_at} people are asked themselves ({rules.source})",
        )
    notes = []
    is_child = not dependant.is_certainly_over(rules.adult_at)
    if is_child and relation not in _REPRESENTATIVES:
        notes.append(LinkNote.NO_LEGAL_REPRESENTATIVE)
    if relation in _PARENTS and age_on(guardian_born, dependant_born.latest).most < _LEAST_PARENT_YEARS:
        notes.append(LinkNote.PARENT_TOO_YOUNG)
    if guardian.least < rules.adult_at or dependant.least < rules.consents_at <= dependant.most:
        notes.append(LinkNote.AGE_UNCERTAIN)
    return LinkTerms(
        ends_on=turns(dependant_born, rules.adult_at) if is_child else None, source=rules.source, notes=tuple(notes)
    )


def may_revoke(link: Guardianship, *, person: UUID, dependant_born: PartialDate, day: date) -> bool:
    """Say whether *person* may take the guardianship back alone: the guardian, or a dependant who may be asked."""
    if person == link.guardian:
        return True
    rules = age_rules_on(day)
    return person == link.dependant and not age_on(dependant_born, day).is_certainly_under(rules.consents_at)
