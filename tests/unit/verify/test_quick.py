"""The straight way through says yes only where the steps do, and the same."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from tests.faults import encoders
from tests.faults.broken import BROKEN
from tests.faults.encoders import (
    AT,
    Case,
    Encoder,
    claims,
    dcc,
    make_signer,
    signer,
    text_of,
    text_of_claims,
    vaccination,
)
from tests.faults.odd import ODD
from vaxcert.errors import VaxcertError
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.kid import Kid
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.policy import Policy
from vaxcert.verify.quick import VerifiedCertificate, verify_plain
from vaxcert.verify.verifier import Verifier

TRUSTED = TrustList.of_certificates([signer().der])
SECONDS = AT.timestamp()


def plain(text: str, trust_list: TrustList = TRUSTED, at_seconds: float = SECONDS) -> VerifiedCertificate | None:
    return verify_plain(text, trust_list, at_seconds)


def test_a_certificate_as_it_should_be_goes_straight_through() -> None:
    text = Encoder().text()
    verified = plain(text)
    assert verified is not None
    assert verified == Verifier(TRUSTED).verify(text, at=AT)
    assert (verified.certificate_type, verified.payload, verified.warnings) == (CertificateType.VACCINATION, dcc(), ())


def test_an_unknown_code_is_told_on_this_way_too() -> None:
    verified = plain(text_of(dcc(v=[vaccination(mp="EU/1/99/9999")])))
    assert verified is not None
    assert [warning.code for warning in verified.warnings] == ["unknown_code"]


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_nothing_broken_goes_through(case: Case) -> None:
    try:
        verified = plain(case.text(), TrustList.of_certificates([case.dsc()]))
    except VaxcertError:
        return
    assert verified is None


@pytest.mark.parametrize("case", ODD, ids=str)
def test_what_goes_through_is_what_the_steps_say(case: Case) -> None:
    trust_list, text = TrustList.of_certificates([case.dsc()]), case.text()
    verified = plain(text, trust_list)
    if verified is not None:
        report = Verifier(trust_list).examine(text, at=AT)
        assert (verified.warnings, verified.payload) == (report.warnings, report.payload)
        assert verified.certificate == report.certificate


UNUSUAL = {
    "the first second": (partial(text_of_claims, claims(iat=int(SECONDS))), True),
    "the last second": (partial(text_of_claims, claims(exp=int(SECONDS))), True),
    "a second too early": (partial(text_of_claims, claims(iat=int(SECONDS) + 1)), False),
    "a second too late": (partial(text_of_claims, claims(exp=int(SECONDS) - 1)), False),
    "no group": (partial(text_of, dcc(v=...)), False),
    "two doses": (partial(text_of, dcc(v=[vaccination()] * 2)), False),
    "another group": (partial(text_of, dcc(t=None)), False),
    "a padded name": (partial(text_of, dcc(name={"fn": " x"})), False),
    "an odd date": (partial(text_of, dcc(v=[vaccination(dt="2026-02-30")])), False),
    "a float": (partial(text_of_claims, claims(exp=SECONDS + 9.0)), False),
    "an unknown version": (partial(text_of, dcc(ver="1.0.4")), False),
    "a version that is none": (partial(text_of, dcc(ver=[])), False),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_whatever_is_unusual_is_left_to_the_steps(name: str) -> None:
    make, straight = UNUSUAL[name]
    assert (plain(make()) is not None) == straight


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("for tests only", {"usages": "t"}),
        ("begins after the issue", {"not_before": encoders.ISSUED_AT + timedelta(seconds=1)}),
        ("ends before the expiry", {"not_after": encoders.EXPIRES_AT - timedelta(seconds=1)}),
        ("a longer curve", {"kind": "EC-P384"}),
    ],
)
def test_a_signer_who_is_not_quite_right_is_left_to_the_steps(name: str, changed: dict[str, object]) -> None:
    by = make_signer(**changed)  # type: ignore[arg-type] # its keywords
    assert plain(Encoder(by).text(), TrustList.of_certificates([by.der])) is None, name


def test_a_signer_just_right_is_not() -> None:
    by = make_signer(usages="vr", not_before=encoders.ISSUED_AT, not_after=encoders.EXPIRES_AT)
    assert plain(Encoder(by).text(), TrustList.of_certificates([by.der])) is not None


def test_several_signers_with_one_kid_are_left_to_the_steps() -> None:
    kid = Kid(signer().kid)
    both = TrustList(entries=(Dsc.of_der(signer().der), Dsc.of_der(make_signer().der, kid=kid)))
    assert plain(Encoder().text(), both) is None


def one_by_one(verifier: Verifier, texts: list[str]) -> list[VerifiedCertificate | None]:
    found: list[VerifiedCertificate | None] = []
    for text in texts:
        try:
            found.append(verifier.verify(text, at=AT))
        except VaxcertError:
            found.append(None)
    return found


def test_many_at_once_are_what_they_are_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [*BROKEN, *ODD]
    trust_list = TrustList.of_certificates([signer().der, *(case.dsc() for case in cases)])
    texts = [text for case in cases for text in (case.text(), Encoder().text())] + ["", "HC1:", "x" * 9_000]
    texts += [make() for make, _ in UNUSUAL.values()]
    verifier = Verifier(trust_list)
    expected = one_by_one(verifier, texts)
    assert None in expected
    assert len(expected) - expected.count(None) >= len(cases)
    for size in (1, 3, 256):
        monkeypatch.setattr("vaxcert.verify.verifier._TEXTS_AT_ONCE", size)
        assert list(verifier.verify_all(iter(texts), at=AT)) == expected


def test_many_at_once_are_asked_what_the_policy_asks() -> None:
    verifier = Verifier(TRUSTED, policy=Policy(require_receipt=True))
    assert list(verifier.verify_all([Encoder().text()] * 2, at=AT)) == [None, None]
    with pytest.raises(ValueError, match="time zone"):
        list(verifier.verify_all([Encoder().text()], at=AT.replace(tzinfo=None)))
