"""`vaxcert registry`: one module a noun, imported when it runs."""

from __future__ import annotations

import click

from vaxcert.commands.lazy import LazyGroup

NOUNS = {
    "accounts": "Say who may act, as what, and where.",
    "appointments": "Book, move, confirm and cancel appointments.",
    "campaigns": "Plan campaigns, open and close them.",
    "certificates": "Verify, sign, show and revoke certificates.",
    "corrections": "Ask for corrections, and decide on them.",
    "declarations": "Declare health before a visit.",
    "deliver": "Send the messages that wait.",
    "demo": "Play one site's day with invented people.",
    "doses": "See doses and what is due; enter paper records.",
    "duplicates": "Find, merge and part entries of one person.",
    "family": "Say who may act for whom.",
    "init": "Make a registry.",
    "keys": "Rotate the keys that personal data are sealed under.",
    "lots": "Keep lots: expiry, hold, recall, who got them.",
    "messages": "See what became of messages, and where offices are told.",
    "people": "Register, find and keep people.",
    "qr": "Show, print and replace personal QR codes.",
    "reactions": "Tell of reactions, report and review them.",
    "registrations": "Register for a dose, and decide on it.",
    "reports": "Count doses, coverage and reactions; the daily form.",
    "services": "Give services keys of their own.",
    "sites": "Keep the directory of sites.",
    "slots": "Open days of a site, and see what is free.",
    "stock": "Receive, move, open, discard and count doses.",
    "trail": "Check and chain who did what.",
    "upgrade": "Bring a registry's tables to this version.",
    "visits": "Play the four steps of a visit.",
    "upkeep": "Issue certificates, send messages, return places: round after round.",
    "waiting": "Wait for a place, and offer what comes free.",
}

command = LazyGroup(
    "registry",
    package=__name__,
    commands={name: click.Command(name, short_help=summary) for name, summary in NOUNS.items()},
    help="Keep people, visits, doses, stock and certificates.",
    epilog="The folder of the registry, the account and the passphrase may stand in VAXCERT_REGISTRY, "
    "VAXCERT_REGISTRY_ACCOUNT and VAXCERT_REGISTRY_PASSPHRASE_FILE.",
)
