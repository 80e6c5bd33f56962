"""`vaxcert registry trail`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import at_option, now
from vaxcert.commands.registry.opening import acting, opened, passphrase_of, registry_options
from vaxcert.commands.registry.show import show
from vaxcert.errors import SettingsError
from vaxcert.service.registry.registry_folder import RegistryFolder
from vaxcert.service.registry.trail import check_trail, log_trail_head

if TYPE_CHECKING:
    from datetime import datetime

_json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object.")


@click.group()
def command() -> None:
    """Check who did what, and keep the head of it in the ledger's log.

    Whatever changes the registry leaves an entry in its trail: who, what, when, why, and digests of before and after.
    The entries are chained in the order of their commits.
    """


@command.command("check")
@registry_options
@_json_option
def check_command(
    registry: Path,
    acting_account: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    *,
    as_json: bool,
) -> None:
    """Recompute the chain, and name the first entry that was altered or removed."""
    with opened(registry, passphrase_of(passphrase_file, passphrase_fd)) as desk:
        show(check_trail(desk, acting(desk, acting_account)), as_json=as_json)


@command.command("log")
@registry_options
@click.option(
    "--ledger", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Default: the one in registry.toml."
)
@at_option("When the head is logged")
@_json_option
def log_command(
    registry: Path,
    acting_account: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    *,
    ledger: Path | None,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Keep the chain's head in the log of a ledger: no entry before it can then be altered unseen."""
    place = ledger or RegistryFolder(registry).ledger
    if place is None:
        raise SettingsError("the registry has no ledger", hint="name one with --ledger, or in registry.toml")
    with opened(registry, passphrase_of(passphrase_file, passphrase_fd)) as desk:
        show(log_trail_head(desk, acting(desk, acting_account), place, at=at or now()), as_json=as_json)
