"""The step that checks a receipt: whether the certificate stands in a log that is known here."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from vaxcert.codec.cwt import MAX_NUMERIC_DATE
from vaxcert.errors import ReceiptError, ReceiptMissingError, UnknownLogError, WrongChainError
from vaxcert.ledger.anchor.file_bundle import is_file_bundle
from vaxcert.ledger.log.entry import EntryKind
from vaxcert.ledger.log.receipt import Receipt
from vaxcert.verify.report import ClaimedAnchor, Logged

FILE_DRIVER = "file"

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vaxcert.ledger.anchor.identity import ChainIdentity
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
    logged, log = _logged_in(receipt, digest, trial.logs)
    claimed = None
    # A file of anchors is the log's own word once more, and nothing to anybody else.
    chain = None if log.chain is None or log.chain.driver == FILE_DRIVER else log.chain
    if receipt.anchor is not None and chain is not None and not is_file_bundle(receipt.anchor):
        claimed = _claimed_anchor(receipt.anchor, logged, chain)
    trial.logged = Logged(origin=logged.origin, index=logged.index, tree_size=logged.tree_size, claimed_anchor=claimed)


def _logged_in(receipt: Receipt, digest: bytes, logs: Iterable[TrustedLog]) -> tuple[LoggedAt, TrustedLog]:
    """Return where one of *logs* has the certificate, and which; two logs may have one name."""
    for log in logs:
        with suppress(UnknownLogError):
            return receipt.verify(digest, [log.verifier]), log
    raise UnknownLogError("the receipt is of another log than the ones known here")


def _claimed_anchor(anchor: bytes, logged: LoggedAt, chain: ChainIdentity) -> ClaimedAnchor:
    """Return the anchor that the receipt claims, checked as far as can be without the chain.

    What is left is the block: whoever makes up a block can make up all that follows from it, so that without a node,
    or a block hash from elsewhere, an anchor stays a claim.
    """
    from vaxcert.ledger.evm.bundle import verify_bundle  # noqa: PLC0415 - slow to load, and rarely needed
    from vaxcert.ledger.evm.bundle_codec import decode_bundle  # noqa: PLC0415 - as above

    try:
        event = verify_bundle(decode_bundle(anchor), pinned=chain)
    except WrongChainError as error:
        raise ReceiptError("the receipt's anchor is on another chain than the log's") from error
    if (event.size, event.root) != (logged.tree_size, logged.root):
        raise ReceiptError("the receipt's anchor is of another tree than its proofs")
    if event.time > MAX_NUMERIC_DATE:
        raise ReceiptError("the receipt's anchor is of a time that no calendar has")
    return ClaimedAnchor(datetime.fromtimestamp(event.time, UTC), event.block_number, event.block_hash)
