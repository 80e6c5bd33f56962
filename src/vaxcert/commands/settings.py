"""The settings file: defaults for the options of commands, below the environment and the command line."""

from __future__ import annotations

import os
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from vaxcert.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Collection

SETTINGS_FILE = Path("vaxcert.toml")
"""Read from the current folder. A table for each command holds its options: ``[verify]``, ``json = true``."""

NAMED_BY = "VAXCERT_SETTINGS"
"""The environment variable that names another file, or the one in the current folder as meant."""

_ONLY_MEANT = {
    "anchor.deploy": ("rpc", "rpc-file", "contract"),
    "audit": ("log", "rpc", "rpc-file", "checkpoint", "trust", "revoked-kid", "offline", "at"),
    "issue": ("pkcs11-module",),
    "ledger.cosign": ("witness",),
    "ledger.witness": ("log",),
    "revocations.export": ("pkcs11-module",),
    "revocations.import": ("trust", "csca"),
    "revocations.show": ("trust", "csca", "revocation-signer"),
    "verify": (
        "trust",
        "csca",
        "allow",
        "max-age",
        "log",
        "revocations",
        "revocation-signer",
        "max-revocation-age",
    ),
}
"""What decides whom to believe and what to load. A folder that came with a download must not decide it unseen."""


def chosen_settings() -> dict[str, object]:
    """Return the settings in the file that the environment names, or in the current folder's.

    What only a named file may hold is, in the current folder's, a refusal in the place of its value: it stops the one
    command that would take it, and no other.

    Raises:
        SettingsError: The file cannot be read or is not TOML.
    """
    if named := os.environ.get(NAMED_BY):
        path = Path(named)
        if not path.exists():
            raise SettingsError(f"{path}, which {NAMED_BY} names, does not exist")
        return read_settings(path)
    settings = read_settings()
    for table, names in _ONLY_MEANT.items():
        options: object = settings
        for part in table.split("."):
            options = options.get(part) if isinstance(options, dict) else None
        for name in names:
            if isinstance(options, dict) and name in options:
                options[name] = partial(_refuse, table, name)
    return settings


def _refuse(table: str, name: str) -> NoReturn:
    raise SettingsError(
        f"[{table}] {name} in {SETTINGS_FILE} counts only where the file is named",
        hint=f"if you trust this file, set {NAMED_BY}={SETTINGS_FILE}",
    )


def read_settings(path: Path = SETTINGS_FILE) -> dict[str, object]:
    """Return the settings in the file *path*; without the file there are none.

    Raises:
        SettingsError: The file cannot be read, or is not TOML.
    """
    if not path.exists():
        return {}
    import tomllib  # noqa: PLC0415 - most runs have no settings file

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise SettingsError(f"{path} is not TOML: {error}") from error


def defaults_of(
    command: click.Command, settings: object, *, table: str = "", later: Collection[str] = ()
) -> dict[str, object]:
    """Return the defaults of *command*'s parameters, by parameter, that *settings* name by option.

    Args:
        command: A command, or a group with its subcommands.
        settings: A table of the file.
        table: The name of that table, empty for the file itself.
        later: Subcommands whose tables are returned as they are: the subcommands are not loaded yet.

    Raises:
        SettingsError: There is no such option or subcommand; a misspelt one must not go unnoticed.
    """
    place = f"[{table}] in {SETTINGS_FILE}" if table else str(SETTINGS_FILE)
    if not isinstance(settings, dict):
        raise SettingsError(f"{place} is no table of settings")
    options = {
        flag.removeprefix("--"): option
        for option in command.params
        if isinstance(option, click.Option) and option.expose_value
        for flag in option.opts
        if flag.startswith("--")
    }
    nested = command.commands if isinstance(command, click.Group) and not later else {}
    defaults: dict[str, object] = {}
    for name, value in settings.items():
        if name in options:
            option = options[name]
            defaults[str(option.name)] = _default(option, value)
        elif name in nested:
            defaults[name] = defaults_of(nested[name], value, table=f"{table}.{name}")
        elif name in later:
            defaults[name] = value
        else:
            known = ", ".join(sorted({*options, *nested, *later}))
            raise SettingsError(f"{place} has the unknown setting {name}", hint=f"known are {known}")
    return defaults


def _default(option: click.Option, value: object) -> object:
    if callable(value):  # a refusal, which the option calls where nothing outweighs it
        return value
    if isinstance(value, date):  # or a datetime; TOML has both, and options read text
        value = value.isoformat()
    return [value] if option.multiple and not isinstance(value, list) else value
