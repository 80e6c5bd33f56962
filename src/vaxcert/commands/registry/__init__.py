"""`vaxcert registry`: one module a noun, imported when it runs."""

from __future__ import annotations

import click

from vaxcert.commands.lazy import LazyGroup

NOUNS = {
    "accounts": "Say who may act, as what, and where.",
    "init": "Make a registry.",
    "upgrade": "Bring a registry's tables to this version.",
    "trail": "Check and chain who did what.",
    "keys": "Rotate the keys that personal data are sealed under.",
}

command = LazyGroup(
    "registry",
    package=__name__,
    commands={name: click.Command(name, short_help=summary) for name, summary in NOUNS.items()},
    help="Keep people, visits, doses, stock and certificates.",
    epilog="The folder of the registry, the account and the passphrase may stand in VAXCERT_REGISTRY, "
    "VAXCERT_REGISTRY_ACCOUNT and VAXCERT_REGISTRY_PASSPHRASE_FILE.",
)
