"""The main job on invented records, from a CSV to verdicts on scanned pictures."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from vaxcert.codec import cbor, cose, hc1, qr
from vaxcert.codec.cwt import Claims
from vaxcert.issue.issuer import Issuer
from vaxcert.model.certificate_type import CertificateType
from vaxcert.model.fields import FIELDS_OF
from vaxcert.model.records import VaccinationRecord
from vaxcert.service import outputs
from vaxcert.service.files import whole_folder
from vaxcert.service.issuing import issue_rows
from vaxcert.service.record_files import read_rows
from vaxcert.service.sample import sample_records, write_csv
from vaxcert.service.verification import verify_source
from vaxcert.signing.authority import create_csca, create_dsc
from vaxcert.signing.keystore import Keystore
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.report import Outcome
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from vaxcert.signing.signer import Signer
    from vaxcert.verify.report import Report

RECORDS = 120
PRINTED_CARDS = 12
LAPSED_BEFORE = timedelta(days=3)
"""When the expired certificate was issued, for a day."""

_COUNTRY, _ISSUER = "VN", "Sample authority, not a real one"
_KEYS_BEFORE = timedelta(days=30)
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
            write_csv(stream, RECORDS, seed=at.year)
        _issue(work, demo, signer, at)
        say(f"issued: {demo.issued} certificates, as text, QR pictures and {PRINTED_CARDS} printable cards")
        _spoil(work, signer, at)
        verifier = Verifier(TrustList.load(work / "trust"))
        _scan(work, demo, verifier, at)
        say(f"scanned and verified: {demo.verified} of {demo.issued} pictures")
    for report in demo.refused:
        say(f"refused: {Path(report.source or '').name}: {report.message} [{report.code}]")
    return demo


def _make_keys(work: Path, at: datetime) -> Signer:
    born = at - _KEYS_BEFORE
    passphrase = secrets.token_urlsafe(24).encode()
    csca = create_csca(country=_COUNTRY, common_name="Sample CSCA", organization="Sample, not real", at=born)
    pair = create_dsc(csca, common_name="Sample DSC", usages=tuple(CertificateType), at=born)
    keys, trust = work / "keys", work / "trust"
    keys.mkdir()
    trust.mkdir()
    # A real passphrase never lies beside its key; here the folder is thrown away as a whole.
    (keys / "passphrase.txt").write_bytes(passphrase + b"\n")
    keystore = Keystore(keys)
    keystore.add(csca, passphrase)
    (trust / "dsc.pem").write_bytes(keystore.add(pair, passphrase).read_bytes())
    dsc = keystore.choose(at=at, usage=CertificateType.VACCINATION)
    return keystore.load_signer(dsc.kid, passphrase)


def _issuer(signer: Signer, validity: timedelta = _VALIDITY) -> Issuer:
    return Issuer(signer, country=_COUNTRY, issuer=_ISSUER, validity=validity)


def _issue(work: Path, demo: Demo, signer: Signer, at: datetime) -> None:
    source, kind = str(work / "records.csv"), CertificateType.VACCINATION
    issuer = _issuer(signer)
    with outputs.folder_output(work / "certificates", ("jsonl", "png")) as output:
        tally = issue_rows(read_rows(source, FIELDS_OF[kind]), kind, issuer, at=at, output=output)
    demo.issued = tally.issued
    if tally.rejected:
        demo.problems.append(f"{tally.rejected} invented records were rejected")
    with outputs.file_output(work / "cards.pdf") as cards:
        for row in sample_records(PRINTED_CARDS, seed=at.year):
            record = VaccinationRecord.from_mapping(row)
            cards.write(record, issuer.issue(record, at=at))


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
    for picture in sorted((work / "certificates" / "png").iterdir()):
        for report in verify_source(str(picture), verifier, at=at):
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
