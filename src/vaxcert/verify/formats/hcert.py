"""The steps that check an `HC1:` text, in the specification's order (hcert-spec §3.3, §4).

Each step is one function of the trial: it takes what earlier steps left there and leaves its own result, or raises.
The signature is checked before anything in the payload is believed; the steps after it never undo a refusal.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from vaxcert.codec import base45, cbor, cose, hc1, inflate, schema
from vaxcert.codec.cwt import Claims
from vaxcert.errors import (
    DscNotValidError,
    EventCountError,
    ExpiredError,
    FieldProblem,
    KeyUsageError,
    NotYetValidError,
    SchemaError,
    SignatureError,
    VerificationError,
    WeakKeyError,
)
from vaxcert.model.certificate_type import CertificateType
from vaxcert.trust.signature import verify_signature
from vaxcert.verify.codes import code_warnings
from vaxcert.verify.policy import ALLOWED_KEYS, Allowance
from vaxcert.verify.report import Warning_
from vaxcert.verify.tolerance import is_plain, mend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from vaxcert.ledger.trusted_log import TrustedLog
    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.revocation.revocation_list import RevocationList
    from vaxcert.trust.trust_list import TrustList
    from vaxcert.verify.policy import Policy
    from vaxcert.verify.report import Logged, RevocationStatus

NAME = "hcert"

_GROUPS = tuple((kind, kind.value) for kind in CertificateType)


class Trial:
    """One text on trial: the question, and what the steps have found so far.

    An attribute that no step has left yet does not exist: a step runs only where what it needs is there.
    """

    __slots__ = (
        "at", "at_seconds", "body", "candidates", "claims", "content", "dcc", "dsc", "event", "group", "item", "kind",
        "logged", "logs", "message", "policy", "receipt", "revocation", "revocations", "stream", "text", "trust_list",
        "warnings",
    )  # fmt: skip

    body: str
    stream: bytes
    content: bytes
    item: object
    message: cose.Sign1
    candidates: tuple[Dsc, ...]
    """The DSCs with the certificate's kid."""
    dsc: Dsc
    """The one that made the signature."""
    claims: Claims
    kind: CertificateType
    group: str
    event: Mapping[str, object]
    """The one vaccination, test or recovery."""
    dcc: Mapping[str, object]
    """The payload as the schema accepts it, tolerated faults mended."""
    revocation: RevocationStatus
    """What the revocation lists say."""
    logged: Logged
    """Where the receipt proves that it stands."""

    def __init__(
        self,
        text: str,
        *,
        trust_list: TrustList,
        policy: Policy,
        at: datetime,
        revocations: tuple[RevocationList, ...] = (),
        logs: tuple[TrustedLog, ...] = (),
        receipt: bytes | None = None,
    ) -> None:
        self.text = text
        self.revocations = revocations
        self.logs = logs
        self.receipt = receipt
        self.trust_list = trust_list
        self.policy = policy
        self.at = at
        self.at_seconds = at.timestamp()
        self.warnings: list[Warning_] = []

    def warn(self, code: str, message: str) -> None:
        """Note something out of order that does not change the outcome."""
        self.warnings.append(Warning_(code, message))


def _prefix(trial: Trial) -> None:
    trial.body = hc1.strip_prefix(trial.text)


def _base45(trial: Trial) -> None:
    trial.stream = base45.decode(trial.body)


def _inflate(trial: Trial) -> None:
    trial.content = inflate.inflate(trial.stream)


def _cbor(trial: Trial) -> None:
    trial.item = cbor.decode(trial.content)


def _cose(trial: Trial) -> None:
    trial.message = message = cose.parse(trial.item)
    if not message.algorithm_is_protected:
        trial.warn("unprotected_algorithm", "the algorithm stands in the unprotected header")


def _trust(trial: Trial) -> None:
    message = trial.message
    # hcert-spec §3.3.3: a kid is a hint and may repeat, so every DSC that has it is a candidate.
    trial.candidates = trial.trust_list.candidates(message.kid)
    if trial.policy.max_age is not None:
        trial.trust_list.check_fresh(trial.at, trial.policy.max_age)


def _signature(trial: Trial) -> None:
    message = trial.message
    to_be_signed = message.to_be_signed()
    refusal: VerificationError | None = None
    for dsc in trial.candidates:
        try:
            if dsc.key_kind not in ALLOWED_KEYS:
                _check_key(dsc.key_kind, trial.policy)
            verify_signature(
                dsc.public_key,
                dsc.key_kind,
                algorithm=message.algorithm,
                to_be_signed=to_be_signed,
                signature=message.signature,
            )
        except VerificationError as error:
            # A key that the policy refuses says more than a signature that another candidate did not make.
            refusal = error if refusal is None or isinstance(error, WeakKeyError) else refusal
        else:
            trial.dsc = dsc
            return
    raise refusal or SignatureError("the signature does not match")


def _check_key(kind: str, policy: Policy) -> None:
    """Refuse a key beyond those that every verifier takes, unless the policy names it."""
    if kind == "EC-P384":
        if Allowance.P384_UNDER_ES256 not in policy.allow:
            raise WeakKeyError(
                "a P-384 key under ES256 is against the specification",
                hint=f"a verifier may take it with the allowance {Allowance.P384_UNDER_ES256}",
            )
    elif kind != "RSA-1024" or Allowance.RSA_1024 not in policy.allow:
        raise WeakKeyError(f"the signer's key ({kind}) is none that may sign certificates")


