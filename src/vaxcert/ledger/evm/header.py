"""Block headers: from JSON or RLP to the values that proofs start from, under the hash that nodes agree on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from vaxcert.errors import BlockUnverifiableError, ChainProofError
from vaxcert.ledger.evm.json_values import json_object, octets, octets_exactly, quantity
from vaxcert.ledger.evm.keccak import keccak
from vaxcert.ledger.evm.rlp_items import decode_list, encode_integer, encode_rlp, integer_of, octets_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vaxcert.ledger.evm.rlp_items import Item

MAX_HEADER_BYTES = 16 * 1024
"""A header has 0.6 kB; on a proof-of-authority chain its extra data holds the validators, 20 to 85 bytes each."""
_MAX_FIELDS = 64
"""Headers have 15 to 23 fields today, and forks add to them at the end."""
_HASH_BYTES = 32
_MAX_NUMBER_BYTES = 8

_HASH, _ADDRESS, _BLOOM, _NONCE, _QUANTITY, _EXTRA = 32, 20, 256, 8, 0, -1
_FIELDS = {
    "parentHash": _HASH,
    "sha3Uncles": _HASH,
    "miner": _ADDRESS,
    "stateRoot": _HASH,
    "transactionsRoot": _HASH,
    "receiptsRoot": _HASH,
    "logsBloom": _BLOOM,
    "difficulty": _QUANTITY,
    "number": _QUANTITY,
    "gasLimit": _QUANTITY,
    "gasUsed": _QUANTITY,
    "timestamp": _QUANTITY,
    "extraData": _EXTRA,
    "mixHash": _HASH,
    "nonce": _NONCE,
}
"""The fields that every header has, in their order (Yellow Paper §4.4), with their lengths."""
_LATER_FIELDS = {
    "baseFeePerGas": _QUANTITY,  # EIP-1559, London
    "withdrawalsRoot": _HASH,  # EIP-4895, Shanghai
    "blobGasUsed": _QUANTITY,  # EIP-4844, Cancun
    "excessBlobGas": _QUANTITY,
    "parentBeaconBlockRoot": _HASH,  # EIP-4788
    "requestsHash": _HASH,  # EIP-7685, Prague
    "blockAccessListHash": _HASH,  # EIP-7928, Amsterdam
    "slotNumber": _QUANTITY,  # EIP-7843
}
"""The fields that forks added, in their order: a header has all up to its fork."""
_NOT_IN_HEADER = {"hash", "size", "totalDifficulty", "transactions", "uncles", "withdrawals"}
"""What nodes add to a block's header in JSON."""

_STATE_ROOT, _RECEIPTS_ROOT, _NUMBER, _TIME = (
    list(_FIELDS).index(name) for name in ("stateRoot", "receiptsRoot", "number", "timestamp")
)
_EXTRA_DATA = list(_FIELDS).index("extraData")
_BFT_EXTRA_ITEMS = 5
"""Vanity, validators, vote, round and seals, in the extra data of IBFT 2.0 and QBFT."""


@dataclass(frozen=True)  # without slots: the hash is worked out once
class BlockHeader:
    """A block's header, as the bytes whose Keccak-256 is the block's hash."""

    encoded: bytes
    number: int
    time: int
    """Seconds since 1970."""
    state_root: bytes
    receipts_root: bytes

    @cached_property
    def hash(self) -> bytes:
        """The block's hash."""
        return keccak(self.encoded)

    @classmethod
    def of_rlp(cls, encoded: bytes) -> BlockHeader:
        """Return the header that *encoded* is; fields that later forks add at its end are no hindrance.

        Raises:
            ChainProofError: It is no header.
        """
        fields = decode_list(encoded, "block header", limit=MAX_HEADER_BYTES)
        if not len(_FIELDS) <= len(fields) <= _MAX_FIELDS:
            raise ChainProofError(f"the block header has {len(fields)} fields")
        return cls(
            encoded=encoded,
            number=integer_of(fields[_NUMBER], "block number", max_bytes=_MAX_NUMBER_BYTES),
            time=integer_of(fields[_TIME], "block time", max_bytes=_MAX_NUMBER_BYTES),
            state_root=octets_of(fields[_STATE_ROOT], "state root", length=_HASH_BYTES),
            receipts_root=octets_of(fields[_RECEIPTS_ROOT], "receipts root", length=_HASH_BYTES),
        )

    @classmethod
    def of_json(cls, block: object, *, block_hash: bytes) -> BlockHeader:
        """Return the header of *block*, as `eth_getBlockByNumber` or `eth_getBlockByHash` writes it.

        Args:
            block: The answer.
            block_hash: The hash that the block must have: the one that the nodes agree on.

        Raises:
            BlockUnverifiableError: The fields do not give that hash, and there is one that is not known here.
            ChainProofError: The fields do not give that hash.
        """
        answer = json_object(block, "block")
        fields = [_field(answer, name, kind) for name, kind in _FIELDS.items()]
        later = [name for name in _LATER_FIELDS if answer.get(name) is not None]
        fields += [_field(answer, name, _LATER_FIELDS[name]) for name in later]
        for candidate in _hashed_forms(fields):
            encoded = encode_rlp(candidate)
            if keccak(encoded) == block_hash:
                return cls.of_rlp(encoded)
        unknown = sorted(set(answer) - set(_FIELDS) - set(_LATER_FIELDS) - _NOT_IN_HEADER)
        if unknown or later != list(_LATER_FIELDS)[: len(later)]:
            named = ", ".join(unknown[:3]) or "not those of any fork"
            raise BlockUnverifiableError(f"the block's hash cannot be recomputed: unknown header fields: {named:.100}")
        raise ChainProofError("the block's fields do not give its hash")


def _field(answer: Mapping[str, object], name: str, kind: int) -> Item:
    value = answer.get(name)
    if kind == _QUANTITY:
        return encode_integer(quantity(value, f"block's {name}"))
    if kind == _EXTRA:
        return octets(value, f"block's {name}", limit=MAX_HEADER_BYTES)
    return octets_exactly(value, f"block's {name}", length=kind)


def _hashed_forms(fields: list[Item]) -> Iterator[list[Item]]:
    """Yield the forms of a header that its hash may be of: as it stands, then without what differs between validators.

    IBFT 2.0 and QBFT (Hyperledger Besu, GoQuorum) hash a header without its commit seals and its round, since every
    validator may have gathered other seals. QBFT puts nothing in their places, IBFT 2.0 leaves the places out.
    """
    yield fields
    extra = fields[_EXTRA_DATA]
    assert isinstance(extra, bytes)
    try:
        items = decode_list(extra, "extra data", limit=MAX_HEADER_BYTES)
    except ChainProofError:
        return  # no proof is wrong here: it is a chain that puts something else there
    if len(items) != _BFT_EXTRA_ITEMS:
        return
    for stripped in ([*items[:3], b"", []], items[:3]):
        yield [*fields[:_EXTRA_DATA], encode_rlp(stripped), *fields[_EXTRA_DATA + 1 :]]
