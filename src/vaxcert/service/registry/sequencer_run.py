"""One run of the sequencer: codes renewed, intents drained, the log's head signed, and what is anchored noted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vaxcert.service.anchoring import AnchoringSession
from vaxcert.service.ledger_folder import LedgerFolder
from vaxcert.service.ledgers import sign_checkpoint
from vaxcert.service.registry.access import Right
from vaxcert.service.registry.renewal import RenewCertificates, renew_certificates
from vaxcert.service.registry.request import Answer
from vaxcert.service.registry.sequencer import ACTOR, CertificateSequencer

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.desk import Desk
    from vaxcert.service.registry.sequencer_settings import SequencerPlace

_FILE: Final = "file"
"""The driver that needs no chain: it is brought on at once."""


class SequencerRun(Answer, frozen=True, kw_only=True):
    """What a run came to."""

    renewed: int
    """Codes that lapse soon, for which new ones were asked."""
    issued: int
    revoked: int
    erased: int
    refused: int
    """That the issuer does not sign."""
    anchored: int
    """Certificates that a head on the chain covers now, and did not before."""
    log_size: int
    checkpoint_size: int | None


def run_sequencer(desk: Desk, actor: Actor, place: SequencerPlace, *, at: datetime) -> SequencerRun:
    """Do all that waits between the registry and the log, and return what it came to.

    Args:
        desk: The registry.
        actor: Who starts it; what it does then is done in its own name.
        place: Its ledger and keys.
        at: The time (aware).

    Raises:
        NotAllowedError: The actor may not.
        IssuanceMismatchError: The ledger, the secret or the country is another than before.
        LedgerStateError: The log may not be written to.
        RegistryBusyError: Another sequencer is at work.
        SigningError: A key cannot be had, or may not sign.
        StorageError: A file cannot be read or written.
    """
    actor.check_may(Right.RUN_SEQUENCER)
    with place.bench(at) as bench:
        sequencer = CertificateSequencer(desk, place.ledger, bench)
        renewed = _renew(desk, at)
        drained = sequencer.drain(at)
        if place.signs_checkpoints:
            _sign_and_anchor(place.ledger, place.ledger_passphrase, at)
        anchored = sequencer.follow_anchors(at)
    with LedgerFolder(place.ledger).open(read_only=True) as log:
        checkpoint = log.checkpoint()
        return SequencerRun(
            renewed=renewed,
            issued=drained.issued,
            revoked=drained.revoked,
            erased=drained.erased,
            refused=drained.refused,
            anchored=anchored,
            log_size=log.size,
            checkpoint_size=None if checkpoint is None else checkpoint.size,
        )


def _renew(desk: Desk, at: datetime) -> int:
    total, request = 0, RenewCertificates()
    while done := desk.run(renew_certificates, request, actor=ACTOR, at=at).renewed:
        total += done
    return total


def _sign_and_anchor(ledger: Path, passphrase: Callable[[], bytes], at: datetime) -> None:
    """Sign the log as it is; where its heads go to a file, bring them there: a chain has a process of its own."""
    signed = sign_checkpoint(ledger, passphrase=passphrase, at=at)
    config = LedgerFolder(ledger).config()
    if signed.is_new and config is not None and config.identity.driver == _FILE:
        with AnchoringSession.open(ledger, passphrase=passphrase, clock=lambda: at) as session:
            session.advance()
