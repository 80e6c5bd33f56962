"""From named fields, as a file, a request or a program has them, to the values of a record; all that is wrong at once."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import TYPE_CHECKING, cast

from vaxcert.errors import CodecError, FieldProblem, SchemaError
from vaxcert.model.checks import refuse
from vaxcert.model.fields import nearest_field
from vaxcert.model.names import PersonName, split_vietnamese
from vaxcert.model.parsing import FieldError
from vaxcert.model.person import Person
from vaxcert.model.valuesets import resolve_product

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from vaxcert.model.fields import Field
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.model.person import Sex
    from vaxcert.model.valuesets import ProductCodes

_MAX_INTEGER = 10**18
_MAX_SHOWN_CHARACTERS = 40


class Reading:
    """What the fields of one record say: the values that could be read, and every problem with the others.

    `person` and `product` take their fields out of `values`; what is left are the record's own.
    """

    __slots__ = ("problems", "values")

    def __init__(self, fields: Mapping[str, object], known: tuple[Field, ...]) -> None:
        """Read *fields*, of which a record has those that are *known*; what is empty or None counts as absent."""
        parsers, required = _tables(known)
        values: dict[str, object] = {}
        problems: list[FieldProblem] = []
        for name, value in fields.items():
            try:
                text = (value if type(value) is str else _text_of(value)).strip()
                if name not in parsers:
                    problems.append(_unknown(name, known))
                elif text:
                    values[name] = parsers[name](text)
            except FieldError as error:
                problems.append(FieldProblem(name, error.code, error.message))
        if not required <= values.keys():
            wrong = {problem.field for problem in problems}
            absent = (field.name for field in known if field.required and field.name not in values)
            problems.extend(FieldProblem(name, "missing", "is missing") for name in absent if name not in wrong)
        self.values, self.problems = values, problems

    def person(self) -> Person:
        """Return the holder; without meaning where there are `problems`."""
        take = self.values.pop
        name = self._name(
            cast("str", take("family_name", "")),
            cast("str", take("given_name", "")),
            cast("str", take("family_name_standardised", "")),
            cast("str", take("given_name_standardised", "")),
        )
        return Person(
            name=cast("PersonName", name),
            birth_date=cast("PartialDate", take("birth_date", None)),
            sex=cast("Sex | None", take("sex", None)),
            citizen_id=cast("str | None", take("citizen_id", None)),
            nationality=cast("str | None", take("nationality", None)),
        )

    def product(self) -> ProductCodes:
        """Return the product; without meaning where there are `problems`."""
        take = self.values.pop
        product, manufacturer, vaccine = take("product", None), take("manufacturer", None), take("vaccine", None)
        codes = None
        if product is not None:
            try:
                codes = resolve_product(
                    cast("str", product),
                    manufacturer=cast("str | None", manufacturer),
                    vaccine=cast("str | None", vaccine),
                )
            except SchemaError as error:
                self.problems.extend(error.problems)
        return cast("ProductCodes", codes)

    def refuse(self, *between_fields: Iterable[FieldProblem]) -> None:
        """Raise the `SchemaError` with all `problems` and those *between_fields*."""
        refuse([*self.problems, *(problem for group in between_fields for problem in group)])

    def _name(self, family: str, given: str, family_std: str, given_std: str) -> PersonName | None:
        full = cast("str", self.values.pop("full_name", ""))
        if full and (family or given):
            text = "stands beside family_name or given_name: leave one or the other out"
            self.problems.append(FieldProblem("full_name", "conflict", text))
            return None
        if full:
            family, given = split_vietnamese(full)
        try:
            return PersonName.of(family, given, family_std=family_std, given_std=given_std)
        except CodecError as error:
            found = [
                *_name_problems("full_name" if full else "family_name", "family_name_standardised", family, family_std),
                *_name_problems("full_name" if full else "given_name", "given_name_standardised", given, given_std),
            ]
            if not found and not any(problem.field.endswith("_name") for problem in self.problems):
                found.append(FieldProblem("family_name", "missing", error.message))
            self.problems.extend(dict.fromkeys(found))
        return None


@cache
def _tables(known: tuple[Field, ...]) -> tuple[Mapping[str, Callable[[str], object]], frozenset[str]]:
    return {field.name: field.parse for field in known}, frozenset(field.name for field in known if field.required)


def _text_of(value: object) -> str:
    """Return what a file would have for *value*, empty for None."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_INTEGER:
        return str(value)
    if isinstance(value, date):  # and datetimes, which are dates
        return value.isoformat()
    raise FieldError("wrong_type", "must be text, a whole number or a date")


def _unknown(name: str, known: tuple[Field, ...]) -> FieldProblem:
    near = nearest_field(name, known)
    shown = "".join(sign if sign.isprintable() else "?" for sign in name[:_MAX_SHOWN_CHARACTERS])
    return FieldProblem(shown, "unknown_field", "is no field of this record" + (f": is it {near}?" if near else ""))


def _name_problems(field: str, spelled_field: str, written: str, spelled: str) -> tuple[FieldProblem, ...]:
    """Return what is wrong with one part of a name or with its standardised form."""
    error = _name_error(written, spelled) if written or spelled else None
    if error is None:
        return ()
    if spelled and (not written or _name_error("A", spelled)):
        field = spelled_field
    message = f"{error.message}: {error.hint}" if error.hint else error.message
    return (FieldProblem(field, error.code, message),)


def _name_error(written: str, spelled: str) -> CodecError | None:
    try:
        PersonName.of(written, family_std=spelled)
    except CodecError as error:
        return error
    return None
