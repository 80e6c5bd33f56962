"""Cosignatures (C2SP tlog-cosignature, cosignature/v1): a witness saw this checkpoint at this time, and no other.

A witness signs a checkpoint only where it extends the last one it signed, so that a log cannot show one history to
one reader and another to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Never, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vaxcert.errors import NoteError
from vaxcert.ledger.log.note import NoteSignature, SignedNote, parse_note, parse_signature_lines
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier, cosignature_time, cosigned_text, timestamped
from vaxcert.signing.private_key import encrypt_private_key, load_ed25519_key

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A witness's word, verified: the tree was the largest that it had seen of this log."""

    witness: str
    at: datetime


class WitnessKey:
    """Cosigns as the witness named *name*. It shows its private half nowhere and cannot be pickled.

    It is to be no log's key: what it signs names neither the witness nor the kind of key (tlog-cosignature).

    Raises:
        ValueError: *name* cannot be the name of a key.
    """

    __slots__ = ("_key", "verifier")

    def __init__(self, name: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = NoteVerifier(
            name=name, key_type=KeyType.WITNESS, public_key=key.public_key().public_bytes_raw()
        )

    @classmethod
    def create(cls, name: str) -> Self:
        """Return a new key for the witness named *name*, such as ``witness.example/vn``."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, name: str, passphrase: bytes | None) -> Self:
        """Return the key in *pem*, for the witness named *name*.

        Raises:
            PassphraseError: The passphrase is missing or wrong.
            KeyFileError: *pem* is no Ed25519 key; or it is not encrypted and there is a passphrase.
        """
        return cls(name, load_ed25519_key(pem, passphrase))

    def to_pem(self, passphrase: bytes) -> bytes:
        """Return the key in PEM, encrypted under *passphrase*.

        Raises:
            PassphraseError: The passphrase is shorter than 8 bytes.
        """
        return encrypt_private_key(self._key, passphrase)

    @property
    def name(self) -> str:
        """The witness's name."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """The public half as text."""
        return self.verifier.vkey

    def cosign(self, text: str, *, at: datetime) -> NoteSignature:
        """Return the cosignature of the note *text* at *at* (aware), which the caller has found consistent.

        Raises:
            ValueError: *at* is naive.
        """
        if at.tzinfo is None:
            raise ValueError("at needs a time zone: a cosignature is of an instant")
        seconds = int(at.timestamp())
        signature = self._key.sign(cosigned_text(text, seconds).encode())
        return NoteSignature(self.name, self.verifier.key_id, timestamped(seconds, signature))

    def __repr__(self) -> str:
        return f"WitnessKey({self.vkey})"

    def __reduce__(self) -> Never:
        raise TypeError("a witness key is private and cannot be pickled or copied")


def verify_cosignatures(note: str | bytes, verifiers: Iterable[NoteVerifier]) -> tuple[Cosignature, ...]:
    """Return the cosignatures on *note* by those of *verifiers* that are witnesses' keys; there may be none.

    A key that signed twice counts once, with its latest time.

    Raises:
        NoteError: It is no note, or a cosignature by one of these keys does not hold.
    """
    signed = parse_note(note)
    known = {(key.name, key.key_id): key for key in verifiers if key.key_type is KeyType.WITNESS}
    times: dict[tuple[str, bytes], int] = {}
    for line in signed.signatures:
        name = (line.name, line.key_id)
        if name in known:
            known[name].verify(signed.text, line.signature)
            times[name] = max(cosignature_time(line.signature), times.get(name, 0))
    return tuple(Cosignature(name, _instant(time)) for (name, _), time in times.items())


def add_cosignatures(note: str, lines: str | bytes, *, verifiers: Iterable[NoteVerifier]) -> str:
    """Return *note* with those of the signature *lines* that are cosignatures by *verifiers*.

    Lines by unknown keys are left out (tlog-witness: ignored), and a key's new cosignature replaces its earlier one.

    Raises:
        NoteError: The lines are malformed, or a cosignature by one of these keys does not hold, or none is by them.
    """
    signed, keys = parse_note(note), tuple(verifiers)
    known = {(key.name, key.key_id) for key in keys if key.key_type is KeyType.WITNESS}
    added = tuple(line for line in parse_signature_lines(lines) if (line.name, line.key_id) in known)
    if not added:
        raise NoteError("no known witness cosigned the note")
    replaced = {(line.name, line.key_id) for line in added}
    kept = tuple(line for line in signed.signatures if (line.name, line.key_id) not in replaced)
    cosigned = SignedNote(signed.text, kept + added).to_text()
    verify_cosignatures(cosigned, keys)
    return cosigned


def _instant(seconds: int) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise NoteError("a cosignature is of a time past the calendar") from error
