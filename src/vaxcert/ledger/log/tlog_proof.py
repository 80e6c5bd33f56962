"""Receipts in the text form that other transparency logs use (C2SP tlog-proof): for export, and to be read again.

c2sp.org/tlog-proof@v1
extra BASE64            the salt, without which nobody can tell which certificate this is about
index 12
BASE64 ...              the inclusion path, leaf to root
(empty line)
the signed checkpoint, as it is
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from vaxcert.errors import ReceiptError, UnknownLogError
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.cosignature import verify_cosignatures
from vaxcert.ledger.log.entry import SALT_BYTES, EntryKind, entry_of
from vaxcert.ledger.log.note import MAX_NOTE_BYTES, parse_note
from vaxcert.ledger.log.note_key import KeyType
from vaxcert.ledger.log.proof import verify_inclusion
from vaxcert.ledger.log.receipt import LoggedAt
from vaxcert.ledger.log.receipt_parsing import parse_inclusion_receipt
from vaxcert.ledger.log.text import decode_base64, encode_base64, parse_size
from vaxcert.ledger.log.tree import HASH_BYTES, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.ledger.log.note_key import NoteVerifier
    from vaxcert.ledger.log.receipt import Receipt

HEADER: Final = "c2sp.org/tlog-proof@v1"
MAX_PATH_LENGTH: Final = 63
"""No tree that fits a checkpoint has a longer path."""
MAX_PROOF_BYTES: Final = MAX_NOTE_BYTES + 4096
"""A checkpoint, and before it 63 hashes in base64 (2.8 kB), the salt and the index."""

_EXTRA, _INDEX = "extra ", "index "
_MAX_LINES = MAX_PATH_LENGTH + 4
"""Header, extra data, index and path are one less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlogProof:
    """A proof in its text form, taken apart and not verified."""

    index: int
    path: tuple[bytes, ...]
    checkpoint: str
    """The signed note, as it was."""
    extra: bytes | None = None
    """In ours the salt; nothing authenticates it but that the proof holds with it."""

    @property
    def text(self) -> str:
        """The proof as it is stored, in files that end in ``.tlog-proof``."""
        extra = [] if self.extra is None else [_EXTRA + encode_base64(self.extra)]
        lines = [HEADER, *extra, f"{_INDEX}{self.index}", *map(encode_base64, self.path), "", self.checkpoint]
        return "\n".join(lines)

    def verify(
        self, digest: bytes, verifiers: Iterable[NoteVerifier], *, kind: EntryKind = EntryKind.CERTIFICATE
    ) -> LoggedAt:
        """Return where the statement with *digest* stands in one of the logs of *verifiers*.

        Args:
            digest: What the log committed to, of a certificate the SHA-256 of its Sig_structure.
            verifiers: The keys of the logs and of the witnesses that are believed.
            kind: What kind of statement it is.

        Raises:
            UnknownLogError: None of these logs signed the checkpoint.
            LedgerProofError: The proof does not hold.
        """
        if self.extra is None or len(self.extra) != SALT_BYTES:
            raise ReceiptError(f"the proof's extra data is not a salt of {SALT_BYTES} bytes")
        keys = tuple(verifiers)
        signers = {(line.name, line.key_id) for line in parse_note(self.checkpoint).signatures}
        logs = [key for key in keys if key.key_type is KeyType.LOG and (key.name, key.key_id) in signers]
        if not logs:
            raise UnknownLogError("the proof's checkpoint is of another log than the ones known here")
        checkpoint = open_checkpoint(self.checkpoint, verifier=logs[0])
        leaf = leaf_hash(entry_of(kind, self.extra, digest))
        verify_inclusion(leaf, index=self.index, tree_size=checkpoint.size, path=self.path, root=checkpoint.root)
        return LoggedAt(
            origin=checkpoint.origin,
            index=self.index,
            tree_size=checkpoint.size,
            root=checkpoint.root,
            cosignatures=verify_cosignatures(self.checkpoint, keys),
        )


def export_tlog_proof(receipt: Receipt) -> TlogProof:
    """Return *receipt* as a proof in text form.

    Raises:
        ReceiptError: It has no checkpoint of the tree of its inclusion proof, which the text form is about.
    """
    if receipt.checkpoint is None or receipt.consistency is not None:
        raise ReceiptError("the receipt has no checkpoint of the tree in which it proves the entry")
    parsed = parse_inclusion_receipt(receipt.inclusion)
    return TlogProof(index=parsed.numbers[1], path=parsed.path, checkpoint=receipt.checkpoint, extra=receipt.salt)


def parse_tlog_proof(proof: str | bytes) -> TlogProof:
    """Return the proof in *proof*, not verified.

    Raises:
        ReceiptError: It is too long, not UTF-8 or malformed; the checkpoint in it is not looked at.
    """
    if len(proof) > MAX_PROOF_BYTES:
        raise ReceiptError(f"the proof has over {MAX_PROOF_BYTES} bytes")
    try:
        text = proof.decode() if isinstance(proof, bytes) else proof
    except UnicodeDecodeError:
        raise ReceiptError("the proof is not UTF-8") from None
    head, blank_line, checkpoint = text.partition("\n\n")
    header, *lines = head.split("\n", _MAX_LINES)
    if header != HEADER or not blank_line or len(lines) == _MAX_LINES:
        raise ReceiptError(f"the proof does not begin with {HEADER}, has no checkpoint or too many lines before it")
    extra = _parse_base64(lines.pop(0).removeprefix(_EXTRA)) if lines and lines[0].startswith(_EXTRA) else None
    index = parse_size(lines.pop(0).removeprefix(_INDEX)) if lines and lines[0].startswith(_INDEX) else None
    if index is None:
        raise ReceiptError("the proof has no index")
    path = tuple(map(_parse_base64, lines))
    if len(path) > MAX_PATH_LENGTH or any(len(sibling) != HASH_BYTES for sibling in path):
        raise ReceiptError(f"the proof's path is not one of up to {MAX_PATH_LENGTH} hashes")
    return TlogProof(index=index, path=path, checkpoint=checkpoint, extra=extra)


def _parse_base64(text: str) -> bytes:
    content = decode_base64(text)
    if content is None:
        raise ReceiptError("a line of the proof is not base64")
    return content
