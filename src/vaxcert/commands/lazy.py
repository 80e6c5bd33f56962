"""A group of commands that are imported when they run, and not to show their names."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Any, cast

import click

from vaxcert.commands import exit_codes
from vaxcert.commands.settings import defaults_of
from vaxcert.errors import StorageError


class LazyGroup(click.Group):
    """Takes each command from the module of its name in *package*; its own `commands` are names and summaries."""

    def __init__(self, name: str | None = None, *, package: str = __package__, **about: Any) -> None:  # noqa: ANN401 - what the library's group takes
        """Take the commands from *package*: those beside this module, if none is named."""
        super().__init__(name, **about)
        self._package = package

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - the library's signature
        """Return the command *cmd_name*, imported now."""
        if cmd_name not in self.commands:
            return None
        return cast("click.Command", importlib.import_module(f"{self._package}.{cmd_name.replace('-', '_')}").command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that *args* name; its table of the settings becomes its defaults."""
        name, command, rest = super().resolve_command(ctx, args)
        if name and command and ctx.default_map and name in ctx.default_map:
            later = command.commands if isinstance(command, LazyGroup) else ()
            ctx.default_map[name] = defaults_of(command, ctx.default_map[name], table=name, later=later)
        return name, command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - the library's signature
        """Write the names and summaries: `--help` imports no command."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, str(self.commands[name].short_help)) for name in sorted(self.commands)])

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; a failure of the system that nobody met on the way is no bug of ours."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The reader left, and not all is done. What Python would flush at exit has nowhere to go.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise click.exceptions.Exit(exit_codes.of_error(StorageError)) from None
        except OSError as error:
            raise StorageError(f"cannot read or write: {error.strerror or error}") from error
