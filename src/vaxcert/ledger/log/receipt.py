"""Receipts: what proves to anybody, offline, that a certificate stands in a log.

A `Receipt` is the holder's file: the salt without which nobody can tie the certificate to the log's entry, the log's
COSE receipt, and, where there are any, the way to a newer checkpoint and the proof that a chain has its root.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Self

from vaxcert.codec import cbor
from vaxcert.codec.cose import sig_structure
from vaxcert.errors import CborError, NoteError, ReceiptError, UnknownLogError
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.cosignature import verify_cosignatures
from vaxcert.ledger.log.entry import SALT_BYTES, EntryKind, entry_of
from vaxcert.ledger.log.note_key import KeyType
from vaxcert.ledger.log.proof import root_of_inclusion, verify_consistency
from vaxcert.ledger.log.receipt_encoding import ED25519
from vaxcert.ledger.log.receipt_parsing import parse_consistency_receipt, parse_inclusion_receipt
from vaxcert.ledger.log.tree import leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vaxcert.ledger.log.cosignature import Cosignature
    from vaxcert.ledger.log.note_key import NoteVerifier
    from vaxcert.ledger.log.receipt_parsing import CoseReceipt

EDDSA: Final = -8
"""The older name of our algorithm, of a family; read where the key is Ed25519 (RFC 9053 §2.2; RFC 9864 §4.2.2)."""
MAX_RECEIPT_BYTES: Final = 400 * 1024
"""The largest proof of a chain (256 KiB), the largest note (128 KiB) and what is left; an ordinary receipt of a log
with a million entries has 800 bytes."""

_VERSION_1 = 1
_VERSION, _KIND, _SALT, _INCLUSION, _CONSISTENCY, _CHECKPOINT, _ANCHOR = range(7)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedAt:
    """That something stands in a log: what a verified receipt says, and nothing else makes one of these."""

    origin: str
    """The log's name."""
    index: int
    tree_size: int
    root: bytes
    """The log's root at *tree_size*, as the log signed it."""
    cosignatures: tuple[Cosignature, ...] = ()
    """Which of the witnesses that are believed saw this tree, and when; the policy says how many are enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The holder's file, not verified.

    Raises:
        ValueError: The salt has another length.
    """

    kind: EntryKind
    salt: bytes
    inclusion: bytes
    """The COSE receipt of inclusion."""
    consistency: bytes | None = None
    """A COSE receipt that a newer tree extends the one of *inclusion*."""
    checkpoint: str | None = None
    """The signed note of the tree that the receipts lead to; a chain has its hash."""
    anchor: bytes | None = None
    """The proof that this tree's root stands on a chain."""

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES:
            raise ValueError(f"a salt has {SALT_BYTES} bytes")

    @classmethod
    def of_cbor(cls, content: bytes) -> Self:
        """Return the receipt in *content*.

        Raises:
            ReceiptError: It is too long or malformed, or of another version.
        """
        if len(content) > MAX_RECEIPT_BYTES:
            raise ReceiptError(f"the receipt has over {MAX_RECEIPT_BYTES} bytes")
        try:
            fields = cbor.decode(content)
        except CborError as error:
            raise ReceiptError("the receipt is not CBOR") from error
        if not isinstance(fields, cbor.MAPS) or not all(type(key) is int for key in fields):
            raise ReceiptError("the receipt is not a map with numbers as keys")
        if type(fields.get(_VERSION)) is not int or fields[_VERSION] != _VERSION_1:
            raise ReceiptError("the receipt is of a version that is not known here")
        return cls._of_fields(fields)

    @classmethod
    def _of_fields(cls, fields: Mapping[object, object]) -> Self:
        if not fields.keys() <= set(range(_ANCHOR + 1)):
            raise ReceiptError("the receipt has a field that is not known here")
        kind, salt, inclusion = fields.get(_KIND), fields.get(_SALT), fields.get(_INCLUSION)
        consistency, checkpoint, anchor = fields.get(_CONSISTENCY), fields.get(_CHECKPOINT), fields.get(_ANCHOR)
        if type(kind) is not int or not isinstance(salt, bytes) or not isinstance(inclusion, bytes):
            raise ReceiptError("the receipt lacks its kind, its salt or its proof of inclusion")
        if not isinstance(consistency, bytes | None) or not isinstance(anchor, bytes | None):
            raise ReceiptError("the receipt's proofs of consistency and of an anchor are byte strings")
        if not isinstance(checkpoint, str | None):
            raise ReceiptError("the receipt's checkpoint is a text")
        try:
            return cls(
                kind=EntryKind.of_number(kind),
                salt=salt,
                inclusion=inclusion,
                consistency=consistency,
                checkpoint=checkpoint,
                anchor=anchor,
            )
        except ValueError as error:
            raise ReceiptError(f"the receipt is malformed: {error}") from error

    def to_cbor(self) -> bytes:
        """Return the file's content: a map with integer keys in order; what there is not is left out."""
        optional = {_CONSISTENCY: self.consistency, _CHECKPOINT: self.checkpoint, _ANCHOR: self.anchor}
        fields = {_VERSION: _VERSION_1, _KIND: self.kind.number, _SALT: self.salt, _INCLUSION: self.inclusion}
        return cbor.encode(fields | {key: value for key, value in optional.items() if value is not None})

    def verify(self, digest: bytes, verifiers: Iterable[NoteVerifier]) -> LoggedAt:
        """Return where the statement with *digest* stands in one of the logs of *verifiers*.

        The anchor is not looked at: its proof is checked against the root returned here, by whoever knows the chain.

        Args:
            digest: What the log committed to, of a certificate the SHA-256 of its Sig_structure.
            verifiers: The keys of the logs and of the witnesses that are believed.

        Raises:
            UnknownLogError: The receipt is of none of these logs.
            LedgerProofError: It does not prove that the statement is logged.
        """
        keys = tuple(verifiers)
        kid = parse_inclusion_receipt(self.inclusion).kid
        log = {key.key_id: key for key in keys if key.key_type is KeyType.LOG}.get(kid)
        if log is None:
            raise UnknownLogError("the receipt is of another log than the ones known here")
        leaf = leaf_hash(entry_of(self.kind, self.salt, digest))
        logged = verify_inclusion_receipt(self.inclusion, leaf=leaf, verifier=log)
        if self.consistency is not None:
            logged = verify_consistency_receipt(self.consistency, logged=logged, verifier=log)
        if self.checkpoint is None:
            return logged
        checkpoint = open_checkpoint(self.checkpoint, verifier=log)
        if (checkpoint.size, checkpoint.root) != (logged.tree_size, logged.root):
            raise ReceiptError("the receipt's checkpoint is of another tree than its proofs")
        return replace(logged, cosignatures=verify_cosignatures(self.checkpoint, keys))


