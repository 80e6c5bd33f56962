from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import pytest

from tests.faults import encoders
from tests.faults.broken import BROKEN
from tests.faults.encoders import AT, Case, Encoder, TestSigner, claims, dcc, make_signer, signer
from tests.faults.odd import ODD
from vaxcert.errors import (
    DscNotValidError,
    ExpiredError,
    InflateError,
    NotYetValidError,
    SignatureError,
    StaleTrustListError,
    TrustError,
    UnknownSignerError,
    VaxcertError,
    WeakKeyError,
)
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.kid import Kid
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.policy import Allowance, Policy
from vaxcert.verify.report import Outcome, Report, Status
from vaxcert.verify.verifier import STEP_NAMES, Verifier

SECOND = timedelta(seconds=1)


def verifier(*signers: TestSigner, policy: Policy | None = None, as_of: datetime | None = None) -> Verifier:
    trusted = [each.der for each in signers or (signer(),)]
    return Verifier(TrustList.of_certificates(trusted, as_of=as_of), policy=policy)


def under_one_kid(*signers: TestSigner) -> Verifier:
    return Verifier(TrustList(entries=tuple(Dsc.of_der(each.der, kid=Kid(signer().kid)) for each in signers)))


def statuses(report: Report) -> dict[str, str]:
    return {step.name: str(step.status) for step in report.steps}


# --- the whole catalogue of faults ---------------------------------------------------------------------------------


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_a_broken_certificate_is_refused_where_and_for_what_it_is_broken(case: Case) -> None:
    asked = Verifier(TrustList.of_certificates([case.dsc()]))
    text = case.text()
    report = asked.examine(text, at=AT)
    found = [(step.name, step.code) for step in report.steps if step.code == case.code]
    assert (report.code, found) == (case.code, [(case.step, case.code)]), case.why
    with pytest.raises(VaxcertError) as raised:
        asked.verify(text, at=AT)
    assert raised.value.code == case.code
    outcome = Outcome.UNDETERMINED if isinstance(raised.value, TrustError) else Outcome.REJECTED
    assert (report.outcome, report.message) == (outcome, raised.value.message)


@pytest.mark.parametrize("case", ODD, ids=str)
def test_an_unusual_certificate_is_valid_with_its_warning_alone(case: Case) -> None:
    asked = Verifier(TrustList.of_certificates([case.dsc()]))
    text = case.text()
    report = asked.examine(text, at=AT)
    verified = asked.verify(text, at=AT)
    assert (report.outcome, report.code, report.hint) == (Outcome.VALID, None, None), report.message
    assert {warning.code for warning in report.warnings} == set(case.warnings), case.why
    assert verified.warnings == report.warnings
    assert verified.certificate == report.certificate
    assert len(set(report.warnings)) == len(report.warnings), "no warning repeats"


def test_a_verified_certificate_says_who_signed_and_what() -> None:
    verified = verifier().verify(Encoder().text(), at=AT)
    assert verified.dsc.der == signer().der
    assert verified.certificate_type is CertificateType.VACCINATION
    assert verified.payload == dcc()
    assert (verified.claims.issuer, verified.claims.expires_at) == ("VN", encoders.EXPIRES_AT)


def test_what_a_mended_certificate_says_is_the_mended() -> None:
    text = encoders.text_of(dcc(name={"fnt": " NGUYEN "}, meta=1))
    verified = verifier().verify(text, at=AT)
    assert verified.payload["nam"] == dcc()["nam"]
    holder = verified.certificate["holder"]
    assert isinstance(holder, dict)
    assert holder["family_name_standardised"] == "NGUYEN"


# --- the clock -----------------------------------------------------------------------------------------------------


def test_it_holds_from_its_first_second_through_its_last() -> None:
    text = Encoder().text()
    for at in (encoders.ISSUED_AT, encoders.EXPIRES_AT):
        assert verifier().examine(text, at=at).outcome is Outcome.VALID


