"""The step from a DSC up to the CSCA that issued it. There is no other: the PKI has two levels (hcert-spec A.4)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from vaxcert.errors import ChainError
from vaxcert.trust.issuer_signature import is_signed_by

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from vaxcert.trust.certificate import Certificate


class ChainFault(StrEnum):
    """Why a DSC does not chain, in the order of the checks: with several CSCAs of one name, the last one counts."""

    NO_CERTIFICATE = "no_certificate"
    UNKNOWN_ISSUER = "unknown_issuer"
    NOT_A_CA = "issuer_not_a_ca"
    COUNTRY_MISMATCH = "country_mismatch"
    CSCA_NOT_VALID = "csca_not_valid"
    BAD_SIGNATURE = "bad_signature"


_MESSAGES = {
    ChainFault.NO_CERTIFICATE: "a bare key has no certificate to chain to a CSCA",
    ChainFault.UNKNOWN_ISSUER: "the DSC's issuer is none of the CSCAs",
    ChainFault.NOT_A_CA: "the certificate with the issuer's name may not issue certificates",
    ChainFault.COUNTRY_MISMATCH: "the DSC and its CSCA are of different countries",
    ChainFault.CSCA_NOT_VALID: "the DSC's CSCA is outside its own validity",
    ChainFault.BAD_SIGNATURE: "the CSCA's signature on the DSC does not hold, or is of a kind that is not trusted",
}


def verify_chain(dsc: Certificate | None, cscas: Iterable[Certificate], *, at: datetime | None) -> Certificate:
    """Return the CSCA, one of *cscas*, that issued *dsc*.

    The validity of the DSC itself is judged by whoever uses it (shell model). Revocation of DSCs is their absence
    from the trust list, so no revocation list is asked.

    Args:
        dsc: The document signer's certificate; a bare key, None, never chains.
        cscas: The trusted CSCAs.
        at: The instant at which the CSCA has to be valid (aware); None leaves that open.

    Raises:
        ChainError: None of them did; its `reason` is a `ChainFault`.
    """
    if dsc is None:
        raise _refusal(ChainFault.NO_CERTIFICATE)
    faults = [ChainFault.UNKNOWN_ISSUER]
    for csca in cscas:
        # RFC 5280 §6.1.3 (a)(4), on the encoded names: a CSCA's DSCs carry its subject byte for byte.
        if csca.raw_subject == dsc.raw_issuer:
            fault = _fault(dsc, csca, at)
            if fault is None:
                return csca
            faults.append(fault)
    raise _refusal(max(faults, key=list(ChainFault).index))


def _fault(dsc: Certificate, csca: Certificate, at: datetime | None) -> ChainFault | None:
    # The key identifiers are not compared: they only help to choose among CSCAs of one name (RFC 5280 §4.2.1.1), all
    # of which are tried, and two states wrap theirs once too often. The signature proves what they hint at.
    if not (csca.is_ca and csca.signs_certificates):
        return ChainFault.NOT_A_CA
    if dsc.country != csca.country:  # one state's CSCA speaks for no other
        return ChainFault.COUNTRY_MISMATCH
    if at is not None and not csca.not_before <= at <= csca.not_after:
        return ChainFault.CSCA_NOT_VALID
    return None if is_signed_by(dsc, csca.public_key) else ChainFault.BAD_SIGNATURE


def _refusal(fault: ChainFault) -> ChainError:
    return ChainError(_MESSAGES[fault], reason=fault)
