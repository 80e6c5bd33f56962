"""`vaxcert ledger export`, `backup` and `restore`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands.ledger_options import EXISTING_FILE, LEDGER
from vaxcert.commands.options import PATH, say
from vaxcert.service.ledger_copies import back_up, export_for_auditor, export_tiles, restore_ledger
from vaxcert.service.ledger_folder import LedgerFolder

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@click.argument("out", metavar="OUT", type=PATH)
@click.option("--auditor", is_flag=True, help="With certificates and salts: personal data, for an auditor alone.")
def export(folder: Path, out: Path, *, auditor: bool) -> None:
    """Write the log in DIR to the folder OUT.

    Without --auditor it is for everybody: the newest checkpoint and the hashes of the tree, nothing of a person, as
    static files in a layout that other tools read too (C2SP tlog-tiles). An OUT that is there is brought up to date.
    With --auditor, OUT is new and has all that `vaxcert audit --offline` needs.
    """
    if auditor:
        export_for_auditor(folder, out)
        say("warning", f"{out} holds certificates: hand it to the auditor on a safe way, and to nobody else")
    else:
        export_tiles(folder, out)
    click.echo(out)


@click.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@click.argument("file", metavar="FILE", type=PATH)
def backup(folder: Path, file: Path) -> None:
    """Copy the log in DIR, as it is at this moment, to the new FILE.

    Others may go on writing to it meanwhile. The log's key, anchor.json and, where the log is anchored to a file,
    anchors.jsonl are not in it: keep copies of them elsewhere.
    """
    back_up(folder, file)
    click.echo(file)
    ledger = LedgerFolder(folder)
    others = [path for path in (ledger.key, ledger.anchor_config, ledger.anchor_file) if path.exists()]
    if others:
        say("note", f"keep copies of these too, apart from this file: {', '.join(map(str, others))}")


@click.command()
@click.argument("file", metavar="FILE", type=EXISTING_FILE)
@click.argument("folder", metavar="DIR", type=PATH)
def restore(file: Path, folder: Path) -> None:
    """Put the log of a backup FILE into DIR, where there is none.

    All of it is checked first. It takes no entries until it was compared with its chain: a log that goes on from an
    older copy would fork.
    """
    description = restore_ledger(file, folder)
    ledger = LedgerFolder(folder)
    click.echo(folder)
    say("note", f"the log is {description.origin}; {ledger.key.name} and {ledger.anchor_config.name} belong here too")
    if not ledger.anchor_file.exists():
        say("note", f"so does {ledger.anchor_file.name}, where the log is anchored to a file and not to a chain")
    say("note", f"then `vaxcert anchor run {folder}` compares it with its chain, and lets it be written to")
