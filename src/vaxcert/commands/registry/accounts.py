"""`vaxcert registry accounts`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.accounts import change_account, close_account, list_accounts, open_account

command = noun(
    "Say who may act, as what, and where.",
    {
        "open": Verb(open_account, ("name",)),
        "change": Verb(change_account, ("name",)),
        "close": Verb(close_account, ("name",)),
        "list": list_accounts,
    },
)