def test_a_second_after_its_last_it_is_expired() -> None:
    with pytest.raises(ExpiredError, match=r"expired at 2027-10-23T08:00Z") as raised:
        verifier().verify(Encoder().text(), at=encoders.EXPIRES_AT + SECOND)
    assert raised.value.expired_at == encoders.EXPIRES_AT


def test_a_second_before_its_first_it_is_not_yet_valid() -> None:
    with pytest.raises(NotYetValidError, match=r"not valid before 2026-10-23T08:00Z") as raised:
        verifier().verify(Encoder().text(), at=encoders.ISSUED_AT - SECOND)
    assert raised.value.issued_at == encoders.ISSUED_AT


def test_one_that_ends_before_it_begins_is_never_valid() -> None:
    start, end = int(AT.timestamp()) + 10, int(AT.timestamp()) - 10
    text = encoders.text_of_claims(claims(iat=start, exp=end))
    for seconds in range(-12, 13):
        assert verifier().examine(text, at=AT + seconds * SECOND).outcome is Outcome.REJECTED


def test_the_dsc_has_to_be_valid_at_the_time_of_verification() -> None:
    short = make_signer(not_before=AT - 9 * SECOND, not_after=AT + 9 * SECOND)
    text = encoders.text_of_claims(claims(), short)
    for offset in (-9, 0, 9):
        assert verifier(short).examine(text, at=AT + offset * SECOND).outcome is Outcome.VALID
    for offset in (-10, 10):
        with pytest.raises(DscNotValidError):
            verifier(short).verify(text, at=AT + offset * SECOND)


def test_the_zone_of_the_clock_changes_nothing() -> None:
    text = Encoder().text()
    hanoi = timezone(timedelta(hours=7))
    assert verifier().examine(text, at=encoders.EXPIRES_AT.astimezone(hanoi)).outcome is Outcome.VALID
    late = (encoders.EXPIRES_AT + SECOND).astimezone(hanoi)
    assert verifier().examine(text, at=late).code == "expired"


class _NoOffset(tzinfo):
    def utcoffset(self, _at: datetime | None) -> None:
        return None

    dst = utcoffset

    def tzname(self, _at: datetime | None) -> str:
        return "nowhere"


@pytest.mark.parametrize("at", [AT.replace(tzinfo=None), AT.replace(tzinfo=_NoOffset())])
def test_an_instant_without_a_zone_is_a_mistake_of_the_caller(at: datetime) -> None:
    for ask in (verifier().verify, verifier().examine):
        with pytest.raises(ValueError, match="time zone"):
            ask(Encoder().text(), at=at)


@pytest.mark.parametrize("year", [1, 9999])
def test_the_ends_of_the_calendar_are_instants_too(year: int) -> None:
    report = verifier().examine(Encoder().text(), at=datetime(year, 12, 31, 23, tzinfo=UTC))
    assert report.code == ("not_yet_valid" if year == 1 else "expired")


# --- signers -------------------------------------------------------------------------------------------------------


def test_of_several_signers_with_one_kid_the_right_one_is_found() -> None:
    others = [make_signer(), signer("RSA-2048"), signer("EC-P384"), make_signer()]
    for place in range(len(others) + 1):
        asked = under_one_kid(*others[:place], signer(), *others[place:])
        assert asked.verify(Encoder().text(), at=AT).dsc.der == signer().der


def test_none_of_several_signers_with_one_kid_made_a_forged_signature() -> None:
    with pytest.raises(SignatureError):
        under_one_kid(make_signer(), make_signer()).verify(Encoder().text(), at=AT)


@pytest.mark.parametrize("weak_first", [True, False])
def test_a_key_that_is_not_allowed_is_told_before_one_that_does_not_fit(*, weak_first: bool) -> None:
    signers = (signer("EC-P384"), make_signer())
    with pytest.raises(WeakKeyError):
        under_one_kid(*signers[:: 1 if weak_first else -1]).verify(Encoder().text(), at=AT)


def test_an_empty_trust_list_knows_nobody() -> None:
    with pytest.raises(UnknownSignerError) as raised:
        Verifier(TrustList()).verify(Encoder().text(), at=AT)
    assert raised.value.kid == signer().kid


