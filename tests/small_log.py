"""A log of a few entries in memory, with its key: what the tests of notes, receipts and witnesses are about."""

from __future__ import annotations

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.reference_tree import ReferenceTree
from vaxcert.ledger.log.checkpoint import Checkpoint, sign_checkpoint
from vaxcert.ledger.log.cosignature import WitnessKey
from vaxcert.ledger.log.entry import EntryKind, entry_of
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.log.receipt import Receipt
from vaxcert.ledger.log.receipt_encoding import (
    encode_consistency_receipt,
    encode_inclusion_receipt,
    receipt_signature,
)

KIND = EntryKind.CERTIFICATE


def log_key(name: str, *, seed: str = "") -> LogKey:
    """Return the throw-away key of the log named *name*: the same one in every run, so that tests have one name."""
    return LogKey(name, Ed25519PrivateKey.from_private_bytes(sha256(f"log {seed} {name}".encode()).digest()))


def witness_key(name: str, *, seed: str = "") -> WitnessKey:
    """Return the throw-away key of the witness named *name*."""
    return WitnessKey(name, Ed25519PrivateKey.from_private_bytes(sha256(f"witness {seed} {name}".encode()).digest()))


class SmallLog:
    """A log of invented certificates; all of it follows from its name and length, unless it has a key of another."""

    def __init__(
        self,
        origin: str = "log.example/vn",
        size: int = 20,
        *,
        key: LogKey | None = None,
        same: tuple[int, int] | None = None,
    ) -> None:
        """Make the log named *origin*; the entries at *same* are of one certificate."""
        self.key = key or log_key(origin)
        self.salts = [sha256(f"salt {origin} {index}".encode()).digest()[:16] for index in range(size)]
        self.digests = [sha256(f"certificate {origin} {index}".encode()).digest() for index in range(size)]
        if same is not None:
            self.digests[same[1]] = self.digests[same[0]]
        self.tree = ReferenceTree(
            [entry_of(KIND, salt, digest) for salt, digest in zip(self.salts, self.digests, strict=True)]
        )
        self.size = size

    def checkpoint(self, size: int) -> Checkpoint:
        return Checkpoint(self.key.name, size, self.tree.root(size))

    def note(self, size: int) -> str:
        return sign_checkpoint(self.checkpoint(size), self.key)

    def inclusion(self, index: int, size: int) -> bytes:
        return encode_inclusion_receipt(
            receipt_signature(self.key, self.tree.root(size), size),
            key_id=self.key.key_id,
            size=size,
            index=index,
            path=self.tree.inclusion(index, size),
        )

    def consistency(self, smaller: int, larger: int) -> bytes:
        root = self.tree.root(larger)
        return encode_consistency_receipt(
            receipt_signature(self.key, root, larger),
            key_id=self.key.key_id,
            smaller=smaller,
            larger=larger,
            path=self.tree.consistency(smaller, larger),
            root=root,
        )

    def receipt(self, index: int, size: int, *, newer: int | None = None, with_note: bool = False) -> Receipt:
        return Receipt(
            kind=KIND,
            salt=self.salts[index],
            inclusion=self.inclusion(index, size),
            consistency=None if newer is None else self.consistency(size, newer),
            checkpoint=self.note(newer or size) if with_note else None,
        )
