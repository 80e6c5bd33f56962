"""Certificates that are sealed: with their issuer's secret audited as any, without it counted and never called good."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.audited_log import START, certificates, make_file_log, signer
from tests.sealed_rows import SECRET, seal_stored, sealed
from vaxcert.ledger.audit.findings import FindingCode, Severity
from vaxcert.ledger.audit.report import AuditOutcome
from vaxcert.ledger.store.sealed import opener_of
from vaxcert.signing.issuer_secret import IssuerSecret

if TYPE_CHECKING:
    from pathlib import Path

    from tests.audited_log import AuditedLog
    from vaxcert.ledger.audit.report import AuditReport

OPENER = opener_of(SECRET)
SEALED = (1, 2, 3, 5)
ENTRIES = 7


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> AuditedLog:
    log = make_file_log(tmp_path_factory.mktemp("sealed") / "log", batches=(4, 3))
    seal_stored(log.folder, *SEALED)
    return log


@pytest.fixture
def log(made: AuditedLog, tmp_path: Path) -> AuditedLog:
    return made.copy(tmp_path / "log")


def checked(report: AuditReport, name: str) -> int:
    return next(item.count for item in report.checked if item.name == name)


def left_out(report: AuditReport) -> dict[str, int | None]:
    return {item.code: item.count for item in report.not_checked}


def wrong(report: AuditReport) -> list[tuple[FindingCode, int | None]]:
    return [(finding.code, finding.index) for finding in report.findings if finding.severity is Severity.WRONG]


def store(log: AuditedLog, leaf: int, content: bytes) -> None:
    log.sql("UPDATE certificate SET cose = ? WHERE leaf_index = ?", content, leaf)


def id_of(log: AuditedLog, leaf: int) -> str:
    return str(log.sql("SELECT id FROM certificate WHERE leaf_index = ?", leaf)[0][0])


# With the issuer's secret.


def test_what_is_opened_is_audited_as_any_certificate(log: AuditedLog) -> None:
    report = log.audit(opener=OPENER)
    assert report.findings == ()
    assert checked(report, "certificates") == checked(report, "signatures") == ENTRIES
    assert "sealed" not in left_out(report)
    assert report.summary().endswith("anchored")


def test_a_certificate_that_nobody_signed_is_found_under_its_seal(log: AuditedLog) -> None:
    (stranger,) = certificates(1, at=START, seed=9, by=signer("A stranger"))
    store(log, 2, sealed(stranger, about=id_of(log, 2)).cose)
    assert wrong(log.audit(opener=OPENER)) == [(FindingCode.CERTIFICATE_FORGED, 2)]


def test_a_column_that_was_changed_is_found_beside_a_seal(log: AuditedLog) -> None:
    log.sql("UPDATE certificate SET issued_at = issued_at - 1 WHERE leaf_index = 2")
    assert wrong(log.audit(opener=OPENER)) == [(FindingCode.CERTIFICATE_CHANGED, 2)]


@pytest.mark.parametrize("leaf", [1, 0], ids=["sealed", "in the clear before"])
def test_what_does_not_open_is_forged(log: AuditedLog, leaf: int) -> None:
    store(log, leaf, bytes(400))
    report = log.audit(opener=OPENER)
    assert wrong(report) == [(FindingCode.CERTIFICATE_FORGED, leaf)]
    assert "does not open" in report.findings[0].message


def test_a_seal_of_another_row_does_not_open(log: AuditedLog) -> None:
    ((other,),) = log.sql("SELECT cose FROM certificate WHERE leaf_index = 3")
    store(log, 2, other)
    assert wrong(log.audit(opener=OPENER)) == [(FindingCode.CERTIFICATE_FORGED, 2)]


def test_another_issuers_secret_opens_nothing(log: AuditedLog) -> None:
    report = log.audit(opener=opener_of(IssuerSecret.create()))
    assert wrong(report) == [(FindingCode.CERTIFICATE_FORGED, leaf) for leaf in SEALED]


# Without it.


def test_what_is_not_opened_is_counted_and_decides_nothing(log: AuditedLog) -> None:
    report = log.audit()
    assert report.findings == ()
    assert checked(report, "entries") == ENTRIES
    assert checked(report, "certificates") == checked(report, "signatures") == ENTRIES - len(SEALED)
    assert left_out(report)["sealed"] == len(SEALED)
    assert report.summary().endswith(f"certificates: {len(SEALED)} sealed, not looked into")
    assert report.outcome is log.audit(opener=OPENER).outcome is not AuditOutcome.WRONG
    assert [kind.is_balanced for kind in report.kinds] == [True]


@pytest.mark.parametrize("content", [b"\0", b"\0" * 44, bytes(200_000)], ids=len)
def test_what_cannot_be_sealed_is_forged_for_everybody(log: AuditedLog, content: bytes) -> None:
    store(log, 2, content)
    assert wrong(log.audit()) == [(FindingCode.CERTIFICATE_FORGED, 2)]


def test_another_digest_in_a_row_is_told_without_opening_it(log: AuditedLog) -> None:
    log.sql("UPDATE certificate SET digest = zeroblob(32) WHERE leaf_index = 2")
    assert wrong(log.audit()) == [(FindingCode.CERTIFICATE_FORGED, 2)]


def test_a_missing_row_is_told_among_sealed_ones(log: AuditedLog) -> None:
    log.sql("DELETE FROM certificate WHERE leaf_index = 2")
    assert wrong(log.audit()) == [(FindingCode.CERTIFICATE_MISSING, 2)]


@pytest.mark.parametrize(
    ("column", "width", "found"),
    [("salts", 16, FindingCode.SALT_CHANGED), ("digests", 32, FindingCode.ENTRY_CHANGED)],
)
def test_a_salt_or_digest_that_was_changed_is_told_without_opening_it(
    log: AuditedLog, column: str, width: int, found: FindingCode
) -> None:
    ((packed,),) = log.sql(f"SELECT {column} FROM segment WHERE first = 0")
    changed = packed[: 2 * width] + bytes(width) + packed[3 * width :]
    log.sql(f"UPDATE segment SET {column} = ? WHERE first = 0", changed)
    assert wrong(log.audit()) == [(found, 2)]


def test_an_export_has_them_sealed_too(log: AuditedLog, tmp_path: Path) -> None:
    log.export(tmp_path / "export")
    report = log.audit_export(tmp_path / "export")
    assert report.findings == ()
    assert left_out(report)["sealed"] == len(SEALED)
    assert "sealed" not in left_out(log.audit_export(tmp_path / "export", opener=OPENER))
