"""Whose log it is: its origin, its key, and the id that follows from both."""

from __future__ import annotations

from vaxcert.errors import KeyFileError, LedgerDamagedError
from vaxcert.ledger.log.log_key import log_id as id_of
from vaxcert.ledger.log.note_key import KeyType, NoteVerifier


def read_verifier(origin: str, vkey: str, log_id: bytes) -> NoteVerifier:
    """Return the log's public key, all that is stored about it having been compared.

    Raises:
        LedgerDamagedError: Origin, key and id do not belong together.
    """
    try:
        verifier = NoteVerifier.of_vkey(vkey)
    except KeyFileError as error:
        raise LedgerDamagedError("the log's verifier key is malformed") from error
    if verifier.name != origin or verifier.key_type is not KeyType.LOG or id_of(origin, vkey) != log_id:
        raise LedgerDamagedError("the log's origin, verifier key and id do not belong together")
    return verifier
