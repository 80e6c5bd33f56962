"""Encoders that write a valid certificate in an unusual way, as real issuers do."""

from __future__ import annotations

import zlib
from functools import partial
from typing import TYPE_CHECKING, Any

import cbor2

from tests.faults.encoders import (
    AT,
    EXPIRES_AT,
    ISSUED_AT,
    Case,
    Encoder,
    TestSigner,
    claims,
    covid_test,
    dcc,
    recovery,
    signer,
    vaccination,
)

if TYPE_CHECKING:
    from collections.abc import Callable

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_NOW, _DAY = int(AT.timestamp()), 86_400


def _case(
    name: str,
    spec: str,
    why: str,
    *warnings: str,
    by: Callable[[], TestSigner] = signer,
    **steps: Callable[..., Any],
) -> Case:
    return Case(name, why, spec, None, "", warnings, by, None, steps)


def _tolerated(name: str, warning: str, why: str, /, **changed: Any) -> Case:
    return _case(name, "DCC schema, special cases", why, warning, dcc=lambda _: dcc(**changed))


def _byte_string(content: bytes) -> bytes:
    return b"\x5a" + len(content).to_bytes(4, "big") + content


def _long_lengths(encoder: Encoder) -> bytes:
    protected, _, payload, signature = encoder.message()
    parts = _byte_string(protected), b"\xb8\x00", _byte_string(payload), _byte_string(signature)
    return b"\xd8\x12\x98\x04" + b"".join(parts)


def _chunked_payload(encoder: Encoder) -> bytes:
    protected, unprotected, payload, signature = encoder.message()
    chunks = b"\x5f" + cbor2.dumps(payload[:9]) + cbor2.dumps(payload[9:]) + b"\xff"
    parts = cbor2.dumps(protected), cbor2.dumps(unprotected), chunks, cbor2.dumps(signature)
    return b"\xd2\x84" + b"".join(parts)


def _mirrored_signature(encoder: Encoder, to_be_signed: bytes) -> bytes:
    signature = Encoder.signature(encoder, to_be_signed)
    s = int.from_bytes(signature[32:], "big")
    return signature[:32] + (P256_ORDER - s).to_bytes(32, "big")


REENCODED = (
    _case("untagged", "RFC 9052 §2", "the tag 18 is optional",
          item=lambda e: e.message()),
    _case("cwt-tag", "RFC 8392 §6", "a CWT may say that it is one",
          item=lambda e: cbor2.CBORTag(61, Encoder.item(e))),
    _case("extra-unprotected-header", "RFC 9052 §3.1", "a content type changes nothing",
          unprotected=lambda _: {3: 42, "note": "not signed"}),
    _case("indefinite-array", "RFC 8949 §3.2.2", "an array may end with a break",
          cose=lambda e: b"\xd2\x9f" + b"".join(map(cbor2.dumps, e.message())) + b"\xff"),
    _case("long-lengths", "RFC 8949 §4.2.1", "lengths outside what is signed may take more bytes",
          cose=_long_lengths),
    _case("chunked-payload", "RFC 8949 §3.2.3", "a byte string may come in chunks",
          cose=_chunked_payload),
    _case("fast-zlib", "RFC 1950", "any level will do",
          stream=lambda e: zlib.compress(e.cose(), 1)),
    _case("stored-zlib", "RFC 1951 §3.2.4", "a stream need not save anything",
          stream=lambda e: zlib.compress(e.cose(), 0)),
    _case("mirrored-signature", "RFC 9053 §2.1", "s and n - s prove the same",
          signature=_mirrored_signature),
)  # fmt: skip
"""Those that leave the signed bytes as the plain encoder writes them: all that may change unnoticed."""

