"""`vaxcert registry init`."""

from __future__ import annotations

from pathlib import Path

import click

from vaxcert.commands.options import now, passphrase_options, say, secret
from vaxcert.model.time_zone import VIETNAM_TIME
from vaxcert.service.registry.accounts.accounts import first_account
from vaxcert.service.registry.registry_folder import create_registry


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--database",
    default="sqlite:///registry.db",
    show_default=True,
    help="URL of an empty database: a file of SQLite, or postgresql://USER@HOST/NAME.",
)
@click.option("--admin", default="admin", show_default=True, help="The first account, which opens the others.")
@passphrase_options
def command(
    folder: Path, *, database: str, admin: str, passphrase_file: Path | None, passphrase_fd: int | None
) -> None:
    """Make a registry in FOLDER.

    It holds the settings and the keys that personal data are sealed under, encrypted with your passphrase. Keep a copy
    of the keys elsewhere: without them nobody can read the registry.
    """
    at = now()
    passphrase = secret(passphrase_file, passphrase_fd, confirm=True)()
    made = create_registry(folder, database, passphrase, today=at.astimezone(VIETNAM_TIME).date())
    desk = made.open(passphrase)
    first_account(desk, admin, at=at)
    desk.chain_trail()
    desk.close()
    say("note", f"the registry is in {folder}, its first account is {admin}")
    say("hint", f"vaxcert registry accounts open NAME --roles ROLE --registry {folder} --as {admin}")
