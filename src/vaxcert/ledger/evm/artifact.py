"""The contract as it was compiled: `contracts/AnchorRegistry.sol` makes `schemas/contracts/AnchorRegistry.json`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, cast

from vaxcert.data import load_json
from vaxcert.errors import AnchorConflictError, AnchorError, NotOwnerError, NotWriterError
from vaxcert.ledger.evm.keccak import keccak

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SELECTOR_BYTES = 4
_WORD_BYTES = 32

_ERRORS: dict[str, tuple[type[AnchorError], str]] = {
    "NotWriter": (NotWriterError, "the contract does not let this account write for this log"),
    "StaleHead": (AnchorConflictError, "another root of this log is the newest on the chain"),
    "SizeNotGrown": (AnchorConflictError, "the newest tree on the chain is not smaller"),
    "ZeroRoot": (AnchorError, "a root of zeros cannot be anchored"),
    "NotOwner": (NotOwnerError, "this account does not own the contract"),
    "NotPendingOwner": (NotOwnerError, "the contract was not offered to this account"),
    "UnknownAnchor": (AnchorError, "the log has no such anchor on the chain"),
    "AlreadyWithdrawn": (AnchorError, "the anchor is already withdrawn"),
}
"""The contract's errors, by their names in the source."""


class HeadSlots(NamedTuple):
    """Where a log's newest head lies in the contract's storage: 32-byte slot numbers."""

    root: bytes
    packed: bytes
    """Size, sequence number and time share this slot."""
    chain_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredHead:
    """A log's newest head as the contract's storage has it; all zero before the first."""

    root: bytes
    size: int
    seq: int
    time: int
    chain_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """The compiled contract, and what follows from it."""

    abi: Sequence[Mapping[str, object]]
    bytecode: bytes
    """What a deployment runs."""
    runtime_code: bytes
    """What then stands at the address: the same everywhere, since it has no immutables."""
    code_hash: bytes
    """Keccak-256 of the runtime code."""
    solc_version: str
    source_sha256: bytes
    topics: Mapping[str, bytes]
    """Event name to topic 0."""
    error_names: Mapping[bytes, str]
    """Selector to the name of a custom error."""
    function_selectors: Mapping[str, bytes]
    """Signature, such as ``head(bytes32)``, to selector."""
    heads_slot: int
    """The slot of the mapping from log id to head."""
    head_members: Mapping[str, tuple[int, int, int]]
    """A head's member to its slot within the head, its offset from the low end, and its length, in bytes."""

    def slots_of(self, log_id: bytes) -> HeadSlots:
        """Return where the newest head of *log_id* lies.

        Spec:
            Solidity, "Layout of State Variables in Storage and Transient Storage": mappings and structs.
        """
        first = int.from_bytes(keccak(log_id + self.heads_slot.to_bytes(_WORD_BYTES)))

        def slot(member: str) -> bytes:
            return ((first + self.head_members[member][0]) % 2**256).to_bytes(_WORD_BYTES)

        return HeadSlots(slot("root"), slot("size"), slot("chainHash"))

    def head_of(self, *, root: bytes, packed: bytes, chain_hash: bytes) -> StoredHead:
        """Return the head that the three slots' 32-byte words hold."""
        return StoredHead(
            root=root,
            size=self._member(packed, "size"),
            seq=self._member(packed, "seq"),
            time=self._member(packed, "time"),
            chain_hash=chain_hash,
        )

    def _member(self, word: bytes, member: str) -> int:
        _slot, offset, length = self.head_members[member]
        end = _WORD_BYTES - offset
        return int.from_bytes(word[end - length : end])

    def error_of(self, revert: bytes) -> AnchorError | None:
        """Return the error that the contract's *revert* bytes say, or None where they are not the contract's."""
        name = self.error_names.get(revert[:SELECTOR_BYTES])
        if name is None:
            return None
        kind, message = _ERRORS[name]
        return kind(message)


@cache
def anchor_registry() -> Artifact:
    """Return the artifact that this version of vaxcert deploys and pins."""
    artifact = load_json("contracts/AnchorRegistry.json")
    selectors = cast("dict[str, dict[str, str]]", artifact["selectors"])
    layout = cast("dict[str, object]", artifact["storageLayout"])
    variables = cast("list[dict[str, object]]", layout["variables"])
    members = cast("dict[str, list[dict[str, int | str]]]", layout["structs"])["struct AnchorRegistry.Head"]
    return Artifact(
        abi=cast("list[dict[str, object]]", artifact["abi"]),
        bytecode=_bytes(artifact["bytecode"]),
        runtime_code=_bytes(artifact["deployedBytecode"]),
        code_hash=_bytes(artifact["runtimeCodeHash"]),
        solc_version=str(artifact["solcVersion"]),
        source_sha256=_bytes(artifact["sourceSha256"]),
        topics={name: _bytes(topic) for name, topic in selectors["events"].items()},
        error_names={_bytes(selector): name for name, selector in selectors["errors"].items()},
        function_selectors={name: _bytes(selector) for name, selector in selectors["functions"].items()},
        heads_slot=next(cast("int", variable["slot"]) for variable in variables if variable["label"] == "_heads"),
        head_members={
            str(member["label"]): (int(member["slot"]), int(member["offset"]), int(member["bytes"]))
            for member in members
        },
    )


def _bytes(text: object) -> bytes:
    return bytes.fromhex(str(text).removeprefix("0x"))
