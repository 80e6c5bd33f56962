"""Where the process that plays a site's day may kill itself: after what functions, and at which return of them."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from vaxcert.ledger.store.transaction import Transaction
from vaxcert.registry.certificates import intent_store
from vaxcert.registry.notifications import sending_store
from vaxcert.service.batch.workbench import Workbench
from vaxcert.service.registry import desk
from vaxcert.service.registry.certificates import sequencer
from vaxcert.service.registry.certificates.sequencer_log import LogWriter
from vaxcert.service.registry.desk import Desk
from vaxcert.service.registry.notifications.delivery_local import FolderCarrier
from vaxcert.service.registry.work import Work

if TYPE_CHECKING:
    from collections.abc import Callable

PLACES: Final[dict[str, tuple[Any, str]]] = {
    "a step done, not committed": (Work, "flush"),
    "a step committed, not answered": (Desk, "_once"),
    "messages taken, not committed": (sending_store, "take"),
    "a message out, not noted": (FolderCarrier, "carry"),
    "a message noted, not committed": (sending_store, "settle"),
    "the trail chained, not committed": (desk, "chain_some"),
}
PLACES_OF_CERTIFICATES: Final[dict[str, tuple[Any, str]]] = {
    "ids given, not committed": (intent_store, "name"),
    "ids committed, nothing in the log": (Workbench, "work"),
    "before the log's commit": (Transaction, "finish"),
    "in the log, not in the registry": (LogWriter, "issue"),
    "before the registry's commit": (sequencer, "_note_issued"),
}
"""A function each, after which the process is killed."""


@dataclass(frozen=True)
class Blow:
    """Where a process kills itself: when the function at *place* returns, after so many answers and so many times."""

    place: str
    answers: int
    times: int

    def arm(self, answered: Callable[[], int]) -> None:
        """Have this process killed so, given what says how many answers it has.

        The function is wrapped in this process alone, which ends with it.
        """
        owner, name = {**PLACES, **PLACES_OF_CERTIFICATES}[self.place]
        function, left = getattr(owner, name), self.times

        def counted(*args: Any, **options: Any) -> Any:
            nonlocal left
            result = function(*args, **options)
            left -= answered() >= self.answers
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        setattr(owner, name, counted)
