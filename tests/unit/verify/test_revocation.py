"""The step that asks revocation lists, on the way of the steps and on the straight one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from tests import authority
from tests.faults import encoders
from tests.own_lists import AS_OF, KID, TRUSTED, own_list
from vaxcert.codec import cbor, cose
from vaxcert.errors import (
    ExpiredError,
    RevocationListError,
    RevokedError,
    StaleRevocationListError,
    SupersededError,
    UnknownSignerError,
    VaxcertError,
)
from vaxcert.model.records import VaccinationRecord
from vaxcert.signing.authority import KeyKind
from vaxcert.trust.revocation.hashes import HashType
from vaxcert.trust.revocation.own_format import KidRule, moment
from vaxcert.trust.revocation.revocation_list import CertificateMarks, Revocation, RevocationReason
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.policy import Policy
from vaxcert.verify.quick import verify_plain
from vaxcert.verify.report import Outcome, Report
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from vaxcert.issue.issuer import Certificate
    from vaxcert.trust.revocation.revocation_list import RevocationList

AT = authority.AT + timedelta(days=1)
REVOKED, SUPERSEDED = RevocationReason.REVOKED, RevocationReason.SUPERSEDED


@cache
def issued(kind: KeyKind = KeyKind.EC_P256) -> Certificate:
    by = authority.issuer(authority.signer(kind))
    return by.issue(VaccinationRecord.from_mapping(authority.VACCINATION), at=authority.AT)


@dataclass
class Listing:
    """A list in no file: what it says of everybody, and what it was asked."""

    says: Revocation | None = None
    as_of: datetime = authority.AT
    asked: list[CertificateMarks] = field(default_factory=list)

    def find(self, marks: CertificateMarks) -> Revocation | None:
        self.asked.append(marks)
        return self.says


class Damaged(Listing):
    def find(self, marks: CertificateMarks) -> Revocation | None:
        raise RevocationListError(f"damaged, {len(marks.hashes)} hashes unread")


def says(reason: RevocationReason | None, at: datetime | None = None) -> Listing:
    return Listing(Revocation(reason=reason, at=at))


def examined(*lists: RevocationList, max_age: timedelta | None = None, at: datetime = AT) -> Report:
    """Return the report on a good certificate, having checked that `verify` agrees with it."""
    verifier = Verifier(TRUSTED, policy=Policy(max_revocation_age=max_age), revocations=lists)
    report = verifier.examine(issued().text, at=at)
    if report.outcome is Outcome.VALID:
        assert verifier.verify(issued().text, at=at).certificate == report.certificate
    else:
        with pytest.raises(VaxcertError) as raised:
            verifier.verify(issued().text, at=at)
        assert (raised.value.code, raised.value.message) == (report.code, report.message)
    return report


def step(report: Report) -> tuple[str, str | None]:
    found = next(step for step in report.steps if step.name == "revocation")
    return str(found.status), found.code


# --- in a list -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "code", "words"),
    [
        (REVOKED, "revoked", "revoked"),
        (SUPERSEDED, "superseded", "superseded by a newer certificate"),
        (None, "revoked", "revoked"),
    ],
)
def test_what_a_list_names_is_rejected_with_its_reason(reason: RevocationReason | None, code: str, words: str) -> None:
    report = examined(says(reason))
    assert (report.outcome, report.code, report.message) == (Outcome.REJECTED, code, words)
    assert step(report) == ("failed", code)
    assert report.hint is not None


def test_the_instant_and_the_lists_age_stand_in_the_report() -> None:
    shown = examined(says(REVOKED, authority.AT - timedelta(hours=1))).to_dict()
    assert shown["message"] == "revoked at 2021-12-01T08:30Z"
    assert shown["revocation"] == {
        "as_of": "2021-12-01T09:30:00Z",
        "reason": "revoked",
        "at": "2021-12-01T08:30:00Z",
    }


def test_a_whole_key_is_told_as_such() -> None:
    everything = Listing(Revocation(reason=REVOKED, at=None, by_kid=True))
    assert examined(everything).message == "revoked, with all that its key signed"


def test_an_issuers_own_list_decides_offline() -> None:
    report = examined(own_list([issued().uvci]))
    assert (report.code, report.revocation and report.revocation.at) == ("revoked", moment(AS_OF - 60))
    assert examined(own_list(superseded=[issued().uvci])).code == "superseded"
    assert examined(own_list(["URN:UVCI:01:VN:ANOTHER"])).outcome is Outcome.VALID


@pytest.mark.parametrize(("since", "outcome"), [(0, "rejected"), (AS_OF, "rejected"), (AS_OF + 1, "valid")])
def test_a_rule_for_a_key_counts_from_its_instant(since: int, outcome: str) -> None:
    rule = KidRule(kid=KID, since=since, reason=REVOKED, at=AS_OF)
    assert examined(own_list(kid_rules=(rule,))).outcome == outcome


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("first", "second", "code", "reason"),
    [
        (REVOKED, SUPERSEDED, "revoked", REVOKED),
        (SUPERSEDED, None, "superseded", SUPERSEDED),
        (REVOKED, None, "revoked", REVOKED),
    ],
)
def test_of_several_lists_the_one_that_says_most_decides(
    first: RevocationReason, second: RevocationReason | None, code: str, reason: RevocationReason, order: int
) -> None:
    report = examined(*[says(first), Listing(), says(second)][::order])
    assert report.code == code
    assert report.revocation is not None
    assert report.revocation.reason is reason


def test_a_list_however_old_rejects() -> None:
    ancient = Listing(Revocation(reason=REVOKED, at=None), as_of=AT - timedelta(days=3650))
    assert examined(ancient, max_age=timedelta(days=1)).code == "revoked"


def test_a_revocation_counts_at_every_instant() -> None:
    later = says(REVOKED, AT + timedelta(days=30))
    assert examined(later).code == "revoked"


def test_expired_and_revoked_is_told_as_expired_and_both_are_shown() -> None:
    at = authority.AT + timedelta(days=366)
    report = examined(says(REVOKED), at=at)
    assert (report.code, step(report)) == ("expired", ("failed", "revoked"))
    with pytest.raises(ExpiredError):
        Verifier(TRUSTED, revocations=[says(REVOKED)]).verify(issued().text, at=at)


def test_an_unknown_signers_certificate_that_is_revoked_is_rejected() -> None:
    report = Verifier(TrustList(), revocations=[says(REVOKED)]).examine(issued().text, at=AT)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "revoked")


# --- in no list ----------------------------------------------------------------------------------------------------


def test_without_lists_nothing_is_asked() -> None:
    report = examined()
    assert (report.outcome, step(report), report.revocation) == (Outcome.VALID, ("skipped", None), None)
    assert report.to_dict()["revocation"] is None


def test_silence_of_a_list_passes_and_its_age_is_told() -> None:
    report = examined(Listing(as_of=AT - timedelta(days=9)), Listing(as_of=AT - timedelta(days=2)))
    assert (report.outcome, step(report)) == (Outcome.VALID, ("passed", None))
    assert report.to_dict()["revocation"] == {"as_of": "2021-11-30T09:30:00Z", "reason": None, "at": None}


@pytest.mark.parametrize(
    ("ages", "outcome"),
    [([7], "valid"), ([8], "undetermined"), ([8, 9], "undetermined"), ([8, 1], "valid"), ([-1], "valid")],
)
def test_the_newest_list_is_young_enough_or_nothing_is_known(ages: list[int], outcome: str) -> None:
    lists = [Listing(as_of=AT - timedelta(days=age)) for age in ages]
    report = examined(*lists, max_age=timedelta(days=7))
    assert report.outcome == outcome
    assert step(report) == (("passed", None) if outcome == "valid" else ("undetermined", "stale_revocation_list"))


def test_a_stale_list_is_told_with_its_date() -> None:
    old = Listing(as_of=AT - timedelta(days=8))
    with pytest.raises(StaleRevocationListError, match="is of 2021-11-24T09:30Z") as raised:
        Verifier(TRUSTED, policy=Policy(max_revocation_age=timedelta(days=7)), revocations=[old]).verify(
            issued().text, at=AT
        )
    assert raised.value.as_of == old.as_of


def test_a_list_of_other_signers_certificates_says_nothing() -> None:
    foreign = encoders.make_signer(country="XA")
    trusted = TrustList.of_certificates([foreign.der, authority.dsc().der or b""])
    text = encoders.Encoder(foreign).text()
    old = own_list()
    policy = Policy(max_revocation_age=timedelta())
    report = Verifier(trusted, policy=policy, revocations=[old]).examine(text, at=encoders.AT)
    assert (report.outcome, step(report), report.revocation) == (Outcome.VALID, ("skipped", None), None)


def test_a_list_damaged_after_the_loading_leaves_it_undetermined() -> None:
    report = examined(Damaged())
    assert (report.outcome, report.code) == (Outcome.UNDETERMINED, "invalid_revocation_list")


# --- what the lists are asked ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [KeyKind.EC_P256, KeyKind.RSA_2048])
def test_a_list_is_asked_by_every_hash(kind: KeyKind) -> None:
    certificate = issued(kind)
    listing = Listing()
    Verifier(TrustList(entries=(authority.dsc(kind),)), revocations=[listing]).verify(certificate.text, at=AT)
    signature = cose.parse(cbor.decode(certificate.cose)).signature
    signed = signature[:32] if kind is KeyKind.EC_P256 else signature
    (marks,) = listing.asked
    assert (marks.kid, marks.issued_at) == (certificate.kid.value, int(authority.AT.timestamp()))
    assert marks.hashes == {
        HashType.UCI: (sha256(certificate.uvci.encode()).digest(),),
        HashType.COUNTRYCODEUCI: (sha256(f"VN{certificate.uvci}".encode()).digest(),),
        HashType.SIGNATURE: (sha256(signed).digest(),),
    }


def test_both_ways_ask_the_same() -> None:
    straight, steps = Listing(), Listing()
    assert verify_plain(issued().text, TRUSTED, AT.timestamp(), (straight,)) is not None
    Verifier(TRUSTED, revocations=[steps]).examine(issued().text, at=AT)
    assert straight.asked == steps.asked


def test_the_straight_way_has_no_answer_to_what_is_listed() -> None:
    assert verify_plain(issued().text, TRUSTED, AT.timestamp(), (Listing(), says(None))) is None


def test_a_forged_certificate_is_not_told_as_revoked() -> None:
    text = encoders.Encoder(encoders.make_signer()).text()
    with pytest.raises(UnknownSignerError):
        Verifier(TRUSTED, revocations=[own_list([encoders.vaccination()["ci"]])]).verify(text, at=encoders.AT)


@pytest.mark.parametrize("ci", [..., 17, None])
def test_a_certificate_without_an_identifier_is_looked_up_by_its_signature(ci: object) -> None:
    listing = Listing()
    text = encoders.text_of(encoders.dcc(v=[encoders.vaccination(ci=ci)]))
    trusted = TrustList.of_certificates([encoders.signer().der])
    report = Verifier(trusted, revocations=[listing]).examine(text, at=encoders.AT)
    assert (report.code, step(report)[0]) == ("invalid_record", "passed")
    assert len(listing.asked[0].hashes[HashType.SIGNATURE]) == 1


@pytest.mark.parametrize("error", [RevokedError(None), SupersededError(None)])
def test_without_an_instant_none_is_made_up(error: VaxcertError) -> None:
    assert " at " not in error.message
