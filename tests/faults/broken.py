"""Encoders broken in exactly one named way: each replaces one step of the correct encoder."""

from __future__ import annotations

import zlib
from datetime import timedelta
from functools import cache, partial
from math import inf, nan
from typing import TYPE_CHECKING, Any

import base45
import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from tests.faults.encoders import (
    AT,
    PS256,
    Case,
    Encoder,
    TestSigner,
    claims,
    dcc,
    make_signer,
    recovery,
    signer,
    vaccination,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_NOW = int(AT.timestamp())


def _case(
    name: str,
    code: str,
    step: str,
    spec: str,
    why: str,
    *,
    by: Callable[[], TestSigner] = signer,
    trusted: Callable[[], TestSigner] | None = None,
    **steps: Callable[..., Any],
) -> Case:
    return Case(name, why, spec, code, step, (), by, trusted, steps)


def _wrong_claims(name: str, why: str, /, **changed: Any) -> Case:
    return _case(name, "invalid_claim", "claims", "hcert-spec §3.3", why, claims=lambda _: claims(**changed))


def _wrong_events(name: str, why: str, /, **changed: Any) -> Case:
    spec = "DCC schema, special cases"
    return _case(name, "not_one_event", "claims", spec, why, dcc=lambda _: dcc(ver="1.0.0", **changed))


def _wrong_record(name: str, why: str, /, **changed: Any) -> Case:
    return _case(name, "invalid_record", "schema", "DCC schema 1.3.0", why, dcc=lambda _: dcc(**changed))


def _wrong_dose(name: str, why: str, /, **changed: Any) -> Case:
    return _wrong_record(name, why, v=[vaccination(**changed)])


def _changed_dose(encoder: Encoder) -> list[Any]:
    protected, unprotected, payload, signature = Encoder.message(encoder)
    return [protected, unprotected, payload.replace(b"bdn\x02", b"bdn\x03"), signature]


def _detached(encoder: Encoder) -> list[Any]:
    protected, unprotected, _, signature = Encoder.message(encoder)
    return [protected, unprotected, None, signature]


def _der_signature(encoder: Encoder, to_be_signed: bytes) -> bytes:
    assert isinstance(encoder.by.key, ec.EllipticCurvePrivateKey)
    return encoder.by.key.sign(to_be_signed, ec.ECDSA(SHA256()))


def _expiry_twice(encoder: Encoder) -> bytes:
    whole = Encoder.payload(encoder)
    assert whole[0] == 0xA4  # a map of four claims
    return b"\xa5" + whole[1:] + cbor2.dumps(4) + cbor2.dumps(2**31)


@cache
def _lapsed_signer() -> TestSigner:
    return make_signer(not_after=AT - timedelta(days=1))


def _overflowing_pair(encoder: Encoder) -> str:
    stream = encoder.stream()
    return str(base45.b45encode(stream[: len(stream) // 2 * 2]), "ascii") + "::"


BROKEN = (
    # --- text ---
    _case("other-prefix", "unknown_prefix", "prefix", "hcert-spec §4.2.2", "HC2 is another version",
          text=lambda e: "HC2:" + e.body()),
    _case("lower-case-prefix", "unknown_prefix", "prefix", "hcert-spec §4.2.2", "the prefix is in capitals",
          text=lambda e: "hc1:" + e.body()),
    _case("no-prefix", "unknown_prefix", "prefix", "hcert-spec §4.2.2", "bare base45 could be anything",
          text=lambda e: e.body()),
    _case("long-text", "text_too_long", "prefix", "hcert-spec §6.3", "longer than two of the largest QR symbols",
          stream=lambda e: Encoder.stream(e) + bytes(6000)),
    _case("lower-case-body", "invalid_base45", "base45", "RFC 9285 §4.2", "base45 has no small letters",
          body=lambda e: Encoder.body(e).lower()),
    _case("overflowing-triplet", "invalid_base45", "base45", "RFC 9285 §4", "GGW stands for 65536",
          body=lambda e: "GGW" + Encoder.body(e)[3:]),
    _case("overflowing-pair", "invalid_base45", "base45", "RFC 9285 §4", "the pair :: stands for more than a byte",
          body=_overflowing_pair),
    _case("trailing-space", "invalid_base45", "base45", "RFC 9285 §4", "a space is a character, and one too many",
          body=lambda e: Encoder.body(e) + " "),
    # --- zlib ---
    _case("uncompressed", "invalid_zlib", "inflate", "hcert-spec §4.2.1", "an issuer SHALL compress",
          stream=lambda e: e.cose()),
    _case("cut-stream", "invalid_zlib", "inflate", "RFC 1950 §2.2", "the checksum's last byte is missing",
          stream=lambda e: Encoder.stream(e)[:-1]),
    _case("byte-after-stream", "invalid_zlib", "inflate", "RFC 1950 §2.2", "nothing says what it is",
          stream=lambda e: Encoder.stream(e) + b"\0"),
    _case("zlib-bomb", "inflated_too_large", "inflate", "RFC 1950 §2.2", "4 kB inflate to 4 MB",
          stream=lambda e: zlib.compress(e.cose() + bytes(4 << 20), 9)),
    # --- CBOR and COSE ---
    _case("byte-after-message", "invalid_cbor", "cbor", "RFC 8949 §5.3.1", "one item is one message",
          cose=lambda e: Encoder.cose(e) + b"\0"),
    _case("cut-message", "invalid_cbor", "cbor", "RFC 8949 §3", "the signature's last byte is missing",
          cose=lambda e: Encoder.cose(e)[:-1]),
    _case("deep-message", "cbor_too_deep", "cbor", "RFC 8949 §10", "60,000 arrays, each in the other",
          cose=lambda _: b"\x81" * 60_000 + b"\x01"),
    _case("five-parts", "invalid_cose", "cose", "RFC 9052 §4.2", "a COSE_Sign1 has four parts",
          message=lambda e: [*Encoder.message(e), b""]),
    _case("several-signers", "invalid_cose", "cose", "RFC 9052 §4.1", "COSE_Sign is no COSE_Sign1",
          item=lambda e: cbor2.CBORTag(98, e.message())),
    _case("detached-payload", "invalid_cose", "cose", "RFC 9052 §4.2", "a payload that is elsewhere is none",
          message=_detached),
    _case("unknown-critical-header", "invalid_cose", "cose", "RFC 9052 §3.1", "what is critical has to be understood",
          protected=lambda e: cbor2.dumps({1: e.by.algorithm, 2: [99], 4: e.by.kid, 99: b"?"})),
    _case("other-algorithm", "unsupported_algorithm", "cose", "hcert-spec §3.3.2", "EdDSA is none of the two",
          protected=lambda e: cbor2.dumps({1: -8, 4: e.by.kid})),
    _case("no-algorithm", "unsupported_algorithm", "cose", "hcert-spec §3.3.2", "no header names one",
          protected=lambda e: cbor2.dumps({4: e.by.kid})),
    # --- trust and signature ---
    _case("unknown-signer", "unknown_signer", "trust", "hcert-spec §3.3.3", "the trust list has another signer",
          trusted=partial(signer, usages="v")),
    _case("no-kid", "unknown_signer", "trust", "hcert-spec §3.3.3", "no header has a kid",
          protected=lambda e: cbor2.dumps({1: e.by.algorithm})),
    _case("changed-dose", "bad_signature", "signature", "RFC 9052 §4.4", "the second dose became the third",
          message=_changed_dose),
    _case("other-key", "bad_signature", "signature", "hcert-spec §3.3.3", "a stranger signed under a trusted kid",
          signature=lambda _, to_be_signed: signer(usages="r").sign(to_be_signed)),
    _case("der-signature", "bad_signature", "signature", "RFC 9053 §2.1", "COSE writes r and s, not DER",
          signature=_der_signature),
    _case("short-signature", "bad_signature", "signature", "RFC 9053 §2.1", "three bytes are no signature",
          signature=lambda e, to_be_signed: Encoder.signature(e, to_be_signed)[:3]),
    _case("zero-signature", "bad_signature", "signature", "RFC 9053 §2.1", "r and s lie above zero",
          signature=lambda _, to_be_signed: bytes(64 + 0 * len(to_be_signed))),
    _case("other-digest", "bad_signature", "signature", "RFC 9053 §2.1", "ES256 means SHA-256",
          signature=lambda e, to_be_signed: e.by.sign(to_be_signed, SHA384())),
    _case("other-context", "bad_signature", "signature", "RFC 9052 §4.4", "signed as a COSE_Sign",
          to_be_signed=lambda _, protected, payload: cbor2.dumps(["Signature", protected, b"", payload])),
    _case("foreign-algorithm", "bad_signature", "signature", "hcert-spec §3.3.2", "an EC key cannot make a PS256",
          protected=lambda e: cbor2.dumps({1: PS256, 4: e.by.kid})),
    _case("weak-rsa-key", "key_not_allowed", "signature", "hcert-spec §3.3.2", "1024 bits can be factored",
          by=partial(signer, "RSA-1024")),
    _case("longer-curve", "key_not_allowed", "signature", "hcert-spec §3.3.2", "ES256 means P-256",
          by=partial(signer, "EC-P384")),
    _case("other-curve", "key_not_allowed", "signature", "hcert-spec §3.3.2", "secp256k1 is as long, and not P-256",
          by=partial(signer, "EC-K256")),
    # --- claims ---
    _case("empty-payload", "invalid_cbor", "claims", "hcert-spec §3.3", "no bytes are no claims",
          payload=lambda _: b""),
    _case("byte-after-claims", "invalid_cbor", "claims", "RFC 8949 §5.3.1", "it is signed, and nobody reads it",
          payload=lambda e: Encoder.payload(e) + b"\0"),
    _case("list-of-claims", "invalid_claim", "claims", "RFC 8392 §3", "claims are a map",
          claims=lambda e: list(Encoder.claims(e).items())),
    _case("expiry-twice", "duplicate_key", "claims", "RFC 8949 §5.6", "two readers could see two expiries",
          payload=_expiry_twice),
    _case("bignum-dose", "unexpected_tag", "claims", "RFC 8949 §3.4.3", "a number of 40 kB takes long to print",
          dcc=lambda _: dcc(v=[vaccination(dn=1 << 320_000)])),
    _wrong_claims("no-expiry", "an expiry MUST be there", exp=...),
    _wrong_claims("no-issue-time", "an issue time MUST be there", iat=...),
    _wrong_claims("nan-expiry", "NaN is neither before nor after anything", exp=nan),
    _wrong_claims("infinite-expiry", "infinity is no instant", exp=inf),
    _wrong_claims("huge-expiry", "the largest integer of CBOR lies past every calendar", exp=2**64 - 1),
    _wrong_claims("negative-issue-time", "no certificate is older than 1970", iat=-1),
    _wrong_claims("text-expiry", "a NumericDate is a number", exp="2027-10-23"),
    _wrong_claims("numeric-issuer", "an issuer is text", iss=704),
    _wrong_claims("no-certificate", "the HCERT claim is missing", hcert=...),
    _wrong_claims("other-certificate", "the HCERT claim holds another document", hcert={3: dcc()}),
    _wrong_events("two-doses", "a code with several events is refused", v=[vaccination(dn=1), vaccination()]),
    _wrong_events("two-groups", "a code with several events is refused", r=[recovery()]),
    _wrong_events("no-event", "there is nothing to attest", v=...),
    # --- schema ---
    _wrong_dose("no-id", "a vaccination has an id", ci=...),
    _wrong_dose("dose-zero", "doses are counted from one", dn=0),
    _wrong_dose("half-dose", "half a dose is no whole number", dn=1.5),
    _wrong_dose("text-dose", "a dose number is a number", dn="2"),
    _wrong_dose("long-issuer", "81 characters are one too many", **{"is": "M" * 81}),
    _wrong_record("dotted-birth-date", "a birth date is in ISO 8601", dob="10.10.1983"),
    _wrong_record("no-standardised-name", "version 1.3.0 asks for the family name in A to Z", name={"fnt": ...}),
    _wrong_record("empty-group", "a group that is there has an entry", t=[]),
    # --- key usage and validity ---
    _case("vaccination-by-test-signer", "wrong_key_usage", "key_usage", "hcert-spec A.4", "its DSC is for tests only",
          by=partial(signer, usages="t")),
    _case("expired", "expired", "validity", "hcert-spec §3.3.5", "over for a second",
          claims=lambda _: claims(exp=_NOW - 1)),
    _case("not-yet-valid", "not_yet_valid", "validity", "hcert-spec §3.3.6", "begins in a second",
          claims=lambda _: claims(iat=_NOW + 1)),
    _case("lapsed-signer", "dsc_not_valid", "validity", "hcert-spec A.4", "its DSC ended a day ago",
          by=_lapsed_signer),
    _case("expired-of-unknown-signer", "expired", "validity", "hcert-spec §3.3.5", "no signer could make it valid",
          trusted=partial(signer, usages="v"), claims=lambda _: claims(exp=_NOW - 1)),
)  # fmt: skip
