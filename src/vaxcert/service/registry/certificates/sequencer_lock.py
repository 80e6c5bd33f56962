"""There is one sequencer of a ledger at a time."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from vaxcert.errors import RegistryBusyError
from vaxcert.service.files import storage_errors

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK_NAME: Final = "registry-sequencer.lock"


@contextmanager
def alone(ledger: Path) -> Iterator[None]:
    """Hold the place of the one sequencer of the ledger in the folder *ledger*; a killed process holds nothing.

    Raises:
        RegistryBusyError: Another one holds it.
        StorageError: The folder cannot be written.
    """
    import fcntl  # noqa: PLC0415 - needs POSIX, unlike the rest

    path = ledger / LOCK_NAME
    with storage_errors(path):
        place = path.open("ab")
    with place:
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise RegistryBusyError("another sequencer is at work on this ledger") from None
        yield
