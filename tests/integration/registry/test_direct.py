"""Statements that go to PostgreSQL's driver directly: they give what SQLAlchemy's own execution gives."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from tests.registry_fixture import MORNING, RegistryUnderTest, opened_on
from vaxcert.registry.accounts.tables import accounts
from vaxcert.registry.database.direct import direct, read_together
from vaxcert.registry.trail.tables import trail, trail_tail
from vaxcert.service.registry.accounts.accounts import OpenAccount, open_account
from vaxcert.service.registry.reports.daily import show_daily_form
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.postgres_server import PostgresServer

NAMES = ("anh", "bình", "chi", "dung", "em")


@pytest.fixture
def registry(postgres: PostgresServer) -> Iterator[RegistryUnderTest]:
    with opened_on(postgres.emptied_database()) as registry:
        for name in NAMES:
            registry.run(open_account, OpenAccount(name=name, roles=[Role.AUDITOR]), role=Role.SYSADMIN)
        yield registry


@pytest.fixture
def connection(registry: RegistryUnderTest) -> Iterator[sa.Connection]:
    with registry.engine.begin() as connection:
        yield connection


STATEMENTS: Final[dict[str, tuple[Any, dict[str, object]]]] = {
    "everything": (sa.select(accounts).order_by(accounts.c.name), {}),
    "one": (sa.select(accounts).where(accounts.c.name == sa.bindparam("which")), {"which": "chi"}),
    "a constant": (sa.select(accounts.c.id, accounts.c.opened_at).where(accounts.c.opened_at <= MORNING), {}),
    "constants in a list": (
        sa.select(accounts.c.name, sa.literal(7).label("seven"))
        .where(accounts.c.state.in_(["open", "closed"]))
        .order_by(accounts.c.name),
        {},
    ),
    "a count": (sa.select(sa.func.count()).select_from(accounts), {}),
    "two in one": (
        sa.union_all(
            sa.select(accounts.c.name).where(accounts.c.name == sa.bindparam("first")),
            sa.select(accounts.c.name).where(accounts.c.name == sa.bindparam("second")),
        ),
        {"first": "anh", "second": "em"},
    ),
    "a percent sign": (sa.select(accounts.c.name).where(accounts.c.name.like("%n%")).order_by(accounts.c.name), {}),
    "times": (sa.select(trail).order_by(trail.c.id), {}),
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_rows_are_those_of_sqlalchemy(connection: sa.Connection, name: str) -> None:
    statement, parameters = STATEMENTS[name]
    known = connection.execute(statement, parameters).all()
    assert known
    for _turn in range(3):  # the first one is SQLAlchemy's, the others are not
        found = direct(connection).execute(statement, parameters).all()
        assert [tuple(row) for row in found] == [tuple(row) for row in known]
        assert [row._asdict() for row in found] == [row._asdict() for row in known]


@pytest.mark.parametrize("names", [(), NAMES[:1], NAMES[:3], NAMES], ids=len)
def test_a_list_may_have_any_length(connection: sa.Connection, names: tuple[str, ...]) -> None:
    asked = sa.select(accounts.c.name).where(accounts.c.name.in_(sa.bindparam("names", expanding=True)))
    for _turn in range(3):
        assert sorted(direct(connection).scalars(asked, {"names": list(names)})) == list(names)


def test_a_list_and_a_constant_on_one_column_keep_apart(connection: sa.Connection) -> None:
    asked = sa.select(accounts.c.name).where(
        accounts.c.name.in_(sa.bindparam("name", expanding=True)), accounts.c.name != "chi"
    )
    pairs = sa.select(accounts.c.name).where(
        sa.tuple_(accounts.c.name, accounts.c.version).in_(sa.bindparam("pairs", expanding=True))
    )
    twice = sa.select(accounts.c.name).where(
        accounts.c.name.in_(sa.bindparam("name", expanding=True))
        | accounts.c.roles.in_(sa.bindparam("name", expanding=True))
    )
    used = direct(connection)
    for name in (*NAMES, *NAMES):
        assert list(used.scalars(twice, {"name": [name]})) == [name]
        assert list(used.scalars(asked, {"name": [name, "chi"]})) == [name] * (name != "chi")
        assert list(used.scalars(pairs, {"pairs": [(name, 1), ("nobody", 1)]})) == [name]


def test_instants_are_in_utc(connection: sa.Connection) -> None:
    asked = sa.select(accounts.c.opened_at).limit(1)
    for _turn in range(3):
        found = direct(connection).scalar(asked)
        assert found is not None
        assert found.tzinfo is UTC


def test_numbers_are_those_of_sqlalchemy(connection: sa.Connection) -> None:
    half = sa.select(accounts.c.version / sa.literal(2)).where(accounts.c.name == "anh")
    assert len({repr(direct(connection).scalar(half)) for _turn in range(3)}) == 1


def test_a_list_may_be_of_values_that_are_converted(connection: sa.Connection) -> None:
    asked = sa.select(accounts.c.name).where(accounts.c.opened_at.in_(sa.bindparam("times", expanding=True)))
    for _turn in range(3):
        assert len(list(direct(connection).scalars(asked, {"times": [MORNING]}))) == len(NAMES)
        with pytest.raises(ValueError, match="zone"):
            direct(connection).scalars(asked, {"times": [MORNING.replace(tzinfo=None)]})


def test_what_is_asked_of_rows(connection: sa.Connection) -> None:
    by_name = sa.select(accounts.c.name).where(accounts.c.name == sa.bindparam("which"))
    everybody = sa.select(accounts.c.name).order_by(accounts.c.name)
    used = direct(connection)
    for _turn in range(3):
        assert used.execute(by_name, {"which": "em"}).one().name == "em"
        assert used.execute(by_name, {"which": "em"}).scalar_one() == "em"
        assert [dict(row) for row in used.execute(by_name, {"which": "em"}).mappings()] == [{"name": "em"}]
        assert used.scalar(by_name, {"which": "em"}) == "em"
        assert used.scalar(by_name, {"which": "nobody"}) is None
        assert used.execute(by_name, {"which": "nobody"}).one_or_none() is None
        assert used.execute(by_name, {"which": "nobody"}).scalar_one_or_none() is None
        assert used.execute(everybody).first() == ("anh",)
        assert list(used.execute(everybody).scalars()) == list(NAMES)
        with pytest.raises(exc.NoResultFound):
            used.execute(by_name, {"which": "nobody"}).one()
        with pytest.raises(exc.MultipleResultsFound):
            used.execute(everybody).one_or_none()


def test_changes_are_counted_and_give_back(connection: sa.Connection) -> None:
    change = sa.update(accounts).where(accounts.c.name == sa.bindparam("which")).values(version=accounts.c.version + 1)
    giving = change.returning(accounts.c.version)
    used = direct(connection)
    for turn in range(3):
        assert used.execute(change, {"which": "anh"}).rowcount == 1
        assert used.execute(change, {"which": "nobody"}).rowcount == 0
        assert used.execute(giving, {"which": "anh"}).one().version == 3 + 2 * turn
        assert used.execute(giving, {"which": "nobody"}).all() == []


def test_an_insert_takes_the_columns_that_it_is_given(connection: sa.Connection) -> None:
    used, insert = direct(connection), sa.insert(trail_tail)
    entries = [uuid4() for _turn in range(5)]
    for entry in entries[:3]:
        used.execute(insert, {"entry": entry, "month": MORNING.date()})
    used.execute(insert, [{"entry": entry, "month": MORNING.date()} for entry in entries[3:]])
    assert set(entries) <= set(connection.scalars(sa.select(trail_tail.c.entry)))


def test_what_is_read_together_is_given_once_and_forgotten_with_the_next_round_trip(
    registry: RegistryUnderTest,
) -> None:
    by_name = sa.select(accounts.c.version).where(accounts.c.name == sa.bindparam("which"))
    change = sa.update(accounts).where(accounts.c.name == "anh").values(version=accounts.c.version + 1)
    questions = [(by_name, {"which": name}) for name in NAMES[:3]]
    with registry.engine.begin() as other, registry.engine.begin() as connection:
        used = direct(connection)
        for statement, parameters in (*questions, (change, {}), (change, {})):
            used.execute(statement, parameters)
        read_together(used, questions)
        elsewhere = sa.update(accounts).where(accounts.c.name != "anh").values(version=100)
        other.execute(elsewhere)
        other.commit()
        assert used.scalar(by_name, {"which": "bình"}) == 1  # as it was when they were asked
        assert used.scalar(by_name, {"which": "bình"}) == 100
        assert used.scalar(by_name, {"which": "chi"}) == 100  # that was a round trip
        read_together(used, questions)
        used.execute(change)
        assert used.scalar(by_name, {"which": "anh"}) == 4
        read_together(used, questions)
        connection.execute(sa.text("UPDATE accounts SET version = 7 WHERE name = 'anh'"))
        used.exec_driver_sql("SELECT 1")  # what SQLAlchemy executes is a round trip too
        assert used.scalar(by_name, {"which": "anh"}) == 7


def test_nothing_is_read_together_that_is_not_known_yet(connection: sa.Connection) -> None:
    new = sa.select(accounts.c.opened_at).where(accounts.c.name == sa.bindparam("which"))
    used = direct(connection)
    read_together(used, [(new, {"which": "chi"})])
    assert used.scalar(new, {"which": "chi"}) is not None


def test_a_refusal_is_sqlalchemys_error(registry: RegistryUnderTest) -> None:
    insert, row = sa.insert(trail_tail), {"entry": UUID(int=1), "month": MORNING.date()}

    def insert_twice() -> None:
        with registry.engine.begin() as connection:
            direct(connection).execute(insert, row)
            direct(connection).execute(insert, row)

    for _turn in range(3):
        with pytest.raises(exc.IntegrityError) as refused:
            insert_twice()
        assert not refused.value.connection_invalidated
    with registry.engine.begin() as connection:
        direct(connection).execute(insert, row)


def test_a_connection_that_broke_is_not_used_again(registry: RegistryUnderTest) -> None:
    count = sa.select(sa.func.count()).select_from(accounts)
    with registry.engine.connect() as other, registry.engine.connect() as connection:
        for _turn in range(2):
            assert direct(connection).execute(count).scalar_one() == len(NAMES)
        pid = connection.connection.driver_connection.info.backend_pid  # type: ignore[union-attr] # psycopg's
        other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(exc.OperationalError) as broken:
            direct(connection).execute(count)
        assert broken.value.connection_invalidated
    with registry.engine.connect() as connection:
        assert direct(connection).execute(count).scalar_one() == len(NAMES)


def test_what_comes_again_is_planned_once_and_what_is_built_anew_for_its_values(registry: RegistryUnderTest) -> None:
    again = sa.select(accounts.c.id).where(accounts.c.name == sa.bindparam("which"))
    with registry.desk.reading() as connection:
        used = direct(connection)
        for name in NAMES:
            used.execute(again, {"which": name}).one()
            used.execute(sa.select(accounts.c.state).where(accounts.c.name == name)).one()
        asked = sa.text("SELECT statement, generic_plans, custom_plans FROM pg_prepared_statements")
        prepared = connection.execute(asked).all()
    plans = {row.statement.split(" \n")[0]: (row.generic_plans > 0, row.custom_plans) for row in prepared}
    assert plans["SELECT accounts.id"] == (True, 0)
    assert "SELECT accounts.state" not in plans


def test_reports_are_planned_for_their_values_and_may_read_whole_tables(registry: RegistryUnderTest) -> None:
    kinds = {"writes": {}, "reads": {"reads": True}, "counts": {"counts": True}}
    settings = ("plan_cache_mode", "enable_seqscan", "default_transaction_read_only")
    found = {}
    for name, kind in kinds.items():
        with registry.desk.working(registry.actor(Role.AUDITOR), MORNING, **kind) as work:
            found[name] = [work.connection.scalar(sa.text(f"SHOW {setting}")) for setting in settings]
    assert found == {
        "writes": ["force_generic_plan", "off", "off"],
        "reads": ["force_generic_plan", "off", "on"],
        "counts": ["force_custom_plan", "on", "on"],
    }
    assert show_daily_form.counts
    assert show_daily_form.reads
