"""`vaxcert registry qr`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.people.qr import print_personal_qr, replace_personal_qr, show_personal_qr

command = noun(
    "Show, print and replace personal QR codes (Decision 1405/QĐ-BTTTT).",
    {
        "show": Verb(show_personal_qr, ("person",)),
        "print": Verb(print_personal_qr, ("person",)),
        "replace": Verb(replace_personal_qr, ("person",)),
    },
)
