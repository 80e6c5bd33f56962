"""`vaxcert registry services`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.accounts.api_keys import list_keys, make_key, withdraw_key

command = noun(
    "Give services keys of their own, for what they may do and no more.",
    {
        "make": Verb(make_key, ("account",)),
        "withdraw": Verb(withdraw_key, ("id",)),
        "list": list_keys,
    },
)
