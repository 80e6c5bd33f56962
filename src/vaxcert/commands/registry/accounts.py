"""`vaxcert registry accounts`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import EXISTING_PATH, now, say
from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.commands.registry.opening import acting, opened, passphrase_of, registry_options
from vaxcert.errors import PassphraseError
from vaxcert.service.files import read_secret_line
from vaxcert.service.registry.accounts.accounts import change_account, close_account, list_accounts, open_account
from vaxcert.service.registry.accounts.api_keys import SetPassword, set_password
from vaxcert.service.registry.request import read_request

if TYPE_CHECKING:
    from pathlib import Path

command = noun(
    "Say who may act, as what, and where.",
    {
        "open": Verb(open_account, ("name",)),
        "change": Verb(change_account, ("name",)),
        "close": Verb(close_account, ("name",)),
        "list": list_accounts,
    },
)


@command.command("password")
@registry_options
@click.argument("name")
@click.option(
    "--new-password-file",
    type=EXISTING_PATH,
    help="File whose first line is the new password. Default: it is asked for.",
)
def password_command(
    registry: Path,
    acting_account: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    *,
    name: str,
    new_password_file: Path | None,
) -> None:
    """Set the password that an account signs in with over HTTP; its sessions end."""
    password = _new_password(new_password_file)
    with opened(registry, passphrase_of(passphrase_file, passphrase_fd)) as desk:
        request = read_request(SetPassword, {"name": name, "password": password})
        ended = desk.run(set_password, request, actor=acting(desk, acting_account), at=now()).ended_sessions
    say("note", f"the password of {name} is set; sessions ended: {ended}")


def _new_password(file: Path | None) -> str:
    if file is not None:
        return read_secret_line(file, "password").decode()
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise PassphraseError("there is no password, and no terminal to ask for it", hint="give --new-password-file")
    return str(click.prompt("New password", hide_input=True, confirmation_prompt=True, err=True))
