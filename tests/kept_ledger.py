"""A ledger as an authority keeps it: with certificates of invented people that a signer valid now has just issued."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from vaxcert.issue.issuer import Issuer
from vaxcert.ledger.store.certificates import certificate_row
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.ledgers import create_ledger, sign_checkpoint
from vaxcert.service.sample import sample_records
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from vaxcert.issue.issuer import Certificate

ORIGIN = "ledger.example/vn"
PASSPHRASE = b"correct horse battery"


def now() -> datetime:
    return datetime.now(UTC)


def passphrase() -> bytes:
    return PASSPHRASE


@cache
def signer() -> PemSigner:
    born = now() - timedelta(days=1)
    csca = create_csca(country="VN", common_name="Invented CSCA", at=born)
    pair = create_dsc(csca, common_name="Invented DSC", usages=tuple(CertificateType), at=born)
    return PemSigner(pair.private_key, Dsc.of_certificate(pair.certificate))


def trust_file(folder: Path) -> Path:
    """Return a file with the DSC of `signer`."""
    path = folder / "dsc.der"
    certificate = signer().certificate.certificate
    assert certificate is not None
    path.write_bytes(certificate.der)
    return path


def issue_into(folder: Path, count: int, *, seed: int = 1) -> list[Certificate]:
    """Issue certificates into the ledger in *folder*."""
    issuer = Issuer(signer(), country="VN", issuer="Invented Ministry", validity=timedelta(days=30), level=1)
    issued = [issuer.issue(VaccinationRecord.from_mapping(row), at=now()) for row in sample_records(count, seed=seed)]
    log_certificates(folder, issued)
    return issued


def log_certificates(folder: Path, issued: Iterable[Certificate]) -> None:
    """Append *issued* to the log of the ledger in *folder*, in the clear."""
    with TransparencyLog.open(folder) as log, log.transaction() as transaction:
        transaction.add_certificates([certificate_row(certificate.cose) for certificate in issued])


def make_ledger(folder: Path, count: int = 3, *, is_signed: bool = True) -> list[Certificate]:
    """Make a ledger in *folder* with *count* certificates, under a checkpoint where *is_signed*."""
    create_ledger(folder, origin=ORIGIN, passphrase=passphrase, at=now())
    issued = issue_into(folder, count) if count else []
    if is_signed:
        sign(folder)
    return issued


def sign(folder: Path) -> None:
    sign_checkpoint(folder, passphrase=passphrase, at=now())
