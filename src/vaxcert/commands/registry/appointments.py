"""`vaxcert registry appointments`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.appointments.booking import (
    accept_place,
    book_appointment,
    cancel_appointment,
    confirm_appointment,
    hold_place,
    move_appointment,
)
from vaxcert.service.registry.appointments.listed import list_appointments, list_own_appointments, show_appointment
from vaxcert.service.registry.appointments.upkeep import mark_missed, mark_one_missed, remind_people, return_places

command = noun(
    "Book, move, confirm and cancel appointments; say who did not come.",
    {
        "hold": hold_place,
        "book": book_appointment,
        "accept": Verb(accept_place, ("appointment",)),
        "confirm": Verb(confirm_appointment, ("appointment",)),
        "move": Verb(move_appointment, ("appointment",)),
        "cancel": Verb(cancel_appointment, ("appointment",)),
        "show": Verb(show_appointment, ("appointment",)),
        "of": Verb(list_own_appointments, ("person",)),
        "list": Verb(list_appointments, ("site",)),
        "missed": Verb(mark_one_missed, ("appointment",)),
        "mark-missed": Verb(mark_missed, ("site",)),
        "return-places": return_places,
        "remind": remind_people,
    },
)
