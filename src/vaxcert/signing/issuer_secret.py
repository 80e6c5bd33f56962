"""The issuer's secret: what certificate ids follow from, and what stored certificates are encrypted with.

A record has the same certificate id in every run, since the id is a keyed digest of the record's identity; and nobody
who lacks the secret can tell from an id whose it is, or which id a known person has. The secret is as old as the
issuer: with another one a file that is sent again gets new ids, and what was stored cannot be opened.

Spec: HKDF, RFC 5869; HMAC, RFC 2104; keyed BLAKE2b, RFC 7693; AES-256-GCM, NIST SP 800-38D. A nonce is random, 96
bits, and a key is good for 2^32 of them (§8.3): each process has a key of its own, derived with 128 random bits that
stand beside the nonce.
"""

from __future__ import annotations

import os
from hashlib import blake2b, sha256
from typing import TYPE_CHECKING, Final, Never, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vaxcert.errors import SealError
from vaxcert.model.uvci import ENTROPY_LENGTH
from vaxcert.signing.private_key import encrypt_private_key, load_x25519_key, unsafe_unencrypted_private_key

if TYPE_CHECKING:
    from collections.abc import Callable

SEAL_MARK: Final = b"\0"
"""What a sealed content begins with, and no COSE_Sign1 and no text does."""

IDENTITY_BYTES: Final = 32
CONTENT_BYTES: Final = 16

_INNER_PAD, _OUTER_PAD = 0x36, 0x5C
_RUN_BYTES, _NONCE_BYTES, _TAG_BYTES = 16, 12, 16
_HEAD_BYTES = len(SEAL_MARK) + _RUN_BYTES + _NONCE_BYTES
SEAL_BYTES: Final = _HEAD_BYTES + _TAG_BYTES
"""By how much a sealed content is longer than what it was made of."""


class IssuerSecret:
    """Derives identities and ids, and seals. It shows its key nowhere and cannot be pickled."""

    __slots__ = ("_contents", "_identities", "_inner", "_key", "_openers", "_outer", "_run", "_sealer")

    def __init__(self, key: X25519PrivateKey) -> None:
        """Take the secret from *key*: a form that can be encrypted and kept as every other key is."""
        self._key = key
        # Digests to begin others from: copying one takes two thirds of the time of keying one.
        self._identities = blake2b(key=self._derive("identity/v1"), digest_size=IDENTITY_BYTES)
        self._contents = {
            size: blake2b(key=self._derive("content/v1"), digest_size=size) for size in range(1, CONTENT_BYTES + 1)
        }
        # HMAC by its definition (RFC 2104 §2), its two keyed blocks hashed once: in two fifths of `hmac`'s time.
        id_key = self._derive("uvci/v1").ljust(sha256().block_size, b"\0")
        self._inner, self._outer = (sha256(bytes(byte ^ pad for byte in id_key)) for pad in (_INNER_PAD, _OUTER_PAD))
        self._run = os.urandom(_RUN_BYTES)
        self._sealer = self._cipher(self._run)
        self._openers: dict[bytes, Callable[[bytes, bytes, bytes], bytes]] = {}

    @classmethod
    def create(cls) -> Self:
        """Return a new secret."""
        return cls(X25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: bytes | None) -> Self:
        """Return the secret in *pem*.

        Raises:
            PassphraseError: The passphrase is missing or wrong.
            KeyFileError: *pem* is no X25519 key; or it is not encrypted and there is a passphrase.
        """
        return cls(load_x25519_key(pem, passphrase))

    def to_pem(self, passphrase: bytes) -> bytes:
        """Return the secret in PEM, encrypted under *passphrase*.

        Raises:
            PassphraseError: The passphrase is shorter than 8 bytes.
        """
        return encrypt_private_key(self._key, passphrase)

    def unsafe_to_pem(self) -> bytes:
        """Return the secret in PEM, in the clear."""
        return unsafe_unencrypted_private_key(self._key)

    def identity(self, name: bytes) -> bytes:
        """Return the identity of the record called *name*, 32 bytes."""
        digest = self._identities.copy()
        digest.update(name)
        return digest.digest()

    def content(self, said: bytes, size: int = CONTENT_BYTES) -> bytes:
        """Return *size* bytes, up to 16, by which what a record says is told from what others say."""
        digest = self._contents[size].copy()
        digest.update(said)
        return digest.digest()

    def opaque(self, identity: bytes, version: int) -> bytes:
        """Return the opaque part, 16 bytes, of the id of *version* of the certificate for *identity*."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(identity + version.to_bytes(4, "big"))
        outer.update(inner.digest())
        return outer.digest()[:ENTROPY_LENGTH]

    def seal(self, plain: bytes, *, about: bytes) -> bytes:
        """Return *plain* encrypted, to be opened together with the same *about* only."""
        nonce = os.urandom(_NONCE_BYTES)
        return SEAL_MARK + self._run + nonce + self._sealer(nonce, plain, about)

    def open(self, sealed: bytes, *, about: bytes) -> bytes:
        """Return what `seal` took.

        Raises:
            SealError: It was sealed by another secret or about something else, or was altered.
        """
        if not is_sealed(sealed) or len(sealed) < SEAL_BYTES:
            raise SealError("the content is not sealed")
        start = len(SEAL_MARK)
        run, nonce = sealed[start : start + _RUN_BYTES], sealed[start + _RUN_BYTES : _HEAD_BYTES]
        opener = self._openers.get(run)
        if opener is None:
            self._openers.clear()  # runs follow one another; a forged store must not fill the memory
            opener = self._openers[run] = AESGCM(self._derive("seal/v1", run)).decrypt
        try:
            return opener(nonce, sealed[_HEAD_BYTES:], about)
        except InvalidTag:
            raise SealError(
                "the stored content does not open", hint="the issuer's secret is another, or the content was altered"
            ) from None

    def _cipher(self, run: bytes) -> Callable[[bytes, bytes, bytes], bytes]:
        return AESGCM(self._derive("seal/v1", run)).encrypt

    def _derive(self, purpose: str, salt: bytes | None = None) -> bytes:
        kdf = HKDF(SHA256(), length=32, salt=salt, info=f"vaxcert {purpose}".encode())
        return kdf.derive(self._key.private_bytes_raw())

    def __repr__(self) -> str:
        return "IssuerSecret()"

    def __reduce__(self) -> Never:
        raise TypeError("the issuer's secret cannot be pickled or copied")


def is_sealed(content: bytes) -> bool:
    """Whether *content* is what `IssuerSecret.seal` returns, and not in the clear."""
    return content.startswith(SEAL_MARK)
