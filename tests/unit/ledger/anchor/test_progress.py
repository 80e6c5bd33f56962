from __future__ import annotations

from vaxcert.errors import (
    KeyFileError,
    LedgerDamagedError,
)
from vaxcert.ledger.anchor.progress import Reason


def test_an_error_without_a_reason_of_its_own_is_a_refusal() -> None:
    assert Reason.of_error(LedgerDamagedError("some tables")) is Reason.ANCHOR_FAILED
    assert Reason.of_error(KeyFileError("no key")) is Reason.SIGNER_UNAVAILABLE


def test_every_reason_has_its_sentence() -> None:
    assert all(reason.sentence for reason in Reason)
