"""`vaxcert registry family`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.people.guardians import (
    declare_guardianship,
    read_family,
    register_dependant,
    revoke_guardianship,
)

command = noun(
    "Say who may act for whom: children without a number, and others by consent.",
    {
        "register": register_dependant,
        "declare": declare_guardianship,
        "revoke": Verb(revoke_guardianship, ("guardianship",)),
        "show": Verb(read_family, ("person",)),
    },
)
