"""The types of columns, and what every table has to keep to."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from vaxcert.registry.database.metadata import METADATA, MONTHLY, Instant, month_of
from vaxcert.registry.database.partitions import MONTHS_AHEAD, _parts, monthly_tables
from vaxcert.registry.database.schema import ROOMS

HANOI = timezone(timedelta(hours=7))


def test_an_instant_comes_back_aware_from_sqlite() -> None:
    at = datetime(2026, 3, 2, 8, 0, tzinfo=HANOI)
    kind, dialect = Instant(), sqlite.dialect()
    stored = kind.process_bind_param(at, dialect)
    assert stored == datetime(2026, 3, 2, 1, 0)  # noqa: DTZ001 - as SQLite keeps it
    assert kind.process_result_value(stored, dialect) == at


def test_an_instant_goes_as_it_is_to_postgresql() -> None:
    at = datetime(2026, 3, 2, 8, 0, tzinfo=HANOI)
    kind, dialect = Instant(), postgresql.dialect()  # type: ignore[no-untyped-call] # the library's
    assert kind.process_bind_param(at, dialect) is at
    found = kind.process_result_value(at, dialect)
    assert found == at
    assert found is not None
    assert found.tzinfo is UTC


def test_no_instant_stays_none() -> None:
    kind, dialect = Instant(), sqlite.dialect()
    assert kind.process_bind_param(None, dialect) is kind.process_result_value(None, dialect) is None


def test_a_naive_instant_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Instant().process_bind_param(datetime(2026, 3, 2), sqlite.dialect())  # noqa: DTZ001 - that is it


def test_a_month_begins_on_its_first_day() -> None:
    assert month_of(date(2026, 3, 31)) == month_of(datetime(2026, 3, 31, tzinfo=UTC)) == date(2026, 3, 1)


def test_every_room_has_its_tables_here() -> None:
    assert all(
        any(value in METADATA.tables.values() for value in vars(room).values() if isinstance(value, sa.Table))
        for room in ROOMS
    )


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: table.name)
def test_a_text_has_a_length_and_an_instant_a_zone(table: sa.Table) -> None:
    for column in table.columns:
        assert not (isinstance(column.type, sa.String) and column.type.length is None), column
        assert not isinstance(column.type, sa.DateTime), f"{column} is to be an Instant"


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: table.name)
def test_a_name_fits_what_postgresql_takes(table: sa.Table) -> None:
    names = [
        table.name,
        *(str(name) for part in (*table.constraints, *table.indexes) if (name := getattr(part, "name", None))),
    ]
    assert all(len(name) <= 63 for name in names), names
    if table.info.get(MONTHLY):
        assert len(table.name) <= 63 - len("_202603")


def test_the_parts_are_whole_months_without_a_gap() -> None:
    parts = dict(_parts("doses", date(2026, 11, 15), date(2026, 12, 31)))
    assert parts.pop("doses_other") == "DEFAULT"
    assert list(parts)[:3] == ["doses_202611", "doses_202612", "doses_202701"]
    assert parts["doses_202612"] == "FOR VALUES FROM ('2026-12-01') TO ('2027-01-01')"
    assert len(parts) == 2 + MONTHS_AHEAD


def test_the_heavy_tables_are_parted() -> None:
    assert {"doses", "trail", "visits"} <= {table.name for table in monthly_tables()}
