"""What the commands of the ledger share: its folder, the issuer's secret, and yes to what cannot be undone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vaxcert.commands.options import read_passphrase
from vaxcert.ledger.log.note_key import check_name
from vaxcert.service.issuer_secrets import load_secret

if TYPE_CHECKING:
    from vaxcert.signing.issuer_secret import IssuerSecret

LEDGER = click.Path(path_type=Path, exists=True, file_okay=False)
"""The folder that `vaxcert ledger init` made."""

EXISTING_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


class KeyName(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """The name of a log or of a witness."""

    name = "name"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return *value*, which can stand in a signed note."""
        try:
            check_name(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
        return str(value)


origin_option = click.option(
    "--origin",
    type=KeyName(),
    required=True,
    help="The log's name for ever, best under a domain of yours: ledger.moh.example/vn.",
)

secret_option = click.option(
    "--secret",
    "secret_file",
    type=EXISTING_FILE,
    help="The issuer's secret, with its passphrase: opens the certificates that are sealed. Without it they are not "
    "looked into, which is said.",
)

json_option = click.option("--json", is_flag=True, help="One JSON object a line.")

yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


def chosen_secret(
    secret_file: Path | None, passphrase_file: Path | None, passphrase_fd: int | None
) -> IssuerSecret | None:
    """Return the issuer's secret that the options name, or None.

    Raises:
        KeyFileError: It cannot be had; a `PassphraseError` where it is the passphrase.
        StorageError: A file cannot be read.
        click.UsageError: There is a passphrase and nothing that it opens.
    """
    if secret_file is None:
        if passphrase_file is not None or passphrase_fd is not None:
            raise click.UsageError("the passphrase is that of --secret: name the issuer's secret, or leave it out")
        return None
    return load_secret(secret_file, read_passphrase(passphrase_file, passphrase_fd))


def confirm(question: str, *, yes: bool) -> None:
    """Go on only where *yes* was given or a person at the terminal answers so.

    Raises:
        click.UsageError: There is nobody to ask.
        click.Abort: The answer is no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("there is no terminal to ask whether this is meant: say --yes")
    click.confirm(question, abort=True, err=True)
