"""What was stored of a certificate gives back the record that it was made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.authority import AT, RECOVERY, TEST, VACCINATION, issuer, opened, signer
from vaxcert.codec import cbor, cose
from vaxcert.codec.cwt import claims_map
from vaxcert.errors import ClaimError, CodecError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.service.batch.identity import normalised
from vaxcert.service.batch.stored import PARSERS, certificate_of, fields_of, printed_only

if TYPE_CHECKING:
    from collections.abc import Mapping

V, T, R = CertificateType.VACCINATION, CertificateType.TEST, CertificateType.RECOVERY
CASES = [
    (VACCINATION, V),
    ({**VACCINATION, "country": "LA", "issuer": "Another", "family_name": "", "site": ""}, V),
    ({**VACCINATION, "given_name": "", "birth_date": "1983-10", "nationality": ""}, V),
    (TEST, T),
    ({**TEST, "test_type": "RAT", "test_name": "", "device": "1341"}, T),
    (RECOVERY, R),
]


@pytest.mark.parametrize(("fields", "kind"), CASES)
def test_the_record_comes_back_as_it_was(fields: Mapping[str, object], kind: CertificateType) -> None:
    record = PARSERS[kind](fields)
    certificate = issuer().issue(record, at=AT)
    found_kind, found = fields_of(certificate.cose, printed_only(record))
    again = PARSERS[found_kind](found)
    assert found_kind is kind
    assert again.record_id == record.record_id
    # It names country and issuer by then, which stood in the certificate for those that it did not name.
    named = {"country": record.country or "VN", "issuer": record.issuer or "Invented Ministry"}
    assert normalised(again) == normalised(PARSERS[kind]({**fields, **named}))


@pytest.mark.parametrize(("fields", "kind"), CASES)
def test_the_certificate_comes_back_as_it_was(fields: Mapping[str, object], kind: CertificateType) -> None:
    certificate = issuer(level=1).issue(PARSERS[kind](fields), at=AT)
    assert certificate_of(certificate.cose, level=1) == certificate
    assert certificate_of(certificate.cose, level=1, text="HC1:given").text == "HC1:given"
    assert opened(certificate_of(certificate.cose, level=9).text).cose == certificate.cose


def test_what_stands_on_the_card_alone_is_kept_and_no_more() -> None:
    assert printed_only(PARSERS[V](VACCINATION)) == {
        "record_id": "VN-000001",
        "nationality": "VN",
        "lot": "FF0042",
        "site": "Trạm y tế phường Bình Minh",
    }
    assert printed_only(PARSERS[R]({**RECOVERY, "record_id": ""})) == {}


def _message(dcc: Mapping[str, object]) -> bytes:
    protected = cose.protected_header(-7, signer().kid.value)
    seconds = int(AT.timestamp())
    return cose.encode(protected, cbor.encode(claims_map("VN", seconds, seconds + 1, dcc)), bytes(64))


@pytest.mark.parametrize("events", [{}, {"v": []}, {"v": [{}, {}]}, {"v": "text"}, {"v": [7]}])
def test_what_holds_no_single_event_is_refused(events: Mapping[str, object]) -> None:
    with pytest.raises(ClaimError, match="exactly one event"):
        fields_of(_message({"ver": "1.3.0", **events}), {})


@pytest.mark.parametrize("message", [b"", b"\x84", b"\xd2\x84\x40\xa0\x40\x40", b"\x80"])
def test_what_is_no_certificate_is_refused(message: bytes) -> None:
    with pytest.raises(CodecError):
        certificate_of(message, level=1)
