"""`vaxcert registry upgrade`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import now, say
from vaxcert.commands.registry.opening import registry_option
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.service.registry.registry_folder import RegistryFolder

if TYPE_CHECKING:
    from pathlib import Path


@click.command("upgrade")
@registry_option
def command(registry: Path) -> None:
    """Bring a registry's tables to this version, all or nothing.

    On PostgreSQL it also makes the parts of the heavy tables for the next months, as `registry upkeep` does.
    """
    RegistryFolder(registry).upgrade(now().astimezone(VIETNAM_TIME).date())
    say("note", "the registry's tables are those of this version")
