"""The registry's secrets: the keys that data keys are wrapped under, and the pepper of the blind indexes.

Each person's data are sealed under a data key of their own; the data key lies in the database, wrapped under a
key-encryption key that does not. So a key-encryption key is replaced by wrapping short keys anew, and a person is
erased by destroying one. The pepper is apart: it cannot be replaced without indexing everybody again.

Spec: AES-256-GCM, NIST SP 800-38D; HKDF, RFC 5869; HMAC, RFC 2104.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Never, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vaxcert.errors import SealError
from vaxcert.signing.private_key import encrypt_private_key, load_x25519_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
DATA_KEY_BYTES: Final = 32
WRAPPED_BYTES: Final = NONCE_BYTES + DATA_KEY_BYTES + TAG_BYTES
KEY_ID_LENGTH: Final = 16


class _Secret:
    """A secret that is kept as every other key is: an X25519 key in an encrypted PEM. It shows itself nowhere."""

    __slots__ = ("_key",)

    def __init__(self, key: X25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def create(cls) -> Self:
        """Return a new one."""
        return cls(X25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes, passphrase: bytes) -> Self:
        """Return the one in *pem*.

        Raises:
            PassphraseError: The passphrase is wrong.
            KeyFileError: *pem* is no X25519 key.
        """
        return cls(load_x25519_key(pem, passphrase))

    def to_pem(self, passphrase: bytes) -> bytes:
        """Return it in PEM, encrypted under *passphrase*.

        Raises:
            PassphraseError: The passphrase is shorter than 8 bytes.
        """
        return encrypt_private_key(self._key, passphrase)

    def _derive(self, purpose: str) -> bytes:
        return HKDF(SHA256(), length=32, salt=None, info=f"vaxcert registry {purpose}".encode()).derive(
            self._key.private_bytes_raw()
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def __reduce__(self) -> Never:
        raise TypeError("a secret of the registry cannot be pickled or copied")


class KeyEncryptionKey(_Secret):
    """Wraps data keys; *key_id* tells which one did."""

    __slots__ = ("_cipher", "key_id")

    def __init__(self, key: X25519PrivateKey) -> None:
        super().__init__(key)
        self.key_id: Final = sha256(key.public_key().public_bytes_raw()).hexdigest()[:KEY_ID_LENGTH]
        self._cipher = AESGCM(self._derive("data-keys/v1"))

    def wrap(self, data_key: bytes, *, about: bytes) -> bytes:
        """Return *data_key* wrapped, to be unwrapped together with the same *about* only."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data_key, about)

    def unwrap(self, wrapped: bytes, *, about: bytes) -> bytes:
        """Return the data key that `wrap` took.

        Raises:
            SealError: Another key wrapped it, or about something else, or it was altered.
        """
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise SealError("a data key of the registry does not open", hint="the key is another") from None


class Pepper(_Secret):
    """What the blind indexes are keyed with."""

    __slots__ = ("_index", "_trail")

    def __init__(self, key: X25519PrivateKey) -> None:
        super().__init__(key)
        # Keyed once: a copy of the state costs a quarter of a new HMAC.
        self._index = hmac.new(self._derive("blind-index/v1"), digestmod=sha256)
        self._trail = hmac.new(self._derive("trail/v1"), digestmod=sha256)

    def look_up(self, kind: str, text: str) -> bytes:
        """Return what stands in the blind index of *kind* for *text*, 32 bytes."""
        keyed = self._index.copy()
        keyed.update(f"{kind}\0{text}".encode())
        return keyed.digest()

    def digest(self, content: bytes) -> bytes:
        """Return the digest of *content* for the trail, 32 bytes: without the pepper nobody can try out contents."""
        keyed = self._trail.copy()
        keyed.update(content)
        return keyed.digest()


class Keyring:
    """The secrets of one registry: wraps with its newest key, unwraps with whichever did."""

    __slots__ = ("_by_id", "_load", "pepper")

    def __init__(self, load: Callable[[], Iterable[KeyEncryptionKey]], pepper: Pepper) -> None:
        """Take the keys that *load* returns, of which the last wraps.

        It is called again where a key is met that is not known: another process has made it since.
        """
        self._load = load
        self.pepper: Final = pepper
        self.reload()

    @property
    def current(self) -> KeyEncryptionKey:
        """The key that wraps."""
        return next(reversed(self._by_id.values()))

    def reload(self) -> None:
        """Take the keys as they are now."""
        self._by_id = {key.key_id: key for key in self._load()}

    def check_knows(self, key_id: str) -> None:
        """Check that the key *key_id* is here, reading the files again where it is not known.

        Raises:
            SealError: It is not here.
        """
        if key_id not in self._by_id:
            self.reload()
        if key_id not in self._by_id:
            raise SealError(
                f"the registry has data under the key {key_id}, which is not here", hint="put its file back"
            )

    def wrap(self, data_key: bytes, *, about: bytes) -> tuple[str, bytes]:
        """Return the id of the current key and *data_key* wrapped under it."""
        current = self.current
        return current.key_id, current.wrap(data_key, about=about)

    def unwrap(self, key_id: str, wrapped: bytes, *, about: bytes) -> bytes:
        """Return the data key that the key *key_id* wrapped.

        Raises:
            SealError: The key is not here, or it does not open.
        """
        self.check_knows(key_id)
        return self._by_id[key_id].unwrap(wrapped, about=about)


class DataKey:
    """Seals what is about one person."""

    __slots__ = ("_cipher",)

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, *, about: bytes) -> bytes:
        """Return *plain* encrypted, to be opened together with the same *about* only."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, about)

    def open(self, sealed: bytes, *, about: bytes) -> bytes:
        """Return what `seal` took.

        Raises:
            SealError: It was sealed for another place or person, or was altered.
        """
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about)
        except (InvalidTag, ValueError):
            raise SealError("a sealed value of the registry does not open") from None
