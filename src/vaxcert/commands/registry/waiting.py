"""`vaxcert registry waiting`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.appointments.listed import list_own_waiting
from vaxcert.service.registry.appointments.waiting_list import (
    join_waiting_list,
    leave_waiting_list,
    list_waiting,
    offer_free_places,
)

command = noun(
    "Wait for a place, and offer what comes free in its turn.",
    {
        "join": join_waiting_list,
        "leave": Verb(leave_waiting_list, ("entry",)),
        "list": Verb(list_waiting, ("site",)),
        "offer": Verb(offer_free_places, ("site",)),
        "of": Verb(list_own_waiting, ("person",)),
    },
)
