"""Checkpoints (C2SP tlog-checkpoint): a log's size and root, signed by the log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import CheckpointError
from vaxcert.ledger.log.note import parse_note, sign_note, verify_note
from vaxcert.ledger.log.note_key import MAX_NAME_BYTES
from vaxcert.ledger.log.text import decode_base64, encode_base64, parse_size
from vaxcert.ledger.log.tree import EMPTY_ROOT, HASH_BYTES, MAX_TREE_SIZE

if TYPE_CHECKING:
    from vaxcert.ledger.log.note_key import NoteSigner, NoteVerifier

_LINES = 3
_CONTROL = re.compile("[\x00-\x1f]")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log's tree: nothing says yet that the log signed it.

    Raises:
        CheckpointError: No checkpoint may say this.
    """

    origin: str
    """The name of the log."""
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    """Further lines; ours have none (tlog-checkpoint: NOT RECOMMENDED)."""

    def __post_init__(self) -> None:
        if not self.origin or len(self.origin.encode()) > MAX_NAME_BYTES:
            raise CheckpointError(f"a checkpoint's origin has 1 to {MAX_NAME_BYTES} bytes")
        if not all(self.extensions) or any(map(_CONTROL.search, (self.origin, *self.extensions))):
            raise CheckpointError("a line of a checkpoint is empty or has a control character")
        if not 0 <= self.size <= MAX_TREE_SIZE or len(self.root) != HASH_BYTES:
            raise CheckpointError(f"a checkpoint has a size from 0 to 2^63 - 1 and a root of {HASH_BYTES} bytes")
        if not self.size and self.root != EMPTY_ROOT:
            raise CheckpointError("a checkpoint of size 0 has another root than the empty tree's")

    @property
    def text(self) -> str:
        """The note's text, each line with its newline."""
        return "\n".join((self.origin, str(self.size), encode_base64(self.root), *self.extensions, ""))


def parse_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint in *text*, the text of a note, not verified.

    Raises:
        CheckpointError: It is none.
    """
    lines = text.split("\n")
    if len(lines) <= _LINES or lines.pop():
        raise CheckpointError("a checkpoint has three lines at least, each with its newline")
    size, root = parse_size(lines[1]), decode_base64(lines[2])
    if size is None or root is None:
        raise CheckpointError("a checkpoint's second line is its size in decimal, the third its root in base64")
    return Checkpoint(lines[0], size, root, tuple(lines[_LINES:]))


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> str:
    """Return *checkpoint* as a signed note.

    Whoever calls this knows that the tree is an extension of every one signed before: a log MUST NOT sign another.

    Raises:
        ValueError: *signer* is not the key of the checkpoint's log: its name is not the origin.
    """
    if signer.name != checkpoint.origin:
        raise ValueError("a checkpoint is signed by the key of its own log")
    return sign_note(checkpoint.text, signer)


def open_checkpoint(note: str | bytes, *, verifier: NoteVerifier) -> Checkpoint:
    """Return the checkpoint in *note*, signed by the log's key *verifier*.

    Raises:
        CheckpointError: It is no checkpoint, or of another log than the key's.
        NoteError: It is no note, or the key did not sign it.
    """
    signed = parse_note(note)
    verify_note(signed, (verifier,))
    checkpoint = parse_checkpoint(signed.text)
    if checkpoint.origin != verifier.name:
        raise CheckpointError("the checkpoint is of another log than the key that signed it")
    return checkpoint
