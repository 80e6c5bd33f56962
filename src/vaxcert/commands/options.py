"""Options and their types that several commands share."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from vaxcert.errors import PassphraseError
from vaxcert.service.files import read_secret_line

if TYPE_CHECKING:
    from collections.abc import Callable

    F = TypeVar("F", bound=Callable[..., object])

PATH = click.Path(path_type=Path)
EXISTING_PATH = click.Path(path_type=Path, exists=True)


class Instant(click.ParamType):  # type: ignore[type-arg] # generic from click 8.5 on, and not at run time before
    """An instant in ISO 8601; without a time zone it is UTC."""

    name = "instant"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return *value* as an aware datetime."""
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(str(value))
            # In UTC, so that what the calendar cannot hold there fails here and not later.
            return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail(f"{value!r} is no instant such as 2026-11-22T08:00Z or 2026-11-22", param, ctx)


def at_option(what: str) -> Callable[[F], F]:
    """Return the option `--at`, which stands for now when it is not given."""
    return click.option("--at", type=Instant(), help=f"{what} (ISO 8601; default: now).")


def now() -> datetime:
    """Return the present instant: the one place where a command reads the clock."""
    return datetime.now(UTC)


def passphrase_options(command: F) -> F:
    """Add `--passphrase-file` and `--passphrase-fd` to *command*."""
    file = click.option(
        "--passphrase-file", type=EXISTING_PATH, help="File whose first line is the passphrase of the key."
    )
    descriptor = click.option(
        "--passphrase-fd", type=click.IntRange(min=0), help="Open file descriptor to read the passphrase from."
    )
    return file(descriptor(command))


def read_passphrase(file: Path | None, descriptor: int | None, *, confirm: bool = False) -> bytes | None:
    """Return the passphrase from the file, the descriptor or a prompt; None where there is none of the three.

    Only a terminal is prompted. *confirm* asks twice, for a new key.
    """
    if file is not None and descriptor is not None:
        raise click.UsageError("give --passphrase-file or --passphrase-fd, not both")
    if file is not None:
        return read_secret_line(file, "passphrase")
    if descriptor is not None:
        return read_secret_line(descriptor, "passphrase")
    if sys.stdin.isatty() and sys.stderr.isatty():
        return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm, err=True)).encode()
    return None


def secret(file: Path | None, descriptor: int | None, *, confirm: bool) -> Callable[[], bytes]:
    """Return what asks for the passphrase of a new key, twice where *confirm* says so."""

    def ask() -> bytes:
        passphrase = read_passphrase(file, descriptor, confirm=confirm)
        if passphrase is None:
            raise PassphraseError("a private key needs a passphrase, and there is no terminal to ask for it")
        return passphrase

    return ask


def say(kind: str, message: str) -> None:
    """Write a warning or note to standard error."""
    click.echo(f"vaxcert: {kind}: {message}", err=True)
