"""`vaxcert registry duplicates`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.people.duplicates import keep_apart, list_duplicates, merge_people, unmerge_person

command = noun(
    "Find, merge and part entries of one person.",
    {
        "list": list_duplicates,
        "merge": merge_people,
        "unmerge": Verb(unmerge_person, ("merged",)),
        "keep-apart": Verb(keep_apart, ("pair",)),
    },
)
