"""What a correction makes of a record: the next version of a person or a dose, before and after it is decided."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, cast

import msgspec

from vaxcert.errors import FieldProblem, RequestError, SchemaError
from vaxcert.model.checks import dose_problems, event_problems
from vaxcert.model.valuesets import resolve_product
from vaxcert.registry.doses.dose import DoseState
from vaxcert.service.registry.people.fields import parse_person
from vaxcert.service.registry.people.register import fields_of
from vaxcert.service.registry.people.writing import changed_between
from vaxcert.service.registry.request import check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.registry.doses.dose import Dose
    from vaxcert.registry.people.record import PersonRecord
    from vaxcert.service.registry.people.fields import ParsedPerson
    from vaxcert.service.registry.work import Work


def corrected_person(work: Work, person: PersonRecord, wish: Mapping[str, object]) -> ParsedPerson:
    """Return what is known of *person* once the fields in *wish* are corrected.

    Raises:
        RequestError: Fields are wrong, or nothing is different then; all of them are named.
    """
    told = parse_person(work, msgspec.structs.replace(fields_of(person), **wish))
    if not changed_between(person, told.demographics, told.area):
        _refuse_same(wish)
    return told


def corrected_dose(work: Work, dose: Dose, wish: Mapping[str, object]) -> Dose:
    """Return *dose* once the fields in *wish* are corrected. Its rules were those of its day, and are not asked again.

    Raises:
        RequestError: Fields are wrong, or nothing is different then; all of them are named.
    """
    changes = dict(wish)
    if changes.pop("is_not_theirs", False):
        check([FieldProblem(name, "contradiction", "is of no matter if it was not given at all") for name in changes])
        return replace(dose, state=DoseState.VOIDED)
    problems: list[FieldProblem] = []
    if "product" in changes:
        try:
            codes = resolve_product(cast("str", changes["product"]), manufacturer=None, vaccine=None)
            changes["product"] = codes.product
        except SchemaError as error:
            problems += error.problems
    if isinstance(changes.get("given_on"), str):  # as it was sealed
        changes["given_on"] = date.fromisoformat(cast("str", changes["given_on"]))
    check(problems)
    after = replace(dose, **changes)  # type: ignore[arg-type] # the request has checked their types
    if after.given_on > work.day:
        problems.append(FieldProblem("given_on", "in_the_future", "lies in the future"))
    if after.given_on != dose.given_on:
        problems += event_problems("given_on", after.given_on, None)
        after = replace(after, given_at=None)  # of the right day no hour is known
    problems += [
        FieldProblem(_OWN_NAMES.get(each.field, each.field), each.code, each.message)
        for each in dose_problems(after.product, after.number, after.of)
    ]
    check(problems)
    if after == dose:
        _refuse_same(wish)
    return after


_OWN_NAMES = {"dose_number": "number", "total_doses": "of"}


def _refuse_same(wish: Mapping[str, object]) -> None:
    problems = [FieldProblem(name, "no_difference", "is what the record says already") for name in wish]
    raise RequestError("the record says this already", problems=problems)
