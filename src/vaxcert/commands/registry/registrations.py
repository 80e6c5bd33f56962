"""`vaxcert registry registrations`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.registrations.registering import (
    find_registration,
    list_own_registrations,
    register_for_dose,
    show_registration,
    withdraw_registration,
)
from vaxcert.service.registry.registrations.review import (
    approve_registrations,
    count_registrations,
    refuse_registration,
    review_registrations,
    transfer_registration,
)

command = noun(
    "Register for a dose, and decide on it.",
    {
        "register": Verb(register_for_dose, ("person",)),
        "show": Verb(show_registration, ("registration",)),
        "find": Verb(find_registration, ("code",)),
        "of": Verb(list_own_registrations, ("person",)),
        "withdraw": Verb(withdraw_registration, ("registration",)),
        "list": review_registrations,
        "count": count_registrations,
        "approve": Verb(approve_registrations, ("registrations",)),
        "refuse": Verb(refuse_registration, ("registration",)),
        "transfer": Verb(transfer_registration, ("registration",)),
    },
)
