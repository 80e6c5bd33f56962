"""Private keys in PEM: read, matched to their certificates, and written encrypted.

EC and RSA keys sign certificates; Ed25519 keys are those of logs and witnesses; an X25519 key is an issuer's secret.
`cryptography` encrypts PKCS#8 with PBKDF2 at a fixed 2048 rounds, where OWASP asks for 600,000. The keys here guard a
country's certificates, so they are written under scrypt, in the standard form (PBES2, RFC 8018 and RFC 7914) that
OpenSSL and `cryptography` read.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from vaxcert.errors import KeyFileError, PassphraseError
from vaxcert.trust.der import (
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    SEQUENCE,
    encode_element,
    encode_integer,
    encode_oid,
)
from vaxcert.trust.pem import format_block
from vaxcert.trust.public_key import spki_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

PrivateKey: TypeAlias = EllipticCurvePrivateKey | RSAPrivateKey

MAX_KEY_BYTES = 64 * 1024
"""An encrypted RSA key of 16384 bits takes a fifth of this."""
MIN_PASSPHRASE_BYTES = 8
"""NIST SP 800-63B §5.1.1.1."""

_SCRYPT_COST, _SCRYPT_BLOCK, _SCRYPT_PARALLEL = 2**14, 8, 5
"""16 MiB, which OpenSSL's own limit of 32 MiB lets it read, and as many passes as OWASP asks for at that size."""
_KEY_BYTES, _SALT_BYTES, _BLOCK_BYTES = 32, 16, 16

_PBES2 = encode_oid("1.2.840.113549.1.5.13")
_SCRYPT = encode_oid("1.3.6.1.4.1.11591.4.11")
_AES256_CBC = encode_oid("2.16.840.1.101.3.4.1.42")

_ENCRYPTED_MARKS = (b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"Proc-Type: 4,ENCRYPTED")


def is_encrypted(pem: bytes) -> bool:
    """Whether the private key in *pem* is encrypted, as PKCS#8 or in OpenSSL's older form."""
    return any(mark in pem for mark in _ENCRYPTED_MARKS)


def load_private_key(pem: bytes, passphrase: bytes | None) -> PrivateKey:
    """Return the EC or RSA key in *pem*.

    Args:
        pem: One private key, PKCS#8 or OpenSSL's older forms.
        passphrase: What it is encrypted with, or None.

    Raises:
        PassphraseError: The passphrase is missing or wrong.
        KeyFileError: *pem* is no key, or one of another kind; or it is not encrypted and there is a passphrase.
    """
    key = _load(pem, passphrase)
    if not isinstance(key, (EllipticCurvePrivateKey, RSAPrivateKey)):
        raise KeyFileError("the private key is neither EC nor RSA")
    return key


def load_ed25519_key(pem: bytes, passphrase: bytes | None) -> Ed25519PrivateKey:
    """Return the Ed25519 key in *pem*: a log's or a witness's, which signs no certificates.

    Args:
        pem: One private key in PKCS#8.
        passphrase: What it is encrypted with, or None.

    Raises:
        PassphraseError: The passphrase is missing or wrong.
        KeyFileError: *pem* is no key, or one of another kind; or it is not encrypted and there is a passphrase.
    """
    key = _load(pem, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError("the private key is not Ed25519")
    return key


def load_x25519_key(pem: bytes, passphrase: bytes | None) -> X25519PrivateKey:
    """Return the X25519 key in *pem*: the form that an issuer's secret has.

    Args:
        pem: One private key in PKCS#8.
        passphrase: What it is encrypted with, or None.

    Raises:
        PassphraseError: The passphrase is missing or wrong.
        KeyFileError: *pem* is no key, or one of another kind; or it is not encrypted and there is a passphrase.
    """
    key = _load(pem, passphrase)
    if not isinstance(key, X25519PrivateKey):
        raise KeyFileError("the private key is not X25519")
    return key


def _load(pem: bytes, passphrase: bytes | None) -> PrivateKeyTypes:
    if len(pem) > MAX_KEY_BYTES:
        raise KeyFileError(f"the private key has over {MAX_KEY_BYTES} bytes")
    encrypted = is_encrypted(pem)
    if encrypted and not passphrase:
        raise PassphraseError("the private key is encrypted and there is no passphrase")
    if passphrase and not encrypted:
        # Going on would let somebody replace the key unnoticed by one that needs no secret.
        raise KeyFileError("there is a passphrase and the private key is not encrypted")
    try:
        return load_pem_private_key(pem, passphrase or None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Without the cause: OpenSSL's words on a damaged key say nothing to act on, and quote what they read.
        if encrypted:
            raise PassphraseError("the passphrase is wrong, or the private key damaged") from None
        raise KeyFileError("the private key cannot be read") from None


def check_belongs(key: PrivateKey, spki: bytes) -> None:
    """Check that *key* is the private half of the public key *spki*.

    Raises:
        KeyFileError: It is not.
    """
    if spki_of(key.public_key()) != spki:
        raise KeyFileError("the private key and the certificate do not belong together")


def encrypt_private_key(key: PrivateKey | Ed25519PrivateKey | X25519PrivateKey, passphrase: bytes) -> bytes:
    """Return *key* as PKCS#8 in PEM, encrypted under *passphrase* with scrypt and AES-256-CBC.

    Raises:
        PassphraseError: The passphrase is shorter than 8 bytes.
    """
    if len(passphrase) < MIN_PASSPHRASE_BYTES:
        raise PassphraseError(
            f"the passphrase is shorter than {MIN_PASSPHRASE_BYTES} bytes", hint="choose a longer passphrase"
        )
    salt, start = os.urandom(_SALT_BYTES), os.urandom(_BLOCK_BYTES)
    kdf = Scrypt(salt=salt, length=_KEY_BYTES, n=_SCRYPT_COST, r=_SCRYPT_BLOCK, p=_SCRYPT_PARALLEL)
    encryptor = Cipher(AES256(kdf.derive(passphrase)), CBC(start)).encryptor()
    padder = PKCS7(_BLOCK_BYTES * 8).padder()
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    encrypted = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    # RFC 5958 §3 EncryptedPrivateKeyInfo; RFC 8018 §A.4 PBES2-params; RFC 7914 §7 scrypt-params.
    scheme = _algorithm(
        _PBES2,
        encode_element(
            SEQUENCE,
            _algorithm(
                _SCRYPT,
                encode_element(
                    SEQUENCE,
                    encode_element(OCTET_STRING, salt),
                    *map(encode_integer, (_SCRYPT_COST, _SCRYPT_BLOCK, _SCRYPT_PARALLEL)),
                ),
            ),
            _algorithm(_AES256_CBC, encode_element(OCTET_STRING, start)),
        ),
    )
    return format_block(
        "ENCRYPTED PRIVATE KEY", encode_element(SEQUENCE, scheme, encode_element(OCTET_STRING, encrypted))
    )


def _algorithm(oid: bytes, parameters: bytes) -> bytes:
    return encode_element(SEQUENCE, encode_element(OBJECT_IDENTIFIER, oid), parameters)


def unsafe_unencrypted_private_key(key: PrivateKey | Ed25519PrivateKey | X25519PrivateKey) -> bytes:
    """Return *key* as PKCS#8 in PEM, in the clear: whoever sees it can forge certificates. For samples and tests."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
