"""Asking witnesses to cosign a ledger's newest checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import LedgerStateError
from vaxcert.ledger.log.cosignature import add_cosignatures
from vaxcert.ledger.log.note import parse_note
from vaxcert.ledger.witness.client import request_cosignature
from vaxcert.service.cosigned import cosigned_note, keep_cosigned
from vaxcert.service.ledger_folder import LedgerFolder

if TYPE_CHECKING:
    from pathlib import Path

    from vaxcert.ledger.log.note_key import NoteVerifier


def cosign(folder: Path, url: str, *, witness: NoteVerifier) -> str:
    """Ask the witness at *url* for its cosignature on the newest checkpoint of the ledger in *folder*, and keep it.

    Args:
        folder: The ledger.
        url: The witness's submission prefix.
        witness: The witness's public key.

    Returns:
        The checkpoint with all the cosignatures that it has by now.

    Raises:
        LedgerStateError: There is no ledger, or it has no checkpoint.
        LedgerUnavailableError: The witness did not answer.
        NoteError: Its answer is no cosignature by its key, or the checkpoint has as many as it can have.
        WitnessRefusedError: It did not cosign.
    """
    ledger = LedgerFolder(folder)
    with ledger.open() as log:
        newest = log.checkpoint()
        if newest is None:
            raise LedgerStateError("the log has no checkpoint yet", hint="sign one with `vaxcert ledger checkpoint`")
        note = cosigned_note(ledger, newest.size) or newest.note
        cosigned = request_cosignature(url, note, witness=witness, prove=log.consistency_path)
        lines = "".join(signature.to_line() for signature in parse_note(cosigned).signatures)
        with log.database.writing():  # one at a time: another may have kept another witness's line meanwhile
            note = cosigned_note(ledger, newest.size) or newest.note
            cosigned = add_cosignatures(note, lines, verifiers=(witness,))
            keep_cosigned(ledger, newest.size, cosigned)
    return cosigned
