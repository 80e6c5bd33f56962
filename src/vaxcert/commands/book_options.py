"""Which book of revocations a command uses."""

from __future__ import annotations

from pathlib import Path

import click

from vaxcert.commands.ledger_options import LEDGER
from vaxcert.service.revocation_book import BOOK_NAME

book_option = click.option(
    "--book",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"The book of revocations. Default: {BOOK_NAME} in the ledger's folder.",
)
ledger_option = click.option("--ledger", type=LEDGER, help="The ledger that the certificates were issued into.")


def chosen_book(book: Path | None, ledger: Path | None) -> Path:
    """Return where the book stands.

    Raises:
        click.UsageError: Neither it nor a ledger was named.
    """
    if book is not None:
        return book
    if ledger is None:
        raise click.UsageError(
            "name the book of revocations with --book, or the ledger that it stands in with --ledger"
        )
    return ledger / BOOK_NAME
