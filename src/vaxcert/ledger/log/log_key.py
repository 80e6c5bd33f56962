"""The log's own key: Ed25519, for checkpoints and receipts."""

from __future__ import annotations

from hashlib import sha256
from typing import Never, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.signing.private_key import encrypt_private_key, load_ed25519_key


class LogKey:
    """Signs for the log named *origin*. It shows its private half nowhere and cannot be pickled.

    A note begins with the log's name and what a receipt signs with a byte that no UTF-8 text begins with, so neither
    signature can be passed off as the other.

    Raises:
        ValueError: *origin* cannot be the name of a key.
    """

    __slots__ = ("_key", "key_id", "verifier")

    def __init__(self, origin: str, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.verifier = NoteVerifier(name=origin, key_type=KeyType.LOG, public_key=key.public_key().public_bytes_raw())
        self.key_id: bytes = self.verifier.key_id

    @classmethod
    def create(cls, origin: str) -> Self:
        """Return a new key for the log named *origin*, such as ``ledger.moh.example/vn``."""
        return cls(origin, Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, origin: str, passphrase: bytes | None) -> Self:
        """Return the key in *pem*, for the log named *origin*.

        Raises:
            PassphraseError: The passphrase is missing or wrong.
            KeyFileError: *pem* is no Ed25519 key; or it is not encrypted and there is a passphrase.
        """
        return cls(origin, load_ed25519_key(pem, passphrase))

    def to_pem(self, passphrase: bytes) -> bytes:
        """Return the key in PEM, encrypted under *passphrase*.

        Raises:
            PassphraseError: The passphrase is shorter than 8 bytes.
        """
        return encrypt_private_key(self._key, passphrase)

    @property
    def name(self) -> str:
        """The log's name."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """The public half as text."""
        return self.verifier.vkey

    @property
    def log_id(self) -> bytes:
        """The 32 bytes by which a chain knows the log."""
        return log_id(self.name, self.vkey)

    def sign(self, text: str) -> bytes:
        """Return the signature over the note *text*."""
        return self._key.sign(text.encode())

    def sign_receipt(self, to_be_signed: bytes) -> bytes:
        """Return the signature over *to_be_signed*, the Sig_structure of a receipt (RFC 9052 §4.4)."""
        return self._key.sign(to_be_signed)

    def __repr__(self) -> str:
        return f"LogKey({self.vkey})"

    def __reduce__(self) -> Never:
        raise TypeError("a log key is private and cannot be pickled or copied")


def log_id(origin: str, vkey: str) -> bytes:
    """Return SHA-256 of *origin*, a newline and *vkey*: another key makes another log."""
    return sha256(f"{origin}\n{vkey}".encode()).digest()
