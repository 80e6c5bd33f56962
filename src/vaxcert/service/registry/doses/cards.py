"""What is told about a dose."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from vaxcert.model.valuesets import value_set
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseSource, DoseState
from vaxcert.service.registry.request import Answer

if TYPE_CHECKING:
    from vaxcert.registry.doses.next_due import NextDose


class DoseCard(Answer, frozen=True, kw_only=True):
    """A dose. `vi` and `en` are what the product is called; `place` is where, if not at a site of the registry."""

    id: UUID
    version: int
    product: str
    vi: str
    en: str
    lot_number: str | None
    number: int
    of: int
    kind: DoseKind
    nth: int
    given_on: date
    given_at: datetime | None
    site: UUID | None
    place: str | None
    country: str
    source: DoseSource
    state: DoseState
    rule: str | None


class NextDue(Answer, frozen=True, kw_only=True):
    """The dose that is due next, the products it may be given with, and the act that says so."""

    kind: DoseKind
    nth: int
    number: int
    of: int
    earliest: date
    recommended: date
    products: list[str]
    source: str


def dose_card(dose: Dose) -> DoseCard:
    """Return what is told of *dose*."""
    names = value_set("product")
    return DoseCard(
        id=dose.id,
        version=dose.version,
        product=dose.product,
        vi=names.display(dose.product, "vi"),
        en=names.display(dose.product),
        lot_number=dose.lot_number,
        number=dose.number,
        of=dose.of,
        kind=dose.kind,
        nth=dose.nth,
        given_on=dose.given_on,
        given_at=dose.given_at,
        site=dose.site,
        place=dose.place,
        country=dose.country,
        source=dose.source,
        state=dose.state,
        rule=dose.rule,
    )


def next_due_card(due: NextDose | None) -> NextDue | None:
    """Return what is told of the dose that is *due*; None where none is."""
    if due is None:
        return None
    return NextDue(
        kind=due.kind,
        nth=due.nth,
        number=due.number,
        of=due.of,
        earliest=due.earliest,
        recommended=due.recommended,
        products=list(due.products),
        source=due.source,
    )
