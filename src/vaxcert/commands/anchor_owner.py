"""`vaxcert anchor writer` and `withdraw`: what only the owner of the contract may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands.anchor_options import Address
from vaxcert.commands.ledger_options import EXISTING_FILE, LEDGER, confirm, yes_option
from vaxcert.commands.options import passphrase_options, say, secret
from vaxcert.service.anchor_setup import set_writer, withdraw_anchor

if TYPE_CHECKING:
    from pathlib import Path

_owner_key_option = click.option(
    "--owner-key", type=EXISTING_FILE, required=True, help="Keystore of the account that owns the contract."
)


@click.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@click.argument("address", metavar="ADDRESS", type=Address())
@click.option("--remove", is_flag=True, help="No longer.")
@_owner_key_option
@passphrase_options
def writer(
    folder: Path,
    *,
    address: bytes,
    remove: bool,
    owner_key: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
) -> None:
    """Let the account ADDRESS anchor for the ledger in DIR.

    This is how an anchoring key is replaced: name the new account, put its keystore into anchor.json, then remove the
    old one. What the old one has anchored stays anchored.
    """
    passphrase = secret(passphrase_file, passphrase_fd, confirm=False)
    set_writer(folder, address, allowed=not remove, owner_keystore=owner_key, owner_passphrase=passphrase)
    say("note", f"0x{address.hex()} may {'no longer ' if remove else ''}anchor for this log")


@click.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@click.argument("seq", metavar="SEQ", type=click.IntRange(1))
@_owner_key_option
@passphrase_options
@yes_option
def withdraw(
    folder: Path,
    *,
    seq: int,
    owner_key: Path,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    yes: bool,
) -> None:
    """Mark anchor number SEQ of the ledger in DIR as withdrawn on its chain.

    A mark says that this head is no longer to be relied on, for instance since the anchoring key was in other hands. It
    revokes no certificate, deletes nothing and cannot be taken back; audits report it.
    """
    confirm(f"Withdraw anchor {seq} for good?", yes=yes)
    passphrase = secret(passphrase_file, passphrase_fd, confirm=False)
    withdraw_anchor(folder, seq, owner_keystore=owner_key, owner_passphrase=passphrase)
    say("note", f"anchor {seq} is withdrawn")
