"""`vaxcert registry people`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.commands.registry.people_import import import_command, template_command
from vaxcert.service.registry.people.erasure import erase_person
from vaxcert.service.registry.people.look_up import (
    list_person_versions,
    look_up_people,
    read_person,
    reveal_person,
    search_people,
)
from vaxcert.service.registry.people.register import change_person, register_person, verify_identity

command = noun(
    "Register and find people, correct and erase what is known of them.",
    {
        "register": register_person,
        "change": Verb(change_person, ("person",)),
        "verify": Verb(verify_identity, ("person",)),
        "look-up": Verb(look_up_people, ("text",)),
        "search": search_people,
        "show": Verb(read_person, ("person",)),
        "reveal": Verb(reveal_person, ("person",)),
        "history": Verb(list_person_versions, ("person",)),
        "erase": Verb(erase_person, ("person",)),
    },
)
command.add_command(import_command)
command.add_command(template_command)
