"""`vaxcert registry doses`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.doses.entered import (
    enter_foreign_dose,
    enter_paper_dose,
    show_paper,
    verify_paper_dose,
    void_dose,
)
from vaxcert.service.registry.doses.history import dose_history, family_history

command = noun(
    "See doses and what is due; enter those that stand on paper, and verify them.",
    {
        "of": Verb(dose_history, ("person",)),
        "family": Verb(family_history, ("person",)),
        "enter": Verb(enter_paper_dose, ("person",)),
        "enter-foreign": Verb(enter_foreign_dose, ("person",)),
        "paper": Verb(show_paper, ("dose",)),
        "verify": Verb(verify_paper_dose, ("dose",)),
        "void": Verb(void_dose, ("dose",)),
    },
)
