"""Signed notes (C2SP signed-note): a text and the signature lines under it.

A line by an unknown key is ignored, since others may sign the same text; a line that names a known key and does not
hold condemns the whole note.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import NoteError
from vaxcert.ledger.log.note_key import KEY_ID_BYTES, is_name
from vaxcert.ledger.log.text import decode_base64, encode_base64

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.ledger.log.note_key import NoteSigner, NoteVerifier

MAX_SIGNATURES = 16
"""As many as every verifier MUST accept (signed-note, Format)."""
MAX_NOTE_BYTES = 128 * 1024
"""Sixteen signatures of the largest kind in use (post-quantum, 5 kB each, in base64) and a text beside them."""

_DASH = "\N{EM DASH} "
_BLANK_LINE = "\n\n"
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f]")


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, not verified."""

    name: str
    key_id: bytes
    signature: bytes

    def to_line(self) -> str:
        """Return the line, with its newline."""
        return f"{_DASH}{self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note, taken apart and not verified."""

    text: str
    """With its last newline, and without the blank line after it."""
    signatures: tuple[NoteSignature, ...]

    def to_text(self) -> str:
        """Return the note as it is stored and sent."""
        return f"{self.text}\n{''.join(signature.to_line() for signature in self.signatures)}"


def parse_note(note: str | bytes) -> SignedNote:
    """Return the signed note in *note*, not verified.

    Raises:
        NoteError: It is too long, not UTF-8, has a control character or no blank line before its signatures, or
            one of these is malformed, or there are more than `MAX_SIGNATURES`.
    """
    # The text may have blank lines of its own: the last one ends it.
    text, blank_line, block = _read(note).rpartition(_BLANK_LINE)
    if not blank_line:
        raise NoteError("the note has no blank line before its signatures")
    return SignedNote(text + "\n", _parse_block(block))


def parse_signature_lines(lines: str | bytes) -> tuple[NoteSignature, ...]:
    """Return the signatures in *lines*, as a witness answers with them.

    Raises:
        NoteError: They are none, too many or malformed.
    """
    return _parse_block(_read(lines))


def verify_note(note: SignedNote, verifiers: Iterable[NoteVerifier]) -> tuple[NoteVerifier, ...]:
    """Return those of *verifiers* whose keys signed *note*, at least one, in the order of the signatures.

    Raises:
        NoteError: A signature by one of them does not hold, or none of them signed.
    """
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    signers: dict[NoteVerifier, None] = {}
    for line in note.signatures:
        verifier = known.get((line.name, line.key_id))
        if verifier is not None:
            verifier.verify(note.text, line.signature)
            signers[verifier] = None
    if not signers:
        raise NoteError("no known key signed the note")
    return tuple(signers)


def sign_note(text: str, signer: NoteSigner) -> str:
    """Return *text* as a note that *signer* signed.

    Raises:
        NoteError: *text* cannot be that of a note: it does not end in a newline, or has a control character.
    """
    if not text.endswith("\n"):
        raise NoteError("the text of a note ends in a newline")
    _read(text)
    return SignedNote(text, (NoteSignature(signer.name, signer.key_id, signer.sign(text)),)).to_text()


def _read(content: str | bytes) -> str:
    if len(content) > MAX_NOTE_BYTES:
        raise NoteError(f"the note has over {MAX_NOTE_BYTES} bytes")
    try:
        # A str can hold half a surrogate pair, which no UTF-8 has.
        whole = content.decode() if isinstance(content, bytes) else content.encode().decode()
    except UnicodeError:
        raise NoteError("the note is not UTF-8") from None  # the cause would quote the note
    if _CONTROL.search(whole):
        raise NoteError("the note has a control character other than a newline")
    return whole


def _parse_block(block: str) -> tuple[NoteSignature, ...]:
    if not block.endswith("\n"):
        raise NoteError("the note does not end in signature lines, each with its newline")
    lines = block[:-1].split("\n", MAX_SIGNATURES)
    if len(lines) > MAX_SIGNATURES:
        raise NoteError(f"the note has over {MAX_SIGNATURES} signatures")
    return tuple(map(_parse_line, lines))


def _parse_line(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    content = decode_base64(encoded)
    if not line.startswith(_DASH) or not is_name(name) or content is None or len(content) <= KEY_ID_BYTES:
        raise NoteError("a signature line is malformed")
    return NoteSignature(name, content[:KEY_ID_BYTES], content[KEY_ID_BYTES:])
