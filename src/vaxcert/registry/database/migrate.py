"""The tables of a database brought to the form that this version knows, or found to be in it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from vaxcert.errors import RegistryFormatError

if TYPE_CHECKING:
    import sqlalchemy as sa
    from alembic.config import Config


def upgrade(connection: sa.Connection) -> None:
    """Bring the tables, or a database without any, to the newest form; in the transaction of *connection*."""
    from alembic import command  # noqa: PLC0415 - a fifth of a second that only this needs

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def check_revision(connection: sa.Connection) -> None:
    """Refuse tables of another form than this version knows.

    Raises:
        RegistryFormatError: There are none, or they are older or newer.
    """
    import sqlalchemy as sa  # noqa: PLC0415 - with the line below, once a process

    if not sa.inspect(connection).has_table("alembic_version"):
        raise RegistryFormatError("the database holds no registry", hint="`vaxcert registry init` makes one")
    found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    if found != newest_revision():
        known = found in _revisions()
        raise RegistryFormatError(
            f"the registry's tables are {'older' if known else 'newer'} than this version of vaxcert",
            hint="`vaxcert registry upgrade` brings them to it" if known else "install a newer vaxcert",
        )


@cache
def newest_revision() -> str:
    """Return the name of the newest form of the tables."""
    return _revisions()[-1]


@cache
def _revisions() -> tuple[str, ...]:
    # Each step's file is called by its revision, four digits, in their order.
    folder = files("vaxcert.registry.database.migrations") / "versions"
    return tuple(sorted(entry.name[:4] for entry in folder.iterdir() if entry.name[:4].isdigit()))


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", "vaxcert.registry.database:migrations")
    return config
