"""`vaxcert inspect`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes
from vaxcert.commands.options import at_option, now
from vaxcert.service.inspection import inspect_source

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@click.argument("source")
@at_option("Say what has expired as of this instant")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(source: str, at: datetime | None, as_json: bool) -> int:  # noqa: FBT001 - click passes by name
    """Decode the certificates in SOURCE and show every layer, NOT VERIFIED.

    SOURCE is what `vaxcert verify` takes. No signature is checked here: anybody can make what this shows.
    """
    codes = set()
    for inspection in inspect_source(source, at=at or now()):
        codes.add(exit_codes.of_inspection(inspection.report))
        if as_json:
            click.echo(json.dumps(inspection.to_dict(), ensure_ascii=False, default=str))
        else:
            click.secho(f"NOT VERIFIED  {inspection.source}", fg="yellow", bold=True)
            click.echo(json.dumps(inspection.to_dict(), ensure_ascii=False, indent=2, default=str))
    return exit_codes.worst(codes)