def _claims(trial: Trial) -> None:
    message = trial.message
    trial.claims = claims = Claims.from_map(cbor.decode(message.payload))
    for name in claims.inexact:
        trial.warn("float_instant", f"the claim {name} is written as a float")
    # The EU's special cases: a verifier SHALL reject a code with several events, also where its schema allows them.
    if _find_event(trial, claims.dcc) is None:
        raise EventCountError("the payload does not hold exactly one event")


def _schema(trial: Trial) -> None:
    dcc = trial.claims.dcc
    event = getattr(trial, "event", None)
    stated = dcc.get("ver")
    version = schema.nearest_version(stated)
    if event is None:
        _refuse_crowd(dcc)
    if event is None or not schema.is_strict(dcc, version) or not is_plain(event, trial.group):
        dcc, warnings = mend(dcc)
        trial.warnings.extend(warnings)
        schema.check_dcc(dcc, version=version)
        event = _find_event(trial, dcc)
    if version != stated:
        trial.warn("unknown_schema_version", f"the schema version is not known; checked against {version}")
    trial.dcc = dcc
    if event is not None:
        trial.warnings.extend(code_warnings(trial.group, event))


def _refuse_crowd(dcc: Mapping[str, object]) -> None:
    """Refuse more entries than anybody would explain one by one; each costs far more to check than to write."""
    for _, group in _GROUPS:
        entries = dcc.get(group)
        if isinstance(entries, (list, tuple)) and len(entries) > schema.MAX_PROBLEMS:
            problem = FieldProblem(group, "too_many", "must hold no more than one entry")
            raise SchemaError(f"the payload holds {len(entries)} entries in {group}", problems=[problem])


def _find_event(trial: Trial, dcc: Mapping[str, object]) -> Mapping[str, object] | None:
    """Note kind, group and event where there is exactly one, and return the event."""
    present = [(kind, group, entries) for kind, group in _GROUPS if (entries := dcc.get(group))]
    if len(present) != 1:
        return None
    kind, group, entries = present[0]
    if not isinstance(entries, (list, tuple)) or len(entries) != 1 or not isinstance(entries[0], cbor.MAPS):
        return None
    trial.kind, trial.group, trial.event = kind, group, entries[0]
    return trial.event


def _key_usage(trial: Trial) -> None:
    # Without a signer that matches, what its candidates may sign is still worth knowing.
    for dsc in (trial.dsc,) if hasattr(trial, "dsc") else trial.candidates:
        if dsc.may_sign(trial.kind):
            return
    raise KeyUsageError(f"the signer's DSC may not sign a {trial.kind.name.lower()} certificate")


def _validity(trial: Trial) -> None:
    claims, dsc = trial.claims, getattr(trial, "dsc", None)
    if trial.at_seconds > claims.expires_seconds:  # valid through exp (hcert-spec §3.3.5)
        raise ExpiredError(claims.expires_at)
    if trial.at_seconds < claims.issued_seconds:
        raise NotYetValidError(claims.issued_at)
    if dsc is not None:
        # Shell model (hcert-spec A.4): the DSC must be valid when it is used to verify.
        if not dsc.is_valid_at(trial.at_seconds):
            raise DscNotValidError("the signer's DSC is outside its own validity at this time")
        # hcert-spec §3.3.5 and §3.3.6 bind the issuer; a verifier that refused would refuse whole countries.
        if claims.expires_seconds > dsc.not_after_seconds:
            trial.warn("outlives_dsc", "the certificate's expiry lies after its signer's own")
        if claims.issued_seconds < dsc.not_before_seconds:
            trial.warn("predates_dsc", "the certificate is dated before its signer's validity")
        if claims.issuer is not None and dsc.country is not None and claims.issuer != dsc.country:
            trial.warn("signer_country_mismatch", "the certificate names another country than its signer's")
    if getattr(trial, "group", "") == "r" and not _counts_on(trial.event, trial.at.astimezone(UTC).date().isoformat()):
        # Whether a recovery is accepted is for the rules of who asks; that its own dates say no is worth knowing.
        trial.warn("outside_stated_dates", "the recovery does not count on this day by its own dates")


def _counts_on(recovery: Mapping[str, object], day: str) -> bool:
    valid_from, valid_until = recovery.get("df"), recovery.get("du")
    return not (isinstance(valid_from, str) and day < valid_from[:10]) and not (
        isinstance(valid_until, str) and day > valid_until[:10]
    )


STEPS: tuple[tuple[str, Callable[[Trial], None], tuple[str, ...]], ...] = (
    # name, function, what it needs in the trial
    ("prefix", _prefix, ("text",)),
    ("base45", _base45, ("body",)),
    ("inflate", _inflate, ("stream",)),
    ("cbor", _cbor, ("content",)),
    ("cose", _cose, ("item",)),
    ("trust", _trust, ("message",)),
    ("signature", _signature, ("message", "candidates")),
    ("claims", _claims, ("message",)),
    ("schema", _schema, ("claims",)),
    ("key_usage", _key_usage, ("kind", "candidates")),
    ("validity", _validity, ("claims",)),
)


def layers(text: str) -> tuple[bytes, bytes, cose.Sign1]:
    """Return the zlib stream in *text*, what it inflates to, and the COSE_Sign1 in that; nothing is verified."""
    stream = base45.decode(hc1.strip_prefix(text))
    content = inflate.inflate(stream)
    return stream, content, cose.parse(cbor.decode(content))
