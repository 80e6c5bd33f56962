"""What a real node said (recorded.json, see record.py), as the values that tests start from; and tries made here."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rlp  # type: ignore[import-untyped]  # it has no types
from trie.hexary import HexaryTrie

from vaxcert.ledger.anchor.identity import NO_HASH, ChainIdentity
from vaxcert.ledger.evm.anchored import event_of_log
from vaxcert.ledger.evm.bundle import EarlierAnchor, ProofBundle
from vaxcert.ledger.evm.header import BlockHeader
from vaxcert.ledger.evm.receipts import ReceiptProof
from vaxcert.ledger.evm.state_proof import StateProof

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vaxcert.ledger.anchor.chain import AnchorEvent
    from vaxcert.ledger.evm.artifact import StoredHead


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@cache
def _recorded() -> dict[str, Any]:
    recorded: dict[str, Any] = json.loads(Path(__file__).with_name("recorded.json").read_text("utf-8"))
    return recorded


def said(*path: str) -> Any:
    """Return a copy of something the node said."""
    value: Any = _recorded()
    for step in path:
        value = value[step]
    return copy.deepcopy(value)


IDENTITY = ChainIdentity(
    driver="evm",
    chain_id=said("chain_id"),
    genesis_hash=octets(said("genesis_hash")),
    contract=octets(said("contract")),
    code_hash=octets(said("code_hash")),
    deploy_block=said("deploy_block"),
    log_id=octets(said("log_id")),
)
EVENTS = [event_of_log(log, contract=IDENTITY.contract, log_id=IDENTITY.log_id) for log in said("logs")]
BLOCK_NUMBERS = [event.block_number for event in EVENTS]


def header(number: int) -> BlockHeader:
    block = said("blocks", str(number))
    return BlockHeader.of_json(block, block_hash=octets(block["hash"]))


def state_proof(number: int, **changes: bytes) -> tuple[StateProof, StoredHead]:
    expected = {
        "state_root": header(number).state_root,
        "contract": IDENTITY.contract,
        "code_hash": IDENTITY.code_hash,
        "log_id": IDENTITY.log_id,
    }
    return StateProof.of_json(said("proofs", str(number)), **expected | changes)


def receipt_proof(event: AnchorEvent) -> ReceiptProof:
    return ReceiptProof.of_json(
        said("receipts", str(event.block_number)),
        receipts_root=header(event.block_number).receipts_root,
        transaction_hash=event.transaction_hash,
    )


def bundle(number: int, *, kind: str = "state", after: int | None = None) -> ProofBundle:
    """Return the bundle of anchor *number*; its fold starts after anchor *after*, the one before by default."""
    event = EVENTS[number - 1]
    after = number - 1 if after is None else after
    return ProofBundle(
        identity=IDENTITY,
        event=event,
        header=header(event.block_number).encoded,
        endpoints=2,
        proof=receipt_proof(event) if kind == "receipt" else state_proof(event.block_number)[0],
        after_seq=after,
        after_hash=EVENTS[after - 1].chain_hash if after else NO_HASH,
        earlier=tuple(EarlierAnchor.of_event(earlier) for earlier in EVENTS[after : number - 1]),
    )


def made_trie(values: Mapping[bytes, bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the root and the nodes of a trie with *values*, made by the library."""
    nodes: dict[bytes, bytes] = {}
    trie = HexaryTrie(nodes)
    for key, value in values.items():
        trie[key] = value
    return trie.root_hash, nodes


def proof_from(nodes: Mapping[bytes, bytes], root: bytes, key: bytes) -> list[bytes]:
    """Return the library's proof of *key*, encoded."""
    trie: Any = HexaryTrie(dict(nodes), root)
    return [rlp.encode(node) for node in trie.get_proof(key)]
