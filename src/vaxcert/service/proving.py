"""Receipts for certificates that stand in a log: what their holders show to those who ask for one."""

from __future__ import annotations

import json
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, Self

from vaxcert.errors import LedgerDamagedError, LedgerStateError, TileError
from vaxcert.ledger.anchor.file_bundle import is_file_bundle
from vaxcert.ledger.log import bulk
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.log.note_key import NoteVerifier
from vaxcert.ledger.log.receipt import Receipt
from vaxcert.ledger.log.tlog_proof import export_tlog_proof
from vaxcert.ledger.store.outbox import Outbox
from vaxcert.ledger.store.outbox_rows import AnchorState
from vaxcert.service.anchor_state import READER
from vaxcert.service.cosigned import cosigned_note
from vaxcert.service.ledger_folder import LedgerFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vaxcert.ledger.store.log import TransparencyLog
    from vaxcert.ledger.store.reader import LoggedCertificate, LoggedCheckpoint, LoggedEntry

_LINE: Final = '{"id": %s, "leaf_index": %s, "tree_size": %s, "anchor": %s, "chain": %s, "receipt": "%s"}\n'
_SIGN: Final = "sign one with `vaxcert ledger checkpoint`"
_CHECK: Final = "`vaxcert ledger verify` names what was changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A certificate's receipt, and how far the head that it leads to has come on its way to the chain."""

    id: str
    leaf_index: int
    tree_size: int
    receipt: Receipt
    anchor: AnchorState | None
    """None where no head that covers the certificate waits for the chain."""
    chain: str | None
    """The kind of chain: one of the kind `file` says nothing that the log has not said."""

    def to_line(self) -> bytes:
        """Return the proof as a line of JSON, which `vaxcert verify --receipt` reads."""
        # The encoder would look through a kilobyte of base64 for quotes: a third of the time that a line takes.
        quoted = (json.dumps(value) for value in (self.id, self.leaf_index, self.tree_size, self.anchor, self.chain))
        line = _LINE % (*quoted, b64encode(self.receipt.to_cbor()).decode())
        return line.encode()

    def to_cbor(self) -> bytes:
        """Return the receipt as the file of its holder."""
        return self.receipt.to_cbor()

    def to_tlog_proof(self) -> bytes:
        """Return the proof as text for the tools of C2SP tlog-proof."""
        return export_tlog_proof(self.receipt).text.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    """The tree in which receipts prove their certificates."""

    checkpoint: LoggedCheckpoint
    cosigned: str | None
    """The checkpoint with its cosignatures, where it has any."""
    state: AnchorState | None
    bundle: bytes | None

    @property
    def size(self) -> int:
        """How many entries it covers."""
        return self.checkpoint.size

    @property
    def note(self) -> str:
        """The checkpoint, with its cosignatures where it has any."""
        return self.cosigned or self.checkpoint.note