ODD = (
    _case("vaccination", "hcert-spec", "a vaccination as an issuer should write it"),
    _case("test", "hcert-spec", "a test", dcc=lambda _: dcc(v=..., t=[covid_test()])),
    _case("recovery", "hcert-spec", "a recovery", dcc=lambda _: dcc(v=..., r=[recovery()])),
    _case("rsa-signer", "hcert-spec §3.3.2", "PS256 is the second algorithm", by=partial(signer, "RSA-2048")),
    *REENCODED,
    # --- headers ---
    _case("unprotected-kid", "hcert-spec §3.3.3", "the kid may stand in the unprotected header",
          protected=lambda e: cbor2.dumps({1: e.by.algorithm}), unprotected=lambda e: {4: e.by.kid}),
    _case("two-kids", "hcert-spec §3.3.3", "of two kids the protected one counts",
          unprotected=lambda _: {4: b"another!"}),
    _case("unprotected-algorithm", "RFC 9052 §3", "the algorithm may stand in the unprotected header",
          "unprotected_algorithm", protected=lambda _: b"", unprotected=lambda e: {1: e.by.algorithm, 4: e.by.kid}),
    _case("long-header-lengths", "RFC 9052 §4.4", "what is signed counts as it stands",
          protected=lambda e: b"\xb8\x02\x18\x01\x26\x18\x04\x58\x08" + e.by.kid),
    _case("understood-critical-header", "RFC 9052 §3.1", "algorithm and kid are understood",
          protected=lambda e: cbor2.dumps({1: e.by.algorithm, 2: [1, 4], 4: e.by.kid})),
    # --- claims ---
    _case("no-issuer", "hcert-spec §3.3.4", "the issuer is optional",
          claims=lambda _: claims(iss=...)),
    _case("float-instants", "RFC 8392 §2", "issuers write instants as floats", "float_instant",
          claims=lambda _: claims(iat=ISSUED_AT.timestamp() + 0.5, exp=EXPIRES_AT.timestamp())),
    _case("extra-claims", "RFC 8392 §3", "other claims are passed over",
          claims=lambda _: claims() | {2: "subject", 7: b"an id"}),
    _case("tagged-sample-time", "RFC 8949 §3.4.1", "a date-time may have its tag",
          dcc=lambda _: dcc(v=..., t=[covid_test(sc=cbor2.CBORTag(0, "2026-11-20T01:30:00Z"))])),
    _case("expiry-past-signer", "hcert-spec §3.3.5", "the rule binds the issuer", "outlives_dsc",
          claims=lambda _: claims(exp=_NOW + 400 * _DAY)),
    _case("issued-before-signer", "hcert-spec §3.3.6", "the rule binds the issuer", "predates_dsc",
          claims=lambda _: claims(iat=_NOW - 400 * _DAY)),
    # --- what the schema does not allow, or does not ask ---
    _tolerated("padded-name", "whitespace_trimmed", "white space around a value",
               name={"fn": " Nguyễn", "gnt": "THI<MAU "}),
    _tolerated("null-group", "null_dropped", "groups without a value", t=None, r=None),
    _tolerated("null-member", "null_dropped", "a member without a value", v=..., t=[covid_test(ma=None)]),
    _tolerated("date-time", "date_time_cut", "a date-time where a date belongs",
               v=[vaccination(dt="2026-05-04T09:30:00+07:00")]),
    _tolerated("birth-date-time", "date_time_cut", "a date-time where a date belongs", dob="1983-10-10T00:00:00"),
    _tolerated("float-dose", "float_as_integer", "a whole number written as a float",
               v=[vaccination(dn=2.0, sd=2.0)]),
    _tolerated("marked-name", "name_signs_dropped", "marks and small letters in a standardised name",
               name={"fnt": "NGUYỄN", "gnt": "Thi Mau"}),
    _tolerated("empty-result-time", "empty_member_dropped", "an empty time of the result",
               v=..., t=[covid_test(dr="")], ver="1.0.0"),
    _tolerated("foreign-member", "unknown_member", "a member of a national kind", meta={"passport": "X0000000"}),
    _tolerated("unknown-version", "unknown_schema_version", "a version that was never released", ver="1.0.4"),
    _tolerated("unknown-product", "unknown_code", "a product that no value set has",
               v=[vaccination(mp="EU/1/99/9999")]),
    _tolerated("other-maker", "manufacturer_mismatch", "a product of another maker",
               v=[vaccination(ma="ORG-100001699")]),
    _tolerated("no-such-day", "unreadable_date", "a day that does not exist", v=[vaccination(dt="2026-02-30")]),
)  # fmt: skip
"""Every one of them is valid."""
