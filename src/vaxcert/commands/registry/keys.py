"""`vaxcert registry keys`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import say
from vaxcert.commands.registry.opening import acting, opened, passphrase_of, registry_options
from vaxcert.service.registry.registry_folder import RegistryFolder
from vaxcert.service.registry.rights import Right

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def command() -> None:
    """Rotate the key that the data keys of all people are wrapped under."""


@command.command("rotate")
@registry_options
@click.option("--resume", is_flag=True, help="Go on with a rotation that was broken off: make no new key.")
def rotate_command(
    registry: Path, acting_account: str | None, passphrase_file: Path | None, passphrase_fd: int | None, *, resume: bool
) -> None:
    """Make a new key and wrap every data key under it, while the registry works.

    It can be broken off, and ended with --resume. Once it has ended well, no file of an older key is needed any more,
    except for backups of the database from before.
    """
    passphrase = passphrase_of(passphrase_file, passphrase_fd)
    with opened(registry, passphrase) as desk:
        acting(desk, acting_account).check_may(Right.KEEP_REGISTRY)
        if not resume:
            say("note", f"the new key is {RegistryFolder(registry).add_key(passphrase).key_id}")
        total = 0
        for done in desk.rewrap():
            total += done
            say("note", f"{total} data keys wrapped anew")
    say("note", "every data key lies under the newest key")
