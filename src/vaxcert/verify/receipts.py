"""The step that checks a receipt: whether the certificate stands in a log that is known here."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from vaxcert.errors import ReceiptError, ReceiptMissingError, WrongChainError
from vaxcert.ledger.anchor.file_bundle import is_file_bundle
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.log.receipt import Receipt
from vaxcert.verify.report import Logged

if TYPE_CHECKING:
    from vaxcert.ledger.log.receipt import LoggedAt
    from vaxcert.ledger.trusted_log import TrustedLog
    from vaxcert.verify.formats.hcert import Trial


def check_receipt(trial: Trial) -> None:
    """Check that the receipt of *trial* proves its certificate to be in one of its logs, and note where.

    What was signed is what stands in the log: a certificate whose text was encoded anew is still the same.

    Raises:
        ReceiptMissingError: There is none, and the policy asks for one.
        UnknownLogError: It is of a log that is not known here.
        LedgerProofError: It proves nothing of this certificate.
    """
    if trial.receipt is None:
        raise ReceiptMissingError("the certificate comes without a receipt of a log")
    receipt = Receipt.of_cbor(trial.receipt)
    if receipt.kind is not EntryKind.CERTIFICATE:
        raise ReceiptError("the receipt is of another kind of entry than a certificate")
    digest = sha256(trial.message.to_be_signed()).digest()
    logged = receipt.verify(digest, [log.verifier for log in trial.logs])
    log = next(log for log in trial.logs if log.verifier.name == logged.origin)
    anchored_at = None
    # A file of anchors is the log's own word once more, and nothing to anybody else.
    if receipt.anchor is not None and log.chain is not None and not is_file_bundle(receipt.anchor):
        anchored_at = _anchored_at(receipt.anchor, logged, log)
    trial.logged = Logged(origin=logged.origin, index=logged.index, tree_size=logged.tree_size, anchored_at=anchored_at)


def _anchored_at(anchor: bytes, logged: LoggedAt, log: TrustedLog) -> datetime:
    """Return when the chain took over the head to which the receipt leads.

    The block itself is believed as the issuer's nodes gave it; an auditor asks nodes of their own.
    """
    from vaxcert.ledger.evm.bundle import verify_bundle  # noqa: PLC0415 - slow to load, and rarely needed
    from vaxcert.ledger.evm.bundle_codec import decode_bundle  # noqa: PLC0415 - as above

    assert log.chain is not None
    try:
        event = verify_bundle(decode_bundle(anchor), pinned=log.chain)
    except WrongChainError as error:
        raise ReceiptError("the receipt's anchor is on another chain than the log's") from error
    if (event.size, event.root) != (logged.tree_size, logged.root):
        raise ReceiptError("the receipt's anchor is of another tree than its proofs")
    return datetime.fromtimestamp(event.time, UTC)
