"""Findings: each code once, in the order of the recomputation, counted without end and kept up to a bound."""

from __future__ import annotations

import json

import pytest

from vaxcert.ledger.audit.findings import KEPT_PER_CODE, AuditFinding, FindingCode, Findings, Severity


def test_only_what_a_log_may_be_told_without_being_wrong_is_milder() -> None:
    milder = {code: code.severity for code in FindingCode if code.severity is not Severity.WRONG}
    assert milder == {
        FindingCode.CLOCK_SET_BACK: Severity.WARNING,
        FindingCode.ANCHOR_WITHDRAWN: Severity.WARNING,
        FindingCode.ENTRY_ERASED: Severity.INFORMATION,
    }


@pytest.mark.parametrize("code", FindingCode)
def test_each_code_says_what_it_means(code: FindingCode) -> None:
    assert code.meaning.endswith(".")
    assert code.name == code.value.upper()


def test_what_is_wrong_comes_before_what_is_not_and_causes_before_effects() -> None:
    findings = Findings()
    findings.add(FindingCode.ENTRY_ERASED, "erased", index=1)
    findings.add(FindingCode.ANCHOR_WITHDRAWN, "withdrawn", seq=1)
    findings.add(FindingCode.HISTORY_REWRITTEN, "rewritten", size=200, seq=2)
    findings.add(FindingCode.HISTORY_REWRITTEN, "rewritten", size=100)
    findings.add(FindingCode.TILE_CHANGED, "tile", index=9)
    findings.add(FindingCode.CERTIFICATE_FORGED, "forged", index=30)
    findings.add(FindingCode.CERTIFICATE_FORGED, "forged", index=4)
    assert [(finding.code.value, finding.index, finding.size) for finding in findings.ordered()] == [
        ("certificate_forged", 4, None),
        ("certificate_forged", 30, None),
        ("tile_changed", 9, None),
        ("history_rewritten", None, 100),
        ("history_rewritten", None, 200),
        ("anchor_withdrawn", None, None),
        ("entry_erased", 1, None),
    ]


def test_past_the_bound_findings_are_counted_and_not_kept() -> None:
    findings = Findings()
    for index in range(KEPT_PER_CODE + 5):
        findings.add(FindingCode.ENTRY_ERASED, "erased", index=index)
    findings.add(FindingCode.TILE_CHANGED, "tile", index=0)
    assert len(findings.ordered()) == KEPT_PER_CODE + 1
    assert findings.counts == {FindingCode.ENTRY_ERASED: KEPT_PER_CODE + 5, FindingCode.TILE_CHANGED: 1}


def test_evidence_is_json_with_bytes_in_hexadecimal() -> None:
    findings = Findings()
    findings.add(FindingCode.SALT_CHANGED, "a salt", index=3, digest=b"\xab\xcd", note_hash=None, level=1, at="2026")
    shown = findings.ordered()[0].to_dict()
    assert (
        json.loads(json.dumps(shown))
        == shown
        == {
            "code": "salt_changed",
            "severity": "wrong",
            "message": "a salt",
            "index": 3,
            "size": None,
            "seq": None,
            "evidence": {"digest": "abcd", "note_hash": None, "level": 1, "at": "2026"},
        }
    )


def test_a_finding_cannot_be_changed() -> None:
    finding = AuditFinding(code=FindingCode.TILE_CHANGED, message="tile")
    with pytest.raises(AttributeError):
        finding.message = "nothing"  # type: ignore[misc]
