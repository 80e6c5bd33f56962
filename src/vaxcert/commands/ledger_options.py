"""What the commands of the ledger share: its folder, and yes to what cannot be undone."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from vaxcert.ledger.log.note_key import check_name

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

json_option = click.option("--json", is_flag=True, help="One JSON object a line.")

yes_option = click.option("--yes", is_flag=True, help="Do it without asking.")


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
