"""`vaxcert anchor`."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes, render
from vaxcert.commands.anchor_owner import withdraw, writer
from vaxcert.commands.anchor_rows import exit_code_of, progress_json, progress_line, status_json, status_lines
from vaxcert.commands.anchor_setup import deploy, key
from vaxcert.commands.ledger_options import LEDGER, json_option
from vaxcert.commands.options import now, passphrase_options, say, secret
from vaxcert.commands.signals import interrupted_by_sigterm
from vaxcert.service.anchoring import AnchoringSession, anchoring_status

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.anchor.progress import Progress

_PATIENCE = timedelta(hours=1)
_MAX_SECONDS = 86_400


@click.group()
def command() -> None:
    """Anchor the heads of a ledger to a chain.

    A chain, or whoever else keeps a head, is what makes it impossible to change the past unseen. Each signed checkpoint
    is queued; `run` brings the newest one onto the chain, exactly once, whatever fails on the way.
    """


command.add_command(key)
command.add_command(deploy)
command.add_command(writer)
command.add_command(withdraw)


@command.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@click.option("--once", is_flag=True, help="Do what can be done now, and end.")
@click.option("--until-final", is_flag=True, help="End when every head is final, or covered by one that is.")
@click.option(
    "--within",
    type=click.IntRange(0),
    metavar="SECONDS",
    default=int(_PATIENCE.total_seconds()),
    show_default=True,
    help="How long --until-final waits.",
)
@click.option(
    "--every",
    type=click.IntRange(1, _MAX_SECONDS),
    metavar="SECONDS",
    default=30,
    show_default=True,
    help="Without either, how often to look for new heads, until interrupted.",
)
@click.option("--retry", is_flag=True, help="First try again what the contract has refused.")
@json_option
@passphrase_options
def run(
    folder: Path,
    *,
    once: bool,
    until_final: bool,
    within: int,
    every: int,
    retry: bool,
    json: bool,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
) -> int:
    """Bring the queued heads of the ledger in DIR onto its chain.

    The newest head covers all before it, so that one transaction is enough however long the chain was away. What a head
    waits for is told with a code. Exit codes: 0 final (or, without --until-final, on its way), 4 waiting for something
    out of reach, such as a node, funds or another process that anchors, 6 stopped until an operator has settled it.
    Ctrl-C and SIGTERM let another process go on at once.
    """
    if once and until_final:
        raise click.UsageError("give --once or --until-final, not both")
    passphrase = secret(passphrase_file, passphrase_fd, confirm=False)
    with interrupted_by_sigterm(), AnchoringSession.open(folder, passphrase=passphrase, clock=now) as session:
        if retry and not session.retry():
            say("note", "the contract has refused nothing: there is nothing to try again")
        if until_final:
            deadline = now() + timedelta(seconds=within)
            progress = session.finish(deadline=deadline, wait=lambda pause: time.sleep(pause.total_seconds()))
        else:
            progress = session.advance()
        shown = _show(progress, session, json=json, before=None)
        while not (once or until_final):
            time.sleep(every)
            shown = _show(session.advance(), session, json=json, before=shown)
    return exit_code_of(progress, has_to_be_final=until_final)


@command.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@json_option
def status(folder: Path, *, json: bool) -> int:
    """Show how far each head has come, what it waits for, and how long the account's funds last.

    Exit codes: 0 the chain is the one that is pinned, 1 what its nodes say does not hold together, 4 they do not
    answer, 6 it is another chain, or was begun anew.
    """
    found = anchoring_status(folder, clock=now)
    click.echo(render.json_text(status_json(found)) if json else "\n".join(status_lines(found)))
    if found.is_low_on_funds:
        say("warning", f"the anchoring account can pay for {found.affordable_anchors} anchors more: give it funds")
    if found.problem is None:
        return exit_codes.OK
    if found.problem.hint:
        say("hint", found.problem.hint)
    return exit_codes.of_error(type(found.problem))


def _show(progress: Progress, session: AnchoringSession, *, json: bool, before: str | None) -> str:
    """Show what a run came to, unless it is what was shown *before*, and return it."""
    state = session.state
    line = render.json_text(progress_json(progress, state)).decode() if json else progress_line(progress, state)
    if line != before:
        click.echo(line)
    return line
