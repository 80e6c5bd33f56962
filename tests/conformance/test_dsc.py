"""Every DSC in the public data is read, and means what the data says of it."""

from __future__ import annotations

import csv
import json
from base64 import b64decode
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.x509 import Certificate as StrictCertificate
from cryptography.x509 import load_der_x509_certificate

from vaxcert.codec import cbor, cose, hc1
from vaxcert.codec.cwt import Claims
from vaxcert.errors import CodecError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.trust.certificate import Certificate
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.issuer_signature import is_signed_by
from vaxcert.trust.jwks import read_jwk
from vaxcert.trust.names import country_of_name
from vaxcert.trust.trust_list import TrustList

if TYPE_CHECKING:
    from pathlib import Path

    Json = dict[str, Any]


@pytest.fixture(scope="module")
def cases(vectors: Path) -> dict[str, Json]:
    """Return the files of dgc-testdata under their names."""
    root = vectors / "hcert" / "dgc-testdata"
    return {
        path.relative_to(root).as_posix(): json.loads(path.read_text("utf-8-sig"))
        for path in sorted(root.rglob("*.json"))
    }


@pytest.fixture(scope="module")
def known_bad(vectors: Path) -> set[tuple[str, str]]:
    """Return the expectations (file, field) that are no oracle."""
    with (vectors / "hcert" / "dgc-testdata" / "known-bad.tsv").open(encoding="utf-8") as lines:
        return {(row["file"], row["field"]) for row in csv.DictReader(lines, delimiter="\t")}


@pytest.fixture(scope="module")
def who_keys(vectors: Path) -> list[Json]:
    """Return the keys of WHO's production list, each with the usage that its id ends in: DSC, SCA or DECA."""
    document = json.loads((vectors / "gdhcn" / "tng-cdn" / "v2" / "trustlist" / "did.json").read_text("utf-8"))
    return [
        method["publicKeyJwk"] | {"usage": method["id"].split("#")[0].rsplit(":")[-1]}
        for method in document["verificationMethod"]
        if "publicKeyJwk" in method
    ]


def der_of(case: Json) -> bytes:
    return b64decode(case["TESTCTX"]["CERTIFICATE"])


def message_of(case: Json) -> cose.Sign1 | None:
    """Return the message in the case, or None where the case is about a message that cannot be read."""
    try:
        return cose.parse(cbor.decode(hc1.decode(case["PREFIX"])))
    except CodecError:
        return None


def strict(der: bytes) -> StrictCertificate:
    return load_der_x509_certificate(der)


def test_every_dsc_is_read_as_a_strict_reader_reads_it(cases: dict[str, Json]) -> None:
    ders = {der_of(case) for case in cases.values()}
    assert len(ders) >= 60
    for der in ders:
        ours, theirs = Certificate.of_der(der), strict(der)
        assert ours.not_before == theirs.not_valid_before_utc
        assert ours.not_after == theirs.not_valid_after_utc
        assert ours.public_key == theirs.public_key()
        assert ours.raw_subject == theirs.subject.public_bytes()
        assert ours.raw_issuer == theirs.issuer.public_bytes()
        assert ours.subject
        assert country_of_name(ours.raw_issuer) in {None, ours.country}


def test_a_dsc_has_the_kid_that_its_certificates_name(cases: dict[str, Json]) -> None:
    compared = 0
    for name, case in cases.items():
        message = message_of(case)
        if message is not None and case["EXPECTEDRESULTS"].get("EXPECTEDVERIFY") is not False:
            assert message.kid == Dsc.of_der(der_of(case)).kid.value, name
            compared += 1
    assert compared >= 340


def test_a_certificate_that_names_another_kid_is_expected_to_fail(cases: dict[str, Json]) -> None:
    others = {
        name
        for name, case in cases.items()
        if (message := message_of(case)) is not None and message.kid != Dsc.of_der(der_of(case)).kid.value
    }
    assert others == {
        "PL/1.0.0/2DCode/raw/6.json",
        "PL/1.2.1/2DCode/raw/6.json",
        "PL/1.3.0/2DCode/raw/6.json",
        "common/2DCode/raw/CO22.json",
        "common/2DCode/raw/CO23.json",
    }


def test_a_dsc_may_sign_what_the_data_expects(cases: dict[str, Json], known_bad: set[tuple[str, str]]) -> None:
    wanted: list[bool] = []
    for name, case in cases.items():
        expected = case["EXPECTEDRESULTS"].get("EXPECTEDKEYUSAGE")
        message = message_of(case)
        if expected is None or message is None or (name, "EXPECTEDKEYUSAGE") in known_bad:
            continue
        dcc = Claims.from_map(cbor.decode(message.payload)).dcc
        (kind,) = (kind for kind in CertificateType if dcc.get(kind))
        assert Dsc.of_der(der_of(case)).may_sign(kind) is expected, name
        wanted.append(expected)
    assert wanted.count(True) >= 180
    assert wanted.count(False) >= 50


