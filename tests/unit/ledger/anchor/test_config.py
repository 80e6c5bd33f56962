from __future__ import annotations

import json
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from vaxcert.errors import SettingsError, StorageError
from vaxcert.ledger.anchor.config import MAX_CONFIG_BYTES, format_config, parse_config, read_config, write_config
from vaxcert.ledger.anchor.identity import ChainIdentity
from vaxcert.ledger.anchor.settings import DEFAULT_FEE_CAP, AnchorConfig, Finality, NodeAddress

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVM = ChainIdentity(
    driver="evm",
    chain_id=31337,
    genesis_hash=b"\x01" * 32,
    contract=b"\x02" * 20,
    code_hash=b"\x03" * 32,
    deploy_block=12,
    log_id=b"\x04" * 32,
)
NODES = (
    NodeAddress("https://node.example/v3/key"),
    NodeAddress("http://127.0.0.1:8545"),
    NodeAddress(file="third.url"),
)
CONFIG = AnchorConfig(
    identity=EVM, nodes=NODES, agreeing=2, finality=Finality(3), fee_cap=5 * 10**9, keystore="anchor-key.json"
)


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        replace(CONFIG, finality=Finality(), keystore=None),
        replace(CONFIG, nodes=NODES[:1], agreeing=1, fee_cap=0),
        AnchorConfig(identity=replace(EVM, driver="file", chain_id=0)),
        AnchorConfig(identity=replace(EVM, driver="tester")),
        replace(CONFIG, identity=replace(EVM, chain_id=2**64 - 1)),
    ],
)
def test_what_is_written_is_read_again(tmp_path: Path, config: AnchorConfig) -> None:
    path = tmp_path / "anchor.json"
    write_config(path, config)
    assert read_config(path) == config
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_config_takes_the_place_of_an_older_one(tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    write_config(path, CONFIG)
    write_config(path, replace(CONFIG, agreeing=3))
    assert read_config(path).agreeing == 3


def test_what_is_left_out_is_cautious() -> None:
    record = json.loads(format_config(CONFIG))
    for name in ("agreeing", "finality", "fee_cap_wei", "keystore"):
        del record[name]
    config = parse_config(json.dumps(record).encode())
    assert config.agreeing == 3, "all nodes"
    assert config.finality == Finality(), "the chain's own word"
    assert (config.fee_cap, config.keystore) == (DEFAULT_FEE_CAP, None)


def test_digits_may_have_their_prefix() -> None:
    record = json.loads(format_config(CONFIG))
    record["identity"]["contract"] = "0x" + "02" * 20
    assert parse_config(json.dumps(record).encode()) == CONFIG


def test_an_address_that_may_hold_a_key_is_not_shown() -> None:
    assert "node.example" not in repr(CONFIG)


# --- Nodes' addresses in files ----------------------------------------------------------------------------------------


def test_an_address_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "third.url").write_text("https://third.example/key \nnothing else\n")
    assert NODES[2].resolve(tmp_path) == "https://third.example/key"
    assert NODES[0].resolve(tmp_path) == "https://node.example/v3/key"


@pytest.mark.parametrize("content", [b"", b"\n\nhttps://late.example", b"\xff", None])
def test_a_file_without_an_address_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "third.url").write_bytes(content)
    with pytest.raises(SettingsError, match=r"third\.url"):
        NODES[2].resolve(tmp_path)


