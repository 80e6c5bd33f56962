"""`vaxcert ledger witness` and `cosign`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import click

from vaxcert.commands.ledger_options import EXISTING_FILE, LEDGER, KeyName
from vaxcert.commands.options import PATH, now, passphrase_options, say, secret
from vaxcert.service.log_description import read_description

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.witness.server import WitnessServer

MAX_PORT = 65_535


class Address(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """A host and a port to listen at."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Return host and port in *value*."""
        if isinstance(value, tuple):
            return value
        host, colon, port = str(value).rpartition(":")
        if not colon or not host or not (port.isascii() and port.isdecimal()) or int(port) > MAX_PORT:
            self.fail(f"{value!r} is no HOST:PORT such as 127.0.0.1:8080", param, ctx)
        return host.removeprefix("[").removesuffix("]"), int(port)


@click.command()
@click.argument("folder", metavar="DIR", type=PATH)
@click.option("--listen", type=Address(), required=True, metavar="HOST:PORT", help="Where to answer; port 0 is any.")
@click.option(
    "--log", "logs", type=EXISTING_FILE, multiple=True, required=True, help="A log to watch: its log.json or log.vkey."
)
@click.option("--name", type=KeyName(), help="The name of a new witness, best under a domain of yours.")
@passphrase_options
def witness(
    folder: Path,
    *,
    listen: tuple[str, int],
    logs: tuple[Path, ...],
    name: str | None,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
) -> None:
    """Cosign the checkpoints of other people's logs, until interrupted.

    A witness cosigns a checkpoint only where it extends the last one that it cosigned, so that no log can show two
    histories to two people (C2SP tlog-witness). DIR has its key and what it has cosigned; the first time it is made,
    and --name says whose. It speaks plain HTTP: put it behind a proxy that does TLS.
    """
    from vaxcert.service import witnessing  # noqa: PLC0415 - a server, and what it needs, only where one is run

    described = [read_description(log) for log in logs]
    is_new = not witnessing.is_witness(folder)
    if not is_new and name is not None:
        known = witnessing.read_witness_key(folder / witnessing.VKEY_FILE).name
        if known != name:
            raise click.UsageError(f"the witness in {folder} is {known}: leave out --name, or choose another folder")
    passphrase = cache(secret(passphrase_file, passphrase_fd, confirm=is_new))  # asked once, to make it and to use it
    if is_new:
        if name is None:
            raise click.UsageError(f"there is no witness in {folder}: --name makes one")
        made = witnessing.create_witness(folder, name=name, passphrase=passphrase)
        say("note", f"a new witness; logs that are to believe it need {folder / witnessing.VKEY_FILE}: {made.vkey}")

    def started(server: WitnessServer) -> None:
        say("note", f"listening at http://{listen[0]}:{server.server_port}; logs watched: {len(described)}")

    witnessing.serve(folder, described, passphrase=passphrase, address=listen, clock=now, started=started)


@click.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@click.argument("url", metavar="URL")
@click.option("--witness", "vkey", type=EXISTING_FILE, required=True, help="The witness's public key: its .vkey file.")
def cosign(folder: Path, url: str, *, vkey: Path) -> None:
    """Ask the witness at URL to cosign the newest checkpoint of the ledger in DIR.

    The checkpoint with its cosignatures goes to standard output, and is kept in DIR/cosigned; receipts carry it from
    then on.
    """
    from vaxcert.service.cosigning import cosign as ask  # noqa: PLC0415 - a client, only where one is asked
    from vaxcert.service.witnessing import read_witness_key  # noqa: PLC0415 - as above

    key = read_witness_key(vkey)
    click.echo(ask(folder, url, witness=key), nl=False)
    say("note", f"cosigned by {key.name}")
