"""The step that asks for a receipt: what is in a known log, and what only says so."""

from __future__ import annotations

import zlib
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import base45
import cbor2
import pytest

from tests.faults.encoders import AT, EXPIRES_AT, dcc, signer, text_of, vaccination
from vaxcert.codec import cbor, cose, hc1
from vaxcert.errors import (
    InclusionProofError,
    LedgerProofError,
    ReceiptError,
    ReceiptMissingError,
    UnknownLogError,
)
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.log.log_key import LogKey
from vaxcert.ledger.store.log import TransparencyLog
from vaxcert.ledger.store.reader import CertificateRow
from vaxcert.trust.trust_list import TrustList
from vaxcert.verify.policy import Policy
from vaxcert.verify.report import Logged, Outcome, Report, Status
from vaxcert.verify.verifier import Verifier

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.log.note_key import NoteVerifier

ORIGIN = "ledger.example/vn"
TRUSTED = TrustList.of_certificates([signer().der])


class Log(NamedTuple):
    verifier: NoteVerifier
    chain: ChainIdentity | None = None


class Ledger(NamedTuple):
    log: Log
    texts: list[str]
    receipts: list[bytes]
    statement: bytes
    """The receipt of a statement that is no certificate, and has the first one's digest."""


def digest_of(text: str) -> bytes:
    return sha256(cose.parse(cbor.decode(hc1.decode(text))).to_be_signed()).digest()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    """Return a log of a few certificates, and one statement with a certificate's digest."""
    key = LogKey.create(ORIGIN)
    texts = [text_of(dcc(v=[vaccination(ci=f"URN:UVCI:01:VN:{number}")])) for number in range(5)]
    with TransparencyLog.create(tmp_path_factory.mktemp("log"), origin=ORIGIN, vkey=key.vkey, at=AT) as log:
        with log.transaction() as transaction:
            transaction.add_certificates(
                [
                    CertificateRow(str(number), digest_of(text), hc1.decode(text), bytes(8), 0, 1)
                    for number, text in enumerate(texts)
                ]
            )
            transaction.append([digest_of(texts[0])], kind=EntryKind.REVOCATION)
        log.sign_checkpoint(key, at=AT)
        receipts = [log.receipt(index).to_cbor() for index in range(6)]
    return Ledger(Log(key.verifier), texts, receipts[:5], receipts[5])


def examined(ledger: Ledger, text: str, receipt: bytes | None, *, require: bool = False) -> Report:
    verifier = Verifier(TRUSTED, policy=Policy(require_receipt=require), logs=[ledger.log])
    return verifier.examine(text, at=AT, receipt=receipt)


def step(report: Report) -> tuple[Status, str | None]:
    found = next(step for step in report.steps if step.name == "ledger")
    return found.status, found.code


def test_a_receipt_shows_where_the_certificate_stands(ledger: Ledger) -> None:
    report = examined(ledger, ledger.texts[3], ledger.receipts[3])
    assert (report.outcome, step(report)) == (Outcome.VALID, (Status.PASSED, None))
    assert report.logged == Logged(origin=ORIGIN, index=3, tree_size=6)
    assert report.to_dict()["ledger"] == {
        "origin": ORIGIN,
        "leaf_index": 3,
        "tree_size": 6,
        "claimed_anchor": None,
    }


def test_verify_takes_the_receipt_too(ledger: Ledger) -> None:
    verifier = Verifier(TRUSTED, policy=Policy(require_receipt=True), logs=[ledger.log])
    assert verifier.verify(ledger.texts[1], at=AT, receipt=ledger.receipts[1]).dsc.country == "VN"


def test_a_certificate_that_was_encoded_anew_is_still_the_logged_one(ledger: Ledger) -> None:
    message = cbor2.loads(hc1.decode(ledger.texts[0])).value
    untagged = "HC1:" + base45.b45encode(zlib.compress(cbor2.dumps(message), 1)).decode()
    assert untagged != ledger.texts[0]
    assert step(examined(ledger, untagged, ledger.receipts[0])) == (Status.PASSED, None)


def test_without_receipt_the_step_is_not_run(ledger: Ledger) -> None:
    report = examined(ledger, ledger.texts[0], None)
    assert (report.outcome, step(report), report.logged) == (Outcome.VALID, (Status.SKIPPED, None), None)


