"""`vaxcert registry messages`."""

from __future__ import annotations

from vaxcert.commands.registry.noun import Verb, noun
from vaxcert.service.registry.notifications.contacts import add_contact, list_contacts, withdraw_contact
from vaxcert.service.registry.notifications.kept import list_notifications, retry_notification, show_delivery

command = noun(
    "See what became of messages, and where offices are told.",
    {
        "list": list_notifications,
        "retry": Verb(retry_notification, ("id",)),
        "state": show_delivery,
        "add-contact": add_contact,
        "withdraw-contact": Verb(withdraw_contact, ("id",)),
        "contacts": list_contacts,
    },
)
