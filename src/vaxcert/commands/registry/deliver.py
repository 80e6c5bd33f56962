"""`vaxcert registry deliver`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from vaxcert.commands import exit_codes, render
from vaxcert.commands.options import now, say
from vaxcert.commands.registry.opening import acting, opened, passphrase_of, registry_options
from vaxcert.commands.registry.rounds import MAX_PAUSE, repeat
from vaxcert.commands.signals import interrupted_by_sigterm
from vaxcert.errors import RegistryUnavailableError
from vaxcert.service.registry.notifications.delivery import Delivered, DeliveryWorker
from vaxcert.service.registry.notifications.delivery_channels import carriers_of, parse_settings
from vaxcert.service.registry.registry_folder import RegistryFolder
from vaxcert.service.registry.rights import Right

if TYPE_CHECKING:
    from pathlib import Path


@click.command("deliver")
@registry_options
@click.option("--once", is_flag=True, help="Try what is due now, and end.")
@click.option(
    "--every",
    type=click.IntRange(1, MAX_PAUSE),
    metavar="SECONDS",
    default=2,
    show_default=True,
    help="Without --once, how often to look for messages, until interrupted.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a round in which something was tried.")
def command(
    registry: Path,
    acting_account: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    *,
    once: bool,
    every: int,
    as_json: bool,
) -> int:
    """Send the messages that wait: SMS, mail and webhooks, as the settings of the registry say.

    Any number of these may run, on one machine or several: no message is taken by two. One that is killed leaves its
    messages to the others after three minutes, and each is tried again under the same key. Exit codes with --once: 0
    all that was due is sent, 6 some of it failed or was given up.
    """
    folder = RegistryFolder(registry)
    console = sys.stderr if as_json else sys.stdout
    carriers = carriers_of(parse_settings(folder.settings().notifications), registry, console)
    with interrupted_by_sigterm(), opened(registry, passphrase_of(passphrase_file, passphrase_fd)) as desk:
        acting(desk, acting_account).check_may(Right.KEEP_DELIVERY)
        worker = DeliveryWorker(desk, carriers, now)
        if not once:
            repeat(lambda: _tell(worker.deliver(), as_json=as_json), every=every)
        done = worker.deliver()
        _tell(done, as_json=as_json)
        return exit_codes.OK if done == Delivered(sent=done.sent) else exit_codes.of_error(RegistryUnavailableError)


def _tell(done: Delivered, *, as_json: bool) -> None:
    counts = {name: count for name, count in asdict(done).items() if count}
    if not counts:
        return
    if as_json:
        click.echo(render.json_text(asdict(done)))
    else:
        say("note", ", ".join(f"{count} {name}" for name, count in counts.items()))
