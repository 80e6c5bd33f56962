"""`vaxcert registry demo`."""

from __future__ import annotations

from pathlib import Path

import click

from vaxcert.commands.demo import free_name
from vaxcert.commands.options import now, say
from vaxcert.service.registry.demo.play import PEOPLE, run_registry_demo

MOST = 240
"""More do not fit into the site's morning."""


@click.command("demo")
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
@click.option("--people", type=click.IntRange(20, MOST), default=PEOPLE, show_default=True, help="How many come.")
def command(folder: Path | None, *, people: int) -> int:
    """Play one site's day with invented people in DIR, which must be new.

    They are registered, approved and booked; come or stay away; are screened, injected and observed. Their
    certificates are signed in three steps, issued into a ledger and anchored; one of them has a serious reaction, one a
    misspelt name. At the end the daily form is written, and tallies with the stock.
    """
    folder = folder or free_name("vaxcert-registry-demo")
    demo = run_registry_demo(folder, at=now(), say=click.echo, people=people)
    for problem in demo.problems:
        say("error", problem)
    if demo.problems:
        return 1
    click.echo(f"\nDone. Look into {folder}, or go on by hand:")
    click.echo(f"  vaxcert verify {folder}/cards/001.png --trust {folder}/trust")
    opened = f"--registry {folder}/registry --passphrase-file {folder}/keys/passphrase.txt"
    click.echo(f"  vaxcert registry reports doses --by vaccine --as province {opened}")
    click.echo(f"  vaxcert registry reactions list --as province {opened}")
    click.echo(f"  vaxcert registry trail check --as auditor {opened}")
    return 0
