"""What a stranger may cost a verifier, and what a log line may tell."""

from dataclasses import replace
from datetime import timedelta

import cbor2
import pytest

from tests.faults.encoders import (
    AT,
    claims,
    dcc,
    make_signer,
    recovery,
    signer,
    text_of,
    text_of_claims,
    vaccination,
)
from vaxcert.codec import cbor, cose
from vaxcert.errors import CborTagError, CoseError, EventCountError, KeyUsageError
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify import codes
from vaxcert.verify.report import Outcome
from vaxcert.verify.verifier import Verifier


def verifier() -> Verifier:
    return Verifier(TrustList.of_certificates([signer().der]))


def test_a_crowd_of_entries_is_not_explained_one_by_one() -> None:
    report = verifier().examine(text_of(dcc(v=[{}] * 20_000)), at=AT)
    assert report.code == "not_one_event"
    (schema,) = (step for step in report.steps if step.name == "schema")
    assert schema.message == "the payload holds 20000 entries in v"
    assert report.certificate is not None
    assert len(report.certificate["doses"]) == 50  # type: ignore[arg-type]


def test_verify_stops_at_the_first_failure() -> None:
    text = text_of(dcc(v=[{}] * 20_000), make_signer())
    stranger = Verifier(TrustList.of_certificates([signer().der]))
    with pytest.raises(EventCountError):
        stranger.verify(text, at=AT)


def test_codes_of_a_stranger_are_not_kept() -> None:
    kept = codes._kept_warnings.cache_info().currsize
    for number in range(3):
        report = verifier().examine(text_of(dcc(v=[vaccination(mp=f"{number}" * 2000)])), at=AT)
        assert "unknown_code" in {warning.code for warning in report.warnings}
    assert codes._kept_warnings.cache_info().currsize == kept


def test_no_repr_tells_whose_certificate_it_was() -> None:
    text = text_of(dcc(name={"fn": "Nguyễn", "gn": "Ngữ", "fnt": "NGUYEN", "gnt": "NGU"}))
    verified = verifier().verify(text, at=AT)
    for shown in (repr(verified), repr(verified.claims), repr(verifier().examine(text, at=AT))):
        assert "NGUYEN" not in shown
        assert "Nguy" not in shown


def test_a_certificate_of_another_country_than_its_signers_is_told() -> None:
    text = text_of_claims(claims(dcc(), iss="FR"))
    report = verifier().examine(text, at=AT)
    assert report.outcome is Outcome.VALID
    assert [warning.code for warning in report.warnings] == ["signer_country_mismatch"]
    assert verifier().verify(text, at=AT).warnings == report.warnings


@pytest.mark.parametrize(("days", "told"), [(-1, True), (0, False), (1, False), (2, True)])
def test_a_recovery_outside_its_own_dates_is_told(days: int, *, told: bool) -> None:
    day = AT.date()
    entry = recovery(fr="2021-01-01", df=f"{day}", du=f"{day + timedelta(days=1)}")
    at = AT + timedelta(days=days)
    text = text_of_claims(claims(dcc(v=..., r=[entry]), iat=int(AT.timestamp()) - 2 * 86_400))
    report = verifier().examine(text, at=at)
    assert ("outside_stated_dates" in {warning.code for warning in report.warnings}) is told


def test_a_date_under_tag_1004_is_no_object() -> None:
    with pytest.raises(CborTagError):
        cbor.decode(cbor2.dumps(cbor2.CBORTag(1004, "2021-01-01")))


@pytest.mark.parametrize("labels", [{True: -7, 4: b"kid"}, {1: -7, 4.0: b"kid"}, {1: -7, b"x": 1}])
def test_a_label_that_only_python_takes_for_one_is_refused(labels: dict[object, object]) -> None:
    with pytest.raises(CoseError, match="label"):
        cose.parse([cbor2.dumps(labels), {}, b"p", b"s"])
    with pytest.raises(CoseError, match="label"):
        cose.parse([b"\xa0", labels, b"p", b"s"])


def test_a_signer_whose_key_is_not_for_payloads_is_refused() -> None:
    listed = replace(Dsc.of_der(signer().der), signs_payloads=False)
    checked = Verifier(TrustList(entries=(listed,)))
    text = text_of(dcc())
    assert checked.examine(text, at=AT).code == "wrong_key_usage"
    with pytest.raises(KeyUsageError):
        checked.verify(text, at=AT)
