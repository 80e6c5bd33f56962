"""Issue and verify vaccination certificates: EU DCC (`HC1:`) QR codes, from record to verdict.

A whole program:

    from datetime import UTC, datetime, timedelta
    from pathlib import Path

    from vaxcert import Issuer, PemSigner, TrustList, VaccinationRecord, Verifier

    now = datetime.now(UTC)
    signer = PemSigner.from_pem(Path("dsc.key.pem").read_bytes(), Path("dsc.pem").read_bytes(), password=b"...")
    issuer = Issuer(signer, country="VN", issuer="Ministry of Health", validity=timedelta(days=365))
    record = VaccinationRecord.from_mapping({
        "family_name": "Nguyễn", "given_name": "Thị Ánh", "birth_date": "1983-10-10",
        "product": "Comirnaty", "lot": "FF0042", "dose_number": 2, "total_doses": 2, "vaccination_date": "2021-09-12",
    })
    certificate = issuer.issue(record, at=now)            # certificate.text is what the QR code carries

    verifier = Verifier(TrustList.load("trust/"))
    report = verifier.examine(certificate.text, at=now)   # every step, never raises for a bad certificate
    verified = verifier.verify(certificate.text, at=now)  # or raises, or returns what may be believed

Times are aware datetimes and always come in as `at`. Every error is a `VaxcertError` with a stable `code`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vaxcert.errors import VaxcertError
    from vaxcert.issue.issuer import Certificate, Issuer
    from vaxcert.model.records import RecoveryRecord, TestRecord, VaccinationRecord
    from vaxcert.signing.pem import PemSigner
    from vaxcert.signing.signer import Signer
    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.trust_list import TrustList
    from vaxcert.verify.policy import Allowance, Policy
    from vaxcert.verify.report import Outcome, Report
    from vaxcert.verify.verifier import Verifier

__all__ = [
    "Allowance",
    "Certificate",
    "Dsc",
    "Issuer",
    "Outcome",
    "PemSigner",
    "Policy",
    "RecoveryRecord",
    "Report",
    "Signer",
    "TestRecord",
    "TrustList",
    "VaccinationRecord",
    "VaxcertError",
    "Verifier",
]

_HOME = {
    "Allowance": "verify.policy",
    "Certificate": "issue.issuer",
    "Dsc": "trust.dsc",
    "Issuer": "issue.issuer",
    "Outcome": "verify.report",
    "PemSigner": "signing.pem",
    "Policy": "verify.policy",
    "RecoveryRecord": "model.records",
    "Report": "verify.report",
    "Signer": "signing.signer",
    "TestRecord": "model.records",
    "TrustList": "trust.trust_list",
    "VaccinationRecord": "model.records",
    "VaxcertError": "errors",
    "Verifier": "verify.verifier",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: a verifier never loads what only an issuer needs."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
