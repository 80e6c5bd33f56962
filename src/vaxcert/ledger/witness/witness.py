"""The witness's one rule: a log's checkpoint is cosigned where it extends the last one that was.

The status of a refusal is that of tlog-witness v1.0.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vaxcert.errors import CheckpointError, ConsistencyError, NoteError, WitnessRefusedError
from vaxcert.ledger.log.checkpoint import parse_checkpoint
from vaxcert.ledger.log.note import parse_note, verify_note
from vaxcert.ledger.log.note_key import KeyType
from vaxcert.ledger.log.proof import verify_consistency
from vaxcert.ledger.store.witness_state import Seen
from vaxcert.ledger.witness.request import BAD_REQUEST, AddCheckpoint, parse_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from vaxcert.ledger.log.checkpoint import Checkpoint
    from vaxcert.ledger.log.cosignature import WitnessKey
    from vaxcert.ledger.log.note import NoteSignature, SignedNote
    from vaxcert.ledger.log.note_key import NoteVerifier
    from vaxcert.ledger.store.witness_state import WitnessState

_FORBIDDEN, _NOT_FOUND, _CONFLICT, _UNPROCESSABLE, _UNAVAILABLE = 403, 404, 409, 422, 503


class Witness:
    """Watches some logs, and remembers of each the newest checkpoint that it cosigned.

    Args:
        key: The witness's own key.
        logs: The keys of the logs that it watches; a log may have several.
        state: What it has cosigned.

    Raises:
        ValueError: A key is not that of a log, or the witness's own in another guise.
    """

    def __init__(self, key: WitnessKey, logs: Iterable[NoteVerifier], state: WitnessState) -> None:
        self.key = key
        self._state = state
        self._logs: dict[str, list[NoteVerifier]] = {}
        for log in logs:
            if log.key_type is not KeyType.LOG or log.public_key == key.verifier.public_key:
                raise ValueError("a witness watches logs, by keys that are not its own")
            self._logs.setdefault(log.name, []).append(log)

    def add_checkpoint(self, body: bytes, *, clock: Callable[[], datetime]) -> str:
        """Return the cosignature line for the request in *body*; it is remembered when this returns.

        Args:
            body: The body of the request.
            clock: Returns the time now (aware); asked when no other request can come between.

        Raises:
            WitnessRefusedError: The checkpoint is not cosigned; its `status` is the HTTP status of the answer.
            LedgerUnavailableError: Another process held the witness's state for too long.
            StorageError: The state cannot be written; nothing was signed.
        """
        request = parse_request(body)
        note, checkpoint = self._opened(request.note)
        if request.old_size > checkpoint.size:
            raise WitnessRefusedError("the old size is larger than the checkpoint's", status=BAD_REQUEST)

        def step(seen: Seen | None) -> tuple[Seen, NoteSignature]:
            at = clock()
            new = Seen(size=checkpoint.size, root=checkpoint.root, time=int(at.timestamp()))
            check_extension(request, new, seen)
            return new, self.key.cosign(note.text, at=at)

        return self._state.advance(checkpoint.origin, step).to_line()

    def _opened(self, text: str) -> tuple[SignedNote, Checkpoint]:
        try:
            note = parse_note(text)
            checkpoint = parse_checkpoint(note.text)
        except (NoteError, CheckpointError) as error:
            raise WitnessRefusedError(error.message, status=BAD_REQUEST) from error
        if checkpoint.origin not in self._logs:
            raise WitnessRefusedError("this log is not watched here", status=_NOT_FOUND)
        try:
            verify_note(note, self._logs[checkpoint.origin])
        except NoteError as error:
            raise WitnessRefusedError(error.message, status=_FORBIDDEN) from error
        return note, checkpoint


def check_extension(request: AddCheckpoint, new: Seen, seen: Seen | None) -> None:
    """Check that the checkpoint *new* extends *seen*, the last one of its log that was cosigned.

    Raises:
        WitnessRefusedError: It does not, or *request* does not show it, or the witness's clock went back.
    """
    known = Seen(size=0, root=b"", time=new.time) if seen is None else seen
    if request.old_size != known.size:
        raise WitnessRefusedError(
            f"the last checkpoint cosigned here has size {known.size}", status=_CONFLICT, size=known.size
        )
    if seen is not None and new.size == seen.size and new.root != seen.root:
        raise WitnessRefusedError("another root of this size was cosigned here", status=_CONFLICT)
    if new.time < known.time:
        # A cosignature says that at its time nothing larger had been seen: an earlier time would belie the last one.
        raise WitnessRefusedError("the witness's clock is behind its last cosignature", status=_UNAVAILABLE)
    try:
        _check_path(request, new, known)
    except ConsistencyError as error:
        raise WitnessRefusedError(error.message, status=_UNPROCESSABLE) from error


def _check_path(request: AddCheckpoint, new: Seen, known: Seen) -> None:
    if known.size:
        verify_consistency(
            smaller=known.size, larger=new.size, smaller_root=known.root, larger_root=new.root, path=request.path
        )
    elif request.path:  # every tree extends the empty one, which takes no proof
        raise ConsistencyError("the proof from size 0 is not empty", smaller=0, larger=new.size)
