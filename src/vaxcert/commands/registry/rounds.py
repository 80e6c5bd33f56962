"""Rounds of a command that keeps a registry going, one after another until it is interrupted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, NoReturn

from vaxcert.commands.options import say
from vaxcert.errors import LedgerError, RegistryBusyError, RegistryUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from vaxcert.errors import VaxcertError

MAX_PAUSE: Final = 3_600
"""Seconds between two rounds, at most."""


def repeat(play: Callable[[], None], *, every: int, told: Callable[[VaxcertError], str] = str) -> NoReturn:
    """Play one round after another, with *every* so many seconds between two.

    Where the database or the ledger is away, a warning has what *told* makes of the error, and it goes on: they will be
    back.
    """
    while True:
        try:
            play()
        except (RegistryBusyError, RegistryUnavailableError, LedgerError) as error:
            say("warning", told(error))
        time.sleep(every)