# --- What is not right ------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "an unknown field": (lambda record: record.update(nodez=[]), "unknown fields: 'nodez'"),
    "an unknown version": (lambda record: record.update(version=2), "version 1 is known"),
    "no version": (lambda record: record.pop("version"), "version 1 is known"),
    "no identity": (lambda record: record.pop("identity"), "identity is no object"),
    "an unknown field in the identity": (lambda record: record["identity"].update(x=1), "identity has unknown fields"),
    "no driver": (lambda record: record["identity"].pop("driver"), "driver is no text"),
    "an unknown driver": (
        lambda record: record["identity"].update(driver="bitcoin"),
        "the driver is file, tester or evm",
    ),
    "a chain id that is a text": (lambda record: record["identity"].update(chain_id="1"), "chain_id is no integer"),
    "a chain id that is a truth": (lambda record: record["identity"].update(chain_id=True), "chain_id is no integer"),
    "no deploy block": (lambda record: record["identity"].pop("deploy_block"), "deploy_block is no integer"),
    "a negative deploy block": (
        lambda record: record["identity"].update(deploy_block=-1),
        "deploy_block is no integer",
    ),
    "a fraction": (lambda record: record["identity"].update(deploy_block=1.5), "deploy_block is no integer"),
    "a short hash": (lambda record: record["identity"].update(code_hash="03" * 31), "code_hash is not 32 bytes"),
    "a hash with spaces": (lambda record: record["identity"].update(log_id=" 4" * 32), "log_id is not 32 bytes"),
    "a hash that is a number": (lambda record: record["identity"].update(log_id=4), "log_id is not 32 bytes"),
    "a long address": (lambda record: record["identity"].update(contract="02" * 21), "contract is not 20 bytes"),
    "no nodes": (lambda record: record.pop("nodes"), "nodes are for the driver evm"),
    "nodes that are no list": (lambda record: record.update(nodes="http://a"), "nodes is a list"),
    "a node that is a number": (lambda record: record.update(nodes=[1]), "a node is no text"),
    "a node that is no address": (lambda record: record.update(nodes=["node.example"]), "begins with http"),
    "a node with an unknown field": (lambda record: record.update(nodes=[{"url": "x"}]), "a node has unknown fields"),
    "a node with an empty file": (lambda record: record.update(nodes=[{"file": ""}]), "a node's file is no text"),
    "a node named twice": (lambda record: record.update(nodes=["http://a", "http://a"], agreeing=2), "named twice"),
    "too many nodes": (lambda record: record.update(nodes=[f"http://{n}" for n in range(17)]), "at most 16"),
    "half of the nodes": (lambda record: record.update(nodes=["http://a", "http://b"], agreeing=1), "more than half"),
    "a minority": (lambda record: record.update(agreeing=1), "more than half"),
    "nobody": (lambda record: record.update(agreeing=0), "more than half"),
    "more than there are": (lambda record: record.update(agreeing=4), "at most all"),
    "an unknown finality": (lambda record: record.update(finality="safe"), "finality is no object"),
    "no confirmation": (lambda record: record.update(finality={"confirmations": 0}), "confirmations are 1 to"),
    "endless confirmations": (
        lambda record: record.update(finality={"confirmations": 10**6}),
        "confirmations are 1 to",
    ),
    "confirmations of nothing": (lambda record: record.update(finality={}), "confirmations is no integer"),
    "an endless fee": (lambda record: record.update(fee_cap_wei=10**25), "fee_cap_wei is no integer in range"),
    "a negative fee": (lambda record: record.update(fee_cap_wei=-1), "fee_cap_wei is no integer in range"),
    "a keystore that is no text": (lambda record: record.update(keystore=["k"]), "keystore is no text"),
    "a keystore with a line feed": (lambda record: record.update(keystore="a\nb"), "keystore is no text"),
    "nodes for a file": (lambda record: record["identity"].update(driver="file"), "nodes are for the driver evm"),
}


@pytest.mark.parametrize(("change", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_is_not_right_is_refused_by_name(change: Callable[[dict[str, Any]], object], said: str) -> None:
    record = json.loads(format_config(CONFIG))
    change(record)
    with pytest.raises(SettingsError, match=said) as caught:
        parse_config(json.dumps(record).encode())
    assert caught.value.message.startswith("anchor.json: ")
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("content", [b"", b"{", b"[" * 30_000, b"\xff", b"[]", b"null", b"7"])
def test_what_is_no_config_is_refused(content: bytes) -> None:
    with pytest.raises(SettingsError):
        parse_config(content)


def test_a_huge_config_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "anchor.json"
    path.write_bytes(b" " * (MAX_CONFIG_BYTES + 10))
    with pytest.raises(SettingsError, match=f"over {MAX_CONFIG_BYTES} bytes"):
        read_config(path)


def test_a_missing_config_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"anchor\.json cannot be read") as caught:
        read_config(tmp_path / "anchor.json")
    assert caught.value.hint == "name a chain with: vaxcert anchor deploy"


def test_a_config_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        write_config(tmp_path / "missing" / "anchor.json", CONFIG)
    (tmp_path / "anchor.json").mkdir()
    with pytest.raises(StorageError, match="cannot be written"):
        write_config(tmp_path / "anchor.json", CONFIG)
    assert [path.name for path in tmp_path.iterdir()] == ["anchor.json"]


@pytest.mark.parametrize("confirmations", [0, -1, 100_001])
def test_a_finality_that_never_comes_or_waits_for_nothing_is_a_mistake(confirmations: int) -> None:
    with pytest.raises(ValueError, match="confirmations are 1 to"):
        Finality(confirmations)
