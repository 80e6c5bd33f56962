"""`vaxcert registry slots`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.sites.days import close_day, open_days
from vaxcert.service.registry.sites.slots import list_slots, resize_slot

command = noun(
    "Open and close days of a site, see what is free, change what a slot holds.",
    {
        "open": Verb(open_days, ("site",)),
        "close": Verb(close_day, ("site",)),
        "list": Verb(list_slots, ("site",)),
        "resize": Verb(resize_slot, ("slot",)),
    },
)
