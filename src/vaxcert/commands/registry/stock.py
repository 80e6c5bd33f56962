"""`vaxcert registry stock`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.stock.moves import count_stock, receive_stock, return_stock, thaw_stock, waste_stock
from vaxcert.service.registry.stock.transfers import accept_transfer, list_transfers, send_stock
from vaxcert.service.registry.stock.uses import take_back_use
from vaxcert.service.registry.stock.vials import (
    add_spare_dose,
    check_stock,
    list_stock_ledger,
    open_vial,
    show_site_stock,
    waste_vial,
)

command = noun(
    "Receive, move, open, discard and count doses; the ledger of them is only ever added to.",
    {
        "receive": receive_stock,
        "thaw": Verb(thaw_stock, ("shelf",)),
        "return": Verb(return_stock, ("shelf",)),
        "waste": Verb(waste_stock, ("shelf",)),
        "count": Verb(count_stock, ("shelf",)),
        "send": Verb(send_stock, ("shelf",)),
        "accept": Verb(accept_transfer, ("transfer",)),
        "transfers": Verb(list_transfers, ("site",)),
        "open-vial": open_vial,
        "spare-dose": Verb(add_spare_dose, ("vial",)),
        "waste-vial": Verb(waste_vial, ("vial",)),
        "show": Verb(show_site_stock, ("site",)),
        "ledger": Verb(list_stock_ledger, ("site",)),
        "take-back": Verb(take_back_use, ("dose",)),
        "check": Verb(check_stock, ("site",)),
    },
)
