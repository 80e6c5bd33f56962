"""The straight way through for a vaccination certificate that is as it should be: nearly all are.

It asks every question of the steps (`vaxcert.verify.formats.hcert`) and can only say yes. To anything wrong or merely
unusual it has no answer, and the steps then find one; that both agree is tested. It exists for speed: what the steps
keep track of costs a tenth of a verification.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

from vaxcert.codec import base45, cbor, cose, hc1, inflate, schema
from vaxcert.codec.cwt import Claims
from vaxcert.errors import VaxcertError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.trust.signature import verify_signature
from vaxcert.verify.certificate import normalise
from vaxcert.verify.codes import signed_dose_warnings
from vaxcert.verify.policy import ALLOWED_KEYS
from vaxcert.verify.revocation import is_in_none, marks_of
from vaxcert.verify.tolerance import is_plain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vaxcert.codec.cose import PlainSign1
    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.revocation.revocation_list import RevocationList
    from vaxcert.trust.trust_list import TrustList
    from vaxcert.verify.report import Warning_

P = ParamSpec("P")
T = TypeVar("T")

_VACCINATION = CertificateType.VACCINATION


class VerifiedCertificate(NamedTuple):
    """A certificate that passed every step: only this type may be believed."""

    claims: Claims
    dsc: Dsc
    certificate_type: CertificateType
    payload: Mapping[str, object]
    """The DCC, its tolerated faults mended."""
    warnings: tuple[Warning_, ...]

    def __repr__(self) -> str:
        # A log line must not tell whose certificate it was.
        return f"<VerifiedCertificate {self.certificate_type.name.lower()}, signer {self.dsc.kid}>"

    @property
    def certificate(self) -> dict[str, object]:
        """The holder, the events and the id, in the shape of every format."""
        return normalise(self.payload)


def verify_plain(
    text: str, trust_list: TrustList, at_seconds: float, revocations: tuple[RevocationList, ...] = ()
) -> VerifiedCertificate | None:
    """Return the certificate in *text*, verified as of *at_seconds*, or None where the steps have to decide.

    It must be in none of *revocations*; that those are young enough is for the caller to see to.

    Raises:
        VaxcertError: Something is wrong; the steps have to say what decides.
    """
    message = _message_in(text)
    signed = message and _signed(message, trust_list)
    return signed and _believed(*signed, _claims_of(signed[0]), at_seconds, revocations)


def verify_all_plain(
    texts: Sequence[str], trust_list: TrustList, at_seconds: float, revocations: tuple[RevocationList, ...] = ()
) -> list[VerifiedCertificate | None]:
    """Return for each of *texts* what `verify_plain` returns, and None too where it raises.

    Each stage is done for all before the next: a processor that does one thing many times over takes five sixths of the
    time.
    """
    messages = [_attempt(_message_in, text) for text in texts]
    signed = [message and _attempt(_signed, message, trust_list) for message in messages]
    claims = [each and _attempt(_claims_of, each[0]) for each in signed]
    return [
        _attempt(_believed, *each, said, at_seconds, revocations) if each and said else None
        for each, said in zip(signed, claims, strict=True)
    ]


def _attempt(function: Callable[P, T | None], *args: P.args, **named: P.kwargs) -> T | None:
    try:
        return function(*args, **named)
    except VaxcertError:
        return None


def _message_in(text: str) -> PlainSign1 | None:
    return cose.parse_plain(inflate.inflate(base45.decode(hc1.strip_prefix(text))))


def _signed(message: PlainSign1, trust_list: TrustList) -> tuple[PlainSign1, Dsc] | None:
    """Return *message* with the one DSC that can have signed it and did."""
    candidates = trust_list.candidates(message.kid)
    dsc = candidates[0]
    if len(candidates) > 1 or dsc.key_kind not in ALLOWED_KEYS:
        return None
    verify_signature(
        dsc.public_key,
        dsc.key_kind,
        algorithm=message.algorithm,
        to_be_signed=message.to_be_signed,
        signature=message.signature,
    )
    return message, dsc


def _claims_of(message: PlainSign1) -> Claims:
    return Claims.from_map(cbor.decode(message.payload))


def _believed(
    message: PlainSign1, dsc: Dsc, claims: Claims, at_seconds: float, revocations: tuple[RevocationList, ...]
) -> VerifiedCertificate | None:
    """Return the certificate with the *claims* of *message*, which *dsc* has signed, where all of it is plain."""
    dcc = claims.dcc
    doses, version = dcc.get("v"), dcc.get("ver")
    if not (
        isinstance(doses, list)
        and len(doses) == 1
        and "t" not in dcc
        and "r" not in dcc
        and not claims.inexact
        and type(version) is str
        and version in schema.RELEASED
        and schema.is_strict(dcc, version)
        and is_plain(dose := doses[0], "v")
        and dsc.signs_payloads
        and (not dsc.usages or _VACCINATION in dsc.usages)
        and (claims.issuer == dsc.country or claims.issuer is None or dsc.country is None)
        and dsc.not_before_seconds <= claims.issued_seconds <= at_seconds
        and at_seconds <= claims.expires_seconds <= dsc.not_after_seconds
    ):
        return None
    if revocations and not is_in_none(revocations, marks_of(message, claims, dose)):
        return None
    return VerifiedCertificate(claims, dsc, _VACCINATION, dcc, signed_dose_warnings(dose))
