"""`vaxcert anchor key` and `deploy`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import click

from vaxcert.commands.anchor_options import (
    agreeing_option,
    contract_option,
    deploy_block_option,
    fee_cap_option,
    finality_option,
    key_option,
    node_addresses,
    node_options,
    owner_option,
    owner_passphrase_option,
)
from vaxcert.commands.ledger_options import LEDGER
from vaxcert.commands.options import PATH, now, passphrase_options, say, secret
from vaxcert.ledger.anchor.settings import GWEI
from vaxcert.service.anchor_setup import ChainPlan, create_account, deploy_anchor

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.anchor.settings import Finality


@click.command()
@click.argument("file", metavar="NEWFILE", type=PATH)
@passphrase_options
def key(file: Path, *, passphrase_file: Path | None, passphrase_fd: int | None) -> None:
    """Make an account for anchoring, its key encrypted in NEWFILE.

    The file is a keystore of version 3, which other Ethereum tools read. It is no document signer and not the log's
    key: it pays for anchors, and can do nothing else in the contract.
    """
    address = create_account(file, secret(passphrase_file, passphrase_fd, confirm=True))
    click.echo(f"0x{address.hex()}")
    say("note", f"the key is in {file}; where the chain's gas costs, give the account funds")


@click.command()
@click.argument("folder", metavar="DIR", type=LEDGER)
@node_options
@key_option
@owner_option
@contract_option
@deploy_block_option
@agreeing_option
@finality_option
@fee_cap_option
@passphrase_options
@owner_passphrase_option
def deploy(
    folder: Path,
    *,
    rpcs: tuple[str, ...],
    rpc_files: tuple[Path, ...],
    key: Path,
    owner_key: Path | None,
    contract: bytes | None,
    deploy_block: int | None,
    agreeing: int | None,
    finality: Finality,
    fee_cap: float,
    passphrase_file: Path | None,
    passphrase_fd: int | None,
    owner_passphrase_file: Path | None,
) -> None:
    """Anchor the ledger in DIR to a chain from now on.

    Deploys the contract AnchorRegistry, or with --contract uses one that stands, and lets the account of --key anchor
    in it. The owner of a contract names its writers and withdraws anchors: best an account of its own, kept cold. What
    is pinned of the chain (chain id, first block, contract, code) goes into DIR/anchor.json and DIR/log.json; give
    everybody who verifies the new log.json.
    """
    if deploy_block is not None and contract is None:
        raise click.UsageError("--deploy-block goes with --contract")
    passphrase = cache(secret(passphrase_file, passphrase_fd, confirm=False))  # asked once, for both keys
    owners_own = None if owner_passphrase_file is None else secret(owner_passphrase_file, None, confirm=False)
    plan = ChainPlan(
        nodes=node_addresses(rpcs, rpc_files),
        keystore=key,
        owner_keystore=owner_key,
        contract=contract,
        deploy_block=deploy_block,
        agreeing=agreeing,
        finality=finality,
        fee_cap=round(fee_cap * GWEI),
    )
    identity = deploy_anchor(folder, plan, passphrase=passphrase, owner_passphrase=owners_own or passphrase, at=now())
    click.echo(f"0x{identity.contract.hex()}")
    say("note", f"on chain {identity.chain_id}, from block {identity.deploy_block}; now `vaxcert anchor run {folder}`")
    if owner_key is None and contract is None:
        say("warning", "one account owns the contract and anchors in it: who gets its key can withdraw anchors too")
    say("note", f"give those who verify and audit the new {folder / 'log.json'}")
