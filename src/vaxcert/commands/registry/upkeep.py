"""`vaxcert registry upkeep`."""

from __future__ import annotations

import dataclasses
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import click

from vaxcert.commands import render
from vaxcert.commands.options import at_option, now, say
from vaxcert.commands.registry.opening import acting, opened, passphrase_of, registry_options
from vaxcert.commands.registry.rounds import MAX_PAUSE, repeat
from vaxcert.commands.signals import interrupted_by_sigterm
from vaxcert.service.registry.certificates.issuing import open_sequencer
from vaxcert.service.registry.notifications.delivery import DeliveryWorker
from vaxcert.service.registry.notifications.delivery_channels import carriers_of, parse_settings
from vaxcert.service.registry.registry_folder import RegistryFolder
from vaxcert.service.registry.rights import Right
from vaxcert.service.registry.upkeep import Upkeep

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from vaxcert.errors import VaxcertError
    from vaxcert.service.registry.upkeep import Kept


@click.command("upkeep")
@registry_options
@click.option("--once", is_flag=True, help="Do what is due now, and end.")
@click.option(
    "--every",
    type=click.IntRange(1, MAX_PAUSE),
    default=5,
    show_default=True,
    metavar="SECONDS",
    help="Pause between two rounds.",
)
@click.option("--no-messages", is_flag=True, help="Send no messages: another process does.")
@click.option("--no-certificates", is_flag=True, help="Issue no certificates: another process does.")
@at_option("With --once: the time that it is done at")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a round.")
def command(
    registry: Path,
    acting_account: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    *,
    once: bool,
    every: int,
    no_messages: bool,
    no_certificates: bool,
    at: datetime | None,
    as_json: bool,
) -> None:
    """Keep a registry going, round after round.

    It returns places that nobody took in time, reminds people, asks them how they are, tells offices of late reports,
    issues the certificates that the centre has signed, sends the messages and chains the trail. Several may run side by
    side, and each may be killed at any time. How messages leave and with which keys certificates are issued stands in
    registry.toml.
    """
    if at is not None and not once:
        raise click.UsageError("--at goes with --once")
    clock: Callable[[], datetime] = now if at is None else lambda: at
    folder = RegistryFolder(registry)
    with ExitStack() as stack:
        desk = stack.enter_context(opened(registry, passphrase_of(passphrase_file, passphrase_fd)))
        acting(desk, acting_account).check_may(Right.KEEP_REGISTRY)
        settings = parse_settings(folder.settings().notifications)
        delivery = None if no_messages else DeliveryWorker(desk, carriers_of(settings, registry, sys.stderr), clock)
        sequencer = None if no_certificates else stack.enter_context(open_sequencer(folder, desk, at=clock()))
        if sequencer is None and not no_certificates:
            say("note", "no certificates are issued: registry.toml names no ledger")
        upkeep = Upkeep(desk, clock=clock, delivery=delivery, sequencer=sequencer)
        if once:
            _tell(upkeep.round(), as_json=as_json)
            return
        with interrupted_by_sigterm():
            repeat(lambda: _round(upkeep, as_json=as_json), every=every, told=_again)


def _again(error: VaxcertError) -> str:
    return f"{error.message} ({error.code}); it is tried again"


def _round(upkeep: Upkeep, *, as_json: bool) -> None:
    if kept := upkeep.round():
        _tell(kept, as_json=as_json)


def _tell(kept: Kept, *, as_json: bool) -> None:
    told = dataclasses.asdict(kept)
    if as_json:
        click.echo(render.json_text(told))
        return
    for name, value in told.items():
        inner = value if isinstance(value, dict) else {"": value}
        for part, count in inner.items():
            if count:
                click.echo(f"{name.replace('_', ' ')}{' ' + part if part else ''}: {count}")
