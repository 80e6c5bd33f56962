import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vaxcert.errors import RevocationBatchError, UntrustedRevocationListError
from vaxcert.signing.key_pair import KeyPair
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.pem import format_block
from vaxcert.trust.revocation.batch import MAX_BATCH_BYTES, RevocationBatch, sign_batch, verify_batch
from vaxcert.trust.revocation.cms_writer import make_envelope
from vaxcert.trust.revocation.hashes import HashType

EXPIRES = datetime(2027, 11, 22, 8, 0, tzinfo=UTC)
ENTRIES = tuple(bytes((number,)) * 16 for number in range(3))

DOCUMENT: dict[str, Any] = {
    "country": "XA",
    "expires": "2027-11-22T08:00:00Z",
    "kid": "AQIDBAUGBwg=",
    "hashType": "SIGNATURE",
    "entries": [{"hash": b64encode(entry).decode()} for entry in ENTRIES],
}


def batch(country: str = "XA", entries: tuple[bytes, ...] = ENTRIES) -> RevocationBatch:
    return RevocationBatch(
        country=country, expires=EXPIRES, kid=bytes(range(1, 9)), hash_type=HashType.SIGNATURE, entries=entries
    )


def changed(**members: object) -> bytes:
    return json.dumps({name: value for name, value in (DOCUMENT | members).items() if value is not None}).encode()


def test_a_batch_is_written_and_read_as_the_gateway_has_it() -> None:
    assert json.loads(batch().to_json()) == DOCUMENT
    assert RevocationBatch.parse(batch().to_json()) == batch()


def test_unknown_fields_are_skipped() -> None:
    assert RevocationBatch.parse(changed(batchId="1234")) == batch()


def test_a_batch_of_unknown_signers_has_no_kid() -> None:
    read = RevocationBatch.parse(changed(kid="UNKNOWN_KID"))
    assert read.kid is None
    assert json.loads(read.to_json())["kid"] == "UNKNOWN_KID"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param(b"", "not well-formed", id="empty"),
        pytest.param(b"[]", "not an object", id="list"),
        pytest.param(b"1" * (MAX_BATCH_BYTES + 1), "over", id="too-long"),
        pytest.param(changed(country=None), "country is missing", id="no-country"),
        pytest.param(changed(country="xa"), "no two-letter code", id="small-country"),
        pytest.param(changed(country="XAX"), "no two-letter code", id="long-country"),
        pytest.param(changed(country="XA\n"), "no two-letter code", id="country-with-tail"),
        pytest.param(changed(expires="2027-11-22"), "with its time zone", id="date"),
        pytest.param(changed(expires=1795334400), "expires is missing or not text", id="number"),
        pytest.param(changed(kid=None), "kid is missing", id="no-kid"),
        pytest.param(changed(kid="*"), "kid is not base64", id="kid"),
        pytest.param(changed(hashType="MD5"), "hash type is not known", id="hash-type"),
        pytest.param(changed(entries={}), "entries is missing or not a list", id="no-list"),
        pytest.param(changed(entries=[]), "has 0 entries", id="no-entries"),
        pytest.param(changed(entries=[DOCUMENT["entries"][0]] * 1001), "has 1001 entries", id="many"),
        pytest.param(changed(entries=["AAAA"]), "not an object", id="bare-hash"),
        pytest.param(changed(entries=[{"hash": "AAAA"}]), "not 16 bytes", id="short-hash"),
        pytest.param(changed(entries=[{"hash": b64encode(bytes(32)).decode()}]), "not 16 bytes", id="long-hash"),
        pytest.param(changed(entries=[{}]), "hash is missing", id="no-hash"),
    ],
)
def test_a_broken_batch_is_refused(document: bytes, message: str) -> None:
    with pytest.raises(RevocationBatchError, match=message):
        RevocationBatch.parse(document)


