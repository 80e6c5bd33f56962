"""The signer that a command was given: in a key file, a keystore or a token."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vaxcert.errors import KeyFileError, PassphraseError, TrustEntryError
from vaxcert.service.files import read_file, read_secret_line
from vaxcert.service.key_files import KEY_SUFFIX, certificate_beside
from vaxcert.signing.keystore import Keystore
from vaxcert.signing.pem import PemSigner
from vaxcert.signing.private_key import MAX_KEY_BYTES, is_encrypted
from vaxcert.trust.dsc import MAX_PEM_BYTES, Dsc

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.model.certificate_type import CertificateType
    from vaxcert.signing.pkcs11 import Pkcs11Signer
    from vaxcert.signing.signer import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerSource:
    """Where a signing key lies and what opens it: all that another process needs to open it by itself.

    Exactly one of `keys`, `key` and `module` names the key. A key is never sent from one process to another.
    """

    keys: Path | None = None
    """A keystore: its newest DSC that may sign now signs."""
    key: Path | None = None
    certificate: Path | None = None
    passphrase: bytes | None = field(default=None, repr=False)
    passphrase_file: Path | None = None
    """Read where *passphrase* is not given: so a worker on another machine opens what lies there."""
    unsafe_unencrypted: bool = False
    module: Path | None = None
    """A token's PKCS#11 library."""
    token: str = ""
    token_key: str = ""
    pin_file: Path | None = None

    @contextmanager
    def open(self, *, usage: CertificateType, at: datetime) -> Iterator[Signer]:
        """Give the signer, for certificates of the type *usage* issued at *at* (aware).

        Raises:
            SigningError: The key cannot be had, or may not sign; the subclass says why.
            StorageError: A file cannot be read.
        """
        if self.module is not None:
            assert self.pin_file is not None  # a token has both
            assert self.certificate is not None
            pin = read_secret_line(self.pin_file, "PIN")
            with load_token_signer(
                module=self.module,
                token_label=self.token,
                key_label=self.token_key,
                pin=pin,
                certificate=self.certificate,
            ) as signer:
                yield signer
        elif self.keys is not None:
            yield load_keystore_signer(
                self.keys, self.read_passphrase, usage=usage, at=at, unsafe_unencrypted=self.unsafe_unencrypted
            )
        else:
            assert self.key is not None  # one of the three is given
            yield load_signer(
                self.key, self.certificate, self.read_passphrase, unsafe_unencrypted=self.unsafe_unencrypted
            )

    def read_passphrase(self) -> bytes | None:
        """Return what the key, and the issuer's secret beside it, are encrypted with."""
        if self.passphrase is None and self.passphrase_file is not None:
            return read_secret_line(self.passphrase_file, "passphrase")
        return self.passphrase

    @property
    def secret_path(self) -> Path | None:
        """Where the issuer's secret lies if nothing else is said: beside the key; None for a token."""
        if self.keys is not None:
            return self.keys / ISSUER_SECRET
        return self.key and self.key.with_name(ISSUER_SECRET)


ISSUER_SECRET = "issuer-secret.key.pem"  # noqa: S105 - the name of a file
"""How a keystore names the issuer's secret."""


def load_signer(
    key: Path,
    certificate: Path | None,
    passphrase: Callable[[], bytes | None],
    *,
    unsafe_unencrypted: bool = False,
) -> PemSigner:
    """Return the signer with the private key in the file *key*.

    Args:
        key: The private key, PEM; as `vaxcert keys create` names it, ``NAME.key.pem``.
        certificate: The DSC, PEM; by default ``NAME.pem`` beside the key.
        passphrase: Called only where the key is encrypted.
        unsafe_unencrypted: Take a key that lies there in the clear.

    Raises:
        KeyFileError: A file is no key or certificate, or they do not belong together.
        PassphraseError: The passphrase is missing or wrong, or the key in the clear.
        StorageError: A file cannot be read.
    """
    if certificate is None:
        if not key.name.endswith(KEY_SUFFIX):
            raise KeyFileError(f"no certificate is known for {key}", hint="name the DSC with --certificate")
        certificate = certificate_beside(key)
    key_pem = read_file(key, limit=MAX_KEY_BYTES)
    certificate_pem = read_file(certificate, limit=MAX_PEM_BYTES)
    if is_encrypted(key_pem):
        return PemSigner.from_pem(key_pem, certificate_pem, password=passphrase())
    signer = PemSigner.from_pem(key_pem, certificate_pem)  # what is no key at all is said first
    if not unsafe_unencrypted:
        raise PassphraseError(
            f"the key {key} is not encrypted",
            hint="encrypt it, for instance with `openssl pkcs8 -topk8`, or say --unsafe-unencrypted-key",
        )
    return signer


def load_keystore_signer(
    folder: Path,
    passphrase: Callable[[], bytes | None],
    *,
    usage: CertificateType,
    at: datetime,
    unsafe_unencrypted: bool = False,
) -> PemSigner:
    """Return the signer with the newest DSC in the keystore *folder* that may sign a *usage* certificate at *at*.

    Args:
        folder: A keystore as `vaxcert keys create` makes it.
        passphrase: Called only where there is such a DSC.
        usage: What is going to be signed.
        at: When (aware).
        unsafe_unencrypted: Take a key that lies there in the clear.

    Raises:
        KeyFileError: A file is no key or certificate, or they do not belong together.
        PassphraseError: The passphrase is missing or wrong, or the key in the clear.
        SignerUsageError: There is no such DSC.
        StorageError: A file cannot be read.
    """
    keystore = Keystore(folder)
    dsc = keystore.choose(at=at, usage=usage)
    return keystore.load_signer(dsc.kid, passphrase(), unsafe_unencrypted=unsafe_unencrypted)


def load_token_signer(*, module: Path, token_label: str, key_label: str, pin: bytes, certificate: Path) -> Pkcs11Signer:
    """Return the signer with the private key *key_label* in the token *token_label*; it has to be closed.

    Args:
        module: The token's PKCS#11 library, a shared object.
        token_label: The token's label.
        key_label: The private key's label.
        pin: The user's PIN, UTF-8.
        certificate: The DSC of the key, PEM.

    Raises:
        KeyFileError: The certificate cannot be read, or is of another key.
        MissingDependencyError: The extra ``pkcs11`` is not installed.
        PassphraseError: The PIN is wrong or locked.
        SignerUnavailableError: The library, token or key is missing, or refuses to work.
        StorageError: The certificate's file cannot be read.
    """
    from vaxcert.signing.pkcs11 import Pkcs11Signer  # noqa: PLC0415 - an extra, which only tokens need

    try:
        dsc = Dsc.of_pem(read_file(certificate, limit=MAX_PEM_BYTES))
    except TrustEntryError as error:
        raise KeyFileError(f"{certificate}: {error.message}") from error
    return Pkcs11Signer.open(module=module, token_label=token_label, key_label=key_label, pin=pin, certificate=dsc)
