"""`vaxcert registry sites`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.sites.sites import change_site, list_sites, open_site, show_site

command = noun(
    "Keep the directory of sites: hours, tables, places.",
    {
        "open": open_site,
        "change": Verb(change_site, ("site",)),
        "show": Verb(show_site, ("site",)),
        "list": list_sites,
    },
)
