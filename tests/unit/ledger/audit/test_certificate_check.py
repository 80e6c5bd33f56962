"""Certificates that are what their leaves stand for: signatures, rows, times and revoked keys."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.audited_log import START, certificates, signer
from tests.unit.ledger.audit.test_times import anchor
from vaxcert.ledger.audit.certificate_check import CertificateCheck
from vaxcert.ledger.audit.findings import FindingCode, Findings
from vaxcert.ledger.audit.policy import AuditPolicy
from vaxcert.ledger.audit.times import AnchorTimes
from vaxcert.ledger.store.reader import CertificateRow, LoggedCertificate
from vaxcert.trust.trust_list import TrustList

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from vaxcert.ledger.audit.anchor import Anchor

OWN = signer().certificate
KID = OWN.kid.value
SECONDS = int(START.timestamp())
AT = START + timedelta(hours=1)


@pytest.fixture(scope="module")
def row() -> CertificateRow:
    """Return a certificate issued at START."""
    return certificates(1, at=START, seed=3)[0]


def judged(
    said: CertificateRow,
    *,
    trusted: TrustList | None = None,
    anchors: tuple[Anchor, ...] = (),
    revoked: Mapping[bytes, datetime] | None = None,
    columns: Mapping[str, object] | None = None,
) -> tuple[list[str], set[tuple[str, int | None]]]:
    """Judge the certificate at leaf 0, stored as it says or with other *columns*."""
    findings = Findings()
    check = CertificateCheck(
        findings,
        times=AnchorTimes(anchors, signed_at={}, policy=AuditPolicy(), at=AT),
        trust_list=trusted or TrustList(entries=(OWN,)),
        revoked_kids=revoked or {},
        at=AT,
    )
    stored = LoggedCertificate(0, *said)._replace(**columns or {})  # type: ignore[arg-type] # by their names
    check.judge(stored, said)
    return [finding.code.value for finding in findings.ordered()], {
        (item.code, item.count) for item in check.not_checked()
    }


def test_a_good_certificate_leaves_nothing_to_say(row: CertificateRow) -> None:
    assert judged(row) == ([], set())


def test_each_signer_with_its_kid_is_tried(row: CertificateRow) -> None:
    namesake = replace(signer("Somebody else's DSC").certificate, kid=OWN.kid)
    assert judged(row, trusted=TrustList(entries=(namesake, OWN))) == ([], set())


def test_a_namesake_alone_signed_nothing(row: CertificateRow) -> None:
    namesake = replace(signer("Somebody else's DSC").certificate, kid=OWN.kid)
    assert judged(row, trusted=TrustList(entries=(namesake,)))[0] == ["certificate_forged"]


def test_a_key_that_may_not_sign_payloads_signed_nothing(row: CertificateRow) -> None:
    assert judged(row, trusted=TrustList(entries=(replace(OWN, signs_payloads=False),)))[0] == ["certificate_forged"]


def test_a_signer_who_is_not_in_the_list_leaves_it_open(row: CertificateRow) -> None:
    found, unchecked = judged(row, trusted=TrustList())
    assert (found, unchecked) == ([], {("unknown_signer", 1)})


def test_many_unknown_kids_are_counted_together(row: CertificateRow) -> None:
    findings = Findings()
    check = CertificateCheck(
        findings,
        times=AnchorTimes((), signed_at={}, policy=AuditPolicy(), at=AT),
        trust_list=TrustList(),
        revoked_kids={},
        at=AT,
    )
    for number in range(30):
        said = row._replace(kid=bytes([number]) * 8)
        check.judge(LoggedCertificate(number, *said), said)
    counts = [item.count for item in check.not_checked()]
    assert sorted(counts, key=lambda count: count or 0) == [1] * 20 + [10]


@pytest.mark.parametrize(
    ("column", "value"),
    [("id", "another"), ("digest", b"x"), ("kid", b"x"), ("issued_at", 1), ("expires_at", 1)],
)
def test_a_column_that_says_otherwise_is_told(row: CertificateRow, column: str, value: object) -> None:
    assert judged(row, columns={column: value})[0] == ["certificate_changed"]


def test_a_stored_certificate_has_the_columns_of_a_certificate_after_its_leaf() -> None:
    assert LoggedCertificate._fields == ("leaf_index", *CertificateRow._fields)


@pytest.mark.parametrize(
    ("anchored", "found"),
    [(0, []), (-300, []), (-301, ["certificate_postdated"]), (86400, [])],
)
def test_a_certificate_is_not_younger_than_the_anchor_that_covers_it(
    row: CertificateRow, anchored: int, found: list[str]
) -> None:
    assert judged(row, anchors=(anchor(1, 10, SECONDS + anchored),))[0] == found


@pytest.mark.parametrize(
    ("revoked_after", "anchored_after", "found"),
    [(60, 60, []), (60, 61, ["revoked_kid_late"]), (60, 0, []), (-60, 0, ["revoked_kid_late"])],
)
def test_what_a_revoked_key_signed_is_believed_if_it_was_anchored_by_then(
    row: CertificateRow, revoked_after: int, anchored_after: int, found: list[str]
) -> None:
    revoked = {KID: START + timedelta(seconds=revoked_after)}
    assert judged(row, anchors=(anchor(1, 10, SECONDS + anchored_after),), revoked=revoked)[0] == found


@pytest.mark.parametrize(("revoked_at", "found"), [(AT, []), (AT - timedelta(seconds=1), ["revoked_kid_late"])])
def test_what_is_not_anchored_is_as_late_as_the_audit(
    row: CertificateRow, revoked_at: datetime, found: list[str]
) -> None:
    assert judged(row, revoked={KID: revoked_at})[0] == found


def test_another_key_s_revocation_is_nothing_to_it(row: CertificateRow) -> None:
    assert judged(row, revoked={b"another!": START - timedelta(days=1)})[0] == []


def test_nothing_that_is_told_of_a_certificate_is_its_holder_s(row: CertificateRow) -> None:
    findings = Findings()
    check = CertificateCheck(
        findings,
        times=AnchorTimes((anchor(1, 10, SECONDS - 999),), signed_at={}, policy=AuditPolicy(), at=AT),
        trust_list=TrustList(entries=(replace(OWN, signs_payloads=False),)),
        revoked_kids={KID: START - timedelta(days=1)},
        at=AT,
    )
    check.judge(LoggedCertificate(0, *row)._replace(id="another"), row)
    assert set(findings.counts) == {
        FindingCode.CERTIFICATE_FORGED,
        FindingCode.CERTIFICATE_CHANGED,
        FindingCode.CERTIFICATE_POSTDATED,
        FindingCode.REVOKED_KID_LATE,
    }
    told = "".join(str(finding.to_dict()) for finding in findings.ordered())
    assert row.id not in told
    assert "another" not in told
    assert row.cose.hex()[:40] not in told
