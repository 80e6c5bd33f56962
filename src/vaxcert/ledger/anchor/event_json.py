"""An anchor's event as text, for the outbox."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Final

from vaxcert.errors import LedgerDamagedError
from vaxcert.ledger.anchor.chain import AnchorEvent

if TYPE_CHECKING:
    from vaxcert.ledger.store.outbox import Outbox

_BYTES: Final = frozenset(field.name for field in fields(AnchorEvent) if field.type == "bytes")


def format_event(event: AnchorEvent) -> str:
    """Return *event* as JSON; bytes are hexadecimal."""
    return json.dumps(asdict(event), default=bytes.hex, sort_keys=True, separators=(",", ":"))


def parse_event(text: str) -> AnchorEvent:
    """Return the event that `format_event` wrote.

    Raises:
        LedgerDamagedError: It is something else.
    """
    try:
        record = json.loads(text).items()
        values = {name: bytes.fromhex(value) if name in _BYTES else value for name, value in record}
        return AnchorEvent(**values)  # type: ignore[arg-type] # by their names
    except (ValueError, TypeError, AttributeError) as error:
        raise LedgerDamagedError("an event in the outbox is none") from error


def newest_final_event(outbox: Outbox) -> AnchorEvent | None:
    """Return the anchor that became final last, as the outbox has it."""
    row = outbox.newest_final()
    return None if row is None or row.event is None else parse_event(row.event)
