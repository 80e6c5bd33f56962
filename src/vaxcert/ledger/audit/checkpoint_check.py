"""The checkpoints of a log: each signed by the log's key, as is the signature that the receipts of its size share."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from vaxcert.codec.cose import sig_structure
from vaxcert.errors import LedgerError, LedgerProofError
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.ledger.audit.heads import Head, Voucher
from vaxcert.ledger.audit.report import instant_of
from vaxcert.ledger.log.checkpoint import open_checkpoint
from vaxcert.ledger.log.receipt_encoding import encode_inclusion_receipt
from vaxcert.ledger.log.receipt_parsing import parse_inclusion_receipt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vaxcert.ledger.audit.findings import Findings
    from vaxcert.ledger.log.note_key import NoteVerifier
    from vaxcert.ledger.store.reader import LoggedCheckpoint


class CheckpointCheck:
    """Reads the stored checkpoints one by one, and gives a head for each that the log's key signed."""

    def __init__(
        self, checkpoints: Iterable[LoggedCheckpoint], verifier: NoteVerifier | None, findings: Findings
    ) -> None:
        """Read *checkpoints*, smallest first, signed by *verifier*: None where the log's key is none."""
        self._checkpoints = checkpoints
        self._verifier = verifier
        self._findings = findings
        self._latest = 0
        self.read = 0
        """How many were read."""
        self.newest: LoggedCheckpoint | None = None
        """The largest one that the log's key signed."""

    def heads(self) -> Iterator[Head]:
        """Yield the head of each checkpoint that is signed; tell of the others."""
        for checkpoint in self._readable():
            self.read += 1
            self._check_clock(checkpoint)
            root = None if self._verifier is None else self._signed_root(checkpoint, self._verifier)
            if root is None:
                continue
            self.newest = checkpoint
            yield Head(
                size=checkpoint.size,
                root=root,
                voucher=Voucher.CHECKPOINT,
                metadata_hash=sha256(checkpoint.note.encode()).digest(),
            )

    def _readable(self) -> Iterator[LoggedCheckpoint]:
        try:
            yield from self._checkpoints
        except LedgerError as error:
            self._findings.add(
                FindingCode.LOG_UNREADABLE, f"the checkpoints cannot be read to their end: {error.message}"
            )

    def _signed_root(self, checkpoint: LoggedCheckpoint, verifier: NoteVerifier) -> bytes | None:
        """Return the root that the log's key signed for the size of *checkpoint*, or None."""
        size = checkpoint.size
        try:
            signed = open_checkpoint(checkpoint.note, verifier=verifier)
        except LedgerProofError as error:
            self._findings.add(
                FindingCode.CHECKPOINT_SIGNATURE,
                f"the log's key did not sign the checkpoint of size {size}",
                size=size,
                reason=error.message,
            )
            return None
        if (signed.size, signed.root) != (size, checkpoint.root):
            self._findings.add(
                FindingCode.CHECKPOINT_CHANGED,
                f"the checkpoint stored for size {size} was signed for another head",
                size=size,
                root=checkpoint.root,
                signed_size=signed.size,
                signed_root=signed.root,
            )
        if signed.size != size:
            return None
        try:
            verify_receipt_signature(checkpoint.receipt_signature, root=signed.root, size=size, verifier=verifier)
        except LedgerProofError as error:
            self._findings.add(
                FindingCode.CHECKPOINT_SIGNATURE,
                f"the log's key did not make the signature that the receipts of size {size} share",
                size=size,
                reason=error.message,
            )
        return signed.root

    def _check_clock(self, checkpoint: LoggedCheckpoint) -> None:
        if checkpoint.at < self._latest:
            self._findings.add(
                FindingCode.CLOCK_SET_BACK,
                f"the checkpoint of size {checkpoint.size} says an earlier time than one before it",
                size=checkpoint.size,
                at=instant_of(checkpoint.at),
                earlier=instant_of(self._latest),
            )
        self._latest = max(self._latest, checkpoint.at)


def verify_receipt_signature(signature: bytes, *, root: bytes, size: int, verifier: NoteVerifier) -> None:
    """Check that *signature* is the one that all COSE receipts of the tree of *size* under *root* share (RFC 9942).

    Raises:
        LedgerProofError: The log's key did not make it.
    """
    receipt = encode_inclusion_receipt(signature, key_id=verifier.key_id, size=size, index=0, path=())
    verifier.verify_bytes(sig_structure(parse_inclusion_receipt(receipt).protected, root), signature)


def kept_heads(notes: Iterable[str], verifier: NoteVerifier | None) -> tuple[list[Head], int]:
    """Return the heads in *notes*, which somebody kept outside the log, and how many of them the log did not sign."""
    heads, strange = [], 0
    for note in notes:
        try:
            checkpoint = None if verifier is None else open_checkpoint(note, verifier=verifier)
        except LedgerProofError:
            checkpoint = None
        if checkpoint is None:
            strange += 1
        else:
            heads.append(Head(size=checkpoint.size, root=checkpoint.root, voucher=Voucher.KEPT))
    return heads, strange
