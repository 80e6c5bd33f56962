"""Wycheproof's signatures, through the functions that check notes, receipts and certificates here."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from vaxcert.codec.cose import ES256
from vaxcert.errors import NoteError, SignatureError
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier
from vaxcert.trust.public_key import kind_of, load_spki
from vaxcert.trust.signature import verify_signature

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    Json = dict[str, Any]

_SIZE = 32


@pytest.fixture(scope="module")
def folder(vectors: Path) -> Path:
    return vectors / "merkle" / "wycheproof"


def load(path: Path) -> Json:
    loaded: Json = json.loads(path.read_text("utf-8"))
    return loaded


def cases(suite: Json) -> Iterator[tuple[Json, Json]]:
    """Yield every vector with its group; the file says how many there are."""
    found = [(group, test) for group in suite["testGroups"] for test in group["tests"]]
    assert len(found) == suite["numberOfTests"]
    yield from found


def check(accepted: dict[int, bool], suite: Json) -> Counter[str]:
    """Check what was accepted against the file, and return how many vectors of each result there were."""
    counted: Counter[str] = Counter()
    wrong = []
    for _, test in cases(suite):
        counted[test["result"]] += 1
        # `acceptable` leaves the choice; there is none in these files today, and a new one is to be looked at.
        if accepted[test["tcId"]] is not {"valid": True, "invalid": False}[test["result"]]:
            wrong.append((test["tcId"], test["comment"]))
    assert wrong == []
    return counted


def test_ed25519_through_the_keys_of_notes(folder: Path) -> None:
    suite = load(folder / "ed25519_test.json")
    accepted = {}
    for group, test in cases(suite):
        public_key = bytes.fromhex(group["publicKey"]["pk"])
        verifier = NoteVerifier(name="log.example", key_type=KeyType.LOG, public_key=public_key)
        try:
            verifier.verify_bytes(bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
        except NoteError:
            accepted[test["tcId"]] = False
        else:
            accepted[test["tcId"]] = True
    counted = check(accepted, suite)
    assert counted == {"valid": 88, "invalid": 63}


def es256(key: EllipticCurvePublicKey, message: bytes, signature: bytes) -> bool:
    try:
        verify_signature(key, kind_of(key), algorithm=ES256, to_be_signed=message, signature=signature)
    except SignatureError:
        return False
    return True


def key_of(group: Json) -> EllipticCurvePublicKey:
    key = load_spki(bytes.fromhex(group["publicKeyDer"]))
    assert isinstance(key, EllipticCurvePublicKey)
    return key


def test_es256_in_the_form_of_cose(folder: Path) -> None:
    suite = load(folder / "ecdsa_secp256r1_sha256_p1363_test.json")
    accepted = {
        test["tcId"]: es256(key_of(group), bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
        for group, test in cases(suite)
    }
    counted = check(accepted, suite)
    assert counted == {"valid": 173, "invalid": 89}


def test_es256_in_der(folder: Path) -> None:
    """DER is not the form of COSE: a signature is one of ours where it has exactly one r and s of 32 bytes."""
    suite = load(folder / "ecdsa_secp256r1_sha256_test.json")
    accepted = {}
    for group, test in cases(suite):
        raw = raw_of(bytes.fromhex(test["sig"]))
        message = bytes.fromhex(test["msg"])
        accepted[test["tcId"]] = raw is not None and es256(key_of(group), message, raw)
    counted = check(accepted, suite)
    assert counted == {"valid": 174, "invalid": 310}


def raw_of(der: bytes) -> bytes | None:
    """Return r || s of a signature in DER, or None where *der* is no DER or a number has no 32 bytes."""
    try:
        r, s = decode_dss_signature(der)
        if encode_dss_signature(r, s) != der:
            return None
        return r.to_bytes(_SIZE, "big") + s.to_bytes(_SIZE, "big")
    except (ValueError, OverflowError):
        return None


def test_der_is_not_taken_for_the_form_of_cose(folder: Path) -> None:
    suite = load(folder / "ecdsa_secp256r1_sha256_test.json")
    for group, test in cases(suite):
        if len(test["sig"]) != 2 * 2 * _SIZE:
            assert not es256(key_of(group), bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))


def test_signatures_of_another_curve_are_not_taken(folder: Path) -> None:
    suite = load(folder / "ecdsa_secp256k1_sha256_test.json")
    for group, test in cases(suite):
        raw = raw_of(bytes.fromhex(test["sig"]))
        if raw is not None:
            assert not es256(key_of(group), bytes.fromhex(test["msg"]), raw)
