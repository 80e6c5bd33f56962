"""The doses in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from vaxcert.errors import DoseSameDayError, DoseStateError, NotRegisteredError
from vaxcert.registry.database.metadata import month_of
from vaxcert.registry.doses.dose import Dose, DoseKind, DoseSource, DoseState
from vaxcert.registry.doses.plan import REGISTRY
from vaxcert.registry.doses.tables import dose_papers, dose_places, dose_versions, doses
from vaxcert.registry.people.tables import people

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime
    from uuid import UUID

_KEPT = tuple(column for column in doses.c if column.name not in {"month", "area", "entered_at", "verified_by"})
_AT_ITS_PLACE = (doses.c.month == dose_places.c.month) & (doses.c.id == dose_places.c.dose)
_LASTING = (
    select(sa.func.coalesce(people.c.survivor, people.c.id)).where(people.c.id == bindparam("person")).scalar_subquery()
)
# Two lookups by the index on the places, where an OR would read them all.
_IS_THEIRS = dose_places.c.person.in_(
    sa.union_all(select(_LASTING), select(people.c.id).where(people.c.survivor == _LASTING))
)
_ANY_OF_PERSON = select(dose_places.c.dose).where(_IS_THEIRS).limit(1)
_OF_PERSON = select(*_KEPT).select_from(dose_places.join(doses, _AT_ITS_PLACE)).where(_IS_THEIRS)
_BY_ID = (
    select(*_KEPT).select_from(dose_places.join(doses, _AT_ITS_PLACE)).where(dose_places.c.dose == bindparam("dose"))
)
_BY_IDS = (
    select(*_KEPT)
    .select_from(dose_places.join(doses, _AT_ITS_PLACE))
    .where(dose_places.c.dose.in_(bindparam("doses", expanding=True)))
)
_PAPER = select(dose_papers.c.paper).where(dose_papers.c.dose == bindparam("of_dose"))
_IN_STATE = (
    doses.c.month == bindparam("dose_month"),
    doses.c.id == bindparam("of_dose"),
    doses.c.state == bindparam("from_state"),
)
_CONFIRM = sa.update(doses).where(*_IN_STATE).values(state=DoseState.CONFIRMED, version=doses.c.version + 1)
_VERIFY = _CONFIRM.values(verified_by=bindparam("account")).returning(*_KEPT)
_VOID = _CONFIRM.values(state=DoseState.VOIDED).returning(*_KEPT)


def doses_of_person(connection: sa.Connection, person: UUID) -> list[Dose]:
    """Return the doses of *person*, under whatever id they were entered, the oldest first; none for who is unknown.

    Those entered by mistake are among them.
    """
    # Most who come for the first time have none, and for the doses PostgreSQL makes ready to read every month's part.
    if connection.execute(_ANY_OF_PERSON, {"person": person}).first() is None:
        return []
    return some_doses_of_person(connection, person)


def some_doses_of_person(connection: sa.Connection, person: UUID) -> list[Dose]:
    """Return what `doses_of_person` does, in one statement: for a *person* who is known to have some."""
    return _in_order(connection.execute(_OF_PERSON, {"person": person}))


def dose_by_id(connection: sa.Connection, dose: UUID) -> Dose:
    """Return the dose with the id *dose*.

    Raises:
        NotRegisteredError: There is none.
    """
    row = connection.execute(_BY_ID, {"dose": dose}).one_or_none()
    if row is None:
        raise NotRegisteredError("there is no such dose")
    return _dose(row)


def doses_by_id(connection: sa.Connection, ids: Collection[UUID]) -> dict[UUID, Dose]:
    """Return the doses with one of *ids*, by their ids; what is unknown is left out."""
    return {row.id: _dose(row) for row in connection.execute(_BY_IDS, {"doses": list(ids)})}


def place_of(dose: Dose, place: int) -> dict[str, object]:
    """Return the row by which *dose* takes the *place* among those of its person: nobody else's takes it then."""
    return {"person": dose.person, "place": place, "dose": dose.id, "month": month_of(dose.given_on)}


