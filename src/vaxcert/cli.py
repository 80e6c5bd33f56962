"""The `vaxcert` command: the group, lazy loading, settings and exit codes; nothing else."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from vaxcert.commands import exit_codes
from vaxcert.errors import SettingsError, VaxcertError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "bench": "Measure this machine, as ratios to the raw signature.",
    "completion": "Print the completion script for a shell.",
    "demo": "Issue, print, scan and verify a batch of invented records.",
    "inspect": "Decode a certificate and show it, NOT verified.",
    "issue": "Issue certificates from a file of records.",
    "keys": "Create, show and rotate signing keys.",
    "trust": "Keep the list of signers that are believed.",
    "verify": "Verify certificates: text, files, images, PDF.",
}

SETTINGS_FILE = "vaxcert.toml"

class LazyGroup(click.Group):
    """Imports a command's module only when that command runs: `--help` needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the library's signature
        """Return the names in `COMMANDS`."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return the command *cmd_name*, imported now."""
        if cmd_name not in COMMANDS:
            return None
        return cast("click.Command", importlib.import_module(f"vaxcert.commands.{cmd_name}").command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


_EPILOG = (
    "Exit codes: 0 valid or done, 1 rejected (issue: some rows were), 2 usage, 3 not a certificate, 4 undetermined "
    "(unknown signer, stale list), 5 refused by a registry rule, 6 could not work (disk, key, passphrase), 70 our bug. "
    f"Settings: {SETTINGS_FILE} here, then VAXCERT_* in the environment, then options."
)


@click.group(cls=LazyGroup, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="vaxcert", message="%(prog)s %(version)s")
@click.option("--lang", type=click.Choice(["en", "vi"]), default="en", help="Language of what people read.")
@click.option("-v", "--verbose", is_flag=True, help="Say more on standard error; never personal data.")
@click.pass_context
def group(ctx: click.Context, lang: str, verbose: bool) -> None:  # noqa: FBT001 - click passes by name
    """Issue and verify vaccination certificates (EU DCC, HC1)."""
    ctx.obj = {"lang": lang, "verbose": verbose}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command and exit with its code; every error ends in a message, none in a traceback."""
    sys.exit(run(arguments))


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code."""
    try:
        settings = _settings(Path(SETTINGS_FILE))
        result = group.main(
            None if arguments is None else list(arguments),
            prog_name="vaxcert",
            standalone_mode=False,
            auto_envvar_prefix="VAXCERT",
            default_map=settings,
        )
    except VaxcertError as error:
        _say("error", error.message, error.hint)
        return exit_codes.of_error(type(error))
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"see `{context.command_path} --help`" if context else None
        _say("error", error.format_message(), hint)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("error", "interrupted", None)
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        # The reader left; what Python would flush at exit has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - the last resort: a bug must not print what it was working on
        _say("error", f"internal error: {type(error).__name__} at {_place(error)}", "please report this, it is our bug")
        return exit_codes.BUG
    return result if isinstance(result, int) else 0


def _say(kind: str, message: str, hint: str | None) -> None:
    click.echo(f"vaxcert: {kind}: {message}", err=True)
    if hint:
        click.echo(f"vaxcert: hint: {hint}", err=True)


def _place(error: BaseException) -> str:
    """Return module and line of *error*: the only part of a traceback that cannot hold personal data."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return "?" if trace is None else f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}"


def _settings(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    import tomllib  # noqa: PLC0415 - most runs have no settings file

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
