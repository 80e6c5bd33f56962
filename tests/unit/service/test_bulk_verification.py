"""Many certificates: the same verdicts as one by one, counted or shown, with any number of processes."""

from __future__ import annotations

import gzip
import json
import os
import signal
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.faults.encoders import (
    AT,
    Encoder,
    claims,
    covid_test,
    dcc,
    kid_text,
    make_signer,
    signer,
    text_of,
    text_of_claims,
    vaccination,
)
from vaxcert.codec import qr
from vaxcert.service import line_blocks
from vaxcert.service.bulk_verification import BulkVerifier, size_of
from vaxcert.service.receipts import ReceiptBook
from vaxcert.service.verification import verify_source
from vaxcert.service.verification_summary import CountedIssuer, Summary
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.policy import Policy
from vaxcert.verify.report import Outcome, Report
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")  # the runner's

TRUST_LIST = TrustList.of_certificates([signer().der])
VERIFIER = Verifier(TRUST_LIST)
STRANGER = make_signer()

VALID = Encoder().text()
MIXED = [
    VALID,
    f" {VALID}",
    text_of(dcc(meta=1)),
    text_of(dcc(v=..., t=[covid_test()])),
    text_of_claims(claims(exp=int(AT.timestamp()) - 1)),
    text_of_claims(claims(iss="FR")),
    Encoder(signature=lambda _, to_be_signed: STRANGER.sign(to_be_signed)).text(),
    Encoder(STRANGER).text(),
    text_of_claims(claims(iss="XX", exp=1), STRANGER),
    text_of_claims({4: 1}),
    json.dumps({"text": VALID}),
    "rubbish",
    "HC1:",
    '{"a": 1}',
]
CODES = Counter(
    {
        "expired": 2,
        "bad_signature": 1,
        "unknown_signer": 1,
        "invalid_claim": 1,
        "unknown_prefix": 2,
        "invalid_zlib": 1,
    }
)
PROVEN = CountedIssuer("VN", kid_text(signer()), "VN", "C=VN, CN=Invented DSC", is_proven=True)


