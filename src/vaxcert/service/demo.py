"""The main job on invented records, from a CSV to verdicts on scanned pictures and an audit of the ledger."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from vaxcert.codec import cbor, cose, hc1, qr
from vaxcert.codec.cwt import Claims
from vaxcert.issue.card import render_cards
from vaxcert.issue.documents import card_of
from vaxcert.issue.issuer import Issuer
from vaxcert.ledger.audit.findings import FindingCode
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import FIELDS_OF
from vaxcert.model.records import VaccinationRecord
from vaxcert.service.batch.issue import Order, Watch, issue_batch
from vaxcert.service.batch.sequencer import Mode
from vaxcert.service.batch.workbench import Plan, Workbench
from vaxcert.service.demo_keys import make_demo_keys
from vaxcert.service.demo_ledger import DemoLedger
from vaxcert.service.files import whole_folder
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.log_description import read_description
from vaxcert.service.receipts import ReceiptBook
from vaxcert.service.record_files import read_rows
from vaxcert.service.sample import sample_records, write_csv
from vaxcert.service.signers import ISSUER_SECRET
from vaxcert.service.verification import verify_source
from vaxcert.signing.issuer_secret import IssuerSecret
from vaxcert.signing.keystore import Keystore
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.policy import Policy
from vaxcert.verify.report import Outcome
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from vaxcert.ledger.audit.report import AuditReport
    from vaxcert.signing.signer import Signer
    from vaxcert.verify.report import Report

RECORDS = 120
PRINTED_CARDS = 12
LAPSED_BEFORE = timedelta(days=3)
"""When the expired certificate was issued, for a day."""

_COUNTRY, _ISSUER = "VN", "Sample authority, not a real one"
_VALIDITY = timedelta(days=90)


@dataclass(slots=True)
class Demo:
    """What the demo did."""

    folder: Path
    issued: int = 0
    verified: int = 0
    refused: list[Report] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What did not go as it must; empty when the demo succeeded."""


def run_demo(folder: Path, *, at: datetime, say: Callable[[str], None]) -> Demo:
    """Fill the new *folder* with keys, records, certificates, pictures and cards, scan and verify them all.

    Raises:
        StorageError: The folder exists and is not empty, or cannot be written.
    """
    demo = Demo(folder)
    with whole_folder(folder) as work:
        say(f"keys: a CSCA and a DSC of an invented authority, encrypted, in {folder / 'keys'}")
        signer = _make_keys(work, at)
        say(f"records: {RECORDS} invented vaccinations in {folder / 'records.csv'}")
        with (work / "records.csv").open("w", encoding="utf-8", newline="") as stream:
            write_csv(stream, sample_records(RECORDS, seed=at.year))
        ledger = DemoLedger.create(work / "ledger", at=at)
        (work / "keys" / "log-passphrase.txt").write_bytes(ledger.passphrase + b"\n")
        secret = _issue(work, demo, signer, ledger, at)
        say(f"issued: {demo.issued} certificates, as text, QR pictures and {PRINTED_CARDS} printable cards")
        _spoil(work, signer, at)
        say(f"ledger: {demo.issued} leaves in its log; a signed head of it is on {ledger.anchor(at=at)}")
        ledger.write_receipts(work / "receipts.jsonl")
        trust_list = TrustList.load(work / "trust")
        description = read_description(LedgerFolder(ledger.folder).description)
        _scan(work, demo, Verifier(trust_list, policy=Policy(require_receipt=True), logs=[description]), at)
        say(f"scanned and verified: {demo.verified} of {demo.issued} pictures, each with its receipt")
        for report in demo.refused:
            say(f"refused: {Path(report.source or '').name}: {report.message} [{report.code}]")
        clean = ledger.audit(trust_list, secret, at=at)
        forged = ledger.forged_copy(work / "forged-ledger").audit(trust_list, secret, at=at)
        for line in _judge(demo, clean, forged):
            say(line)
    return demo


def _make_keys(work: Path, at: datetime) -> Signer:
    passphrase = make_demo_keys(work, at=at)
    keystore = Keystore(work / "keys")
    dsc = keystore.choose(at=at, usage=CertificateType.VACCINATION)
    return keystore.load_signer(dsc.kid, passphrase)


