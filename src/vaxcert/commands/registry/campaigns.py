"""`vaxcert registry campaigns`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.sites.campaigns import list_campaigns, plan_campaign, set_campaign_state, show_campaign

command = noun(
    "Plan campaigns, open and close them for booking.",
    {
        "plan": plan_campaign,
        "set": Verb(set_campaign_state, ("campaign",)),
        "show": Verb(show_campaign, ("campaign",)),
        "list": list_campaigns,
    },
)
