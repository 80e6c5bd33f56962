"""Counts: they add up, and no file makes them large."""

from __future__ import annotations

import pickle

import pytest

from vaxcert.service import verification_summary
from vaxcert.service.verification_summary import OTHERS, CountedIssuer, Summary, largest
from vaxcert.verify.report import Outcome

VN = CountedIssuer("VN", "AAAA", "VN", "C=VN, CN=One", is_proven=True)
DE = CountedIssuer.claimed("DE", "BBBB")


def filled() -> Summary:
    summary = Summary()
    summary.count(VN, Outcome.VALID, 5)
    summary.count(VN, Outcome.REJECTED)
    summary.count(DE, Outcome.UNDETERMINED, 2)
    summary.reasons.update(expired=1, unknown_signer=2)
    summary.warnings.update(unknown_code=3)
    return summary


def test_every_table_adds_up_to_the_total() -> None:
    summary = filled()
    assert summary.total == 8
    for table in (summary.countries, summary.issuers):
        assert sum(outcomes.total() for outcomes in table.values()) == 8
    assert summary.outcomes.total() - summary.outcomes[Outcome.VALID] == summary.reasons.total()


def test_nothing_is_counted_at_first() -> None:
    assert Summary().total == 0
    assert Summary().to_dict() == {
        "total": 0,
        "outcomes": {"valid": 0, "rejected": 0, "undetermined": 0},
        "reasons": {},
        "warnings": {},
        "countries": [],
        "issuers": [],
    }


def test_json_has_the_largest_first_and_every_outcome() -> None:
    shown = filled().to_dict()
    assert shown["reasons"] == {"unknown_signer": 2, "expired": 1}
    assert list(filled().reasons) != list(shown["reasons"])
    assert shown["countries"] == [
        {"country": "VN", "valid": 5, "rejected": 1, "undetermined": 0},
        {"country": None, "valid": 0, "rejected": 0, "undetermined": 2},
    ]
    names = {"issuer": "DE", "kid": "BBBB", "country": None, "subject": None, "proven": False}
    issuers = shown["issuers"]
    assert isinstance(issuers, list)
    assert issuers[1] == {**names, "valid": 0, "rejected": 0, "undetermined": 2}


def test_summaries_of_parts_are_the_summary_of_all() -> None:
    total = Summary()
    for _ in range(3):
        total.add(pickle.loads(pickle.dumps(filled())))
    once = filled()
    assert total.outcomes == {Outcome.VALID: 15, Outcome.REJECTED: 3, Outcome.UNDETERMINED: 6}
    assert total.reasons == {"expired": 3, "unknown_signer": 6}
    assert total.warnings == {"unknown_code": 9}
    assert list(total.countries) == list(once.countries)
    assert total.issuers == {VN: {Outcome.VALID: 15, Outcome.REJECTED: 3}, DE: {Outcome.UNDETERMINED: 6}}


def test_issuers_beyond_the_bound_are_counted_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification_summary, "MAX_ISSUERS", 3)
    summary, part = Summary(), Summary()
    for number in range(10):
        summary.count(CountedIssuer.claimed("XX", str(number)), Outcome.UNDETERMINED)
        part.count(CountedIssuer.claimed("YY", str(number)), Outcome.REJECTED)
    summary.add(part)
    assert len(summary.issuers) == 4
    assert summary.issuers[OTHERS] == {Outcome.UNDETERMINED: 7, Outcome.REJECTED: 10}
    assert summary.total == 20
    assert largest(summary.issuers)[0][0] == OTHERS


@pytest.mark.parametrize(("issuer", "kid"), [(None, None), ("", ""), ("V" * 60_000, "A" * 60_000)])
def test_of_what_nobody_vouches_for_only_a_start_is_kept(issuer: str | None, kid: str | None) -> None:
    counted = CountedIssuer.claimed(issuer, kid)
    assert (counted.issuer, counted.kid) == (issuer and "V" * 80, kid and "A" * 80)
    assert (counted.country, counted.subject, counted.is_proven) == (None, None, False)