def _issuer(signer: Signer, validity: timedelta = _VALIDITY) -> Issuer:
    return Issuer(signer, country=_COUNTRY, issuer=_ISSUER, validity=validity)


def _issue(work: Path, demo: Demo, signer: Signer, ledger: DemoLedger, at: datetime) -> IssuerSecret:
    kind = CertificateType.VACCINATION
    secret = IssuerSecret.create()
    (work / "keys" / ISSUER_SECRET).write_bytes(secret.to_pem((work / "keys" / "passphrase.txt").read_bytes().strip()))
    plan = Plan(kind=kind, country=_COUNTRY, issuer=_ISSUER, validity=_VALIDITY, level=9, formats=("jsonl", "png"))
    bench = Workbench(plan, signer, secret)
    rows = read_rows(str(work / "records.csv"), FIELDS_OF[kind])
    order = Order(mode=Mode.ISSUE, out=work / "certificates", rows=((row, None) for row in rows), ledger=ledger.folder)
    tally = issue_batch(order, bench, lambda chunks: map(bench.work, chunks), Watch(clock=lambda: at)).tally
    demo.issued = tally.issued
    if tally.rejected:
        demo.problems.append(f"{tally.rejected} invented records were rejected")
    # Of citizens: the cards' face lacks some of the scripts in which foreigners write their names.
    citizens = (row for row in sample_records(RECORDS, seed=at.year) if row["nationality"] == _COUNTRY)
    records = [VaccinationRecord.from_mapping(row) for row in islice(citizens, PRINTED_CARDS)]
    cards = [card_of(record, bench.issuer.issue(record, at=at)) for record in records]
    (work / "cards.pdf").write_bytes(render_cards(cards))
    return secret


def _spoil(work: Path, signer: Signer, at: datetime) -> None:
    """Draw two pictures that must be refused: one tampered with, one whose time is over."""
    record = VaccinationRecord.from_mapping(next(sample_records(1, seed=at.year)))
    genuine = cose.parse(cbor.decode(_issuer(signer).issue(record, at=at).cose))
    claims = Claims.from_map(cbor.decode(genuine.payload)).to_map()
    claims[1] = "EU"  # the forger changes a claim and keeps the signature
    forged = cose.encode(genuine.protected, cbor.encode(claims), genuine.signature)
    lapsed = _issuer(signer, timedelta(days=1)).issue(record, at=at - LAPSED_BEFORE)
    folder = work / "refused"
    folder.mkdir()
    for name, text in (("tampered", hc1.encode(forged)), ("expired", lapsed.text)):
        (folder / f"{name}.png").write_bytes(qr.to_png(qr.encode(text)))


def _scan(work: Path, demo: Demo, verifier: Verifier, at: datetime) -> None:
    receipts = ReceiptBook.load(work / "receipts.jsonl")
    for picture in sorted((work / "certificates" / "png").glob("*/*.png")):
        for report in verify_source(str(picture), verifier, at=at, receipts=receipts):
            if report.outcome is Outcome.VALID:
                demo.verified += 1
            else:
                demo.problems.append(f"{picture.name} was not valid: {report.code}")
    if demo.verified != demo.issued:
        demo.problems.append(f"{demo.verified} of {demo.issued} pictures were verified")
    for name, code in (("tampered", "bad_signature"), ("expired", "expired")):
        for report in verify_source(str(work / "refused" / f"{name}.png"), verifier, at=at):
            demo.refused.append(report)
            if report.code != code:
                demo.problems.append(f"the {name} certificate was not refused as {code} but {report.code}")


def _judge(demo: Demo, clean: AuditReport, forged: AuditReport) -> Iterator[str]:
    """Tell what the audit of the ledger found, and that of a copy with a *forged* row."""
    yield f"audited: {clean.outcome}"
    if clean.findings:
        demo.problems.append(f"the audit found {clean.findings[0].code}")
    found = forged.findings
    if found:
        yield f"audited after one row was forged: {found[0].message} [{found[0].code}]"
    if not any(finding.code == FindingCode.CERTIFICATE_FORGED for finding in found):
        demo.problems.append("the audit did not notice the forged row")
