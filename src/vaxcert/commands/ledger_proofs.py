"""`vaxcert ledger prove`."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from vaxcert.commands.ledger_options import LEDGER
from vaxcert.commands.options import say
from vaxcert.commands.progress import Progress
from vaxcert.service.files import whole_file
from vaxcert.service.proving import Proof, Prover

if TYPE_CHECKING:
    from collections.abc import Iterator

_STANDARD_OUTPUT = "-"
_SINGLE = {".cbor": Proof.to_cbor, ".tlog-proof": Proof.to_tlog_proof}
"""How one receipt is written alone, by the name of its file."""


@click.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Every certificate in the log.")
@click.option("-o", "--out", metavar="OUT", default=_STANDARD_OUTPUT, help="File to write. Default: standard output.")
@click.option("--anchor/--no-anchor", "with_anchor", default=True, help="Add the proof from the chain, once final.")
def prove(folder: Path, ids: tuple[str, ...], *, is_all: bool, out: str, with_anchor: bool) -> None:
    """Make the receipts of the certificates with these IDs.

    OUT has one JSON object a line, which `vaxcert verify --receipt` reads. Of a single certificate, an OUT that ends in
    .cbor is its receipt as such, and one in .tlog-proof the same proof as text for other tools (C2SP). A receipt holds
    the salt: it is its holder's, and whoever has it can tell that this certificate is in the log.
    """
    if is_all == bool(ids):
        raise click.UsageError("name certificates by their ids, or say --all")
    single = _SINGLE.get(Path(out).suffix)
    if single is not None and len(ids) != 1:
        raise click.UsageError(f"{out} takes the receipt of one certificate; several go to JSON lines (.jsonl)")
    with Prover.open(folder, with_anchors=with_anchor) as prover:
        proofs = prover.prove_all() if is_all else map(prover.prove, ids)
        with _target(out) as stream, Progress("receipts") as progress:
            count = 0
            for count, proof in enumerate(proofs, 1):
                stream.write(proof.to_line() if single is None else single(proof))
                progress.show(count)
        uncovered = prover.uncovered
    if out != _STANDARD_OUTPUT:
        say("note", f"receipts written: {count}, to {out}")
    if is_all and uncovered:
        say("warning", f"entries newer than the newest checkpoint: {uncovered}; sign one to prove them too")


@contextmanager
def _target(out: str) -> Iterator[IO[bytes]]:
    if out == _STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with whole_file(Path(out)) as stream:
            yield stream