def test_an_empty_list_of_usages_is_read_where_a_strict_reader_gives_up(cases: dict[str, Json]) -> None:
    der = der_of(cases["common/2DCode/raw/CO15.json"])
    with pytest.raises(ValueError, match="asn1"):
        _ = strict(der).extensions
    assert Dsc.of_der(der).usages == frozenset()


def test_quality_assurance_names_the_kid_of_its_dscs(vectors: Path) -> None:
    root = vectors / "hcert" / "dcc-quality-assurance"
    codes = [json.loads(path.read_text("utf-8-sig")) for path in sorted(root.rglob("*.json"))]
    with_dsc = [code for code in codes if code.get("CERTIFICATE")]
    assert len(with_dsc) >= 20
    for code in with_dsc:
        assert str(Dsc.of_der(b64decode(code["CERTIFICATE"])).kid) == code["KID"], code["ID"]


def test_the_vietnamese_signer_is_read(vectors: Path) -> None:
    document = json.loads((vectors / "hcert" / "vn" / "dsc_did.json").read_text("utf-8"))
    dsc = read_jwk(document["verificationMethod"][0]["publicKeyJwk"])
    assert str(dsc.kid) == "8w2kZxb3iC0="
    assert dsc.country == "VN"
    assert dsc.key_kind == "RSA-2048"
    assert dsc.usages == set(CertificateType)
    text = (vectors / "hcert" / "vn" / "VAC_VN.hc1.txt").read_text("ascii").strip()
    assert cose.parse(cbor.decode(hc1.decode(text))).kid == dsc.kid.value


def test_every_key_of_the_world_is_read(who_keys: list[Json]) -> None:
    dscs = [read_jwk(jwk) for jwk in who_keys]
    assert len(dscs) == 501
    for jwk, dsc in zip(who_keys, dscs, strict=True):
        assert dsc.certificate is not None
        assert str(dsc.kid) == jwk["kid"]
    assert len({dsc.kid for dsc in dscs}) == 501


def test_cscas_are_told_from_dscs(who_keys: list[Json]) -> None:
    evident = Counter((jwk["usage"], Certificate.of_der(b64decode(jwk["x5c"][0])).is_evident_csca) for jwk in who_keys)
    assert evident == {("DSC", False): 438, ("SCA", True): 60, ("SCA", False): 1, ("DECA", False): 2}


def test_no_dsc_in_use_lacks_the_key_usage_for_signatures(who_keys: list[Json]) -> None:
    dscs = [Certificate.of_der(b64decode(jwk["x5c"][0])) for jwk in who_keys if jwk["usage"] == "DSC"]
    assert all(dsc.signs_payloads and not dsc.is_ca for dsc in dscs)


def test_extensions_that_a_strict_reader_refuses_are_read(who_keys: list[Json]) -> None:
    refused = []
    for jwk in who_keys:
        der = b64decode(jwk["x5c"][0])
        try:
            _ = strict(der).extensions
        except ValueError:
            refused.append(Certificate.of_der(der))
    assert len(refused) == 12
    assert not any(certificate.is_ca for certificate in refused)


def test_issuer_signatures_are_judged_as_a_strict_reader_judges_them(who_keys: list[Json]) -> None:
    pairs = [[b64decode(text) for text in jwk["x5c"][:2]] for jwk in who_keys if len(jwk["x5c"]) > 1]
    judged = []
    for dsc, csca in pairs:
        try:
            strict(dsc).verify_directly_issued_by(strict(csca))
        except (ValueError, InvalidSignature):
            expected = False
        else:
            expected = True
        assert is_signed_by(Certificate.of_der(dsc), Certificate.of_der(csca).public_key) is expected
        judged.append(expected)
    assert judged.count(True) == 434
    assert judged.count(False) == 5  # signed with SHA-1


def test_the_signers_of_the_world_chain_to_its_cscas(who_keys: list[Json]) -> None:
    dscs = [b64decode(jwk["x5c"][0]) for jwk in who_keys if len(jwk["x5c"]) > 1]
    cscas = {b64decode(jwk["x5c"][1]) for jwk in who_keys if len(jwk["x5c"]) > 1}
    trust_list = TrustList.of_certificates(dscs, cscas=cscas)
    assert len(trust_list.entries) == 434
    # One of them is no DSC: it chains, and its key is not for payloads.
    assert [dsc.signs_payloads for dsc in trust_list.entries].count(False) == 1
    reasons = Counter(entry.reason for entry in trust_list.rejected)
    assert reasons == {"bad_signature": len(dscs) - 434}
