"""The specimen of the Vietnamese vaccine passport, with the signer that published it."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from vaxcert.errors import ExpiredError
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from pathlib import Path

AT = datetime(2022, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def text(vectors: Path) -> str:
    return (vectors / "hcert" / "vn" / "VAC_VN.hc1.txt").read_text("ascii").rstrip("\n")


@pytest.fixture(scope="module")
def chain(vectors: Path) -> list[bytes]:
    """Return the DSC and its CSCA."""
    document = json.loads((vectors / "hcert" / "vn" / "dsc_did.json").read_text("utf-8"))
    (method,) = document["verificationMethod"]
    return [base64.b64decode(each) for each in method["publicKeyJwk"]["x5c"]]


def test_its_signature_verifies_against_its_dsc_which_chains_to_its_csca(text: str, chain: list[bytes]) -> None:
    dsc, csca = chain
    trust_list = TrustList.of_certificates([dsc], cscas=[csca], at=AT)
    assert trust_list.rejected == ()
    verified = Verifier(trust_list).verify(text, at=AT)
    assert (verified.dsc.country, verified.dsc.key_kind, verified.claims.issuer) == ("VN", "RSA-2048", "VN")


def test_what_it_breaks_is_told(text: str, chain: list[bytes]) -> None:
    report = Verifier(TrustList.of_certificates(chain[:1])).examine(text, at=AT)
    assert report.outcome is Outcome.VALID
    assert {warning.code for warning in report.warnings} == {"manufacturer_mismatch", "deprecated_code", "outlives_dsc"}
    assert report.signer is not None
    assert report.signer.kid == "8w2kZxb3iC0="


def test_the_csca_did_not_sign_it(text: str, chain: list[bytes]) -> None:
    assert Verifier(TrustList.of_certificates(chain[1:])).examine(text, at=AT).code == "unknown_signer"


def test_after_its_signer_has_lapsed_it_holds_no_more(text: str, chain: list[bytes]) -> None:
    verifier = Verifier(TrustList.of_certificates(chain[:1]))
    assert verifier.examine(text, at=datetime(2024, 4, 13, tzinfo=UTC)).code == "dsc_not_valid"
    with pytest.raises(ExpiredError):
        verifier.verify(text, at=datetime(2026, 11, 22, tzinfo=UTC))


def test_one_character_less_is_no_certificate(text: str, chain: list[bytes]) -> None:
    report = Verifier(TrustList.of_certificates(chain[:1])).examine(text[:-1], at=AT)
    assert report.outcome is Outcome.REJECTED