def test_the_signer_is_named_only_where_the_signature_holds() -> None:
    genuine = verifier().examine(Encoder().text(), at=AT).signer
    assert genuine is not None
    assert (genuine.country, genuine.subject) == ("VN", "C=VN, CN=Invented DSC")
    forged = Encoder(signature=lambda _, content: make_signer().sign(content)).text()
    claimed = verifier().examine(forged, at=AT).signer
    assert claimed is not None
    assert (claimed.kid, claimed.country, claimed.subject) == (genuine.kid, None, None)


@pytest.mark.parametrize(
    ("kind", "allowance"), [("EC-P384", Allowance.P384_UNDER_ES256), ("RSA-1024", Allowance.RSA_1024)]
)
def test_a_weak_key_is_taken_where_the_policy_names_it_and_only_there(kind: str, allowance: Allowance) -> None:
    weak = signer(kind)
    text = Encoder(weak).text()
    allowing = verifier(weak, policy=Policy(allow=frozenset((allowance,))))
    assert allowing.examine(text, at=AT).outcome is Outcome.VALID
    others = Policy(allow=frozenset(Allowance) - {allowance})
    for policy in (Policy(), others):
        with pytest.raises(WeakKeyError):
            verifier(weak, policy=policy).verify(text, at=AT)


@pytest.mark.parametrize("kind", ["EC-K256", "EC-P521"])
def test_no_policy_allows_another_curve(kind: str) -> None:
    odd = signer(kind)
    with pytest.raises(WeakKeyError, match=r"is none that may sign"):
        verifier(odd, policy=Policy(allow=frozenset(Allowance))).verify(Encoder(odd).text(), at=AT)


def test_an_allowed_weak_key_still_has_to_have_signed() -> None:
    weak = signer("EC-P384")
    forged = Encoder(weak, signature=lambda _, content: make_signer("EC-P384").sign(content)).text()
    with pytest.raises(SignatureError):
        verifier(weak, policy=Policy(allow=frozenset(Allowance))).verify(forged, at=AT)


# --- rejected beats undetermined -----------------------------------------------------------------------------------


def test_an_unknown_signer_is_undetermined() -> None:
    report = Verifier(TrustList()).examine(Encoder().text(), at=AT)
    assert (report.outcome, report.code) == (Outcome.UNDETERMINED, "unknown_signer")
    assert statuses(report) == dict.fromkeys(STEP_NAMES, "passed") | {
        "scan": "skipped",
        "trust": "undetermined",
        "signature": "skipped",
        "key_usage": "skipped",
        "revocation": "skipped",
        "rules": "skipped",
        "ledger": "skipped",
    }


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"exp": int(AT.timestamp()) - 1}, "expired"),
        ({"iat": int(AT.timestamp()) + 1}, "not_yet_valid"),
        ({"exp": ...}, "invalid_claim"),
        ({"payload": dcc(v=[encoders.vaccination(dn=0)])}, "invalid_record"),
        ({"payload": dcc(v=...)}, "not_one_event"),
    ],
)
def test_what_no_signer_could_mend_is_rejected_although_the_signer_is_unknown(
    changed: dict[str, object], code: str
) -> None:
    text = encoders.text_of_claims(claims(**changed))
    asked = Verifier(TrustList())
    report = asked.examine(text, at=AT)
    assert (report.outcome, report.code) == (Outcome.REJECTED, code)
    with pytest.raises(VaxcertError) as raised:
        asked.verify(text, at=AT)
    assert raised.value.code == code


DAY = timedelta(days=1)


@pytest.mark.parametrize("as_of", [None, AT - DAY - SECOND])
def test_an_old_or_undated_trust_list_does_not_decide(as_of: datetime | None) -> None:
    asked = verifier(policy=Policy(max_age=DAY), as_of=as_of)
    report = asked.examine(Encoder().text(), at=AT)
    assert (report.outcome, report.code) == (Outcome.UNDETERMINED, "stale_trust_list")
    assert statuses(report)["signature"] == "passed", "what can be checked is checked"
    with pytest.raises(StaleTrustListError) as raised:
        asked.verify(Encoder().text(), at=AT)
    assert raised.value.as_of == as_of


