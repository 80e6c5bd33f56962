"""The options that say which registry, and as whom; and what opens it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from vaxcert.commands.options import EXISTING_PATH, read_passphrase
from vaxcert.errors import NotAllowedError, PassphraseError
from vaxcert.service.registry.accounts.accounts import local_actor
from vaxcert.service.registry.registry_folder import RegistryFolder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vaxcert.service.registry.access import Actor
    from vaxcert.service.registry.desk import Desk

    F = TypeVar("F", bound=Callable[..., object])


registry_option = click.option(
    "--registry",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="VAXCERT_REGISTRY",
    required=True,
    help="The folder that `vaxcert registry init` made (or VAXCERT_REGISTRY).",
)
_account_option = click.option(
    "--as",
    "acting_account",
    envvar="VAXCERT_REGISTRY_ACCOUNT",
    help="The account that acts (or VAXCERT_REGISTRY_ACCOUNT); its rights and area count.",
)
_passphrase_file_option = click.option(
    "--passphrase-file",
    type=EXISTING_PATH,
    envvar="VAXCERT_REGISTRY_PASSPHRASE_FILE",
    help="File whose first line is the passphrase of the registry's keys (or VAXCERT_REGISTRY_PASSPHRASE_FILE).",
)
_passphrase_fd_option = click.option(
    "--passphrase-fd", type=click.IntRange(min=0), help="Open file descriptor to read the passphrase from."
)


def registry_options(command: F) -> F:
    """Add the options that say which registry, with which passphrase, and as whom."""
    return registry_option(_account_option(_passphrase_file_option(_passphrase_fd_option(command))))


def passphrase_of(file: Path | None, descriptor: int | None) -> bytes:
    """Return the passphrase of the registry's keys.

    Raises:
        PassphraseError: There is none, and no terminal to ask for it.
    """
    passphrase = read_passphrase(file, descriptor)
    if passphrase is None:
        raise PassphraseError("the registry's keys need their passphrase", hint="give --passphrase-file")
    return passphrase


@contextmanager
def opened(folder: Path, passphrase: bytes) -> Iterator[Desk]:
    """Yield the desk of the registry in *folder*; at the end its trail is chained, and it is closed."""
    desk = RegistryFolder(folder).open(passphrase)
    try:
        yield desk
        desk.chain_trail()
    finally:
        desk.close()


def acting(desk: Desk, account: str | None) -> Actor:
    """Return who acts.

    Raises:
        NotAllowedError: No account was named, there is none of this name, or it is closed.
    """
    return local_actor(desk, check_named(account))


def check_named(account: str | None) -> str:
    """Return the name of the *account* that acts.

    Raises:
        NotAllowedError: None was named.
    """
    if account is None:
        raise NotAllowedError("say as whom this is done", hint="--as ACCOUNT, or VAXCERT_REGISTRY_ACCOUNT")
    return account