def test_a_policy_leaves_a_certificate_without_receipt_undetermined(ledger: Ledger) -> None:
    report = examined(ledger, ledger.texts[0], None, require=True)
    assert (report.outcome, report.code) == (Outcome.UNDETERMINED, "receipt_missing")
    assert step(report) == (Status.UNDETERMINED, "receipt_missing")
    with pytest.raises(ReceiptMissingError):
        Verifier(TRUSTED, policy=Policy(require_receipt=True)).verify(ledger.texts[0], at=AT)


def test_the_policy_is_not_forgotten_at_the_second_certificate(ledger: Ledger) -> None:
    verifier = Verifier(TRUSTED, policy=Policy(require_receipt=True), logs=[ledger.log])
    for text in ledger.texts[:2]:
        with pytest.raises(ReceiptMissingError):
            verifier.verify(text, at=AT)


def test_the_receipt_of_another_certificate_is_refused(ledger: Ledger) -> None:
    report = examined(ledger, ledger.texts[0], ledger.receipts[1])
    assert (report.outcome, report.code, report.logged) == (Outcome.REJECTED, "receipt_invalid", None)


def test_the_receipt_of_another_kind_of_entry_is_refused(ledger: Ledger) -> None:
    report = examined(ledger, ledger.texts[0], ledger.statement)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "receipt_invalid")
    assert "another kind" in report.message


def test_the_receipt_of_an_unknown_log_decides_nothing(ledger: Ledger) -> None:
    other = Log(LogKey.create(ORIGIN).verifier)
    for logs in ([], [other]):
        verifier = Verifier(TRUSTED, logs=logs)
        assert verifier.examine(ledger.texts[0], at=AT, receipt=ledger.receipts[0]).code == "unknown_log"
        with pytest.raises(UnknownLogError):
            verifier.verify(ledger.texts[0], at=AT, receipt=ledger.receipts[0])


@pytest.mark.parametrize("receipt", [b"", b"\xa0", b"not a receipt", b"\0" * 300_000])
def test_what_is_no_receipt_is_refused(ledger: Ledger, receipt: bytes) -> None:
    report = examined(ledger, ledger.texts[0], receipt)
    assert (report.outcome, report.code) == (Outcome.REJECTED, "receipt_invalid")


def test_no_changed_byte_of_a_receipt_places_the_certificate_elsewhere(ledger: Ledger) -> None:
    verifier = Verifier(TRUSTED, logs=[ledger.log])
    receipt = ledger.receipts[2]
    expected = verifier.examine(ledger.texts[2], at=AT, receipt=receipt).logged
    refusals = 0
    for at in range(len(receipt)):
        changed = receipt[:at] + bytes((receipt[at] ^ 1,)) + receipt[at + 1 :]
        report = verifier.examine(ledger.texts[2], at=AT, receipt=changed)
        assert report.logged in (None, expected)
        refusals += report.logged is None
    assert refusals > 0.95 * len(receipt)


def test_a_good_receipt_makes_no_bad_certificate_good(ledger: Ledger) -> None:
    verifier = Verifier(TRUSTED, logs=[ledger.log])
    late = verifier.examine(ledger.texts[0], at=EXPIRES_AT.replace(year=2030), receipt=ledger.receipts[0])
    assert (late.outcome, late.code, step(late)) == (Outcome.REJECTED, "expired", (Status.PASSED, None))
    stranger = Verifier(TrustList(), logs=[ledger.log]).examine(ledger.texts[0], at=AT, receipt=ledger.receipts[0])
    assert (stranger.outcome, stranger.code) == (Outcome.UNDETERMINED, "unknown_signer")


def test_what_cannot_be_read_has_no_place_in_a_log(ledger: Ledger) -> None:
    report = examined(ledger, "HC1:NOTHING", ledger.receipts[0])
    assert step(report) == (Status.SKIPPED, None)
    assert report.outcome is Outcome.REJECTED


def test_a_receipt_proves_its_own_certificate_only(ledger: Ledger) -> None:
    verifier = Verifier(TRUSTED, logs=[ledger.log])
    for own, text in enumerate(ledger.texts):
        for index, receipt in enumerate(ledger.receipts):
            if index == own:
                verifier.verify(text, at=AT, receipt=receipt)
            else:
                with pytest.raises((ReceiptError, InclusionProofError)) as refusal:
                    verifier.verify(text, at=AT, receipt=receipt)
                assert isinstance(refusal.value, LedgerProofError)
