"""Doses, for the other rooms of the registry: what somebody has had, what may follow, and how one is entered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import RegistryBusyError
from vaxcert.registry.doses import store
from vaxcert.registry.doses.check import check_plan
from vaxcert.registry.doses.next_due import NextDose
from vaxcert.registry.doses.next_due import next_due as due_by_the_rules
from vaxcert.registry.doses.plan import DoseFlag, DosePlan, DoseProblem, plan_dose
from vaxcert.registry.doses.tables import dose_places, doses
from vaxcert.service.registry.people.finding import person_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date
    from uuid import UUID

    from vaxcert.model.partial_date import PartialDate
    from vaxcert.registry.doses.dose import Dose
    from vaxcert.service.registry.work import Work


def doses_of(work: Work, person: UUID) -> list[Dose]:
    """Return the doses of *person*, under whatever id they were entered, the oldest first.

    Those entered by mistake are among them: ask each for its state.

    Raises:
        NotRegisteredError: There is no such person.
    """
    found = store.doses_of_person(work.connection, person)
    if not found:
        person_ids(work, person)  # who is unknown has none either
    return found


def dose_by_id(work: Work, dose: UUID) -> Dose:
    """Return the dose with the id *dose*.

    Raises:
        NotRegisteredError: There is none.
    """
    return store.dose_by_id(work.connection, dose)


def next_due(
    doses_had: Sequence[Dose], birth: PartialDate, on: date, flags: frozenset[DoseFlag] = frozenset()
) -> NextDose | None:
    """Return the dose that is due next by the rules of the day *on*; None where they give none."""
    return due_by_the_rules(doses_had, birth, on, flags)


def check_dose(
    earlier: Sequence[Dose],
    product: str,
    on: date,
    *,
    birth: PartialDate,
    flags: frozenset[DoseFlag] = frozenset(),
    overridden: Collection[DoseProblem] = (),
) -> DosePlan:
    """Return which dose *product* would be on the day *on*, if the rules of that day allow it.

    Args:
        earlier: All doses of the person.
        product: The code of the product.
        on: The day of the injection.
        birth: The person's birth date.
        flags: What changes the rules for the person or the place.
        overridden: What a screener has decided otherwise, with a reason.

    Raises:
        DoseRuleError: They do not; `DoseIntervalError` and `MixingError` are what a screener may override.
        OverrideRefusedError: One of *overridden* is nothing that may be.
    """
    plan = plan_dose(earlier, product, on, birth=birth, flags=flags)
    check_plan(plan, overridden)
    return plan


def enter_dose(work: Work, dose: Dose, *, area: str | None, earlier: Sequence[Dose]) -> None:
    """Write the new *dose* of somebody who has had the *earlier* ones, with the next statement of the transaction.

    Raises:
        RegistryBusyError: When it is written: another dose of the person was entered at this moment, and the rules must
            be asked again.
    """
    place = 1 + sum(other.person == dose.person for other in earlier)
    busy = RegistryBusyError("another dose of this person was entered at this moment")
    work.insert_new(dose_places, store.place_of(dose, place), otherwise=busy)
    work.insert_new(doses, store.row_of(dose, area=area, at=work.at), otherwise=busy)