class Prover:
    """Makes receipts of the certificates in a log.

    Each is in the tree of the oldest final anchor that covers its certificate: the chain's time of that anchor is then
    the earliest proof that the certificate existed. Where there is no such anchor yet, or none is wanted, the tree is
    that of the newest checkpoint.
    """

    def __init__(self, ledger: LedgerFolder, log: TransparencyLog, *, with_anchors: bool = True) -> None:
        """Prove by *log*, which lies in *ledger*; *with_anchors* says whether receipts lead to anchors."""
        config = ledger.config()
        self._ledger = ledger
        self._log = log
        self._with_anchors = with_anchors
        self._outbox = Outbox(log.database, holder=READER)
        self._key_id = NoteVerifier.of_vkey(log.vkey).key_id
        self._chain = None if config is None else config.identity.driver

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, with_anchors: bool = True) -> Iterator[Self]:
        """Give the prover of the ledger in *folder*; all that it proves belongs to one moment.

        Raises:
            LedgerStateError: There is no ledger.
            SettingsError: `anchor.json` is not right.
            StorageError: It cannot be read.
        """
        ledger = LedgerFolder(folder)
        with ledger.open(read_only=True) as log, log.database.reading():
            yield cls(ledger, log, with_anchors=with_anchors)

    @property
    def uncovered(self) -> int:
        """How many entries are newer than the newest checkpoint, so that nothing can be proved of them yet."""
        return self._log.size - self._newest().checkpoint.size

    def prove(self, certificate_id: str) -> Proof:
        """Return the proof of one certificate.

        Raises:
            LedgerStateError: There is no such certificate, or no checkpoint that covers it.
            StorageError: A cosigned checkpoint cannot be read.
        """
        certificate = find_certificate(self._log, certificate_id)
        index = certificate.leaf_index
        head = next((head for head in self._final_heads() if head.size > index), None) or self._newest()
        if index >= head.size:
            raise LedgerStateError("the certificate is newer than the newest checkpoint", hint=_SIGN)
        receipt = self._log.receipt(index, size=head.size)
        return self._proof(certificate, receipt.salt, receipt.inclusion, head)

    def prove_all(self) -> Iterator[Proof]:
        """Yield the proof of every certificate that a checkpoint covers, in the order of the log.

        Raises:
            LedgerStateError: There is no checkpoint, or the log is damaged.
            StorageError: A cosigned checkpoint cannot be read.
        """
        leaves = self._leaves()
        for certificate in self._log.certificates():
            for entry, inclusion, head in leaves:
                if entry.index == certificate.leaf_index:
                    if entry.salt is None:
                        raise LedgerDamagedError(f"entry {entry.index} has no salt and was not erased")
                    yield self._proof(certificate, entry.salt, inclusion, head)
                    break
            else:
                return

    def _leaves(self) -> Iterator[tuple[LoggedEntry, bytes, _Head]]:
        """Yield each entry that a checkpoint covers, with its COSE receipt and the head that this is about."""
        start = 0
        for head in chain(self._final_heads(), [self._newest()]):
            indexes = range(start, head.size)
            try:
                made = bulk.receipts(
                    bulk.TiledTree.of_tiles(head.size, self._log.tile),
                    signature=head.checkpoint.receipt_signature,
                    key_id=self._key_id,
                    indexes=indexes,
                )
                for entry, inclusion in zip(self._log.entries(start, head.size), made, strict=True):
                    yield entry, inclusion, head
            except TileError as error:
                raise LedgerDamagedError("the tiles of the log contradict each other", hint=_CHECK) from error
            start = max(start, head.size)

    def _final_heads(self) -> Iterator[_Head]:
        """Yield the heads that are final on the chain, smallest first."""
        if not self._with_anchors:
            return
        for row, bundle in self._outbox.finals():
            checkpoint = self._log.checkpoint(row.size)
            if checkpoint is not None:  # another process of a restored log may have anchored what was lost here
                yield self._head(checkpoint, AnchorState.FINAL, None if is_file_bundle(bundle) else bundle)

    def _newest(self) -> _Head:
        checkpoint = self._log.checkpoint()
        if checkpoint is None:
            raise LedgerStateError("the log has no checkpoint yet", hint=_SIGN)
        waiting = [row for row in (self._outbox.in_flight(), self._outbox.waiting()) if row is not None]
        state = next((row.state for row in waiting if row.size == checkpoint.size), None)
        return self._head(checkpoint, state, None)

    def _head(self, checkpoint: LoggedCheckpoint, state: AnchorState | None, bundle: bytes | None) -> _Head:
        cosigned = cosigned_note(self._ledger, checkpoint.size)
        return _Head(checkpoint=checkpoint, cosigned=cosigned, state=state, bundle=bundle)

    def _proof(self, certificate: LoggedCertificate, salt: bytes, inclusion: bytes, head: _Head) -> Proof:
        return Proof(
            id=certificate.id,
            leaf_index=certificate.leaf_index,
            tree_size=head.size,
            receipt=Receipt(
                kind=EntryKind.CERTIFICATE,
                salt=salt,
                inclusion=inclusion,
                checkpoint=head.note,
                anchor=head.bundle,
            ),
            anchor=head.state,
            chain=self._chain,
        )


def find_certificate(log: TransparencyLog, certificate_id: str) -> LoggedCertificate:
    """Return the certificate with the id *certificate_id* in *log*.

    Raises:
        LedgerStateError: There is none.
    """
    found = log.certificate(certificate_id)
    if found is None:
        raise LedgerStateError("the log has no certificate with this id", hint="one whose entry was erased has no id")
    return found
