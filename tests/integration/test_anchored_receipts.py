"""Receipts that lead to a chain: what a verifier without a node makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.kept_ledger import log_certificates
from vaxcert.issue.issuer import Issuer
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.demo_ledger import DemoLedger
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.log_description import LogDescription, read_description
from vaxcert.service.proving import Prover
from vaxcert.service.sample import sample_records
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.pem import PemSigner
from vaxcert.trust.dsc import Dsc
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome, Report
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from vaxcert.ledger.log.receipt import Receipt

NOW = datetime.now(UTC)


class Anchored:
    """Two certificates in a log whose head stands on the chain in this process."""

    def __init__(self, folder: Path, signer: PemSigner) -> None:
        issuer = Issuer(signer, country="VN", issuer="An invented authority", validity=timedelta(days=30))
        records = [VaccinationRecord.from_mapping(row) for row in sample_records(2, seed=5)]
        certificates = [issuer.issue(record, at=NOW) for record in records]
        ledger = DemoLedger.create(folder, at=NOW)
        log_certificates(folder, certificates)
        ledger.anchor(at=NOW)
        self.texts = [certificate.text for certificate in certificates]
        self.log = read_description(LedgerFolder(folder).description)
        with Prover.open(folder) as prover:
            self.receipts = [prover.prove(certificate.uvci).receipt for certificate in certificates]


@pytest.fixture(scope="module")
def signer() -> PemSigner:
    csca = create_csca(country="VN", common_name="Invented CSCA", at=NOW - timedelta(days=1))
    pair = create_dsc(csca, common_name="Invented DSC", usages=tuple(CertificateType), at=NOW - timedelta(days=1))
    return PemSigner(pair.private_key, Dsc.of_certificate(pair.certificate))


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory, signer: PemSigner) -> Anchored:
    return Anchored(tmp_path_factory.mktemp("anchored") / "ledger", signer)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, signer: PemSigner) -> Anchored:
    """Return another log, on another chain, with the same name."""
    return Anchored(tmp_path_factory.mktemp("other") / "ledger", signer)


def examined(text: str, receipt: Receipt, logs: Sequence[LogDescription], signer: PemSigner) -> Report:
    verifier = Verifier(TrustList(entries=(signer.certificate,)), logs=logs)
    return verifier.examine(text, at=NOW, receipt=receipt.to_cbor())


def test_an_anchor_is_told_as_a_claim_with_its_block(anchored: Anchored, signer: PemSigner) -> None:
    report = examined(anchored.texts[0], anchored.receipts[0], [anchored.log], signer)
    assert report.outcome is Outcome.VALID
    assert report.logged is not None
    claimed = report.logged.claimed_anchor
    assert claimed is not None
    slack = timedelta(minutes=1)  # of the node's clock
    assert NOW - slack < claimed.at < datetime.now(UTC) + slack  # it was anchored since this file was read
    shown = report.logged.to_dict()["claimed_anchor"]
    assert isinstance(shown, dict)
    assert shown["block_hash"] == f"0x{claimed.block_hash.hex()}"


def test_without_a_pinned_chain_an_anchor_is_not_looked_at(anchored: Anchored, signer: PemSigner) -> None:
    log = replace(anchored.log, chain=None)
    report = examined(anchored.texts[0], replace(anchored.receipts[0], anchor=b"anything"), [log], signer)
    assert report.outcome is Outcome.VALID
    assert report.logged is not None
    assert report.logged.claimed_anchor is None


def test_of_two_logs_with_one_name_the_one_that_signed_is_taken(
    anchored: Anchored, other: Anchored, signer: PemSigner
) -> None:
    assert anchored.log.origin == other.log.origin
    report = examined(anchored.texts[1], anchored.receipts[1], [other.log, anchored.log], signer)
    assert report.outcome is Outcome.VALID


@pytest.mark.parametrize("anchor", [b"", b"\x80", b"nonsense"])
def test_a_malformed_anchor_condemns_the_receipt(anchored: Anchored, signer: PemSigner, anchor: bytes) -> None:
    report = examined(anchored.texts[0], replace(anchored.receipts[0], anchor=anchor), [anchored.log], signer)
    assert (report.outcome, report.logged) == (Outcome.REJECTED, None)


def test_an_anchor_on_another_chain_condemns_the_receipt(
    anchored: Anchored, other: Anchored, signer: PemSigner
) -> None:
    swapped = replace(anchored.receipts[0], anchor=other.receipts[0].anchor)
    report = examined(anchored.texts[0], swapped, [anchored.log], signer)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "receipt_invalid")
    assert "another chain" in report.message


def test_an_anchor_of_another_tree_condemns_the_receipt(anchored: Anchored, other: Anchored, signer: PemSigner) -> None:
    # The other log's chain is pinned for this log, as an insider could make believe: its roots are still others.
    swapped = replace(anchored.receipts[0], anchor=other.receipts[0].anchor)
    log = replace(anchored.log, chain=other.log.chain)
    report = examined(anchored.texts[0], swapped, [log], signer)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "receipt_invalid")
    assert "another tree" in report.message
