"""A keystore's life: made with its first DSC, added to and rotated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vaxcert.errors import PassphraseError, SigningError
from vaxcert.service.files import whole_folder
from vaxcert.service.issuer_secrets import create_secret
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.service.trust_lists import with_kid
from vaxcert.signing.authority import create_csca, create_dsc, rotate_dsc
from vaxcert.signing.keystore import Keystore

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import TypeAlias

    from vaxcert.model.certificate_type import CertificateType
    from vaxcert.signing.authority import KeyKind, Term
    from vaxcert.signing.key_pair import KeyPair
    from vaxcert.trust.dsc import Dsc

    Secret: TypeAlias = Callable[[], bytes]
    """Asked for only when it is needed, so that nobody types a passphrase for what cannot be done anyway."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DscPlan:
    """What a new DSC is to be."""

    name: str
    """What sets the authority apart; the DSC's common name is this with `` DSC`` after it."""
    organization: str | None
    usages: Collection[CertificateType]
    key_kind: KeyKind
    term: Term


def create_keys(
    folder: Path,
    plan: DscPlan,
    *,
    country: str,
    csca_term: Term,
    at: datetime,
    passphrase: Secret,
    csca_passphrase: Secret | None = None,
) -> tuple[Path, Path]:
    """Make a CSCA, its first DSC and an issuer's secret in the new *folder*; return the files of the certificates.

    Args:
        folder: A new or empty folder; it is filled whole or not at all.
        plan: The DSC; the CSCA bears the same name, with `` CSCA`` after it.
        country: The state, ISO 3166-1 alpha-2.
        csca_term: How long the CSCA is valid and signs.
        at: The start of their validity (aware).
        passphrase: Encrypts the keys.
        csca_passphrase: Encrypts the CSCA's key, where it is to have a passphrase of its own.

    Raises:
        PassphraseError: A passphrase is missing or too short.
        SigningError: The country, a name or a term cannot be.
        StorageError: There is something in *folder*, or it cannot be written.
    """
    csca = create_csca(
        country=country, common_name=f"{plan.name} CSCA", organization=plan.organization, at=at, term=csca_term
    )
    dsc = _new_dsc(csca, plan, at)
    with whole_folder(folder) as work:
        secret = passphrase()
        keystore = Keystore(work)
        files = (
            keystore.add(csca, csca_passphrase() if csca_passphrase else secret),
            keystore.add(dsc, secret),
        )
        create_secret(work / ISSUER_SECRET, secret)
    csca_file, dsc_file = (folder / file.name for file in files)
    return csca_file, dsc_file


def add_dsc(
    folder: Path, plan: DscPlan, *, at: datetime, passphrase: Secret, csca_passphrase: Secret | None = None
) -> Path:
    """Make another DSC in the keystore *folder*, and return the file of its certificate.

    Args:
        folder: A keystore with the CSCA's key.
        plan: The DSC.
        at: The start of its validity (aware).
        passphrase: Encrypts its key, and opens the CSCA's.
        csca_passphrase: Opens the CSCA's key, where that has a passphrase of its own.

    Raises:
        PassphraseError: A passphrase is missing, wrong or too short.
        SigningError: A name or a term cannot be, or the CSCA may sign no more.
        StorageError: The keystore cannot be read or written.
    """
    keystore = Keystore(folder)
    csca, secret = _open_csca(keystore, passphrase, csca_passphrase)
    return keystore.add(_new_dsc(csca, plan, at), secret)


def rotate(
    folder: Path,
    *,
    kid: str | None,
    term: Term,
    at: datetime,
    passphrase: Secret,
    csca_passphrase: Secret | None = None,
) -> tuple[Dsc, Path]:
    """Make the successor of a DSC in the keystore *folder*; return the DSC it follows, and the file of its certificate.

    Args:
        folder: A keystore with the CSCA's key.
        kid: The kid of the DSC to follow on, base64 or hexadecimal; None means the newest.
        term: How long the successor is valid and signs.
        at: The start of its validity (aware).
        passphrase: Encrypts its key, and opens the CSCA's.
        csca_passphrase: Opens the CSCA's key, where that has a passphrase of its own.

    Raises:
        PassphraseError: A passphrase is missing, wrong or too short.
        SigningError: No one DSC is meant, or `rotate_dsc` says why.
        StorageError: The keystore cannot be read or written.
    """
    keystore = Keystore(folder)
    previous = _to_follow(keystore.dscs(), kid, folder)
    assert previous.certificate is not None  # a keystore has no bare keys
    csca, secret = _open_csca(keystore, passphrase, csca_passphrase)
    return previous, keystore.add(rotate_dsc(csca, previous.certificate, at=at, term=term), secret)


def _new_dsc(csca: KeyPair, plan: DscPlan, at: datetime) -> KeyPair:
    return create_dsc(
        csca,
        common_name=f"{plan.name} DSC",
        usages=plan.usages,
        at=at,
        organization=plan.organization,
        key_kind=plan.key_kind,
        term=plan.term,
    )


def _open_csca(keystore: Keystore, passphrase: Secret, csca_passphrase: Secret | None) -> tuple[KeyPair, bytes]:
    """Return the CSCA with its key, and the passphrase for new keys."""
    keystore.csca()  # without a CSCA there is nothing to ask a passphrase for
    secret = passphrase()
    if csca_passphrase is not None:
        return keystore.load_csca(csca_passphrase()), secret
    try:
        return keystore.load_csca(secret), secret
    except PassphraseError as error:
        raise PassphraseError(
            f"the CSCA's key: {error.message}", hint="if it has a passphrase of its own, name --csca-passphrase-file"
        ) from error


def _to_follow(dscs: Sequence[Dsc], kid: str | None, folder: Path) -> Dsc:
    if kid is not None:
        named = with_kid(dscs, kid)
        if not named:
            raise SigningError(f"there is no DSC with kid {kid} in {folder}", hint="see `vaxcert keys list`")
        if len(named) > 1:
            raise SigningError(
                f"there are {len(named)} DSCs with kid {kid} in {folder}",
                hint="keep one of them in the folder; `vaxcert keys list` has them",
            )
        return named[0]
    if not dscs:
        raise SigningError(f"there is no DSC to follow on in {folder}")
    lines = {(dsc.subject, dsc.usages, dsc.key_kind) for dsc in dscs}
    if len(lines) > 1:  # which of them has to be followed on is the authority's to say
        raise SigningError(
            f"there are {len(lines)} lines of DSCs in {folder}",
            hint="name the one to follow on with --kid; `vaxcert keys list` has them",
        )
    return dscs[0]
