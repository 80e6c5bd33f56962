"""A registry's folder: made, opened, brought to this version, its keys rotated."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from vaxcert.errors import (
    AccountExistsError,
    NotAllowedError,
    PassphraseError,
    RegistryFormatError,
    RegistryUnavailableError,
    SealError,
    SettingsError,
    StorageError,
)
from vaxcert.registry.database.engine import open_engine
from vaxcert.registry.database.migrate import check_revision, newest_revision
from vaxcert.registry.database.partitions import monthly_tables
from vaxcert.registry.database.schema import METADATA
from vaxcert.service.registry.accounts.accounts import OpenAccount, first_account, local_actor, open_account
from vaxcert.service.registry.registry_folder import RegistryFolder, create_registry
from vaxcert.service.registry.rights import Role

if TYPE_CHECKING:
    from pathlib import Path

    from tests.postgres_server import PostgresServer

PASSPHRASE = b"correct horse battery"
TODAY, AT = date(2021, 4, 1), datetime(2021, 4, 1, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    if request.param == "sqlite":
        return "sqlite:///registry.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.empty_database()


def test_a_new_registry_works(tmp_path: Path, database: str) -> None:
    folder = create_registry(tmp_path / "registry", database, PASSPHRASE, today=TODAY)
    desk = folder.open(PASSPHRASE)
    first_account(desk, "admin", at=AT)
    with pytest.raises(AccountExistsError):
        first_account(desk, "admin", at=AT)
    request = OpenAccount(name="desk-1", roles=[Role.RECEPTIONIST])
    desk.run(open_account, request, actor=local_actor(desk, "admin"), at=AT)
    assert local_actor(desk, "desk-1").roles == {Role.RECEPTIONIST}
    with pytest.raises(NotAllowedError):
        local_actor(desk, "nobody")
    desk.close()


def test_the_steps_lead_to_the_tables_that_the_code_knows(tmp_path: Path, database: str) -> None:
    engine = create_registry(tmp_path / "registry", database, PASSPHRASE, today=TODAY).engine()
    parts = {table.name for table in monthly_tables()}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_name": lambda name, kind, _parents: kind != "table" or not _is_part(name, parts)},
        )
        assert compare_metadata(context, METADATA) == []
        inspected = sa.inspect(connection)
        for table in METADATA.sorted_tables:  # which the comparison passes over
            found = {each["name"] for each in inspected.get_check_constraints(table.name)}
            expected = {f"ck_{table.name}_rules"} if _has_a_function(connection, table) else _checks(table).keys()
            assert found == expected, table.name
        check_revision(connection)
    engine.dispose()


def test_the_rules_that_are_a_function_are_all_that_the_code_says(tmp_path: Path, postgres: PostgresServer) -> None:
    engine = create_registry(tmp_path / "registry", postgres.empty_database(), PASSPHRASE, today=TODAY).engine()
    with engine.connect() as connection:
        tables = [table for table in METADATA.sorted_tables if _has_a_function(connection, table)]
        assert {table.name for table in tables} == {"visits", "doses", "certificates", "stock_movements"}
        for table in tables:
            connection.exec_driver_sql(f"CREATE TEMPORARY TABLE bare ON COMMIT DROP AS SELECT * FROM {table.name}")
            for name, rule in _checks(table).items():
                connection.exec_driver_sql(f"ALTER TABLE bare ADD CONSTRAINT {name} CHECK ({rule})")
            rules = connection.scalars(
                sa.text("SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint WHERE conrelid = 'bare'::regclass")
            ).all()
            source = connection.scalar(
                sa.text("SELECT prosrc FROM pg_proc WHERE proname = :name"), {"name": f"{table.name}_rules"}
            )
            told = str(source).removeprefix("\nBEGIN RETURN ").removesuffix(";\nEND ")
            assert sorted(told.split("\n    AND ")) == sorted(rules)
            connection.exec_driver_sql("DROP TABLE bare")
    engine.dispose()


def test_postgresql_parts_the_heavy_tables_by_month(tmp_path: Path, postgres: PostgresServer) -> None:
    folder = create_registry(tmp_path / "registry", postgres.empty_database(), PASSPHRASE, today=TODAY)
    engine = folder.engine()
    with engine.connect() as connection:
        before = _parts(connection)
        assert {f"{table.name}_202104" for table in monthly_tables()} <= before
    folder.upgrade(date(2022, 4, 1))
    with engine.connect() as connection:
        assert _parts(connection) - before == {
            f"{table.name}_{year}{month:02}"
            for table in monthly_tables()
            for year, month in [(2021, month) for month in range(8, 13)] + [(2022, month) for month in range(1, 8)]
        }
    engine.dispose()


def test_a_database_that_is_in_use_is_left_alone(tmp_path: Path, database: str) -> None:
    url = database if database.startswith("postgresql") else f"sqlite:///{tmp_path / 'shared.db'}"
    create_registry(tmp_path / "one", url, PASSPHRASE, today=TODAY)
    with pytest.raises(RegistryFormatError):
        create_registry(tmp_path / "two", url, PASSPHRASE, today=TODAY)
    assert not (tmp_path / "two").exists()


def test_a_folder_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "registry").mkdir()
    (tmp_path / "registry" / "mine").touch()
    with pytest.raises(StorageError):
        create_registry(tmp_path / "registry", "sqlite:///registry.db", PASSPHRASE, today=TODAY)


@pytest.mark.parametrize(
    "url", ["nothing", "mysql://host/name", "postgresql://user:secret@host/name"], ids=["none", "kind", "password"]
)
def test_a_database_that_cannot_be_is_told(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError) as told:
        create_registry(tmp_path / "registry", url, PASSPHRASE, today=TODAY)
    assert "secret" not in str(told.value)
    assert not (tmp_path / "registry").exists()


def test_a_database_that_is_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(RegistryUnavailableError):
        create_registry(tmp_path / "registry", "postgresql://nobody@127.0.0.1:1/none", PASSPHRASE, today=TODAY)
    assert not (tmp_path / "registry").exists()


def test_a_short_passphrase_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(PassphraseError):
        create_registry(tmp_path / "registry", "sqlite:///registry.db", b"short", today=TODAY)
    assert not (tmp_path / "registry").exists()


def test_another_passphrase_does_not_open_it(tmp_path: Path) -> None:
    folder = create_registry(tmp_path / "registry", "sqlite:///registry.db", PASSPHRASE, today=TODAY)
    with pytest.raises(PassphraseError):
        folder.open(b"another passphrase")


def test_what_is_no_registry_is_told(tmp_path: Path) -> None:
    with pytest.raises(RegistryFormatError):
        RegistryFolder(tmp_path).settings()


@pytest.mark.parametrize("settings", ["database = 1", "database = 'sqlite://'\nmore = 1", "=", "\xff"])
def test_wrong_settings_are_told(tmp_path: Path, settings: str) -> None:
    (tmp_path / "registry.toml").write_bytes(settings.encode("latin-1"))
    with pytest.raises(SettingsError):
        RegistryFolder(tmp_path).settings()


@pytest.mark.parametrize(("found", "word"), [("0000", "newer"), ("9999", "newer")])
def test_tables_of_another_version_are_told(tmp_path: Path, found: str, word: str) -> None:
    folder = create_registry(tmp_path / "registry", "sqlite:///registry.db", PASSPHRASE, today=TODAY)
    with folder.engine().begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    with pytest.raises(RegistryFormatError, match=word):
        folder.open(PASSPHRASE)


def test_a_database_without_tables_is_no_registry() -> None:
    with open_engine("sqlite://").connect() as connection, pytest.raises(RegistryFormatError, match="no registry"):
        check_revision(connection)


def test_upgrading_twice_changes_nothing(tmp_path: Path) -> None:
    folder = create_registry(tmp_path / "registry", "sqlite:///registry.db", PASSPHRASE, today=TODAY)
    folder.upgrade(TODAY)
    with folder.engine().connect() as connection:
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == newest_revision()


def test_after_a_rotation_the_old_key_is_not_needed(tmp_path: Path) -> None:
    folder = create_registry(tmp_path / "registry", "sqlite:///registry.db", PASSPHRASE, today=TODAY)
    desk = folder.open(PASSPHRASE)
    first_account(desk, "admin", at=AT)
    (old,) = folder.kek_files()
    new = folder.add_key(PASSPHRASE)
    assert sum(desk.rewrap()) == 1
    old.unlink()
    desk.close()
    again = folder.open(PASSPHRASE)
    assert folder.keyring(PASSPHRASE).current.key_id == new.key_id
    again.run(
        open_account,
        OpenAccount(name="desk-1", roles=[Role.RECEPTIONIST]),
        actor=local_actor(again, "admin"),
        at=AT,
        key="once",
    )
    again.close()
    folder.kek_files()[-1].unlink()
    with pytest.raises(RegistryFormatError):
        folder.keyring(PASSPHRASE)


def test_a_key_that_is_gone_is_named(tmp_path: Path) -> None:
    folder = create_registry(tmp_path / "registry", "sqlite:///registry.db", PASSPHRASE, today=TODAY)
    folder.add_key(PASSPHRASE)
    folder.kek_files()[0].unlink()
    desk = folder.open(PASSPHRASE)
    with pytest.raises(SealError):
        list(desk.rewrap())
    desk.close()


def _checks(table: sa.Table) -> dict[str, str]:
    """Return the check constraints of *table* and of its columns, by name."""
    of_columns = [each for column in table.columns for each in column.constraints]
    checks = [each for each in (*of_columns, *table.constraints) if isinstance(each, sa.CheckConstraint)]
    return {str(each.name): str(each.sqltext) for each in checks}


def _has_a_function(connection: sa.Connection, table: sa.Table) -> bool:
    """Return whether the rules of *table* are one function, as PostgreSQL reads it sooner."""
    if connection.dialect.name != "postgresql":
        return False
    name = f"{table.name}_rules"
    return bool(connection.scalar(sa.text("SELECT count(*) FROM pg_proc WHERE proname = :name"), {"name": name}))


def _is_part(name: str | None, parted: set[str]) -> bool:
    return any(str(name).startswith(f"{table}_") for table in parted) and str(name) not in METADATA.tables


def _parts(connection: sa.Connection) -> set[str]:
    return set(connection.scalars(sa.text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")))