def test_a_batch_has_a_thousand_entries_at_most() -> None:
    assert len(batch(entries=ENTRIES[:1] * 1000).entries) == 1000
    with pytest.raises(RevocationBatchError, match="has 1001 entries"):
        batch(entries=ENTRIES[:1] * 1001)


def test_a_signed_batch_is_verified_in_each_form_that_it_comes_in(
    signer: PemSigner, pair: KeyPair, at: datetime
) -> None:
    signed = sign_batch(batch(), signer, at=at)
    base64 = b64encode(signed)
    lines = b"\r\n".join(base64[start : start + 76] for start in range(0, len(base64), 76))
    for form in (signed, base64, lines, format_block("CMS", signed), format_block("PKCS7", signed)):
        verified = verify_batch(form, [pair.certificate], at=at)
        assert (verified.batch, verified.signer, verified.signed_at) == (batch(), pair.certificate, at)


def test_the_largest_batch_stays_far_below_the_bound(signer: PemSigner, pair: KeyPair, at: datetime) -> None:
    largest = batch(entries=ENTRIES[:1] * 1000)
    signed = b64encode(sign_batch(largest, signer, at=at))
    assert len(signed) < MAX_BATCH_BYTES / 4
    assert verify_batch(signed, [pair.certificate], at=at).batch == largest


def test_a_batch_of_another_country_is_refused(signer: PemSigner, pair: KeyPair, at: datetime) -> None:
    with pytest.raises(ValueError, match="signed by its own country"):
        sign_batch(batch("XB"), signer, at=at)

    signed = make_envelope(batch("XB").to_json(), signer, at=at)
    with pytest.raises(UntrustedRevocationListError, match="another country than its signer"):
        verify_batch(signed, [pair.certificate], at=at)


def test_a_signer_of_no_country_speaks_for_the_one_that_the_batch_names(
    odd_certificate: Any, pair: KeyPair, at: datetime
) -> None:
    der = odd_certificate(country=None, public_key=pair.certificate.public_key)
    signer = PemSigner(pair.private_key, Dsc.of_der(der))
    signed = sign_batch(batch("XB"), signer, at=at)
    assert signer.certificate is not None
    assert signer.certificate.certificate is not None
    verified = verify_batch(signed, [signer.certificate.certificate], at=at + timedelta(days=1))
    assert verified.batch.country == "XB"


@pytest.mark.parametrize(
    ("signed", "message"),
    [
        pytest.param(b"", "is cut", id="empty"),
        pytest.param(b"*", "no form of a signed envelope", id="no-base64"),
        pytest.param(b"\xc3\xa9", "no form of a signed envelope", id="not-ascii"),
        pytest.param(bytes(MAX_BATCH_BYTES + 1), "over", id="too-long"),
        pytest.param(format_block("CERTIFICATE", b"0\0"), "found 0", id="other-pem"),
        pytest.param(format_block("CMS", b"0\0") * 2, "found 2", id="two-pem"),
        pytest.param(b"-----BEGIN CMS-----\n", "found 1", id="cut-pem"),
        pytest.param(b"0\0", "cannot be read", id="empty-sequence"),
    ],
)
def test_what_is_no_signed_batch_is_refused(pair: KeyPair, signed: bytes, message: str, at: datetime) -> None:
    with pytest.raises(RevocationBatchError, match=message):
        verify_batch(signed, [pair.certificate], at=at)


def test_every_changed_byte_of_a_signed_batch_is_refused_or_changes_nothing(
    signer: PemSigner, pair: KeyPair, at: datetime
) -> None:
    signed = sign_batch(batch(), signer, at=at)
    for position in range(0, len(signed), 5):
        damaged = bytearray(signed)
        damaged[position] ^= 0x01
        try:
            verified = verify_batch(bytes(damaged), [pair.certificate], at=at)
        except (RevocationBatchError, UntrustedRevocationListError):
            continue
        assert verified.batch == batch()  # what was changed is not signed, such as the envelope's certificate
