"""`vaxcert inspect`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes, render
from vaxcert.commands.options import at_option, now
from vaxcert.service.inspection import inspect_source

if TYPE_CHECKING:
    from datetime import datetime


@click.command()
@click.argument("source")
@at_option("Say what has expired as of this instant")
@click.option("--json", is_flag=True, help="One JSON object a line.")
@click.pass_context
def command(ctx: click.Context, *, source: str, at: datetime | None, json: bool) -> int:
    """Decode the certificates in SOURCE, NOT VERIFIED.

    SOURCE is what `vaxcert verify` takes. Every layer is shown, and no signature checked: anybody can make what this
    shows.
    """
    codes = set()
    for inspection in inspect_source(source, at=at or now()):
        codes.add(exit_codes.of_inspection(inspection.report))
        if json:
            click.echo(render.json_text(inspection.to_dict()))
        else:
            click.echo(render.not_verified(inspection.source, ctx.obj["lang"]))
            click.echo(render.json_text(inspection.to_dict(), indent=2))
    return exit_codes.worst(codes)
