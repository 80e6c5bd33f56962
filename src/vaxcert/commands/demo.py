"""`vaxcert demo`."""

from __future__ import annotations

from pathlib import Path

import click

from vaxcert.commands.options import now, say
from vaxcert.service.demo import run_demo


@click.command()
@click.argument("folder", metavar="[DIR]", type=click.Path(path_type=Path), required=False)
def command(folder: Path | None) -> int:
    """Issue, scan, verify and audit invented records in DIR, which must be new.

    Makes sample keys, issues 120 invented Vietnamese vaccinations from a CSV into a ledger, draws their QR codes,
    anchors the ledger to an EVM chain in this process, scans the pictures back and verifies them with their receipts,
    shows a tampered and an expired certificate refused, audits the ledger, and shows one forged row caught.
    """
    folder = folder or free_name("vaxcert-demo")
    demo = run_demo(folder, at=now(), say=click.echo)
    for problem in demo.problems:
        say("error", problem)
    if demo.problems:
        return 1
    click.echo(f"\nDone. Look into {folder}, or go on by hand:")
    click.echo(f"  vaxcert verify {folder}/certificates/png/000001/00001.png --trust {folder}/trust")
    click.echo(f"  vaxcert verify {folder}/refused/tampered.png --trust {folder}/trust")
    click.echo(f"  vaxcert inspect {folder}/certificates/png/000001/00001.png")
    opened = f"--secret {folder}/keys/issuer-secret.key.pem --passphrase-file {folder}/keys/passphrase.txt"
    click.echo(f"  vaxcert audit {folder}/forged-ledger --offline --trust {folder}/trust {opened}")
    return 0


def free_name(name: str) -> Path:
    """Return *name*, or with the first number that makes it new: a demo may be run again and again."""
    path, number = Path(name), 2
    while path.exists():
        path, number = Path(f"{name}-{number}"), number + 1
    return path
