"""The options of `vaxcert anchor`: nodes, accounts, what may be paid and when an anchor is final."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import click

from vaxcert.commands.ledger_options import EXISTING_FILE
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES
from vaxcert.ledger.anchor.settings import DEFAULT_FEE_CAP, GWEI, MAX_CONFIRMATIONS, MAX_NODES, Finality, NodeAddress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    F = TypeVar("F", bound=Callable[..., object])

_FINALIZED = "finalized"
_MAX_FEE_CAP_GWEI = 1_000_000


class Address(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """The address of an account or a contract."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Return the 20 bytes of *value*."""
        if isinstance(value, bytes):
            return value
        digits = str(value).removeprefix("0x")
        try:
            address = bytes.fromhex(digits)
        except ValueError:
            address = b""
        if len(address) != ADDRESS_BYTES or len(digits) != 2 * ADDRESS_BYTES:
            self.fail(f"{value!r} is no address: 0x and {2 * ADDRESS_BYTES} hexadecimal digits", param, ctx)
        return address


class FinalityType(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """When a block is there for good."""

    name = "finality"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Finality:
        """Return what *value* says: `finalized`, or a number of confirmations."""
        if isinstance(value, Finality):
            return value
        text = str(value)
        if text == _FINALIZED:
            return Finality()
        digits = text if text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_CONFIRMATIONS)) else "0"
        if not 1 <= int(digits) <= MAX_CONFIRMATIONS:
            self.fail(f"{value!r} is neither {_FINALIZED} nor 1 to {MAX_CONFIRMATIONS} confirmations", param, ctx)
        return Finality(int(digits))


def node_options(command: F) -> F:
    """Add `--rpc` and `--rpc-file` to *command*."""
    address = click.option("--rpc", "rpcs", multiple=True, metavar="URL", help="A node of the chain (JSON-RPC).")
    file = click.option(
        "--rpc-file",
        "rpc_files",
        type=EXISTING_FILE,
        multiple=True,
        help="File whose first line is a node's URL, where that holds a key.",
    )
    return address(file(command))


def node_addresses(rpcs: tuple[str, ...], rpc_files: tuple[Path, ...]) -> tuple[NodeAddress, ...]:
    """Return the nodes that the options of `node_options` name.

    Raises:
        click.UsageError: There are none, or too many.
    """
    if any(not url.startswith(("http://", "https://")) for url in rpcs):
        raise click.BadParameter("a node's address begins with http:// or https://", param_hint="--rpc")
    nodes = (*(NodeAddress(url=url) for url in rpcs), *(NodeAddress(file=str(path.resolve())) for path in rpc_files))
    if not 1 <= len(nodes) <= MAX_NODES:
        raise click.UsageError(f"name 1 to {MAX_NODES} nodes of the chain with --rpc or --rpc-file")
    return nodes


agreeing_option = click.option(
    "--agreeing",
    type=click.IntRange(1, MAX_NODES),
    metavar="N",
    help="How many nodes have to give the same block. Default: more than half.",
)
finality_option = click.option(
    "--finality",
    type=FinalityType(),
    default=_FINALIZED,
    show_default=True,
    metavar="WHEN",
    help="When a block is there for good: finalized, or a number of confirmations (1 for QBFT).",
)
fee_cap_option = click.option(
    "--fee-cap",
    type=click.FloatRange(0, _MAX_FEE_CAP_GWEI),
    default=DEFAULT_FEE_CAP // GWEI,
    show_default=True,
    metavar="GWEI",
    help="The most paid per gas; an anchor takes about 46,000.",
)
key_option = click.option(
    "--key", type=EXISTING_FILE, required=True, help="Keystore of the anchoring account, as `anchor key` makes it."
)
owner_option = click.option(
    "--owner-key", type=EXISTING_FILE, help="Keystore of the account that owns the contract. Default: --key."
)
owner_passphrase_option = click.option(
    "--owner-passphrase-file", type=EXISTING_FILE, help="File with its passphrase. Default: the same passphrase."
)
contract_option = click.option("--contract", type=Address(), help="A contract that stands already, to be used.")
deploy_block_option = click.option(
    "--deploy-block",
    type=click.IntRange(min=0),
    metavar="N",
    help="The block in which that contract was deployed, where the log has anchors in it.",
)
