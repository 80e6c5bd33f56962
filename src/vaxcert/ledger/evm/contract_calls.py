"""The contract's functions as call data, and what they return (Solidity's contract ABI)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import ChainUnavailableError, MissingDependencyError
from vaxcert.ledger.anchor.identity import HASH_BYTES
from vaxcert.ledger.evm.artifact import StoredHead, anchor_registry

try:
    from eth_abi.abi import decode, encode
    from eth_abi.exceptions import DecodingError
except ImportError as _error:
    raise MissingDependencyError("a chain needs web3", hint="install vaxcert[anchor]") from _error

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.chain import Head

_HEAD_TYPES = ("bytes32", "uint64", "uint64", "uint64", "bytes32")
"""The members of the contract's `Head`, in their order; all are static, so that the struct is its members in a row."""


def anchor_call(head: Head, *, log_id: bytes, previous_root: bytes) -> bytes:
    """Return the call that anchors *head* after *previous_root*."""
    signature = "anchor(bytes32,bytes32,uint64,bytes32,bytes32)"
    return _call(signature, log_id, previous_root, head.size, head.root, head.metadata_hash)


def head_call(log_id: bytes) -> bytes:
    """Return the call that asks for a log's newest head."""
    return _call("head(bytes32)", log_id)


def is_withdrawn_call(log_id: bytes, seq: int) -> bytes:
    """Return the call that asks whether an anchor is withdrawn."""
    return _call("isWithdrawn(bytes32,uint64)", log_id, seq)


def is_writer_call(log_id: bytes, account: bytes) -> bytes:
    """Return the call that asks whether an account may anchor for a log."""
    return _call("isWriter(bytes32,address)", log_id, account)


def set_writer_call(log_id: bytes, account: bytes, *, allowed: bool) -> bytes:
    """Return the call by which the owner lets an account anchor for a log, or no longer."""
    return _call("setWriter(bytes32,address,bool)", log_id, account, allowed)


def withdraw_call(log_id: bytes, seq: int) -> bytes:
    """Return the call by which the owner withdraws an anchor."""
    return _call("withdraw(bytes32,uint64)", log_id, seq)


def head_of_returned(returned: bytes) -> StoredHead:
    """Return what `head_call` is answered with; all zero before the first anchor.

    Raises:
        ChainUnavailableError: It is something else.
    """
    try:
        root, size, seq, time, chain_hash = decode(_HEAD_TYPES, returned)
    except DecodingError as error:
        raise ChainUnavailableError("a node's word for the newest head is malformed") from error
    return StoredHead(root=root, size=size, seq=seq, time=time, chain_hash=chain_hash)


def is_true(returned: bytes) -> bool:
    """Return what a call that asks a yes or no is answered with.

    Raises:
        ChainUnavailableError: It is something else.
    """
    answer = int.from_bytes(returned)
    if len(returned) != HASH_BYTES or answer not in {0, 1}:
        raise ChainUnavailableError("a node's yes or no is malformed")
    return bool(answer)


def _call(signature: str, *values: bytes | int) -> bytes:
    types = signature.partition("(")[2].removesuffix(")").split(",")
    return anchor_registry().function_selectors[signature] + encode(types, values)
