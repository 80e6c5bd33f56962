"""A certificate's row follows from its COSE bytes, or there is none."""

from __future__ import annotations

from hashlib import sha256

import pytest

from tests.authority import AT, VACCINATION, issuer
from tests.stored_log import certificate
from vaxcert.codec import cbor, cose
from vaxcert.codec.cwt import Claims
from vaxcert.errors import CodecError
from vaxcert.ledger.store.certificates import certificate_row
from vaxcert.model.records import VaccinationRecord


def test_the_row_says_what_the_certificate_says() -> None:
    issued = issuer().issue(VaccinationRecord.from_mapping(VACCINATION), at=AT)
    row = certificate_row(issued.cose)
    assert (row.id, row.kid, row.cose) == (issued.uvci, issued.kid.value, issued.cose)
    assert (row.issued_at, row.expires_at) == (issued.issued_at.timestamp(), issued.expires_at.timestamp())


def test_the_digest_is_of_what_was_signed_and_not_of_the_signature() -> None:
    parts = cose.parse(cbor.decode(certificate(1).cose))
    again = certificate_row(cbor.encode([parts.protected, {}, parts.payload, bytes(64)]))
    assert again.digest == certificate(1).digest == sha256(parts.to_be_signed()).digest()


def message(dcc: dict[str, object]) -> bytes:
    payload = cbor.encode(Claims("VN", 1, 2, dcc).to_map())
    return cose.encode(cose.protected_header(cose.ES256, b"12345678"), payload, bytes(64))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00",
        bytes(70_000),
        certificate(1).cose[:-1],
        message({}),
        message({"v": []}),
        message({"v": "URN"}),
        message({"v": ["URN"]}),
        message({"v": [{"ci": 5}]}),
        message({"v": [{}]}),
        message({"v": [{"ci": "a"}, {"ci": "b"}]}),
        message({"v": [{"ci": "a"}], "t": [{"ci": "b"}]}),
    ],
)
def test_what_has_not_one_id_has_no_row(content: bytes) -> None:
    with pytest.raises(CodecError):
        certificate_row(content)
