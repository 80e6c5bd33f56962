"""What a verifier has to know of a log whose receipts it believes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from vaxcert.ledger.anchor.identity import ChainIdentity
    from vaxcert.ledger.log.note_key import NoteVerifier


class TrustedLog(Protocol):
    """A log that is believed."""

    @property
    def verifier(self) -> NoteVerifier:
        """The log's public key; its name is the log's."""
        ...

    @property
    def chain(self) -> ChainIdentity | None:
        """The chain that has the log's heads; without it, anchors in receipts are not looked at."""
        ...
