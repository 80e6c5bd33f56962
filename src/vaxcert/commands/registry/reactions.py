"""`vaxcert registry reactions`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.reactions.form import amend_reaction, report_reaction, show_form
from vaxcert.service.registry.reactions.line_list import reaction_line_list
from vaxcert.service.registry.reactions.review import (
    dismiss_reaction,
    forward_reaction,
    hold_lot_of_reaction,
    review_reaction,
)
from vaxcert.service.registry.reactions.shown import list_reactions, reveal_reaction, show_reaction
from vaxcert.service.registry.reactions.told import ask_advice, list_ticks, tell_reaction
from vaxcert.service.registry.reactions.upkeep import ask_after_people, call_in_reports

command = noun(
    "Tell of reactions, report and review them; the serious ones within 24 hours.",
    {
        "ticks": list_ticks,
        "advice": ask_advice,
        "tell": Verb(tell_reaction, ("dose",)),
        "form": show_form,
        "report": Verb(report_reaction, ("dose",)),
        "amend": Verb(amend_reaction, ("reaction",)),
        "forward": Verb(forward_reaction, ("reaction",)),
        "review": Verb(review_reaction, ("reaction",)),
        "dismiss": Verb(dismiss_reaction, ("reaction",)),
        "hold-lot": Verb(hold_lot_of_reaction, ("reaction",)),
        "list": list_reactions,
        "show": Verb(show_reaction, ("reaction",)),
        "reveal": Verb(reveal_reaction, ("reaction",)),
        "line-list": reaction_line_list,
        "ask-after": ask_after_people,
        "call-in": call_in_reports,
    },
)
