"""From named fields, as a file, a request or a program has them, to the values of a record."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, NoReturn, TypedDict

from vaxcert.errors import CodecError, FieldProblem, SchemaError
from vaxcert.model.checks import refuse
from vaxcert.model.names import PersonName, split_vietnamese
from vaxcert.model.parsing import FieldError
from vaxcert.model.person import Person
from vaxcert.model.valuesets import resolve_product

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vaxcert.model.fields import FieldTable
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.model.person import Sex
    from vaxcert.model.valuesets import ProductCodes

_MAX_INTEGER = 10**18
_MAX_SHOWN_CHARACTERS = 40


class Values(TypedDict, total=False):
    """What the parsers of `vaxcert.model.fields` make of each field."""

    record_id: str
    family_name: str
    given_name: str
    full_name: str
    family_name_standardised: str
    given_name_standardised: str
    birth_date: PartialDate
    sex: Sex
    citizen_id: str
    nationality: str
    country: str
    issuer: str
    product: str
    manufacturer: str
    vaccine: str
    lot: str
    dose_number: int
    total_doses: int
    vaccination_date: date
    site: str
    test_type: str
    sampled_at: datetime
    result: str
    test_name: str
    device: str
    test_centre: str
    first_positive_date: date
    valid_from: date
    valid_until: date


class Reading:
    """What the fields of one record say: the values that could be read, and every problem with the others.

    Where there are no `problems`, every required field is among the `values`.
    """

    __slots__ = ("problems", "values")

    def __init__(self, fields: Mapping[str, object], known: FieldTable) -> None:
        """Read *fields*, of which a record has those that are *known*; what is empty or None counts as absent."""
        values: Values = {}
        problems: list[FieldProblem] = []
        readers = known.readers
        for name, value in fields.items():
            read = readers.get(name)
            if read is None:
                problems.append(_unknown(name, fields, known))
                continue
            try:
                text = value if type(value) is str else text_of(value)
                if (found := read(text.strip())) is not None:
                    values[name] = found  # type: ignore[literal-required] # `Values` has their types
            except FieldError as error:
                problems.append(FieldProblem(name, error.code, error.message))
        if not known.required <= values.keys():
            wrong = {problem.field for problem in problems}
            absent = (field.name for field in known if field.required and field.name not in values)
            problems.extend(FieldProblem(name, "missing", "is missing") for name in absent if name not in wrong)
        self.values, self.problems = values, problems

    def person(self) -> Person | None:
        """Return the holder, or None where there are `problems`."""
        values = self.values
        name = self._name()
        if name is None or self.problems:
            return None
        return Person(
            name=name,
            birth_date=values["birth_date"],
            sex=values.get("sex"),
            citizen_id=values.get("citizen_id"),
            nationality=values.get("nationality"),
        )

    def product(self) -> ProductCodes | None:
        """Return the product, or None where it is not known."""
        values = self.values
        if "product" not in values:
            return None
        maker, vaccine = values.get("manufacturer"), values.get("vaccine")
        try:
            return resolve_product(values["product"], manufacturer=maker, vaccine=vaccine)
        except SchemaError as error:
            self.problems.extend(error.problems)
        return None

    def refuse(self, *between_fields: Iterable[FieldProblem]) -> NoReturn:
        """Raise the `SchemaError` with all `problems` and those *between_fields*."""
        refuse([*self.problems, *(problem for group in between_fields for problem in group)])

    def _name(self) -> PersonName | None:
        values = self.values
        family, given = values.get("family_name", ""), values.get("given_name", "")
        family_std = values.get("family_name_standardised", "")
        given_std = values.get("given_name_standardised", "")
        full = values.get("full_name")
        if full is not None:
            if family or given:
                text = "stands beside family_name or given_name: leave one or the other out"
                self.problems.append(FieldProblem("full_name", "conflict", text))
                return None
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


def text_of(value: object) -> str:
    """Return what a file would have for *value*, empty for None.

    Raises:
        FieldError: No field has a value of such a type.
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _MAX_INTEGER:
        return str(value)
    if isinstance(value, date):  # and datetimes, which are dates
        return value.isoformat()
    raise FieldError("wrong_type", "must be text, a whole number or a date")


def _unknown(key: str, fields: Mapping[str, object], known: FieldTable) -> FieldProblem:
    # Without any known key these may be values that slipped into the place of keys: then none is shown.
    name = str(key) if any(key in known.parsers for key in fields) else f"key {list(fields).index(key) + 1}"
    near = known.nearest(name)
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
