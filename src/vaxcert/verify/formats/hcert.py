"""The steps that check an `HC1:` text, in the specification's order (hcert-spec §3.3, §4).

Each step is one function of the trial: it takes what earlier steps left there and leaves its own result, or raises.
The signature is checked before anything in the payload is believed; the steps after it never undo a refusal.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, cast

from vaxcert.codec import base45, cbor, cose, hc1, inflate, schema
from vaxcert.codec.cwt import Claims
from vaxcert.errors import (
    DscNotValidError,
    EventCountError,
    ExpiredError,
    KeyUsageError,
    NotYetValidError,
    SignatureError,
    VerificationError,
    WeakKeyError,
)
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.valuesets import check_combination, unknown_codes
from vaxcert.trust.signature import verify_signature
from vaxcert.verify.policy import Allowance
from vaxcert.verify.report import Warning_
from vaxcert.verify.tolerance import is_plain, mend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from vaxcert.trust.dsc import Dsc
    from vaxcert.trust.trust_list import TrustList
    from vaxcert.verify.policy import Policy

NAME = "hcert"

_GROUPS = tuple((kind, kind.value) for kind in CertificateType)


class Trial:
    """One text on trial: the question, and what the steps have found so far."""

    __slots__ = (
        "at",
        "at_seconds",
        "body",
        "candidates",
        "claims",
        "content",
        "dcc",
        "dsc",
        "event",
        "group",
        "item",
        "kind",
        "message",
        "policy",
        "stream",
        "text",
        "trust_list",
        "warnings",
    )

    def __init__(self, text: str, *, trust_list: TrustList, policy: Policy, at: datetime) -> None:
        self.text: str | None = text
        self.trust_list = trust_list
        self.policy = policy
        self.at = at
        self.at_seconds = at.timestamp()
        self.body: str | None = None
        self.stream: bytes | None = None
        self.content: bytes | None = None
        self.item: object | None = None
        self.message: cose.Sign1 | None = None
        self.candidates: tuple[Dsc, ...] | None = None
        self.dsc: Dsc | None = None
        self.claims: Claims | None = None
        self.kind: CertificateType | None = None
        self.group = ""
        self.event: Mapping[str, object] | None = None
        self.dcc: Mapping[str, object] | None = None
        self.warnings: list[Warning_] = []

    def warn(self, code: str, message: str) -> None:
        """Note something out of order that does not change the outcome."""
        self.warnings.append(Warning_(code, message))


def _prefix(trial: Trial) -> None:
    trial.body = hc1.strip_prefix(cast("str", trial.text))


def _base45(trial: Trial) -> None:
    trial.stream = base45.decode(cast("str", trial.body))


def _inflate(trial: Trial) -> None:
    trial.content = inflate.inflate(cast("bytes", trial.stream))


def _cbor(trial: Trial) -> None:
    trial.item = cbor.decode(cast("bytes", trial.content))


def _cose(trial: Trial) -> None:
    trial.message = message = cose.parse(trial.item)
    if not message.algorithm_is_protected:
        trial.warn("unprotected_algorithm", "the algorithm stands in the unprotected header")


def _trust(trial: Trial) -> None:
    message = cast("cose.Sign1", trial.message)
    # hcert-spec §3.3.3: a kid is a hint and may repeat, so every DSC that has it is a candidate.
    trial.candidates = trial.trust_list.candidates(message.kid)
    if trial.policy.max_age is not None:
        trial.trust_list.check_fresh(trial.at, trial.policy.max_age)


def _signature(trial: Trial) -> None:
    message = cast("cose.Sign1", trial.message)
    to_be_signed = message.to_be_signed()
    refusal: VerificationError | None = None
    for dsc in cast("tuple[Dsc, ...]", trial.candidates):
        try:
            _check_key(dsc, trial.policy)
            verify_signature(
                dsc.public_key, algorithm=message.algorithm, to_be_signed=to_be_signed, signature=message.signature
            )
        except VerificationError as error:
            # A key that the policy refuses says more than a signature that another candidate did not make.
            refusal = error if refusal is None or isinstance(error, WeakKeyError) else refusal
        else:
            trial.dsc = dsc
            return
    raise refusal or SignatureError("the signature does not match")


def _check_key(dsc: Dsc, policy: Policy) -> None:
    kind = dsc.key_kind
    if kind in _ALLOWED_KEYS:
        return
    if kind == "EC-P384":
        if Allowance.P384_UNDER_ES256 not in policy.allow:
            raise WeakKeyError(
                "a P-384 key under ES256 is against the specification",
                hint=f"a verifier may take it with the allowance {Allowance.P384_UNDER_ES256}",
            )
    elif kind == "RSA-1024" and Allowance.RSA_1024 in policy.allow:
        return
    else:
        raise WeakKeyError(f"the signer's key ({kind}) is none that may sign certificates")


_ALLOWED_KEYS = frozenset(("EC-P256", "RSA-2048", "RSA-3072", "RSA-4096"))


def _claims(trial: Trial) -> None:
    message = cast("cose.Sign1", trial.message)
    trial.claims = claims = Claims.from_map(cbor.decode(message.payload))
    for name in claims.inexact:
        trial.warn("float_instant", f"the claim {name} is written as a float")
    # The EU's special cases: a verifier SHALL reject a code with several events, also where its schema allows them.
    if _find_event(trial, claims.dcc) is None:
        raise EventCountError("the payload does not hold exactly one event")


def _schema(trial: Trial) -> None:
    dcc = cast("Claims", trial.claims).dcc
    event = trial.event
    stated = dcc.get("ver")
    version = schema.nearest_version(stated if isinstance(stated, str) else "")
    if event is None or not schema.is_valid(dcc, version) or not is_plain(dcc, event, trial.group):
        dcc, warnings = mend(dcc)
        trial.warnings.extend(warnings)
        schema.check_dcc(dcc, version=version)
        event = _find_event(trial, dcc)
    if version != stated:
        trial.warn("unknown_schema_version", f"the schema version is not known; checked against {version}")
    trial.dcc = dcc
    if event is not None:
        # A nation's certificates have few combinations of codes, so that the answer is nearly always known.
        trial.warnings.extend(_code_warnings(trial.group, *map(event.get, _CODED_MEMBERS)))


_CODED_MEMBERS = ("tg", "vp", "mp", "ma", "tt", "tr", "co")
_COMBINED = frozenset(("mp", "ma", "vp"))


@lru_cache(maxsize=4096)
def _code_warnings(group: str, *codes: str | None) -> tuple[Warning_, ...]:
    """Return a warning for each code that no value set has, and for a vaccine that is no known combination."""
    event = {key: code for key, code in zip(_CODED_MEMBERS, codes, strict=True) if code is not None}
    warnings = [
        Warning_("unknown_code", f"the code in {group}.{field} is in no value set")
        for field, _code in unknown_codes(event)
        if group != "v" or field not in _COMBINED  # of those the combination says more
    ]
    if group == "v":
        warnings += [
            Warning_(problem.code, f"{problem.field}: {problem.message}")
            for problem in check_combination(event["mp"], event["ma"], event["vp"])
        ]
    return tuple(warnings)


def _find_event(trial: Trial, dcc: Mapping[str, object]) -> Mapping[str, object] | None:
    """Note kind, group and event where there is exactly one, and return the event."""
    trial.event = None
    found = 0
    for kind, group in _GROUPS:
        entries = dcc.get(group)
        if not entries:
            continue
        found += 1
        if isinstance(entries, (list, tuple)) and len(entries) == 1 and isinstance(entries[0], dict):
            trial.kind, trial.group, trial.event = kind, group, entries[0]
    if found != 1:
        trial.event = trial.kind = None
    return trial.event


def _key_usage(trial: Trial) -> None:
    # Without a signer that matches, what its candidates may sign is still worth knowing.
    for dsc in (trial.dsc,) if trial.dsc else cast("tuple[Dsc, ...]", trial.candidates):
        if not dsc.usages or trial.kind in dsc.usages:
            return
    kind = cast("CertificateType", trial.kind)
    raise KeyUsageError(f"the signer's DSC may not sign a {kind.name.lower()} certificate")


def _validity(trial: Trial) -> None:
    claims, dsc = cast("Claims", trial.claims), trial.dsc
    if trial.at_seconds > claims.expires_seconds:  # valid through exp (hcert-spec §3.3.4)
        raise ExpiredError(claims.expires_at)
    if trial.at_seconds < claims.issued_seconds:
        raise NotYetValidError(claims.issued_at)
    if dsc is not None:
        # Shell model (hcert-spec A.4): the DSC must be valid when it is used to verify.
        if not dsc.is_valid_at(trial.at_seconds):
            raise DscNotValidError("the signer's DSC is outside its own validity at this time")
        # hcert-spec §3.3.4 and §3.3.5 bind the issuer; a verifier that refused would refuse whole countries.
        if claims.expires_seconds > dsc.not_after_seconds:
            trial.warn("outlives_dsc", "the certificate's expiry lies after its signer's own")
        if claims.issued_seconds < dsc.not_before_seconds:
            trial.warn("predates_dsc", "the certificate is dated before its signer's validity")


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
