from __future__ import annotations

import json
from datetime import UTC, datetime
from math import inf, nan

import pytest

from tests.faults import encoders
from tests.faults.broken import BROKEN
from tests.faults.encoders import AT, Case, Encoder, dcc, signer, vaccination
from vaxcert.codec import cbor
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome, Report, SignerIdentity, Status, Step, Warning_, json_value
from vaxcert.verify.verifier import Verifier

KEYS = [
    "source",
    "format",
    "outcome",
    "code",
    "message",
    "hint",
    "steps",
    "signer",
    "warnings",
    "issued_at",
    "expires_at",
    "certificate",
    "payload",
    "revocation",
    "ledger",
]


def examined(text: str) -> Report:
    return Verifier(TrustList.of_certificates([signer().der])).examine(text, at=AT)


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_every_report_has_the_same_keys_and_is_json(case: Case) -> None:
    shown = Verifier(TrustList.of_certificates([case.dsc()])).examine(case.text(), at=AT).to_dict()
    assert list(shown) == KEYS
    assert json.loads(json.dumps(shown, allow_nan=False)) == shown


def test_a_valid_report_in_full() -> None:
    shown = examined(Encoder().text()).to_dict()
    assert (shown["outcome"], shown["code"], shown["hint"], shown["warnings"]) == ("valid", None, None, [])
    assert (shown["issued_at"], shown["expires_at"]) == ("2026-10-23T08:00:00Z", "2027-10-23T08:00:00Z")
    assert shown["payload"] == dcc()
    assert shown["signer"] == {
        "kid": encoders.kid_text(signer()),
        "country": "VN",
        "subject": "C=VN, CN=Invented DSC",
    }


def test_a_step_shows_a_code_only_where_it_has_one() -> None:
    assert Step("prefix", Status.PASSED).to_dict() == {"name": "prefix", "status": "passed"}
    failed = Step("validity", Status.FAILED, "expired", "expired at noon").to_dict()
    assert failed == {"name": "validity", "status": "failed", "code": "expired", "message": "expired at noon"}


def test_warnings_and_signer_are_shown_by_their_fields() -> None:
    report = Report(
        outcome=Outcome.VALID,
        code=None,
        message="",
        steps=(),
        source="card.png",
        signer=SignerIdentity(kid="AAAA"),
        warnings=(Warning_("odd", "something is odd"),),
        issued_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    )
    shown = report.to_dict()
    assert shown["source"] == "card.png"
    assert shown["signer"] == {"kid": "AAAA", "country": None, "subject": None}
    assert shown["warnings"] == [{"code": "odd", "message": "something is odd"}]
    assert (shown["issued_at"], shown["expires_at"]) == ("2026-01-02T03:04:05Z", None)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        ("Nguyễn", "Nguyễn"),
        (2**64, 2**64),
        (1.5, 1.5),
        (nan, "nan"),
        (inf, "inf"),
        (-inf, "-inf"),
        (b"\xff\x00", "/wA="),
        ((1, [b""]), [1, [""]]),
        ({1: {b"k": nan}, "a": ()}, {"1": {"b'k'": "nan"}, "a": []}),
        (cbor.Tag(999, "x"), "CBORTag"),
        (object(), "object"),
    ],
)
def test_what_json_has_no_word_for_becomes_text(value: object, shown: object) -> None:
    assert json_value(value) == shown
    json.dumps(json_value(value), allow_nan=False)


def test_an_odd_number_in_a_certificate_does_not_cost_the_report() -> None:
    report = examined(encoders.text_of(dcc(v=[vaccination(dn=nan, sd=inf)])))
    assert report.code == "invalid_record"
    shown = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert shown["certificate"]["doses"][0]["dose_number"] == "nan"
    assert shown["payload"]["v"][0]["sd"] == "inf"
