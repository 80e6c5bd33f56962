"""Trust lists written out, each form such that reading it gives the same signers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, assert_never

from vaxcert.errors import TrustListError
from vaxcert.model.kid import Kid
from vaxcert.trust.gateway import format_saved_list
from vaxcert.trust.jwks import format_key_set
from vaxcert.trust.pem import CERTIFICATE_LABEL, format_block

if TYPE_CHECKING:
    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.trust_list import TrustList


class TrustListForm(StrEnum):
    """A form that a trust list can be written in."""

    SAVED = "saved"
    """The gateway's entries with the list's date; the one form that holds all that a list knows."""
    PEM = "pem"
    """A bundle of certificates, for other software; it has no date."""
    JWKS = "jwks"
    """A key set with certificates, for other software; it has no date."""


def format_trust_list(trust_list: TrustList, form: TrustListForm = TrustListForm.SAVED) -> bytes:
    """Return *trust_list* in *form*.

    Raises:
        TrustListError: The form cannot hold one of the signers, such as a bare key in PEM.
    """
    match form:
        case TrustListForm.SAVED:
            return format_saved_list(trust_list.entries, as_of=trust_list.as_of)
        case TrustListForm.PEM:
            return b"".join(map(_pem_of, trust_list.entries))
        case TrustListForm.JWKS:
            return format_key_set(trust_list.entries)
        case _:
            assert_never(form)


def _pem_of(dsc: Dsc) -> bytes:
    certificate = dsc.certificate
    if certificate is None or dsc.kid != Kid.of_dsc(certificate.der):
        raise TrustListError(f"PEM cannot hold the kid of {dsc.kid}, which is not its certificate's")
    if certificate.is_evident_csca:
        raise TrustListError(f"in PEM the DSC of {dsc.kid} would pass for a CSCA")
    return format_block(CERTIFICATE_LABEL, certificate.der)
