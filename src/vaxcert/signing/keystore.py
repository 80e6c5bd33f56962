"""A folder with one CSCA and its DSCs, each a certificate and an encrypted private key in PEM.

    csca.pem  csca.key.pem  dsc-<kid>.pem  dsc-<kid>.key.pem  ...      (kid in hexadecimal)

A new CSCA is a new folder. Files appear whole or not at all, and none is ever written over.
"""

from __future__ import annotations

import os
import secrets
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import KeyFileError, PassphraseError, SignerUsageError, StorageError, TrustEntryError
from vaxcert.model.kid import Kid
from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.pem import PemSigner
from vaxcert.signing.private_key import (
    MAX_KEY_BYTES,
    encrypt_private_key,
    is_encrypted,
    load_private_key,
    unsafe_unencrypted_private_key,
)
from vaxcert.trust.dsc import Dsc

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from vaxcert.model.certificate_type import CertificateType
    from vaxcert.signing.private_key import PrivateKey
    from vaxcert.trust.certificate import Certificate

_CSCA = "csca"
_CERTIFICATE, _KEY = ".pem", ".key.pem"
_PRIVATE, _PUBLIC = 0o600, 0o644


@dataclass(frozen=True, slots=True)
class Keystore:
    """The keys in *folder*. What reads raises `StorageError` and `KeyFileError`, what writes `StorageError`."""

    folder: Path

    def add(self, pair: KeyPair, passphrase: bytes) -> Path:
        """Store *pair*, its key encrypted under *passphrase*, and return the certificate's file.

        Raises:
            PassphraseError: The passphrase is too short.
            StorageError: There is such a file, or it cannot be written; nothing is left behind.
        """
        return self._write(pair, encrypt_private_key(pair.private_key, passphrase))

    def unsafe_add_unencrypted(self, pair: KeyPair) -> Path:
        """Store *pair* with its key in the clear, and return the certificate's file; for samples only."""
        return self._write(pair, unsafe_unencrypted_private_key(pair.private_key))

    def csca(self) -> Certificate:
        """Return the CSCA's certificate."""
        certificate = self._certificate(_CSCA).certificate
        assert certificate is not None
        return certificate

    def dscs(self) -> tuple[Dsc, ...]:
        """Return the DSCs, the newest first."""
        with _storage(self.folder):
            names = sorted(
                file.name.removesuffix(_CERTIFICATE)
                for file in self.folder.glob(f"dsc-*{_CERTIFICATE}")
                if not file.name.endswith(_KEY)
            )
        return tuple(sorted(map(self._certificate, names), key=lambda dsc: -dsc.not_before_seconds))

    def choose(self, *, at: datetime, usage: CertificateType) -> Dsc:
        """Return the newest DSC whose key may sign a certificate of the type *usage* at *at* (aware).

        Raises:
            SignerUsageError: There is none.
        """
        for dsc in self.dscs():
            if dsc.may_sign(usage) and dsc.is_valid_at(at.timestamp()) and not _is_past_key_use(dsc, at):
                return dsc
        raise SignerUsageError(
            f"no DSC in {self.folder} may sign a {usage.name.lower()} certificate at this time",
            hint="make one with `vaxcert keys rotate` or `vaxcert keys create`",
        )

    def load_csca(self, passphrase: bytes | None, *, unsafe_unencrypted: bool = False) -> KeyPair:
        """Return the CSCA with its key.

        Args:
            passphrase: What the key is encrypted with.
            unsafe_unencrypted: Take a key that lies there in the clear.

        Raises:
            PassphraseError: The passphrase is missing or wrong, or the key in the clear.
        """
        certificate = self.csca()
        return KeyPair(self._key(_CSCA, passphrase, unsafe_unencrypted=unsafe_unencrypted), certificate)

    def load_signer(self, kid: Kid, passphrase: bytes | None, *, unsafe_unencrypted: bool = False) -> PemSigner:
        """Return the signer with the key of the DSC that has *kid*.

        Args:
            kid: The kid of one of `dscs`.
            passphrase: What the key is encrypted with.
            unsafe_unencrypted: Take a key that lies there in the clear.

        Raises:
            PassphraseError: The passphrase is missing or wrong, or the key in the clear.
        """
        name = _dsc_name(kid)
        dsc = self._certificate(name)
        return PemSigner(self._key(name, passphrase, unsafe_unencrypted=unsafe_unencrypted), dsc)

    def _certificate(self, name: str) -> Dsc:
        pem = self._read(name + _CERTIFICATE)
        try:
            return Dsc.of_pem(pem)
        except TrustEntryError as error:
            raise KeyFileError(f"{name}{_CERTIFICATE}: {error.message}") from error

    def _key(self, name: str, passphrase: bytes | None, *, unsafe_unencrypted: bool) -> PrivateKey:
        pem = self._read(name + _KEY)
        if not is_encrypted(pem) and not unsafe_unencrypted:
            raise PassphraseError(
                f"{name}{_KEY} is not encrypted", hint="encrypt the key, for instance with `openssl pkcs8 -topk8`"
            )
        return load_private_key(pem, passphrase)

    def _read(self, name: str) -> bytes:
        with _storage(self.folder / name), (self.folder / name).open("rb") as file:
            return file.read(MAX_KEY_BYTES + 1)

    def _write(self, pair: KeyPair, key_pem: bytes) -> Path:
        name = _CSCA if pair.certificate.is_ca else _dsc_name(Kid.of_dsc(pair.certificate.der))
        key_path, certificate_path = self.folder / (name + _KEY), self.folder / (name + _CERTIFICATE)
        with _storage(certificate_path):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_new(key_path, key_pem, _PRIVATE)
            try:
                _write_new(certificate_path, pair.certificate_pem, _PUBLIC)
            except OSError:
                key_path.unlink()
                raise
        return certificate_path


def _dsc_name(kid: Kid) -> str:
    return f"dsc-{kid.value.hex()}"


def _is_past_key_use(dsc: Dsc, at: datetime) -> bool:
    ends = None if dsc.certificate is None else dsc.certificate.key_use_ends
    return ends is not None and at > ends


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise StorageError(f"{path} or its key is there already, and is not written over") from error
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error


def _write_new(path: Path, content: bytes, mode: int) -> None:
    """Write *content* to the new file *path*: a link to the finished file, so that it is whole or not there."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