def row_of(dose: Dose, *, area: str | None, at: datetime) -> dict[str, object]:
    """Return the row that holds *dose*, entered *at* an instant for a site in *area*."""
    kept = {column.name: getattr(dose, column.name) for column in _KEPT}
    return {**kept, "month": month_of(dose.given_on), "area": area, "entered_at": at}


def confirm(dose: UUID, given_on: date) -> tuple[sa.Update, dict[str, object]]:
    """Return the statement that notes that *dose*, given on that day, was observed to the end, and its parameters.

    It changes nothing where the dose is in another state.
    """
    return _CONFIRM, {"dose_month": month_of(given_on), "of_dose": dose, "from_state": DoseState.GIVEN}


def verify_paper(connection: sa.Connection, dose: Dose, *, account: str) -> Dose:
    """Note that *account* has looked at the paper of *dose*; return it as it then is.

    Raises:
        DoseStateError: It was verified or voided meanwhile.
    """
    asked = {"dose_month": month_of(dose.given_on), "of_dose": dose.id, "from_state": DoseState.UNVERIFIED}
    return _changed(connection, _VERIFY, {**asked, "account": account})


def void(connection: sa.Connection, dose: Dose) -> Dose:
    """Note that *dose* was entered by mistake; return it as it then is.

    Raises:
        DoseStateError: Somebody else changed its state meanwhile.
    """
    asked = {"dose_month": month_of(dose.given_on), "of_dose": dose.id, "from_state": dose.state}
    return _changed(connection, _VOID, asked)


def paper_of(connection: sa.Connection, dose: UUID) -> bytes | None:
    """Return the paper of *dose*, sealed; None where it was entered from none."""
    return connection.execute(_PAPER, {"of_dose": dose}).scalar_one_or_none()


def replace_dose(connection: sa.Connection, before: Dose, after: Dose, *, at: datetime) -> None:
    """Write *after* over *before*, keeping what *before* said.

    Raises:
        DoseStateError: Somebody else changed it meanwhile.
        DoseSameDayError: The person has another dose of that day.
    """
    old_month, new_month = month_of(before.given_on), month_of(after.given_on)
    values = {column.name: getattr(after, column.name) for column in _KEPT if column.name not in {"id", "version"}}
    change = (
        sa.update(doses)
        .where(doses.c.month == old_month, doses.c.id == before.id, doses.c.version == before.version)
        .values(**values, month=new_month, version=before.version + 1)
    )
    try:
        changed = connection.execute(change).rowcount
    except IntegrityError as error:
        raise DoseSameDayError("there is a dose of that day already", source=REGISTRY) from error
    if changed != 1:
        raise DoseStateError("somebody else has changed the dose meanwhile")
    kept = {name: getattr(before, name) for name in ("product", "lot_number", "given_on", "number", "of", "place")}
    connection.execute(
        sa.insert(dose_versions),
        {"dose": before.id, "version": before.version, "replaced_at": at, "state": before.state, **kept},
    )
    if new_month != old_month:
        connection.execute(sa.update(dose_places).where(dose_places.c.dose == before.id).values(month=new_month))


def _changed(connection: sa.Connection, statement: sa.Executable, asked: dict[str, object]) -> Dose:
    row = connection.execute(statement, asked).one_or_none()
    if row is None:
        raise DoseStateError("the dose is in another state")
    return _dose(row)


def _in_order(rows: sa.CursorResult[tuple[object, ...]]) -> list[Dose]:
    return sorted((_dose(row) for row in rows), key=lambda dose: (dose.given_on, dose.number))


def _dose(row: sa.Row[tuple[object, ...]]) -> Dose:
    kept = row._asdict()
    kept["kind"] = DoseKind(kept["kind"])
    kept["source"] = DoseSource(kept["source"])
    kept["state"] = DoseState(kept["state"])
    return Dose(**kept)
