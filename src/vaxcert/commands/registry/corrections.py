"""`vaxcert registry corrections`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.corrections.asked import (
    ask_health_correction,
    ask_identity_correction,
    withdraw_correction,
)
from vaxcert.service.registry.corrections.decided import (
    accept_health_correction,
    accept_identity_correction,
    refuse_health_correction,
    refuse_identity_correction,
)
from vaxcert.service.registry.corrections.shown import (
    correction_evidence,
    corrections_of_person,
    forget_evidence,
    list_corrections,
    show_correction,
)

command = noun(
    "Ask for corrections of who somebody is or what was injected, and decide on them.",
    {
        "ask-identity": Verb(ask_identity_correction, ("person",)),
        "ask-health": Verb(ask_health_correction, ("dose",)),
        "withdraw": Verb(withdraw_correction, ("correction",)),
        "accept-identity": Verb(accept_identity_correction, ("correction",)),
        "accept-health": Verb(accept_health_correction, ("correction",)),
        "refuse-identity": Verb(refuse_identity_correction, ("correction",)),
        "refuse-health": Verb(refuse_health_correction, ("correction",)),
        "list": list_corrections,
        "of": Verb(corrections_of_person, ("person",)),
        "show": Verb(show_correction, ("correction",)),
        "evidence": Verb(correction_evidence, ("correction",)),
        "forget-evidence": forget_evidence,
    },
)
