"""Doses and birth dates, for the tests of the rules."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

from vaxcert.model.partial_date import PartialDate
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseSource, DoseState

AZ, COVISHIELD, PFIZER, MODERNA = "EU/1/21/1529", "Covishield", "EU/1/20/1528", "EU/1/20/1507"
VERO, HAYAT, SPUTNIK, JANSSEN, ABDALA = "BBIBP-CorV", "Hayat-Vax", "Sputnik-V", "EU/1/20/1525", "Abdala"
ADULT, TEENAGER, CHILD = PartialDate("1984-03-18"), PartialDate("2008-01-10"), PartialDate("2014-05-05")


def given(  # noqa: PLR0917 - a line of a card: product, day, number of how many
    product: str,
    on: str,
    number: int = 1,
    of: int = 2,
    kind: DoseKind = DoseKind.BASIC,
    nth: int | None = None,
    *,
    state: DoseState = DoseState.CONFIRMED,
    person: UUID | None = None,
) -> Dose:
    """Return a dose of *product* given on a day, ISO 8601."""
    return Dose(
        id=uuid4(),
        person=person or UUID(int=7),
        product=product,
        lot_number="ABX1234",
        number=number,
        of=of,
        kind=kind,
        nth=nth or (number if kind is DoseKind.BASIC else 1),
        given_on=date.fromisoformat(on),
        source=DoseSource.VISIT,
        state=state,
        entered_by="vaccinator",
        visit=UUID(int=9),
    )


def course(product: str = PFIZER, first: str = "2021-08-01", second: str = "2021-09-01") -> list[Dose]:
    """Return a primary course of two doses."""
    return [given(product, first), given(product, second, 2)]
