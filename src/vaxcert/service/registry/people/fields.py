"""What one must tell about a person, and how it is read: every bad field is named at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, TypeVar
from unicodedata import normalize

from msgspec import Meta

from vaxcert.errors import CodecError, FieldProblem, IdentifierError, PhoneNumberError
from vaxcert.model.identifiers import IdentifierKind, parse_identifier
from vaxcert.model.names import MAX_NAME_LENGTH, PersonName
from vaxcert.model.parsing import FieldError, parse_country, parse_partial_day, parse_sex
from vaxcert.model.phones import parse_phone
from vaxcert.registry.people.demographics import MAX_IDENTIFIERS, MAX_PHONES, Demographics
from vaxcert.service.registry.area_fields import read_area
from vaxcert.service.registry.request import Request, check

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from vaxcert.model.identifiers import Identifier
    from vaxcert.model.partial_date import PartialDate
    from vaxcert.model.person import Sex
    from vaxcert.model.phones import PhoneNumber
    from vaxcert.service.registry.work import Work

T = TypeVar("T")

MAX_ADDRESS: Final = 300
MAX_LINE: Final = 80

NumberText = Annotated[str, Meta(max_length=100)]
PhoneText = Annotated[str, Meta(max_length=40)]
NameText = Annotated[str, Meta(max_length=MAX_NAME_LENGTH)]
LineText = Annotated[str, Meta(max_length=MAX_LINE)]


class PersonFields(Request, frozen=True, kw_only=True):
    """What is told about a person."""

    family_name: Annotated[NameText, Meta(description="family name, as on the identity card")] = ""
    given_name: Annotated[NameText, Meta(description="middle and given names")] = ""
    family_name_standardised: Annotated[
        NameText, Meta(description="in A-Z and <, as in the passport, where the name itself does not tell")
    ] = ""
    given_name_standardised: Annotated[NameText, Meta(description="the same for the given names")] = ""
    birth_date: Annotated[str, Meta(max_length=10, description="1984-03-18, or 1984-03 or 1984 where it is not whole")]
    sex: Annotated[str, Meta(max_length=10, description="male, female or other")] | None = None
    numbers: Annotated[
        tuple[NumberText, ...],
        Meta(
            max_length=MAX_IDENTIFIERS,
            description="number of an identity document or of health insurance, with its kind before it where it does "
            "not tell it (cccd: cmnd: bhyt_card: bhyt_number: passport: or passport:VN: with the country)",
        ),
    ] = ()
    phones: Annotated[
        tuple[PhoneText, ...], Meta(max_length=MAX_PHONES, description="phone, as people write it or +84...")
    ] = ()
    area: Annotated[str, Meta(max_length=16, description="where the person lives: the code of the area, such as 51")]
    nationality: Annotated[str, Meta(max_length=40, description="country, code or name")] = "VN"
    address: Annotated[str, Meta(max_length=MAX_ADDRESS, description="the address, on one line")] = ""
    occupation: Annotated[LineText, Meta(description="occupation")] = ""
    workplace: Annotated[LineText, Meta(description="place of work")] = ""
    ethnicity: Annotated[LineText, Meta(description="people that the person belongs to")] = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ParsedPerson:
    """What was told, read.

    Attributes:
        demographics: Who it is.
        area: Where the person lives, as `Area.reference`.
        warnings: What is odd about what was told; it refuses nothing.
    """

    demographics: Demographics
    area: str
    warnings: tuple[FieldProblem, ...]


def parse_person(work: Work, told: PersonFields) -> ParsedPerson:
    """Return what *told* says, by the areas of the day.

    Raises:
        RequestError: Fields are wrong; all of them are named.
    """
    reading = _Reading(told)
    name, birth_date, sex = reading.name(), reading.birth_date(work.day), reading.sex()
    numbers, phones = reading.numbers(), reading.phones()
    nationality = reading.field("nationality", parse_country, told.nationality)
    area = read_area(work, told.area.strip(), reading.problems)
    address = reading.line("address", MAX_ADDRESS)
    occupation, workplace, ethnicity = map(reading.line, ("occupation", "workplace", "ethnicity"))
    check(reading.problems)
    assert name is not None  # or there were problems
    assert birth_date is not None
    assert nationality is not None
    demographics = Demographics(
        name=name,
        birth_date=birth_date,
        sex=sex,
        identifiers=tuple(dict.fromkeys(numbers.values())),
        phones=tuple(dict.fromkeys(phones.values())),
        nationality=nationality,
        address=address,
        occupation=occupation,
        workplace=workplace,
        ethnicity=ethnicity,
    )
    warnings = [
        FieldProblem(field, warning.code, f"the number {warning.message}")
        for field, number in numbers.items()
        for warning in number.warnings_against(sex, birth_date)
    ]
    warnings += [
        FieldProblem(field, "phone_renumbered", "an old number of eleven digits was taken as what it became in 2018")
        for field, phone in phones.items()
        if phone.was_renumbered
    ]
    return ParsedPerson(demographics=demographics, area=area, warnings=tuple(warnings))


def parse_birth(work: Work, family_name: str, given_name: str, birth_date: str) -> tuple[PersonName, PartialDate]:
    """Return the name and the birth date to search for.

    Raises:
        RequestError: One of them cannot be read; both are named.
    """
    told = PersonFields(family_name=family_name, given_name=given_name, birth_date=birth_date, area="")
    reading = _Reading(told)
    name, born = reading.name(), reading.birth_date(work.day)
    check(reading.problems)
    assert name is not None  # or there were problems
    assert born is not None
    return name, born


def parse_number(text: str) -> Identifier:
    """Return the number in *text*, with its kind before it or without.

    Raises:
        IdentifierError: It is none.
    """
    kind, parted, number = text.partition(":")
    if not parted:
        return parse_identifier(text)
    try:
        known = IdentifierKind(kind.strip().lower())
    except ValueError:
        raise IdentifierError("no number has this kind", hint=f"one of {', '.join(IdentifierKind)}") from None
    country, parted, rest = number.partition(":")
    if not parted:
        return parse_identifier(number, known)
    return parse_identifier(rest, known, country=country.strip().upper())


def format_number(number: Identifier) -> str:
    """Return *number* as `parse_number` reads it."""
    return ":".join(filter(None, (number.kind.value, number.country, number.number)))


class _Reading:
    """Reads the fields one by one, and keeps what is wrong with them."""

    def __init__(self, told: PersonFields) -> None:
        self._told = told
        self.problems: list[FieldProblem] = []

    def field(self, name: str, parse: Callable[[str], T], text: str) -> T | None:
        try:
            return parse(text.strip())
        except FieldError as error:
            self._refuse(name, error.code, error.message)
        except (CodecError, IdentifierError, PhoneNumberError) as error:
            self._refuse(name, error.code, f"{error.message}: {error.hint}" if error.hint else error.message)
        return None

    def name(self) -> PersonName | None:
        told = self._told
        family, given = told.family_name, told.given_name
        return self.field(
            "family_name" if family or not given else "given_name",
            lambda _: PersonName.of(
                family,
                given,
                family_std=told.family_name_standardised,
                given_std=told.given_name_standardised,
            ),
            "",
        )

    def birth_date(self, day: date) -> PartialDate | None:
        born = self.field("birth_date", parse_partial_day, self._told.birth_date)
        if born is not None and born.earliest > day:
            self._refuse("birth_date", "in_future", "lies in the future")
        return born

    def sex(self) -> Sex | None:
        return self.field("sex", parse_sex, self._told.sex) if self._told.sex else None

    def numbers(self) -> dict[str, Identifier]:
        return self._several("numbers", parse_number, self._told.numbers)

    def phones(self) -> dict[str, PhoneNumber]:
        return self._several("phones", parse_phone, self._told.phones)

    def line(self, name: str, longest: int = MAX_LINE) -> str:
        text = normalize("NFC", " ".join(str(getattr(self._told, name)).split()))
        if len(text) > longest:
            self._refuse(name, "too_long", f"is longer than {longest} characters")
        elif not text.isprintable():
            self._refuse(name, "invisible_character", "has a control or invisible character")
        return text

    def _several(self, name: str, parse: Callable[[str], T], texts: tuple[str, ...]) -> dict[str, T]:
        found: dict[str, T] = {}
        for place, text in enumerate(texts):
            field = f"{name}[{place}]"
            if (value := self.field(field, parse, text)) is not None:
                found[field] = value
        return found

    def _refuse(self, field: str, code: str, message: str) -> None:
        self.problems.append(FieldProblem(field, code, message))
