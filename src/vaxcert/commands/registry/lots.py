"""`vaxcert registry lots`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.stock.lots import (
    extend_lot,
    list_lots,
    put_lot_on_hold,
    register_lot,
    release_lot,
    show_lot,
)
from vaxcert.service.registry.stock.tracing import list_lot_doses, recall_lot

command = noun(
    "Keep lots: expiry and its history, hold, recall, who got them.",
    {
        "register": register_lot,
        "extend": Verb(extend_lot, ("lot",)),
        "show": Verb(show_lot, ("lot",)),
        "list": list_lots,
        "hold": Verb(put_lot_on_hold, ("lot",)),
        "release": Verb(release_lot, ("lot",)),
        "recall": Verb(recall_lot, ("lot",)),
        "doses": Verb(list_lot_doses, ("lot",)),
    },
)
