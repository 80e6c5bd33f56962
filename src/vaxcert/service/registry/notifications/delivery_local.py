"""Messages that stay on this machine: printed for whoever tries the registry out, or left as files for a program."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from vaxcert.registry.notifications.message import Channel
from vaxcert.registry.notifications.schedule import Attempt, Outcome

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO, TextIO

    from vaxcert.registry.notifications.message import Parcel

_SHOWN = 3
_DRAFT = ".part"


@dataclass(frozen=True, slots=True)
class ConsoleCarrier:
    """Prints each message on a line, most of its address hidden; what was printed just before a kill comes again."""

    stream: TextIO
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def carry(self, parcel: Parcel, at: datetime) -> Attempt:
        """Print one message."""
        content = parcel.content
        text = content.sms if parcel.channel is Channel.SMS else f"{content.subject}: {content.text}"
        to = "*" * (len(content.address) - _SHOWN) + content.address[-_SHOWN:]
        with self._lock:
            self.stream.write(f"{at:%Y-%m-%dT%H:%M:%SZ} {parcel.channel.value} {to} {text}\n")
            self.stream.flush()
        return Attempt(outcome=Outcome.ACCEPTED)


@dataclass(frozen=True, slots=True)
class FolderCarrier:
    """Makes each message a file of its own, named by its id: exactly one, however often it is tried.

    What a killed process left of a draft is removed when the next one begins: it would lie there for ever.
    """

    folder: Path

    def __post_init__(self) -> None:
        for draft in self.folder.glob(f".*{_DRAFT}"):
            _remove_abandoned(draft)

    def carry(self, parcel: Parcel, at: datetime) -> Attempt:  # noqa: ARG002 - the carriers' signature
        """Write one message."""
        name = f"{parcel.id}.json"
        written = msgspec.json.encode(
            {
                "id": parcel.id,
                "template": parcel.template,
                "language": parcel.language,
                "channel": parcel.channel.value,
                "created_at": parcel.created_at,
                "to": parcel.content.address,
                "subject": parcel.content.subject,
                "text": parcel.content.sms if parcel.channel is Channel.SMS else parcel.content.text,
            }
        )
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _leave(self.folder, name, written)
        except OSError as error:
            return Attempt(outcome=Outcome.FAILED, code=f"file_{type(error).__name__.lower()}")
        return Attempt(outcome=Outcome.ACCEPTED, receipt=name)


def _leave(folder: Path, name: str, content: bytes) -> None:
    """Leave *content* in *folder* as the file *name*, whole or not at all; what is there already stays."""
    draft = folder / f".{uuid4()}{_DRAFT}"
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        try:
            _lock(stream)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
            with suppress(FileExistsError):
                os.link(draft, folder / name)
        finally:
            draft.unlink(missing_ok=True)
    _sync(folder)


def _remove_abandoned(draft: Path) -> None:
    """Remove *draft*, unless a process is writing it: that one has it locked, and one that was killed has not."""
    with suppress(OSError), draft.open("r+b") as stream:
        _lock(stream)
        draft.unlink()


def _lock(stream: BinaryIO) -> None:
    import fcntl  # noqa: PLC0415 - needs POSIX, unlike the rest

    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _sync(folder: Path) -> None:
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