@pytest.fixture
def mixed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return a file of many kinds of certificates, read in small blocks."""
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", 2000)
    path = tmp_path / "mixed.txt"
    path.write_text("\n".join(MIXED) + "\n")
    return str(path)


def summary_of(bulk: BulkVerifier, *sources: str) -> Summary:
    total = Summary()
    for part in bulk.summarise(sources):
        total.add(part.summary)
    return total


def seen(report: Report) -> tuple[object, ...]:
    return report.source, report.outcome, report.code, report.message, [warning.code for warning in report.warnings]


def all_seen(reports: Sequence[Report]) -> list[tuple[object, ...]]:
    return list(map(seen, reports))


@pytest.mark.parametrize("workers", [1, 2])
def test_the_counts_are_those_of_the_single_verdicts(mixed: str, workers: int) -> None:
    summary = summary_of(BulkVerifier(VERIFIER, at=AT, workers=workers), mixed)
    reports = list(verify_source(mixed, VERIFIER, at=AT))
    assert summary.outcomes == Counter(report.outcome for report in reports)
    assert summary.reasons == Counter(report.code for report in reports if report.code) == CODES
    assert summary.warnings == Counter(warning.code for report in reports for warning in report.warnings)
    assert summary.total == len(MIXED)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_issuer_is_proven_by_the_signature_alone(mixed: str, workers: int) -> None:
    summary = summary_of(BulkVerifier(VERIFIER, at=AT, workers=workers), mixed)
    assert summary.issuers == {
        PROVEN: {Outcome.VALID: 5, Outcome.REJECTED: 1},
        PROVEN._replace(issuer="FR"): {Outcome.VALID: 1},
        PROVEN._replace(issuer=None): {Outcome.REJECTED: 1},  # signed, and no claims that can be read
        CountedIssuer.claimed("VN", kid_text(signer())): {Outcome.REJECTED: 1},  # the signature does not hold
        CountedIssuer.claimed("VN", kid_text(STRANGER)): {Outcome.UNDETERMINED: 1},
        CountedIssuer.claimed("XX", kid_text(STRANGER)): {Outcome.REJECTED: 1},
        CountedIssuer.claimed(None, None): {Outcome.REJECTED: 3},
    }
    assert summary.countries == {
        "VN": {Outcome.VALID: 6, Outcome.REJECTED: 2},
        None: {Outcome.REJECTED: 5, Outcome.UNDETERMINED: 1},
    }


def test_two_signers_of_one_kid_are_told_apart(tmp_path: Path) -> None:
    kid = signer().kid
    other = make_signer(country="AT")
    entries = TrustList.of_certificates([signer().der, other.der]).entries
    renamed = type(entries[1]).of_der(other.der, kid=entries[0].kid)
    (tmp_path / "two").write_text(
        f"{VALID}\n{Encoder(other, protected=lambda _: Encoder(signer()).protected()).text()}\n"
    )
    bulk = BulkVerifier(Verifier(TrustList(entries=(entries[0], renamed))), at=AT)
    summary = summary_of(bulk, str(tmp_path / "two"))
    assert {issuer.country: issuer.is_proven for issuer in summary.issuers} == {"VN": True, "AT": True}
    assert len({issuer.kid for issuer in summary.issuers}) == 1
    assert kid == renamed.kid.value


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_the_reports_come_in_the_order_of_the_sources(mixed: str, tmp_path: Path, workers: int) -> None:
    picture = tmp_path / "card.png"
    picture.write_bytes(qr.to_png(qr.encode(VALID)))
    packed = tmp_path / "mixed.gz"
    packed.write_bytes(gzip.compress("\n".join(MIXED).encode()))
    sources = [VALID, mixed, str(picture), "missing.txt", str(packed), "rubbish"]
    expected = [seen(report) for source in sources for report in verify_source(source, VERIFIER, at=AT)]
    shown = BulkVerifier(VERIFIER, at=AT, workers=workers).show(sources, all_seen)
    assert [each for block in shown for each in block] == expected


@pytest.mark.parametrize("workers", [1, 2])
def test_each_failure_is_shown_in_order_and_nothing_valid(mixed: str, workers: int) -> None:
    bulk = BulkVerifier(VERIFIER, at=AT, workers=workers)
    parts = list(bulk.summarise([mixed], show_failure=lambda report: json.dumps(report.to_dict()).encode()))
    failures = [json.loads(failure) for part in parts for failure in part.failures]
    expected = [report.to_dict() for report in verify_source(mixed, VERIFIER, at=AT) if report.code is not None]
    assert failures == json.loads(json.dumps(expected))
    assert len(parts) > 2


def test_without_a_wish_for_them_no_failure_is_shown(mixed: str) -> None:
    assert not any(part.failures for part in BulkVerifier(VERIFIER, at=AT).summarise([mixed]))


@pytest.mark.parametrize("workers", [1, 2])
def test_it_is_told_how_far_the_reading_has_come(mixed: str, tmp_path: Path, workers: int) -> None:
    picture = tmp_path / "card.png"
    picture.write_bytes(qr.to_png(qr.encode(VALID)))
    sources = [mixed, str(picture), mixed]
    parts = list(BulkVerifier(VERIFIER, at=AT, workers=workers).summarise(sources))
    positions = [part.bytes_read for part in parts]
    assert positions == sorted(positions)
    assert positions[-1] == size_of(sources)


@pytest.mark.parametrize("source", ["-", VALID, "missing.txt", "", "a\0b", "a" * 5000])
def test_how_much_there_is_to_read_is_known_of_files_alone(mixed: str, source: str) -> None:
    assert size_of([mixed]) == len("\n".join(MIXED)) + 1
    assert size_of([mixed, source]) is None


def test_receipts_are_looked_up_in_every_worker(tmp_path: Path) -> None:
    uvci = "URN:UVCI:01:VN:WITHRECEIPT#V"
    with_receipt = text_of(dcc(v=[vaccination(ci=uvci)]))
    (tmp_path / "two").write_text(f"{VALID}\n{with_receipt}\n")
    verifier = Verifier(TRUST_LIST, policy=Policy(require_receipt=True))
    for workers in (1, 2):
        bulk = BulkVerifier(verifier, at=AT, receipts=ReceiptBook({uvci: b"no receipt"}), workers=workers)
        summary = summary_of(bulk, str(tmp_path / "two"))
        assert summary.reasons == {"receipt_missing": 1, "receipt_invalid": 1}


def test_a_worker_that_is_killed_changes_no_count(mixed: str, tmp_path: Path) -> None:
    told: list[str] = []

    def show_or_die(report: Report) -> bytes:
        if report.code == "expired" and not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return b""

    total = Summary()
    bulk = BulkVerifier(VERIFIER, at=AT, workers=2)
    for part in bulk.summarise([mixed], show_failure=show_or_die, on_loss=told.append):
        total.add(part.summary)
    assert total == summary_of(BulkVerifier(VERIFIER, at=AT), mixed)
    assert told == ["signal 9"]
