"""`vaxcert ledger`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vaxcert.commands import render
from vaxcert.commands.ledger_copies import backup, export, restore
from vaxcert.commands.ledger_options import (
    LEDGER,
    chosen_secret,
    confirm,
    json_option,
    origin_option,
    secret_option,
    yes_option,
)
from vaxcert.commands.ledger_proofs import prove
from vaxcert.commands.ledger_rows import check_json, check_line, status_json, status_lines
from vaxcert.commands.ledger_witness import cosign, witness
from vaxcert.commands.options import PATH, now, passphrase_options, say, secret
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.ledgers import (
    check_ledger,
    create_ledger,
    erase_entry,
    ledger_status,
    resume_ledger,
    sign_checkpoint,
)

if TYPE_CHECKING:
    from pathlib import Path


@click.group()
def command() -> None:
    """Keep the log of certificates that everybody can check.

    A ledger is a folder: log.sqlite (the log, with certificates and salts; never handed out), log-key.pem (its key,
    encrypted), log.json and log.vkey (what those who verify and audit are given), anchor.json (its chain).
    """


command.add_command(prove)
command.add_command(export)
command.add_command(backup)
command.add_command(restore)
command.add_command(witness)
command.add_command(cosign)


@command.command()
@click.argument("folder", metavar="DIR", type=PATH)
@origin_option
@passphrase_options
def init(folder: Path, *, origin: str, passphrase_file: Path | None, passphrase_fd: int | None) -> None:
    """Make an empty ledger in the new DIR.

    Its heads are anchored to a file in DIR until `vaxcert anchor deploy` names a chain: enough for trials, and no
    witness to anybody else.
    """
    passphrase = secret(passphrase_file, passphrase_fd, confirm=True)
    create_ledger(folder, origin=origin, passphrase=passphrase, at=now())
    ledger = LedgerFolder(folder)
    for path in (ledger.log, ledger.key, ledger.vkey, ledger.description, ledger.anchor_config, ledger.anchor_file):
        click.echo(path)
    say("note", f"issue into it with `vaxcert issue --ledger {folder}`, then `vaxcert ledger checkpoint {folder}`")
    say("note", f"those who verify and audit need {ledger.description}, from you and not from the log's copies")
    say("note", f"keep {ledger.key} and its passphrase apart from backups of the log: who has them can forge receipts")


@command.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@passphrase_options
def checkpoint(folder: Path, *, passphrase_file: Path | None, passphrase_fd: int | None) -> None:
    """Sign the log as it is, and queue its head for the chain.

    The signed checkpoint goes to standard output. A log that has not grown keeps the checkpoint that it has.
    """
    signed = sign_checkpoint(folder, passphrase=secret(passphrase_file, passphrase_fd, confirm=False), at=now())
    click.echo(signed.note, nl=False)
    if signed.is_new and signed.size:
        say("note", f"entries signed: {signed.size}; anchor them with `vaxcert anchor run {folder}`")
    else:
        say("note", f"entries signed: {signed.size}, nothing new")


@command.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@json_option
def status(folder: Path, *, json: bool) -> None:
    """Show how the ledger in DIR stands, by what it says itself.

    No node is asked: `vaxcert anchor status` does, and `vaxcert audit` believes nothing.
    """
    found = ledger_status(folder)
    click.echo(render.json_text(status_json(found)) if json else "\n".join(status_lines(found)))


@command.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@secret_option
@passphrase_options
@json_option
def verify(
    folder: Path,
    *,
    secret_file: Path | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    json: bool,
) -> int:
    """Recompute the whole log in DIR, and name the first thing that is wrong.

    This is the operator's own check, from certificates and salts up to the signed roots; the exit code is 1 where
    something was changed. An auditor believes the operator nothing: see `vaxcert audit`.
    """
    found = check_ledger(folder, chosen_secret(secret_file, passphrase_file, passphrase_fd))
    click.echo(render.json_text(check_json(found)) if json else check_line(found))
    if found.sealed:
        say("warning", f"certificates: {found.sealed:,} sealed, not looked into; --secret opens them")
    return 0 if found.problem is None else 1


@command.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@click.argument("certificate_id", metavar="ID")
@yes_option
def erase(folder: Path, *, certificate_id: str, yes: bool) -> None:
    """Erase what ties the certificate ID to the log: its salt, its digest and the certificate itself.

    The entry stays in the tree, and every other proof holds; nobody can tie it to anybody any more, and no receipt can
    be made for it again. A receipt that its holder has keeps on proving. This cannot be undone.
    """
    confirm("Erase this certificate for good?", yes=yes)
    index = erase_entry(folder, certificate_id, at=now())
    say("note", f"entry {index} is erased; copies of the database made before still have it")


@command.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@yes_option
def resume(folder: Path, *, yes: bool) -> None:
    """Let a ledger that was halted or restored be written to again.

    A log is halted where its chain shows another history, and a restored one waits until it is compared with its chain,
    which `vaxcert anchor run` does by itself. Say so here only when you know why it came to that, and that no entry
    which was ever promised is missing: a log that goes on from an older copy forks, and everybody will see it.
    """
    found = ledger_status(folder)
    if found.halted is None and not found.is_restored:
        say("note", "the ledger may be written to: there is nothing to resume")
        return
    if found.halted is not None:
        say("warning", f"it was halted: {found.halted}")
    if found.is_restored:
        say("warning", "it was restored from a backup, and not compared with its chain")
    confirm("Go on from here?", yes=yes)
    resume_ledger(folder)
    say("note", "the ledger may be written to again")