def verify_inclusion_receipt(receipt: bytes, *, leaf: bytes, verifier: NoteVerifier) -> LoggedAt:
    """Return where *leaf* stands in the log of *verifier*, as *receipt* proves.

    Args:
        receipt: The receipt.
        leaf: The leaf hash, 32 bytes.
        verifier: The log's key.

    Raises:
        UnknownLogError: The receipt is of another log, or of another key.
        InclusionProofError: The path has the wrong length.
        ReceiptError: It is malformed, or the log did not sign the root to which the path leads.
    """
    parsed = parse_inclusion_receipt(receipt)
    if verifier.key_type is not KeyType.LOG or parsed.kid != verifier.key_id:
        raise UnknownLogError("the receipt is of another log than the ones known here")
    size, index = parsed.numbers
    _check_header(parsed, verifier, size)
    root = root_of_inclusion(leaf, index=index, tree_size=size, path=parsed.path)
    _check_signature(parsed, verifier, root)
    return LoggedAt(origin=verifier.name, index=index, tree_size=size, root=root)


def verify_consistency_receipt(
    receipt: bytes, *, logged: LoggedAt, verifier: NoteVerifier, larger_root: bytes | None = None
) -> LoggedAt:
    """Return *logged* as of the larger tree of *receipt*, which extends the tree in which it stood.

    Args:
        receipt: The receipt.
        logged: What an inclusion receipt of the smaller tree proved.
        verifier: The log's key.
        larger_root: The newer root, where the receipt leaves it out.

    Raises:
        ConsistencyError: The larger tree is no extension of the smaller one.
        ReceiptError: It is malformed, of another log or tree than *logged*, or the log did not sign the larger root.
    """
    parsed = parse_consistency_receipt(receipt)
    smaller, larger = parsed.numbers
    _check_header(parsed, verifier, larger)
    if (logged.origin, logged.tree_size) != (verifier.name, smaller):
        raise ReceiptError("the consistency receipt starts at another tree")
    root = parsed.payload if larger_root is None else larger_root
    if root is None:
        raise ReceiptError("the consistency receipt leaves the newer root out, and it is not known here")
    verify_consistency(smaller=smaller, larger=larger, smaller_root=logged.root, larger_root=root, path=parsed.path)
    _check_signature(parsed, verifier, root)
    return replace(logged, tree_size=larger, root=root)


def _check_header(parsed: CoseReceipt, verifier: NoteVerifier, size: int) -> None:
    if parsed.kid != verifier.key_id:
        raise ReceiptError("the receipts are of two logs")
    if parsed.algorithm not in (ED25519, EDDSA):
        raise ReceiptError("the log's key does not fit the receipt's algorithm")
    if parsed.tree_size != size:
        raise ReceiptError("the tree size of the proof is not the one that the log signed")


def _check_signature(parsed: CoseReceipt, verifier: NoteVerifier, root: bytes) -> None:
    if parsed.payload not in (None, root):
        raise ReceiptError("the receipt carries another root than the one to which its proof leads")
    try:
        verifier.verify_bytes(sig_structure(parsed.protected, root), parsed.signature)
    except NoteError as error:
        raise ReceiptError("the log did not sign the root to which the proof leads") from error
