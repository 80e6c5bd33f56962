"""`anchor.json` in a log's folder: which chain the log is anchored to, which nodes are asked, what may be paid.

    {
      "version": 1,
      "identity": {"driver": "evm", "chain_id": 1, "genesis_hash": "<64 digits>", "contract": "<40 digits>",
                   "code_hash": "<64 digits>", "deploy_block": 19000000, "log_id": "<64 digits>"},
      "nodes": ["https://node.example", {"file": "second-node.url"}],
      "agreeing": 2,
      "finality": "finalized",
      "fee_cap_wei": 50000000000,
      "keystore": "anchor-key.json"
    }

Everything beside `version` and `identity` is left out where there is no node to ask. A node's address may hold a key;
so may a file that has the address in the first line. Paths are relative to the folder.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, cast

from vaxcert.errors import SettingsError, StorageError
from vaxcert.ledger.anchor.identity import ADDRESS_BYTES, HASH_BYTES, MAX_UINT64, ChainIdentity
from vaxcert.ledger.anchor.settings import (
    DEFAULT_FEE_CAP,
    MAX_CONFIRMATIONS,
    MAX_FEE,
    MAX_NODES,
    MAX_TEXT,
    AnchorConfig,
    Finality,
    NodeAddress,
    check_setting,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_NAME = "anchor.json"
MAX_CONFIG_BYTES = 64 * 1024


def read_config(path: Path) -> AnchorConfig:
    """Return what the file at *path* says.

    Raises:
        SettingsError: There is none, or it is not right; the message names the field.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise SettingsError(
            f"{path.name} cannot be read: {error.strerror}", hint="name a chain with: vaxcert anchor deploy"
        ) from error
    return parse_config(content)


def write_config(path: Path, config: AnchorConfig) -> None:
    """Write *config* at *path*, whole or not at all, for its owner alone.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # made with mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(format_config(config))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path.name} cannot be written: {error.strerror}") from error


def format_config(config: AnchorConfig) -> bytes:
    """Return *config* as the file's content."""
    identity = config.identity
    record: dict[str, object] = {
        "version": 1,
        "identity": {
            "driver": identity.driver,
            "chain_id": identity.chain_id,
            "genesis_hash": identity.genesis_hash.hex(),
            "contract": identity.contract.hex(),
            "code_hash": identity.code_hash.hex(),
            "deploy_block": identity.deploy_block,
            "log_id": identity.log_id.hex(),
        },
    }
    if config.nodes:
        confirmations = config.finality.confirmations
        record |= {
            "nodes": [node.url or {"file": node.file} for node in config.nodes],
            "agreeing": config.agreeing,
            "finality": "finalized" if confirmations is None else {"confirmations": confirmations},
            "fee_cap_wei": config.fee_cap,
        }
        if config.keystore is not None:
            record["keystore"] = config.keystore
    return f"{json.dumps(record, indent=2)}\n".encode()


def parse_config(content: bytes) -> AnchorConfig:
    """Return what *content* says.

    Raises:
        SettingsError: It is not right; the message names the field.
    """
    check_setting(len(content) <= MAX_CONFIG_BYTES, f"it has over {MAX_CONFIG_BYTES} bytes")
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SettingsError("anchor.json: it is not JSON") from error
    known = {"version", "identity", "nodes", "agreeing", "finality", "fee_cap_wei", "keystore"}
    fields = _object(record, "the file", known)
    check_setting(fields.get("version") == 1, "version 1 is known here")
    nodes = fields.get("nodes", [])
    check_setting(isinstance(nodes, list) and len(nodes) <= MAX_NODES, f"nodes is a list of at most {MAX_NODES}")
    keystore = fields.get("keystore")
    return AnchorConfig(
        identity=_identity(fields.get("identity")),
        nodes=tuple(map(_node, cast("list[object]", nodes))),
        agreeing=_integer(fields, "agreeing", len(cast("list[object]", nodes))),
        finality=_finality(fields.get("finality", "finalized")),
        fee_cap=_integer(fields, "fee_cap_wei", DEFAULT_FEE_CAP),
        keystore=None if keystore is None else _text(keystore, "keystore"),
    )


def _identity(value: object) -> ChainIdentity:
    hashes = {"genesis_hash": HASH_BYTES, "contract": ADDRESS_BYTES, "code_hash": HASH_BYTES, "log_id": HASH_BYTES}
    fields = _object(value, "identity", {"driver", "chain_id", "deploy_block", *hashes})
    octets = {name: _octets(fields.get(name), name, length) for name, length in hashes.items()}
    return ChainIdentity(
        driver=_text(fields.get("driver"), "driver"),
        chain_id=_integer(fields, "chain_id"),
        deploy_block=_integer(fields, "deploy_block"),
        **octets,
    )


def _node(value: object) -> NodeAddress:
    if isinstance(value, dict):
        return NodeAddress(file=_text(_object(value, "a node", {"file"}).get("file"), "a node's file"))
    url = _text(value, "a node")
    check_setting(url.startswith(("http://", "https://")), "a node's address begins with http:// or https://")
    return NodeAddress(url=url)


def _finality(value: object) -> Finality:
    if value == "finalized":
        return Finality()
    fields = _object(value, "finality", {"confirmations"})
    confirmations = _integer(fields, "confirmations")
    check_setting(1 <= confirmations <= MAX_CONFIRMATIONS, f"confirmations are 1 to {MAX_CONFIRMATIONS}")
    return Finality(confirmations)


def _object(value: object, what: str, known: set[str]) -> Mapping[str, object]:
    check_setting(isinstance(value, dict), f"{what} is no object")
    fields = cast("dict[str, object]", value)
    check_setting(
        fields.keys() <= known, f"{what} has unknown fields: {', '.join(sorted(fields.keys() - known))[:100]!a}"
    )
    return fields


def _integer(fields: Mapping[str, object], name: str, default: int | None = None) -> int:
    value = fields.get(name, default)
    check_setting(type(value) is int and 0 <= value <= max(MAX_UINT64, MAX_FEE), f"{name} is no integer in range")
    return cast("int", value)


def _text(value: object, what: str) -> str:
    check_setting(isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable(), f"{what} is no text")
    return cast("str", value)


def _octets(value: object, name: str, length: int) -> bytes:
    digits = value.removeprefix("0x") if isinstance(value, str) else ""
    try:
        content = bytes.fromhex(digits)
    except ValueError:
        content = b""
    check_setting(len(content) == length and len(digits) == 2 * length, f"{name} is not {length} bytes in hexadecimal")
    return content
