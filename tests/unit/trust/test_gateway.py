import json
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from vaxcert.errors import TrustListError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.signing.key_pair import KeyPair
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.gateway import format_saved_list, read_entries, read_saved_list


def entry(der: bytes, **changes: object) -> dict[str, object]:
    """Return the gateway's entry of *der*; a change to None takes the field away."""
    whole = {
        "kid": b64encode(sha256(der).digest()[:8]).decode(),
        "timestamp": "2026-11-22T08:00:00Z",
        "country": "XA",
        "certificateType": "DSC",
        "thumbprint": sha256(der).hexdigest(),
        "signature": "bm90IGNoZWNrZWQ=",
        "rawData": b64encode(der).decode(),
    } | changes
    return {name: value for name, value in whole.items() if value is not None}


def reasons(*entries: object) -> list[str]:
    material = read_entries(entries)
    assert material.dscs == ()
    return [rejected.reason for rejected in material.rejected]


def test_entries_are_dscs_and_cscas(csca: KeyPair, pair: KeyPair, dsc: Dsc) -> None:
    material = read_entries([entry(csca.certificate.der, certificateType="CSCA"), entry(pair.certificate.der)])
    assert material.dscs == (dsc,)
    assert material.cscas == (csca.certificate,)
    assert material.has_cscas
    assert material.rejected == ()
    assert material.as_of is None


@pytest.mark.parametrize("kind", ["UPLOAD", "AUTHENTICATION"])
def test_what_serves_the_gateway_alone_is_passed_over(pair: KeyPair, kind: str) -> None:
    assert reasons(entry(pair.certificate.der, certificateType=kind)) == []


def test_an_entry_may_be_short(pair: KeyPair, dsc: Dsc) -> None:
    assert read_entries([{"rawData": b64encode(pair.certificate.der).decode()}]).dscs == (dsc,)


def test_an_upper_case_thumbprint_is_the_same(pair: KeyPair, dsc: Dsc) -> None:
    thumbprint = sha256(pair.certificate.der).hexdigest().upper()
    assert read_entries([entry(pair.certificate.der, thumbprint=thumbprint)]).dscs == (dsc,)


def test_a_bare_key_needs_its_kid(dsc: Dsc) -> None:
    spki = b64encode(dsc.spki).decode()
    bare = read_entries([{"kid": "AAECAwQFBgc=", "publicKey": spki}]).dscs[0]
    assert bare.kid.value == bytes(range(8))
    assert (bare.certificate, bare.country, bare.usages) == (None, None, frozenset())
    assert reasons({"publicKey": spki}) == ["malformed"]


def test_a_bad_entry_does_not_harm_the_others(pair: KeyPair, dsc: Dsc) -> None:
    material = read_entries([entry(b"no certificate"), entry(pair.certificate.der)])
    assert material.dscs == (dsc,)
    assert [(rejected.source, rejected.reason) for rejected in material.rejected] == [("entry 1", "unreadable")]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"thumbprint": sha256(b"other").hexdigest()}, "thumbprint_mismatch"),
        ({"certificateType": "ROOT"}, "unknown_type"),
        ({"certificateType": 1}, "malformed"),
        ({"rawData": None}, "malformed"),
        ({"rawData": "not base64!"}, "malformed"),
        ({"rawData": "A"}, "malformed"),
        ({"rawData": "Ắ"}, "malformed"),
        ({"rawData": ["AAAA"]}, "malformed"),
        ({"kid": "*"}, "malformed"),
        ({"kid": "A" * 100}, "malformed"),
        ({"kid": 7}, "malformed"),
        ({"rawData": None, "publicKey": "AAAA"}, "unreadable"),
        ({"rawData": None, "publicKey": "AAAA", "usages": "v"}, "malformed"),
        ({"rawData": None, "publicKey": "AAAA", "usages": ["x"]}, "malformed"),
        ({"rawData": None, "publicKey": "AAAA", "usages": [{}]}, "malformed"),
    ],
)
def test_an_entry_that_is_wrong_is_left_out(pair: KeyPair, changes: dict[str, object], reason: str) -> None:
    assert reasons(entry(pair.certificate.der, **changes)) == [reason]


@pytest.mark.parametrize("value", [None, 1, "text", [], [{}]])
def test_what_is_no_object_is_no_entry(value: object) -> None:
    assert reasons(value) == ["malformed"]


@pytest.mark.parametrize("changes", [{"rawData": None}, {"rawData": "AAAA", "thumbprint": None}])
def test_a_csca_that_cannot_be_read_still_demands_a_chain(csca: KeyPair, changes: dict[str, object]) -> None:
    material = read_entries([entry(csca.certificate.der, certificateType="CSCA", **changes)])
    assert material.has_cscas
    assert material.cscas == ()
    assert len(material.rejected) == 1


def test_a_saved_list_comes_back_with_its_date(dsc: Dsc, rsa_dsc: Dsc, bare: Dsc, at: datetime) -> None:
    saved = format_saved_list((dsc, rsa_dsc, bare), as_of=at)
    material = read_saved_list(json.loads(saved))
    assert material.dscs == (dsc, rsa_dsc, bare)
    assert material.dscs[2].usages == {CertificateType.TEST}
    assert material.as_of == at
    assert material.rejected == ()
    assert b"BEGIN" not in saved


def test_a_saved_list_may_have_no_date(dsc: Dsc) -> None:
    assert read_saved_list(json.loads(format_saved_list((dsc,), as_of=None))).as_of is None


def test_an_empty_list_can_be_saved(at: datetime) -> None:
    assert read_saved_list(json.loads(format_saved_list((), as_of=at))).dscs == ()


def test_a_date_may_have_any_offset() -> None:
    material = read_saved_list({"certificates": [], "as_of": "2026-11-22T15:00:00+07:00"})
    assert material.as_of == datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.mark.parametrize("date", ["yesterday", "2026-11-22T08:00:00", "2026-11-22", 1795334400, ["2026"], ""])
def test_a_date_that_is_no_instant_is_refused(date: object) -> None:
    with pytest.raises(TrustListError, match="as_of"):
        read_saved_list({"certificates": [], "as_of": date})


@pytest.mark.parametrize("entries", [None, {}, "text", 1])
def test_a_saved_list_is_a_list(entries: object) -> None:
    with pytest.raises(TrustListError, match="not a list"):
        read_saved_list({"certificates": entries})
