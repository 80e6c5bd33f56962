"""`vaxcert registry declarations`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.registrations.declarations import declare_health, show_declaration, show_declaration_form

command = noun(
    "Declare health before a visit.",
    {
        "form": show_declaration_form,
        "make": Verb(declare_health, ("person",)),
        "show": Verb(show_declaration, ("person",)),
    },
)
