"""Invented people, for the tests of the registry."""

from vaxcert.model.identifiers import parse_identifier
from vaxcert.model.names import PersonName
from vaxcert.model.partial_date import PartialDate
from vaxcert.model.person import Sex
from vaxcert.model.phones import parse_phone
from vaxcert.registry.people.demographics import Demographics

NUMBER, PHONE = "051184000123", "0912345678"


def person(
    family: str = "Nguyễn",
    given: str = "Thị Ánh",
    born: str = "1984-03-18",
    *,
    sex: Sex | None = Sex.FEMALE,
    numbers: tuple[str, ...] = (),
    phones: tuple[str, ...] = (),
    address: str = "",
) -> Demographics:
    """Return somebody's demographics."""
    return Demographics(
        name=PersonName.of(family, given),
        birth_date=PartialDate(born),
        sex=sex,
        identifiers=tuple(map(parse_identifier, numbers)),
        phones=tuple(map(parse_phone, phones)),
        address=address,
    )