def test_a_trust_list_as_old_as_allowed_decides() -> None:
    asked = verifier(policy=Policy(max_age=DAY), as_of=AT - DAY)
    assert asked.examine(Encoder().text(), at=AT).outcome is Outcome.VALID


def test_an_old_trust_list_rejects_what_is_wrong_all_the_same() -> None:
    asked = verifier(policy=Policy(max_age=DAY), as_of=AT - 2 * DAY)
    expired = encoders.text_of_claims(claims(exp=int(AT.timestamp()) - 1))
    forged = Encoder(signature=lambda _, content: make_signer().sign(content)).text()
    assert asked.examine(expired, at=AT).code == "expired"
    assert asked.examine(forged, at=AT).code == "bad_signature"


# --- reports -------------------------------------------------------------------------------------------------------


def test_the_steps_have_the_names_and_the_order_of_the_specification() -> None:
    names = "scan prefix base45 inflate cbor cose trust signature claims schema key_usage validity"
    assert " ".join(STEP_NAMES) == f"{names} revocation rules ledger"
    assert tuple(step.name for step in verifier().examine("", at=AT).steps) == STEP_NAMES


def test_after_the_first_layer_that_cannot_be_read_nothing_runs() -> None:
    report = verifier().examine("HC1:bb8", at=AT)
    assert {name for name, status in statuses(report).items() if status != "skipped"} == {"prefix", "base45"}
    assert (report.format, report.signer, report.certificate, report.payload) == ("hcert", None, None, None)
    assert (report.issued_at, report.expires_at) == (None, None)


def test_what_is_no_certificate_has_no_format() -> None:
    assert verifier().examine("https://example.org", at=AT).format is None


def test_every_later_step_that_can_run_has_run() -> None:
    late = make_signer(usages="t", not_after=AT - DAY)
    payload = dcc(v=[encoders.vaccination(dn=0)])
    whole = claims(payload, exp=int(AT.timestamp()) - 1)
    forged = Encoder(late, claims=lambda _: whole, signature=lambda *_: bytes(64)).text()
    report = verifier(late).examine(forged, at=AT)
    failed = {step.name: step.code for step in report.steps if step.status is Status.FAILED}
    assert failed == {
        "signature": "bad_signature",
        "schema": "invalid_record",
        "key_usage": "wrong_key_usage",
        "validity": "expired",
    }
    assert report.code == "bad_signature", "the earliest failure decides"


def test_a_refusal_keeps_its_cause() -> None:
    with pytest.raises(InflateError) as raised:
        verifier().verify(Encoder(stream=lambda e: e.cose()).text(), at=AT)
    assert raised.value.__cause__ is not None


def test_a_valid_report_says_until_when() -> None:
    report = verifier().examine(Encoder().text(), at=AT)
    assert report.message == "valid through 2027-10-23T08:00Z"
    assert (report.issued_at, report.expires_at) == (encoders.ISSUED_AT, encoders.EXPIRES_AT)


def test_no_message_holds_personal_data() -> None:
    secrets = ("Nguyễn", "NGUYEN", "Thị Mẫu", "THI<MAU", "1983-10-10", "5E0C4D7A")
    for case in (*BROKEN, *ODD):
        report = Verifier(TrustList.of_certificates([case.dsc()])).examine(case.text(), at=AT)
        said = [report.message, report.hint or ""]
        said += [step.message or "" for step in report.steps] + [warning.message for warning in report.warnings]
        assert not [text for text in said if any(secret in text for secret in secrets)], case.name


def test_one_verifier_serves_many_threads() -> None:
    asked = verifier()
    texts = [case.text() for case in (*BROKEN[:30], *ODD[:10])] * 8
    alone = [asked.examine(text, at=AT).to_dict() for text in texts]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda text: asked.examine(text, at=AT).to_dict(), texts))
    assert together == alone
